"""The same on PostgreSQL, where several write at once and a type is a type."""

from __future__ import annotations

import pytest

from engine.settings import Settings

from .test_at_once import (  # noqa: F401
    at_once,
    test_all_of_many_starts_at_once_begin,
    test_deployments_at_once_get_one_version_after_the_other,
    test_of_many_starts_with_one_business_key_one_begins,
    test_of_many_who_finish_a_task_at_once_one_wins,
)
from .test_deployments import test_very_many_loose_drawings_are_one_deployment  # noqa: F401
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
