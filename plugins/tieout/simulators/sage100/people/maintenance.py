"""What people do to master data at their own screens, and to the options of a module.

What the business objects refuse, a screen refuses as well; here only acts that Sage 100 allows are
offered: to create, change or delete a record, to turn an option. What keeps a record from deletion,
and the words, are ours: no public source has them.
"""

from collections.abc import Mapping

from tieout.simulators.sage100 import options
from tieout.simulators.sage100.business_objects.base import NEW
from tieout.simulators.sage100.business_objects.customer import Customer
from tieout.simulators.sage100.business_objects.item import Item
from tieout.simulators.sage100.business_objects.vendor import Vendor
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.fields import column_of, taken
from tieout.simulators.sage100.people.ledger import NotAllowedError
from tieout.simulators.sage100.schema import Table, tables
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import CompanyFile, Row, Value

MAINTAINED = ("AR_Customer", "AR_CustomerContact", "SO_ShipToAddress", "CI_Item", "AP_Vendor")
CALLED = {"AR_Customer": "Customer", "CI_Item": "Item", "AP_Vendor": "Vendor"}
SCREENS = {"AR_Customer": Customer, "CI_Item": Item, "AP_Vendor": Vendor}
"""Where a new record is filled in: by the same rules as through the business objects."""
PARTS = {
    "AR_Customer": ("AR_CustomerContact", "SO_ShipToAddress"),
    "CI_Item": ("IM_ItemWarehouse",),
}
"""What goes with a record."""
OPEN = {
    "AR_Customer": (
        ("AR_OpenInvoice", "open invoices"),
        ("AR_InvoiceHeader", "invoices in entry"),
        ("SO_SalesOrderHeader", "open orders"),
        ("SO_InvoiceHeader", "invoices in entry"),
        ("AR_CashReceiptsHeader", "receipts in entry"),
    ),
    "CI_Item": (
        ("SO_SalesOrderDetail", "open orders"),
        ("PO_PurchaseOrderDetail", "open purchase orders"),
        ("SO_InvoiceDetail", "invoices in entry"),
    ),
    "AP_Vendor": (
        ("AP_OpenInvoice", "open invoices"),
        ("AP_InvoiceHeader", "invoices in entry"),
        ("AP_ManualCheckHeader", "checks in entry"),
        ("PO_PurchaseOrderHeader", "open purchase orders"),
    ),
}
"""What keeps a record: rows that name it, and what the refusal calls them."""


def create_record(
    file: CompanyFile, table: str, key: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, object]:
    """Fill in a new record, column by column in the given order, at its maintenance screen.

    Raises:
        NotAllowedError: There is one, or the business object would refuse it.
    """
    if table not in SCREENS:
        message = f"There is no screen for new records of {table}."
        raise NotAllowedError(message)
    screen = SCREENS[table](Session.at_screen(file))
    try:
        for name, value in key.items():
            screen.set_key_value(f"{name}$", value)
        if screen.set_key() != NEW:
            message = f"{CALLED[table]} {'-'.join(key.values())} is already on file."
            raise NotAllowedError(message)
        for name, value in values.items():
            screen.set_value(*_typed_in(tables()[table], name, value))
        screen.write()
    except RefusedError as error:
        raise NotAllowedError(str(error)) from error
    return {"created": dict(key)}


def change_record(
    file: CompanyFile, table: str, key: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, object]:
    """Change columns of a record, as a person does at the maintenance screen.

    Raises:
        NotAllowedError: There is no such record or column, or the value does not fit.
    """
    find(file, table, key)
    try:
        changed = Row(_typed(tables()[table], name, value) for name, value in values.items())
    except RefusedError as error:
        raise NotAllowedError(str(error)) from error
    with file.transaction():
        file.update(table, dict(key), changed)
    return {"changed": sorted(changed)}


def _typed(table: Table, name: str, value: str) -> tuple[str, Value]:
    column, given = _typed_in(table, name, value)
    return name, taken(column_of(table, column), given)


def _typed_in(table: Table, name: str, value: str) -> tuple[str, str | float]:
    """Return a column as business objects call it, and what is typed into it."""
    is_number = name in table.columns and table.columns[name].is_numeric
    return (name, float(value)) if is_number else (f"{name}$", value)


def delete_record(file: CompanyFile, table: str, key: Mapping[str, str]) -> dict[str, object]:
    """Delete a record that nothing open names, with what hangs on it.

    Raises:
        NotAllowedError: There is no such record, or something open names it.
    """
    find(file, table, key)
    keeps = [called for other, called in OPEN.get(table, ()) if file.row(other, **key) is not None]
    if table == "CI_Item":
        stock = file.rows("IM_ItemWarehouse", **key)
        keeps += ["stock"] if any(row.number("QuantityOnHand") for row in stock) else []
    if keeps:
        message = f"{CALLED[table]} {'-'.join(key.values())} has {keeps[0]} and can't be deleted."
        raise NotAllowedError(message)
    with file.transaction():
        for part in (table, *PARTS.get(table, ())):
            file.delete(part, **key)
    return {"deleted": dict(key)}


def turn_option(file: CompanyFile, option: str, *, on: bool) -> dict[str, object]:
    """Turn an option of a module on or off.

    Raises:
        NotAllowedError: There is no such option.
    """
    if option not in options.OPTIONS:
        message = f"There is no option {option}."
        raise NotAllowedError(message)
    options.turn(file, option, on=on)
    return {option: on}


def find(file: CompanyFile, table: str, key: Mapping[str, str]) -> None:
    """Look a record up by its whole key.

    Raises:
        NotAllowedError: There is none.
    """
    is_whole = table in MAINTAINED and set(key) == set(tables()[table].key)
    if not is_whole or file.row(table, **key) is None:
        message = f"There is no {table} {'-'.join(key.values())}."
        raise NotAllowedError(message)
