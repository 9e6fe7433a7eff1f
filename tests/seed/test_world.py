"""A demo world's files are consistent: who is named is there, numbers lead nowhere, scripts are kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib.resources import files

import phonenumbers
import pytest

from admin.cli.up import DEMO_PEOPLE
from admin.identity.roles import ROLES
from engine.chinese import foreign_characters
from engine.errors import ConfigurationError
from engine.i18n import LOCALES
from engine.notify import parse_reply
from seed.world import Case, Unit, World, known_worlds, read_world

DEPARTMENTS = ("water", "roads", "parks", "sanitation", "housing", "transport")
HAN = re.compile(r"[\u4e00-\u9fff]")
# Characters that only Simplified writes, in names that are common.
SIMPLIFIED = re.compile("[张陈刘赵孙吴黄晓红静兰杰仪伟国]")


@pytest.fixture(scope="module")
def world() -> World:
    return read_world("city_hotline")


def test_an_unknown_world_is_refused_and_the_known_ones_are_named() -> None:
    assert known_worlds() == ["city_hotline"]
    with pytest.raises(ConfigurationError, match=r"no demo world atlantis.*city_hotline"):
        read_world("atlantis")


def test_every_key_is_given_once(world: World) -> None:
    for kind in (world.units, world.groups, world.skills, world.posts, world.people):
        keys = Counter(one.key for one in kind)
        assert [key for key, count in keys.items() if count > 1] == []


def test_whoever_and_whatever_is_named_is_there(world: World) -> None:
    people = {person.key for person in world.people}
    units = {unit.key for unit in world.units}
    assert {unit.head for unit in world.units} <= people
    assert {holder for post in world.posts for holder in post.holders} <= people
    assert {post.unit for post in world.posts} <= units
    assert {person.unit for person in world.people} <= units
    assert {group for person in world.people for group in person.groups} == {
        group.key for group in world.groups
    }
    assert {skill for person in world.people for skill in person.skills} == {
        skill.key for skill in world.skills
    }
    assert {role for person in world.people for role in person.roles} <= set(ROLES)


def test_units_above_stand_before_those_below_in_at_least_three_levels(world: World) -> None:
    depth: dict[str, int] = {}
    for unit in world.units:
        depth[unit.key] = 0 if unit.parent is None else depth[unit.parent] + 1
    assert max(depth.values()) >= 3
    assert all(depth[key] == 1 for key in (*DEPARTMENTS, "hotline"))


def test_every_unit_is_led_by_somebody_of_its_own(world: World) -> None:
    below = {unit.key: unit for unit in world.units}
    works_in = {person.key: person.unit for person in world.people}

    def above(unit: Unit) -> set[str]:
        return {unit.key} | (above(below[unit.parent]) if unit.parent else set())

    for unit in world.units:
        assert unit.head is not None
        assert unit.key in above(below[works_in[unit.head]])


def test_there_are_enough_people_and_three_handlers_for_each_department(world: World) -> None:
    assert len(world.people) >= 30
    members = Counter(group for person in world.people for group in person.groups)
    assert all(members[f"{department}_handlers"] >= 3 for department in DEPARTMENTS)
    assert all(members[group] >= 2 for group in ("agents", "dispatchers", "reviewers", "duty_supervisors"))


def test_the_ten_people_to_sign_in_as_have_their_roles_and_nobody_else_has_a_login(world: World) -> None:
    roles = {person.key: list(person.roles) for person in world.people if person.roles}
    assert set(roles) == set(DEMO_PEOPLE)
    assert roles["admin"] == ["administrator"]
    assert roles["handler_water"] == roles["handler_roads"] == ["handler"]
    assert all(roles[key] == [key] for key in set(roles) - {"admin", "handler_water", "handler_roads"})
    groups = {person.key: set(person.groups) for person in world.people}
    assert groups["agent"] == {"agents", "dispatchers"}
    assert groups["qa"] == {"reviewers", "qa_reviewers", "kpi_committee", "trainers"}
    assert groups["supervisor"] == {"reviewers", "duty_supervisors", "appeal_board", "hiring_managers"}
    assert groups["handler_water"] == {"water_handlers"}


def test_numbers_and_mailboxes_are_unique_and_lead_nowhere(world: World) -> None:
    phones = [person.phone for person in world.people]
    mails = [person.email for person in world.people]
    assert len(set(phones)) == len(set(mails)) == len(world.people)
    for phone in (*phones, world.phone, world.reporter_phone.replace("#", "0")):
        assert re.fullmatch(r"\+8525123\d{4}", phone)
        assert phonenumbers.is_possible_number(phonenumbers.parse(phone))
    assert all(mail.endswith(".example.org") for mail in mails)
    assert not {phone for phone in phones if phone.startswith(world.reporter_phone.split("#")[0])}


def test_people_have_names_in_three_scripts_that_fit_their_language(world: World) -> None:
    assert {person.locale for person in world.people} == set(LOCALES)
    for person in world.people:
        if person.locale == "zh_Hans":
            assert foreign_characters("zh_Hans", person.name) == []
        else:
            assert foreign_characters("zh_Hant", person.name) == []
        assert bool(HAN.search(person.name)) or person.locale == "en"
    assert sum(bool(SIMPLIFIED.search(person.name)) for person in world.people) >= 5
    assert sum(person.name.isascii() for person in world.people) >= 5


def test_everything_is_said_in_the_script_of_its_language(world: World) -> None:
    assert set(world.speech) == set(LOCALES)
    for locale in ("zh_Hans", "zh_Hant"):
        speech = world.speech[locale]
        texts = [
            *speech.reporters,
            *speech.places,
            *(text for said in speech.phrases.values() for text in said),
        ]
        for case in speech.cases:
            texts += [case.summary, case.description, *case.answers, case.refused or ""]
        assert foreign_characters(locale, "".join(texts)) == []
    for name in (one.name for kind in (world.units, world.groups, world.skills, world.posts) for one in kind):
        assert foreign_characters("zh_Hant", name) == []


def test_every_category_of_the_report_form_is_reported_in_every_language(world: World) -> None:
    form = json.loads((files("bpmn") / "ticket_routing" / "forms" / "report.form").read_text())
    (select,) = (field for field in form["components"] if field.get("key") == "category")
    categories = {value["value"] for value in select["values"]}
    assert set(world.history.categories) == categories
    for speech in world.speech.values():
        assert {case.category for case in speech.cases} == categories


def _cases(world: World) -> list[Case]:
    return [case for speech in world.speech.values() for case in speech.cases]


def test_a_case_is_answered_or_refused_and_its_summary_fits_an_sms(world: World) -> None:
    for case in _cases(world):
        assert bool(case.answers) != bool(case.refused), case.summary
        assert len(case.summary) <= 60
        assert case.department in (None, *DEPARTMENTS)
    for speech in world.speech.values():
        assert len({case.summary for case in speech.cases}) == len(speech.cases)


def test_the_hotline_understands_what_is_written_by_sms(world: World) -> None:
    written = [(2, answer) for case in _cases(world) for answer in case.answers]
    for speech in world.speech.values():
        for digit, occasion in ((2, "weak"), (3, "support"), (4, "not_ours"), (5, "note")):
            written += [(digit, text) for text in speech.phrases[occasion]]
        for rating in range(1, 6):
            for text in speech.phrases[f"rated_{rating}"]:
                read = parse_reply(f"{rating} {text}".strip())
                assert read is not None
                assert read.digit == rating
    for digit, text in written:
        read = parse_reply(f"T-260302-0017 {digit} {text}")
        assert read is not None, text
        assert (read.digit, read.ticket) == (digit, "T-260302-0017")
    assert [case.description for case in _cases(world) if parse_reply(case.description)] == []


def test_what_is_unfinished_is_a_known_case(world: World) -> None:
    summaries = {locale: {case.summary for case in speech.cases} for locale, speech in world.speech.items()}
    for unfinished in world.history.unfinished:
        assert unfinished.summary in summaries[unfinished.locale]
    assert world.history.finished_count + len(world.history.unfinished) == 200
