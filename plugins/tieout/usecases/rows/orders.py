"""The row of a shop order."""

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from tieout.domain.conversion import in_base
from tieout.domain.items import ITEM_CODE_LENGTH_MAX
from tieout.domain.money import ZERO, minor_unit
from tieout.domain.order import CHARGE_KINDS, LineKind, Order, OrderLine
from tieout.domain.pair import Pair
from tieout.domain.suggestions import listed
from tieout.errors import RejectedError
from tieout.usecases.accounts import missing_accounts, unknown_tracking, without_account
from tieout.usecases.order_money import (
    charge_item,
    is_foreign,
    missing_rates,
    sage100_order,
    tax_schedule,
    unmapped_taxes,
    xero_order,
    xero_tax_type,
)
from tieout.usecases.order_names import invoice_number, warehouse_code
from tieout.usecases.rows.facts import (
    Known,
    Row,
    dating,
    denomination,
    joined,
    off_by_tax,
    owing,
    unless_known,
    yes_no,
)


def order_row(key: str, order: Order, known: Known) -> Row:
    """Return the facts of an order."""
    sold = products(order)
    return {
        "row_key": key,
        "order_name": order.name,
        "invoice_number": invoice_number(known.pair, order),
        **denomination(order.currency, known),
        "rejected_currency": order.currency if _is_rejected(order, known.pair) else "",
        "missing_rates": joined(missing_rates(known.pair, order)),
        **dating(order.book_date, known),
        "line_count": len(sold),
        "min_quantity": min((line.quantity for line in sold), default=ZERO),
        "min_line_amount": min((line.price_total for line in order.lines), default=ZERO),
        "lines_total": order.lines_total,
        "total": order.total,
        "total_difference": order.lines_total - order.total,
        "lines_tax": order.lines_tax,
        "tax": order.tax,
        "tax_difference": order.lines_tax - order.tax,
        "tax_max_deviation": _tax_deviation(order),
        **_items(order, known),
        "unknown_warehouse": unless_known(
            warehouse_code(known.pair, order), known.sage100.warehouse_codes
        ),
        "unknown_terms": unless_known(known.pair.default_terms_code, known.sage100.terms_codes),
        **_booking(order, known),
        "tax_rounding_of_day": known.rounded.get(order.source_id, ZERO),
        "unmapped_gateways": joined(_unmapped_gateways(order, known)),
        "lines_without_account": joined(without_account(known.pair, order, known.xero)),
        "unknown_tracking": joined(unknown_tracking(known.pair, order, known.tracking)),
        "missing_accounts": joined(missing_accounts(known.pair, known.xero, known.sage100)),
        **owing(known.owing.get(order.source_id, ""), _unpaid(order), known),
        "is_refunded": yes_no(order.is_refunded),
        "order_changes": known.changes.get(order.source_id, ""),
    }


def products(order: Order) -> tuple[OrderLine, ...]:
    """Return the lines that sell items."""
    return order.lines_of(LineKind.PRODUCT)


def called(line: OrderLine) -> str:
    """Return what a line's item is called: by its code, or in words where it has none."""
    return line.item_code or f"{line.title} (variant {line.variant_id or 'none'}, no SKU)"


def _items(order: Order, known: Known) -> Row:
    xero, sage100 = known.xero, known.sage100
    codes = {line.item_code for line in products(order)}
    in_both = xero.item_codes & sage100.item_codes
    lacking = [line for line in products(order) if line.item_code not in in_both]
    unsold = [f"{code} (in Xero)" for code in codes & xero.unsold_item_codes]
    unsold += [f"{code} (in Sage 100)" for code in codes & sage100.unsold_item_codes]
    return {
        "unknown_items": joined(map(called, filter(_may_be_item, lacking))),
        "nearest_items": _nearest(lacking, in_both, known),
        "too_long_items": joined(one.item_code for one in lacking if not _may_be_item(one)),
        "unsold_items": joined(unsold),
        "tracked_items": joined(codes & xero.tracked_item_codes),
        "other_units": joined(_other_units(order, known)),
    }


def _may_be_item(line: OrderLine) -> bool:
    return len(line.item_code) <= ITEM_CODE_LENGTH_MAX


def _nearest(lacking: Iterable[OrderLine], in_both: Collection[str], known: Known) -> str:
    """Say which items of both ledgers look most like what they do not both have."""
    found = []
    for name in sorted(set(map(called, lacking))):
        alike = [one for one in known.nearest.get(name, ()) if one.value in in_both]
        if alike:
            found.append(f"; nearest to {name}: {listed(alike)}")
    return "".join(found)


def _other_units(order: Order, known: Known) -> Iterator[str]:
    """Yield the items that an alias counts by another unit than Sage 100 sells them by."""
    for line in products(order):
        item = known.sage100.items.get(line.item_code)
        if item is not None and line.unit and line.unit != item.sales_unit:
            yield f"{line.item_code} by the {line.unit} (in Sage 100 by the {item.sales_unit})"


def _tax_deviation(order: Order) -> Decimal:
    """Return how far a line's charged tax is from rate times base, beyond the smallest amount.

    That much rounding explains on one line, in any currency; the charge stays the fact. The lines
    of a bundle are one that the shop charged.
    """
    charged: dict[str, list[OrderLine]] = {}
    for line in order.lines:
        charged.setdefault(line.source_id, []).append(line)
    off = (
        off_by_tax(
            sum((line.tax for line in lines), ZERO),
            sum((line.net for line in lines), ZERO),
            sum((share.rate for share in lines[0].taxes), ZERO),
        )
        for lines in charged.values()
    )
    return max((one for one in off if one > minor_unit(order.currency)), default=ZERO)


def _is_rejected(order: Order, pair: Pair) -> bool:
    return is_foreign(pair, order) and pair.policies.fx == "reject"


def _unpaid(order: Order) -> Decimal:
    """Return what is still due of an order, in the currency of the books where that is known."""
    ours = in_base(order)
    return ours.total - ours.captured


def _booking(order: Order, known: Known) -> Row:
    """Return what booking the order in both ledgers needs that they, or the pair, do not have.

    What has no tax or no rate cannot be booked, and then only that is said.
    """
    pair = known.pair
    unmapped = unmapped_taxes(pair, order)
    row: Row = {
        "unmapped_taxes": joined(unmapped),
        "unknown_tax_codes": "",
        "missing_charges": "",
        "tax_beyond_rounding": "",
    }
    if unmapped or missing_rates(pair, order) or _is_rejected(order, pair):
        return row
    row["unknown_tax_codes"] = joined(_unknown_tax_codes(order, known))
    try:
        booked = sage100_order(pair, order)
    except RejectedError as error:
        return {**row, "tax_beyond_rounding": error.value}
    charges = {line.kind: charge_item(pair, line) for line in booked.lines_of(*CHARGE_KINDS)}
    lacking = [role for role, code in charges.items() if code not in known.sage100.item_codes]
    return {**row, "missing_charges": joined(lacking)}


def _unknown_tax_codes(order: Order, known: Known) -> list[str]:
    pair = known.pair
    schedule = tax_schedule(pair, order)
    tax_types = {xero_tax_type(pair, line) for line in xero_order(order).lines}
    unknown = [f"Sage 100 {schedule}"] if schedule not in known.sage100.tax_schedules else []
    return unknown + [f"Xero {one}" for one in tax_types - known.xero.tax_types]


def _unmapped_gateways(order: Order, known: Known) -> list[str]:
    mapped = {gateway.gateway for gateway in known.pair.gateways}
    return [payment.gateway for payment in order.payments if payment.gateway not in mapped]
