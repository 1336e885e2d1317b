"""What an edit does to an order in REST shape: quantities, added lines and the ``current_*`` sums.

As the vendor: a line keeps the quantity and the taxes it was ordered with; only
``current_quantity`` and the order's ``current_*`` figures follow the edit.
"""

from decimal import Decimal

from tieout.simulators.shopify.agreements import (
    discount_bag,
    line_net_of_discounts,
    line_price,
    share_of,
    tax_bag,
)
from tieout.simulators.shopify.money import Bag, cents, empty_bag, total
from tieout.simulators.shopify.shapes import Json


def current_quantity(line: Json) -> int:
    """Return how many pieces of a line are wanted now."""
    return int(line["current_quantity"] if "current_quantity" in line else line["quantity"])


def change_lines(rest: Json, edit: Json) -> None:
    """Apply an edit: ``{"lines": [{"id", "current_quantity"}], "added_lines": [<REST line>]}``."""
    lines = {str(line["id"]): line for line in rest["line_items"]}
    for change in edit.get("lines", []):
        line = lines[str(change["id"])]
        line["current_quantity"] = int(change["current_quantity"])
        line["fulfillable_quantity"] = line["current_quantity"]
    for added in edit.get("added_lines", []):
        quantity = int(added["quantity"])
        line = {"current_quantity": quantity, "fulfillable_quantity": quantity, **added}
        rest["line_items"].append(line)
        _grow(rest, line)
    recount(rest)


def recount(rest: Json) -> None:
    """Set the ``current_*`` figures from the lines' current quantities."""
    empty = empty_bag(rest)
    lines = [(line, current_quantity(line), int(line["quantity"])) for line in rest["line_items"]]
    subtotal = total(
        [share_of(line_net_of_discounts(line, empty), now, then) for line, now, then in lines],
        empty,
    )
    taxes = [
        share_of(Bag.read(tax, "price", empty), now, then)
        for line, now, then in lines
        for tax in line.get("tax_lines") or []
    ]
    shipping_lines = rest.get("shipping_lines") or []
    shipping = total([line_net_of_discounts(one, empty) for one in shipping_lines], empty)
    tax = total(taxes + [tax_bag(one, empty) for one in shipping_lines], empty)
    discounts = total(
        [share_of(discount_bag(line, empty), now, then) for line, now, then in lines]
        + [discount_bag(one, empty) for one in shipping_lines],
        empty,
    )
    due = subtotal + shipping if rest.get("taxes_included") else subtotal + shipping + tax
    _set(rest, "current_subtotal_price", subtotal)
    _set(rest, "current_total_discounts", discounts)
    _set(rest, "current_total_tax", tax)
    _set(rest, "current_total_price", due)
    rest["current_shipping_price_set"] = shipping.rest()


def current_tax_lines(rest: Json) -> list[Json]:
    """Return the order's taxes per title and rate, after edits."""
    empty = empty_bag(rest)
    found: dict[tuple[str, str], Json] = {}
    owners = [
        *(
            (line, current_quantity(line), int(line["quantity"]))
            for line in rest.get("line_items") or []
        ),
        *((line, 1, 1) for line in rest.get("shipping_lines") or []),
    ]
    for line, now, then in owners:
        for tax in line.get("tax_lines") or []:
            key = (tax["title"], str(tax.get("rate")))
            entry = found.setdefault(key, {**tax, "price_set": empty.rest()})
            share = share_of(Bag.read(tax, "price", empty), now, then)
            entry["price_set"] = (Bag.read(entry, "price", empty) + share).rest()
    return list(found.values())


def _grow(rest: Json, line: Json) -> None:
    """Add a new line to the figures that count returns and removals in."""
    empty = empty_bag(rest)
    net, tax = line_net_of_discounts(line, empty), tax_bag(line, empty)
    gross = net if rest.get("taxes_included") else net + tax
    for key, more in (
        ("total_line_items_price", line_price(line, empty)),
        ("subtotal_price", net),
        ("total_tax", tax),
        ("total_price", gross),
        ("total_discounts", discount_bag(line, empty)),
    ):
        _set(rest, key, Bag.read(rest, key, empty) + more)


def _set(rest: Json, key: str, bag: Bag) -> None:
    rest[key] = str(cents(Decimal(bag.shop)))
    rest[f"{key}_set"] = bag.rest()
