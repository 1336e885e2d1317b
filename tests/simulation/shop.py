"""The shop: orders that come, change and are paid, webhooks that get lost, an index that lags."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from typing_extensions import override

from fakes import FakeShop
from simulation.engine import Simulation
from simulation.systems import ITEM, SimulatedTarget, World
from tieout.domain.base import Json, System
from tieout.domain.ledger import NewInboxEntry, Origin

DOMAIN = "harbor-and-pine.myshopify.com"
PAIR = "harbor_and_pine"
GOLDEN = Path(__file__).parents[1] / "golden/order/order_1042.shopify.json"
INDEX_LAG_S = 300.0
"""How late the search index may be: less than what a sweep overlaps."""
INDEX_LAG_LONG_S = 3000.0
"""How late it is when it goes wrong: only the full compare finds such a row."""
FIRST_ORDER = 5001
CENTS = Decimal("0.01")


@dataclass(frozen=True)
class Version:
    """One state of an order, and when the search index shows it."""

    node: dict[str, Any]
    changed_s: float
    shown_from_s: float
    has_stamp: bool
    """Whether ``updatedAt`` moved with the change; a bulk edit's did not."""


class SimulatedShop(FakeShop):
    """A shop whose orders are kept version by version."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.versions: dict[str, list[Version]] = {}
        self._template: dict[str, Any] = json.loads(GOLDEN.read_text())
        self._transactions = 0
        self.held_inventory_items = {VARIANT: "7001"}

    @property
    def simulation(self) -> Simulation:
        """Return the simulation that the shop is in."""
        return self.world.simulation

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        self._answer()
        now_s = self.simulation.passed_s
        shown = [
            next((one.node for one in reversed(kept) if one.shown_from_s <= now_s), None)
            for kept in self.versions.values()
        ]
        nodes = [
            node
            for node in shown
            if node and since <= datetime.fromisoformat(node["updatedAt"]) < until
        ]
        return sorted(nodes, key=lambda node: str(node["updatedAt"]))

    @override
    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        self._answer()
        return {one: self.newest(one) for one in source_ids if one in self.versions}

    @override
    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        self._answer()
        return super().inventory_items(variant_ids)

    @override
    def target(self, entity: str) -> SimulatedTarget:
        return SimulatedTarget(self.world, entity)

    def _answer(self) -> None:
        self.simulation.pass_by("shop read", least_s=0.05, most_s=0.8)
        self.world.be_there()

    def newest(self, source_id: str) -> dict[str, Any]:
        """Return an order as it is now."""
        return self.versions[source_id][-1].node

    def place(self) -> str:
        """Let somebody buy; return the order's id."""
        rng = self.simulation.rng
        number = FIRST_ORDER + len(self.versions)
        price = Decimal(rng.randrange(100, 20000)) / 100
        tax = (price * Decimal("0.07")).quantize(CENTS)
        shipping = Decimal(rng.choice((0, 500, 800))) / 100
        is_guest = rng.random() < 0.2
        buyer = 900 + rng.randrange(4)
        sku = "NO-SUCH" if self.simulation.strikes("bad record") else ITEM
        node = {
            **self._template,
            "id": f"gid://shopify/Order/{number}",
            "legacyResourceId": str(number),
            "name": f"#{number}",
            "customer": None if is_guest else _customer(self._template["customer"], buyer),
            "email": "" if is_guest else f"buyer{buyer}@example.com",
            "lineItems": {
                **self._template["lineItems"],
                "nodes": [_line(self._template["lineItems"]["nodes"][0], sku, price, tax)],
            },
            "shippingLines": {
                **self._template["shippingLines"],
                "nodes": [_shipping(self._template["shippingLines"]["nodes"][0], shipping)],
            },
            "currentTotalTaxSet": _money(tax),
            "totalTaxSet": _money(tax),
            "transactions": [],
        }
        node = _totaled(node, price + tax + shipping)
        if rng.random() < 0.7:
            node = self._paid(node, price + tax + shipping)
        self._keep(str(number), node)
        return str(number)

    def pay(self, source_id: str) -> None:
        """Take what is open of an order's total, or half of it."""
        node = self.newest(source_id)
        total = Decimal(node["currentTotalPriceSet"]["shopMoney"]["amount"])
        taken = sum(Decimal(t["amountSet"]["shopMoney"]["amount"]) for t in node["transactions"])
        due = total - taken
        if due > 0:
            part = due if self.simulation.rng.random() < 0.6 else (due / 2).quantize(CENTS)
            self._keep(source_id, self._paid(node, part))

    def charge_more(self, source_id: str, *, has_stamp: bool = True) -> None:
        """Raise an order's freight by a dollar, and its total."""
        node = self.newest(source_id)
        total = Decimal(node["currentTotalPriceSet"]["shopMoney"]["amount"])
        line = node["shippingLines"]["nodes"][0]
        freight = Decimal(line["discountedPriceSet"]["shopMoney"]["amount"])
        lines = {**node["shippingLines"], "nodes": [_shipping(line, freight + 1)]}
        self._keep(
            source_id, _totaled({**node, "shippingLines": lines}, total + 1), has_stamp=has_stamp
        )

    def cancel(self, source_id: str) -> None:
        """Cancel an order."""
        now = self.simulation.clock.now().isoformat()
        self._keep(source_id, {**self.newest(source_id), "cancelledAt": now})

    def correct(self) -> None:
        """Let people give every unknown item its right code."""
        for source_id in list(self.versions):
            node = self.newest(source_id)
            (line,) = node["lineItems"]["nodes"]
            if line["sku"] != ITEM:
                lines = {**node["lineItems"], "nodes": [{**line, "sku": ITEM}]}
                self._keep(source_id, {**node, "lineItems": lines})

    def _paid(self, node: dict[str, Any], amount: Decimal) -> dict[str, Any]:
        self._transactions += 1
        taken = {
            **self._template["transactions"][0],
            "id": f"gid://shopify/OrderTransaction/{84000 + self._transactions}",
            "amountSet": _money(amount),
        }
        return {**node, "transactions": [*node["transactions"], taken]}

    def _keep(self, source_id: str, node: dict[str, Any], *, has_stamp: bool = True) -> None:
        now_s = self.simulation.passed_s
        known = self.versions.setdefault(source_id, [])
        stamp = (
            self.simulation.clock.now().isoformat() if has_stamp else known[-1].node["updatedAt"]
        )
        shown_from_s = now_s
        if self.simulation.strikes("row visible late"):
            shown_from_s += self.simulation.rng.uniform(1.0, INDEX_LAG_S)
        elif self.simulation.strikes("row visible far too late"):
            shown_from_s += self.simulation.rng.uniform(INDEX_LAG_S, INDEX_LAG_LONG_S)
        known.append(Version({**node, "updatedAt": stamp}, now_s, shown_from_s, has_stamp))


VARIANT = "71100000000001"


def hint(source_id: str, node: Json, number: int, *, is_new: bool) -> NewInboxEntry:
    """Return the webhook that the shop sends of a change."""
    body = json.dumps({"id": source_id, "updated_at": node["updatedAt"], "number": number}).encode()
    return NewInboxEntry(
        pair=PAIR,
        source=System.SHOPIFY,
        account=DOMAIN,
        topic="orders/create" if is_new else "orders/updated",
        event_id=f"event-{number}",
        resource_id=source_id,
        origin=Origin.WEBHOOK,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )


def _money(amount: Decimal) -> dict[str, Any]:
    return {"shopMoney": {"amount": str(amount), "currencyCode": "USD"}}


def _totaled(node: dict[str, Any], total: Decimal) -> dict[str, Any]:
    return {**node, "currentTotalPriceSet": _money(total), "totalPriceSet": _money(total)}


def _customer(template: dict[str, Any], number: int) -> dict[str, Any]:
    email = {"emailAddress": f"buyer{number}@example.com"}
    name = {"displayName": f"Buyer {number}", "lastName": str(number)}
    return {**template, "legacyResourceId": str(number), "defaultEmailAddress": email, **name}


def _line(template: dict[str, Any], sku: str, price: Decimal, tax: Decimal) -> dict[str, Any]:
    return {
        **template,
        "sku": sku,
        "quantity": 1,
        "currentQuantity": 1,
        "originalUnitPriceSet": _money(price),
        "discountAllocations": [],
        "taxLines": [{**template["taxLines"][0], "priceSet": _money(tax)}],
    }


def _shipping(template: dict[str, Any], price: Decimal) -> dict[str, Any]:
    money = _money(price)
    prices = ("originalPriceSet", "discountedPriceSet", "currentDiscountedPriceSet")
    return {**template, **dict.fromkeys(prices, money), "taxLines": []}
