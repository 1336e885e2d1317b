"""A target as a plan sees it: read as it is, written not at all.

A planned write lands under provisional ids. What is sent later may quote them (an invoice its new
contact), and they are the same in every plan of the same documents, so that two plans compare.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import JsonValue
from typing_extensions import override

from tieout.domain.base import DeliveryId, Frozen, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.plan import Action, FieldChange
from tieout.ports.targets import Target
from tieout.usecases.catalog import SALES_ORDER, kind_of

PROVISIONAL = re.compile("PLANNED-[0-9A-F]{12}")
CREATE = "create"


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
        stated = tuple(
            one
            for one in _stated_changes(delivery.payload)
            if standing.figures.get(one.field) != one.after
        )
        changes = stated or tuple(
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


def _stated_changes(payload: Json) -> tuple[FieldChange, ...]:
    """Return what a change of a record states beside what it is expected to hold, if it does."""
    expected = payload.get("expected")
    if not isinstance(expected, dict):
        return ()
    header = payload.get("header")
    stated = header if isinstance(header, dict) else payload
    return tuple(
        FieldChange(field=name, before=_shown(before), after=_shown(stated.get(name)))
        for name, before in sorted(expected.items())
        if stated.get(name) != before
    )


def _shown(value: JsonValue) -> str:
    """Return a value as a plan shows it: of parts, what each says."""
    if isinstance(value, dict):
        return ", ".join(filter(None, map(_shown, value.values())))
    if isinstance(value, list):
        return "; ".join(map(_shown, value))
    return "" if value is None else str(value)


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
