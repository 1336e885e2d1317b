"""The rows of invoices, bills and purchase orders: documents with lines of goods or expenses."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from tieout.domain.money import ZERO
from tieout.domain.numbers import bare
from tieout.domain.records import (
    Bill,
    BillLine,
    KnownBill,
    PurchaseOrder,
    SalesInvoice,
    SoldLine,
)
from tieout.usecases.rows.facts import (
    Known,
    Row,
    dating,
    denomination,
    identity,
    joined,
    off_by_tax,
    owing,
    unless_known,
    unusable_accounts,
    without_blanks,
)

ALIKE_WITHIN = timedelta(days=7)
"""How near the dates of two bills of one vendor and amount are when they may be one bill
(docs/reference/accounting.md, procure to pay)."""


def sales_invoice_row(key: str, invoice: SalesInvoice, known: Known) -> Row:
    """Return the facts of an invoice to a customer."""
    items = [line.item_code for line in invoice.lines]
    sage100 = known.sage100
    sold = known.xero.item_codes & sage100.item_codes
    unsold = known.xero.unsold_item_codes | sage100.unsold_item_codes
    return {
        **identity(key, invoice),
        **denomination(invoice.currency, known),
        **dating(invoice.book_date, known),
        "customer_no": invoice.customer_no,
        "due_after_days": (invoice.due_date - invoice.book_date).days,
        "line_count": len(invoice.lines),
        "min_quantity": min((line.quantity for line in invoice.lines), default=ZERO),
        "min_line_amount": min((line.net for line in invoice.lines), default=ZERO),
        **_sums(invoice),
        "unknown_items": joined(without_blanks(code for code in items if code not in sold)),
        "unsold_items": joined(code for code in items if code in unsold),
        "unknown_warehouse": unless_known(invoice.warehouse_code, sage100.warehouse_codes),
        "unknown_terms": unless_known(invoice.terms_code, sage100.terms_codes),
        "unknown_tax_codes": unless_known(invoice.tax_schedule, sage100.tax_schedules),
        **owing(invoice.customer_no, invoice.total - invoice.paid, known),
    }


def bill_row(key: str, bill: Bill, known: Known) -> Row:
    """Return the facts of a vendor's bill; a credit is judged by the same rules, signs reversed."""
    held = known.bills.get(bill.vendor_no, ())
    others = [one for one in held if one.source_id != bill.source_id]
    sign = -1 if bill.total < ZERO else 1
    return {
        **identity(key, bill),
        **denomination(bill.currency, known),
        **dating(bill.book_date, known),
        "vendor_no": bill.vendor_no,
        "vendor_and_number": f"{bill.vendor_no} {bare(bill.number)}",
        "unknown_vendor": unless_known(bill.vendor_no, known.vendor_nos),
        "unknown_terms": unless_known(bill.terms_code, known.vendor_terms_codes),
        "due_after_days": (bill.due_date - bill.book_date).days,
        "line_count": len(bill.lines),
        "signed_total": bill.total,
        "lines_of_other_sign": sum(line.net * sign < ZERO for line in bill.lines),
        **_sums(bill),
        "unusable_accounts": joined(
            unusable_accounts([line.accounts for line in bill.lines], known)
        ),
        "same_number": _listed(_same_number(bill, others)),
        "alike": _listed(_alike(bill, others)),
        "mismatch": known.mismatches.get(bill.source_id, ""),
    }


def purchase_order_row(key: str, order: PurchaseOrder, known: Known) -> Row:
    """Return the facts of an order of a vendor."""
    lines_total = sum((line.quantity * line.unit_cost for line in order.lines), ZERO)
    items = [line.item_code for line in order.lines]
    return {
        **identity(key, order),
        **denomination(order.currency, known),
        **dating(order.book_date, known),
        "vendor_no": order.vendor_no,
        "unknown_vendor": unless_known(order.vendor_no, known.vendor_nos),
        "unknown_terms": unless_known(order.terms_code, known.vendor_terms_codes),
        "unknown_warehouse": unless_known(order.warehouse_code, known.sage100.warehouse_codes),
        "required_after_days": (order.required_date - order.book_date).days,
        "line_count": len(order.lines),
        "min_quantity": min((line.quantity for line in order.lines), default=ZERO),
        "min_unit_cost": min((line.unit_cost for line in order.lines), default=ZERO),
        "lines_total": lines_total,
        "total": order.total,
        "total_difference": lines_total - order.total,
        "unknown_items": joined(
            without_blanks(code for code in items if code not in known.sage100.item_codes)
        ),
    }


def _sums(document: SalesInvoice | Bill) -> Row:
    """Return what lines, freight and tax come to beside what the document says."""
    lines: Sequence[SoldLine | BillLine] = document.lines
    lines_tax = sum((line.tax for line in lines), ZERO)
    lines_total = sum((line.net for line in lines), ZERO) + document.freight + document.tax
    return {
        "lines_total": lines_total,
        "total": document.total,
        "total_difference": lines_total - document.total,
        "lines_tax": lines_tax,
        "tax": document.tax,
        "tax_difference": lines_tax - document.tax,
        "tax_max_deviation": max(
            (off_by_tax(line.tax, line.net, line.tax_rate) for line in lines), default=ZERO
        ),
    }


def _same_number(bill: Bill, others: Iterable[KnownBill]) -> list[KnownBill]:
    ours = bare(bill.number)
    return [one for one in others if ours and bare(one.number) == ours]


def _alike(bill: Bill, others: Iterable[KnownBill]) -> list[KnownBill]:
    """Return the bills of the vendor that may be this one under another number."""
    others_of_a_person = {bare(number) for number in bill.not_the_same_as}
    return [
        one
        for one in others
        if one.total == bill.total
        and abs(one.book_date - bill.book_date) <= ALIKE_WITHIN
        and bare(one.number) not in {bare(bill.number), *others_of_a_person}
    ]


def _listed(bills: Iterable[KnownBill]) -> str:
    return joined(f"{one.number} of {one.book_date} ({one.held_by})" for one in bills)
