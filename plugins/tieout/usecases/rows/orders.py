"""The row of a shop order."""

from decimal import Decimal

from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order, OrderLine
from tieout.domain.pair import AccountKind
from tieout.usecases.flow import item_code
from tieout.usecases.order_names import invoice_number, tax_rate, warehouse_code
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
        "tax_max_deviation": max((_tax_deviation(line) for line in order.lines), default=ZERO),
        **_items(order, known),
        "unknown_warehouse": unless_known(
            warehouse_code(known.pair, order), known.sage100.warehouse_codes
        ),
        "unknown_terms": unless_known(known.pair.default_terms_code, known.sage100.terms_codes),
        "unknown_tax_codes": joined(_unknown_tax_codes(order, known)),
        "unmapped_taxes": joined(_unmapped_taxes(order, known)),
        "unmapped_gateways": joined(_unmapped_gateways(order, known)),
        "missing_accounts": joined(_missing_accounts(known)),
        **owing(known.owing.get(order.source_id, ""), order.total - order.captured, known),
        "is_refunded": yes_no(order.is_refunded),
    }


def products(order: Order) -> tuple[OrderLine, ...]:
    """Return the lines that sell items."""
    return order.lines_of(LineKind.PRODUCT)


def _items(order: Order, known: Known) -> Row:
    xero, sage100 = known.xero, known.sage100
    codes = [(line, item_code(known.pair, line)) for line in products(order)]
    in_both = xero.item_codes & sage100.item_codes
    unsold = [f"{code} (in Xero)" for _line, code in codes if code in xero.unsold_item_codes]
    unsold += [f"{code} (in Sage 100)" for _l, code in codes if code in sage100.unsold_item_codes]
    return {
        "unknown_items": joined(_named(line, code) for line, code in codes if code not in in_both),
        "unsold_items": joined(unsold),
        "tracked_items": joined(code for _l, code in codes if code in xero.tracked_item_codes),
    }


def _named(line: OrderLine, code: str) -> str:
    return code or f"{line.title} (variant {line.variant_id or 'none'}, no SKU)"


def _tax_deviation(line: OrderLine) -> Decimal:
    """Return how far the charged tax is from rate times base; the charge stays the fact."""
    rate = sum((share.rate for share in line.taxes), ZERO)
    return off_by_tax(line.tax, line.net, rate)


def _unknown_tax_codes(order: Order, known: Known) -> list[str]:
    tax = tax_rate(known.pair, order)
    schedule = tax.sage100_tax_schedule if tax else known.pair.exempt_tax_schedule
    tax_type = tax.xero_tax_type if tax else known.pair.exempt_xero_tax_type
    unknown = [f"Sage 100 {schedule}"] if schedule not in known.sage100.tax_schedules else []
    return unknown + ([f"Xero {tax_type}"] if tax_type not in known.xero.tax_types else [])


def _unmapped_taxes(order: Order, known: Known) -> list[str]:
    mapped = {(tax.title, tax.rate) for tax in known.pair.taxes}
    shares = [share for line in order.lines for share in line.taxes]
    unmapped = [
        f"{share.title} {share.rate:f}{' (marketplace remits)' if share.channel_liable else ''}"
        for share in shares
        if share.channel_liable or (share.title, share.rate) not in mapped
    ]
    if any(len(line.taxes) > 1 for line in order.lines):
        unmapped.append("several taxes on one line")
    if len({(share.title, share.rate) for share in shares}) > 1:
        unmapped.append("several tax rates on one order")
    return unmapped


def _unmapped_gateways(order: Order, known: Known) -> list[str]:
    mapped = {gateway.gateway for gateway in known.pair.gateways}
    return [payment.gateway for payment in order.payments if payment.gateway not in mapped]


def _missing_accounts(known: Known) -> list[str]:
    pair = known.pair
    missing = [
        f"Xero {account.xero} ({account.role})"
        for account in pair.accounts
        if account.xero and account.xero not in known.xero.account_codes
    ]
    missing += [
        f"Sage 100 {account.sage100} ({account.role})"
        for account in pair.accounts
        if account.sage100 and account.sage100 not in known.sage100.accounts
    ]
    roles = {account.role for account in pair.accounts if account.kind is AccountKind.MIRRORED}
    missing += [f"no account for {role}" for role in {"receivables", "sales", "freight"} - roles]
    return missing
