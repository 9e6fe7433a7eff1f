"""What an approval is made of: whom it names, whom it asks of those, and what their decisions come to.

Pure, and below the machine that runs it: people are looked up by a ``Directory`` that the machine is given.
"""

from engine.approval.asking import Asked, Circumstances, IfAgain, IfInitiator, Why, stand_in, whom_to_ask
from engine.approval.finding import Directory, NoDirectory, Who
from engine.approval.voting import Decision, Rule, Signer, Voting

__all__ = [
    "Asked",
    "Circumstances",
    "Decision",
    "Directory",
    "IfAgain",
    "IfInitiator",
    "NoDirectory",
    "Rule",
    "Signer",
    "Voting",
    "Who",
    "Why",
    "stand_in",
    "whom_to_ask",
]
