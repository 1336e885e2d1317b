"""Lists of thousands: each record once, in the order of changes, and never as it was before.

What was written of a record is kept until something changes (tieout.simulators.xero.renderings).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.xero.client import HPS, Json, XeroClient
from simulators.xero.conftest import simulator
from simulators.xero.filling import START, fill
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.store import Books, Journal, Shelf

COUNT = 2_500
EARLIER = 200
"""The contacts that the organisation begins with changed when it began."""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroClient]:
    state = tmp_path_factory.mktemp("many")
    fill(state, contacts=COUNT, invoices=COUNT)
    with simulator(state, "--minute-limit", "100000", "--day-limit", "100000") as base:
        yield XeroClient(base)


def pages(many: XeroClient, resource: str, **query: Any) -> list[Json]:
    """Return every record of a list, a thousand a page."""
    first = many.get(resource, page=1, pageSize=1000, **query).json()
    rest = [
        many.get(resource, page=number, pageSize=1000, **query).json()
        for number in range(2, first["pagination"]["pageCount"] + 1)
    ]
    return [record for page in (first, *rest) for record in page[resource]]


def test_pages_bring_every_invoice_once_in_the_order_of_changes(many: XeroClient) -> None:
    numbers = [invoice["InvoiceNumber"] for invoice in pages(many, "Invoices")]
    assert numbers == [f"MANY-{number}" for number in range(COUNT)]


def test_pages_bring_every_contact_once(many: XeroClient) -> None:
    numbers = [c.get("ContactNumber") for c in pages(many, "Contacts", includeArchived="true")]
    assert len(set(numbers)) == len(numbers) == COUNT + EARLIER


def test_a_delta_begins_at_its_second(many: XeroClient) -> None:
    since = START + timedelta(seconds=COUNT + 2_000)
    later = XeroClient(many.base, headers={"If-Modified-Since": since.isoformat()})
    numbers = [invoice["InvoiceNumber"] for invoice in pages(later, "Invoices")]
    assert numbers == [f"MANY-{number}" for number in range(2_000, COUNT)]


def invoice(many: XeroClient, number: int) -> Json:
    (found,) = many.get("Invoices", InvoiceNumbers=f"MANY-{number}", page=1).json()["Invoices"]
    return dict(found)


def test_a_page_shows_what_became_of_what_an_invoice_names(many: XeroClient) -> None:
    before = invoice(many, 7)
    contact = before["Contact"]["ContactID"]
    many.post(f"Contacts/{contact}", {"Name": "Renamed"}).raise_for_status()
    many.pay(before, 4).raise_for_status()
    path = f"Invoices/{before['InvoiceID']}/Attachments/a.pdf"
    many.send("PUT", path, data=b"%PDF", headers={"Content-Type": "application/pdf"})
    after = invoice(many, 7)
    assert (before["Contact"]["Name"], after["Contact"]["Name"]) == ("Buyer 7", "Renamed")
    assert (before["AmountPaid"], after["AmountPaid"]) == (0.0, 4.0)
    assert (before["HasAttachments"], after["HasAttachments"]) == (False, True)


def test_a_page_shows_the_places_that_are_asked_for(many: XeroClient) -> None:
    two, four, summary = (
        many.get("Invoices", InvoiceNumbers="MANY-9", page=1, **query).json()["Invoices"][0]
        for query in ({}, {"unitdp": 4}, {"summaryOnly": "true"})
    )
    line_id = two["LineItems"][0]["LineItemID"]
    figures = {"UnitAmount": "10.5049", "LineItemID": line_id}
    path = f"documents/{many.tenant_id}/Invoices/{two['InvoiceID']}"
    many.control("PUT", path, {"LineItems": [figures]}).raise_for_status()
    read = [
        many.get("Invoices", InvoiceNumbers="MANY-9", page=1, **query).json()["Invoices"][0]
        for query in ({}, {"unitdp": 4})
    ]
    assert (two["LineItems"][0], "LineItems" in summary) == (four["LineItems"][0], False)
    assert [one["LineItems"][0]["UnitAmount"] for one in read] == [10.5, 10.5049]


def test_what_is_refused_leaves_the_page_as_it_was(many: XeroClient) -> None:
    before = invoice(many, 11)
    path = f"Invoices/{before['InvoiceID']}"
    assert many.post(path, {"Reference": "other", "Total": 1}).status_code == 400
    assert invoice(many, 11) == before


def test_pages_are_written_anew_for_a_change_of_the_organisation_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "xero.sqlite")
    books = Books(HPS, journal, lambda: START, lambda: "new")
    written: list[str] = []

    def write() -> str:
        written.append("again")
        return "a page"

    def put(owner: str) -> None:
        shelf = Shelf(journal, f"{owner}/Contact", Contact, identify=lambda one: one.contact_id)
        shelf.put(Contact(contact_id="c1"))

    books.renderings.text("form", write)
    put("identity")
    books.renderings.text("form", write)
    assert len(written) == 1
    put(HPS)
    books.renderings.text("form", write)
    journal.rollback(0)
    books.renderings.text("form", write)
    assert len(written) == 3
    journal.close()
