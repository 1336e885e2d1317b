"""The trial balance and the bank summary, as our connector reads them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from simulators.xero.client import XeroClient, line
from tieout.connectors.xero.reports import XeroReports
from tieout.errors import UnavailableError
from wire import Reply, SetClock, json_reply, serving
from xero_simulator import XeroSimulator, xero_simulator

TODAY = date(2026, 11, 24)
SCOPES = ("accounting.reports.trialbalance.read", "accounting.reports.banksummary.read")
TOKEN = json_reply({"access_token": "t", "expires_in": 1800, "token_type": "Bearer"})
BANK = "03f9cf1e-2deb-4bf1-b0a8-b57f08672eb8"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XeroSimulator]:
    state = tmp_path_factory.mktemp("xero")
    with xero_simulator(state, "--now", f"{TODAY}T08:00:00+00:00") as running:
        xero = XeroClient(running.url)
        taxed = line(TaxType="TAX001", UnitAmount=100)
        invoice = xero.invoice(LineItems=[taxed], Date="2026-10-15")
        xero.pay(invoice, 60).raise_for_status()
        yield running


@pytest.fixture(scope="module")
def reports(simulator: XeroSimulator) -> XeroReports:
    return simulator.connector(SetClock(), scopes=SCOPES).reports


def test_a_trial_balance_is_each_account_debit_less_credit(reports: XeroReports) -> None:
    balances = {one.name: one for one in reports.trial_balance(TODAY)}
    assert {name: (one.month, one.balance) for name, one in balances.items()} == {
        "Accounts receivable (610)": (Decimal("-60.00"), Decimal("47.00")),
        "Shopify Payments clearing (091)": (Decimal("60.00"), Decimal("60.00")),
        "Sales (200)": (Decimal(0), Decimal("-100.00")),
        "Sales tax payable (820)": (Decimal(0), Decimal("-7.00")),
    }
    assert all(len(one.account_id) == len(BANK) for one in balances.values())


def test_on_a_cash_basis_nothing_is_owed(reports: XeroReports) -> None:
    names = [one.name for one in reports.trial_balance(TODAY, is_cash_basis=True)]
    assert "Sales (200)" in names
    assert "Accounts receivable (610)" not in names


def test_a_trial_balance_of_an_earlier_day_knows_nothing_of_later_ones(
    reports: XeroReports,
) -> None:
    october = {one.name: one.balance for one in reports.trial_balance(date(2026, 10, 31))}
    assert october["Accounts receivable (610)"] == Decimal("107.00")


def test_a_bank_account_has_what_it_took_in_and_paid(reports: XeroReports) -> None:
    movements = reports.bank_summary(TODAY.replace(day=1), TODAY)
    (bank,) = [one for one in movements if one.received]
    assert (bank.opening, bank.received, bank.spent, bank.closing) == (
        Decimal("0.00"),
        Decimal("60.00"),
        Decimal("0.00"),
        Decimal("60.00"),
    )


def row(*texts: str, account: str | None = BANK) -> dict[str, Any]:
    attributes = [{"Value": account, "Id": "account"}] if account else None
    cells = [{"Value": text, "Attributes": attributes} for text in texts]
    return {"RowType": "Row", "Cells": cells}


def page(*rows: dict[str, Any]) -> Reply:
    section = {"RowType": "Section", "Title": "", "Rows": list(rows)}
    header = {"RowType": "Header", "Cells": [{"Value": "Account"}], "Rows": None}
    return json_reply({"Reports": [{"ReportName": "A report", "Rows": [header, section]}]})


def read_by(reply: Reply) -> tuple[Any, Any]:
    """Return what a script of Xero's answers is read as, by both readers, or the error."""
    found: list[Any] = []
    for ask in (
        lambda reports: reports.trial_balance(TODAY),
        lambda reports: reports.bank_summary(TODAY, TODAY),
    ):
        with serving(TOKEN, reply) as wire:
            reports = XeroSimulator(wire.url).connector(SetClock()).reports
            try:
                found.append(ask(reports))
            except UnavailableError as error:
                found.append(str(error))
    return found[0], found[1]


def test_totals_and_empty_cells_are_no_accounts_and_no_amounts() -> None:
    total = row("Total", "1.00", "1.00", "2.00", "2.00", account=None)
    balances, movements = read_by(page(row("Bank", "", "", "", ""), total))
    assert [one.balance for one in balances] == [Decimal(0)]
    assert [one.closing for one in movements] == [Decimal(0)]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (page(row("Bank", "1.00", "", "1.00", "")), "its debits are not its credits"),
        (page(row("Bank", "many", "", "", "")), "'many' is no amount"),
        (page(row("Bank", "1.00")), "a row has 2 columns"),
        (json_reply({"Reports": []}), "0 reports came"),
    ],
    ids=["unbalanced", "no amount", "columns", "no report"],
)
def test_a_report_that_does_not_add_up_is_no_answer(reply: Reply, problem: str) -> None:
    trial_balance, _movements = read_by(reply)
    assert problem in str(trial_balance)


def test_a_bank_account_that_does_not_add_up_is_no_answer() -> None:
    _balances, movements = read_by(page(row("Bank", "1.00", "1.00", "", "3.00")))
    assert "Bank does not add up" in str(movements)
