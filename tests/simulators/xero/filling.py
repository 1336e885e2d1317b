"""Organisations with more records than anybody would send one by one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from simulators.xero.client import HPS
from tieout.simulators.company import COMPANIES
from tieout.simulators.xero.contact_records import Address, Contact, Phone
from tieout.simulators.xero.document_records import Invoice, LineItem
from tieout.simulators.xero.seed import seed
from tieout.simulators.xero.store import Books, Journal

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LINES: Final = 3
PRICE: Final = Decimal("10.50")
_COMMIT_RECORDS: Final = 10_000


def fill(state: Path, *, contacts: int, invoices: int) -> None:
    """Put so many contacts, and invoices of three lines, into the state of a simulator.

    Each changed a second after the one before, contacts first.
    """
    journal = Journal(state / "xero.sqlite")
    books = Books(HPS, journal, lambda: START, lambda: str(uuid5(UUID(HPS), "new")))
    (company,) = (one for one in COMPANIES.values() if one.xero_tenant_id == HPS)
    seed(books, company)
    ids = [str(uuid5(UUID(HPS), f"contact {number}")) for number in range(contacts)]
    for number, contact_id in enumerate(ids):
        books.contacts.put(_contact(number, contact_id))
        if number % _COMMIT_RECORDS == 0:
            journal.commit()
    for number in range(invoices):
        moment = START + timedelta(seconds=contacts + number)
        books.invoices.put(_invoice(number, ids[number % contacts], moment))
        if number % _COMMIT_RECORDS == 0:
            journal.commit()
    journal.commit()
    journal.close()


def _contact(number: int, contact_id: str) -> Contact:
    address = Address(address_type="STREET", address_line1=f"{number} Main Street", city="Dover")
    return Contact(
        contact_id=contact_id,
        contact_number=f"MANY-{number}",
        contact_status="ACTIVE",
        name=f"Buyer {number}",
        email_address=f"buyer{number}@shop.example",
        addresses=(address, Address(address_type="POBOX")),
        phones=tuple(Phone(phone_type=kind) for kind in ("DEFAULT", "DDI", "FAX", "MOBILE")),
        is_customer=True,
        is_supplier=False,
        updated=START + timedelta(seconds=number),
    )


def _invoice(number: int, contact_id: str, moment: datetime) -> Invoice:
    return Invoice(
        invoice_id=str(uuid5(UUID(HPS), f"invoice {number}")),
        type="ACCREC",
        invoice_number=f"MANY-{number}",
        reference=f"Order {number}",
        contact_id=contact_id,
        date=moment.date(),
        due_date=moment.date(),
        line_amount_types="Exclusive",
        status="AUTHORISED",
        currency_code="USD",
        currency_rate=Decimal(1),
        sent_to_contact=False,
        line_items=tuple(_line(number, line) for line in range(LINES)),
        sub_total=PRICE * LINES,
        total_tax=Decimal("0.00"),
        total=PRICE * LINES,
        updated=moment,
    )


def _line(number: int, line: int) -> LineItem:
    return LineItem(
        line_item_id=str(uuid5(UUID(HPS), f"line {number} {line}")),
        description=f"Part {line}",
        quantity=Decimal(1),
        unit_amount=PRICE,
        account_code="200",
        tax_type="NONE",
        tax_amount=Decimal("0.00"),
        line_amount=PRICE,
    )
