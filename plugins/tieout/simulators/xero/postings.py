"""What documents and money do to the accounts, in the organisation's base currency.

Accrual: an approved document posts at its date, against receivables or payables, which payments,
allocations and refunds then settle. Cash: nothing is posted before it is settled, and then the
document's lines in proportion. Differences of exchange go to the account of currency gains. A
foreign document's total is converted as a whole, like what its payments settle so far, so that what
is paid in full leaves nothing open; what converting its lines one by one leaves over goes to the
rounding account (ours: the vendor says what that account is for, not how it rounds).

Ours, for want of a document: overpayments and prepayments stand in receivables or payables from
receipt until they are allocated or paid back, whatever account their lines name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import crediting
from tieout.simulators.xero.document_records import BankTransaction, Credit, CreditNote, Invoice
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.manual_journals import tax_of
from tieout.simulators.xero.money_records import ManualJournal
from tieout.simulators.xero.payment_records import Allocation, Payment
from tieout.simulators.xero.store import Books

_ZERO: Final = Decimal("0.00")
_LIVE: Final = ("AUTHORISED", "PAID")
_DEBITING: Final = ("ACCREC", "ACCPAYCREDIT", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT")
_GAINS: Final = ("REALISEDCURRENCYGAIN", "BANKCURRENCYGAIN", "ROUNDING")


@dataclass(frozen=True)
class Posting:
    """A debit of an account on a day in the base currency, or a credit when it is negative."""

    account_id: str
    day: date
    amount: Decimal


Shares = list[tuple[str, Decimal]]
Document = Invoice | Credit | BankTransaction


def of_books(books: Books, *, cash_only: bool = False) -> list[Posting]:
    """Return every posting of an organisation, accrual or cash."""
    return [
        posting
        for entry in _entries(books, cash_only=cash_only)
        for posting in entry
        if posting.amount
    ]


def _entries(books: Books, *, cash_only: bool) -> Iterator[list[Posting]]:
    """Yield balanced entries."""
    if not cash_only:
        yield from (_approved(books, one) for one in books.invoices.all() if _is_live(one))
        yield from (_approved(books, one) for one in books.credit_notes.all() if _is_live(one))
    for transaction in books.bank_transactions.all():
        is_transfer = (transaction.type or "").endswith("TRANSFER")
        if transaction.status == "AUTHORISED" and not is_transfer:
            yield _banked(books, transaction)
    for transfer in books.bank_transfers.all():
        if transfer.status == "AUTHORISED":
            amount = _in_base(transfer.amount, transfer.currency_rate)
            sides = ((transfer.to_account_id, amount), (transfer.from_account_id, -amount))
            yield _dated(transfer.date, sides)
    for payment in books.payments.all():
        if payment.status == "AUTHORISED":
            yield _paid(books, payment, cash_only=cash_only)
    yield from (_allocated(books, one, cash_only=cash_only) for one in books.allocations.all())
    for journal in books.manual_journals.all():
        if journal.status == "POSTED" and (journal.show_on_cash_basis_reports or not cash_only):
            yield _journalled(books, journal)


def _is_live(document: Invoice | CreditNote) -> bool:
    return document.status in _LIVE


def _allocated(books: Books, allocation: Allocation, *, cash_only: bool) -> list[Posting]:
    credit = crediting.find(books, allocation.credit_id)
    invoice = books.invoices.get(allocation.invoice_id)
    if credit is None or invoice is None:
        return []
    settled = [
        *_settled(books, credit, allocation.amount, cash_only=cash_only),
        *_settled(books, invoice, allocation.amount, cash_only=cash_only),
    ]
    return _dated(allocation.date, _with_gain(books, settled))


def _journalled(books: Books, journal: ManualJournal) -> list[Posting]:
    shares: Shares = []
    for line in journal.journal_lines:
        tax, amount = tax_of(line), line.line_amount or _ZERO
        net = amount - tax if journal.line_amount_types == "Inclusive" else amount
        shares += [(line.account_id or "", net), (system_account(books, "GST"), tax)]
    return _dated(journal.date, shares)


def system_account(books: Books, *kinds: str) -> str:
    """Return the id of the first account of these system kinds that there is, or nothing."""
    accounts = books.accounts.all()
    found = (a.account_id or "" for kind in kinds for a in accounts if a.system_account == kind)
    return next(found, "")


def _in_base(amount: Decimal, rate: Decimal | None) -> Decimal:
    """Convert to the base currency; a rate is what one of the base currency buys."""
    return rounded(amount / rate) if rate else rounded(amount)


def _dated(day: date | None, shares: Sequence[tuple[str, Decimal]]) -> list[Posting]:
    return [Posting(account_id, day or date.min, amount) for account_id, amount in shares]


def _sign(document: Invoice | Credit) -> int:
    """Return 1 where the document debits receivables or payables, else -1."""
    return 1 if document.type in _DEBITING else -1


def _lines(books: Books, document: Document) -> Shares:
    """Return what the lines and their taxes come to, each positive, in the base currency."""
    shares: Shares = []
    for line in document.line_items:
        amount, tax = line.line_amount or _ZERO, line.tax_amount or _ZERO
        net = amount - tax if document.line_amount_types == "Inclusive" else amount
        shares.append((line.account_id or "", _in_base(net, document.currency_rate)))
        shares.append((system_account(books, "GST"), _in_base(tax, document.currency_rate)))
    return shares


def _control(books: Books, document: Document) -> str:
    sells = (document.type or "").startswith(("ACCREC", "RECEIVE"))
    return system_account(books, "DEBTORS" if sells else "CREDITORS")


def _approved(books: Books, document: Invoice | CreditNote) -> list[Posting]:
    sign = _sign(document)
    total = _in_base(document.total or _ZERO, document.currency_rate)
    lines = _balanced(books, _lines(books, document), total)
    contra = [(account_id, -sign * amount) for account_id, amount in lines]
    return _dated(document.date, [(_control(books, document), sign * total), *contra])


def _balanced(books: Books, lines: Shares, total: Decimal) -> Shares:
    """Return the lines of a document with what rounding leaves over to its total, if anything."""
    left = total - sum((amount for _, amount in lines), _ZERO)
    return [*lines, (system_account(books, "ROUNDING"), left)] if left else lines


def _banked(books: Books, transaction: BankTransaction) -> list[Posting]:
    lines = _lines(books, transaction)
    total = sum((amount for _, amount in lines), _ZERO)
    if transaction.overpayment_id or transaction.prepayment_id:
        lines = [(_control(books, transaction), total)]
    sign = 1 if (transaction.type or "").startswith("RECEIVE") else -1
    contra = [(account_id, -sign * amount) for account_id, amount in lines]
    return _dated(transaction.date, [(transaction.account_id, sign * total), *contra])


def _paid(books: Books, payment: Payment, *, cash_only: bool) -> list[Posting]:
    document = books.invoices.get(payment.invoice_id) or crediting.find(books, payment.credit_id)
    if document is None:
        return []
    before = _paid_before(books, payment)
    settled = _settled(books, document, payment.amount, cash_only=cash_only, before=before)
    money = _sign(document) * _banked_amount(books, payment)
    shares = [(payment.account_id, money), *settled]
    return _dated(payment.date, _with_gain(books, shares))


def _paid_before(books: Books, payment: Payment) -> Decimal:
    """Return what earlier payments settled of the same invoice."""
    if not payment.invoice_id:
        return _ZERO
    earlier = _ZERO
    for one in books.payments.find("invoice", payment.invoice_id):
        if one.payment_id == payment.payment_id:
            break
        earlier += one.amount if one.status == "AUTHORISED" else _ZERO
    return earlier


def _banked_amount(books: Books, payment: Payment) -> Decimal:
    """Return what a payment moved at the bank, in the base currency."""
    account = books.accounts.get(payment.account_id)
    base = books.organisation().base_currency
    is_base = account is not None and account.currency_code == base
    if is_base and payment.bank_amount != payment.amount:
        return payment.bank_amount
    return _in_base(payment.amount, payment.currency_rate)


def _settled(
    books: Books,
    document: Invoice | Credit,
    amount: Decimal,
    *,
    cash_only: bool,
    before: Decimal = _ZERO,
) -> Shares:
    """Return the postings that settle ``amount`` of a document, after ``before`` of it.

    Accrual: its control account. Cash: its lines in proportion, the last taking what rounding left.
    """
    rate = document.currency_rate
    base = -_sign(document) * (_in_base(before + amount, rate) - _in_base(before, rate))
    total = document.total or _ZERO
    lines = [(one, part) for one, part in _lines(books, document) if part]
    if not (cash_only and isinstance(document, (Invoice, CreditNote)) and total and lines):
        return [(_control(books, document), base)]
    share = amount / total
    shares = [(one, -_sign(document) * rounded(part * share)) for one, part in lines]
    left = base - sum((part for _, part in shares), _ZERO)
    last, part = shares[-1]
    return [*shares[:-1], (last, part + left)]


def _with_gain(books: Books, shares: Shares) -> Shares:
    """Return the shares with the exchange difference that makes them balance."""
    difference = sum((amount for _, amount in shares), _ZERO)
    return [*shares, (system_account(books, *_GAINS), -difference)]
