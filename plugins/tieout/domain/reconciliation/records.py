"""What is reconciled, and what comes of it: money, open items, settlements and variances."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from tieout.domain.base import Amount, Frozen
from tieout.domain.entries import ProposedEntry

Positive = Annotated[Amount, Field(gt=0)]


class MoneyKind(StrEnum):
    """What an amount of money is; a credit is money too, but moves no cash."""

    PAYMENT = "payment"
    CREDIT = "credit"
    PREPAYMENT = "prepayment"
    OVERPAYMENT = "overpayment"
    PAYOUT = "payout"


class Money(Frozen):
    """One amount that pays something: what it says that it pays, and nothing that is guessed.

    ``party`` is the customer in the words of the side that the open items are on; a payment is
    never taken for another customer's item.
    """

    document_id: str
    kind: MoneyKind
    party: str
    day: date
    currency: str
    amount: Positive
    pays: tuple[str, ...] = ()
    """Correlation ids of what it pays."""
    numbers: tuple[str, ...] = ()
    """Numbers of what it pays, as somebody wrote them."""
    cash_role: str = ""
    """The role of the account that it is on; '' for a credit."""


class ItemKind(StrEnum):
    """What waits for money: an invoice, or a receipt that says that it came."""

    INVOICE = "invoice"
    RECEIPT = "receipt"


class OpenItem(Frozen):
    """One document that waits for money, with what is open of it."""

    document_id: str
    kind: ItemKind = ItemKind.INVOICE
    party: str
    day: date
    currency: str
    amount: Positive
    correlation_id: str = ""
    number: str = ""


class Ground(StrEnum):
    """By what money and items were put together."""

    CORRELATION_ID = "correlation_id"
    NUMBER_AND_AMOUNT = "number_and_amount"


class Shape(StrEnum):
    """How many there are on each side, and whether the items are paid in full."""

    ONE_TO_ONE = "one_to_one"
    PARTIAL = "partial"
    GROUPED = "grouped"


class Applied(Frozen):
    """What of one amount of money goes to one item."""

    money: str
    item: str
    amount: Positive


class Settlement(Frozen):
    """Money and items that belong together, and how much goes where."""

    ground: Ground
    shape: Shape
    currency: str
    applied: tuple[Applied, ...]


class Side(StrEnum):
    """On which side something is left over."""

    MONEY = "money"
    OPEN_ITEM = "open_item"
    GATEWAY = "gateway"
    """What a gateway paid out, and the books do not explain."""


class VarianceClass(StrEnum):
    """What a variance is by its effect: the tie-out's words, and ``unpaid``."""

    UNAPPLIED = "unapplied"
    """Money without anything left to pay."""
    UNPAID = "unpaid"
    """An item, or what is left of one, that no money names."""
    EXTRA = "extra"
    """A receipt that no money is behind."""
    IN_FLIGHT = "in_flight"
    """Money for what is not there yet, for less than a day."""
    MISSING = "missing"
    """Money for what should be there by now."""
    DUPLICATE = "duplicate"
    """Money that was booked before, for the same item and with the same amount."""
    WRONG_AMOUNT = "wrong_amount"
    """A number agrees, the amounts do not."""
    WRONG_PARTY = "wrong_party"
    """What is named is another customer's."""
    UNKNOWN = "unknown"
    """What is named is in another currency, or a gateway does not say what it corrected."""


class Owner(StrEnum):
    """Who looks at a variance first."""

    RECEIVABLES = "receivables"
    OPERATIONS = "operations"
    CONTROLLER = "controller"


OWNERS = {
    VarianceClass.UNAPPLIED: Owner.RECEIVABLES,
    VarianceClass.UNPAID: Owner.RECEIVABLES,
    VarianceClass.EXTRA: Owner.RECEIVABLES,
    VarianceClass.IN_FLIGHT: Owner.OPERATIONS,
    VarianceClass.MISSING: Owner.OPERATIONS,
    VarianceClass.DUPLICATE: Owner.RECEIVABLES,
    VarianceClass.WRONG_AMOUNT: Owner.RECEIVABLES,
    VarianceClass.WRONG_PARTY: Owner.RECEIVABLES,
    VarianceClass.UNKNOWN: Owner.CONTROLLER,
}


ERRORS = frozenset(VarianceClass) - {
    VarianceClass.UNAPPLIED,
    VarianceClass.UNPAID,
    VarianceClass.IN_FLIGHT,
}
"""Variances that somebody must correct; the others explain themselves."""


class Variance(Frozen):
    """What no settlement explains of one document: money, age, class, evidence, and what to do."""

    side: Side
    document_id: str
    party: str
    currency: str
    amount: Positive
    age_days: int
    variance_class: VarianceClass
    owner: Owner
    evidence: tuple[str, ...]
    """The documents that speak about it, itself first."""
    proposal: str
    """What to do, for people."""
    entry: ProposedEntry | None = None
    """What that would post, where it posts anything."""


class Reconciliation(Frozen):
    """Everything that was given, once: settled, or as a variance."""

    settlements: tuple[Settlement, ...]
    variances: tuple[Variance, ...]
