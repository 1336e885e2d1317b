"""Documents of lines: invoices, credits, purchase orders, bank transactions."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.payment_records import AccountLink
from tieout.simulators.xero.wire import Day, Figure, Wire, one_of

InvoiceType = Annotated[str, one_of("ACCREC", "ACCPAY")]
InvoiceStatus = Annotated[
    str, one_of("DRAFT", "SUBMITTED", "DELETED", "AUTHORISED", "PAID", "VOIDED")
]
AdvanceStatus = Annotated[str, one_of("AUTHORISED", "PAID", "VOIDED")]
BankTransactionStatus = Annotated[str, one_of("AUTHORISED", "DELETED", "VOIDED")]
BankTransactionType = Annotated[
    str,
    one_of(
        *("RECEIVE", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT", "RECEIVE-TRANSFER"),
        *("SPEND", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT", "SPEND-TRANSFER"),
    ),
]
PurchaseOrderStatus = Annotated[
    str, one_of("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED")
]
CreditNoteType = Annotated[str, one_of("ACCRECCREDIT", "ACCPAYCREDIT")]
LineAmountTypes = Annotated[str, one_of("Exclusive", "Inclusive", "NoTax")]


class LineTracking(Wire):
    """The option of a tracking category that a line belongs to."""

    name: str | None = None
    option: str | None = None
    tracking_category_id: str | None = None
    tracking_option_id: str | None = None


class LineItem(Wire):
    """A line of an invoice."""

    line_item_id: str | None = None
    description: str | None = None
    quantity: Figure | None = None
    unit_amount: Figure | None = None
    item_code: str | None = None
    account_code: str | None = None
    account_id: str | None = None
    tax_type: str | None = None
    tax_amount: Figure | None = None
    line_amount: Figure | None = None
    discount_rate: Figure | None = None
    discount_amount: Figure | None = None
    tracking: tuple[LineTracking, ...] = ()


class DocumentMembers(Wire):
    """What every document of lines has, in a request and stored."""

    id_field: ClassVar[str]
    reference: str | None = None
    date: Day | None = None
    due_date: Day | None = None
    line_amount_types: LineAmountTypes | None = None
    status: InvoiceStatus | None = None
    currency_code: str | None = None
    currency_rate: Figure | None = None
    branding_theme_id: str | None = None
    sent_to_contact: bool | None = None
    line_items: tuple[LineItem, ...] = ()
    sub_total: Figure | None = None
    total_tax: Figure | None = None
    total: Figure | None = None

    @property
    def document_id(self) -> str:
        """Return the document's own id, whatever its kind calls it."""
        return str(getattr(self, self.id_field) or "")


class InvoiceMembers(DocumentMembers):
    """What a request and a stored invoice have in common."""

    id_field = "invoice_id"
    invoice_id: str | None = None
    type: InvoiceType | None = None
    invoice_number: str | None = None
    url: str | None = None
    expected_payment_date: Day | None = None
    planned_payment_date: Day | None = None
    repeating_invoice_id: str | None = None
    """The template that made it: these are not served, but what they made names them."""


class InvoiceRequest(InvoiceMembers):
    """An invoice in a request."""

    contact: Contact | None = None


class Invoice(InvoiceMembers):
    """A stored invoice."""

    contact_id: str
    amount_paid: Decimal = Decimal("0.00")
    amount_credited: Decimal = Decimal("0.00")
    fully_paid_on: Day | None = None
    created_by: str = ""
    updated: datetime


class CreditNoteMembers(DocumentMembers):
    """What a request and a stored credit note have in common."""

    id_field = "credit_note_id"
    credit_note_id: str | None = None
    type: CreditNoteType | None = None
    credit_note_number: str | None = None


class CreditNoteRequest(CreditNoteMembers):
    """A credit note in a request."""

    contact: Contact | None = None


class Credit(DocumentMembers):
    """A stored document that can be set against invoices or paid back.

    ``refunded`` is what payments gave back of it.
    """

    contact_id: str
    type: str | None = None
    refunded: Decimal = Decimal("0.00")
    fully_paid_on: Day | None = None
    updated: datetime

    @property
    def settles(self) -> str:
        """Return the type of the invoices that it may be set against."""
        is_of_sales = (self.type or "").startswith(("ACCREC", "RECEIVE"))
        return "ACCREC" if is_of_sales else "ACCPAY"


class CreditNote(CreditNoteMembers, Credit):
    """A stored credit note."""

    type: CreditNoteType | None = None
    created_by: str = ""


class Overpayment(Credit):
    """What was received or spent beyond what was owed."""

    id_field = "overpayment_id"
    overpayment_id: str
    status: AdvanceStatus | None = None


class Prepayment(Credit):
    """What was received or spent before there was an invoice."""

    id_field = "prepayment_id"
    prepayment_id: str
    status: AdvanceStatus | None = None


class BankTransactionMembers(DocumentMembers):
    """What a request and a stored bank transaction have in common."""

    id_field = "bank_transaction_id"
    bank_transaction_id: str | None = None
    type: BankTransactionType | None = None
    status: BankTransactionStatus | None = None
    is_reconciled: bool | None = None
    url: str | None = None


class BankTransactionRequest(BankTransactionMembers):
    """A bank transaction in a request."""

    contact: Contact | None = None
    bank_account: AccountLink | None = None


class BankTransaction(BankTransactionMembers):
    """A stored bank transaction, with the credit that it made, if any."""

    contact_id: str = ""
    account_id: str
    overpayment_id: str | None = None
    prepayment_id: str | None = None
    updated: datetime


class PurchaseOrderMembers(DocumentMembers):
    """What a request and a stored purchase order have in common."""

    id_field = "purchase_order_id"
    purchase_order_id: str | None = None
    purchase_order_number: str | None = None
    status: PurchaseOrderStatus | None = None
    delivery_date: Day | None = None
    expected_arrival_date: Day | None = None
    delivery_address: str | None = None
    attention_to: str | None = None
    telephone: str | None = None
    delivery_instructions: str | None = None


class PurchaseOrderRequest(PurchaseOrderMembers):
    """A purchase order in a request."""

    contact: Contact | None = None


class PurchaseOrder(PurchaseOrderMembers):
    """A stored purchase order."""

    contact_id: str
    updated: datetime
