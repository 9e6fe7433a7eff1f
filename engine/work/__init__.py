"""What waits for a person: user tasks, who may take them, what they wrote, the links that lead to them."""

from engine.work.forms import ValidatedForm
from engine.work.links import (
    LinkGone,
    OpenedLink,
    UnknownLink,
    act_number,
    close_links,
    make_link,
    move_links,
    open_link,
    read_code,
    restore_links_of,
    revoke_links_of,
    use_act,
)
from engine.work.models import OPEN_STATES, Candidate, Comment, Link, LinkAct, TaskAnswer, UserTask
from engine.work.rights import candidates_of, is_candidate, may_act, may_see, need_may_act, seen_instances
from engine.work.tasks import (
    TASK_SORTS,
    Task,
    answers_taken_back,
    get_task,
    list_comments,
    list_tasks,
    tasks_of_instance,
)

__all__ = [
    "OPEN_STATES",
    "TASK_SORTS",
    "Candidate",
    "Comment",
    "Link",
    "LinkAct",
    "LinkGone",
    "OpenedLink",
    "Task",
    "TaskAnswer",
    "UnknownLink",
    "UserTask",
    "ValidatedForm",
    "act_number",
    "answers_taken_back",
    "candidates_of",
    "close_links",
    "get_task",
    "is_candidate",
    "list_comments",
    "list_tasks",
    "make_link",
    "may_act",
    "may_see",
    "move_links",
    "need_may_act",
    "open_link",
    "read_code",
    "restore_links_of",
    "revoke_links_of",
    "seen_instances",
    "tasks_of_instance",
    "use_act",
]
