"""What events, recipients and channels are called on the pages."""

from __future__ import annotations

from engine.i18n import _

EVENT_TITLES = {
    "created": _("A task opens"),
    "completed": _("A task is done"),
    "approved": _("A step is approved"),
    "rejected": _("A step is rejected"),
    "returned": _("It is sent back"),
    "withdrawn": _("The initiator takes it back"),
    "transferred": _("A task is handed over"),
    "delegated": _("A task is lent to somebody who helps"),
    "given_back": _("A lent task is given back"),
    "consulted": _("Somebody is asked a question"),
    "answered": _("A question is answered"),
    "added": _("Somebody else is asked to decide"),
    "removed": _("Somebody is not asked any more"),
    "taken_back": _("A decision is taken back"),
    "urged": _("Somebody urges"),
    "circulated": _("A copy is sent"),
    "mentioned": _("Somebody is named in a note"),
    "unassigned": _("Nobody is found for a step"),
    "cancelled": _("The process is cancelled"),
    "reopened": _("The process is opened again"),
    "ended": _("The process has ended"),
    "limit_remind": _("Reminder: a task is due"),
    "limit_transfer": _("Handed over because the time is over"),
    "limit_escalate": _("Escalated because the time is over"),
    "deadline_warning": _("A deadline comes near"),
    "deadline_overdue": _("A deadline is over"),
}

RECIPIENT_TITLES = {
    "concerned": _("Whom it concerns"),
    "candidates": _("Who may take the task"),
    "assignee": _("Who has the task"),
    "initiator": _("The initiator"),
    "handlers": _("Everybody who is waited for"),
    "approvers": _("Everybody who has decided"),
    "followers": _("Who follows it"),
    "readers": _("Who got a copy"),
    "supervisors": _("The supervisors of the process"),
    "nobody": _("Nobody"),
}

# Whom the word concerned means, by the event.
CONCERNED_TITLES = {
    "returned": _("Who has it again"),
    "withdrawn": _("Who was asked"),
    "transferred": _("Who has the task now"),
    "delegated": _("Who helps"),
    "given_back": _("Who lent the task"),
    "consulted": _("Who is asked"),
    "answered": _("Who asked"),
    "added": _("Who is asked to decide as well"),
    "removed": _("Who is not asked any more"),
    "taken_back": _("The others who were asked"),
    "urged": _("Everybody who is waited for"),
    "circulated": _("Who gets the copy"),
    "mentioned": _("Who is named in the note"),
    "unassigned": _("The supervisors of the process"),
    "cancelled": _("Who was asked, and the initiator"),
    "reopened": _("Who is asked, and the initiator"),
    "ended": _("The initiator"),
    "limit_remind": _("Who is asked"),
    "limit_transfer": _("Who has the task now"),
    "limit_escalate": _("The manager of who is asked"),
}

CHANNEL_TITLES = {
    "preferred": _("As each prefers"),
    "sms": _("SMS"),
    "email": _("E-mail"),
    "in_app": _("In this product only"),
}

SOURCE_TITLES = {
    "rule": (_("Set here"), "violet"),
    "step": (_("Drawing of the step"), "blue"),
    "process": (_("Drawing of the process"), "blue"),
    "product": (_("The product"), "gray"),
    "nobody": (_("Nobody says anything"), "gray"),
}
