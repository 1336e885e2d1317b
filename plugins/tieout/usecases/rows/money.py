"""The rows of payments and journals: what moves money without goods."""

from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.records import Journal, JournalLine, Payment
from tieout.domain.roles import RECEIVABLES
from tieout.usecases.rows.facts import (
    Known,
    Row,
    dating,
    denomination,
    identity,
    joined,
    unless_known,
    unusable_accounts,
    yes_no,
)

CONTROL_ROLES = frozenset({RECEIVABLES, "payables", "inventory"})
"""Accounts whose balance a sub-ledger explains: what a journal puts there, no document explains."""


def payment_row(key: str, payment: Payment, known: Known) -> Row:
    """Return the facts of money for one invoice or bill."""
    due = known.due.get(payment.document, ZERO)
    return {
        **identity(key, payment),
        **denomination(payment.currency, known),
        **dating(payment.book_date, known),
        "document": payment.document,
        "is_document_known": yes_no(payment.document in known.due),
        "amount": payment.amount,
        "due": due,
        "beyond_due": max(payment.amount - due, ZERO) if payment.document in known.due else ZERO,
        "unknown_account": unless_known(payment.xero_account, known.xero.account_codes),
        "unknown_bank": unless_known(payment.sage100_bank_code, known.sage100.bank_codes),
    }


def journal_row(key: str, journal: Journal, known: Known) -> Row:
    """Return the facts of a general journal."""
    debits = sum((line.debit for line in journal.lines), ZERO)
    credits_ = sum((line.credit for line in journal.lines), ZERO)
    return {
        **identity(key, journal),
        **denomination(journal.currency, known),
        **dating(journal.book_date, known),
        "narration": journal.narration,
        "line_count": len(journal.lines),
        "debits": debits,
        "credits": credits_,
        "unclear_lines": sum(not _is_clear(line) for line in journal.lines),
        "unusable_accounts": joined(
            unusable_accounts([line.accounts for line in journal.lines], known)
        ),
        "control_accounts": joined(_control_accounts(known.pair, journal)),
    }


def _is_clear(line: JournalLine) -> bool:
    """Say whether a line is either a debit or a credit, of a positive amount."""
    return min(line.debit, line.credit) == ZERO and line.debit != line.credit


def _control_accounts(pair: Pair, journal: Journal) -> list[str]:
    roles = [account for account in pair.accounts if account.role in CONTROL_ROLES]
    xero = {account.xero: account.role for account in roles if account.xero}
    sage100 = {account.sage100: account.role for account in roles if account.sage100}
    named = [line.accounts for line in journal.lines]
    posted = [f"Xero {one.xero} ({xero[one.xero]})" for one in named if one.xero in xero]
    return posted + [
        f"Sage 100 {one.sage100} ({sage100[one.sage100]})"
        for one in named
        if one.sage100 in sage100
    ]
