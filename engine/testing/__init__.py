"""The public test kit: drawings in a few lines, a whole centre in a folder, a movable clock, scenarios."""

from engine.testing.centre import START, make_centre, person, system, work_off
from engine.testing.drawing import chain, drawing, end, gateway, start, task
from engine.testing.recording import RecordingGateway
from engine.testing.scenarios import Scenario, play, read_scenario
from engine.testing.signing import signature

__all__ = [
    "START",
    "RecordingGateway",
    "Scenario",
    "chain",
    "drawing",
    "end",
    "gateway",
    "make_centre",
    "person",
    "play",
    "read_scenario",
    "signature",
    "start",
    "system",
    "task",
    "work_off",
]
