"""The records that the simulated organisations hold, and the requests that change them.

Fields and enumerations are those of the official specification that this simulator serves; rules
are in the modules named after the resources. Money moved without lines is in money_records, what
hangs on other records in side_records.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from typing_extensions import override

from tieout.simulators.xero.wire import Day, Figure, Wire, one_of

AddressType = Annotated[str, one_of("POBOX", "STREET")]
PhoneType = Annotated[str, one_of("DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE")]
ContactStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "GDPRREQUEST")]
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
PaymentStatus = Annotated[str, one_of("AUTHORISED", "DELETED")]
TrackingStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "DELETED")]
AccountStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "DELETED")]
TaxRateStatus = Annotated[str, one_of("ACTIVE", "DELETED", "ARCHIVED", "PENDING")]
LineAmountDefault = Annotated[str, one_of("INCLUSIVE", "EXCLUSIVE", "NONE")]
AccountType = Annotated[
    str,
    one_of(
        *("BANK", "CURRENT", "CURRLIAB", "DEPRECIATN", "DIRECTCOSTS", "EQUITY", "EXPENSE"),
        *("FIXED", "INVENTORY", "LIABILITY", "NONCURRENT", "OTHERINCOME", "OVERHEADS"),
        *("PREPAYMENT", "REVENUE", "SALES", "TERMLIAB", "PAYG"),
    ),
]


class Address(Wire):
    """One of the two address slots of a contact."""

    address_type: AddressType
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    address_line4: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    attention_to: str | None = None


class Phone(Wire):
    """One of the four phone slots of a contact."""

    phone_type: PhoneType
    phone_number: str | None = None
    phone_area_code: str | None = None
    phone_country_code: str | None = None


class ContactPerson(Wire):
    """A further person at a contact."""

    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    include_in_emails: bool | None = None


class PaymentTermOf(Wire):
    """When bills or sales fall due."""

    day: int | None = None
    type: str | None = None


class PaymentTerms(Wire):
    """The payment terms of a contact."""

    bills: PaymentTermOf | None = None
    sales: PaymentTermOf | None = None


class Contact(Wire):
    """A contact; in a request, whatever of it was sent."""

    contact_id: str | None = None
    contact_number: str | None = None
    account_number: str | None = None
    contact_status: ContactStatus | None = None
    merged_to_contact_id: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_number: str | None = None
    email_address: str | None = None
    bank_account_details: str | None = None
    tax_number: str | None = None
    accounts_receivable_tax_type: str | None = None
    accounts_payable_tax_type: str | None = None
    contact_persons: tuple[ContactPerson, ...] = ()
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    is_supplier: bool | None = None
    is_customer: bool | None = None
    default_currency: str | None = None
    sales_default_account_code: str | None = None
    purchases_default_account_code: str | None = None
    sales_default_line_amount_type: LineAmountDefault | None = None
    payment_terms: PaymentTerms | None = None
    updated: datetime | None = None


class LineTracking(Wire):
    """The option of a tracking category that a line belongs to."""

    tracking_category_id: str | None = None
    tracking_option_id: str | None = None
    name: str | None = None
    option: str | None = None


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


class InvoiceMembers(DocumentMembers):
    """What a request and a stored invoice have in common."""

    invoice_id: str | None = None
    type: InvoiceType | None = None
    invoice_number: str | None = None
    url: str | None = None
    expected_payment_date: Day | None = None
    planned_payment_date: Day | None = None


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
    def credit_id(self) -> str:
        """Return the id by which allocations name it."""
        raise NotImplementedError

    @property
    def settles(self) -> str:
        """Return the type of the invoices that it may be set against."""
        is_of_sales = (self.type or "").startswith(("ACCREC", "RECEIVE"))
        return "ACCREC" if is_of_sales else "ACCPAY"


class CreditNote(CreditNoteMembers, Credit):
    """A stored credit note."""

    type: CreditNoteType | None = None
    created_by: str = ""

    @property
    @override
    def credit_id(self) -> str:
        """Return its id."""
        return self.credit_note_id or ""


class Overpayment(Credit):
    """What was received or spent beyond what was owed."""

    overpayment_id: str
    status: AdvanceStatus | None = None

    @property
    @override
    def credit_id(self) -> str:
        """Return its id."""
        return self.overpayment_id


class Prepayment(Credit):
    """What was received or spent before there was an invoice."""

    prepayment_id: str
    status: AdvanceStatus | None = None

    @property
    @override
    def credit_id(self) -> str:
        """Return its id."""
        return self.prepayment_id


class BankTransactionMembers(DocumentMembers):
    """What a request and a stored bank transaction have in common."""

    bank_transaction_id: str | None = None
    type: BankTransactionType | None = None
    status: BankTransactionStatus | None = None
    is_reconciled: bool | None = None
    url: str | None = None


class AccountLink(Wire):
    """An account as a payment names it."""

    account_id: str | None = None
    code: str | None = None


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


class InvoiceLink(Wire):
    """An invoice as a payment names it."""

    invoice_id: str | None = None
    invoice_number: str | None = None


class CreditNoteLink(Wire):
    """A credit note as a payment names it."""

    credit_note_id: str | None = None
    credit_note_number: str | None = None


class OverpaymentLink(Wire):
    """An overpayment as a payment names it."""

    overpayment_id: str | None = None


class PrepaymentLink(Wire):
    """A prepayment as a payment names it."""

    prepayment_id: str | None = None


class AllocationRequest(Wire):
    """An allocation in a request."""

    invoice: InvoiceLink | None = None
    amount: Figure | None = None
    date: Day | None = None


class Allocation(Wire):
    """What of a credit was set against an invoice."""

    allocation_id: str
    credit_id: str
    invoice_id: str
    amount: Decimal
    date: Day


class PaymentRequest(Wire):
    """A payment in a request."""

    payment_id: str | None = None
    invoice: InvoiceLink | None = None
    credit_note: CreditNoteLink | None = None
    overpayment: OverpaymentLink | None = None
    prepayment: PrepaymentLink | None = None
    invoice_number: str | None = None
    credit_note_number: str | None = None
    account: AccountLink | None = None
    code: str | None = None
    date: Day | None = None
    amount: Figure | None = None
    bank_amount: Figure | None = None
    currency_rate: Figure | None = None
    reference: str | None = None
    is_reconciled: bool | None = None
    status: PaymentStatus | None = None


class Payment(Wire):
    """A stored payment."""

    payment_id: str
    invoice_id: str = ""
    credit_id: str = ""
    """The credit note, overpayment or prepayment that it pays back; else it pays an invoice."""
    account_id: str
    date: Day
    amount: Decimal
    bank_amount: Decimal
    currency_rate: Decimal
    reference: str | None = None
    is_reconciled: bool = False
    status: PaymentStatus = "AUTHORISED"
    payment_type: str
    batch_payment_id: str | None = None
    """The batch that it is part of."""
    updated: datetime


class ItemPrice(Wire):
    """The sales or purchase side of an item."""

    unit_price: Figure | None = None
    account_code: str | None = None
    cogs_account_code: str | None = None
    tax_type: str | None = None


class Item(Wire):
    """An item; in a request, whatever of it was sent."""

    item_id: str | None = None
    code: str | None = None
    name: str | None = None
    description: str | None = None
    purchase_description: str | None = None
    purchase_details: ItemPrice | None = None
    sales_details: ItemPrice | None = None
    inventory_asset_account_code: str | None = None
    is_tracked_as_inventory: bool | None = None
    is_sold: bool | None = None
    is_purchased: bool | None = None
    total_cost_pool: Figure | None = None
    quantity_on_hand: Figure | None = None
    updated: datetime | None = None


class Account(Wire):
    """An account; in a request, whatever of it was sent."""

    account_id: str | None = None
    code: str | None = None
    name: str | None = None
    status: AccountStatus | None = None
    type: AccountType | None = None
    tax_type: str | None = None
    description: str | None = None
    system_account: str | None = None
    enable_payments_to_account: bool | None = None
    show_in_expense_claims: bool | None = None
    bank_account_number: str | None = None
    bank_account_type: str | None = None
    currency_code: str | None = None
    add_to_watchlist: bool | None = None
    updated: datetime | None = None


class TaxComponent(Wire):
    """One of the taxes that a rate adds up."""

    name: str | None = None
    rate: Figure = Decimal(0)
    is_compound: bool = False
    is_non_recoverable: bool = False


class TaxRate(Wire):
    """A tax rate; in a request, whatever of it was sent."""

    name: str | None = None
    tax_type: str | None = None
    report_tax_type: str | None = None
    status: TaxRateStatus | None = None
    tax_components: tuple[TaxComponent, ...] = ()
    can_apply_to_assets: bool | None = None
    can_apply_to_equity: bool | None = None
    can_apply_to_expenses: bool | None = None
    can_apply_to_liabilities: bool | None = None
    can_apply_to_revenue: bool | None = None


class TrackingOption(Wire):
    """One of the values of a tracking category; in a request, whatever of it was sent."""

    tracking_option_id: str | None = None
    name: str | None = None
    status: TrackingStatus | None = None


class TrackingCategory(Wire):
    """A tracking category with its options; in a request, whatever of it was sent."""

    tracking_category_id: str | None = None
    name: str | None = None
    status: TrackingStatus | None = None
    options: tuple[TrackingOption, ...] = ()


class Currency(Wire):
    """A currency that the organisation is subscribed to."""

    code: str
    description: str | None = None


class Organisation(Wire):
    """The organisation itself."""

    organisation_id: str
    name: str
    legal_name: str
    version: str
    base_currency: str
    country_code: str
    timezone: str
    period_lock_date: Day | None = None
    end_of_year_lock_date: Day | None = None
    created: datetime


class Note(Wire):
    """A history record of a document."""

    note_id: str = ""
    subject_id: str = ""
    changes: str | None = None
    details: str | None = None
    user: str = "System Generated"
    at: datetime | None = None
