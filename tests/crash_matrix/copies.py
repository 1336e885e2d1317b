"""Copies of what the oracle does not read: contacts, customers, and notes on invoices."""

import time
from collections import Counter

from tieout.connectors.xero.client import XeroClient
from tieout.wiring.connections import connections_in, xero_config
from world import HARBOR, World

OUR_CUSTOMERS = "SELECT UDF_TIEOUT_ID FROM AR_Customer WHERE UDF_TIEOUT_ID <> ''"


def copies_unread(world: World) -> list[str]:
    """Name every buyer with two records in one system, and every invoice with a note twice."""
    return [*copied_contacts(world), *copied_customers(world), *copied_notes(world)]


def copied_contacts(world: World) -> list[str]:
    """Name every live contact of ours that Xero has twice."""
    rows = _xero(world).all_rows("Contacts", params={"includeArchived": "false"})
    numbers = Counter(str(row.get("ContactNumber") or "") for row in rows)
    del numbers[""]
    return [f"xero contact {number}: {held}" for number, held in numbers.items() if held > 1]


def copied_customers(world: World) -> list[str]:
    """Name every buyer whom Sage 100 has twice."""
    import pyodbc

    pair = world.tieout.pairs[HARBOR]
    settings = connections_in(world.configuration.connections)(pair.sage100_connection)
    database = pyodbc.connect(settings.text("odbc"), autocommit=True)
    try:
        marks = Counter(str(row[0]) for row in database.execute(OUR_CUSTOMERS).fetchall())
    finally:
        database.close()
    return [f"sage100 customer {mark}: {held}" for mark, held in marks.items() if held > 1]


def copied_notes(world: World) -> list[str]:
    """Name every note that an invoice of ours bears twice."""
    client = _xero(world)
    found = []
    for invoice in world.tieout.xero(HARBOR).invoices():
        rows = client.rows(f"Invoices/{invoice.invoice_id}/History", "HistoryRecords")
        notes = Counter(str(row["Details"]) for row in rows if row["Changes"] == "Note")
        found += [f"xero note on {invoice.number}: {held}" for held in notes.values() if held > 1]
    return found


def _xero(world: World) -> XeroClient:
    pair = world.tieout.pairs[HARBOR]
    connection = connections_in(world.configuration.connections)(pair.xero_connection)
    return XeroClient(xero_config(connection), clock=world.tieout.clock, sleep=time.sleep)
