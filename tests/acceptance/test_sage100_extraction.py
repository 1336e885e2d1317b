"""Tables of Sage 100 into the inbox, whole: agent and people at work, ODBC, and PostgreSQL."""

import json
from typing import Any

import pytest

from acceptance.orders import PLACED_DAYS_AGO, TODAY, maker, number_of, paid
from tieout.domain.base import System
from tieout.domain.ledger import InboxEntry
from tieout.usecases.extract import Extracted
from world import HARBOR, World

pytestmark = pytest.mark.tier2

CUSTOMERS, ORDERS = "AR_Customer", "SO_SalesOrderHeader"
ENTRIES_MAX = 1000


def read(world: World, table: str) -> Extracted:
    return world.tieout.extract(HARBOR, table, source=System.SAGE100)


def waiting(world: World, table: str) -> list[InboxEntry]:
    return world.tieout.ledger.pending_entries(
        HARBOR, limit=ENTRIES_MAX, source=System.SAGE100, kind=table
    )


def says(entry: InboxEntry) -> dict[str, Any]:
    assert entry.body is not None
    found: dict[str, Any] = json.loads(entry.body)
    return found


def test_customers_land_once_and_again_when_people_change_them(world: World) -> None:
    first = read(world, CUSTOMERS)
    assert first.landed == first.records == len(waiting(world, CUSTOMERS))
    assert read(world, CUSTOMERS).landed == 0
    looked = world.tieout.sage100_fingerprint(HARBOR, CUSTOMERS)
    key = {"ARDivisionNo": "00", "CustomerNo": "0001003"}
    world.people(
        "change_record", table=CUSTOMERS, key=key, values={"CustomerName": "Harbor Coffee"}
    )
    assert world.tieout.sage100_fingerprint(HARBOR, CUSTOMERS) != looked
    assert read(world, CUSTOMERS).landed == 1
    newest = waiting(world, CUSTOMERS)[-1]
    assert (newest.resource_id, says(newest)["CustomerName"]) == ("00/0001003", "Harbor Coffee")


def test_our_own_order_is_no_news_until_its_lines_are_whole_and_people_change_it(
    world: World,
) -> None:
    make = maker()
    draft = make.draft(
        5901, make.known[3], make.line("LAMP-01", 3), at=make.at(PLACED_DAYS_AGO, "12:00")
    )
    world.post(paid(draft))
    assert read(world, ORDERS).echoes == 1
    assert waiting(world, ORDERS) == []
    (number,) = world.tieout.sage100(HARBOR).order_numbers([number_of(draft)]).values()
    world.people("enter_invoice", sales_order_no=number, invoice_date=TODAY.isoformat())
    line = {"SalesOrderNo": number, "LineKey": "000001"}
    world.people("begin_write", table="SO_SalesOrderDetail", key=line)
    assert read(world, ORDERS).landed == 0
    world.people("end_writes")
    assert read(world, ORDERS).landed == 1
    (entry,) = waiting(world, ORDERS)
    said = says(entry)
    assert [line["ItemCode"] for line in said["lines"]] == ["LAMP-01"]
    assert said["UserUpdatedKey"] != said["UserCreatedKey"]
