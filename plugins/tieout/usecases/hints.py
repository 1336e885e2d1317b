"""Hints: what webhooks and polled lists tell of records in Xero, looked into where a flow cares.

An event says that a record came to be or changed, never what; the state is read from Xero, many
records in one call. So is that of a record from a polled list, which may have moved on since. Most
are echoes of our own writes or speak of records that Tieout did not write: of events neither costs
a call. What people changed of an order's invoice or payment is held, as what they change in Sage
100 is (follow.py).
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from tieout.domain.base import Frozen, System
from tieout.domain.books import XeroStanding
from tieout.domain.ledger import Delivery, InboxEntry, NewDeadLetter, Origin
from tieout.domain.reading import OWN_WRITE
from tieout.domain.statuses.machine import Statuses
from tieout.domain.statuses.table import STATUSES
from tieout.usecases.capture import ENTRIES_PER_ROUND_MAX, ROUNDS_MAX
from tieout.usecases.catalog import INVOICE, PAYMENT, WriteKind
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.entities import hinted
from tieout.usecases.order_to_cash import ORDER_BINDING, PAYMENT_BINDING
from tieout.usecases.taken_back import counterpart, letter_of, what

STEP = "hints"
CREATED = "/create"
"""How the topic ends of an event that tells that a record came to be."""

TOPIC_NOT_USED = "topic_not_used"
"""No flow cares for such records."""
NOT_OURS = "not_ours"
"""Nothing that Tieout wrote."""
AS_DELIVERED = "as_delivered"
"""Xero shows what was delivered."""
NOBODY_DID = "Compare the tenant id of the connection with the organization that people work in."
"""What to do when a document is in a status that nobody can have brought it to."""
TAKEN_BACK = "taken_back"
"""People changed it: its delivery is held, and a dead letter of its order says so."""


class Watched(NamedTuple):
    """Records that a flow cares for: how they were written, and what they are bound as."""

    kind: WriteKind
    binding_entity: str


INVOICES, PAYMENTS = Watched(INVOICE, ORDER_BINDING), Watched(PAYMENT, PAYMENT_BINDING)
EVENTS: Mapping[str, Watched] = {"invoice": INVOICES}
"""By the category of an event, as the receiver writes it; Xero tells nothing of payments."""
LISTS: Mapping[str, Watched] = {"Invoices": INVOICES, "Payments": PAYMENTS}
"""By the list that is polled."""


class Hinted(Frozen):
    """What looking into the hints of one pair came to."""

    pair: str
    rules: dict[str, int]
    """How many hints were skipped, by rule."""
    set_aside: int
    read: int
    """How many records were read."""
    taken_back: tuple[str, ...]
    """What people changed, each in words."""

    def counts(self) -> dict[str, int]:
        """Return the figures alone; small enough to travel between tasks."""
        return {"read": self.read, "set_aside": self.set_aside, **self.rules}


def look_into_hints(flow: Flow) -> Hinted:
    """Settle the pending events of the pair's Xero organization. Safe to run twice at once.

    But for those of records that the pair keeps in step, which that flow takes up.

    Raises:
        RetryableError: Xero cannot be read now; what was not looked into stays pending.
    """
    return _look_into(
        flow,
        lambda: flow.ledger.pending_entries(
            flow.pair.pair,
            limit=ENTRIES_PER_ROUND_MAX,
            source=System.XERO,
            origin=Origin.WEBHOOK,
            besides=hinted(flow.pair.flows),
        ),
    )


def look_into_list(flow: Flow, resource: str) -> Hinted:
    """Settle what was polled of a list that a flow cares for; of any other all stays pending.

    Raises:
        RetryableError: Xero cannot be read now; what was not looked into stays pending.
    """

    def pending() -> list[InboxEntry]:
        if resource not in LISTS:
            return []
        return flow.ledger.pending_entries(
            flow.pair.pair, limit=ENTRIES_PER_ROUND_MAX, source=System.XERO, kind=resource
        )

    return _look_into(flow, pending)


def _look_into(flow: Flow, pending: Callable[[], list[InboxEntry]]) -> Hinted:
    looking = _Looking(flow)
    for _round in range(ROUNDS_MAX):
        entries = pending()
        if not entries:
            break
        looking.settle(entries)
    return Hinted(
        pair=flow.pair.pair,
        rules=dict(looking.rules),
        set_aside=looking.set_aside,
        read=looking.read,
        taken_back=tuple(looking.taken_back),
    )


class _Looking:
    """One look into the hints of a pair, and what it came to so far."""

    def __init__(self, flow: Flow) -> None:
        self.rules: Counter[str] = Counter()
        self.set_aside = self.read = 0
        self.taken_back: list[str] = []
        self._flow = flow

    def settle(self, entries: Sequence[InboxEntry]) -> None:
        """Skip or set aside every one of the entries."""
        by_kind: dict[str, list[InboxEntry]] = {}
        for entry in entries:
            by_kind.setdefault(entry.kind, []).append(entry)
        for kind, some in by_kind.items():
            watched = EVENTS.get(kind) or LISTS.get(kind)
            if watched is None:
                self._skip(some, TOPIC_NOT_USED)
            else:
                self._look(watched, some)

    def _look(self, watched: Watched, entries: Sequence[InboxEntry]) -> None:
        written = self._written(watched, {entry.resource_id for entry in entries})
        unread: dict[str, list[InboxEntry]] = {}
        for entry in entries:
            if entry.resource_id not in written:
                self._skip([entry], NOT_OURS)
            elif entry.topic.endswith(CREATED):
                self._skip([entry], OWN_WRITE)
            else:
                unread.setdefault(entry.resource_id, []).append(entry)
        standings = self._flow.xero.standings(watched.kind.entity, unread) if unread else {}
        self.read += len(unread)
        for record_id, hints in unread.items():
            standing = standings.get(record_id)
            if standing is None:
                self._set_aside(hints, written[record_id])
            else:
                self._skip(hints, self._judge(written[record_id], standing))

    def _written(self, watched: Watched, record_ids: Collection[str]) -> dict[str, Delivery]:
        """Return the deliveries that wrote the records, by the records' ids."""
        ledger, pair = self._flow.ledger, self._flow.pair.pair
        bound = ledger.bindings_to(pair, watched.binding_entity, record_ids, System.XERO)
        keys = {binding.key for binding in bound.values()}
        found = ledger.deliveries_of(pair, watched.kind.entity, keys) if keys else []
        by_key = {delivery.document_key: delivery for delivery in found}
        return {
            record_id: by_key[binding.key]
            for record_id, binding in bound.items()
            if binding.key in by_key
        }

    def _judge(self, delivery: Delivery, standing: XeroStanding) -> str:
        """Return the rule by which the hints of a record end; recall it if people changed it."""
        trouble = _trouble(delivery, standing)
        if not trouble:
            return AS_DELIVERED
        answer = standing.model_dump(mode="json")
        undone = counterpart(self._flow.mapper, delivery, standing.status)
        letter = letter_of(
            self._flow.pair, delivery, trouble, step=STEP, undone=undone, answer=answer
        )
        if self._flow.ledger.recall(delivery.delivery_id, letter):
            self.taken_back.append(trouble)
        return TAKEN_BACK

    def _skip(self, entries: Sequence[InboxEntry], rule: str) -> None:
        for entry in entries:
            self._flow.ledger.skip_entry(entry.inbox_id, rule=rule)
        self.rules[rule] += len(entries)

    def _set_aside(self, entries: Sequence[InboxEntry], delivery: Delivery) -> None:
        """Set hints aside whose record Xero denies having: more likely we ask the wrong one."""
        for entry in entries:
            letter = NewDeadLetter(
                pair=entry.pair,
                inbox_id=entry.inbox_id,
                trace_key=f"{entry.account} {what(delivery)}",
                step=STEP,
                cause="unknown_to_xero",
                message=f"Xero told us of {what(delivery)} and now denies having it.",
                remedy=(
                    f"Xero keeps even what is deleted: compare the tenant id of the connection "
                    f"{self._flow.pair.xero_connection} with {entry.account}; then replay."
                ),
                field="external_id",
                value=entry.resource_id,
            )
            self._flow.ledger.set_aside(letter)
        self.set_aside += len(entries)


def _written_as(delivery: Delivery, statuses: Statuses) -> str:
    """Return the status that a document was written in: its own word, or what Xero then takes."""
    return str(delivery.payload.get("Status") or statuses.first[0])


def _trouble(delivery: Delivery, standing: XeroStanding) -> str:
    """Say what people did to a record, or '' if it is as it was delivered."""
    statuses = STATUSES[delivery.target, delivery.entity]
    if not statuses.is_live(standing.status):
        never = statuses.why_never(_written_as(delivery, statuses), standing.status)
        said = f"{what(delivery)} is {statuses.told(standing.status)} in Xero."
        return f"{said} {never} {NOBODY_DID}" if never else said
    shown = standing.figures
    names = [name for name, value in delivery.expected.items() if shown.get(name, value) != value]
    if not names:
        return ""
    ours = ", ".join(f"{name} {delivery.expected[name]}" for name in names)
    theirs = ", ".join(f"{name} {shown[name]}" for name in names)
    return f"{what(delivery)} was written with {ours}, and Xero shows {theirs}."
