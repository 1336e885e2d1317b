"""The budget beside the real flow: every call that Xero counts is metered, with its bytes."""

from datetime import UTC, datetime, timedelta

from acceptance.orders import PLACED_DAYS_AGO, maker, paid
from tieout.domain.budget import Caller, Lane
from tieout.simulators.company import COMPANIES
from world import HARBOR, World

TENANT = COMPANIES["HPS"].xero_tenant_id
FLOW = Caller(flow="order_to_cash", lane=Lane.EVENT)
WEEK = timedelta(days=7)


def counted(world: World) -> int:
    """Return how many calls the simulator has counted."""
    calls = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
    return int(calls[TENANT]["count"])


def test_every_call_that_xero_counts_is_metered_with_its_bytes(world: World) -> None:
    make = maker()
    line = make.line("LAMP-01", 3)
    world.tieout.caller = FLOW
    world.post(paid(make.draft(7401, make.known[3], line, at=make.at(PLACED_DAYS_AGO, "12:00"))))
    report = world.tieout.xero_budget(HARBOR).report(HARBOR)
    (used,) = report.usage
    assert (used.flow, used.lane, used.limited) == ("order_to_cash", "event", 0)
    assert used.calls == counted(world) > 0
    assert 0 < used.received_bytes < used.unpacked_bytes
    assert report.standing.running == 0
    assert report.standing.minute_used == used.calls
    assert report.month.received_bytes == used.received_bytes
    assert report.is_good


def test_the_plan_of_a_backfill_asks_the_budget(world: World) -> None:
    make = maker()
    drafts = [
        make.draft(number, make.known[3], make.line("LAMP-01", 1), at=make.at(1, "12:00"))
        for number in (7402, 7403)
    ]
    for draft in drafts:
        world.place(paid(draft))
    now = datetime.now(UTC)  # noqa: TID251 - the shop's own time
    found = [world.tieout.gaps(HARBOR, now - WEEK, now + timedelta(minutes=1))]
    plan = world.tieout.backfill_plan(found)
    day = world.tieout.xero_budget(HARBOR).day()
    assert plan.orders == 2
    assert (plan.refusal, plan.schedule) == ("", ())
    assert day.free_now > plan.loads[0].amount
    world.run()
