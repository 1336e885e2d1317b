"""What the tie-out compares: both ledgers' documents, gathered by order, and their effects.

An effect is what one document does to the account roles of the pair, debit less credit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageReceipt,
    XeroBankEntry,
    XeroInvoice,
    XeroJournal,
    XeroPayment,
)
from tieout.domain.hashing import base36
from tieout.domain.money import ZERO, round_half_up, to_currency
from tieout.domain.pair import Pair
from tieout.domain.roles import (
    DEPOSITS,
    EXCHANGE_GAINS,
    FREIGHT,
    RECEIVABLES,
    ROUNDING,
    SALES,
    SALES_TAX,
)
from tieout.domain.tie_out import Effect, SourceRead, added

XERO_PLACES = 2
"""To how many decimals Xero keeps amounts, of any currency (domain/xero, 2.7)."""
NOT_GOODS = frozenset({RECEIVABLES, FREIGHT, SALES_TAX, DEPOSITS, ROUNDING, EXCHANGE_GAINS})
"""Roles of an order's documents that are not what its goods earn."""
STOCK_ROLES = frozenset({"inventory", "cost_of_goods_sold"})


@dataclass(frozen=True)
class Books:
    """Everything that the tie-out reads in both ledgers, whatever its date.

    What is dated after the cut-off is known, and counts for nothing: it says what a document of
    the other ledger waits for.
    """

    xero_invoices: list[XeroInvoice]
    xero_payments: list[XeroPayment]
    sage_orders: list[SageOrder]
    sage_receipts: list[SageReceipt]
    sage_invoices: list[SageInvoice]
    postings: list[GlPosting]
    accounts: Mapping[str, str]
    banks: Mapping[str, str]
    journals: list[XeroJournal] = field(default_factory=list)
    bank: list[XeroBankEntry] | None = None
    """What moved at Xero's bank accounts without an invoice; None where no flow books that."""
    sources: tuple[SourceRead, ...] = ()
    """How far each source was read; none given = both ledgers through the cut-off."""
    balances: Mapping[str, Decimal] | None = None
    """Xero's trial balance at the cut-off by account code; None where it was not read."""
    year_began: date | None = None
    """Since when the trial balance has what revenue and expense accounts moved."""


@dataclass
class Roles:
    """The account roles of a pair, by each ledger's account."""

    xero: dict[str, str]
    sage100: dict[str, str]
    banks: dict[str, str]
    currency: str
    """The currency of the books."""

    def of_xero(self, code: str) -> str:
        """Return the role of a Xero account."""
        return self.xero.get(code, f"xero {code} (unmapped)")

    def of_sage100(self, account: str) -> str:
        """Return the role of a Sage 100 account."""
        return self.sage100.get(account, f"sage100 {account} (unmapped)")

    def of_bank(self, code: str) -> str:
        """Return the role of a bank code's cash account."""
        return self.of_sage100(self.banks.get(code, f"bank {code}"))


@dataclass
class Case:
    """All documents of one correlation id."""

    number: str
    invoices: list[XeroInvoice] = field(default_factory=list)
    payments: list[XeroPayment] = field(default_factory=list)
    orders: list[SageOrder] = field(default_factory=list)
    receipts: list[SageReceipt] = field(default_factory=list)
    shipments: list[SageInvoice] = field(default_factory=list)
    others: list[SageInvoice] = field(default_factory=list)
    """Sage 100 invoices that come from no sales order."""

    def through(self, as_of: date) -> "Case":
        """Return the same case as both ledgers dated it through a day; orders never post."""
        return replace(
            self,
            invoices=[one for one in self.invoices if one.date <= as_of],
            payments=[one for one in self.payments if one.date <= as_of],
            receipts=[one for one in self.receipts if one.date <= as_of],
            shipments=[one for one in self.shipments if one.date <= as_of],
            others=[one for one in self.others if one.date <= as_of],
        )

    @property
    def correlation_id(self) -> str:
        """Return the one id by which all systems name it, if Xero has an invoice of it."""
        return next((one.reference.partition(" ")[0] for one in self.invoices), "")

    @property
    def documents(self) -> tuple[str, ...]:
        """Return what both ledgers have of it, each by the number that people look for."""
        return (
            *(f"Xero invoice {one.number}" for one in self.invoices),
            *(f"Xero payment {one.payment_id}" for one in self.payments),
            *(f"Sage 100 sales order {one.order_no}" for one in self.orders),
            *dict.fromkeys(
                f"Sage 100 receipt {one.deposit_no}/{one.check_no}" for one in self.receipts
            ),
            *(f"Sage 100 invoice {one.invoice_no}" for one in (*self.shipments, *self.others)),
        )


def roles_of(pair: Pair, books: Books) -> Roles:
    """Return the account roles of a pair by each ledger's account."""
    role_of = {account.role: pair.books_role(account.role) for account in pair.accounts}
    return Roles(
        xero={one.xero: role_of[one.role] for one in pair.accounts if one.xero},
        sage100={one.sage100: role_of[one.role] for one in pair.accounts if one.sage100},
        banks=dict(books.banks),
        currency=pair.currency,
    )


def cases_of(books: Books) -> list[Case]:
    """Gather documents by correlation id: the invoice number, which Sage 100 has as PO number."""
    cases: dict[str, Case] = {}

    def case(number: str) -> Case:
        return cases.setdefault(number, Case(number))

    number_of_order: dict[str, str] = {}
    for order in books.sage_orders:
        number_of_order[order.order_no] = order.customer_po or f"SO {order.order_no}"
        case(number_of_order[order.order_no]).orders.append(order)
    numbers = {}
    for invoice in books.xero_invoices:
        numbers[invoice.invoice_id] = invoice.number
        case(invoice.number).invoices.append(invoice)
    number_of_check: dict[str, str] = {}
    for payment in sorted(books.xero_payments, key=lambda one: one.date):
        number = numbers.get(payment.invoice_id, f"payment {payment.payment_id}")
        case(number).payments.append(payment)
        number_of_check[check_no_of(payment)] = number
    unpaid = _unpaid(cases.values())
    for receipt in books.sage_receipts:
        number = number_of_check.get(receipt.check_no, "")
        number = number or unpaid.get((receipt.customer_no, receipt.amount), "")
        case(number or f"receipt {receipt.check_no}").receipts.append(receipt)
    for shipment in books.sage_invoices:
        number = number_of_order.get(shipment.order_no) or shipment.customer_po
        ours = case(number or f"INV {shipment.invoice_no}")
        (ours.shipments if shipment.order_no else ours.others).append(shipment)
    return [cases[number] for number in sorted(cases)]


def _unpaid(cases: Iterable[Case]) -> dict[tuple[str, Decimal], str]:
    """Return which one order of a customer has a deposit that Xero has no payment of.

    By customer and amount; where several orders fit, none does.
    """
    found: dict[tuple[str, Decimal], list[str]] = {}
    for case in cases:
        paid = sum((one.amount for one in case.payments), ZERO)
        for order in case.orders:
            if order.deposit > paid:
                key = (order.customer_no, order.deposit - paid)
                found.setdefault(key, []).append(case.number)
    return {key: numbers[0] for key, numbers in found.items() if len(numbers) == 1}


def check_no_of(payment: XeroPayment) -> str:
    """Return the Sage 100 check number that belongs to a Xero payment, by its reference."""
    transaction = payment.reference.rpartition(" ")[2]
    return f"T{base36(int(transaction))}" if transaction.isdecimal() else payment.payment_id


def invoice_effect(invoice: XeroInvoice, roles: Roles) -> Effect:
    """Return the effect of a Xero invoice, in the currency of the books.

    Xero converts a foreign one part by part and its total as a whole; what that leaves over goes to
    its rounding account.
    """
    parts = added(
        *({roles.of_xero(line.account_code): -_in_base(line.net, invoice, roles)}
          for line in invoice.lines),
        {SALES_TAX: -sum((_in_base(line.tax, invoice, roles) for line in invoice.lines), ZERO)},
    )  # fmt: skip
    total = _in_base(invoice.total, invoice, roles)
    adds_up = invoice.total == sum((line.net + line.tax for line in invoice.lines), ZERO)
    left = -total - sum(parts.values(), ZERO) if adds_up else ZERO
    return added({RECEIVABLES: total}, parts, {ROUNDING: left})


def payments_effect(case: Case, roles: Roles) -> Effect:
    """Return the effect of an order's Xero payments, in the currency of the books."""
    return added(*(one.effect for one in settled(case, roles)))


@dataclass(frozen=True)
class Settled:
    """A Xero payment in the currency of the books, and what of its invoice it settles there."""

    payment: XeroPayment
    applied: Decimal
    effect: Effect


def settled(case: Case, roles: Roles) -> list[Settled]:
    """Return what each payment does; the last one settles what rounding left of the invoice."""
    rates = {one.invoice_id: one for one in case.invoices}
    made = []
    so_far: dict[str, Decimal] = {}
    for payment in case.payments:
        invoice = rates.get(payment.invoice_id)
        before = so_far.get(payment.invoice_id, ZERO)
        so_far[payment.invoice_id] = after = before + payment.amount
        applied = banked = payment.amount
        if invoice is not None and invoice.currency != roles.currency:
            applied = _in_base(after, invoice, roles) - _in_base(before, invoice, roles)
            banked = _banked(payment, roles)
        effect = added(
            {roles.of_xero(payment.account_code): banked},
            {RECEIVABLES: -applied},
            {EXCHANGE_GAINS: applied - banked},
        )
        made.append(Settled(payment=payment, applied=applied, effect=effect))
    return made


def _in_base(amount: Decimal, invoice: XeroInvoice, roles: Roles) -> Decimal:
    if invoice.currency == roles.currency:
        return amount
    return round_half_up(amount / invoice.rate, XERO_PLACES)


def _banked(payment: XeroPayment, roles: Roles) -> Decimal:
    """Return what a payment of a foreign invoice moved at the bank, in the currency of the books.

    Where the account is in that currency Xero says so; where it is in the invoice's, the two
    amounts are one and the payment's rate converts it.
    """
    if payment.bank_amount is not None and payment.bank_amount != payment.amount:
        return payment.bank_amount
    return to_currency(payment.amount / payment.rate, roles.currency)


def receipt_effect(receipt: SageReceipt, roles: Roles) -> Effect:
    """Return the effect of a Sage 100 cash receipt."""
    return added(
        {roles.of_bank(receipt.bank_code): receipt.amount},
        {roles.of_sage100(receipt.credited_account): -receipt.amount},
    )


def shipment_effect(shipment: SageInvoice, roles: Roles) -> Effect:
    """Return the effect of a Sage 100 invoice; goods of no account are sales."""
    charges = sum(shipment.charges.values(), ZERO)
    goods = shipment.goods_by_account
    total = shipment.goods + shipment.freight + shipment.tax + charges
    return added(
        {RECEIVABLES: total - shipment.deposit_applied},
        {DEPOSITS: shipment.deposit_applied},
        *({roles.of_sage100(account): -amount} for account, amount in goods.items()),
        {SALES: sum(goods.values(), ZERO) - shipment.goods},
        {FREIGHT: -shipment.freight, SALES_TAX: -shipment.tax},
        *({roles.of_sage100(account): -amount} for account, amount in shipment.charges.items()),
    )


def misplaced(billed: Effect, shipments: Sequence[SageInvoice], roles: Roles) -> Effect:
    """Return what Sage 100 invoiced goods to that Xero's invoices of the order do not have."""
    goods = added(
        *(
            {roles.of_sage100(account): -amount}
            for one in shipments
            for account, amount in one.goods_by_account.items()
        )
    )
    return {role: amount for role, amount in goods.items() if role not in {*billed, *NOT_GOODS}}


def goods_role(billed: Effect) -> str:
    """Return the account of goods that Xero billed most to."""
    goods = [role for role in billed if role not in NOT_GOODS]
    return min(goods, key=lambda role: (billed[role], role), default=SALES)
