"""The only room that knows SpiffWorkflow: pure, in memory.

``parse`` reads a drawing; ``Run`` is a live instance; ``step`` lets something happen to it and says what it
asks for; ``dump`` and ``load`` turn it into bytes and back.
"""

from engine.machine import effects, stimuli
from engine.machine.environment import Budget, Environment
from engine.machine.nodes.turning import initiator_step, return_targets
from engine.machine.parse import Parsed, parse
from engine.machine.run import Run
from engine.machine.spec import ProcessSpec
from engine.machine.state import dump, load
from engine.machine.step import NotWaiting, step

__all__ = [
    "Budget",
    "Environment",
    "NotWaiting",
    "Parsed",
    "ProcessSpec",
    "Run",
    "dump",
    "effects",
    "initiator_step",
    "load",
    "parse",
    "return_targets",
    "step",
    "stimuli",
]
