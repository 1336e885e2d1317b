"""The reports TrialBalance and BankSummary, computed from postings.

Their form is that of the specification's examples. As there, the trial balance shows the month to
its date, and beside it the year to date: what revenue and expense accounts moved since the
financial year began, and what the others hold; earlier results are in retained earnings. Ours:
accounts that nothing was ever posted to are left out, and a date that is none is a bad query.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import postings
from tieout.simulators.xero.charts import account_class
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.postings import Posting
from tieout.simulators.xero.refusals import BadQueryError
from tieout.simulators.xero.setting_records import Account
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, ms_date, parsed_date

_ZERO: Final = Decimal("0.00")
_SECTIONS: Final = {
    "REVENUE": "Revenue",
    "EXPENSE": "Expenses",
    "ASSET": "Assets",
    "LIABILITY": "Liabilities",
    "EQUITY": "Equity",
}
_RESULTS: Final = ("REVENUE", "EXPENSE")
_DEBIT_CLASSES: Final = ("ASSET", "EXPENSE")
_TRIAL_BALANCE_HEADER: Final = ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")
_BANK_SUMMARY_HEADER: Final = (
    *("Bank Accounts", "Opening Balance", "Cash Received"),
    *("Cash Spent", "Closing Balance"),
)

Sums = dict[str, Decimal]


def trial_balance(call: Call) -> Answer:
    """Serve /Reports/TrialBalance."""
    books = call.books
    day = _day(call, "date", books.clock().date())
    every = postings.of_books(books, cash_only=call.flag("paymentsOnly"))
    until = [posting for posting in every if posting.day <= day]
    month = _sums([posting for posting in until if posting.day >= day.replace(day=1)])
    year = _year_to_date(books, until, day.replace(month=1, day=1))
    accounts = {account.account_id or "": account for account in books.accounts.all()}
    rows: dict[str, list[Json]] = {title: [] for title in _SECTIONS.values()}
    totals = [_ZERO] * 4
    for account_id in sorted(year.keys() | month.keys(), key=lambda key: _sort_key(accounts, key)):
        account = accounts[account_id]
        sides = [
            *_sides(account, month.get(account_id, _ZERO)),
            *_sides(account, year.get(account_id, _ZERO)),
        ]
        totals = [total + (side or _ZERO) for total, side in zip(totals, sides, strict=True)]
        texts = [f"{account.name} ({account.code})", *("" if s is None else f"{s}" for s in sides)]
        cells = [_cell(text, account=account_id) for text in texts]
        rows[_SECTIONS[account_class(account)]].append({"RowType": "Row", "Cells": cells})
    sections = [_section(title, found) for title, found in rows.items() if found]
    total_row = _row("SummaryRow", ["Total", *(f"{total}" for total in totals)])
    return _report(
        call,
        ("Trial Balance", "TrialBalance"),
        f"As at {_long(day)}",
        _long(day),
        [_row("Header", _TRIAL_BALANCE_HEADER), *sections, _section("", [total_row])],
    )


def bank_summary(call: Call) -> Answer:
    """Serve /Reports/BankSummary; without dates, of this month."""
    books = call.books
    today = books.clock().date()
    since = _day(call, "fromDate", today.replace(day=1))
    until = _day(call, "toDate", _month_end(today))
    if since > until:
        message = "fromDate must not be after toDate"
        raise BadQueryError(message)
    every = postings.of_books(books)
    rows: list[Json] = []
    totals = [_ZERO] * 4
    for account in books.accounts.all():
        own = [one for one in every if one.account_id == account.account_id]
        if account.type != "BANK" or (account.status != "ACTIVE" and not own):
            continue
        figures = _bank_figures(own, since, until)
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
        opening, received, spent, closing = (f"{figure}" for figure in figures)
        account_id = account.account_id or ""
        cells = [
            _cell(account.name or "", accountID=account_id),
            _cell(opening),
            _cell(received, account=account_id),
            _cell(spent, account=account_id),
            _cell(closing),
        ]
        rows.append({"RowType": "Row", "Cells": cells})
    rows.append(_row("SummaryRow", ["Total", *(f"{total}" for total in totals)]))
    return _report(
        call,
        ("Bank Summary", "BankSummary"),
        f"From {_long(since)} to {_long(until)}",
        _long(today),
        [_row("Header", _BANK_SUMMARY_HEADER), _section("", rows)],
    )


def _bank_figures(own: Sequence[Posting], since: date, until: date) -> tuple[Decimal, ...]:
    opening = sum((one.amount for one in own if one.day < since), _ZERO)
    moved = [one.amount for one in own if since <= one.day <= until]
    received = sum((amount for amount in moved if amount > 0), _ZERO)
    spent = -sum((amount for amount in moved if amount < 0), _ZERO)
    return opening, received, spent, opening + received - spent


def _year_to_date(books: Books, until: Sequence[Posting], year_start: date) -> Sums:
    classes = {account.account_id: account_class(account) for account in books.accounts.all()}
    retained = postings.system_account(books, "RETAINEDEARNINGS")
    return _sums(
        [
            Posting(retained, one.day, one.amount)
            if classes[one.account_id] in _RESULTS and one.day < year_start
            else one
            for one in until
        ]
    )


def _sums(found: Sequence[Posting]) -> Sums:
    sums: Sums = defaultdict(lambda: _ZERO)
    for posting in found:
        sums[posting.account_id] += posting.amount
    return dict(sums)


def _sides(account: Account, amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Return debit and credit: the one that there is; for nothing, the account's usual side."""
    is_debit = amount > 0 or (not amount and account_class(account) in _DEBIT_CLASSES)
    return (amount, None) if is_debit else (None, -amount if amount else amount)


def _sort_key(accounts: dict[str, Account], account_id: str) -> tuple[str, str]:
    account = accounts[account_id]
    return account.name or "", account.code or ""


def _day(call: Call, name: str, default: date) -> date:
    text = call.query.get(name.lower(), "")
    if not text:
        return default
    try:
        return date.fromisoformat(str(parsed_date(text)))
    except ValueError as error:
        message = f"'{text}' is not a valid {name}"
        raise BadQueryError(message) from error


def _month_end(day: date) -> date:
    next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return next_month - timedelta(days=1)


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _cell(text: str, **attributes: str) -> Json:
    if not attributes:
        return {"Value": text}
    named = [{"Value": value, "Id": name} for name, value in attributes.items()]
    return {"Value": text, "Attributes": named}


def _row(kind: str, texts: Sequence[str]) -> Json:
    return {"RowType": kind, "Cells": [_cell(text) for text in texts]}


def _section(title: str, rows: Sequence[Json]) -> Json:
    return {"RowType": "Section", "Title": title, "Rows": list(rows)}


def _report(
    call: Call, names: tuple[str, str], period: str, report_date: str, rows: Sequence[Json]
) -> Answer:
    title, kind = names
    content: Json = {
        "ReportID": kind,
        "ReportName": title,
        "ReportType": kind,
        "ReportTitles": [title, call.books.organisation().name, period],
        "ReportDate": report_date,
        "UpdatedDateUTC": ms_date(call.books.clock()),
        "Fields": [],
        "Rows": list(rows),
    }
    return Answer(content={"Reports": [content]})
