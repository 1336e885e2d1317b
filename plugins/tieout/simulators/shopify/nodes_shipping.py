"""Fulfillment orders and fulfillments of an order as GraphQL shows them."""

from tieout.simulators.shopify.nodes_lines import line_item_nodes
from tieout.simulators.shopify.nodes_stock import location_node, variant_node, variant_of_line
from tieout.simulators.shopify.shapes import Json, gid, zulu_or_none
from tieout.simulators.shopify.site import Site

OPEN_STATUSES = ("OPEN", "IN_PROGRESS")


def fulfillment_order_nodes(site: Site, record: Json) -> list[Json]:
    """Return the FulfillmentOrders of an order."""
    return [fulfillment_order_node(site, record, one) for one in record["fulfillment_orders"]]


def fulfillment_order_node(site: Site, record: Json, one: Json) -> Json:
    """Return a FulfillmentOrder."""
    rest = record["rest"]
    can_ship = one["status"] in OPEN_STATUSES
    at = zulu_or_none(one["created_at"])
    return {
        "__typename": "FulfillmentOrder",
        "_back": (site, record),
        "_sort": {"UPDATED_AT": zulu_or_none(one["updated_at"])},
        "id": gid("FulfillmentOrder", one["id"]),
        "status": one["status"],
        "requestStatus": "UNSUBMITTED",
        "createdAt": at,
        "updatedAt": zulu_or_none(one["updated_at"]),
        "orderId": gid("Order", rest["id"]),
        "orderName": rest.get("name") or "",
        "orderProcessedAt": zulu_or_none(rest.get("processed_at") or rest.get("created_at")),
        "supportedActions": (
            [{"action": "CREATE_FULFILLMENT", "externalUrl": None}] if can_ship else []
        ),
        "assignedLocation": _assigned_location(site, one["location"]),
        "lineItems": lambda _info, **_: _line_nodes(site, record, one),
        "fulfillments": lambda _info, **_: [
            fulfillment_node(site, record, shipment)
            for shipment in record["fulfillments"]
            if one["id"] in shipment["fulfillment_order_ids"]
        ],
    }


def _assigned_location(site: Site, location: Json) -> Json:
    place = site.locations.get(str(location["id"]))
    shown = (
        location_node(site, place)
        if place
        else {"__typename": "Location", "id": gid("Location", location["id"])}
    )
    return {
        "name": location["name"],
        "countryCode": site.company.country_code,
        "location": {"legacyResourceId": str(location["id"]), "name": location["name"], **shown},
    }


def _line_nodes(site: Site, record: Json, one: Json) -> list[Json]:
    nodes = {node["id"]: node for node in line_item_nodes(site, record)}
    lines = {str(line["id"]): line for line in record["rest"].get("line_items") or []}
    shown = []
    for part in one["lines"]:
        line = lines[part["line_id"]]
        variant = variant_of_line(site, line)
        shown.append(
            {
                "__typename": "FulfillmentOrderLineItem",
                "id": gid("FulfillmentOrderLineItem", part["id"]),
                "totalQuantity": part["total"],
                "remainingQuantity": part["remaining"],
                "sku": line.get("sku"),
                "productTitle": line.get("title") or "",
                "variantTitle": line.get("variant_title"),
                "vendor": line.get("vendor"),
                "requiresShipping": bool(line.get("requires_shipping", True)),
                "lineItem": nodes[gid("LineItem", part["line_id"])],
                "variant": variant_node(site, variant) if variant else None,
                "inventoryItemId": gid("InventoryItem", variant["stock_id"]) if variant else None,
            }
        )
    return shown


def fulfillment_node(site: Site, record: Json, one: Json) -> Json:
    """Return a Fulfillment."""
    nodes = {node["id"]: node for node in line_item_nodes(site, record)}
    place = site.locations.get(one["location"])
    return {
        "__typename": "Fulfillment",
        "_back": (site, record),
        "id": gid("Fulfillment", one["id"]),
        "legacyResourceId": str(one["id"]),
        "name": one["name"],
        "status": one["status"],
        "displayStatus": "FULFILLED",
        "createdAt": zulu_or_none(one["created_at"]),
        "updatedAt": zulu_or_none(one["updated_at"]),
        "requiresShipping": True,
        "totalQuantity": sum(part["quantity"] for part in one["lines"]),
        "location": location_node(site, place) if place else None,
        "trackingInfo": one["tracking"],
        "fulfillmentLineItems": [
            {
                "id": gid("FulfillmentLineItem", part["id"]),
                "quantity": part["quantity"],
                "lineItem": nodes[gid("LineItem", part["line_id"])],
            }
            for part in one["lines"]
        ],
    }
