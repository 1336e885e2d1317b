"""Xero's own books: its manual journals, and its trial balance by account code."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.xero.answers import SaidAccount, SaidJournal, SaidOrganisation
from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.reports import XeroReports
from tieout.domain.books import XeroJournal
from tieout.errors import UnavailableError
from tieout.ports.tie_out import Balances, XeroBooks

POSTED = 'Status=="POSTED"'


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


def _journal(said: SaidJournal) -> XeroJournal:
    if said.date is None:
        message = f"Xero shows the journal {said.manual_journal_id} without a date."
        raise UnavailableError(message, remedy="Open it in Xero; it is read again later.")
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in said.journal_lines:
        amounts[line.account_code] += line.line_amount
    return XeroJournal(
        journal_id=said.manual_journal_id,
        narration=said.narration,
        date=said.date,
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
