"""What is kept of people, for programs.

``/api/v1/leave-balances``, ``/absences``, ``/scores``, ``/shifts``, ``/overtime``; and ``/my-scores`` for
everybody.
"""

from __future__ import annotations

from typing import Any

from admin.api.fields import Body
from admin.api.operation import Api, Page, changes, lists
from engine.context import Context
from plugins.records import services
from plugins.records.models import Score, Shift
from plugins.records.schemas import (
    AbsenceArgs,
    AbsenceSchema,
    BalanceArgs,
    BalanceBody,
    BalanceSchema,
    CorrectionBody,
    MyScoreArgs,
    OvertimeArgs,
    OvertimeSchema,
    ScoreArgs,
    ScoreBody,
    ScoreSchema,
    ShiftArgs,
    ShiftBody,
    ShiftSchema,
)

MANAGE = ("records.manage",)
PLAN = ("records.plan",)


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
        """List scores, each version of them unless told otherwise."""
        return Page(*services.list_scores(ctx, **said))

    @changes("", body=ScoreBody, answer=ScoreSchema, status=201, needs=MANAGE)
    def publish(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Publish a score. The same value and parts again are the same score."""
        return _score(ctx, services.publish_score(ctx, **said))

    @changes("/<uuid:score_id>/correct", body=CorrectionBody, answer=ScoreSchema, needs=MANAGE)
    def correct(self, ctx: Context, said: dict[str, Any], score_id: str) -> dict[str, Any]:
        """Publish a new version of a score, named by any of its versions, with a reason."""
        known = services.get_score(ctx, score_id)
        changed = services.rescore(
            ctx, person_key=known.person_key, kind=known.kind, reference=known.reference, **said
        )
        return _score(ctx, changed)


class MyScoresApi(Api):
    """One's own scores."""

    resource_name = "my-scores"

    @lists("", answer=ScoreSchema, args=MyScoreArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the scores of whoever asks, each version of them unless told otherwise."""
        return Page(*services.list_scores(ctx, person_key=ctx.actor.key or "", **said))


class ShiftsApi(Api):
    """Shifts."""

    resource_name = "shifts"

    @lists("", answer=ShiftSchema, args=ShiftArgs, needs=PLAN)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List shifts, of everybody, a unit or a person."""
        return Page(*services.list_shifts(ctx, **said))

    @changes("", body=ShiftBody, answer=ShiftSchema, needs=PLAN)
    def put(self, ctx: Context, said: dict[str, Any]) -> Shift:
        """Write a shift into the roster, once."""
        return services.put_shift(ctx, **said)

    @changes("/<uuid:shift_id>/change", body=ShiftBody, answer=ShiftSchema, needs=PLAN)
    def change(self, ctx: Context, said: dict[str, Any], shift_id: str) -> Shift:
        """Change a shift; nobody is told by itself."""
        return services.put_shift(ctx, shift_id=shift_id, **said)

    @changes("/<uuid:shift_id>/remove", body=Body, answer=ShiftSchema, needs=PLAN)
    def remove(self, ctx: Context, said: dict[str, Any], shift_id: str) -> Shift:
        """Take a shift out of the roster; answers what it was."""
        was = services.get_shift(ctx, shift_id)
        services.remove_shift(ctx, shift_id=shift_id)
        return was


class OvertimeApi(Api):
    """Overtime."""

    resource_name = "overtime"

    @lists("", answer=OvertimeSchema, args=OvertimeArgs, needs=PLAN)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List booked overtime."""
        return Page(*services.list_overtime(ctx, **said))


def _balance(ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
    named = {name: said[name] for name in ("person_key", "kind", "year")}
    return services.list_balances(ctx, **named)[1][0]


def _score(ctx: Context, score: Score) -> dict[str, Any]:
    subject: dict[str, Any] = {
        "person_key": score.person_key,
        "kind": score.kind,
        "reference": score.reference,
    }
    rows = services.list_scores(ctx, **subject, sort="-version", page_size=1)[1]
    return rows[0]


def register(appbuilder: Any) -> None:
    """Add the calls."""
    for api in (LeaveBalancesApi, AbsencesApi, ScoresApi, MyScoresApi, ShiftsApi, OvertimeApi):
        appbuilder.add_api(api)
