from typing import Any

from sqlalchemy import select

from engine.context import Context
from engine.jobs import Job
from engine.notify.inbound import list_inbound, store_inbound


def came(ctx: Context, **given: Any) -> tuple[str, bool]:
    message = {
        "gateway": "twilio",
        "provider_id": "SM1",
        "channel": "sms",
        "sender": "+85251230009",
        "recipient": "+85230000000",
        "body": "水管\x00爆裂",
        "raw": {"Body": "水管"},
    }
    return store_inbound(ctx, **{**message, **given})


def test_a_message_is_stored_once_and_read_once(ctx: Context) -> None:
    first, new = came(ctx)
    again, new_again = came(ctx)
    assert (first == again, new, new_again) == (True, True, False)
    other, _ = came(ctx, gateway="other")
    with ctx.read():
        jobs = ctx.connection.execute(select(Job.payload).where(Job.kind == "receive")).scalars().all()
        count, page = list_inbound(ctx, state="new")
    assert jobs == [{"message": first}, {"message": other}]
    assert count == 2
    assert page[1]["body"] == "水管爆裂"
