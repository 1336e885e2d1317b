"""Purchase orders, by their number: Xero takes a second one with it as a change of the first."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.http import after_write
from tieout.connectors.xero.answers import SaidPurchaseOrder
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.refusals import TAKEN, Refusal
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, in_the_way, text
from tieout.connectors.xero.targets.kinds import DocumentTarget, UnaskedTarget, totals, with_id
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed, Outcome
from tieout.domain.statuses.xero import PURCHASE_ORDER

AUTHORISED, BILLED = "AUTHORISED", "BILLED"
DAYS = ("Date", "DeliveryDate")
COMPARED = ("ItemCode", "Description", "Quantity", "UnitAmount", "AccountCode")
"""The members of a line that are looked at: the rest Xero works out, or keeps for people."""


class PurchaseOrderTarget(UnaskedTarget, DocumentTarget):
    """Purchase orders; ours has our Reference, and gets its later states by its id.

    That people billed it in Xero is not taken back by a state that does not know of it. No list of
    them knows a filter by number, so each number is a call (domain/xero, 1.2 and 2.8). Somebody who
    takes the number between our look and our send is overwritten: Xero offers nothing against it.
    What lands late would overwrite a newer version, so what is in doubt waits.
    """

    entity = "purchase_order"
    batch_max = 10
    updates_known = True
    guard = (
        "PurchaseOrderNumber: Xero takes a second order with it as the same order again; one of "
        "somebody else is looked for before"
    )
    holds_for_ever = True
    settle_s = SETTLE_S
    model = "PurchaseOrder"
    resource = Resource("PurchaseOrders", "PurchaseOrders", "PUT", "PurchaseOrderID", ONE_BY_ONE)
    echoed = ("PurchaseOrderNumber",)

    @override
    def is_ours(self, delivery: Delivery, one: Found) -> bool:
        """Say whether it is ours and says what is sent: then the write is done."""
        return super().is_ours(delivery, one) and _stands(delivery.payload, one.landed.answer)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        held = self.held(deliveries)
        outcomes: dict[DeliveryId, Outcome] = {}
        new: list[Delivery] = []
        known: list[Delivery] = []
        for delivery in deliveries:
            found = held[delivery.delivery_id]
            ours = [one for one in found if super(PurchaseOrderTarget, self).is_ours(delivery, one)]
            if ours and self.is_ours(delivery, ours[0]):
                outcomes[delivery.delivery_id] = ours[0].landed
            elif ours:
                later = with_id(delivery, self.resource.id_member, ours[0].landed)
                known.append(_kept_billed(later, ours[0].landed))
            elif found:
                refusal = Refusal(TAKEN, TAKEN.says)
                outcomes[delivery.delivery_id] = in_the_way(self.entity, refusal, found[0])
            else:
                new.append(delivery)
        outcomes |= self.sent(new, self.resource)
        with after_write() if new else nullcontext():
            return outcomes | self.sent(known, replace(self.resource, method="POST"))

    @override
    def _read_back(self, taken: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Go by number and mark: whether it shows what was sent, its figures tell."""
        mine, held = super().is_ours, self.held(taken)
        return {
            one.delivery_id: found.landed
            for one in taken
            for found in held[one.delivery_id]
            if mine(one, found)
        }

    @override
    def calls(self, count: int) -> int:
        return 2 * count + 2

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "PurchaseOrderNumber"),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Reference") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for (number,) in keys:
            path = f"PurchaseOrders/{quote(number, safe='')}"
            for row in self.client.rows(path, "PurchaseOrders"):
                order = SaidPurchaseOrder.of(row)
                landed = Landed(
                    external_id=order.purchase_order_id,
                    external_no=order.purchase_order_number,
                    figures=totals(order),
                    answer=plain_json(row),
                )
                is_live = not PURCHASE_ORDER.is_gone(order.status)
                yield Found((order.purchase_order_number,), landed, is_live, order.reference)


def _kept_billed(delivery: Delivery, held: Landed) -> Delivery:
    """Return a later state of an order that stays billed where people billed it in Xero."""
    payload = delivery.payload
    if (_status(held.answer), payload.get("Status")) != (BILLED, AUTHORISED):
        return delivery
    return delivery.model_copy(update={"payload": {**payload, "Status": BILLED}})


def _status(answer: JsonValue) -> str:
    return str(answer.get("Status")) if isinstance(answer, dict) else ""


def _stands(payload: Json, answer: JsonValue) -> bool:
    """Say whether an order shows what a payload states of it."""
    shown = answer if isinstance(answer, dict) else {}
    status = payload.get("Status", _status(answer))
    is_there = status == _status(answer) or (status, _status(answer)) == (AUTHORISED, BILLED)
    days = all(
        str(shown.get(f"{name}String")).startswith(str(payload[name]))
        for name in DAYS
        if name in payload
    )
    stated, held = _lines(payload), _lines(shown)
    return (
        is_there
        and days
        and len(stated) == len(held)
        and all(
            _text(one[name]) == _text(other.get(name))
            for one, other in zip(stated, held, strict=True)
            for name in COMPARED
            if name in one
        )
    )


def _lines(order: Json) -> list[Json]:
    lines = order.get("LineItems")
    return [one for one in lines if isinstance(one, dict)] if isinstance(lines, list) else []


def _text(value: JsonValue) -> str:
    """Return a value as it is compared: numbers without needless zeros."""
    said = str(value).strip()
    try:
        return f"{Decimal(said).normalize():f}"
    except InvalidOperation:
        return said
