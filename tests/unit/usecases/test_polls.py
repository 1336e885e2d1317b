"""Polls over fakes: where the first one begins, and that the next goes on there."""

from datetime import timedelta

from fake_lists import FakeLanding, FakeLists
from fakes import FakeClock
from tieout.domain.reading import Reading
from tieout.usecases.polls import BEFORE_FIRST, poll
from unit.usecases.test_steps import PAIR, make_flow, worked


def test_the_first_poll_leaves_what_is_old_to_a_backfill_and_the_next_goes_on() -> None:
    flow = make_flow(worked())
    assert isinstance(flow.clock, FakeClock)
    lists, landing = (
        FakeLists(flow.clock, changing="Payments", whole="TaxRates"),
        FakeLanding(flow.clock.now),
    )
    lists.put("Payments", "old", "1")
    flow.clock.advance((BEFORE_FIRST + timedelta(minutes=30)).total_seconds())
    lists.put("Payments", "fresh", "1")
    assert poll(flow, lists, landing, "Payments").extracted.landed == 1
    assert [entry.resource_id for entry in landing.entries] == ["fresh"]
    flow.clock.advance(900)
    lists.put("Payments", "newer", "1")
    counts = poll(flow, lists, landing, "Payments").counts()
    assert (counts["landed"], counts["read"]) == (1, 0)
    reading = Reading(
        pair=PAIR.pair, source=lists.source, account=lists.account, resource="Payments"
    )
    assert landing.position(reading).through is not None
