"""Canonical records beside the shop's order: master data, invoices, bills, payments, journals.

What flows between the ledgers is read into these, judged by the gate, and mapped from them. An
account stands on every line in the terms of both ledgers, '' where nothing is mapped. Amounts are
in the record's currency. Empty strings where the source says nothing.
"""

from datetime import date

from pydantic import Field

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.domain.order import Address

BILL_MARK = "XB "
"""How the comment of a bill begins that came from Xero: with its id it fills 39 of 40 places."""


class Record(Frozen):
    """What every one has: its source's id, its number, name or reference, and its currency."""

    source_id: str = Field(min_length=1)
    number: str = ""
    currency: str


class Accounts(Frozen):
    """One account as both ledgers have it: a code in Xero, a formatted number in Sage 100."""

    xero: str = ""
    sage100: str = ""


class Item(Record):
    """Something bought or sold; its ``number`` is its code.

    What it is called and what it sells for, both ledgers say. ``cost``, ``sales`` and quantities
    are read at most, never written (docs/reference/accounting.md).
    """

    description: str = ""
    unit: str = ""
    price: Amount = ZERO
    cost: Amount = ZERO
    sales: Accounts = Accounts()
    is_tracked_in_xero: bool = False
    is_sold: bool = True
    is_purchased: bool = True
    is_active: bool = True


class Vendor(Record):
    """Who is bought from; ``form_1099`` says whether what it is paid is reported to the IRS.

    Bank details and tax ids are no fields of it: they are not copied from ledger to ledger.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()
    is_active: bool = True
    terms_code: str = ""
    form_1099: bool = False
    has_tax_id: bool = False


class Owed(Record):
    """What a document asks money for: how much in all, and by when."""

    book_date: date
    due_date: date
    terms_code: str = ""
    freight: Amount = ZERO
    tax: Amount = ZERO
    total: Amount


class SoldLine(Frozen):
    """A line of an invoice; ``net`` is after discounts and without tax."""

    item_code: str
    quantity: Amount
    net: Amount
    tax: Amount = ZERO
    tax_rate: Amount = ZERO


class SalesInvoice(Owed):
    """What a customer is asked for; ``paid`` was taken before."""

    customer_no: str
    tax_schedule: str = ""
    warehouse_code: str = ""
    lines: tuple[SoldLine, ...] = ()
    paid: Amount = ZERO


class BillLine(Frozen):
    """A line of a bill; item and quantity where the vendor's bill names them."""

    accounts: Accounts
    net: Amount
    description: str = ""
    item_code: str = ""
    quantity: Amount = ZERO
    tax: Amount = ZERO
    tax_rate: Amount = ZERO


class Bill(Owed):
    """What a vendor charges; a vendor's credit is a bill of negative amounts."""

    vendor_no: str
    vendor_division: str = ""
    payee: str = ""
    """The key by which bindings know the vendor."""
    purchase_order_no: str = ""
    """The order of Sage 100 that it bills, '' when it names none."""
    lines: tuple[BillLine, ...] = ()
    not_the_same_as: tuple[str, ...] = ()
    """Numbers of bills that look like this one, of which a person says that they are others."""

    @property
    def mark(self) -> str:
        """Return the comment by which Sage 100's copy is known as ours."""
        return f"{BILL_MARK}{self.source_id}"


def bill_marked(comment: str) -> str:
    """Return the source id of the bill whose mark a comment is, '' for any other comment."""
    return comment.removeprefix(BILL_MARK) if comment.startswith(BILL_MARK) else ""


class BoundVendor(Frozen):
    """A vendor whom both ledgers know: the key of the bindings, and what each calls it."""

    key: str
    contact_id: str
    division: str
    vendor_no: str


class KnownBill(Frozen):
    """A bill that a ledger holds, or that is on its way there; ``held_by`` says where."""

    held_by: str
    source_id: str = ""
    number: str
    book_date: date
    total: Amount
    is_posted: bool = False
    """Whether it is in its ledger's books, beyond being entered."""


class Payment(Record):
    """Money for one invoice or bill; ``number`` is its reference, ``document`` what it pays."""

    document: str
    book_date: date
    amount: Amount
    xero_account: str
    sage100_bank_code: str


class JournalLine(Frozen):
    """A line of a journal: a debit or a credit."""

    accounts: Accounts
    debit: Amount = ZERO
    credit: Amount = ZERO


class Journal(Record):
    """A general journal."""

    narration: str = ""
    book_date: date
    lines: tuple[JournalLine, ...] = ()


class OrderedLine(Frozen):
    """A line of a purchase order."""

    item_code: str
    description: str = ""
    quantity: Amount
    unit_cost: Amount


class PurchaseOrder(Record):
    """What is ordered of a vendor; ``status`` is its source's word for how it stands."""

    vendor_no: str
    status: str = ""
    book_date: date
    required_date: date
    terms_code: str = ""
    warehouse_code: str = ""
    lines: tuple[OrderedLine, ...] = ()
    total: Amount
