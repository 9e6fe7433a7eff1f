"""Figures about a process: counts, durations, what was late, and where its time goes."""

from engine.work.figures.nouns import OutcomeFigure, ProcessFigures, StepFigures, Took
from engine.work.figures.process import LONGEST_D, figures_of, may_see_figures

__all__ = [
    "LONGEST_D",
    "OutcomeFigure",
    "ProcessFigures",
    "StepFigures",
    "Took",
    "figures_of",
    "may_see_figures",
]
