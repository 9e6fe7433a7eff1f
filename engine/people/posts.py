"""Posts and their holders; skills and how good somebody is at them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from engine.context import Context, verb
from engine.errors import InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import _
from engine.people.keys import check_key_and_name, need_person, need_valid, valid
from engine.people.models import Person, PersonSkill, Post, PostHolder, Skill, Unit
from engine.push import publish

_NO_POST = _("There is no post %(key)s.")
_NO_SKILL = _("There is no skill %(key)s.")
BEGINNER, MASTER = 1, 5


@verb
def put_post(ctx: Context, *, key: str, name: str, unit_key: str | None = None) -> Post:
    """Make a post, or change it; one that had ended holds again.

    Raises:
        InvalidSubmission: The key or the name cannot be.
        NotFound: There is no such unit.
    """
    check_key_and_name(key, name)
    if unit_key is not None:
        need_valid(ctx, Unit, unit_key, _("There is no unit %(key)s."))
    post = ctx.session.get(Post, key)
    if post is None:
        post = Post(key=key, name=name.strip(), valid_from=ctx.now)
        ctx.session.add(post)
    post.name, post.unit_key, post.valid_to = name.strip(), unit_key, None
    ctx.session.flush()
    audit(ctx, "post.put", "post", key)
    publish(ctx, "post", key)
    return post


@verb
def close_post(ctx: Context, *, key: str) -> None:
    """End a post; nobody holds it any longer.

    Raises:
        NotFound: There is none.
    """
    post = need_valid(ctx, Post, key, _NO_POST)
    set_post_holders(ctx, key=key, person_keys=())
    post.valid_to = ctx.now
    ctx.session.flush()
    audit(ctx, "post.close", "post", key)


@verb
def set_post_holders(ctx: Context, *, key: str, person_keys: Collection[str]) -> None:
    """Say who holds a post: those before them end, the others begin.

    Raises:
        NotFound: There is no such post or person.
        Conflict: A person has left.
    """
    need_valid(ctx, Post, key, _NO_POST)
    held = {
        row.person_key: row
        for row in ctx.session.scalars(
            select(PostHolder).where(PostHolder.post_key == key, valid(PostHolder, ctx.now))
        )
    }
    wanted = set(person_keys)
    for person_key in held.keys() - wanted:
        held[person_key].valid_to = ctx.now
    for person_key in sorted(wanted - held.keys()):
        need_person(ctx, person_key)
        ctx.session.add(PostHolder(post_key=key, person_key=person_key, valid_from=ctx.now))
    ctx.session.flush()
    if wanted != set(held):
        audit(ctx, "post.holders", "post", key, {"persons": sorted(wanted)})
        publish(ctx, "post", key)


def holders_of(ctx: Context, post_key: str) -> list[Person]:
    """Return who holds a post now, by name."""
    with ctx.read():
        return list(
            ctx.session.scalars(
                select(Person)
                .join(PostHolder, PostHolder.person_key == Person.key)
                .where(PostHolder.post_key == post_key, Person.closed_at.is_(None))
                .where(valid(PostHolder, ctx.now))
                .distinct()
                .order_by(Person.name, Person.key)
            )
        )


@verb
def put_skill(ctx: Context, *, key: str, name: str) -> Skill:
    """Make a skill, or name it anew; one that had ended holds again.

    Raises:
        InvalidSubmission: The key or the name cannot be.
    """
    check_key_and_name(key, name)
    skill = ctx.session.get(Skill, key)
    if skill is None:
        skill = Skill(key=key, name=name.strip(), valid_from=ctx.now)
        ctx.session.add(skill)
    skill.name, skill.valid_to = name.strip(), None
    ctx.session.flush()
    audit(ctx, "skill.put", "skill", key)
    return skill


@verb
def grade_skill(ctx: Context, *, person_key: str, skill_key: str, level: int | None) -> None:
    """Say how good somebody is at something; the grade before ends.

    Args:
        ctx: The context.
        person_key: Who.
        skill_key: At what.
        level: 1 (beginner) to 5 (master); None for not at all any longer.

    Raises:
        NotFound: There is no such skill or person.
        InvalidSubmission: There is no such level.
    """
    need_valid(ctx, Skill, skill_key, _NO_SKILL)
    need_person(ctx, person_key)
    if level is not None and not BEGINNER <= level <= MASTER:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="level",
                    message=_("Must be a whole number from %(least)s to %(most)s."),
                    params={"least": BEGINNER, "most": MASTER},
                )
            ]
        )
    before = ctx.session.scalars(
        select(PersonSkill)
        .where(PersonSkill.person_key == person_key, PersonSkill.skill_key == skill_key)
        .where(valid(PersonSkill, ctx.now))
    ).all()
    if [row.level for row in before] == ([] if level is None else [level]):
        return
    for row in before:
        row.valid_to = ctx.now
    if level is not None:
        ctx.session.add(
            PersonSkill(person_key=person_key, skill_key=skill_key, level=level, valid_from=ctx.now)
        )
    ctx.session.flush()
    audit(ctx, "person.skill", "person", person_key, {"skill": skill_key, "level": level})
    publish(ctx, "person", person_key)


def people_with_skill(ctx: Context, skill_key: str, *, least: int = BEGINNER) -> list[tuple[Person, int]]:
    """Return who is good at something now and how good, the best first.

    Args:
        ctx: The context.
        skill_key: At what.
        least: The lowest level, 1 to 5.
    """
    with ctx.read():
        rows = ctx.session.execute(
            select(Person, PersonSkill.level)
            .join(PersonSkill, PersonSkill.person_key == Person.key)
            .where(PersonSkill.skill_key == skill_key, PersonSkill.level >= least)
            .where(valid(PersonSkill, ctx.now), Person.closed_at.is_(None))
            .order_by(PersonSkill.level.desc(), Person.name, Person.key)
        )
        return [(person, int(level)) for person, level in rows]
