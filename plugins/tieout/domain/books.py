"""What the tie-out reads in the two ledgers: their documents and postings, in their own terms."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from tieout.domain.base import Amount, Frozen

ONE = Decimal(1)
Day = date


class SageState(StrEnum):
    """The three states of a Sage 100 document (docs/reference/accounting.md)."""

    ENTERED = "entered"
    UPDATED = "updated"
    IN_GL = "in_gl"


class Standing(Frozen):
    """How far people have brought one document that was entered in Sage 100.

    ``amount`` is what it amounts to in the books now, where that can change: 0.00 = reversed.
    """

    state: SageState
    amount: Amount | None = None


class XeroStanding(Frozen):
    """What has become of one document that was written to Xero.

    ``figures`` are named as those that a delivery expects.
    """

    status: str
    figures: dict[str, str]


class XeroInvoiceLine(Frozen):
    """One line; ``net`` and ``tax`` in the invoice's currency."""

    account_code: str
    net: Amount
    tax: Amount
    item_code: str = ""
    quantity: Decimal | None = None
    """Of items; None where its text says it, not its number."""


class XeroInvoice(Frozen):
    """An ACCREC invoice as Xero holds it now."""

    invoice_id: str
    number: str
    reference: str
    status: str
    date: date
    currency: str
    total: Amount
    total_tax: Amount
    amount_due: Amount
    lines: tuple[XeroInvoiceLine, ...]
    rate: Decimal = ONE
    """What one of the base currency buys of the invoice's."""
    contact_id: str = ""


class XeroPayment(Frozen):
    """A payment on an ACCREC invoice."""

    payment_id: str
    invoice_id: str
    account_code: str
    date: date
    amount: Amount
    reference: str
    status: str
    rate: Decimal = ONE
    """What one of the base currency bought of the invoice's, on the payment's day."""
    bank_amount: Amount | None = None
    """What it moved at the bank, in the currency of the account there."""


class XeroJournal(Frozen):
    """A manual journal that is posted; amounts by account code, debit less credit."""

    journal_id: str
    narration: str
    date: date
    amounts: dict[str, Amount]


class XeroBankEntry(Frozen):
    """A bank transaction or transfer that stands, in the base currency.

    ``amounts`` by account code and ``tax`` are debit less credit, and sum to zero.
    """

    entry_id: str
    kind: str
    """What people look for: a ``bank transaction`` or a ``bank transfer``."""
    reference: str
    date: date
    amounts: dict[str, Amount]
    tax: Amount = Decimal(0)


class AccountBalance(Frozen):
    """What Xero's trial balance says of an account, debit less credit, in the base currency.

    ``month`` is what moved in the month up to the day; ``balance`` what it held then, or, for
    revenue and expenses, what moved since the financial year began.
    """

    account_id: str
    name: str
    month: Amount
    balance: Amount


class BankMovement(Frozen):
    """What happened to a bank account over some days, in its own currency."""

    account_id: str
    name: str
    opening: Amount
    received: Amount
    spent: Amount
    closing: Amount


class SageOrderLine(Frozen):
    """One sales order line."""

    item_code: str
    item_type: str
    ordered: Decimal
    shipped: Decimal
    extension: Amount


class SageOrder(Frozen):
    """A sales order: it commits stock and never posts."""

    order_no: str
    customer_po: str
    status: str
    date: date
    customer_no: str
    freight: Amount
    tax: Amount
    deposit: Amount
    total: Amount
    lines: tuple[SageOrderLine, ...]


class SageReceipt(Frozen):
    """A cash receipt to an account (customer deposits), entered or posted."""

    deposit_no: str
    check_no: str
    customer_no: str
    date: date
    bank_code: str
    amount: Amount
    credited_account: str
    state: SageState


class SageInvoice(Frozen):
    """A customer invoice, entered or posted; ``order_no`` is '' for an A/R invoice.

    ``goods_by_account`` says where of ``goods`` what goes, by formatted account, as far as its
    lines name one; a discount on the whole document is in no line.
    """

    invoice_no: str
    order_no: str
    customer_po: str
    date: date
    state: SageState
    goods: Amount
    freight: Amount
    tax: Amount
    deposit_applied: Amount
    charges: dict[str, Amount] = Field(default_factory=dict)
    """What lines of miscellaneous items come to, by account; they are no part of ``goods``."""
    goods_by_account: dict[str, Amount] = Field(default_factory=dict)
    customer_no: str = ""
    invoice_date: Day | None = None
    """The day it is written for, which is when its goods left; ``date`` is its posting's."""
    quantity: Decimal | None = None
    """How many pieces its lines ship, where they say."""

    @property
    def total(self) -> Decimal:
        """Return what it bills, before the deposit."""
        return self.goods + self.freight + self.tax + sum(self.charges.values(), Decimal(0))


class GlPosting(Frozen):
    """One GL posting; ``amount`` is debit less credit, ``source_document`` as the journal says."""

    account: str
    date: date
    journal: str
    register_no: str
    source_document: str
    amount: Amount
