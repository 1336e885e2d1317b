"""Keeping records in step, broken on purpose in one part at a time: the histories must show it.

No bug is a switch in the product: each is a variant of one part that a flow is given.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from fake_ledger.ledger import FakeLedger
from fakes import FakeClock
from figures.report import record
from stateful.in_step_histories import POLICY, Event, check, events
from tieout.domain.base import Json, System
from tieout.domain.in_step.merge import Conflict, Values
from tieout.domain.in_step.policy import Owner
from tieout.domain.in_step.records import AgreedRecord
from tieout.domain.ledger import Delivery, NewInboxEntry, Outcome, Watermark
from tieout.ports.systems import Shown
from two_ledgers import (
    SAGE100,
    XERO,
    Book,
    ContactChanges,
    CustomerChanges,
    SageBook,
    TwoLedgers,
    XeroBook,
    record_of,
)

HISTORIES_MAX = 100
SAID_MAX = 80


class SentForShown(FakeLedger):
    """Keeps what was sent as what the ledger shows, whatever that makes of it."""

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        known = self._agreed.get((record.pair, record.entity, record.key))
        if record.intended is None and known is not None and known.intended is not None:
            sent = {
                name: _both(system, values)
                for system, write in known.intended.writes.items()
                for name, values in write.fields.items()
            }
            record = record.model_copy(update={"fields": {**record.fields, **sent}})
        return super().agree(record, conflicts=conflicts)


def _both(target: System, values: Values) -> Values:
    """Return the value that was taken from one ledger as what both show."""
    taken = values.sage100 if target is XERO else values.xero
    return Values(xero=taken, sage100=taken)


class AgreedTooEarly(FakeLedger):
    """Keeps as agreed what is yet to be written."""

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        meant = record.intended.writes.values() if record.intended else ()
        early = {name: one for write in meant for name, one in write.fields.items()}
        early_record = record.model_copy(update={"fields": {**record.fields, **early}})
        return super().agree(early_record, conflicts=conflicts)


class NoConflicts(FakeLedger):
    """Drops every conflict."""

    @override
    def agree(
        self, record: AgreedRecord, *, conflicts: Sequence[Conflict] | None = None
    ) -> AgreedRecord:
        return super().agree(record, conflicts=None if conflicts is None else ())


class NothingMeant(FakeLedger):
    """Forgets what was decided on before it was written."""

    @override
    def agreed(self, pair: str, entity: str, keys: Collection[str]) -> dict[str, AgreedRecord]:
        found = super().agreed(pair, entity, keys)
        return {key: one.model_copy(update={"intended": None}) for key, one in found.items()}


class ToldLast(FakeLedger):
    """Remembers of each record what was told of it last, in the order of arrival."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.told: dict[tuple[str, str], Json] = {}

    @override
    def land(self, entries: Sequence[NewInboxEntry], *, watermark: Watermark | None = None) -> int:
        for one in entries:
            said = json.loads(one.body)
            if said:
                self.told[one.source, one.resource_id.replace("/", "-", 1)] = said
        return super().land(entries, watermark=watermark)


class UnseenContacts(ContactChanges):
    """Changes of contacts that are compared with nothing."""

    @override
    def write(self, delivery: Delivery) -> Outcome:
        return super().write(_unseen(delivery, self.book.nodes[delivery.payload["ContactID"]]))


class UnseenCustomers(CustomerChanges):
    """Changes of customers that are compared with nothing."""

    @override
    def write(self, delivery: Delivery) -> Outcome:
        return super().write(
            _unseen(delivery, self.book.nodes[record_of(delivery.payload["header"])])
        )


def _unseen(delivery: Delivery, node: Json) -> Delivery:
    """Return a delivery that expects whatever is there."""
    return delivery.model_copy(update={"payload": {**delivery.payload, "expected": node}})


class UnseenXero(XeroBook):
    @override
    def target(self, entity: str) -> Any:
        is_change = entity == "contact_update"
        return UnseenContacts(XERO, entity, self.book) if is_change else super().target(entity)


class UnseenSage(SageBook):
    @override
    def target(self, entity: str) -> Any:
        is_change = entity == "customer_update"
        return UnseenCustomers(SAGE100, entity, self.book) if is_change else super().target(entity)


def with_ledger(make: Callable[[FakeClock], FakeLedger]) -> TwoLedgers:
    """Return a town whose ledger of ours is broken."""
    town = TwoLedgers(POLICY)
    town.ledger = make(town.clock)
    town.flow = replace(town.flow, ledger=town.ledger)
    return town


def owned_by_nobody() -> TwoLedgers:
    """Return a town where the newest change counts, whoever owns the field."""
    fields = {
        name: rule.model_copy(update={"owner": Owner.NEWEST})
        for name, rule in POLICY.fields.items()
    }
    return TwoLedgers(POLICY.model_copy(update={"fields": fields}))


def believing_what_is_told() -> TwoLedgers:
    """Return a town where a record is what was told of it last, and is not looked at."""
    town = with_ledger(ToldLast)
    for system in (XERO, SAGE100):
        town.book(system).shown = partial(_as_told, town, system)
    return town


def _as_told(town: TwoLedgers, system: System, ids: Collection[str]) -> dict[str, Shown]:
    seen = Book.shown(town.book(system), ids)
    return {
        one: shown.model_copy(update={"node": town.ledger.told.get((system, one), shown.node)})
        for one, shown in seen.items()
    }


def writing_unseen() -> TwoLedgers:
    """Return a town where nothing is compared before it is written over."""
    town = TwoLedgers(POLICY)
    town.flow = replace(town.flow, xero=UnseenXero(town.xero), sage100=UnseenSage(town.sage100))
    return town


@dataclass(frozen=True)
class Bug:
    """One part broken on purpose."""

    name: str
    town: Callable[[], TwoLedgers]


BUGS = (
    Bug("echo not recognised", partial(with_ledger, SentForShown)),
    Bug("agreed before it is written", partial(with_ledger, AgreedTooEarly)),
    Bug("owner ignored", owned_by_nobody),
    Bug("conflict dropped", partial(with_ledger, NoConflicts)),
    Bug("intention forgotten", partial(with_ledger, NothingMeant)),
    Bug("what is told is believed", believing_what_is_told),
    Bug("written over unseen", writing_unseen),
)


def caught(bug: Bug) -> tuple[int, str]:
    """Return how many histories it took to show the bug, and what they said of it."""
    gone_by = [0]

    @settings(
        max_examples=HISTORIES_MAX,
        phases=(Phase.generate,),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(events, min_size=8, max_size=40))
    def sound(happened: list[Event]) -> None:
        gone_by[0] += 1
        check(happened, bug.town)

    try:
        sound()
    except AssertionError as error:
        return gone_by[0], str(error).splitlines()[0]
    return 0, ""


@pytest.mark.tier2
def test_the_sound_parts_pass_all_histories_that_show_the_broken_ones() -> None:
    assert caught(Bug("none", lambda: TwoLedgers(POLICY))) == (0, "")


@pytest.mark.tier2
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_part_that_is_broken_shows_in_the_histories(bug: Bug) -> None:
    after, said = caught(bug)
    assert after, f"{bug.name}: {HISTORIES_MAX} histories went by and nothing was found"
    record(f"seeded bug in step: {bug.name}", after=after, said=said[:SAID_MAX])
