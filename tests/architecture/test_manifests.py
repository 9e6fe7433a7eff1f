"""What manifests, drawings and catalogues say is what the source has: the checker finds nothing."""

from pathlib import Path

import pytest

from admin.check import check_plugins, check_processes, load
from admin.check.catalogues import check_catalogues, find_owners


@pytest.fixture(scope="module")
def registry(root):
    return load(root)


def test_the_manifest_of_every_plugin_is_true(root, registry):
    assert [str(problem) for problem in check_plugins(root, registry)] == []


def test_every_process_folder_agrees_with_itself_and_what_is_installed(root, registry):
    assert [str(problem) for problem in check_processes(root, registry)] == []


@pytest.mark.parametrize("owner", find_owners(Path(__file__).parents[2]), ids=lambda owner: owner.name)
def test_both_chinese_catalogues_hold_everything_that_people_read(root, owner):
    missing = [str(problem) for problem in check_catalogues(owner, root)]
    assert missing == [], "\n".join([f"{len(missing)} texts of {owner.name}:", *missing])
