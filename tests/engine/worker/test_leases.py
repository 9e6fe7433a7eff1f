from datetime import timedelta

from engine.jobs import drop_lease, hold_lease
from engine.testing import make_centre, system


def test_one_holds_a_lease_until_it_gives_it_up_or_goes_silent(tmp_path):
    centre = make_centre(tmp_path)
    ctx = system(centre)
    assert hold_lease(ctx, name="mail", owner="one")
    assert not hold_lease(ctx, name="mail", owner="two")
    assert hold_lease(ctx, name="mail", owner="one")
    drop_lease(ctx, name="mail", owner="one")
    assert hold_lease(ctx, name="mail", owner="two")
    centre.clock.advance(timedelta(minutes=1))
    assert hold_lease(ctx, name="mail", owner="one")
    centre.database.dispose()
