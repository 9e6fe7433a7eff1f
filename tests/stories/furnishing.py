"""A small centre: ``python -m tests.stories.furnishing`` takes its people in, as the settings say where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from admin.centre import open_centre
from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from engine.context import SYSTEM, Context
from engine.people import close_person, create_person, put_group, set_groups
from engine.settings import read_settings
from tests.stories.product import PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Who works in the small centre."""

    key: str
    role: str
    groups: Sequence[str] = ()
    phone: str | None = None
    email: str | None = None
    locale: str = "en"
    preferred_channel: str | None = None


PEOPLE = (
    Somebody(key="admin", role="administrator"),
    Somebody(key="agent", role="agent", groups=("agents", "dispatchers")),
    Somebody(key="agent_hant", role="agent", groups=("agents",), locale="zh_Hant"),
    Somebody(key="designer", role="designer"),
    Somebody(key="designer_hans", role="designer", locale="zh_Hans"),
    Somebody(key="designer_hant", role="designer", locale="zh_Hant"),
    Somebody(key="supervisor", role="supervisor", groups=("duty_supervisors",)),
    Somebody(key="qa", role="qa", groups=("reviewers",)),
    Somebody(key="handler_water", role="handler", groups=("water_handlers",), phone="+85251230001"),
    Somebody(
        key="handler_hant", role="handler", groups=("water_handlers",), phone="+85251230002", locale="zh_Hant"
    ),
    Somebody(
        key="handler_hans", role="handler", groups=("water_handlers",), phone="+85251230003", locale="zh_Hans"
    ),
    # No telephone: mail reaches them where mail is set up.
    Somebody(
        key="handler_mail", role="handler", groups=("water_handlers",), email="mail.handler@desk.example.org"
    ),
    # Nothing but a login.
    Somebody(key="handler_desk", role="handler", groups=("water_handlers",)),
    Somebody(key="handler_left", role="handler", groups=("water_handlers",), phone="+85251230009"),
    Somebody(
        key="handler_roads",
        role="handler",
        groups=("roads_handlers",),
        phone="+85251230010",
        email="roads@desk.example.org",
        preferred_channel="email",
    ),
)
LEFT = "handler_left"
# Who of the water handlers an SMS reaches: number by person.
REACHED = {
    one.key: one.phone for one in PEOPLE if "water_handlers" in one.groups and one.key != LEFT and one.phone
}


def main() -> None:
    """Take everybody in."""
    centre = open_centre(read_settings(), web=True)
    kept = hash_password(PASSWORD)
    with Context(centre=centre, actor=SYSTEM).write() as ctx:
        for group in sorted({group for one in PEOPLE for group in one.groups}):
            put_group(ctx, key=group, name=group.replace("_", " ").capitalize())
        for one in PEOPLE:
            person = create_person(
                ctx,
                key=one.key,
                name=one.key.replace("_", " ").title(),
                phone=one.phone,
                email=one.email,
                locale=one.locale,
                preferred_channel=one.preferred_channel,
            )
            set_groups(ctx, person_key=one.key, group_keys=one.groups)
            sync_login(ctx, person=person, roles=[one.role])
            keep_password(ctx, person_key=one.key, kept=kept)
        close_person(ctx, key=LEFT)
    centre.database.dispose()


if __name__ == "__main__":
    main()
