import logging
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tieout.domain.order import Address, CapturedPayment
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    customer_record,
    make_address,
    make_customer,
    make_line,
    make_node,
    sales_order_record,
)

PAYMENT = CapturedPayment(
    source_id="8411223344551",
    gateway="shopify_payments",
    amount=Decimal("110.13"),
    captured_at=datetime(2026, 11, 29, 15, tzinfo=UTC),
    book_date=date(2026, 11, 29),
)


@pytest.fixture
def order(mapper):
    return mapper.order_from_shop(make_node([make_line(1, "10.00")], total="10.00"))


def test_a_payment_goes_to_the_clearing_account_with_its_transaction_id(mapper):
    record = {
        "payment": PAYMENT,
        "invoice_id": "id-1",
        "account_code": "091",
        "invoice_number": "HP-1042",
    }

    assert mapper.payload("to_xero/payment", record) == {
        "Invoice": {"InvoiceID": "id-1"},
        "Account": {"Code": "091"},
        "Date": "2026-11-29",
        "Amount": "110.13",
        "Reference": "HP-1042 8411223344551",
    }


def test_a_receipt_is_one_line_to_customer_deposits(mapper):
    record = {
        "payment": PAYMENT,
        "applied": PAYMENT.amount,
        "banked": PAYMENT.amount,
        "exchange_gain": "",
        "customer_no": "0000042",
        "division": "00",
        "bank_code": "S",
        "deposit_account": "230-00",
        "check_no": "T1A2B3C4D",
    }

    assert mapper.payload("to_sage100/cash_receipt", record) == {
        "header": {
            "BankCode": "S",
            "DepositDate": "2026-11-29",
            "ARDivisionNo": "00",
            "CustomerNo": "0000042",
            "CheckNo": "T1A2B3C4D",
            "PostingAmt": "110.13",
        },
        "lines": [{"Account": "230-00", "AmountPosted": "110.13"}],
    }


def test_the_shop_is_told_the_numbers_and_the_status(mapper, order):
    record = {
        "order": order,
        "invoice_number": "HP-1042",
        "sales_order_no": "0001234",
        "status": "posted",
    }

    payload = mapper.payload("to_shopify/order_status", record)

    assert payload["order_id"] == "6811223344551"
    assert payload["tags"] == ["tieout-posted"]
    assert {field["key"]: field["value"] for field in payload["metafields"]} == {
        "correlation_id": "6811223344551",
        "status": "posted",
        "invoice_number": "HP-1042",
        "sales_order_no": "0001234",
    }
    assert {field["namespace"] for field in payload["metafields"]} == {"tieout"}


def test_the_note_names_the_order_and_the_sales_order(mapper, order):
    record = {"invoice_id": "id-1", "sales_order_no": "0001234", "order": order}

    assert mapper.payload("to_xero/invoice_note", record) == {
        "invoice_id": "id-1",
        "details": "Shop order #1042 (6811223344551) is Sage 100 sales order 0001234.",
    }


def test_an_order_without_tax_overrides_no_tax(mapper, order):
    assert mapper.payload("to_sage100/sales_order", sales_order_record(order))["tax"] == {}


def test_a_company_ships_to_its_own_name_with_the_person_in_the_address(mapper):
    address = make_address(company="Northwind Warehouse", name="Dock 4")
    node = make_node([make_line(1, "10.00")], total="10.00", shippingAddress=address)
    order = mapper.order_from_shop(node)

    header = mapper.payload("to_sage100/sales_order", sales_order_record(order))["header"]

    assert header["ShipToName"] == "Northwind Warehouse"
    assert [header[f"ShipToAddress{n}"] for n in (1, 2, 3)] == [
        "Dock 4",
        "410 Example St",
        "Ste 3",
    ]


OWN_LINES = """
target: Sage 100 customer of a site with lines of 30 characters
extends: to_sage100/customer
fields:
""" + "".join(
    f"""
  header.AddressLine{number}:
    function: sage100_address_line
    from: [buyer.address, pair.policies.address_case]
    with: {{number: {number}, length: 30}}
"""
    for number in (1, 2, 3)
)


def test_a_site_with_shorter_address_lines_has_them_in_its_pairs_file(pairs, tmp_path):
    include = shutil.copytree(ROOT / "include", tmp_path / "include")
    own = include / "mappings/pairs/harbor_and_pine/to_sage100"
    own.mkdir(parents=True)
    (own / "customer.yaml").write_text(OWN_LINES, "utf-8")
    mapper = YamlMapper(include, pairs["harbor_and_pine"])
    address = make_address(address1="9000 Industrial Parkway, Building 12 North", address2="Dock 9")
    order = mapper.order_from_shop(make_node([], total="0.00", billingAddress=address))

    header = mapper.payload("to_sage100/customer", customer_record(order))["header"]

    assert [header[f"AddressLine{number}"] for number in (1, 2, 3)] == [
        "9000 Industrial Pkwy",
        "Bldg 12 North",
        "Dock 9",
    ]
    assert header["City"] == "Columbus"


def test_an_order_without_any_address_still_maps(mapper, order):
    nowhere = order.model_copy(update={"ship_to": Address()})

    header = mapper.payload("to_sage100/sales_order", sales_order_record(nowhere))["header"]

    assert header["ShipToName"] == ""
    assert "ShipToCountryCode" not in header


def test_a_country_without_three_letters_is_refused_with_the_tables_name(mapper):
    node = make_node([], total="0.00", billingAddress=make_address(countryCodeV2="XK"))
    order = mapper.order_from_shop(node)

    with pytest.raises(RejectedError, match=r"header\.CountryCode: nothing stands for 'XK'"):
        mapper.payload("to_sage100/customer", customer_record(order))


def test_what_is_altered_is_logged_by_field_and_never_by_content(mapper, caplog):
    customer = make_customer(firstName="小明", lastName="張", displayName="張小明")
    order = mapper.order_from_shop(make_node([], total="0.00", customer=customer))

    with caplog.at_level(logging.INFO):
        mapper.payload("to_sage100/customer", customer_record(order))

    (said,) = [record.getMessage() for record in caplog.records]
    what, _, fields = said.partition(" form: ")
    assert what == "to_sage100/customer: written in the target's"
    assert fields == "header.AddressLine1, header.AddressLine2, header.CustomerName"


def test_an_unknown_mapping_is_named(mapper):
    with pytest.raises(ConfigurationError, match="no mapping 'xero/planet'"):
        mapper.payload("xero/planet", {})


def test_a_wrong_file_is_found_when_the_mapper_is_made(pairs, tmp_path):
    include = shutil.copytree(ROOT / "include", tmp_path / "include")
    (include / "mappings/to_xero/payment.yaml").write_text("target: x", "utf-8")

    with pytest.raises(
        ConfigurationError, match=r"to_xero/payment\.yaml, line 1, the file as a whole"
    ):
        YamlMapper(include, pairs["harbor_and_pine"])


def test_a_table_with_a_value_twice_is_refused(pairs, tmp_path):
    include = shutil.copytree(ROOT / "include", tmp_path / "include")
    (include / "mappings/tables/colors.csv").write_text("from,to,note\nred,R,\nred,D,\n", "utf-8")

    with pytest.raises(
        ConfigurationError, match=r"colors\.csv, line 3: 'red' in the column 'from'"
    ):
        YamlMapper(include, pairs["harbor_and_pine"])


def test_a_deposit_is_set_on_the_order_by_its_number(mapper):
    record = {"sales_order_no": "0001234", "deposit": "110.13"}

    assert mapper.payload("to_sage100/order_deposit", record) == {
        "header": {"SalesOrderNo": "0001234", "DepositAmt": "110.13"}
    }


def test_what_is_left_to_sell_is_set_per_item_and_location(mapper):
    level = {"inventory_item_id": "5", "location_id": "71001", "available": "12"}

    assert mapper.payload("to_shopify/inventory_level", level) == level
