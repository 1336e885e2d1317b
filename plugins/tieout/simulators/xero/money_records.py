"""Records of money moved without a document of lines: manual journals, transfers, batches.

A request has whatever members were sent; rules are in the modules named after the resources.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from tieout.simulators.xero.document_records import LineAmountTypes, LineTracking
from tieout.simulators.xero.payment_records import AccountLink, PaymentRequest, PaymentStatus
from tieout.simulators.xero.wire import Day, Figure, Wire, one_of

JournalStatus = Annotated[str, one_of("DRAFT", "POSTED", "DELETED", "VOIDED", "ARCHIVED")]
TransferStatus = Annotated[str, one_of("AUTHORISED", "DELETED")]
BatchType = Annotated[str, one_of("PAYBATCH", "RECBATCH")]


class JournalLine(Wire):
    """A line of a manual journal: a debit, or a credit when its amount is negative."""

    line_amount: Figure | None = None
    account_code: str | None = None
    account_id: str | None = None
    description: str | None = None
    tax_type: str | None = None
    tax_amount: Figure | None = None
    tracking: tuple[LineTracking, ...] = ()


class ManualJournalRequest(Wire):
    """A manual journal in a request."""

    manual_journal_id: str | None = None
    narration: str | None = None
    journal_lines: tuple[JournalLine, ...] = ()
    date: Day | None = None
    line_amount_types: LineAmountTypes | None = None
    status: JournalStatus | None = None
    url: str | None = None
    show_on_cash_basis_reports: bool | None = None


class ManualJournal(ManualJournalRequest):
    """A stored manual journal."""

    updated: datetime


class BankTransferRequest(Wire):
    """A bank transfer in a request."""

    bank_transfer_id: str | None = None
    from_bank_account: AccountLink | None = None
    to_bank_account: AccountLink | None = None
    amount: Figure | None = None
    date: Day | None = None
    reference: str | None = None
    from_is_reconciled: bool | None = None
    to_is_reconciled: bool | None = None
    from_tracking: tuple[LineTracking, ...] = ()
    to_tracking: tuple[LineTracking, ...] = ()
    status: TransferStatus | None = None


class BankTransfer(Wire):
    """A stored bank transfer, with the two bank transactions that it made."""

    bank_transfer_id: str
    from_account_id: str
    to_account_id: str
    from_bank_transaction_id: str
    to_bank_transaction_id: str
    amount: Decimal
    date: Day
    reference: str | None = None
    from_is_reconciled: bool = False
    to_is_reconciled: bool = False
    from_tracking: tuple[LineTracking, ...] = ()
    to_tracking: tuple[LineTracking, ...] = ()
    currency_rate: Decimal = Decimal(1)
    status: TransferStatus = "AUTHORISED"
    created: datetime
    updated: datetime


class BatchPaymentMembers(Wire):
    """What a request and a stored batch payment have in common."""

    reference: str | None = None
    particulars: str | None = None
    code: str | None = None
    details: str | None = None
    narrative: str | None = None
    status: PaymentStatus | None = None


class BatchPaymentRequest(BatchPaymentMembers):
    """A batch payment in a request."""

    batch_payment_id: str | None = None
    account: AccountLink | None = None
    date: Day | None = None
    payments: tuple[PaymentRequest, ...] = ()


class BatchPayment(BatchPaymentMembers):
    """A stored batch payment; its payments name it."""

    batch_payment_id: str
    account_id: str
    date: Day
    type: BatchType
    total_amount: Decimal
    updated: datetime
