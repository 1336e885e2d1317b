"""Credit notes to customers and from suppliers, and what of a credit is set against invoices."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import (
    SaidAllocation,
    SaidCredit,
    SaidCreditNote,
    amount_text,
)
from tieout.connectors.xero.client import Row, XeroClient, any_of
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, day, text
from tieout.connectors.xero.targets.invoices import PLACES
from tieout.connectors.xero.targets.kinds import (
    DocumentTarget,
    SingleTarget,
    UnaskedTarget,
    UnguardedTarget,
    totals,
)
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import CREDIT_NOTE

CREDITS = ("CreditNote", "Overpayment", "Prepayment")


class CreditNoteTarget(DocumentTarget):
    """Credit notes to customers, created once by their CreditNoteNumber; ours has our Reference."""

    entity = "credit_note"
    guard = "CreditNoteNumber: Xero refuses a second ACCRECCREDIT credit note with the same number"
    model = "CreditNote"
    resource = Resource(
        "CreditNotes", "CreditNotes", "PUT", "CreditNoteID", {**ONE_BY_ONE, **PLACES}
    )
    echoed = ("CreditNoteNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "CreditNoteNumber"),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Reference") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for note, row in _numbered(self.client, [number for (number,) in keys]):
            if note.type == "ACCRECCREDIT":
                yield Found(
                    (note.credit_note_number,),
                    _landed(note, row),
                    is_live=CREDIT_NOTE.is_live(note.status),
                    mark=note.reference,
                )


class VendorCreditTarget(UnaskedTarget, DocumentTarget, UnguardedTarget):
    """Credit notes from suppliers, told apart by supplier and number, as bills are."""

    entity = "vendor_credit"
    model = "CreditNote"
    resource = CreditNoteTarget.resource
    echoed = ("CreditNoteNumber",)

    @override
    def _key(self, payload: Json) -> Key:
        return text(payload, "Contact", "ContactID").lower(), text(payload, "CreditNoteNumber")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for note, row in _numbered(self.client, sorted({number for _contact_id, number in keys})):
            if note.type == "ACCPAYCREDIT":
                yield Found(
                    (note.contact.contact_id.lower(), note.credit_note_number),
                    _landed(note, row),
                    is_live=not CREDIT_NOTE.is_gone(note.status),
                )


class CreditAllocationTarget(SingleTarget, UnguardedTarget):
    """What of a credit is set against an invoice or a bill.

    The payload names one credit (CreditNote, Overpayment or Prepayment) beside Invoice, Amount and
    Date, which together tell allocations apart: an equal one on the same day is the same one. What
    goes beyond the credit or the amount due Xero refuses.
    """

    entity = "credit_allocation"
    model = "Allocation"
    resource = Resource("", "Allocations", "PUT", "Amount", ONE_BY_ONE)

    @override
    def _path(self, payload: Json) -> str:
        kind, credit_id = _credit(payload)
        return f"{kind}s/{credit_id}/Allocations"

    @override
    def _key(self, payload: Json) -> Key:
        kind, credit_id = _credit(payload)
        invoice_id = text(payload, "Invoice", "InvoiceID").lower()
        amount = _plain(text(payload, "Amount"))
        return kind, credit_id.lower(), invoice_id, amount, day(payload, "Date")

    @override
    def _content(self, payload: Json) -> Json:
        return {name: value for name, value in payload.items() if name not in CREDITS}

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for kind, credit_id in sorted({(kind, credit_id) for kind, credit_id, *_rest in keys}):
            for row in self.client.rows(f"{kind}s/{credit_id}", f"{kind}s"):
                credit = SaidCredit.of(row)
                for one in credit.allocations:
                    if one.invoice is not None and one.date is not None and not one.is_deleted:
                        invoice_id = one.invoice.invoice_id.lower()
                        amount = _plain(str(one.amount))
                        key = (kind, credit_id, invoice_id, amount, one.date.isoformat())
                        yield Found(key, _allocated(one, credit.currency_code))


def _numbered(client: XeroClient, numbers: Sequence[str]) -> Iterator[tuple[SaidCreditNote, Row]]:
    for where in any_of("CreditNoteNumber", numbers):
        for row in client.all_rows("CreditNotes", params={"where": where, **PLACES}):
            yield SaidCreditNote.of(row), row


def _credit(payload: Json) -> tuple[str, str]:
    """Return the kind and the id of the credit that a payload names.

    Raises:
        ValueError: It names none, or several.
    """
    named = [kind for kind in CREDITS if kind in payload]
    if len(named) != 1:
        message = f"it names {len(named)} of {', '.join(CREDITS)} instead of one"
        raise ValueError(message)
    return named[0], text(payload, named[0], f"{named[0]}ID")


def _plain(amount: str) -> str:
    """Return an amount without zeros that say nothing; what is no amount, as it is."""
    try:
        return format(Decimal(amount).normalize(), "f")
    except ArithmeticError:
        return amount


def _landed(note: SaidCreditNote, row: Row) -> Landed:
    return Landed(
        external_id=note.credit_note_id,
        external_no=note.credit_note_number,
        figures=totals(note),
        answer=plain_json(row),
    )


def _allocated(allocation: SaidAllocation, currency: str) -> Landed:
    return Landed(
        external_id=allocation.allocation_id,
        external_no="",
        figures={"amount": amount_text(allocation.amount, currency)},
    )
