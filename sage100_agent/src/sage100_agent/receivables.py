"""What documents of Accounts Receivable must be in themselves, beyond the form of their columns.

Each check takes a document's header and lines, checked by the field table already, and refuses what
Sage would take and mean something else by. Which columns there are belongs in fields.json.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sage100_agent.errors import RefusedError

PREPAYMENT = "PP"
OPEN_TYPES = ("IN", "CM", "DM", "FC", PREPAYMENT)
"""What cash can be applied to: invoice, credit and debit memo, finance charge, prepayment."""
INVOICE_NO = r"[0-9A-Z]{7}"
Values = dict[str, str]


@dataclass(frozen=True)
class _Stated:
    """What a sales invoice of an order, or of a customer, must state."""

    of: str
    header: frozenset[str]
    line: str


OF_ORDER = _Stated(
    "an order", frozenset({"SalesOrderNo", "FreightAmt", "DepositAmt"}), "OrderLineKey"
)
OF_CUSTOMER = _Stated("a customer", frozenset({"ARDivisionNo", "CustomerNo"}), "ItemCode")
LINE_OF_ORDER = frozenset({"OrderLineKey", "QuantityShipped"})


def check_sales_invoice(header: Values, lines: Sequence[Values]) -> None:
    """Refuse an invoice that is neither of an order nor of a customer, or of both.

    One of an order names its lines and what ships of them; prices, customer and terms are the
    order's, while freight and deposit are stated, for Sage would bring all of the order's. One of a
    customer names items and takes no deposit.

    Raises:
        RefusedError: The invoice cannot be entered as it is.
    """
    is_of_order = bool(header.get("SalesOrderNo"))
    stated, of_others = (OF_ORDER, OF_CUSTOMER) if is_of_order else (OF_CUSTOMER, OF_ORDER)
    missing = stated.header - header.keys()
    if missing:
        message = f"The invoice needs {', '.join(sorted(missing))}."
        raise RefusedError("missing_field", message)
    foreign = header.keys() & (of_others.header - {"FreightAmt"})
    for line in lines:
        if stated.line not in line:
            raise RefusedError("missing_field", f"A line of the invoice needs {stated.line}.")
        foreign |= line.keys() - LINE_OF_ORDER if is_of_order else line.keys() & {OF_ORDER.line}
    if foreign:
        message = f"An invoice of {stated.of} sets no {', '.join(sorted(foreign))}."
        raise RefusedError("not_in_form", message)
    keys = [line[stated.line] for line in lines]
    if is_of_order and len(keys) != len(set(keys)):
        raise RefusedError("not_in_form", "The invoice names a line of its order twice.")


def check_ar_invoice(header: Values, lines: Sequence[Values]) -> None:
    """Refuse an A/R invoice without lines, or with one that names no account and no item.

    Raises:
        RefusedError: The invoice cannot be entered as it is.
    """
    if header["InvoiceType"] not in {"IN", "CM"}:
        raise RefusedError("not_in_form", "InvoiceType must be IN or CM.")
    if header["InvoiceType"] == "IN" and header.get("ApplyToInvoiceNo"):
        raise RefusedError("not_in_form", "Only a credit memo (CM) takes ApplyToInvoiceNo.")
    if not lines:
        raise RefusedError("missing_field", "The document has no lines.")
    for line in lines:
        if not line.get("ItemCode") and not line.get("SalesAcctKey"):
            raise RefusedError("missing_field", "A line needs ItemCode or SalesAcctKey.")


def check_receipt(header: Values, lines: Sequence[Values]) -> None:
    """Refuse a receipt that does not add up, or whose lines leave open where money goes.

    A line goes to an account (AccountKey), to an open item (InvoiceNo, and InvoiceType when it is
    no invoice), or opens a prepayment (InvoiceType PP alone), of which a receipt has one at most.

    Raises:
        RefusedError: The receipt cannot be entered as it is.
    """
    total = sum((Decimal(line["AmountPosted"]) for line in lines), Decimal(0))
    if total != Decimal(header["PostingAmt"]):
        message = f"PostingAmt is {header['PostingAmt']}, its lines add up to {total}."
        raise RefusedError("not_in_form", message)
    for line in lines:
        _check_destination(line)
    if sum(is_new_prepayment(line) for line in lines) > 1:
        raise RefusedError("not_in_form", "A receipt opens one prepayment at most.")


def is_new_prepayment(line: Values) -> bool:
    """Say whether a line opens a prepayment, which gets its number when it is written."""
    return line.get("InvoiceType") == PREPAYMENT and not line.get("InvoiceNo")


def _check_destination(line: Values) -> None:
    account, number, kind = (line.get(n, "") for n in ("AccountKey", "InvoiceNo", "InvoiceType"))
    if bool(account) == bool(number or kind):
        message = "A line goes either to an account or to an open item of the customer."
        raise RefusedError("missing_field", message)
    if kind and kind not in OPEN_TYPES:
        raise RefusedError("not_in_form", f"InvoiceType must be one of {', '.join(OPEN_TYPES)}.")
    if kind and not number and kind != PREPAYMENT:
        raise RefusedError("missing_field", f"A line of InvoiceType {kind} needs InvoiceNo.")
    if number and not re.fullmatch(INVOICE_NO, number):
        raise RefusedError("wrong_key_form", "InvoiceNo must be 7 characters, zero-padded.")
    if "DiscountAmt" in line and not number:
        raise RefusedError("not_in_form", "Only a line of an open item takes a discount.")
