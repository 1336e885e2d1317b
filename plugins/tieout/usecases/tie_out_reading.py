"""Reading what a tie-out compares: each source whole and in pages, and how far it was read.

A source that cannot be read is no reason to prove nothing: the proof says so, and is red.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

from tieout.domain.books import XeroBankEntry
from tieout.domain.money import ZERO
from tieout.domain.tie_out import SourceRead
from tieout.errors import TieoutError
from tieout.ports.systems import Sage100, Xero
from tieout.ports.tie_out import Sent, Shipments, XeroBooks
from tieout.usecases.tie_out_cases import Books

T = TypeVar("T")
NOTHING = Books(
    xero_invoices=[],
    xero_payments=[],
    sage_orders=[],
    sage_receipts=[],
    sage_invoices=[],
    postings=[],
    accounts={},
    banks={},
)
XERO, SAGE100 = "xero", "sage100"
JOURNALS, BALANCES = "xero manual journals", "xero trial balance"
BANK_ENTRIES = "xero bank transactions and transfers"


@dataclass
class _Reading:
    """What was read of each source, one after another."""

    through: date
    sources: list[SourceRead]

    def of(self, name: str, read: Callable[[], T], otherwise: T) -> T:
        """Read one source; what it cannot give is noted."""
        try:
            found = read()
        except TieoutError as error:
            self.sources.append(SourceRead(name=name, through=None, problem=str(error)))
            return otherwise
        self.sources.append(SourceRead(name=name, through=self.through))
        return found

    def count(self, name: str, amounts: Iterable[Decimal]) -> None:
        """Note how many documents of a kind a source has, and what they amount to."""
        sizes = [abs(amount) for amount in amounts]
        total = sum(sizes, ZERO)
        self.sources.append(
            SourceRead(name=name, count=len(sizes), total=total, through=self.through)
        )


def read_books(
    xero: Xero,
    sage100: Sage100,
    own: XeroBooks,
    *,
    as_of: date,
    today: date,
    has_payouts: bool = False,
) -> Books:
    """Read both ledgers, whatever its date; ``own`` are Xero's books beside its documents.

    Where ``has_payouts``, what moved at Xero's bank accounts is read too.
    Nothing is read of a ledger of which a part cannot be read: half of one proves nothing.
    """
    reading = _Reading(today, [])
    books = reading.of(SAGE100, lambda: _sage100(sage100), NOTHING)
    books = reading.of(XERO, lambda: _with_xero(books, xero), books)
    books = replace(books, journals=reading.of(JOURNALS, own.journals, []))
    if has_payouts:
        nothing = list[XeroBankEntry]()
        books = replace(books, bank=reading.of(BANK_ENTRIES, own.bank_entries, nothing))
    balances = reading.of(BALANCES, lambda: own.balances(as_of), None)
    if balances is not None:
        books = replace(books, balances=balances.by_code, year_began=balances.year_began)
    for name, amounts in _control_totals(books):
        reading.count(name, amounts)
    return replace(books, sources=tuple(reading.sources))


def _with_xero(books: Books, xero: Xero) -> Books:
    return replace(books, xero_invoices=xero.invoices(), xero_payments=xero.payments())


def _sage100(sage100: Sage100) -> Books:
    return replace(
        NOTHING,
        sage_orders=sage100.orders(),
        sage_receipts=sage100.receipts(),
        sage_invoices=sage100.invoices(),
        postings=sage100.postings(),
        accounts=sage100.accounts(),
        banks=sage100.banks(),
    )


def _control_totals(books: Books) -> Iterable[tuple[str, Iterable[Decimal]]]:
    yield "xero invoices", (one.total for one in books.xero_invoices)
    yield "xero payments", (one.amount for one in books.xero_payments)
    if books.bank is not None:
        yield BANK_ENTRIES, (max(one.amounts.values(), key=abs) for one in books.bank)
    yield "sage100 sales orders", (one.total for one in books.sage_orders)
    yield "sage100 cash receipts", (one.amount for one in books.sage_receipts)
    yield "sage100 invoices", (one.total for one in books.sage_invoices)
    yield "sage100 gl postings", (one.amount for one in books.postings)


def read_sent(
    books: Books, shops: Mapping[str, Shipments], *, today: date
) -> tuple[dict[str, Sent], list[SourceRead]]:
    """Ask the shops what they have sent of those orders that Sage 100 still has open.

    An order is asked for at each shop, as its number alone does not say where it is from.
    """
    numbers = {one.number: one.reference.partition(" ")[0] for one in books.xero_invoices}
    waiting = {
        numbers[order.customer_po]
        for order in books.sage_orders
        if order.customer_po in numbers and any(one.shipped < one.ordered for one in order.lines)
    }
    reading = _Reading(today, [])
    found: dict[str, Sent] = {}
    for name, shop in sorted(shops.items()):
        nothing: Mapping[str, Sent] = {}
        found.update(reading.of(f"shop {name}", partial(shop.sent, waiting), nothing))
    return found, reading.sources
