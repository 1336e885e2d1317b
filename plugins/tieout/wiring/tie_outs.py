"""The tie-out of an installation: what is read for it, and what is known beside both ledgers."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from tieout.domain.base import System
from tieout.domain.pair import FlowName, Pair
from tieout.domain.payout_entries import payout_of_what
from tieout.domain.tie_out import TieOut
from tieout.ports.ledger import Ledger
from tieout.usecases.buyers import CUSTOMER_BINDING
from tieout.usecases.tie_out import tie_out
from tieout.usecases.tie_out_cases import Books
from tieout.usecases.tie_out_items import Told
from tieout.usecases.tie_out_reading import read_books, read_sent
from tieout.wiring.systems import ConnectedSystems


def tied_out(systems: ConnectedSystems, name: str, *, as_of: date | None = None) -> TieOut:
    """Prove that both ledgers of a pair agree as of a day of its own, today unless one is given."""
    return proof_and_books(systems, name, as_of=as_of)[0]


def proof_and_books(
    systems: ConnectedSystems, name: str, *, as_of: date | None = None
) -> tuple[TieOut, Books]:
    """Return the same proof with the books that it is of, which are read once for both."""
    pair, known_at = systems.pair(name), systems.clock.now()
    today = known_at.astimezone(ZoneInfo(pair.time_zone)).date()
    day = as_of or today
    xero = systems.xero(name)
    with closing(systems.sage100(name)) as sage100:
        books = read_books(
            xero,
            sage100,
            xero.own_books,
            as_of=day,
            today=today,
            has_payouts=FlowName.PAYMENT_RECONCILIATION in pair.flows,
        )
    shops = {one.domain: systems.shop(name, one.domain) for one in pair.shops}
    sent, asked = read_sent(books, shops, today=today)
    told = Told(
        as_of=day,
        known_at=known_at,
        today=today,
        sent=sent,
        parked=_parked(systems.ledger, pair),
        customers=_customers(systems.ledger, pair, books),
    )
    books = replace(books, sources=(*books.sources, *asked))
    return tie_out(pair, books, told), books


def _parked(ledger: Ledger, pair: Pair) -> dict[str, str]:
    """Return why each is set aside by an order's number in both ledgers, or a payout's name."""
    prefixes = {shop.domain: shop.invoice_prefix for shop in pair.shops}
    found = {}
    for letter in ledger.dead_letters(pair.pair):
        domain, _, name = letter.trace_key.partition(" ")
        if domain in prefixes:
            number = name if payout_of_what(name) else f"{prefixes[domain]}{name.lstrip('#')}"
            found[number] = f"dead letter {letter.dead_letter_id}, {letter.cause}"
    return found


def _customers(ledger: Ledger, pair: Pair, books: Books) -> Mapping[str, frozenset[str]]:
    """Return the Sage 100 customer numbers that each contact of the invoices is bound to."""
    contacts = {one.contact_id for one in books.xero_invoices if one.contact_id}
    bound = ledger.bindings_to(pair.pair, CUSTOMER_BINDING, contacts, System.XERO)
    keys = {one.key for one in bound.values()}
    there = ledger.bindings(pair.pair, CUSTOMER_BINDING, keys, System.SAGE100)
    return {
        contact: frozenset({there[one.key].external_id.partition("-")[2]})
        for contact, one in bound.items()
        if one.key in there
    }
