"""One line of YAML brings a field of the shop's customers into both ledgers, UDFs of Sage 100 too.

The installation gets such lines, and nothing else: a new customer of the shop orders, the flow
runs, and the field is read back from Xero by HTTP and from Sage 100 by ODBC.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.orders import PLACED_DAYS_AGO, maker, paid
from tieout.domain.base import System
from tieout.domain.customer import Customer
from tieout.domain.reading import START
from tieout.wiring.installation import open_tieout
from world import HARBOR, INCLUDE, World

SHARED = "mappings/shared/customer.yaml"
LINE = "  account_no: {shopify: customer.note, xero: AccountNumber, sage100: Comment, length: 30}"
OWN_LINE = "  route: {shopify: customer.note, sage100: UDF_ROUTE, length: 10}"
SHOP_CUSTOMER_ID = 7_700_000_005_951
EMAIL = "nora.quist@example.com"


@pytest.fixture
def with_line(world: World, tmp_path: Path) -> Iterator[World]:
    """Open the same world with mapping files that have two lines more."""
    include = shutil.copytree(INCLUDE, tmp_path / "include")
    text = (include / SHARED).read_text("utf-8")
    (include / SHARED).write_text(
        text.replace("fields: {}", f"fields:\n{LINE}\n{OWN_LINE}"), "utf-8"
    )
    tieout = open_tieout(world.configuration.connections, include)
    yield replace(world, tieout=tieout)
    tieout.ledger.close()


def new_customers_order() -> dict[str, Any]:
    """Return an order of a customer whom no ledger knows, and of whom the shop noted something."""
    make = maker()
    draft = make.draft(
        5951, make.known[3], make.line("LAMP-01", 1), at=make.at(PLACED_DAYS_AGO, "12:00")
    )
    order = paid(draft)
    customer = {
        **order["customer"],
        "id": SHOP_CUSTOMER_ID,
        "first_name": "Nora",
        "last_name": "Quist",
        "email": EMAIL,
        "note": "K-114",
    }
    return {**order, "customer": customer, "email": EMAIL}


def kept(world: World, system: System) -> Customer:
    """Read the new customer from a ledger's own list."""
    tieout = world.tieout
    lists, resource = (
        (tieout.xero(HARBOR).lists, "Contacts")
        if system is System.XERO
        else (tieout.sage100(HARBOR).lists(), "AR_Customer")
    )
    mapper = tieout.mapper(HARBOR)
    customers = [
        mapper.customer_from(system, json.loads(record.body))
        for page in lists.pages(resource, START)
        for record in page.records
    ]
    return next(one for one in customers if one.email == EMAIL)


def test_a_line_in_the_customer_mapping_arrives_in_xero_and_in_sage_100(with_line: World) -> None:
    with_line.post(new_customers_order())

    assert kept(with_line, System.XERO).custom == {"account_no": "K-114"}
    in_sage100 = kept(with_line, System.SAGE100)
    assert in_sage100.custom == {"account_no": "K-114", "route": "K-114"}
    assert in_sage100.tieout_id == f"SHOP-{SHOP_CUSTOMER_ID}"
