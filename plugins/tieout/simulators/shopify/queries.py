"""The fields of ``QueryRoot``: what can be read, searched and sorted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from graphql import GraphQLError

from tieout.simulators.shopify.nodes_order import order_node, order_stub
from tieout.simulators.shopify.nodes_people import customer_node
from tieout.simulators.shopify.nodes_shipping import (
    OPEN_STATUSES,
    fulfillment_node,
    fulfillment_order_node,
)
from tieout.simulators.shopify.nodes_stock import (
    level_node,
    location_node,
    product_node,
    stock_item_node,
    variant_node,
    variant_of,
)
from tieout.simulators.shopify.payouts import account_node
from tieout.simulators.shopify.search import Reader, Search
from tieout.simulators.shopify.shapes import Info, Json, gid, gid_kind, gid_number, moment
from tieout.simulators.shopify.site import Site


@dataclass
class Context:
    """One request: the shop, the app, and what the answer's extensions must say."""

    site: Site
    client_id: str
    search: list[Json] = field(default_factory=list)


def _time(key: str) -> Reader:
    return lambda node: moment(node[key]) if node.get(key) else None


def _text(key: str) -> Reader:
    return lambda node: node.get(key)


def _number(key: str) -> Reader:
    return lambda node: Decimal(gid_number(str(node[key])))


def _order_status(stub: Json) -> list[str]:
    """Return the words of ``status:`` that find an order; open ones exclude cancelled ones."""
    if stub["cancelledAt"]:
        return ["any", "cancelled"]
    return ["any", "closed" if stub["closedAt"] else "open"]


ORDER_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "name": _text("name"),
    "email": _text("email"),
    "status": _order_status,
    "financial_status": _text("financial_status"),
    "fulfillment_status": _text("fulfillment_status"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
    "processed_at": _time("processedAt"),
    "customer_id": _text("customer_id"),
    "test": _text("test"),
    "tag": _text("tags"),
    "source_name": _text("source_name"),
    "po_number": _text("po_number"),
    "confirmation_number": _text("confirmation_number"),
    "gateway": _text("gateways"),
    "sku": _text("skus"),
}
CUSTOMER_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "email": lambda node: (node["defaultEmailAddress"] or {}).get("emailAddress"),
    "phone": lambda node: (node["defaultPhoneNumber"] or {}).get("phoneNumber"),
    "first_name": _text("firstName"),
    "last_name": _text("lastName"),
    "state": _text("state"),
    "tag": _text("tags"),
    "updated_at": _time("updatedAt"),
    "customer_date": _time("createdAt"),
}
ITEM_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "sku": _text("sku"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
}
PRODUCT_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "title": _text("title"),
    "vendor": _text("vendor"),
    "status": _text("status"),
    "tag": _text("tags"),
    "created_at": _time("createdAt"),
    "updated_at": _time("updatedAt"),
    "sku": lambda node: [one["sku"] for one in node["variants"](None)],
}
VARIANT_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "sku": _text("sku"),
    "title": _text("title"),
    "updated_at": _time("updatedAt"),
    "product_id": lambda node: Decimal(gid_number(node["product"](None)["id"])),
}
FULFILLMENT_ORDER_FIELDS: Mapping[str, Reader] = {
    "id": _number("id"),
    "status": _text("status"),
    "updated_at": _time("updatedAt"),
    "assigned_location_id": lambda node: Decimal(
        gid_number(node["assignedLocation"]["location"]["id"])
    ),
}
LOCATION_FIELDS: Mapping[str, Reader] = {"id": _number("id"), "name": _text("name")}


class Queries:
    """Resolvers of the root's fields for one request."""

    def __init__(self, context: Context) -> None:
        """Answer from ``context``'s shop."""
        self._context = context
        self._site = context.site

    def fields(self) -> Json:
        """Return the root value: one callable per field."""
        one = dict.fromkeys(_SINGLE_FIELDS, self._by_id)
        return {
            **one,
            "location": lambda _info, id=None: self._location(id),  # noqa: A006 - the vendor's argument
            "node": self._by_id,
            "nodes": lambda _info, ids: [self.node(one) for one in ids],
            "shop": lambda _info: self._shop(),
            "orders": self._orders,
            "ordersCount": lambda info, **arguments: _count(self._orders(info, **arguments)),
            "customers": self._customers,
            "customersCount": lambda info, **arguments: _count(self._customers(info, **arguments)),
            "products": self._products,
            "productVariants": self._variants,
            "inventoryItems": self._stock_items,
            "locations": self._locations,
            "fulfillmentOrders": self._fulfillment_orders,
            "webhookSubscriptions": self._subscriptions,
            "shopifyPaymentsAccount": self._payments_account,
        }

    def _by_id(self, _info: Info, id: str) -> Json | None:  # noqa: A002 - the vendor's argument
        return self.node(id)

    def node(self, identifier: str) -> Json | None:
        """Return what a global id names, or None.

        Raises:
            GraphQLError: the id is no global id.
        """
        finders: dict[str, Callable[[str], Json | None]] = {
            "Order": self._order,
            "Customer": self._customer,
            "ProductVariant": self._variant,
            "Product": self._product,
            "InventoryItem": self._stock_item,
            "Location": self._location,
            "WebhookSubscription": self._subscription,
            "FulfillmentOrder": self._fulfillment_order,
            "Fulfillment": self._fulfillment,
        }
        kind, number = gid_kind(identifier), gid_number(identifier)
        if not kind or not number.isdigit():
            message = f"Invalid global id '{identifier}'"
            raise GraphQLError(message, extensions={"code": "INVALID_VARIABLE"})
        if kind == "InventoryLevel":
            level = self._site.level(identifier.rpartition("=")[2], number)
            return level_node(self._site, level) if level else None
        finder = finders.get(kind)
        return finder(number) if finder else None

    def _order(self, number: str) -> Json | None:
        record = self._site.order(number)
        return order_node(self._site, record) if record else None

    def _customer(self, number: str) -> Json | None:
        body = self._site.customer(number)
        return customer_node(self._site, body) if body else None

    def _variant(self, number: str) -> Json | None:
        item = self._site.items.get(int(number))
        return variant_node(self._site, variant_of(self._site, item)) if item else None

    def _product(self, number: str) -> Json | None:
        nodes = (
            product_node(self._site, variant_of(self._site, item))
            for item in self._site.company.items
        )
        return next((node for node in nodes if node["legacyResourceId"] == number), None)

    def _stock_item(self, number: str) -> Json | None:
        item = self._site.items_by_stock_id.get(int(number))
        return stock_item_node(self._site, variant_of(self._site, item)) if item else None

    def _location(self, identifier: str | None) -> Json | None:
        number = gid_number(identifier or self._site.first_location.shop_location_id)
        place = self._site.locations.get(number)
        return location_node(self._site, place) if place else None

    def _subscription(self, number: str) -> Json | None:
        body = self._site.store.get(self._site.domain, "subscription", number)
        return subscription_node(body) if body else None

    def _fulfillment_order(self, number: str) -> Json | None:
        for record in self._site.orders():
            for one in record["fulfillment_orders"]:
                if str(one["id"]) == number:
                    return fulfillment_order_node(self._site, record, one)
        return None

    def _fulfillment(self, number: str) -> Json | None:
        for record in self._site.orders():
            for one in record["fulfillments"]:
                if str(one["id"]) == number:
                    return fulfillment_node(self._site, record, one)
        return None

    def _shop(self) -> Json:
        company = self._site.company
        return {
            "__typename": "Shop",
            "id": gid("Shop", 9_000_000 + len(company.code)),
            "name": company.name,
            "myshopifyDomain": self._site.domain,
            "url": f"https://{self._site.domain}",
            "currencyCode": company.currency,
            "ianaTimezone": company.time_zone,
            "taxesIncluded": False,
        }

    def _orders(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        nodes = [order_stub(self._site, record) for record in self._site.orders()]
        return self._found(info, nodes, query, ORDER_FIELDS, _order_words)

    def _customers(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        bodies = self._site.store.all(self._site.domain, "customer")
        nodes = [customer_node(self._site, body) for body in bodies]
        return self._found(info, nodes, query, CUSTOMER_FIELDS, _text("displayName"))

    def _products(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        nodes = [
            _sortable(product_node(self._site, variant_of(self._site, item)), TITLE="title")
            for item in self._site.company.items
        ]
        return self._found(info, nodes, query, PRODUCT_FIELDS, _text("title"))

    def _variants(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        nodes = [
            _sortable(variant_node(self._site, variant_of(self._site, item)), SKU="sku")
            for item in self._site.company.items
        ]
        return self._found(info, nodes, query, VARIANT_FIELDS, _text("displayName"))

    def _stock_items(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        nodes = [
            stock_item_node(self._site, variant_of(self._site, item))
            for item in self._site.company.items
        ]
        return self._found(info, nodes, query, ITEM_FIELDS, _text("sku"))

    def _locations(self, info: Info, query: str | None = None, **_: object) -> list[Json]:
        nodes = [
            _sortable(location_node(self._site, place), NAME="name")
            for place in self._site.company.warehouses
        ]
        return self._found(info, nodes, query, LOCATION_FIELDS, _text("name"))

    def _fulfillment_orders(
        self,
        info: Info,
        query: str | None = None,
        includeClosed: bool = False,  # noqa: FBT001, FBT002, N803 - the vendor's argument
        **_: object,
    ) -> list[Json]:
        nodes = [
            fulfillment_order_node(self._site, record, one)
            for record in self._site.orders()
            for one in record["fulfillment_orders"]
            if includeClosed or one["status"] in OPEN_STATUSES
        ]
        return self._found(info, nodes, query, FULFILLMENT_ORDER_FIELDS, _text("orderName"))

    def _subscriptions(
        self,
        _info: Info,
        topics: list[str] | None = None,
        uri: str | None = None,
        **_: object,
    ) -> list[Json]:
        return [
            subscription_node(body)
            for body in self._site.store.all(self._site.domain, "subscription")
            if (not topics or body["topic"] in topics) and uri in (None, body["uri"])
        ]

    def _payments_account(self, info: Info) -> Json:
        return account_node(
            self._site,
            lambda nodes, query, readers: self._found(info, nodes, query, readers, _text("id")),
        )

    def _found(
        self,
        info: Info,
        nodes: list[Json],
        query: str | None,
        readers: Mapping[str, Reader],
        words: Reader,
    ) -> list[Json]:
        search = Search(readers, words)
        holds = search.parse(query)
        if search.warnings:
            path = [str(part) for part in info.path.as_list()]
            self._context.search.append(search.extension(path, query or ""))
        return [node for node in nodes if holds(node)]


_SINGLE_FIELDS = (
    "order",
    "customer",
    "product",
    "productVariant",
    "inventoryItem",
    "inventoryLevel",
    "fulfillment",
    "fulfillmentOrder",
    "webhookSubscription",
)


def _order_words(stub: Json) -> list[str]:
    return [stub["name"], stub["email"] or "", stub["customer_name"]]


def _count(nodes: list[Json]) -> Json:
    return {"count": len(nodes), "precision": "EXACT"}


def _sortable(node: Json, **keys: str) -> Json:
    return {**node, "_sort": {name: node[key] for name, key in keys.items()}}


def subscription_node(body: Json) -> Json:
    """Return a WebhookSubscription."""
    return {
        "__typename": "WebhookSubscription",
        "_sort": {"CREATED_AT": body["created_at"]},
        "id": gid("WebhookSubscription", body["id"]),
        "legacyResourceId": str(body["id"]),
        "topic": body["topic"],
        "uri": body["uri"],
        "format": body["format"],
        "includeFields": body["include_fields"],
        "metafieldNamespaces": body["metafield_namespaces"],
        "filter": body["filter"],
        "name": body["name"],
        "createdAt": body["created_at"],
        "updatedAt": body["created_at"],
        "apiVersion": {"displayName": "2026-10", "handle": "2026-10", "supported": True},
    }
