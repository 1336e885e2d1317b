"""What happens to orders in a shop: placed, edited, captured, cancelled, shipped, touched.

Each act changes the record and the stock as one, moves ``updated_at``, and returns the webhooks
that the vendor sends for it. Sending them is the caller's business.
"""

from decimal import Decimal

from tieout.simulators.shopify import agreements, edits, payments, stock
from tieout.simulators.shopify.money import Bag, empty_bag
from tieout.simulators.shopify.shapes import Json, gid
from tieout.simulators.shopify.site import Site

FULFILLMENT_ORDER_OFFSET = 800_000_000_000
FULFILLMENT_LINE_OFFSET = 2_200_000_000_000
ATTACHED = ("transactions", "edits", "assigned_location")

Notices = list[tuple[str, Json]]
"""Topics and payloads, in the order in which they happened."""


def place(site: Site, body: Json) -> Json:
    """Import an order in REST shape as it is, sums unchecked; the same id again replaces it.

    ``body`` may carry ``transactions``, ``edits`` and ``assigned_location`` beside or, wrapped as
    ``{"order": ...}``, around the order. Without transactions they follow from its status.
    """
    rest = dict(body["order"]) if isinstance(body.get("order"), dict) else dict(body)
    extra = {key: rest.pop(key, body.get(key)) for key in ATTACHED}
    known = site.order(str(rest["id"]))
    transactions = extra["transactions"]
    if transactions is None:
        transactions = known["transactions"] if known else payments.believed_transactions(rest)
    record: Json = {
        "rest": rest,
        "transactions": transactions,
        "agreements": known["agreements"] if known else [],
        "fulfillment_orders": known["fulfillment_orders"] if known else [],
        "fulfillments": known["fulfillments"] if known else [],
        "commitments": known["commitments"] if known else [],
        "original_total": known["original_total"] if known else _total_set(rest),
        "edited": known["edited"] if known else False,
    }
    _open_fulfillment(site, record, extra["assigned_location"])
    if not record["agreements"]:
        record["agreements"].append(agreements.placed(rest))
    _agree_on_changes(record, rest.get("updated_at") or site.now_text())
    _remember_customer(site, rest)
    stock.commit_order(site, record)
    site.keep_order(record)
    for edit in extra["edits"] or []:
        edit_order(site, record, edit)
    return record


def edit_order(site: Site, record: Json, edit: Json) -> Notices:
    """Change quantities or add lines; see ``edits.change_lines`` for the form of ``edit``."""
    before = agreements.agreed_quantities(record)
    edits.change_lines(record["rest"], edit)
    _open_fulfillment(site, record, None)
    _agree_on_changes(record, edit.get("happened_at") or site.now_text())
    if record["rest"].get("financial_status") in ("paid", "partially_paid"):
        payments.settle_status(record)
    levels = stock.commit_order(site, record)
    _touch(site, record, edit.get("happened_at"))
    after = agreements.agreed_quantities(record)
    changes = {line: after[line] - before.get(line, 0) for line in after}
    notices = [("orders/edited", _edit_payload(record, changes))]
    return [*notices, ("orders/updated", record["rest"]), *_level_notices(levels)]


def capture(site: Site, record: Json, request: Json) -> Notices:
    """Take money: ``{"amount"?, "gateway"?, "happened_at"?}``; the whole rest without an amount.

    A capture when there is an authorization, else a sale.
    """
    rest = record["rest"]
    paid = payments.net_payment(record)
    due = (payments.current_total(rest) - paid).shop
    amount = Decimal(str(request.get("amount") or due))
    at = request.get("happened_at") or site.now_text()
    held = [one for one in record["transactions"] if one["kind"] == "authorization"]
    kind = "capture" if held else "sale"
    made = payments.transaction_body(rest, len(record["transactions"]), kind, amount, at)
    made["parent_id"] = held[0]["id"] if held else None
    made["gateway"] = request.get("gateway") or made["gateway"]
    record["transactions"].append(made)
    payments.settle_status(record)
    _touch(site, record, at)
    notices: Notices = [("order_transactions/create", made)]
    if rest["financial_status"] == "paid":
        notices.append(("orders/paid", rest))
    return [*notices, ("orders/updated", rest)]


def cancel(site: Site, record: Json, request: Json) -> Notices:
    """Cancel an order: ``{"reason"?, "happened_at"?}``; stock is released, money stays."""
    rest = record["rest"]
    at = request.get("happened_at") or site.now_text()
    rest["cancelled_at"], rest["closed_at"] = at, at
    rest["cancel_reason"] = request.get("reason") or "customer"
    if payments.net_payment(record).shop == 0:
        rest["financial_status"] = "voided"
    for line in rest.get("line_items") or []:
        line["current_quantity"] = 0
        line["fulfillable_quantity"] = 0
    for one in record["fulfillment_orders"]:
        one["status"], one["updated_at"] = "CLOSED", at
    levels = stock.commit_order(site, record)
    _touch(site, record, at)
    both: Notices = [("orders/cancelled", rest), ("orders/updated", rest)]
    return both + _level_notices(levels)


def ship(site: Site, record: Json, wanted: dict[int, int], tracking: list[Json]) -> Json:
    """Let pieces leave: ``wanted`` is a quantity per fulfillment order line; return the shipment.

    The caller has checked that so much remains.
    """
    rest, at = record["rest"], site.now_text()
    number = site.store.next_number(site.domain, "fulfillment", 5_100_000_000_000)
    lines, opened = [], []
    for one in record["fulfillment_orders"]:
        for part in one["lines"]:
            quantity = wanted.get(part["id"], 0)
            if quantity:
                part["remaining"] -= quantity
                stock.take_out(site, record, part["line_id"], quantity)
                lines.append({"id": part["id"], "line_id": part["line_id"], "quantity": quantity})
                opened.append(one["id"])
        left = sum(part["remaining"] for part in one["lines"])
        if one["id"] in opened:
            one["status"] = "IN_PROGRESS" if left else "CLOSED"
            one["updated_at"] = at
    shipment = {
        "id": number,
        "name": f"{rest.get('name', '')}-F{len(record['fulfillments']) + 1}",
        "status": "SUCCESS",
        "created_at": at,
        "updated_at": at,
        "location": str(record["fulfillment_orders"][0]["location"]["id"]),
        "tracking": tracking,
        "lines": lines,
        "fulfillment_order_ids": sorted(set(opened)),
    }
    record["fulfillments"].append(shipment)
    _count_shipped(record)
    _touch(site, record, at)
    return shipment


def shipment_payload(record: Json, shipment: Json) -> Json:
    """Return the webhook body of a shipment."""
    tracking = shipment["tracking"] or [{"company": None, "number": None, "url": None}]
    quantities = {part["line_id"]: part["quantity"] for part in shipment["lines"]}
    return {
        "id": shipment["id"],
        "admin_graphql_api_id": gid("Fulfillment", shipment["id"]),
        "order_id": record["rest"]["id"],
        "name": shipment["name"].replace("-F", "."),
        "status": "success",
        "service": "manual",
        "location_id": int(shipment["location"]),
        "created_at": shipment["created_at"],
        "updated_at": shipment["updated_at"],
        "tracking_company": tracking[0]["company"],
        "tracking_number": tracking[0]["number"],
        "tracking_numbers": [one["number"] for one in tracking if one["number"]],
        "tracking_url": tracking[0]["url"],
        "tracking_urls": [one["url"] for one in tracking if one["url"]],
        "line_items": [
            {**line, "quantity": quantities[str(line["id"])]}
            for line in record["rest"]["line_items"]
            if str(line["id"]) in quantities
        ],
    }


def touch(site: Site, record: Json) -> Notices:
    """Move ``updated_at`` after a change of tags, note or metafields, and keep the record."""
    _touch(site, record, None)
    return [("orders/updated", record["rest"])]


def level_payload(level: Json) -> Json:
    """Return the webhook body of a stock level."""
    return {
        "inventory_item_id": int(level["item"]),
        "location_id": int(level["location"]),
        "available": level["available"],
        "updated_at": level["updated_at"],
        "admin_graphql_api_id": gid(
            "InventoryLevel", f"{level['location']}?inventory_item_id={level['item']}"
        ),
    }


def _level_notices(levels: list[Json]) -> Notices:
    return [("inventory_levels/update", level_payload(level)) for level in levels]


def _touch(site: Site, record: Json, at: str | None) -> None:
    record["rest"]["updated_at"] = at or site.now_text()
    site.keep_order(record)


def _total_set(rest: Json) -> Json:
    return Bag.read(rest, "total_price", empty_bag(rest)).rest()


def _agree_on_changes(record: Json, at: str) -> None:
    """Add an edit's agreement when lines want other quantities than agreed so far."""
    agreed = agreements.agreed_quantities(record)
    cancelled = record["rest"].get("cancelled_at")
    changes = {
        str(line["id"]): edits.current_quantity(line) - agreed.get(str(line["id"]), 0)
        for line in record["rest"].get("line_items") or []
    }
    changes = {line: change for line, change in changes.items() if change}
    if changes and not cancelled and not record["rest"].get("refunds"):
        record["agreements"].append(agreements.edited(record, changes, at))
        record["edited"] = True


def _remember_customer(site: Site, rest: Json) -> None:
    customer = rest.get("customer")
    if customer and customer.get("id"):
        known = site.customer(str(customer["id"])) or {}
        site.store.put(site.domain, "customer", str(customer["id"]), {**known, **customer})


def _open_fulfillment(site: Site, record: Json, location: Json | None) -> None:
    """Open the order's one fulfillment order, or bring its quantities up to date."""
    rest = record["rest"]
    at = rest.get("created_at") or site.now_text()
    if not record["fulfillment_orders"]:
        record["fulfillment_orders"].append(
            {
                "id": int(rest["id"]) + FULFILLMENT_ORDER_OFFSET,
                "status": "CLOSED" if rest.get("cancelled_at") else "OPEN",
                "location": location or _shipping_location(site, rest),
                "created_at": at,
                "updated_at": at,
                "lines": [],
            }
        )
    one = record["fulfillment_orders"][0]
    parts = {part["line_id"]: part for part in one["lines"]}
    for line in rest.get("line_items") or []:
        wanted = max(edits.current_quantity(line), 0)
        part = parts.get(str(line["id"]))
        if part is None:
            number = int(line["id"]) + FULFILLMENT_LINE_OFFSET
            part = {"id": number, "line_id": str(line["id"]), "total": 0, "remaining": 0}
            one["lines"].append(part)
        gone = part["total"] - part["remaining"]
        part["total"], part["remaining"] = wanted, max(wanted - gone, 0)


def _shipping_location(site: Site, rest: Json) -> Json:
    place = site.locations.get(str(rest.get("location_id"))) or site.first_location
    return {"id": int(place.shop_location_id), "name": place.name}


def _count_shipped(record: Json) -> None:
    parts = [part for one in record["fulfillment_orders"] for part in one["lines"]]
    left = {part["line_id"]: part["remaining"] for part in parts}
    for line in record["rest"]["line_items"]:
        line["fulfillable_quantity"] = left.get(str(line["id"]), 0)
        shipped = line["fulfillable_quantity"] == 0
        line["fulfillment_status"] = "fulfilled" if shipped else line.get("fulfillment_status")
    record["rest"]["fulfillment_status"] = "partial" if any(left.values()) else "fulfilled"


def _edit_payload(record: Json, changes: dict[str, int]) -> Json:
    rest = record["rest"]
    moved = {line: change for line, change in changes.items() if change}
    return {
        "order_edit": {
            "id": record["agreements"][-1]["id"],
            "app_id": None,
            "created_at": rest["updated_at"],
            "committed_at": rest["updated_at"],
            "notify_customer": False,
            "order_id": rest["id"],
            "reason": "",
            "staff_note": "",
            "user_id": None,
            "line_items": {
                "additions": [{"id": int(n), "delta": c} for n, c in moved.items() if c > 0],
                "removals": [{"id": int(n), "delta": -c} for n, c in moved.items() if c < 0],
            },
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }
