"""Postings on their way to the general ledger.

A register update leaves its postings waiting; only the Daily Transaction Register brings them into
GL_DetailPosting. Which accounts a document hits belongs to its register.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.simulators.sage100.store import CompanyFile, Row

REGISTER_WIDTH = 6


class NotAllowedError(Exception):
    """Sage 100 does not let the person do that now; the message is what it shows."""


@dataclass(frozen=True)
class Register:
    """One update of one register: its postings share journal, number and date."""

    journal: str
    module: str
    number: str
    posted_on: date


@dataclass(frozen=True)
class Posting:
    """One posting; ``amount`` is debit less credit."""

    account_key: str
    amount: Decimal


def open_register(file: CompanyFile, journal: str, module: str, posted_on: date) -> Register:
    """Take the next register number of a journal."""
    number = file.next_number(f"register {journal}", REGISTER_WIDTH)
    return Register(journal, module, number, posted_on)


def pend(file: CompanyFile, register: Register, comment: str, postings: Sequence[Posting]) -> None:
    """Leave a document's postings for the Daily Transaction Register.

    Raises:
        ValueError: Debits and credits differ.
    """
    if sum((posting.amount for posting in postings), Decimal(0)):
        message = f"{comment}: debits and credits differ"
        raise ValueError(message)
    sql = (
        "INSERT INTO _daily_transaction (posting_date, source_journal, register_no, source_module,"
        " account_key, amount, comment) VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    for posting in postings:
        if posting.amount:
            amount = f"{posting.amount:f}"
            day = register.posted_on.isoformat()
            where = (day, register.journal, register.number, register.module)
            file.run(sql, *where, posting.account_key, amount, comment)


def post_daily_transaction_register(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Bring what is dated on or before ``posting_date`` into the general ledger.

    Each posting keeps the date of its own register.
    """
    with file.transaction():
        waiting = file.run(
            "SELECT posting_date, source_journal, register_no, source_module, account_key, amount,"
            " comment FROM _daily_transaction WHERE posting_date <= ? ORDER BY id",
            posting_date.isoformat(),
        )
        registers: dict[str, int] = {}
        for entry in waiting:
            day, journal, register, module, account, amount, comment = map(str, entry)
            name = f"{journal}-{register}"
            registers[name] = registers.get(name, 0) + 1
            signed = Decimal(amount)
            row = Row(AccountKey=account, PostingDate=day, SourceJournal=journal)
            row.update(JournalRegisterNo=register, SequenceNo=f"{registers[name]:06d}")
            row.update(SourceModule=module, PostingComment=comment)
            row.update(DebitAmount=max(signed, Decimal(0)), CreditAmount=max(-signed, Decimal(0)))
            file.insert("GL_DetailPosting", row)
        file.run("DELETE FROM _daily_transaction WHERE posting_date <= ?", posting_date.isoformat())
    return {"postings": len(waiting), "registers": sorted(registers)}
