"""Customers, contacts, ship-to addresses, items and vendors at their maintenance objects.

Each rule names where it comes from: boi.json (classes and required columns), README.md section 6
(rules that break integrations) and section 1 (keys) of the Sage 100 notes, or dictionary.json.
"""

from collections.abc import Callable
from typing import Any

import pytest

from simulators.sage100.boi_client import Boi, Reference, next_number, set_all, value_of
from simulators.sage100.installation import Sage100

GUEST = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}


def opened(boi: Boi, class_name: str, **key: str) -> Any:
    """Open a record by its key; it may be new."""
    bus = boi.open(class_name, class_name.replace("_bus", "_ui"))
    for name, value in key.items():
        assert bus.nSetKeyValue(f"{name}$", value) == 1, bus.sLastErrorMsg
    assert bus.nSetKey() in {1, 2}, bus.sLastErrorMsg
    return bus


def new_customer(boi: Boi, number: str = "NEWONE") -> Any:
    customers = opened(boi, "AR_Customer_bus", ARDivisionNo="00", CustomerNo=number)
    set_all(customers, CustomerName="Ada Lovelace")
    return customers


def new_contact(boi: Boi, code: str = "ADA") -> Any:
    contacts = opened(boi, "AR_CustomerContact_bus", **GUEST, ContactCode=code)
    set_all(contacts, ContactName="Ada Lovelace")
    return contacts


def new_address(boi: Boi, code: str = "DOCK") -> Any:
    addresses = opened(boi, "SO_ShipToAddress_bus", **GUEST, ShipToCode=code)
    set_all(addresses, ShipToName="Loading dock")
    return addresses


def new_item(boi: Boi, code: str = "LAMP-99", **values: str) -> Any:
    items = opened(boi, "CI_ItemCode_bus", ItemCode=code)
    set_all(items, ItemType="1", ProductLine="LITE", ItemCodeDesc="Brass lamp", **values)
    return items


def new_vendor(boi: Boi, number: str = "ACME") -> Any:
    vendors = opened(boi, "AP_Vendor_bus", APDivisionNo="00", VendorNo=number)
    set_all(vendors, VendorName="Acme Lamps", TermsCode="30")
    return vendors


NEW: dict[str, tuple[Callable[[Boi], Any], str, str]] = {
    "customer": (new_customer, "AR_Customer", "CustomerName"),
    "contact": (new_contact, "AR_CustomerContact", "ContactName"),
    "address": (new_address, "SO_ShipToAddress", "ShipToName"),
    "item": (new_item, "CI_Item", "ItemCodeDesc"),
    "vendor": (new_vendor, "AP_Vendor", "VendorName"),
}
every = pytest.mark.parametrize("kind", NEW)


@every
def test_a_record_is_stored_by_its_write_and_stamped(sage100: Sage100, boi: Boi, kind: str) -> None:
    # README 2: all six audit columns of the masters; DateUpdated is a date, TimeUpdated text.
    make, table, name = NEW[kind]
    bus = make(boi)
    held = f"SELECT {name}, UserCreatedKey, TimeUpdated FROM {table} ORDER BY DateCreated"  # noqa: S608 - names of this file
    before = len(sage100.query(held))
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    rows = sage100.query(held)
    assert len(rows) == before + 1
    assert [row for row in rows if row[1] == "0000000012" and float(row[2]) > 8]


@every
def test_a_new_record_needs_its_name(boi: Boi, kind: str) -> None:
    # boi.json, required_fields: CustomerName$, ContactName$, ShipToName$, ItemCodeDesc$.
    make, _table, name = NEW[kind]
    bus = make(boi)
    bus.nSetValue(f"{name}$", "")
    assert bus.nWrite() == 0
    assert "is required" in bus.sLastErrorMsg


@every
def test_a_record_that_another_workstation_opens_meanwhile_is_not_written(
    sage100: Sage100, boi: Boi, kind: str
) -> None:
    # README 4: a record open in another session makes nWrite return 0 with a message.
    make, table, _name = NEW[kind]
    bus = make(boi)
    key = {"item": "LAMP-99", "customer": "00/NEWONE", "vendor": "00/ACME"}.get(
        kind, "00/WEBGUEST/"
    )
    key += {"contact": "ADA", "address": "DOCK"}.get(kind, "")
    sage100.done("lock", table=table, key=key, seconds=30)
    assert bus.nWrite() == 0
    assert "in use by another workstation" in bus.sLastErrorMsg


@every
def test_a_change_keeps_what_it_does_not_name(sage100: Sage100, boi: Boi, kind: str) -> None:
    make, table, name = NEW[kind]
    assert make(boi).nWrite() == 1
    again = make(boi)
    set_all(again, **{name: "Another name"})
    assert again.nWrite() == 1, again.sLastErrorMsg
    sql = f"SELECT COUNT(*) FROM {table} WHERE {name} = 'Another name'"  # noqa: S608 - names of this file
    assert sage100.query(sql)[0][0] == 1


def test_customer_numbers_come_from_sage_only_where_the_option_is_on(
    sage100: Sage100, boi: Boi
) -> None:
    # boi.json, AR_Customer_bus: nGetNextCustomerNo "when auto increment is on".
    customers = boi.customers()
    assert len(next_number(customers, "nGetNextCustomerNo")) == 7
    sage100.done("turn_option", option="numbers_customers", on=False)
    assert customers.nGetNextCustomerNo(Reference()) == 0
    assert "not turned on" in customers.sLastErrorMsg


def test_a_salesperson_is_required_by_option_and_must_be_on_file(
    sage100: Sage100, boi: Boi
) -> None:
    # boi.json: "when options require a salesperson"; README 6: a public loader fails without one.
    sage100.done("turn_option", option="requires_salesperson", on=True)
    customers = new_customer(boi)
    assert customers.nWrite() == 0
    assert customers.sLastErrorMsg == "The Salesperson is required."
    customers.nSetValue("SalespersonDivisionNo$", "00")
    assert customers.nSetValue("SalespersonNo$", "0999") == 0
    assert customers.nSetValue("SalespersonNo$", "100") == 1  # zero filled to 0100
    assert customers.nWrite() == 1


def test_a_tax_schedule_is_required_where_sales_tax_is_reported(sage100: Sage100, boi: Boi) -> None:
    # boi.json: "TaxSchedule$ when sales tax reporting is on".
    customers = new_customer(boi)
    customers.nSetValue("TaxSchedule$", "")
    assert customers.nWrite() == 0
    assert customers.sLastErrorMsg == "The Tax Schedule is required."
    sage100.done("turn_option", option="reports_sales_tax", on=False)
    assert customers.nWrite() == 1


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [("TermsCode", "1", "01"), ("State", "ME", "ME"), ("CountryCode", "USA", "USA")],
)
def test_codes_are_kept_in_their_stored_form(
    boi: Boi, column: str, value: str, stored: str
) -> None:
    # README 6: TermsCode 2 zero filled, State 2, CountryCode 3.
    customers = new_customer(boi)
    assert customers.nSetValue(f"{column}$", value) == 1
    assert value_of(customers, f"{column}$") == stored


@pytest.mark.parametrize(
    ("column", "value"),
    [("TermsCode", "77"), ("State", "Queensland"), ("CountryCode", "Peru"), ("TaxSchedule", "NO")],
)
def test_what_is_not_on_file_or_does_not_fit_is_refused(boi: Boi, column: str, value: str) -> None:
    # README 6: foreign provinces over 2 characters overflow; terms and schedules must exist.
    assert new_customer(boi).nSetValue(f"{column}$", value) == 0


@pytest.mark.parametrize(("code", "city"), [("04101", "Portland"), ("99999", "Salem")])
def test_a_postal_code_on_file_fills_in_its_place(boi: Boi, code: str, city: str) -> None:
    # boi.json, AR_Customer_bus (unconfirmed): set ZipCode$ first, then City$ and State$.
    customers = new_customer(boi)
    set_all(customers, City="Salem", ZipCode=code)
    assert value_of(customers, "City$") == city


@pytest.mark.parametrize("column", ["CurrentBalance", "OpenOrderAmt", "AgingCategory1"])
def test_balances_belong_to_the_registers(boi: Boi, column: str) -> None:
    # dictionary.json, AR_Customer: "system maintained: do not write".
    assert new_customer(boi).nSetValue(column, 1.0) == 0


@pytest.mark.parametrize("class_name", ["AR_CustomerContact_bus", "SO_ShipToAddress_bus"])
def test_what_hangs_on_a_customer_needs_the_customer(boi: Boi, class_name: str) -> None:
    # README 1.2: the customer's key is the first part of theirs.
    bus = boi.open(class_name, class_name.replace("_bus", "_ui"))
    code = "ContactCode$" if "Contact" in class_name else "ShipToCode$"
    for column, value in {"ARDivisionNo$": "00", "CustomerNo$": "NOBODY", code: "ADA"}.items():
        bus.nSetKeyValue(column, value)
    assert bus.nSetKey() == 0
    assert bus.sLastErrorMsg == "The Customer Number 00-NOBODY is not on file."


@pytest.mark.parametrize("class_name", ["AR_CustomerContact_bus", "SO_ShipToAddress_bus"])
def test_each_object_opens_under_its_own_task_alone(boi: Boi, class_name: str) -> None:
    # README 4: missing nSetProgram or rights make NewObject fail with error 200.
    with pytest.raises(Exception, match=r"Error 200"):
        boi.open(class_name, "AR_Customer_ui")


def test_a_ship_to_code_has_four_characters(boi: Boi) -> None:
    # README 1.2: ShipToCode(4).
    bus = boi.open("SO_ShipToAddress_bus", "SO_ShipToAddress_ui")
    assert bus.nSetKeyValue("ShipToCode$", "DOCK1") == 0


def test_an_item_needs_its_type_before_its_product_line(boi: Boi) -> None:
    # boi.json, CI_ItemCode_bus: "ItemType$ (new item: before ProductLine$)".
    items = opened(boi, "CI_ItemCode_bus", ItemCode="LAMP-99")
    assert items.nSetValue("ProductLine$", "LITE") == 0
    assert items.nSetValue("ItemType$", "1") == 1
    assert items.nSetValue("ProductLine$", "LITE") == 1


def test_an_item_takes_units_valuation_and_accounts_from_its_product_line(
    sage100: Sage100, boi: Boi
) -> None:
    # boi.json: "Valuation, UOM, accounts default from the product line".
    assert new_item(boi).nWrite() == 1
    sql = "SELECT Valuation, StandardUnitOfMeasure, SalesAcctKey FROM CI_Item WHERE ItemCode = ?"
    found = sage100.query(sql, "LAMP-99")
    assert tuple(found[0]) == ("2", "EACH", sage100.account_key("400-00"))


@pytest.mark.parametrize("kind", ["3", "4", "5"])
def test_charges_comments_and_miscellaneous_items_need_no_product_line(boi: Boi, kind: str) -> None:
    # README 1.3: CI_Item itself allows 1, 3, 4 and 5; boi.json: ProductLine$ for type 1.
    items = opened(boi, "CI_ItemCode_bus", ItemCode="FREIGHT")
    set_all(items, ItemType=kind, ItemCodeDesc="Freight out", StandardUnitOfMeasure="EACH")
    assert items.nWrite() == 1, items.sLastErrorMsg


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ItemType$", "2"),
        ("ProductLine$", "NONE"),
        ("StandardUnitOfMeasure$", "PIECE"),
        ("ItemCodeDesc$", "x" * 31),
    ],
)
def test_an_item_is_refused_what_its_master_does_not_hold(
    boi: Boi, column: str, value: str
) -> None:
    # README 1.3 (types) and 6 (description 30, unit of measure 4 characters).
    assert new_item(boi).nSetValue(column, value) == 0


def test_a_special_item_is_not_on_file(boi: Boi) -> None:
    # dictionary.json, CI_Item.ItemCode: special items, with /, stand in lines.
    items = boi.open("CI_ItemCode_bus", "CI_ItemCode_ui")
    items.nSetKeyValue("ItemCode$", "/SPECIAL")
    assert items.nSetKey() == 0


def test_the_valuation_of_an_item_with_stock_stays(boi: Boi) -> None:
    # boi.json (unconfirmed): "valuation cannot be changed once there is activity".
    items = opened(boi, "CI_ItemCode_bus", ItemCode="LAMP-01")
    assert items.nSetValue("Valuation$", "3") == 0
    assert items.nSetValue("Valuation$", "2") == 1


@pytest.mark.parametrize(("given", "stored"), [("acme", "ACME"), ("71", "0000071")])
def test_vendor_numbers_are_padded_and_upper_case(boi: Boi, given: str, stored: str) -> None:
    # dictionary.json, AP_Vendor.VendorNo: 7 chars; all-numeric values zero padded; upper case.
    vendors = opened(boi, "AP_Vendor_bus", APDivisionNo="00", VendorNo=given)
    assert value_of(vendors, "VendorNo$") == stored


def test_a_vendor_needs_a_division_terms_and_a_number_of_its_own(boi: Boi) -> None:
    # boi.json, AP_Vendor_bus: VendorName$ and TermsCode$; no number from Sage. README 3: '00'.
    vendors = boi.open("AP_Vendor_bus", "AP_Vendor_ui")
    assert not hasattr(vendors, "nGetNextVendorNo")
    vendors.nSetKeyValue("APDivisionNo$", "07")
    vendors.nSetKeyValue("VendorNo$", "ACME")
    assert vendors.nSetKey() == 0
    assert vendors.sLastErrorMsg == "The A/P Division 07 is not on file."
    vendors = new_vendor(boi)
    vendors.nSetValue("TermsCode$", "")
    assert vendors.nWrite() == 0
    assert vendors.sLastErrorMsg == "The Terms Code is required."


@pytest.mark.parametrize(
    ("column", "value"),
    [("TermsCode$", "77"), ("AccountKey$", "400-00"), ("VendorName$", "x" * 31)],
)
def test_a_vendor_is_refused_what_is_not_on_file_or_too_long(
    boi: Boi, column: str, value: str
) -> None:
    # dictionary.json, AP_Vendor (name 30 before the field expansion); README 6 (AccountKey).
    assert new_vendor(boi).nSetValue(column, value) == 0


@pytest.mark.parametrize(
    ("class_name", "task", "column"),
    [
        ("GL_Account_bus", "GL_Account_ui", "AccountKey$"),
        ("CI_ItemCode_svc", "CI_ItemCode_ui", "ItemCode$"),
        ("AR_CustomerContact_svc", "AR_CustomerContact_ui", "ContactCode$"),
    ],
)
def test_accounts_and_services_are_read_and_never_written(
    sage100: Sage100, boi: Boi, class_name: str, task: str, column: str
) -> None:
    # boi.json: GL_Account_bus "read: nFind / nGetResultSets"; _svc objects are read only.
    bus = boi.open(class_name, task)
    key = {"AccountKey$": sage100.account_key("400-00"), "ItemCode$": "LAMP-01"}
    if column in key:
        bus.nSetKeyValue(column, key[column])
        assert bus.nSetKey() == 1
    assert bus.nWrite() == 0
    assert "does not write" in bus.sLastErrorMsg


def test_people_change_and_delete_records_at_their_own_screens(sage100: Sage100, boi: Boi) -> None:
    assert new_contact(boi).nWrite() == 1
    record = {"table": "AR_CustomerContact", "key": {**GUEST, "ContactCode": "ADA"}}
    sage100.done("change_record", **record, values={"ContactTitle": "Countess"})
    assert sage100.query("SELECT ContactTitle FROM AR_CustomerContact")[0][0] == "Countess"
    sage100.done("delete_record", **record)
    assert sage100.query("SELECT * FROM AR_CustomerContact") == []
    assert sage100.act("delete_record", **record).status_code == 409


def test_people_create_records_by_the_rules_of_the_business_object(sage100: Sage100) -> None:
    record = {"table": "AP_Vendor", "key": {"APDivisionNo": "00", "VendorNo": "SCREEN"}}
    refused = sage100.act("create_record", **record, values={"VendorName": "No terms"})
    assert (refused.status_code, "Terms Code" in refused.text) == (409, True)
    sage100.done("create_record", **record, values={"VendorName": "On paper", "TermsCode": "30"})
    named = "SELECT VendorName, VendorStatus FROM AP_Vendor WHERE VendorNo = 'SCREEN'"
    assert [tuple(row) for row in sage100.query(named)] == [("On paper", "A")]
    again = sage100.act("create_record", **record, values={"VendorName": "Twice"})
    assert (again.status_code, "already on file" in again.text) == (409, True)
