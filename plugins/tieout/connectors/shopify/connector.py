"""One shop of a pair, as ``ports.Shop`` sees it, and the shop's webhook subscriptions."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tieout.connectors.exact_json import typed
from tieout.connectors.shopify.client import SYSTEM, ShopifyClient, member
from tieout.connectors.shopify.config import ShopifyConfig
from tieout.connectors.shopify.connections import paged
from tieout.connectors.shopify.documents import document
from tieout.connectors.shopify.orders import OrderReader, is_numeric
from tieout.connectors.shopify.payouts import PayoutReader
from tieout.connectors.shopify.stock import InventoryLevelTarget
from tieout.connectors.shopify.targets import OrderStatusTarget, user_errors
from tieout.domain.base import Json
from tieout.domain.payouts import Payout
from tieout.errors import ConfigurationError
from tieout.ports.clock import Clock
from tieout.ports.payouts import Payouts
from tieout.ports.systems import Shop, Variant
from tieout.ports.targets import Target
from tieout.ports.tie_out import Sent, Shipments
from tieout.ports.tokens import TokenStore

__all__ = ["ShopifyConfig", "ShopifyConnector"]

VARIANT = "gid://shopify/ProductVariant/"
VARIANTS_PER_QUERY_MAX = 250
ORDER = "gid://shopify/Order/"
SENT_PER_QUERY_MAX = 15
"""Each order is asked for 50 fulfillments, and a query may cost 1,000 points."""
SENT = frozenset({"SUCCESS", "OPEN", "PENDING"})
"""Statuses of fulfillments that stand; the others were cancelled or failed."""
SOUGHT_PER_QUERY_MAX = 50
"""How many SKUs and ids one search names, and how many variants a page of it brings."""
SOUGHT_PAGES_MAX = 100


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")

    legacyResourceId: str  # noqa: N815 - Shopify's name


class _SaidVariant(_Said):
    inventoryItem: _Said  # noqa: N815 - Shopify's name


class _SaidVariants(BaseModel):
    nodes: list[_SaidVariant | None]


class _SaidLevel(BaseModel):
    location: _Said


class _SaidLevels(BaseModel):
    nodes: list[_SaidLevel]


class _SaidStockItem(_Said):
    tracked: bool
    inventoryLevels: _SaidLevels  # noqa: N815 - Shopify's name


class _SoughtVariant(_Said):
    sku: str | None
    inventoryItem: _SaidStockItem  # noqa: N815 - Shopify's name

    def variant(self) -> Variant:
        """Return it in our words; where nothing is tracked, nothing is counted."""
        item = self.inventoryItem
        levels = item.inventoryLevels.nodes if item.tracked else []
        return Variant(
            variant_id=self.legacyResourceId,
            sku=self.sku or "",
            inventory_item_id=item.legacyResourceId,
            locations=frozenset(level.location.legacyResourceId for level in levels),
        )


class _SaidFulfillment(BaseModel):
    createdAt: datetime  # noqa: N815 - Shopify's name
    status: str
    totalQuantity: int  # noqa: N815 - Shopify's name


class _SaidSent(_Said):
    subtotalLineItemsQuantity: int  # noqa: N815 - Shopify's name
    fulfillments: list[_SaidFulfillment]


class _SaidSents(BaseModel):
    nodes: list[_SaidSent | None]


class ShopifyConnector(Shop, Payouts, Shipments):
    """Reads and writes one shop; calls nothing before it is asked to."""

    def __init__(
        self,
        config: ShopifyConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        tokens: TokenStore | None = None,
    ) -> None:
        """Take the shop's connection, the present, the way to wait, and shared tokens."""
        self._client = ShopifyClient(config, clock=clock, sleep=sleep, tokens=tokens)
        self._orders = OrderReader(self._client)

    @property
    @override
    def calls_made(self) -> int:
        return self._client.calls_made

    @override
    def changed_orders(self, since: datetime, until: datetime) -> list[Json]:
        nodes = self._orders.by_id(self._orders.changed_ids(since, until))
        return sorted(nodes.values(), key=_age)

    @override
    def orders(self, source_ids: Sequence[str]) -> dict[str, Json]:
        return self._orders.by_id(source_ids)

    @override
    def sent(self, order_ids: Collection[str]) -> Mapping[str, Sent]:
        wanted = sorted({order_id for order_id in order_ids if is_numeric(order_id)})
        found: dict[str, Sent] = {}
        for start in range(0, len(wanted), SENT_PER_QUERY_MAX):
            ids = [ORDER + order_id for order_id in wanted[start : start + SENT_PER_QUERY_MAX]]
            data = self._client.query(document("SentOfOrders"), {"ids": list(ids)})
            for node in typed(_SaidSents, data, system=SYSTEM).nodes:
                gone = [one for one in node.fulfillments if one.status in SENT] if node else []
                if node and gone:
                    found[node.legacyResourceId] = Sent(
                        at=max(one.createdAt for one in gone),
                        pieces=Decimal(sum(one.totalQuantity for one in gone)),
                        of=Decimal(node.subtotalLineItemsQuantity),
                    )
        return found

    @override
    def inventory_items(self, variant_ids: Collection[str]) -> dict[str, str]:
        wanted = sorted({variant_id for variant_id in variant_ids if is_numeric(variant_id)})
        found: dict[str, str] = {}
        for start in range(0, len(wanted), VARIANTS_PER_QUERY_MAX):
            some = wanted[start : start + VARIANTS_PER_QUERY_MAX]
            variables: Json = {"ids": [VARIANT + variant_id for variant_id in some]}
            data = self._client.query(document("InventoryItems"), variables)
            said = typed(_SaidVariants, data, system=SYSTEM)
            found |= {
                node.legacyResourceId: node.inventoryItem.legacyResourceId
                for node in said.nodes
                if node is not None
            }
        return found

    @override
    def payouts(self, since: datetime, until: datetime, *, time_zone: str) -> list[Payout]:
        return PayoutReader(self._client).issued(since, until, time_zone=time_zone)

    @override
    def converted(self, order_ids: Collection[str]) -> frozenset[str]:
        return PayoutReader(self._client).converted(order_ids)

    @override
    def variants(
        self, *, skus: Collection[str] = (), variant_ids: Collection[str] = ()
    ) -> list[Variant]:
        terms = [f"id:{one}" for one in sorted(set(variant_ids)) if is_numeric(one)]
        terms += [f"sku:{_quoted(sku)}" for sku in sorted(set(skus)) if sku]
        found: dict[str, Variant] = {}
        for start in range(0, len(terms), SOUGHT_PER_QUERY_MAX):
            some = terms[start : start + SOUGHT_PER_QUERY_MAX]
            variables: Json = {"query": " OR ".join(some), "first": SOUGHT_PER_QUERY_MAX}
            pages = paged(
                self._client,
                "Variants",
                variables,
                ("productVariants",),
                pages_max=SOUGHT_PAGES_MAX,
            )
            for node in pages:
                variant = typed(_SoughtVariant, node, system=SYSTEM).variant()
                found[variant.variant_id] = variant
        wanted = {sku.casefold() for sku in skus}
        # A search may bring what is merely like a SKU.
        return [
            one
            for one in found.values()
            if one.sku.casefold() in wanted or one.variant_id in variant_ids
        ]

    @override
    def target(self, entity: str) -> Target:
        match entity:
            case "order_status":
                return OrderStatusTarget(self._client)
            case "inventory_level":
                return InventoryLevelTarget(self._client)
            case _:
                message = f"Shopify has no target {entity!r}."
                raise ConfigurationError(message, remedy="See tieout.ports.systems.Shop.target.")

    def subscribe(self, topic: str, uri: str) -> str:
        """Have ``topic``, such as ``orders/create``, delivered to ``uri``; return its id.

        A subscription that exists stays as it is.

        Raises:
            ConfigurationError: Shopify does not take the topic or the address.
        """
        name = topic.replace("/", "_").upper()
        variables: Json = {"topics": [name], "uri": uri}
        data = self._client.query(document("Subscriptions"), variables)
        held = member(data, "webhookSubscriptions")
        nodes = held.get("nodes") if isinstance(held, dict) else []
        for node in nodes if isinstance(nodes, list) else []:
            if isinstance(node, dict) and (node.get("topic"), node.get("uri")) == (name, uri):
                return str(member(node, "id"))
        data = self._client.mutate(document("Subscribe"), {"topic": name, "uri": uri})
        complaints = "; ".join(message for _, message in user_errors(data))
        made = data.get("webhookSubscriptionCreate")
        subscription = made.get("webhookSubscription") if isinstance(made, dict) else None
        if complaints or not isinstance(subscription, dict):
            message = f"Shopify does not deliver {topic} to {uri}: {complaints}."
            raise ConfigurationError(message, remedy="Correct the topic or the receiver's address.")
        return str(subscription.get("id"))


def _age(node: Json) -> tuple[str, str]:
    return str(node["updatedAt"]), str(node["legacyResourceId"]).zfill(20)


def _quoted(text: str) -> str:
    """Write a text as one term of Shopify's search language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
