"""200 addresses, and what they become in each ledger's fields: tests/golden/address, by country.

``pytest tests/unit/mapping --golden-update`` rewrites what they become; the diff is the review.
"""

import json

import pytest
import yaml

from tieout.domain.order import Address
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    contact_record,
    customer_record,
    make_node,
    sales_order_record,
)

FOLDER = ROOT / "tests" / "golden" / "address"
COUNTRIES = ("us", "ca", "au", "nz", "gb")
SAGE100 = ("AddressLine1", "AddressLine2", "AddressLine3", "City", "State", "ZipCode")
SHIP_TO = ("Name", "Address1", "Address2", "Address3")
XERO = ("AttentionTo", "AddressLine1", "AddressLine2", "City", "Region", "PostalCode")


@pytest.fixture(scope="module")
def become(mapper):
    """What an address becomes: by the mapping files of customer, sales order and contact."""
    order = mapper.order_from_shop(make_node([], total="0.00"))

    def fields_of(address):
        buyer = order.buyer.model_copy(update={"address": address})
        mine = order.model_copy(update={"buyer": buyer, "ship_to": address})
        customer = mapper.payload("to_sage100/customer", customer_record(mine))["header"]
        sales = mapper.payload("to_sage100/sales_order", sales_order_record(mine))["header"]
        ship_to = {name: sales[f"ShipTo{name}"] for name in SHIP_TO}
        contact = mapper.payload("to_xero/contact", contact_record(mine))
        said = {
            "sage100": {name: customer[name] for name in SAGE100},
            "ship_to": ship_to if address.company else {},
            "xero": {name: contact["Addresses"][0][name] for name in XERO},
        }
        return {
            system: {name: text for name, text in fields.items() if text}
            for system, fields in said.items()
            if fields
        }

    return fields_of


@pytest.mark.parametrize("country", COUNTRIES)
def test_an_address_becomes_what_its_golden_file_says(country, become, is_golden_update):
    cases = _cases(country)
    made = [{**_asked(case), **become(_address(country, case["source"]))} for case in cases]
    if is_golden_update:
        _write(country, made)

    assert made == _cases(country)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_second_pass_over_a_ledgers_fields_changes_nothing(country, become):
    for case in _cases(country):
        sage100, xero = case["sage100"], case["xero"]
        assert become(_from_sage100(country, sage100))["sage100"] == sage100, case["case"]
        assert become(_from_xero(country, xero))["xero"] == xero, case["case"]


def test_there_are_200_addresses():
    assert {country: len(_cases(country)) for country in COUNTRIES} == {
        "us": 85,
        "ca": 30,
        "au": 30,
        "nz": 20,
        "gb": 35,
    }


def _address(country, source):
    return Address(country_code=country.upper(), **source)


def _from_sage100(country, fields):
    lines = {f"line{n}": fields.get(f"AddressLine{n}", "") for n in (1, 2, 3)}
    return _address(
        country,
        {
            **lines,
            "city": fields.get("City", ""),
            "region_code": fields.get("State", ""),
            "postal_code": fields.get("ZipCode", ""),
        },
    )


def _from_xero(country, fields):
    return _address(
        country,
        {
            "name": fields.get("AttentionTo", ""),
            "line1": fields.get("AddressLine1", ""),
            "line2": fields.get("AddressLine2", ""),
            "city": fields.get("City", ""),
            "region_code": fields.get("Region", ""),
            "postal_code": fields.get("PostalCode", ""),
        },
    )


def _asked(case):
    return {name: case[name] for name in ("case", "source")}


def _cases(country):
    text = (FOLDER / f"{country}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _write(country, cases):
    """Write one line for each system of a case, in quotes, which YAML shares with JSON."""
    blocks = []
    for case in cases:
        named = {name: said for name, said in case.items() if name != "case"}
        lines = [
            f"  {name}: {json.dumps(said, ensure_ascii=False)}" for name, said in named.items()
        ]
        blocks.append("\n".join([f"- case: {case['case']}", *lines, ""]))
    (FOLDER / f"{country}.yaml").write_text("\n".join(blocks), encoding="utf-8")
