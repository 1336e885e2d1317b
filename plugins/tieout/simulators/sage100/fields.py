"""Values as the interface takes and gives them: names with ``$``, dates YYYYMMDD, keys padded.

Text is what an 8-bit program can hold: characters outside cp1252 arrive as ``?``, and U+0160, whose
byte is the record separator chr(138), is refused.
"""

import math
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tieout.simulators.sage100.com import RefusedError, Scalar
from tieout.simulators.sage100.schema import Column, Table
from tieout.simulators.sage100.store import Value

SEPARATOR: Final = "\u0160"
_ZERO_FILLED = {
    "ARDivisionNo": 2,
    "SalespersonDivisionNo": 2,
    "SalespersonNo": 4,
    "APDivisionNo": 2,
    "VendorNo": 7,
    "PurchaseOrderNo": 7,
    "ReceiptNo": 6,
    "SalesOrderNo": 7,
    "InvoiceNo": 7,
    "DepositNo": 5,
    "BatchNo": 5,
    "AccountKey": 9,
    "TermsCode": 2,
    "WarehouseCode": 3,
}
_CUSTOMER_PADDED_LENGTH = 7
_UPPER = {
    *("CustomerNo", "VendorNo", "ContactCode", "ShipToCode", "ItemCode", "ProductLine"),
    *("BankCode", "DepositType", "TaxSchedule", "TaxCode"),
    *("StandardUnitOfMeasure", "SalesUnitOfMeasure", "PurchaseUnitOfMeasure"),
}


def column_of(table: Table, boi_name: str) -> Column:
    """Return the column that the interface calls ``boi_name``."""
    found = table.columns.get(boi_name.removesuffix("$"))
    if found is None or found.boi_name != boi_name:
        message = f"The column {boi_name} is not in {table.name}."
        raise RefusedError(message)
    return found


def taken(column: Column, value: object) -> Value:
    """Return a value as it is stored.

    Raises:
        TypeError: Text for a number or a number for text.
        RefusedError: Too long, not a date, or the separator is in it.
    """
    if column.is_numeric:
        return _taken_number(column, value)
    if not isinstance(value, str):
        message = f"{column.boi_name} takes text"
        raise TypeError(message)
    if column.kind == "date":
        return _taken_date(column, value)
    if SEPARATOR in value or "\u008a" in value:
        message = f"The value of {column.name} contains an invalid character."
        raise RefusedError(message)
    text = value.encode("cp1252", "replace").decode("cp1252")
    if len(text) > column.length:
        message = f"The value of {column.name} is longer than {column.length} characters."
        raise RefusedError(message)
    # A vendor's invoice number, unlike our own, is the vendor's: its zeros are kept as they came.
    is_vendors = column.name == "InvoiceNo" and column.length != _ZERO_FILLED["InvoiceNo"]
    return text if is_vendors else padded(column.name, text)


def given(column: Column, value: Value) -> Scalar:
    """Return a stored value as the interface gives it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.replace("-", "") if column.kind == "date" else value


def padded(name: str, text: str) -> str:
    """Return a key value in its stored form: zero filled and upper case."""
    if name == "CustomerNo" and text.isdecimal() and len(text) < _CUSTOMER_PADDED_LENGTH:
        return text.zfill(_CUSTOMER_PADDED_LENGTH)
    if name in _ZERO_FILLED and text.isdecimal():
        return text.zfill(_ZERO_FILLED[name])
    return text.upper() if name in _UPPER else text


def rounded(amount: Decimal, scale: int = 2) -> Decimal:
    """Return an amount rounded half up, as the product rounds."""
    return amount.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def _taken_number(column: Column, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = f"{column.boi_name} takes a number"
        raise TypeError(message)
    number = rounded(Decimal(repr(value)), column.scale)
    if abs(number) >= Decimal(10) ** (column.length - column.scale):
        message = f"The value of {column.name} is too large."
        raise RefusedError(message)
    return number


def _taken_date(column: Column, value: str) -> str:
    if value == "":
        return ""
    try:
        return datetime.strptime(value, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        message = f"The {column.name} {value} is invalid."
        raise RefusedError(message) from error
