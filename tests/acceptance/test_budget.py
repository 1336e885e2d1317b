"""The budget beside the real flow: every call that Xero counts is metered, with its bytes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

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


def test_codes_are_read_once_for_many_gates_and_anew_before_anything_is_set_aside(
    world: World,
) -> None:
    make = maker()

    def order(number: int, code: str) -> dict[str, Any]:
        draft = make.draft(number, make.known[3], make.line("LAMP-01", 1), at=make.at(1, "12:00"))
        placed: dict[str, Any] = json.loads(json.dumps(paid(draft)).replace("LAMP-01", code))
        return placed

    def charts_read() -> int:
        calls = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
        return int(calls[TENANT]["by_path"]["GET items"])

    world.post(order(7404, "LAMP-01"))
    before = charts_read()
    world.post(order(7405, "LAMP-01"))
    assert charts_read() == before
    xero = f"{world.configuration.url('xero')}/_organisations/{TENANT}/Items"
    world.call(xero, {"Code": "NEW-7406", "Name": "Reading lamp"})
    item = {
        "ItemType": "1",
        "ProductLine": "LITE",
        "ItemCodeDesc": "Reading lamp",
        "StandardUnitOfMeasure": "EACH",
        "StandardUnitPrice": "19.99",
    }
    world.people("create_record", table="CI_Item", key={"ItemCode": "NEW-7406"}, values=item)
    world.post(order(7406, "NEW-7406"))
    assert charts_read() == before + 1
    assert {"HP-7405", "HP-7406"} <= {one.number for one in world.tieout.xero(HARBOR).invoices()}
    assert world.tieout.dead_letters() == []
