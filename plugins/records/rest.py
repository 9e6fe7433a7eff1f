"""Balances, absences and scores for programs: ``/api/v1/leave-balances``, ``/absences``, ``/scores``."""

from __future__ import annotations

from typing import Any

from admin.api.fields import Body
from admin.api.operation import Api, Page, changes, lists
from engine.context import Context
from plugins.records import services
from plugins.records.schemas import (
    AbsenceArgs,
    AbsenceSchema,
    BalanceArgs,
    BalanceBody,
    BalanceSchema,
    ScoreArgs,
    ScoreSchema,
)

MANAGE = ("records.manage",)


class LeaveBalancesApi(Api):
    """Balances of leave."""

    resource_name = "leave-balances"

    @lists("", answer=BalanceSchema, args=BalanceArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List balances of leave."""
        return Page(*services.list_balances(ctx, **said))

    @changes("", body=BalanceBody, answer=BalanceSchema, needs=MANAGE)
    def set(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Grant somebody so many days of a kind of leave for a year, in place of what was granted before."""
        services.set_balance(ctx, **said)
        return _balance(ctx, said)

    @changes("/<uuid:balance_id>/remove", body=Body, answer=BalanceSchema, needs=MANAGE)
    def remove(self, ctx: Context, said: dict[str, Any], balance_id: str) -> dict[str, Any]:
        """Count this leave no longer for that year; answers what the balance was."""
        was = services.get_balance(ctx, balance_id)
        balance = _balance(ctx, {"person_key": was.person_key, "kind": was.kind, "year": was.year})
        services.remove_balance(ctx, balance_id=balance_id)
        return balance


class AbsencesApi(Api):
    """Absences."""

    resource_name = "absences"

    @lists("", answer=AbsenceSchema, args=AbsenceArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List absences, cancelled ones too unless told otherwise."""
        return Page(*services.list_absences(ctx, **said))


class ScoresApi(Api):
    """Scores."""

    resource_name = "scores"

    @lists("", answer=ScoreSchema, args=ScoreArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List scores, each version of them."""
        return Page(*services.list_scores(ctx, **said))


def _balance(ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
    named = {name: said[name] for name in ("person_key", "kind", "year")}
    return services.list_balances(ctx, **named)[1][0]


def register(appbuilder: Any) -> None:
    """Add the calls."""
    for api in (LeaveBalancesApi, AbsencesApi, ScoresApi):
        appbuilder.add_api(api)
