"""Payments, and allocations of credits, with the documents and accounts that they name."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from tieout.simulators.xero.wire import Day, Figure, Wire, one_of

PaymentStatus = Annotated[str, one_of("AUTHORISED", "DELETED")]


class AccountLink(Wire):
    """An account as a payment names it."""

    account_id: str | None = None
    code: str | None = None


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
