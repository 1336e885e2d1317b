"""Stock of a shop: what orders commit, what shipments take, what a client sets.

``available`` and ``committed`` are kept per item and location; on hand is their sum.
"""

from tieout.simulators.shopify.edits import current_quantity
from tieout.simulators.shopify.shapes import Json
from tieout.simulators.shopify.site import Site


def commit_order(site: Site, record: Json) -> list[Json]:
    """Make stock match what an order still needs; return the levels that changed.

    An order commits the current quantities of its lines that have not left yet, at the location of
    its fulfillment order. A cancelled or test order commits nothing.
    """
    wanted = _wanted(site, record)
    before = {(one["item"], one["location"]): one["quantity"] for one in record["commitments"]}
    changed = []
    for item, location in dict.fromkeys([*before, *wanted]):
        change = wanted.get((item, location), 0) - before.get((item, location), 0)
        level = site.level(item, location)
        if change and level:
            level["available"] -= change
            level["committed"] += change
            changed.append(_touch(site, level))
    record["commitments"] = [
        {"item": item, "location": location, "quantity": quantity}
        for (item, location), quantity in wanted.items()
    ]
    return changed


def take_out(site: Site, record: Json, line_id: str, quantity: int) -> None:
    """Let committed pieces of a line leave the building."""
    line = next(one for one in record["rest"]["line_items"] if str(one["id"]) == line_id)
    item = site.item_for(line)
    if item is None:
        return
    for one in record["commitments"]:
        if one["item"] == str(item.inventory_item_id):
            leaving = min(quantity, one["quantity"])
            one["quantity"] -= leaving
            level = site.level(one["item"], one["location"])
            if level:
                level["committed"] -= leaving
                _touch(site, level)


def set_quantity(site: Site, level: Json, name: str, quantity: int) -> int:
    """Set what is available or on hand; return by how much both moved."""
    current = level["available"] + (level["committed"] if name == "on_hand" else 0)
    change = int(quantity - current)
    level["available"] += change
    _touch(site, level)
    return change


def _wanted(site: Site, record: Json) -> dict[tuple[str, str], int]:
    rest = record["rest"]
    if rest.get("cancelled_at") or rest.get("test"):
        return {}
    wanted: dict[tuple[str, str], int] = {}
    shipped = {
        part["line_id"]: part["total"] - part["remaining"]
        for one in record["fulfillment_orders"]
        for part in one["lines"]
    }
    location = str(record["fulfillment_orders"][0]["location"]["id"])
    for line in rest.get("line_items") or []:
        item = site.item_for(line)
        open_quantity = current_quantity(line) - shipped.get(str(line["id"]), 0)
        if item is not None and open_quantity > 0:
            key = (str(item.inventory_item_id), location)
            wanted[key] = wanted.get(key, 0) + open_quantity
    return wanted


def _touch(site: Site, level: Json) -> Json:
    level["updated_at"] = site.now_text()
    site.keep_level(level)
    return level
