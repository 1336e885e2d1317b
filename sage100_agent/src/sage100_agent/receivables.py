"""What documents of Accounts Receivable must be in themselves, beyond the form of their columns.

Each check takes a document's header and lines, checked by the field table already, and refuses what
Sage would take and mean something else by. Which columns there are belongs in fields.json.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from sage100_agent.errors import RefusedError

PREPAYMENT = "PP"
OPEN_TYPES = ("IN", "CM", "DM", "FC", PREPAYMENT)
"""What cash can be applied to: invoice, credit and debit memo, finance charge, prepayment."""
INVOICE_NO = r"[0-9A-Z]{7}"
Values = dict[str, str]


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
