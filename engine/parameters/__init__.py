"""Parameters: what an administrator may change while the product runs. Typed, audited.

A value comes from the environment, else from here, else from the manifest's default. One that the environment
sets is shown as locked.
"""

from engine.parameters.models import Parameter
from engine.parameters.store import (
    ParameterState,
    check_environment,
    environment_name,
    list_parameters,
    parameter,
    register,
    set_parameter,
)

__all__ = [
    "Parameter",
    "ParameterState",
    "check_environment",
    "environment_name",
    "list_parameters",
    "parameter",
    "register",
    "set_parameter",
]
