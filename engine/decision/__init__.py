"""Decisions by DMN 1.1 to 1.5: read from the standard's XML, evaluated over FEEL.

parse(xml).evaluate("Department", {"category": "water"}).value
"""

from __future__ import annotations

from engine.decision.evaluation import Match
from engine.decision.model import DecisionModel, DecisionResult, parse

__all__ = ["DecisionModel", "DecisionResult", "Match", "parse"]
