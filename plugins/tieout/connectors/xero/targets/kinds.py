"""What kinds of targets there are: by what Xero does with a second copy, and by where records are.

An entity's target is of one or several of them.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.http import after_write
from tieout.connectors.xero.answers import SaidDocument, amount_text
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.refusals import TAKEN, Refusal, unfit
from tieout.connectors.xero.targets.base import XeroTarget, in_the_way
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed, Outcome

PLACES_MAX = 4
"""How many decimals of a price or quantity Xero keeps, with ``unitdp=4`` (domain/xero, 2.7)."""


class UnguardedTarget(XeroTarget, ABC):
    """A kind of record of which Xero refuses no second copy: looked up before every send.

    A request has one key for all its elements: the same record among others is another request,
    which nothing refuses. So one in doubt is never sent again before it can no longer land.
    """

    guard = ""
    looks_up_first = True
    key_window_s: float | None = 0.0
    settle_s = SETTLE_S


class SingleTarget(XeroTarget, ABC):
    """A kind of record that has an address of its own, and so a request of its own."""

    batch_max = 1

    @abstractmethod
    def _path(self, payload: Json) -> str:
        """Return where the payload's record is written.

        Raises:
            ValueError: The payload does not say.
        """

    @override
    def calls(self, count: int) -> int:
        return count * (3 if self.looks_up_first else 2)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        (delivery,) = deliveries
        try:
            path = self._path(delivery.payload)
        except ValueError as error:
            return {delivery.delivery_id: unfit(error).outcome()}
        return self.sent(deliveries, replace(self.resource, path=path))


class UpsertTarget(XeroTarget, ABC):
    """Master data: created when its key is new, else updated by its id.

    Not left to POST alone: what Xero matches a POST without an id by is not documented in full, and
    a match by name would take over a record that somebody else keeps.
    """

    updates_known = True

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        held = self.find(deliveries)
        new = [one for one in deliveries if one.delivery_id not in held]
        known = [
            with_id(one, self.resource.id_member, held[one.delivery_id])
            for one in deliveries
            if one.delivery_id in held
        ]
        outcomes = self.sent(new, self.resource)
        with after_write() if new else nullcontext():
            return outcomes | self.sent(known, replace(self.resource, method="POST"))


class UnaskedTarget(XeroTarget, ABC):
    """A kind of record that Xero takes under a number that another one has already.

    A second bill of the number stands beside the first; a purchase order of it rewrites the first.
    So the number is looked up right before the send, and what is there already is left alone.
    """

    holds_for_ever = False
    """Whether a number stays taken when its record is deleted."""

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        held = self.held(deliveries)
        outcomes: dict[DeliveryId, Outcome] = {}
        free: list[Delivery] = []
        for delivery in deliveries:
            found = held[delivery.delivery_id]
            ours = [one for one in found if self.is_ours(delivery, one)]
            taken = [one for one in found if one.is_live or self.holds_for_ever]
            if ours:
                outcomes[delivery.delivery_id] = ours[0].landed
            elif taken:
                refusal = Refusal(TAKEN, TAKEN.says)
                outcomes[delivery.delivery_id] = in_the_way(self.entity, refusal, taken[0])
            else:
                free.append(delivery)
        return outcomes | self.sent(free, self.resource)


class DocumentTarget(XeroTarget, ABC):
    """A document with a contact and lines, whose totals are read back."""

    @override
    def _unfit(self, payload: Json) -> str:
        contact = payload.get("Contact")
        if contact is not None and (not isinstance(contact, dict) or set(contact) != {"ContactID"}):
            return "a document names its contact by ContactID alone: more would change the contact"
        lines = payload.get("LineItems")
        for line in lines if isinstance(lines, list) else ():
            if isinstance(line, dict) and any(
                _places(line.get(name)) > PLACES_MAX for name in ("UnitAmount", "Quantity")
            ):
                return (
                    f"a line has more than {PLACES_MAX} decimals, which Xero would round: send "
                    "quantity 1 and the amount of the line"
                )
        return ""


def totals(document: SaidDocument) -> dict[str, str]:
    """Return the figures of a document; the rate of one in the base currency is no figure."""
    rate = document.currency_rate
    return {
        "total": amount_text(document.total, document.currency_code),
        "tax": amount_text(document.total_tax, document.currency_code),
        "currency": document.currency_code,
        **({"rate": f"{rate:.6f}"} if rate != 1 else {}),
    }


def _places(amount: object) -> int:
    try:
        places = Decimal(str(amount)).normalize().as_tuple().exponent
    except ArithmeticError:
        return 0  # it is no amount: the model says so
    return -places if isinstance(places, int) else 0


def with_id(delivery: Delivery, id_member: str, held: Landed) -> Delivery:
    """Return the delivery as an update, which is another request and so has another key."""
    payload: Json = {**delivery.payload, id_member: held.external_id}
    key = hashlib.sha256(f"{delivery.idempotency_key} {held.external_id}".encode()).hexdigest()
    return delivery.model_copy(update={"payload": payload, "idempotency_key": key})
