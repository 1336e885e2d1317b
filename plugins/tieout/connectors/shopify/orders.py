"""Reads orders whole: ids by search or from elsewhere, then the nodes, then what did not fit in.

A node as it leaves here has everything that order.graphql selects; no connection in it is cut off.
What an order means is the mapper's business.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import JsonValue

from tieout.connectors.shopify.client import QueryTooCostlyError, ShopifyClient, member
from tieout.connectors.shopify.connections import (
    Connection,
    as_list,
    as_object,
    connection_of,
    has_more,
    interval,
    next_cursor,
    nodes_of,
    paged,
)
from tieout.connectors.shopify.documents import document
from tieout.domain.base import Json
from tieout.errors import UnavailableError

GID = "gid://shopify/Order/"
ID_PAGE_SIZE_MAX = 250
ID_PAGES_MAX = 400
ORDERS_PER_QUERY_MAX = 10
LINES_FIRST = 25
"""Line items that come with an order; few orders have more, and each costs points."""
REST_PAGE_SIZE = 50
REST_PAGES_MAX = 20
SALES_FIRST = 50
REFUNDS_FIRST = 5
REFUND_LINES_FIRST = 20
REFUND_PARTS_FIRST = 5
"""Lines of a refund or a fulfillment, and its other parts; each costs points, few have more."""
PLAIN_LIST_MAX = 250
ORDER_MEMBERS = (
    "cancelledAt",
    "currencyCode",
    "edited",
    "lineItems",
    "processedAt",
    "refunds",
    "taxesIncluded",
    "test",
    "totalPriceSet",
    "totalRefundedSet",
    "totalTaxSet",
    "transactions",
)
"""What may be null or empty but never absent: read as "no", it would post what must not be."""
CONNECTIONS = {
    "lineItems": "MoreLineItems",
    "shippingLines": "MoreShippingLines",
    "fulfillmentOrders": "MoreFulfillmentOrders",
}


class OrderReader:
    """Reads the orders of one shop."""

    def __init__(self, client: ShopifyClient) -> None:
        """Take the shop's client."""
        self._client = client
        self._orders_per_query = ORDERS_PER_QUERY_MAX

    def changed_ids(self, since: datetime, until: datetime) -> list[str]:
        """Return the numeric ids of orders updated in [since, until)."""
        variables: Json = {
            "query": interval("updated_at", since, until),
            "first": ID_PAGE_SIZE_MAX,
        }
        found = paged(self._client, "ChangedOrders", variables, ("orders",), pages_max=ID_PAGES_MAX)
        return list(dict.fromkeys(_text(node, "legacyResourceId") for node in found))

    def by_id(self, source_ids: Sequence[str]) -> dict[str, Json]:
        """Return the whole nodes of the orders that exist, by numeric id."""
        # A webhook's body may call anything an id; Shopify refuses a query with a malformed one.
        left = [source_id for source_id in dict.fromkeys(source_ids) if is_numeric(source_id)]
        found: dict[str, Json] = {}
        while left:
            some = left[: self._orders_per_query]
            try:
                nodes = self._nodes(some)
            except QueryTooCostlyError:
                if self._orders_per_query == 1:
                    raise
                self._orders_per_query = max(1, self._orders_per_query // 2)
                continue
            found |= {_text(node, "legacyResourceId"): self._whole(node) for node in nodes}
            left = left[len(some) :]
        return found

    def _nodes(self, source_ids: Sequence[str]) -> list[Json]:
        ids: JsonValue = [GID + source_id for source_id in source_ids]
        variables: Json = {"ids": ids, "lines": LINES_FIRST}
        nodes = member(self._client.query(document("OrdersById"), variables), "nodes")
        if not isinstance(nodes, list) or len(nodes) != len(source_ids):
            # One for each id, null where there is none: anything else would lose an order unseen.
            message = f"Shopify's answer does not speak of the {len(source_ids)} orders asked for."
            raise UnavailableError(message, remedy="It is read again later.")
        return [_order(node) for node in as_list(nodes) if node]

    def _whole(self, node: Json) -> Json:
        """Return the node with every list that was cut off completed."""
        order_id = _text(node, "id")
        whole = dict(node)
        for name, operation in CONNECTIONS.items():
            whole[name] = self._completed(order_id, connection_of(node, name), name, operation)
        if _count(node) > len(as_list(member(node, "transactions"))):
            whole["transactions"] = self._plain_list(order_id, "transactions", "AllTransactions")
        refunds = len(as_list(member(node, "refunds")))
        if refunds >= REFUNDS_FIRST:
            whole["refunds"] = self._plain_list(order_id, "refunds", "AllRefunds")
        elif refunds:
            whole |= self._refunds_in_full(order_id)
        if member(node, "edited"):
            whole["agreements"] = _closed(list(self._agreements(order_id)))
        return whole

    def _completed(
        self, order_id: str, connection: Connection, name: str, operation: str
    ) -> Connection:
        nodes = list(nodes_of(connection))
        cursors: set[str] = set()
        for _ in range(REST_PAGES_MAX):
            if not has_more(connection):
                return _closed(nodes)
            after = next_cursor(connection, cursors)
            variables: Json = {"id": order_id, "after": after, "first": REST_PAGE_SIZE}
            connection = self._of_order(operation, variables, name)
            nodes += nodes_of(connection)
        raise _endless(order_id, name)

    def _plain_list(self, order_id: str, name: str, operation: str) -> JsonValue:
        """Return a list that has no pages, and so must fit into one answer."""
        variables: Json = {"id": order_id, "first": PLAIN_LIST_MAX}
        order = as_object(member(self._client.query(document(operation), variables), "order"))
        items = member(order, name)
        if len(as_list(items)) >= PLAIN_LIST_MAX:
            raise _endless(order_id, name)
        return items

    def _refunds_in_full(self, order_id: str) -> Json:
        """Return what each refund is made of, and what of the order has left."""
        variables: Json = {
            "id": order_id,
            "refunds": REFUNDS_FIRST,
            "lines": REFUND_LINES_FIRST,
            "few": REFUND_PARTS_FIRST,
        }
        answer = self._client.query(document("RefundsInFull"), variables)
        order = as_object(member(answer, "order"))
        return {name: member(order, name) for name in ("refunds", "fulfillments")}

    def _agreements(self, order_id: str) -> Iterator[JsonValue]:
        """Yield the order's agreements, each with all its sales."""
        after: JsonValue = None
        cursors: set[str] = set()
        for _ in range(REST_PAGES_MAX):
            connection = self._agreement(order_id, after, None)
            yield from self._with_sales(order_id, after, nodes_of(connection))
            if not has_more(connection):
                return
            after = next_cursor(connection, cursors)
        raise _endless(order_id, "agreements")

    def _with_sales(
        self, order_id: str, after: JsonValue, agreements: Sequence[Json]
    ) -> Iterator[JsonValue]:
        for agreement in agreements:
            sales = connection_of(agreement, "sales")
            nodes = list(nodes_of(sales))
            cursors: set[str] = set()
            for _ in range(REST_PAGES_MAX):
                if not has_more(sales):
                    break
                again = nodes_of(self._agreement(order_id, after, next_cursor(sales, cursors)))
                if not again:
                    raise _endless(order_id, "sales")
                sales = connection_of(again[0], "sales")
                nodes += nodes_of(sales)
            else:
                raise _endless(order_id, "sales")
            yield {**agreement, "sales": _closed(nodes)}

    def _agreement(self, order_id: str, after: JsonValue, sales_after: JsonValue) -> Connection:
        variables = {
            "id": order_id,
            "after": after,
            "sales": SALES_FIRST,
            "salesAfter": sales_after,
        }
        return self._of_order("NextAgreement", variables, "agreements")

    def _of_order(self, operation: str, variables: Json, name: str) -> Connection:
        order = as_object(member(self._client.query(document(operation), variables), "order"))
        return connection_of(order, name)


def is_numeric(source_id: str) -> bool:
    """Say whether a text is a numeric id, which is all that a gid may end in."""
    return source_id.isascii() and source_id.isdigit()


def _closed(nodes: Sequence[JsonValue]) -> Connection:
    """Return a connection that holds everything."""
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": False, "endCursor": None}}


def _order(node: Json) -> Json:
    """Return an order's node, which must say what order it is and of when.

    Raises:
        UnavailableError: It does not, so nothing may be made of it.
    """
    stamp = _text(node, "updatedAt")
    try:
        is_placed_in_time = datetime.fromisoformat(stamp).tzinfo is not None
    except ValueError:
        is_placed_in_time = False
    if not is_placed_in_time or not is_numeric(_text(node, "legacyResourceId")):
        message = "Shopify answers with an order that lacks its number or the time of its change."
        raise UnavailableError(message, remedy="Compare the API's version with the connector's.")
    for name in ORDER_MEMBERS:
        member(node, name)
    return node


def _text(parent: Json, name: str) -> str:
    """Return a member that must be there and say something."""
    value = parent.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
        message = f"Shopify's answer lacks {name!r}, which the query asked for."
        raise UnavailableError(message, remedy="It is read again later.")
    return str(value)


def _count(node: Json) -> int:
    count = as_object(node.get("transactionsCount")).get("count")
    return count if isinstance(count, int) else 0


def _endless(order_id: str, name: str) -> UnavailableError:
    message = f"{order_id} has more {name} than Tieout reads of one order."
    return UnavailableError(message, remedy="Look at the order in the shop.")
