"""Bills and credits of vendors, as Xero's lists have them, read into the canonical bill.

A credit has positive amounts in Xero and negative ones here. What a line's account is in Sage 100
is the word of include/mappings/accounts; where that says nothing the line has none, and the gate
tells of it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from tieout.domain.base import Json
from tieout.domain.money import ZERO
from tieout.domain.pair import AccountKind, Pair
from tieout.domain.records import Accounts, Bill, BillLine, BoundVendor
from tieout.errors import RejectedError

NOT_THE_SAME = "not_the_same_as"
"""What a person adds to a bill that looks like another one: the other's number."""
ORDER_NO = re.compile(r"\bP\.?O\.?[\s#:-]*([0-9A-Z]*[0-9][0-9A-Z]*)\b", re.IGNORECASE)
"""How a line names the purchase order that it bills: PO 12, P.O. #0000012."""
ORDER_NO_LENGTH = 7
"""How long a purchase order's number is in Sage 100, and how far digits are padded."""
_MOMENT = re.compile(r"/Date\((-?\d{1,14})(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INCLUSIVE = "Inclusive"


def bill_from(node: Json, vendor: BoundVendor, pair: Pair) -> Bill:
    """Read a bill or a vendor's credit.

    Raises:
        RejectedError: Something is missing without which it is none.
    """
    sign = -1 if "CreditNoteID" in node else 1
    is_inclusive = node.get("LineAmountTypes") == INCLUSIVE
    sage100 = _sage100_accounts(pair)
    lines = [line for line in _rows(node, "LineItems") if amount_of(line, "LineAmount")]
    try:
        return Bill(
            source_id=str(node.get("CreditNoteID") or node.get("InvoiceID") or ""),
            number=str(node.get("CreditNoteNumber") or node.get("InvoiceNumber") or "").strip(),
            currency=str(node.get("CurrencyCode") or pair.currency),
            book_date=day_of(node, "Date"),
            # Xero asks for no due date of a credit.
            due_date=day_of(node, "DueDate" if node.get("DueDate") else "Date"),
            tax=sign * amount_of(node, "TotalTax"),
            total=sign * amount_of(node, "Total"),
            vendor_no=vendor.vendor_no,
            vendor_division=vendor.division,
            payee=vendor.key,
            purchase_order_no=_order_no(lines),
            lines=tuple(_line(line, sign, sage100, is_inclusive=is_inclusive) for line in lines),
            not_the_same_as=_texts(node.get(NOT_THE_SAME)),
        )
    except ValidationError as error:
        raise _not_of_type(str(error.errors()[0]["loc"][0]), "") from error


def _line(
    line: Mapping[str, object], sign: int, sage100: Mapping[str, str], *, is_inclusive: bool
) -> BillLine:
    code = str(line.get("AccountCode") or "")
    tax = amount_of(line, "TaxAmount")
    net = amount_of(line, "LineAmount") - (tax if is_inclusive else ZERO)
    return BillLine(
        accounts=Accounts(xero=code, sage100=sage100.get(code, "")),
        net=sign * net,
        tax=sign * tax,
        # Xero's own rate is behind its tax type; what it charged is the fact.
        tax_rate=tax / net if net else ZERO,
        description=str(line.get("Description") or ""),
        item_code=str(line.get("ItemCode") or ""),
        quantity=sign * amount_of(line, "Quantity"),
    )


def _sage100_accounts(pair: Pair) -> dict[str, str]:
    """Return the account of Sage 100 by Xero's code; where several are one of Xero's, the first."""
    found: dict[str, str] = {}
    for account in pair.accounts:
        if account.kind is AccountKind.MIRRORED:
            found.setdefault(account.xero, account.sage100)
    return found


def _order_no(lines: list[Mapping[str, object]]) -> str:
    """Return the purchase order that a line's description names, in Sage 100's form."""
    for line in lines:
        named = ORDER_NO.search(str(line.get("Description") or ""))
        if named and len(named[1]) <= ORDER_NO_LENGTH:
            return named[1].upper().zfill(ORDER_NO_LENGTH)
    return ""


def day_of(node: Mapping[str, object], member: str) -> date:
    """Return a calendar day, which Xero writes as a moment in UTC or as a text.

    Raises:
        RejectedError: It is neither.
    """
    said = str(node.get(member) or "")
    moment = _MOMENT.fullmatch(said)
    try:
        if moment:
            return (_EPOCH + timedelta(milliseconds=int(moment[1]))).date()
        return date.fromisoformat(said[: len("2026-11-20")])
    except (ValueError, OverflowError) as error:
        raise _not_of_type(member, said) from error


def _rows(node: Json, member: str) -> list[Mapping[str, object]]:
    rows = node.get(member)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _texts(said: object) -> tuple[str, ...]:
    """Return what a person added: one text, or several."""
    return tuple(map(str, said if isinstance(said, list) else filter(None, [said])))


def amount_of(node: Mapping[str, object], member: str) -> Decimal:
    """Return an amount, zero where Xero says none.

    Raises:
        RejectedError: It is no number.
    """
    said = node.get(member)
    try:
        return Decimal(str(said or 0))
    except InvalidOperation as error:
        raise _not_of_type(member, str(said)) from error


def _not_of_type(field: str, value: str) -> RejectedError:
    return RejectedError(
        f"A bill of Xero cannot be read: its {field} is {value!r}.",
        remedy="Open the bill in Xero, correct it, and replay; else enter it by hand.",
        cause="not_of_type",
        field=field,
        value=value,
    )
