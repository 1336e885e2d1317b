"""Bills over the wire: HTTP to Xero, ODBC and the agent to Sage 100, the ledger on PostgreSQL.

One world for all; each test has bills of its own in it. What is entered must stand in both ledgers'
books alike, and what is not must be named.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from buying import CASCO, Buying
from conftest import empty_ledger
from sage100_simulator import sage100
from tieout.ledger.postgres import PostgresLedger
from xero_simulator import xero_simulator


@pytest.fixture(scope="module")
def buying(tmp_path_factory: pytest.TempPathFactory, shared_ledger_url: str) -> Iterator[Buying]:
    empty_ledger(shared_ledger_url)
    with (
        xero_simulator(tmp_path_factory.mktemp("xero")) as simulator,
        sage100(tmp_path_factory.mktemp("sage100")) as sage,
    ):
        ledger = PostgresLedger(shared_ledger_url)
        world = Buying(simulator, sage, ledger)
        yield world
        world.sage100.close()
        ledger.close()


@pytest.fixture(autouse=True)
def accounted_for(buying: Buying) -> Iterator[None]:
    """See after every test that no entry is lost, and that both books agree on every account."""
    yield
    assert buying.ledger.conservation(buying.pair.pair).is_conserved
    balances = buying.balances()
    assert {role for role, (xero, sage) in balances.items() if xero != sage} == set()


def sage_bill(buying: Buying, vendor_no: str, number: str) -> list[tuple[str, Decimal]]:
    """Return where Sage 100 has a bill, and for how much."""
    held = buying.sage100.payables("00", {vendor_no}).bills.get(vendor_no, ())
    return [(one.held_by, one.total) for one in held if one.number == number]


def test_a_bill_of_several_lines_with_tax_and_freight_is_entered_once(buying: Buying) -> None:
    lines = (("445", "100.00"), ("453", "40.00"), ("425", "6.00"))
    source_id = buying.bill(CASCO, "Multi-1", *lines, Status="DRAFT")
    assert buying.run() == {}
    buying.enter("POST", f"Invoices/{source_id}", {"InvoiceID": source_id, "Status": "AUTHORISED"})

    report = buying.run()

    assert report["ap_invoice"].confirmed == report["settle_bills"].confirmed == 1
    assert sage_bill(buying, CASCO, "MULTI-1") == [("Sage 100, entered", Decimal("146.00"))]
    assert buying.run() == {}
    buying.post("post_ap_invoices")
    assert buying.balances()["light"] == (Decimal(100), Decimal(100))
    assert buying.balances()["payables"] == (Decimal(-146), Decimal(-146))
