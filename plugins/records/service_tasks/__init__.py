"""What a drawing can call. All are inline: what is kept of people changes in the transaction of the step."""

from plugins.records.service_tasks.leave import (
    book_leave,
    cancel_leave,
    check_leave,
    count_leave_days,
    leave_balance,
    list_absences,
)
from plugins.records.service_tasks.notes import (
    keep_note,
    list_notes,
)
from plugins.records.service_tasks.overtime import (
    book_overtime,
    check_hours_a_day_off,
    check_overtime,
    overtime_of_month,
)
from plugins.records.service_tasks.scores import (
    appeal_score,
    average_score,
    check_appeal,
    list_open_scores,
    publish_score,
    read_score,
    rescore,
)
from plugins.records.service_tasks.shifts import (
    change_shift,
    check_change,
    check_least_rest,
    check_swap,
    list_shifts,
    put_shift,
    swap_shifts,
)

__all__ = [
    "appeal_score",
    "average_score",
    "book_leave",
    "book_overtime",
    "cancel_leave",
    "change_shift",
    "check_appeal",
    "check_change",
    "check_hours_a_day_off",
    "check_least_rest",
    "check_leave",
    "check_overtime",
    "check_swap",
    "count_leave_days",
    "keep_note",
    "leave_balance",
    "list_absences",
    "list_notes",
    "list_open_scores",
    "list_shifts",
    "overtime_of_month",
    "publish_score",
    "put_shift",
    "read_score",
    "rescore",
    "swap_shifts",
]
