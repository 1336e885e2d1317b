"""What was agreed when: one immutable agreement per order and per edit, with its sales.

Sums of an order after edits come from here and from ``edits``; showing agreements is the business
of ``nodes_agreements``. Amounts stay in REST money sets.
"""

from decimal import Decimal

from tieout.simulators.shopify.money import Bag, empty_bag, total
from tieout.simulators.shopify.shapes import Json

AGREEMENT_OFFSET = 500_000_000_000


def discount_bag(line: Json, empty: Bag) -> Bag:
    """Return all discounts allocated to a REST line or shipping line."""
    allocations = line.get("discount_allocations") or []
    return total([Bag.read(part, "amount", empty) for part in allocations], empty)


def line_price(line: Json, empty: Bag) -> Bag:
    """Return the price of a REST line before discounts, as ordered."""
    return Bag.read(line, "price", empty).times(Decimal(int(line.get("quantity", 1))))


def line_net_of_discounts(line: Json, empty: Bag) -> Bag:
    """Return what a line comes to after every discount, as ordered."""
    return line_price(line, empty) - discount_bag(line, empty)


def tax_bag(line: Json, empty: Bag) -> Bag:
    """Return the tax charged on a line as ordered."""
    return total([Bag.read(tax, "price", empty) for tax in line.get("tax_lines") or []], empty)


def placed(rest: Json) -> Json:
    """Return the agreement by which an order was placed."""
    sales = [_sale(rest, line, "ORDER", (0, int(line["quantity"]))) for line in _products(rest)]
    sales += [_sale(rest, line, "ORDER", None) for line in rest.get("shipping_lines") or []]
    return _agreement(rest, 0, "ORDER", rest.get("processed_at") or rest["created_at"], sales)


def edited(record: Json, changes: dict[str, int], happened_at: str) -> Json:
    """Return the agreement of an edit; ``changes`` are quantities to add per line id.

    A line that was not part of the order before enters with the action ORDER, others with UPDATE.
    Amounts are what the line comes to now less what it came to before, so that all agreements
    together are the order's current sums to the cent.
    """
    rest = record["rest"]
    agreed = agreed_quantities(record)
    lines = {str(line["id"]): line for line in _products(rest)}
    sales = [
        _sale(
            rest,
            lines[number],
            "UPDATE" if number in agreed else "ORDER",
            (agreed.get(number, 0), agreed.get(number, 0) + change),
        )
        for number, change in changes.items()
    ]
    return _agreement(rest, len(record["agreements"]), "ORDER_EDIT", happened_at, sales)


def agreed_quantities(record: Json) -> dict[str, int]:
    """Return the quantity agreed so far, per product line id."""
    found: dict[str, int] = {}
    for agreement in record["agreements"]:
        for sale in agreement["sales"]:
            if sale["quantity"] is not None:
                found[sale["line_id"]] = found.get(sale["line_id"], 0) + sale["quantity"]
    return found


def share_of(bag: Bag, part: int, quantity: int) -> Bag:
    """Return what ``part`` of a line's ``quantity`` pieces carry of one of its amounts."""
    if part == quantity:
        return bag
    return bag.times(Decimal(part) / Decimal(quantity)) if quantity else bag.zero()


def _products(rest: Json) -> list[Json]:
    return list(rest.get("line_items") or [])


def _agreement(rest: Json, index: int, reason: str, at: str, sales: list[Json]) -> Json:
    number = int(rest["id"]) + AGREEMENT_OFFSET + index
    numbered = [{**sale, "id": number * 100 + place} for place, sale in enumerate(sales)]
    return {"id": number, "reason": reason, "happened_at": at, "sales": numbered}


def _sale(rest: Json, line: Json, action: str, step: tuple[int, int] | None) -> Json:
    """Return the sale that moves a line's quantity by a step (from, to); shipping has none."""
    empty = empty_bag(rest)
    before_quantity, quantity = step or (0, 1)
    whole = int(line["quantity"]) if step else 1

    def moved(bag: Bag) -> Bag:
        return share_of(bag, quantity, whole) - share_of(bag, before_quantity, whole)

    taxes = [
        {"tax_line": tax, "amount": moved(Bag.read(tax, "price", empty))}
        for tax in line.get("tax_lines") or []
    ]
    tax = total([entry["amount"] for entry in taxes], empty)
    net = moved(line_net_of_discounts(line, empty))
    discount = moved(discount_bag(line, empty))
    rates = [Decimal(str(one.get("rate") or 0)) for one in line.get("tax_lines") or []]
    rate = sum(rates, Decimal(0))
    included = bool(rest.get("taxes_included"))
    other = discount.times(1 / (1 + rate)) if included else discount.times(1 + rate)
    before, after = (other, discount) if included else (discount, other)
    return {
        "line_id": str(line.get("id", "")),
        "kind": _kind(line, is_product=step is not None),
        "action": action,
        "quantity": quantity - before_quantity if step else None,
        "total": (net if included else net + tax).rest(),
        "tax": tax.rest(),
        "discount_before_taxes": before.rest(),
        "discount_after_taxes": after.rest(),
        "taxes": [{**entry, "amount": entry["amount"].rest()} for entry in taxes],
    }


def _kind(line: Json, *, is_product: bool) -> str:
    if not is_product:
        return "SHIPPING"
    return "GIFT_CARD" if line.get("gift_card") else "PRODUCT"
