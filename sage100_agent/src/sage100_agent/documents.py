"""Documents: what a command may say, checked against the field table before Sage sees any of it.

The field table (fields.json) is data derived from the Sage 100 data dictionary. A document that
passes has only known columns, within their lengths, in text that Sage can store. Whether Sage then
accepts the values is Sage's to say.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from sage100_agent import payables
from sage100_agent.errors import RefusedError
from sage100_agent.master_data import KEYS, check_expected, check_item
from sage100_agent.receivables import check_ar_invoice, check_receipt, check_sales_invoice

LINES_MAX = 500
SEPARATOR = "\u0160"
"""chr(138), which ProvideX uses between the fields of a record; in cp1252 it is S with caron."""
REQUIRED = {
    "customer.create": ({"ARDivisionNo", "CustomerName"}, set[str]()),
    "customer.update": ({"ARDivisionNo", "CustomerNo"}, set[str]()),
    "customer_contact.save": (
        {"ARDivisionNo", "CustomerNo", "ContactCode", "ContactName"},
        set[str](),
    ),
    "ship_to_address.save": (
        {"ARDivisionNo", "CustomerNo", "ShipToCode", "ShipToName"},
        set[str](),
    ),
    "item.save": (
        {"ItemCode", "ItemType", "ItemCodeDesc", "StandardUnitOfMeasure"},
        set[str](),
    ),
    "vendor.save": ({"APDivisionNo", "VendorNo", "VendorName", "TermsCode"}, set[str]()),
    "sales_order.create": (
        {"ARDivisionNo", "CustomerNo", "OrderDate", "CustomerPONo"},
        {"ItemCode", "QuantityOrdered"},
    ),
    "sales_order.set_deposit": ({"SalesOrderNo", "DepositAmt"}, set[str]()),
    "sales_invoice.create": ({"InvoiceDate", "Comment"}, {"QuantityShipped"}),
    "credit_memo.create": (
        {"ARDivisionNo", "CustomerNo", "InvoiceDate", "Comment"},
        {"ItemCode", "QuantityShipped"},
    ),
    "ar_invoice.create": (
        {"InvoiceType", "ARDivisionNo", "CustomerNo", "InvoiceDate", "Comment"},
        set[str](),
    ),
    "cash_receipt.create": (
        {"BankCode", "DepositDate", "ARDivisionNo", "CustomerNo", "CheckNo", "PostingAmt"},
        {"AmountPosted"},
    ),
    **payables.REQUIRED,
}
CHECKS: dict[str, Callable[[dict[str, str], Sequence[dict[str, str]]], None]] = {
    "cash_receipt.create": check_receipt,
    "sales_invoice.create": check_sales_invoice,
    "ar_invoice.create": check_ar_invoice,
    **payables.CHECKS,
}
"""What a document of a kind must be in itself, beyond the form of its columns."""
TAXED = {"sales_order.create", "sales_invoice.create", "credit_memo.create", "ar_invoice.create"}
"""The kinds whose tax per code may be stated, in place of what Sage computes."""
ACCOUNT_KEY = (r"[0-9A-Z]{9}", "the 9 characters of GL_Account.AccountKey, not the number")
KEY_FORMS = {
    "ARDivisionNo": (r"[0-9A-Z]{2}", "2 digits or capitals, 00 when divisions are off"),
    "CustomerNo": (
        r"(?![0-9]{1,6}$)[^a-z\s]([^a-z]*[^a-z\s])?",
        "upper case; all-digit numbers of up to 7 are zero-padded to 7",
    ),
    "APDivisionNo": (r"[0-9A-Z]{2}", "2 digits or capitals, 00 when divisions are off"),
    "VendorNo": (
        r"(?![0-9]{1,6}$)[^a-z\s]([^a-z]*[^a-z\s])?",
        "upper case; all-digit numbers are zero-padded to 7",
    ),
    "ContactCode": (r"[^a-z\s]([^a-z]*[^a-z\s])?", "upper case"),
    "ShipToCode": (
        r"(?![0-9]{1,3}$)[0-9A-Z]{1,4}",
        "up to 4 digits or capitals; all-digit codes are zero-padded to 4",
    ),
    "SalespersonDivisionNo": (r"[0-9A-Z]{2}", "2 digits or capitals"),
    "SalespersonNo": (r"[0-9A-Z]{4}", "4 characters, zero-padded"),
    "State": (r"[0-9A-Z]{2}", "2 characters, in capitals"),
    "CountryCode": (r"[A-Z]{3}", "the 3 letters of the country, in capitals"),
    "ItemType": (
        r"[1345]",
        "1 regular, 3 charge, 4 comment or 5 miscellaneous: special items are not on file",
    ),
    "ProductLine": (r"[^a-z\s]+", "upper case"),
    **payables.KEY_FORMS,
    "SalesOrderNo": (r"[0-9A-Z]{7}", "7 characters, zero-padded"),
    "ApplyToInvoiceNo": (r"[0-9A-Z]{7}", "7 characters, zero-padded"),
    "OrderLineKey": (r"[0-9]{6}", "the 6 digits of SO_SalesOrderDetail.LineKey"),
    "ItemCode": (r"[^a-z\s]([^a-z]*[^a-z\s])?", "upper case"),
    "WarehouseCode": (r"[0-9A-Z]{3}", "3 characters"),
    "CheckNo": (r"[0-9A-Z]{1,10}", "up to 10 digits or capitals"),
    "BankCode": (r"[0-9A-Z]", "1 character"),
    "AccountKey": ACCOUNT_KEY,
    "SalesAcctKey": ACCOUNT_KEY,
    "TermsCode": (r"[0-9A-Z]{2}", "2 characters, zero-filled"),
}
"""The form of a column, by its name; where names differ in form by table, by both."""


@dataclass(frozen=True)
class Field:
    """One column of the field table."""

    name: str
    is_numeric: bool
    is_date: bool
    length: int
    scale: int
    form: tuple[str, str] | None = None
    """Pattern and words of a key's form."""

    @property
    def column(self) -> str:
        """Return the name as BOI wants it: string columns end in $, numeric ones do not."""
        is_named = self.is_numeric or self.name.endswith("$")
        return self.name if is_named else f"{self.name}$"


OWN = re.compile(r"UDF_[A-Z0-9_]{1,26}\$?")
"""A field that the site added to a table, by the name that BOI has for it (README.md)."""
OWN_LENGTH_MAX, OWN_SCALE_MAX, OWN_DIGITS_MAX = 2048, 6, 20


def with_own(fields: Mapping[str, Field], names: Iterable[str]) -> dict[str, Field]:
    """Return fields, and behind them those that the site added, as far as ``names`` has any.

    With ``$`` behind it one holds text, else a number. How long it may be the site knows, and
    Tieout asks it.
    """
    own = {
        name: Field(
            name=name,
            is_numeric=not name.endswith("$"),
            is_date=False,
            length=OWN_LENGTH_MAX if name.endswith("$") else OWN_DIGITS_MAX,
            scale=OWN_SCALE_MAX,
        )
        for name in names
        if name not in fields and OWN.fullmatch(name)
    }
    return {**fields, **own}


@dataclass(frozen=True)
class Document:
    """A checked document: columns in the order in which they are to be set."""

    header: dict[str, str]
    lines: tuple[dict[str, str], ...]
    tax: dict[str, str]
    expected: dict[str, str]
    """What a record to be changed is expected to hold now, by column."""


@cache
def fields_of(kind: str, part: str) -> dict[str, Field]:
    """Return the columns that ``part`` (header or lines) of a kind may set, in setting order."""
    table = json.loads(files("sage100_agent").joinpath("fields.json").read_text(encoding="utf-8"))
    known = table[kind].get(part, {"table": "", "fields": {}})
    return {
        name: Field(
            name=name,
            is_numeric=column["type"] == "numeric",
            is_date=column["type"] == "date",
            length=column.get("length", column.get("precision")),
            scale=column.get("scale", 0),
            form=KEY_FORMS.get(f"{known['table']}.{name}", KEY_FORMS.get(name)),
        )
        for name, column in known["fields"].items()
    }


def check_document(kind: str, document: dict[str, Any]) -> Document:
    """Check a command's document.

    Raises:
        RefusedError: Something in it is unknown, missing, too long or not in Sage's form.
    """
    unknown = set(document) - {"header", "lines", "tax"} - ({"expected"} if kind in KEYS else set())
    if unknown:
        raise RefusedError("unknown_field", f"The document has no part {min(unknown)!r}.")
    lines = document.get("lines", [])
    if not isinstance(lines, list) or len(lines) > LINES_MAX:
        raise RefusedError("not_in_form", f"lines must be a list of at most {LINES_MAX}.")
    header_required, line_required = REQUIRED[kind]
    expected = _expected(kind, document.get("expected", {}))
    if expected:
        header_required = set(KEYS[kind])
    if line_required and not lines:
        raise RefusedError("missing_field", "The document has no lines.")
    checked = Document(
        header=_part(kind, "header", document.get("header"), header_required),
        lines=tuple(_part(kind, "lines", line, line_required) for line in lines),
        tax=_tax(kind, document.get("tax", {})),
        expected=expected,
    )
    if kind in KEYS:
        check_expected(kind, checked.header, expected)
    if kind == "item.save":
        check_item(checked.header, is_new=not expected)
    if kind in CHECKS:
        CHECKS[kind](checked.header, checked.lines)
    return checked


def _part(kind: str, part: str, values: object, required: set[str]) -> dict[str, str]:
    if not isinstance(values, dict):
        raise RefusedError("not_in_form", f"Each of {part} must be a JSON object.")
    known = with_own(fields_of(kind, part), map(str, values))
    for name in values:
        if name not in known:
            raise RefusedError("unknown_field", f"{kind} sets no column {str(name)[:40]!r}.")
    missing = required - {name for name, value in values.items() if value != ""}
    if missing:
        raise RefusedError("missing_field", f"{kind} needs {', '.join(sorted(missing))}.")
    return {name: _value(field, values[name]) for name, field in known.items() if name in values}


def _expected(kind: str, values: object) -> dict[str, str]:
    """Return what is expected, which is what Sage held once: its form is not ours to judge."""
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        raise RefusedError("not_in_form", "expected must be an object of strings by column.")
    known = with_own(fields_of(kind, "header"), map(str, values))
    stray = set(values) - set(known)
    if stray:
        raise RefusedError("unknown_field", f"{kind} expects nothing of {str(min(stray))[:40]!r}.")
    return {
        name: _value(known[name], value)
        if value and (known[name].is_date or known[name].is_numeric)
        else value
        for name, value in values.items()
    }


def _value(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise RefusedError("not_in_form", f"{field.name} must be a JSON string.")
    if field.is_numeric:
        return _number(field, value)
    if field.is_date:
        return _date(field, value)
    _check_text(field, value)
    if field.form is not None and value and not re.fullmatch(field.form[0], value):
        raise RefusedError("wrong_key_form", f"{field.name} must be {field.form[1]}.")
    return value


def _number(field: Field, value: str) -> str:
    plain = re.fullmatch(r"-?[0-9]{1,20}(\.([0-9]{1,10}))?", value)
    if plain is None or len((plain[2] or "").rstrip("0")) > field.scale:
        message = f"{field.name} must be a number with at most {field.scale} decimals."
        raise RefusedError("not_in_form", message)
    if abs(Decimal(value)) >= Decimal(10) ** (field.length - field.scale):
        raise RefusedError("too_long", f"{field.name} holds {field.length} digits at most.")
    return value


def _date(field: Field, value: str) -> str:
    try:
        return date.fromisoformat(value).strftime("%Y%m%d")
    except ValueError:
        message = f"{field.name} must be a date such as 2026-11-29."
        raise RefusedError("not_in_form", message) from None


def _check_text(field: Field, value: str) -> None:
    if len(value) > field.length:
        message = f"{field.name} holds {field.length} characters, {len(value)} were given."
        raise RefusedError("too_long", message)
    if SEPARATOR in value or not all(character.isprintable() for character in value):
        message = f"{field.name} has a control character or U+0160, which Sage uses as separator."
        raise RefusedError("not_cp1252", message)
    try:
        value.encode("cp1252")
    except UnicodeEncodeError:
        message = f"{field.name} has characters outside cp1252, which is all that Sage stores."
        raise RefusedError("not_cp1252", message) from None


def _tax(kind: str, tax: object) -> dict[str, str]:
    amount = Field(name="tax", is_numeric=True, is_date=False, length=11, scale=2)
    code = Field(name="tax code", is_numeric=False, is_date=False, length=9, scale=0)
    if not isinstance(tax, dict) or (tax and kind not in TAXED):
        raise RefusedError("not_in_form", "tax must be an object of amounts by tax code.")
    for name in tax:
        _check_text(code, name)
    return {name: _value(amount, value) for name, value in tax.items()}
