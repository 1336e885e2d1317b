"""Tie-out: read both ledgers, match by correlation id, name every difference.

The rules are docs/reference/accounting.md's. Nothing here reads Tieout's own ledger: the proof must
hold without it. Expected effects of Sage 100 events that have not reached its GL explain what Xero
shows alone; what is left after them is an error with a name, or unknown.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tieout.domain.books import GlPosting, SageState
from tieout.domain.money import ZERO, to_currency
from tieout.domain.pair import Pair
from tieout.domain.tie_out import (
    Area,
    DifferenceClass,
    Effect,
    Light,
    TieOut,
    TieOutAccount,
    TieOutItem,
    added,
    area_of,
    reversed_effect,
    size,
)
from tieout.usecases.tie_out_cases import (
    STOCK_ROLES,
    Books,
    Case,
    Roles,
    cases_of,
    invoice_effect,
    payments_effect,
    receipt_effect,
    roles_of,
    shipment_effect,
)
from tieout.usecases.tie_out_items import Told, explain
from tieout.usecases.tie_out_payouts import (
    bank_effect,
    booked,
    by_hand,
    explain_payout,
    parted,
)
from tieout.usecases.tie_out_reading import BANK_ENTRIES, SAGE100, XERO

GENERAL_JOURNALS = frozenset({"GJ"})
"""Source journals of Sage 100 that people write their own entries in (unconfirmed)."""
PURCHASE_JOURNALS = frozenset({"AP", "MC", "PO", "RI"})
"""Source journals of what is bought, which is no part of what is proven here."""
UNPROVEN = {
    Area.PAYABLES: "bills and payments to vendors are not compared yet",
    Area.INVENTORY: "quantity times cost is not read yet; Xero must have none",
}
BALANCED_AREAS = frozenset({Area.RECEIVABLES, Area.REVENUE, Area.TAX})
"""Areas that the documents read here move alone in Xero, with the clearing accounts."""


def tie_out(pair: Pair, books: Books, told: Told) -> TieOut:
    """Compare both ledgers and name every difference.

    Where a ledger was not read, nothing is compared, and the verdict is red.
    """
    roles = roles_of(pair, books)
    lacking = {one.name for one in books.sources if one.through is None}
    items: list[TieOutItem] = []
    accounts: list[TieOutAccount] = []
    if not lacking & {XERO, SAGE100}:
        items, accounts = _compared(pair, books, roles, told)
    unknown = sum(
        (size(i.amounts) for i in items if i.difference_class is DifferenceClass.UNKNOWN), ZERO
    )
    unknown += sum((abs(a.difference - a.explained) for a in accounts), ZERO)
    proof = TieOut(
        pair=pair.pair,
        currency=pair.currency,
        as_of=told.as_of,
        known_at=told.known_at,
        counts=_counts(books),
        sources=books.sources,
        accounts=tuple(accounts),
        items=tuple(items),
        unknown=unknown,
        unproven=UNPROVEN,
        light=Light.RED,
    )
    return proof.model_copy(update={"light": _light(proof)})


def _compared(
    pair: Pair, books: Books, roles: Roles, told: Told
) -> tuple[list[TieOutItem], list[TieOutAccount]]:
    payouts, orders = parted(pair, books)
    cases = cases_of(orders)
    told = replace(
        told,
        prefixes=tuple(shop.invoice_prefix for shop in pair.shops if shop.invoice_prefix),
        twins=_twins(cases),
    )
    items = [item for case in cases for item in explain(case, roles, told)]
    items += [item for one in payouts for item in explain_payout(one, roles, told)]
    items += _journal_items(books, roles, told.as_of)
    items += _posting_items(books, roles, told.as_of)
    documents = _documents_effect(books, cases, roles, told.as_of)
    items += _balance_items(pair, books, roles, told.as_of)
    items = [_in_currency(item, pair.currency) for item in items]
    remainders = (one.amounts for one in items if one.document == TRIAL_BALANCE)
    accounts = [
        account.model_copy(
            update={
                name: to_currency(getattr(account, name), pair.currency)
                for name in ("xero", "sage100", "difference", "explained")
            }
        )
        for account in _accounts(added(documents, *remainders), books, roles, items, told.as_of)
    ]
    return items, accounts


def _in_currency(item: TieOutItem, currency: str) -> TieOutItem:
    amounts = {role: to_currency(amount, currency) for role, amount in item.amounts.items()}
    parties = {party: to_currency(amount, currency) for party, amount in item.parties.items()}
    return item.model_copy(update={"amounts": amounts, "parties": parties})


def _light(proof: TieOut) -> Light:
    if proof.unknown != ZERO or proof.unread:
        return Light.RED
    if any(one.difference_class is DifferenceClass.UNKNOWN for one in proof.items):
        return Light.RED
    is_amber = any(item.is_error or item.is_overage for item in proof.items)
    return Light.AMBER if is_amber else Light.GREEN


def _counts(books: Books) -> dict[str, int]:
    bank = {} if books.bank is None else {BANK_ENTRIES: len(books.bank)}
    return {
        "xero invoices": len(books.xero_invoices),
        "xero payments": len(books.xero_payments),
        "xero manual journals": len(books.journals),
        **bank,
        "sage100 sales orders": len(books.sage_orders),
        "sage100 cash receipts": len(books.sage_receipts),
        "sage100 invoices": len(books.sage_invoices),
        "sage100 gl postings": len(books.postings),
    }


def _twins(cases: Iterable[Case]) -> frozenset[str]:
    """Return the cases of which Sage 100 has nothing, and whose invoice another case has too."""
    known = {(one.reference, one.total) for case in cases if case.orders for one in case.invoices}
    return frozenset(
        case.number
        for case in cases
        if not case.orders
        and any(one.reference and (one.reference, one.total) in known for one in case.invoices)
    )


def _journal_items(books: Books, roles: Roles, as_of: date) -> Iterable[TieOutItem]:
    """Name every entry that people made by hand on a mirrored account of either ledger."""
    for one in books.journals:
        effect = added(*({roles.of_xero(code): amount} for code, amount in one.amounts.items()))
        if one.date <= as_of and effect:
            document = f"Xero journal {one.journal_id}"
            yield _edit(document, f"posted {one.date}: {one.narration}", effect, one.date)
    for entry in by_hand(books, roles):
        if entry.date <= as_of:
            document = f"Xero {entry.kind} {entry.entry_id}"
            text = f"entered {entry.date}: {entry.reference}"
            yield _edit(document, text, bank_effect(entry, roles), entry.date)
    for key, postings in _by_source(books, as_of).items():
        if postings[0].journal not in GENERAL_JOURNALS:
            continue
        effect = reversed_effect(_gl_effect(postings, roles))
        day = postings[0].date
        if effect:
            yield _edit(f"Sage 100 {key}", f"posted {day} in the general journal", effect, day)


def _edit(document: str, text: str, effect: Effect, since: date) -> TieOutItem:
    return TieOutItem(
        difference_class=DifferenceClass.MANUAL_EDIT,
        document=document,
        explanation=text,
        amounts=effect,
        documents=(document,),
        since=since,
    )


def _by_source(books: Books, as_of: date) -> dict[str, list[GlPosting]]:
    """Return postings of the GL by the document that their comment names, else by register."""
    found: dict[str, list[GlPosting]] = {}
    for one in books.postings:
        if one.date <= as_of and one.journal not in PURCHASE_JOURNALS:
            words = one.source_document.split()[:2]
            is_named = words[:1] in (["INV"], ["CR"])
            key = " ".join(words) if is_named else f"{one.journal} {one.register_no}"
            found.setdefault(key, []).append(one)
    return found


def _posting_items(books: Books, roles: Roles, as_of: date) -> Iterable[TieOutItem]:
    """Name what the GL has otherwise than the receipt or invoice that it names, one by one."""
    expected: dict[str, list[Effect]] = {}
    for receipt in books.sage_receipts:
        if receipt.state is SageState.IN_GL and receipt.date <= as_of:
            key = f"CR {receipt.deposit_no}/{receipt.check_no}"
            expected.setdefault(key, []).append(receipt_effect(receipt, roles))
    for invoice in books.sage_invoices:
        if invoice.state is SageState.IN_GL and invoice.date <= as_of:
            key = f"INV {invoice.invoice_no}"
            expected.setdefault(key, []).append(shipment_effect(invoice, roles))
    posted = {
        key: postings
        for key, postings in _by_source(books, as_of).items()
        if postings[0].journal not in GENERAL_JOURNALS
    }
    for key in sorted({*expected, *posted}):
        in_gl = _gl_effect(posted.get(key, ()), roles)
        rest = added(*expected.get(key, ()), reversed_effect(in_gl))
        if rest:
            yield TieOutItem(
                difference_class=DifferenceClass.UNKNOWN,
                document=f"Sage 100 GL {key}",
                explanation="the general ledger has other amounts than receipts and invoices",
                amounts=rest,
                documents=(f"Sage 100 GL {key}",),
            )


TRIAL_BALANCE = "Xero trial balance"


def _balance_items(pair: Pair, books: Books, roles: Roles, as_of: date) -> Iterable[TieOutItem]:
    """Name what Xero's own balances hold beyond every document and journal that was read."""
    if books.balances is None or books.year_began is None:
        return
    clearing = {pair.books_role(one.clearing_role) for one in pair.gateways}
    balances = added(*({roles.of_xero(code): held} for code, held in books.balances.items()))
    cases = cases_of(books)
    ever = _documents_effect(books, cases, roles, as_of)
    before = _documents_effect(books, cases, roles, books.year_began - ONE_DAY)
    for role in sorted({*balances, *ever}):
        area = area_of(role)
        if role not in set(roles.xero.values()) or not (area in BALANCED_AREAS or role in clearing):
            continue
        moved = ever.get(role, ZERO)
        if area is Area.REVENUE:
            moved -= before.get(role, ZERO)
        left = balances.get(role, ZERO) - moved
        if left:
            yield TieOutItem(
                difference_class=DifferenceClass.UNKNOWN,
                document=TRIAL_BALANCE,
                explanation=f"{role} holds {left:+.2f} that no document or journal read explains",
                amounts={role: left},
                documents=(TRIAL_BALANCE,),
            )


ONE_DAY = date.resolution


def _documents_effect(books: Books, cases: Iterable[Case], roles: Roles, as_of: date) -> Effect:
    """Return what Xero's documents, journals and bank entries do to its accounts."""
    within = [case.through(as_of) for case in cases]
    return added(
        *(invoice_effect(one, roles) for case in within for one in case.invoices),
        *(payments_effect(case, roles) for case in within),
        *(
            {roles.of_xero(code): amount}
            for one in books.journals
            if one.date <= as_of
            for code, amount in one.amounts.items()
        ),
        *(bank_effect(one, roles) for one in booked(books, roles) if one.date <= as_of),
    )


def _gl_effect(postings: Iterable[GlPosting], roles: Roles) -> Effect:
    effect = added(*({roles.of_sage100(p.account): p.amount} for p in postings))
    return {role: amount for role, amount in effect.items() if role not in STOCK_ROLES}


def _accounts(
    xero: Effect, books: Books, roles: Roles, items: Iterable[TieOutItem], as_of: date
) -> list[TieOutAccount]:
    sage100 = _gl_effect(
        (one for postings in _by_source(books, as_of).values() for one in postings), roles
    )
    explained = added(*(item.amounts for item in items))
    return [
        TieOutAccount(
            role=role,
            xero=xero.get(role, ZERO),
            sage100=sage100.get(role, ZERO),
            difference=xero.get(role, ZERO) - sage100.get(role, ZERO),
            explained=explained.get(role, ZERO),
        )
        for role in sorted({*xero, *sage100, *explained})
    ]
