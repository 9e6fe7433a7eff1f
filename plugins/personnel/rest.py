"""Employments for programs: ``/api/v1/employments``."""

from __future__ import annotations

from typing import Any

from admin.api.operation import Api, Page, changes, lists
from engine.context import Context
from plugins.personnel import services
from plugins.personnel.schemas import EmploymentArgs, EmploymentBody, EmploymentSchema

MANAGE = ("personnel.manage",)


class EmploymentsApi(Api):
    """Employments."""

    resource_name = "employments"

    @lists("", answer=EmploymentSchema, args=EmploymentArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List employments, also those that are over."""
        return Page(*services.list_employments(ctx, **said))

    @changes("", body=EmploymentBody, answer=EmploymentSchema, needs=MANAGE)
    def set(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Say how it stands with the employment of somebody who is here."""
        services.put_employment(ctx, **said)
        newest = services.list_employments(ctx, person_key=said["person_key"])[1]
        return newest[-1]


def register(appbuilder: Any) -> None:
    """Add the calls."""
    appbuilder.add_api(EmploymentsApi)
