"""The systems of a pair as a plan sees them: read as they are, written not at all.

A planned write lands under provisional ids. What is sent later may quote them (an invoice its new
contact), and they are the same in every plan of the same documents, so that two plans compare.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import JsonValue
from typing_extensions import override

from tieout.domain.account_rules import Tracking
from tieout.domain.base import DeliveryId, Frozen, Json, System
from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageReceipt,
    Standing,
    XeroInvoice,
    XeroPayment,
    XeroStanding,
)
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.plan import Action, FieldChange
from tieout.domain.streams import Admission, Stream, StreamState
from tieout.ports.streams import Streams
from tieout.ports.systems import (
    Credit,
    Party,
    Sage100,
    Sage100Reference,
    Shop,
    StockLevel,
    Xero,
    XeroReference,
)
from tieout.ports.targets import Target
from tieout.usecases.catalog import SALES_ORDER, kind_of
from tieout.usecases.planning.unplanned import unplanned

PROVISIONAL = re.compile("PLANNED-[0-9A-F]{12}")
CREATE = "create"

Read = TypeVar("Read")


class Sent(Frozen):
    """What became of one delivery that the steps sent."""

    action: Action
    changes: tuple[FieldChange, ...] = ()


class Notes:
    """What the systems of one plan were asked for, and what they would have been sent."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.sent: dict[DeliveryId, Sent] = {}
        self.reads: Counter[System] = Counter()
        self.writes: Counter[System] = Counter()
        self.ordered: dict[tuple[str, str], Decimal] = {}
        """Quantities that planned sales orders would commit, by item and warehouse."""
        self.blocked: dict[str, str] = {}
        """Streams that are not open, each with its reason."""


def provisional(delivery: Delivery) -> str:
    """Return the id that a planned record goes by: always the same for the same key."""
    words = f"{delivery.target}|{delivery.entity}|{delivery.document_key}"
    return f"PLANNED-{hashlib.sha256(words.encode()).hexdigest()[:12].upper()}"


def is_provisional(payload: JsonValue) -> bool:
    """Say whether a payload quotes a record that is only planned."""
    return PROVISIONAL.search(json.dumps(payload, ensure_ascii=False)) is not None


class PlanningTarget(Target):
    """A target that is read as it is, and that notes what it is sent."""

    key_window_s: float | None = None
    settle_s = 0.0
    """A plan waits for nothing: what is in doubt is looked up, and planned if it is not there."""

    def __init__(self, real: Target, notes: Notes) -> None:
        """Take the real target and where to note."""
        self._real = real
        self._notes = notes
        self.system = real.system
        self.entity = real.entity
        self.batch_max = real.batch_max
        self.guard = real.guard
        self.looks_up_first = real.looks_up_first
        self.updates_known = real.updates_known

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Look up all but what quotes a planned record: that cannot be there."""
        wanted = [one for one in deliveries if not is_provisional(one.payload)]
        return self._real.find(wanted) if wanted else {}

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        return self._real.copies_held(deliveries)

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return self._real.present(deliveries)

    @override
    def calls(self, count: int) -> int:
        return self._real.calls(count)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        """Say what the target would make of them, and write nothing."""
        self._notes.writes[self.system] += self.calls(len(deliveries))
        looked_up = self.looks_up_first and all(one.operation == CREATE for one in deliveries)
        standing = {} if looked_up else self.present(deliveries)
        return {
            one.delivery_id: self._outcome(one, standing.get(one.delivery_id)) for one in deliveries
        }

    def _outcome(self, delivery: Delivery, standing: Landed | None) -> Outcome:
        if delivery.operation != CREATE:
            return self._set(delivery, standing)
        if standing is None:
            self._note(delivery, Action.CREATE)
            return Landed(
                external_id=provisional(delivery),
                external_no=number_of(delivery) or provisional(delivery),
                figures=delivery.expected,
            )
        if self.updates_known:
            changes = _payload_changes(delivery.payload, standing.answer)
            self._note(delivery, Action.UPDATE if changes else Action.UNCHANGED, changes)
            return standing.model_copy(update={"figures": delivery.expected})
        ours = self._real.find([delivery]).get(delivery.delivery_id)
        if ours is not None:
            self._note(delivery, Action.ADOPT)
            return ours
        number = number_of(delivery) or delivery.document_key
        return Refused(
            cause="number_taken",
            message=f"{self.system} holds another {self.entity} under {number}.",
            remedy="Renumber or void that one, or adopt it by hand; then plan again.",
        )

    def _set(self, delivery: Delivery, standing: Landed | None) -> Outcome:
        if standing is None:
            return Refused(
                cause="target_refused",
                message=f"{self.system} has nothing to set the {self.entity} of.",
                remedy="See that the record is there and open; then plan again.",
            )
        changes = tuple(
            FieldChange(field=name, before=standing.figures.get(name, ""), after=wanted)
            for name, wanted in delivery.expected.items()
            if standing.figures.get(name, "") != wanted
        )
        self._note(delivery, Action.UPDATE if changes else Action.UNCHANGED, changes)
        return standing.model_copy(update={"figures": delivery.expected})

    def _note(
        self, delivery: Delivery, action: Action, changes: tuple[FieldChange, ...] = ()
    ) -> None:
        self._notes.sent[delivery.delivery_id] = Sent(action=action, changes=changes)
        if action is Action.CREATE and self.entity == SALES_ORDER.entity:
            _note_ordered(self._notes, delivery.payload)


def number_of(delivery: Delivery) -> str:
    """Return the number that we give the record, or '' when the target gives it."""
    value: JsonValue = delivery.payload
    for member in kind_of(delivery.target, delivery.entity).number.split("."):
        value = value.get(member) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _payload_changes(payload: Json, held: JsonValue) -> tuple[FieldChange, ...]:
    """Return the plain members of a payload that the held record shows otherwise."""
    shown = held if isinstance(held, dict) else {}
    header = payload.get("header")
    stated = header if isinstance(header, dict) else payload
    return tuple(
        FieldChange(field=name, before=str(shown.get(name) or ""), after=str(wanted))
        for name, wanted in sorted(stated.items())
        if isinstance(wanted, str | int | bool) and str(shown.get(name) or "") != str(wanted)
    )


def _note_ordered(notes: Notes, payload: Json) -> None:
    header, lines = payload.get("header"), payload.get("lines")
    warehouse = str(header.get("WarehouseCode", "")) if isinstance(header, dict) else ""
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, dict):
            place = (str(line.get("ItemCode", "")), warehouse)
            quantity = Decimal(str(line.get("QuantityOrdered", "0")))
            notes.ordered[place] = notes.ordered.get(place, Decimal(0)) + quantity


class PlanningStreams(Streams):
    """Streams that let a plan through and count nothing; those that are not open are noted."""

    def __init__(self, real: Streams, notes: Notes) -> None:
        """Take the real streams."""
        self._real = real
        self._notes = notes

    @override
    def stream(self, name: str) -> Stream:
        return self._real.stream(name)

    @override
    def streams(self, pair: str | None = None) -> list[Stream]:
        return self._real.streams(pair)

    @override
    def admit(self, name: str) -> Admission:
        stream = self._real.stream(name)
        if stream.state is not StreamState.OPEN:
            self._notes.blocked[name] = f"{name} is {stream.state}: {stream.reason}"
        return Admission(stream=stream, is_admitted=True)

    @override
    def peek(self, name: str) -> Admission:
        return self.admit(name)

    @override
    def turn(self, name: str, count: int) -> float:
        return 0.0

    @override
    def tell(self, name: str) -> bool:
        return False

    @override
    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        return True

    @override
    def failed(self, name: str, *, reason: str) -> Stream:
        return self._real.stream(name)

    @override
    def access_refused(self, name: str, *, reason: str) -> Stream:
        return self._real.stream(name)

    @override
    def succeeded(self, name: str) -> None:
        """Nothing was sent."""

    @override
    def hold(self, name: str, *, reason: str) -> None:
        unplanned("held")

    @override
    def resume(self, name: str, *, by: str, reason: str) -> None:
        unplanned("resumed")


class PlanningXero(Xero):
    """A Xero organization that is only read."""

    def __init__(self, real: Xero, notes: Notes) -> None:
        """Take the real organization."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.XERO, self._notes, read)

    @override
    def reference(self) -> XeroReference:
        return self._counted(self._real.reference)

    @override
    def tracking_options(self) -> frozenset[Tracking]:
        return self._counted(self._real.tracking_options)

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        return self._counted(
            lambda: self._real.find_contacts(numbers=numbers, emails=emails, names=names)
        )

    @override
    def invoices(self) -> list[XeroInvoice]:
        return self._counted(self._real.invoices)

    @override
    def payments(self) -> list[XeroPayment]:
        return self._counted(self._real.payments)

    @override
    def payments_since(self, since: datetime) -> list[XeroPayment]:
        return self._counted(lambda: self._real.payments_since(since))

    @override
    def invoices_numbered(self, numbers: Collection[str]) -> list[XeroInvoice]:
        return self._counted(lambda: self._real.invoices_numbered(numbers))

    @override
    def payments_on(self, invoice_ids: Collection[str]) -> list[XeroPayment]:
        return self._counted(lambda: self._real.payments_on(invoice_ids))

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, XeroStanding]:
        return self._counted(lambda: self._real.standings(entity, external_ids))

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


class PlanningSage100(Sage100):
    """A Sage 100 company that is only read; planned sales orders commit stock in what it shows."""

    def __init__(self, real: Sage100, notes: Notes) -> None:
        """Take the real company."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.SAGE100, self._notes, read)

    @override
    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        return self._counted(lambda: self._real.reference(item_codes))

    @override
    def credit(self, customer_nos: Collection[str]) -> dict[str, Credit]:
        return self._counted(lambda: self._real.credit(customer_nos))

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        return self._counted(lambda: self._real.find_customers(numbers=numbers, emails=emails))

    @override
    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        return [
            level.model_copy(
                update={
                    "committed": level.committed + self._ordered(level),
                    "available": level.available - self._ordered(level),
                }
            )
            for level in self._counted(lambda: self._real.stock(item_codes))
        ]

    def _ordered(self, level: StockLevel) -> Decimal:
        return self._notes.ordered.get((level.item_code, level.warehouse_code), Decimal(0))

    @override
    def orders(self) -> list[SageOrder]:
        return self._counted(self._real.orders)

    @override
    def order_numbers(self, customer_pos: Collection[str]) -> dict[str, str]:
        return self._counted(lambda: self._real.order_numbers(customer_pos))

    @override
    def receipts_entered(self, check_nos: Collection[str]) -> frozenset[str]:
        return self._counted(lambda: self._real.receipts_entered(check_nos))

    @override
    def receipts(self) -> list[SageReceipt]:
        return self._counted(self._real.receipts)

    @override
    def invoices(self) -> list[SageInvoice]:
        return self._counted(self._real.invoices)

    @override
    def postings(self) -> list[GlPosting]:
        return self._counted(self._real.postings)

    @override
    def standings(self, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
        return self._counted(lambda: self._real.standings(entity, external_ids))

    @override
    def posted_since(self, entities: Collection[str], since: date) -> dict[str, set[str]]:
        return self._counted(lambda: self._real.posted_since(entities, since))

    @override
    def accounts(self) -> dict[str, str]:
        return self._counted(self._real.accounts)

    @override
    def banks(self) -> dict[str, str]:
        return self._counted(self._real.banks)

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


class PlanningShop(Shop):
    """A shop that is only read."""

    def __init__(self, real: Shop, notes: Notes) -> None:
        """Take the real shop."""
        self._real = real
        self._notes = notes

    @property
    @override
    def calls_made(self) -> int:
        return self._real.calls_made

    def _counted(self, read: Callable[[], Read]) -> Read:
        return counted(self._real, System.SHOPIFY, self._notes, read)

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        return self._counted(lambda: self._real.changed_orders(since, until))

    @override
    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        return self._counted(lambda: self._real.orders(source_ids))

    @override
    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        return self._counted(lambda: self._real.inventory_items(variant_ids))

    @override
    def target(self, entity: str) -> Target:
        return PlanningTarget(self._real.target(entity), self._notes)


def counted(
    real: Xero | Sage100 | Shop, system: System, notes: Notes, read: Callable[[], Read]
) -> Read:
    """Read, and note how many calls it took: a run makes the same."""
    before = real.calls_made
    found = read()
    notes.reads[system] += real.calls_made - before
    return found
