"""The same on PostgreSQL, where several write at once and a type is a type."""

from __future__ import annotations

import pytest

from engine.settings import Settings

from .test_idempotency import (  # noqa: F401
    test_a_finished_task_answers_its_finisher_again_and_everybody_else_409,
    test_an_answer_is_kept_for_seven_days,
    test_the_same_key_and_body_are_answered_alike_and_done_once,
    test_the_same_key_with_another_body_is_422,
    test_two_that_come_at_once_get_the_same_answer,
)
from .test_instances import (  # noqa: F401
    test_an_instance_is_seen_by_who_started_it_who_may_act_and_who_sees_all,
    test_history_and_the_list_tell_of_called_instances_too,
    test_instances_are_filtered,
)
from .test_rules import (  # noqa: F401
    test_every_sort_key_that_is_described_sorts,
    test_numbers_keep_all_their_digits,
    test_what_is_not_there_is_404,
)
from .test_tasks import test_tasks_are_filtered  # noqa: F401


@pytest.fixture
def settings(tmp_path, postgresql):
    return Settings(
        data_dir=tmp_path,
        public_url="http://localhost:8080",
        time_zone="Asia/Hong_Kong",
        database_url=postgresql,
        secret_key="k" * 40,
    )
