"""The parts of Xero's answers that we read, each exactly typed; everything else is ignored.

Dates of documents arrive as ``/Date(ms+0000)/`` at midnight UTC of the calendar day, so the UTC
date is the date. No decisions here.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tieout.connectors.exact_json import typed
from tieout.domain.base import Amount
from tieout.domain.money import to_currency

NO_ID = "00000000-0000-0000-0000-000000000000"
DEFAULT_CURRENCY = "USD"
_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ACRONYMS = frozenset({"id", "utc"})


def _member(field: str) -> str:
    return "".join(
        part.upper() if part in _ACRONYMS else part.capitalize() for part in field.split("_")
    )


def _calendar_date(value: object) -> object:
    match = _MS_DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    return datetime.fromtimestamp(int(match[1]) / 1000, UTC).date()


XeroDate = Annotated[date, BeforeValidator(_calendar_date)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=_member)

    @classmethod
    def of(cls, row: dict[str, object]) -> Self:
        """Read a record; a member that is null is as good as absent.

        Raises:
            ConfigurationError: The record lacks something that it always had.
        """
        given = {name: value for name, value in row.items() if value is not None}
        return typed(cls, given, system="Xero")


class SaidConnection(_Said):
    """One organization that the app is connected to; its members are spelled in their own way."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    tenant_id: str
    tenant_name: str = ""
    tenant_type: str = ""


class SaidOrganisation(_Said):
    """An organization's settings."""

    organization_id: str = Field(default="", alias="OrganisationID")
    name: str = ""
    country_code: str = ""
    edition: str = ""
    organization_class: str = Field(default="", alias="Class")
    timezone: str = ""
    base_currency: str
    period_lock_date: XeroDate | None = None
    end_of_year_lock_date: XeroDate | None = None
    financial_year_end_day: int = 31
    financial_year_end_month: int = 12


class SaidCurrency(_Said):
    """A currency that the organization uses."""

    code: str


class SaidAccount(_Said):
    """An account of the chart; bank accounts may lack a code."""

    account_id: str = ""
    code: str = ""
    name: str = ""
    status: str = "ACTIVE"
    currency_code: str = DEFAULT_CURRENCY


class SaidTrackingOption(_Said):
    """One option of a tracking category."""

    name: str = ""
    status: str = "ACTIVE"


class SaidTrackingCategory(_Said):
    """A tracking category with its options."""

    name: str = ""
    status: str = "ACTIVE"
    options: tuple[SaidTrackingOption, ...] = ()


class SaidTaxRate(_Said):
    """A tax rate."""

    tax_type: str
    status: str = "ACTIVE"


class SaidPrice(_Said):
    """What an item is sold or bought for."""

    unit_price: Amount | None = None


class SaidItem(_Said):
    """An item."""

    code: str
    item_id: str = ""
    name: str = ""
    is_tracked_as_inventory: bool = False
    is_sold: bool = True
    sales_details: SaidPrice = SaidPrice()
    purchase_details: SaidPrice = SaidPrice()


class SaidContact(_Said):
    """A contact."""

    contact_id: str
    contact_number: str = ""
    name: str = ""
    email_address: str = ""
    contact_status: str = "ACTIVE"


class SaidLine(_Said):
    """A line of a document; ``line_amount`` contains the tax when the document says Inclusive."""

    account_code: str = ""
    item_code: str = ""
    description: str = ""
    quantity: Decimal | None = None
    line_amount: Amount = Decimal(0)
    tax_amount: Amount = Decimal(0)


class SaidContactLink(_Said):
    """A contact as documents name it."""

    contact_id: str = ""


class SaidDocument(_Said):
    """What invoices, credit notes, bank transactions and purchase orders show alike."""

    type: str = ""
    reference: str = ""
    status: str = ""
    url: str = ""
    date: XeroDate | None = None
    contact: SaidContactLink = SaidContactLink()
    currency_code: str = DEFAULT_CURRENCY
    currency_rate: Amount = Decimal(1)
    line_amount_types: str = "Exclusive"
    total: Amount = Decimal(0)
    total_tax: Amount = Decimal(0)
    line_items: tuple[SaidLine, ...] = ()


class SaidInvoice(SaidDocument):
    """An invoice or a bill."""

    invoice_id: str
    invoice_number: str = ""
    amount_due: Amount = Decimal(0)


class SaidAllocation(_Said):
    """What of a credit is set against an invoice."""

    allocation_id: str = ""
    amount: Amount = Decimal(0)
    date: XeroDate | None = None
    invoice: SaidInvoice | None = None
    is_deleted: bool = False


class SaidCreditNote(SaidDocument):
    """A credit note, to a customer or from a supplier."""

    credit_note_id: str
    credit_note_number: str = ""


class SaidCredit(_Said):
    """A credit note, overpayment or prepayment, as far as it is allocated."""

    currency_code: str = DEFAULT_CURRENCY
    allocations: tuple[SaidAllocation, ...] = ()


class SaidBankTransaction(SaidDocument):
    """Money spent or received without an invoice; some make an overpayment or a prepayment."""

    bank_transaction_id: str
    overpayment_id: str = ""
    prepayment_id: str = ""
    bank_account: SaidAccount = SaidAccount()


class SaidPurchaseOrder(SaidDocument):
    """A purchase order."""

    purchase_order_id: str
    purchase_order_number: str = ""


class SaidPayment(_Said):
    """A payment, with the document and the account that it names."""

    payment_id: str
    status: str = ""
    date: XeroDate | None = None
    amount: Amount = Decimal(0)
    bank_amount: Amount | None = None
    currency_rate: Amount = Decimal(1)
    reference: str = ""
    payment_type: str = ""
    invoice: SaidInvoice | None = None
    credit_note: SaidCreditNote | None = None
    account: SaidAccount | None = None


class SaidBatchPayment(_Said):
    """Payments that leave, or reach, the bank as one amount."""

    batch_payment_id: str
    status: str = ""
    date: XeroDate | None = None
    reference: str = ""
    details: str = ""
    total_amount: Amount = Decimal(0)
    account: SaidAccount = SaidAccount()
    payments: tuple[dict[str, object], ...] = ()


class SaidBankTransfer(_Said):
    """Money from one bank account to another."""

    bank_transfer_id: str
    status: str = ""
    date: XeroDate | None = None
    reference: str = ""
    amount: Amount = Decimal(0)
    from_bank_account: SaidAccount = SaidAccount()
    to_bank_account: SaidAccount = SaidAccount()


class SaidJournal(_Said):
    """A manual journal; what a line debits is positive."""

    manual_journal_id: str
    narration: str = ""
    status: str = ""
    date: XeroDate | None = None
    journal_lines: tuple[SaidLine, ...] = ()


class SaidAttachment(_Said):
    """A file on a record."""

    attachment_id: str
    file_name: str


class SaidNote(_Said):
    """A history record."""

    details: str = ""


def amount_text(amount: Decimal, currency: str) -> str:
    """Return an amount at its currency's precision; one that is finer stays as fine as it is."""
    rounded = to_currency(amount, currency)
    return format(rounded if rounded == amount else amount, "f")


def complaints(element: object) -> list[str]:
    """Return the messages of every ``ValidationErrors`` in an element, however deep it sits."""
    return _messages(element, "ValidationErrors")


def warnings_of(element: object) -> list[str]:
    """Return the messages of every ``Warnings`` in an element."""
    return _messages(element, "Warnings")


def _messages(value: object, member: str) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _messages(item, member)]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for name, inner in value.items():
        if name == member and isinstance(inner, list):
            found += [str(said["Message"]) for said in inner if _has_message(said)]
        else:
            found += _messages(inner, member)
    return found


def _has_message(said: object) -> bool:
    return isinstance(said, dict) and "Message" in said
