"""Vendors' bills and credits that Xero has approved, as the look for doubles wants them."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from tieout.connectors.xero.answers import SaidCreditNote, SaidDocument, SaidInvoice
from tieout.connectors.xero.client import XeroClient, any_of
from tieout.domain.records import KnownBill
from tieout.domain.statuses.machine import Phase
from tieout.domain.statuses.xero import BILL, CREDIT_NOTE

HELD_BY = "Xero"


def vendor_bills(
    client: XeroClient, contact_ids: Collection[str]
) -> dict[str, tuple[KnownBill, ...]]:
    """Return the approved bills and credits of vendors, by the contact's id."""
    found: dict[str, list[KnownBill]] = defaultdict(list)
    for where in any_of("Contact.ContactID", sorted(contact_ids), as_guid=True):
        for contact_id, bill in (*_bills(client, where), *_credits(client, where)):
            found[contact_id].append(bill)
    return {contact_id: tuple(bills) for contact_id, bills in found.items()}


def _bills(client: XeroClient, where: str) -> Iterator[tuple[str, KnownBill]]:
    params = {"where": f'Type=="ACCPAY" AND ({where})'}
    for row in client.all_rows("Invoices", params=params):
        said = SaidInvoice.of(row)
        if said.status in BILL.words(Phase.LIVE):
            yield from _known(said, said.invoice_id, said.invoice_number, sign=1)


def _credits(client: XeroClient, where: str) -> Iterator[tuple[str, KnownBill]]:
    params = {"where": f'Type=="ACCPAYCREDIT" AND ({where})'}
    for row in client.all_rows("CreditNotes", params=params):
        said = SaidCreditNote.of(row)
        if said.status in CREDIT_NOTE.words(Phase.LIVE):
            yield from _known(said, said.credit_note_id, said.credit_note_number, sign=-1)


def _known(
    said: SaidDocument, source_id: str, number: str, *, sign: int
) -> Iterator[tuple[str, KnownBill]]:
    if said.date is not None:
        yield (
            said.contact.contact_id,
            KnownBill(
                held_by=HELD_BY,
                source_id=source_id,
                number=number,
                book_date=said.date,
                total=said.total * sign,
            ),
        )
