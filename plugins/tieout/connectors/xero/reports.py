"""Xero's reports of balances: the trial balance and the bank summary, which a tie-out compares.

Xero gives them as printed pages: sections of rows of texts, with the account's id as an attribute
of its cells. What is read here is what a ledger says, and a page that does not add up is no answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tieout.connectors.exact_json import typed
from tieout.connectors.xero.client import XeroClient
from tieout.domain.books import AccountBalance, BankMovement
from tieout.errors import UnavailableError

_ACCOUNT = frozenset({"account", "accountid"})
"""What the attribute is called that holds the account's id: each report spells it its own way."""

AMOUNTS = 4
"""Columns of amounts in both reports."""


def _listed(value: object) -> object:
    return [] if value is None else value


class _Attribute(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(default="", alias="Id")
    value: str = Field(default="", alias="Value")


class _Cell(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    value: str = Field(default="", alias="Value")
    attributes: Annotated[tuple[_Attribute, ...], BeforeValidator(_listed)] = Field(
        default=(), alias="Attributes"
    )


class _Row(BaseModel):
    """A row of cells, or a section of rows."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: str = Field(alias="RowType")
    cells: Annotated[tuple[_Cell, ...], BeforeValidator(_listed)] = Field(default=(), alias="Cells")
    rows: Annotated[tuple["_Row", ...], BeforeValidator(_listed)] = Field(default=(), alias="Rows")


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    rows: tuple[_Row, ...] = Field(alias="Rows")


class XeroReports:
    """The reports of one organization, in its base currency."""

    def __init__(self, client: XeroClient) -> None:
        """Ask nothing yet."""
        self._client = client

    def trial_balance(self, day: date, *, is_cash_basis: bool = False) -> list[AccountBalance]:
        """Return the balances at the end of a day; accounts without any movement may lack.

        Revenue and expense accounts hold what moved since the financial year began.

        Raises:
            UnavailableError: The report is not one, or its debits are not its credits.
        """
        params = {"date": day.isoformat()}
        if is_cash_basis:
            params["paymentsOnly"] = "true"
        rows = list(self._rows("TrialBalance", params))
        balances = [
            AccountBalance(
                account_id=account_id,
                name=name,
                month=debit - credit,
                balance=year_debit - year_credit,
            )
            for account_id, name, (debit, credit, year_debit, year_credit) in rows
        ]
        if sum(one.month for one in balances) or sum(one.balance for one in balances):
            raise _unreadable("TrialBalance", "its debits are not its credits")
        return balances

    def bank_summary(self, since: date, until: date) -> list[BankMovement]:
        """Return what each bank account opened with, took in, paid and closed with, both days in.

        Raises:
            UnavailableError: The report is not one, or an account in it does not add up.
        """
        params = {"fromDate": since.isoformat(), "toDate": until.isoformat()}
        movements = [
            BankMovement(
                account_id=account_id,
                name=name,
                opening=opening,
                received=received,
                spent=spent,
                closing=closing,
            )
            for account_id, name, (opening, received, spent, closing) in self._rows(
                "BankSummary", params
            )
        ]
        for one in movements:
            if one.opening + one.received - one.spent != one.closing:
                raise _unreadable("BankSummary", f"{one.name} does not add up")
        return movements

    def _rows(
        self, name: str, params: Mapping[str, str]
    ) -> Iterator[tuple[str, str, list[Decimal]]]:
        """Yield the account id, the account's text and the amounts of each account's row."""
        found = self._client.rows(f"Reports/{name}", "Reports", params=params)
        if len(found) != 1:
            raise _unreadable(name, f"{len(found)} reports came")
        report = typed(_Report, found[0], system="Xero")
        for row in _flat(report.rows):
            account_id = _account_id(row)
            if not account_id:
                continue  # a total
            if len(row.cells) != AMOUNTS + 1:
                raise _unreadable(name, f"a row has {len(row.cells)} columns")
            yield account_id, row.cells[0].value, [_amount(name, one) for one in row.cells[1:]]


def _flat(rows: Sequence[_Row]) -> Iterator[_Row]:
    for row in rows:
        if row.kind == "Row":
            yield row
        yield from _flat(row.rows)


def _account_id(row: _Row) -> str:
    ids = [
        attribute.value
        for cell in row.cells
        for attribute in cell.attributes
        if attribute.id.lower() in _ACCOUNT
    ]
    return ids[0] if ids else ""


def _amount(name: str, cell: _Cell) -> Decimal:
    try:
        return Decimal(cell.value or "0")
    except InvalidOperation:
        raise _unreadable(name, f"{cell.value!r} is no amount") from None


def _unreadable(name: str, problem: str) -> UnavailableError:
    return UnavailableError(
        f"Xero's report {name} cannot be used: {problem}.",
        remedy="Open it in Xero; it is read again later.",
    )
