"""Backfill, live and both: the same history of orders ends with the same hash over all targets.

What was edited or cancelled after it was posted is set aside by name, and what is posted stays: so
such an order may differ from world to world, and nothing else may. Stock levels are no part of it:
the last push counts, and pushes come at other moments.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes import FakeLedger
from stateful.town import BUYERS, SHARES, Town
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import Origin

if TYPE_CHECKING:
    from tieout.domain.base import Json

HISTORIES = 40
HISTORIES_BY_NIGHT = 500
SET_ASIDE = frozenset({"changed_after_posting", "cancelled_after_posting"})
WITHOUT_STOCK = ("inventory_level",)

tally: Counter[str] = Counter()


@dataclass(frozen=True)
class Event:
    """Something at the shop, and what we learn of it before the next."""

    how: str
    which: int
    buyer: int
    paid: int
    is_announced: bool
    is_run: bool
    swept: Origin | None


events = st.builds(
    Event,
    how=st.sampled_from(["place", "place", "break", "pay", "pay", "edit", "correct", "cancel"]),
    which=st.integers(0, 9),
    buyer=st.integers(0, len(BUYERS) - 1),
    paid=st.integers(0, len(SHARES)),
    is_announced=st.booleans(),
    is_run=st.booleans(),
    swept=st.sampled_from([None, None, Origin.SWEEP, Origin.BACKFILL]),
)
histories = st.lists(events, min_size=2, max_size=10)


def happens(town: Town, event: Event) -> str:
    """Let the event happen at the town's shop; return the order."""
    known = sorted(town.shop.nodes)
    if event.how in {"place", "break"} or not known:
        number = len(known) + 1
        is_broken = event.how == "break"
        return town.place(number, buyer=event.buyer, paid=event.paid, is_broken=is_broken)
    source_id = known[event.which % len(known)]
    changes: dict[str, Callable[[str], None]] = {
        "pay": town.pay,
        "edit": town.edit,
        "correct": town.correct,
        "cancel": town.cancel,
    }
    changes[event.how](source_id)
    return source_id


def live(town: Town, history: Sequence[Event]) -> None:
    """Every event comes by webhook, and a worker runs now and then."""
    for event in history:
        town.announce(happens(town, event))
        if event.is_run:
            town.run()
    town.run()


def backfilled(town: Town, history: Sequence[Event]) -> None:
    """Nothing is heard of; then a backfill brings in everything."""
    for event in history:
        happens(town, event)
    town.run(is_backfill=True, reads=True)


def both(town: Town, history: Sequence[Event]) -> None:
    """Some webhooks come and some do not, among sweeps and backfills that overlap."""
    for event in history:
        source_id = happens(town, event)
        if event.is_announced:
            town.announce(source_id)
        if event.swept is not None:
            town.sweep(event.swept, back_s=5.0 + event.which)
        if event.is_run:
            town.run()
    town.run(is_backfill=True, reads=True)


def ended(way: Callable[[Town, Sequence[Event]], None], history: Sequence[Event]) -> Town:
    """Return the town where the history came in that way, with all done that can be done."""
    town = Town(lambda clock: FakeLedger(clock, writer_wait_s=0.0))
    way(town, history)
    for letter in town.open_letters():
        town.replay(letter)
    town.settle()
    assert not town.offences()
    return town


def differing(town: Town) -> set[str]:
    """Return the orders that were changed after they were posted, as the open letters say."""
    letters = town.ledger.dead_letters()
    names = {letter.trace_key.rpartition("#")[2] for letter in letters if letter.cause in SET_ASIDE}
    return {str(7000 + int(name)) for name in names}


def buyers_of(town: Town, orders: set[str]) -> set[str]:
    """Return the keys of the buyers of the orders."""
    customers = [town.shop.nodes[one]["customer"] for one in orders]
    return {f"SHOP-{one['legacyResourceId']}" for one in customers if isinstance(one, dict)}


def state_hash(town: Town, *, excluded: set[str]) -> str:
    """Return the hash over all targets, without some orders and their buyers."""
    keys = excluded | buyers_of(town, excluded)
    documents: list[Json] = [
        one
        for one in town.books.content(without=WITHOUT_STOCK)
        if str(one["key"]) not in keys and str(one["key"])[: len("7001")] not in excluded
    ]
    tally["compared"] += len(documents)
    return content_hash({"documents": list(documents)})


def assert_same(history: Sequence[Event]) -> None:
    """Let the history come in all three ways and compare."""
    towns = [ended(way, history) for way in (live, backfilled, both)]
    set_aside = set().union(*map(differing, towns))
    assert set_aside <= changed_orders(history)
    hashes = {state_hash(town, excluded=set_aside) for town in towns}
    tally["whole" if not set_aside else "set_aside"] += 1
    assert len(hashes) == 1, "the ways end differently"


def changed_orders(history: Sequence[Event]) -> set[str]:
    """Return the orders that people edited, corrected or cancelled."""
    town = Town(FakeLedger)
    touched = [(event.how, happens(town, event)) for event in history]
    return {source_id for how, source_id in touched if how in {"edit", "correct", "cancel"}}


def test_backfill_live_and_both_end_with_the_same_hash() -> None:
    tally.clear()
    check(HISTORIES)


@pytest.mark.tier2
def test_many_histories_end_with_the_same_hash() -> None:
    tally.clear()
    check(HISTORIES_BY_NIGHT)


def check(how_many: int) -> None:
    @settings(
        max_examples=how_many,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories)
    def same(history: list[Event]) -> None:
        assert_same(history)

    same()
    assert tally["compared"] > how_many
    assert tally["whole"], "every history had an order set aside"
    assert tally["set_aside"], "no history had an order set aside"
