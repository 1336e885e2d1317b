"""Xero's own books: manual journals, money at the bank, and the trial balance by account code."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.xero.answers import (
    SaidAccount,
    SaidBankTransaction,
    SaidBankTransfer,
    SaidJournal,
    SaidOrganisation,
)
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.reports import XeroReports
from tieout.domain.books import XeroBankEntry, XeroJournal
from tieout.domain.money import ZERO, round_half_up
from tieout.domain.statuses.xero import BANK_TRANSFER
from tieout.errors import UnavailableError
from tieout.ports.tie_out import Balances, XeroBooks

POSTED = 'Status=="POSTED"'
STANDING = 'Status=="AUTHORISED"'
SIDE_OF_TRANSFER = "-TRANSFER"
"""How the type of a bank transaction ends that is one side of a transfer."""
BASE_PLACES = 2
"""To how many decimals Xero keeps amounts, of any currency (domain/xero, 2.7)."""


class XeroOwnBooks(XeroBooks):
    """The own books of one organization."""

    def __init__(self, client: XeroClient) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reports = XeroReports(client)

    @override
    def journals(self) -> list[XeroJournal]:
        rows = self._client.all_rows("ManualJournals", params={"where": POSTED})
        return [_journal(SaidJournal.of(row)) for row in rows]

    @override
    def bank_entries(self) -> list[XeroBankEntry]:
        params = {"where": STANDING, "unitdp": "4"}
        rows = self._client.all_rows("BankTransactions", params=params)
        spent = [SaidBankTransaction.of(row) for row in rows]
        # Xero gives transfers whole, not in pages (domain/xero, 1.2).
        moved = [
            SaidBankTransfer.of(row) for row in self._client.rows("BankTransfers", "BankTransfers")
        ]
        return [
            *(_spent(one) for one in spent if not one.type.endswith(SIDE_OF_TRANSFER)),
            *(_moved(one) for one in moved if not BANK_TRANSFER.is_gone(one.status)),
        ]

    @override
    def balances(self, day: date) -> Balances:
        accounts = [SaidAccount.of(row) for row in self._client.rows("Accounts", "Accounts")]
        codes = {one.account_id: one.code for one in accounts if one.code}
        by_code: defaultdict[str, Decimal] = defaultdict(Decimal)
        for one in self._reports.trial_balance(day):
            if one.account_id in codes:
                code = codes[one.account_id]
                by_code[code] += one.balance
        (row,) = self._client.rows("Organisation", "Organisations")
        return Balances(by_code=by_code, year_began=_year_began(SaidOrganisation.of(row), day))


def _dated(day: date | None, what: str) -> date:
    if day is None:
        message = f"Xero shows the {what} without a date."
        raise UnavailableError(message, remedy="Open it in Xero; it is read again later.")
    return day


def _spent(said: SaidBankTransaction) -> XeroBankEntry:
    """Return what a bank transaction moves: the bank account, each line's, and tax."""
    kind, sign = "bank transaction", 1 if said.type.startswith("RECEIVE") else -1
    is_inclusive = said.line_amount_types == "Inclusive"
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in said.line_items:
        net = line.line_amount - (line.tax_amount if is_inclusive else ZERO)
        amounts[line.account_code] -= sign * round_half_up(net / said.currency_rate, BASE_PLACES)
    total = sign * round_half_up(said.total / said.currency_rate, BASE_PLACES)
    tax = -total - sum(amounts.values(), ZERO)
    amounts[said.bank_account.code] += total
    return XeroBankEntry(
        entry_id=said.bank_transaction_id,
        kind=kind,
        reference=said.reference,
        date=_dated(said.date, f"{kind} {said.bank_transaction_id}"),
        amounts=amounts,
        tax=tax,
    )


def _moved(said: SaidBankTransfer) -> XeroBankEntry:
    kind = "bank transfer"
    return XeroBankEntry(
        entry_id=said.bank_transfer_id,
        kind=kind,
        reference=said.reference,
        date=_dated(said.date, f"{kind} {said.bank_transfer_id}"),
        amounts={
            said.to_bank_account.code: said.amount,
            said.from_bank_account.code: -said.amount,
        },
    )


def _journal(said: SaidJournal) -> XeroJournal:
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in said.journal_lines:
        amounts[line.account_code] += line.line_amount
    return XeroJournal(
        journal_id=said.manual_journal_id,
        narration=said.narration,
        date=_dated(said.date, f"journal {said.manual_journal_id}"),
        amounts=amounts,
    )


def _year_began(said: SaidOrganisation, day: date) -> date:
    """Return the first day of the financial year that a day is in.

    It ends on the day and month that the organization says; a year that ends with February ends
    with its last day, whatever number Xero has for that.
    """
    for year in (day.year, day.year - 1):
        ended = _last_day(said, year)
        if ended < day:
            return ended + timedelta(days=1)
    return _last_day(said, day.year - 2) + timedelta(days=1)


def _last_day(said: SaidOrganisation, year: int) -> date:
    month = said.financial_year_end_month
    following = date(year + month // 12, month % 12 + 1, 1)
    last = following - timedelta(days=1)
    return last.replace(day=min(said.financial_year_end_day, last.day))
