"""Receipts on open items through the running agent: what lands, and what it refuses."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, cash_receipt
from agent.test_documents import refusal
from agent.test_writing import account_key, select
from tieout.simulators.sage100.people.cash_journal import post_cash_receipts
from tieout.simulators.sage100.people.invoicing import ArInvoice, enter_ar_invoice
from tieout.simulators.sage100.people.ledger import post_daily_transaction_register
from tieout.simulators.sage100.people.sales_journal import post_sales_journal
from tieout.simulators.sage100.store import CompanyFile

DAY = date(2026, 11, 29)
ACCOUNT = "000000230"


def receipt(command_id: str, amount: str, *lines: dict[str, str]) -> dict[str, Any]:
    """Return a receipt whose check number is its command id."""
    command = cash_receipt(command_id, ACCOUNT, CheckNo=command_id, PostingAmt=amount)
    command["document"]["lines"] = list(lines)
    return command


def invoiced(home: Path, amount: str) -> str:
    """Let people key and post an invoice of WEBGUEST; return its number."""
    file = CompanyFile(home, "HPS")
    invoice = ArInvoice("WEBGUEST", Decimal(amount), "PO", DAY)
    number = str(enter_ar_invoice(file, invoice)["invoice_no"])
    post_sales_journal(file, DAY)
    file.close()
    return number


def posted(home: Path) -> Decimal:
    """Let people post every receipt; return what debits exceed credits by."""
    file = CompanyFile(home, "HPS")
    post_cash_receipts(file, DAY)
    post_daily_transaction_register(file, DAY)
    rows = file.rows("GL_DetailPosting")
    file.close()
    amounts = (row.number("DebitAmount") - row.number("CreditAmount") for row in rows)
    return sum(amounts, Decimal(0))


def balance(home: Path, number: str) -> Decimal:
    found = select(home, "select Balance from AR_OpenInvoice where InvoiceNo = ?", number)
    return Decimal(str(found[0][0]))


def test_one_receipt_pays_two_invoices_an_account_and_a_prepayment(agent: Agent) -> None:
    first, second = invoiced(agent.home, "100.00"), invoiced(agent.home, "50.00")
    lines = (
        {"InvoiceNo": first, "AmountPosted": "98.00", "DiscountAmt": "2.00"},
        {"InvoiceNo": second, "AmountPosted": "50.00"},
        {"AccountKey": account_key(agent.home, "605-00"), "AmountPosted": "-3.49"},
        {"InvoiceType": "PP", "AmountPosted": "9.87"},
    )
    status, answer = agent.post(receipt("R1", "154.38", *lines))
    assert (status, answer["status"], answer["warnings"]) == (200, "entered", [])
    assert answer["values"] == {"PostingAmt": "154.38"}
    assert posted(agent.home) == 0
    prepayment = f"PP{answer['document_no']}"
    balances = [balance(agent.home, number) for number in (first, second, prepayment)]
    assert balances == [Decimal(0), Decimal(0), Decimal("-9.87")]


def test_a_zero_receipt_applies_a_prepayment_to_an_invoice(agent: Agent) -> None:
    number = invoiced(agent.home, "40.00")
    _, prepaid = agent.post(receipt("R2", "40.00", {"InvoiceType": "PP", "AmountPosted": "40.00"}))
    prepayment = f"PP{prepaid['document_no']}"
    assert posted(agent.home) == 0
    lines = (
        {"InvoiceNo": number, "AmountPosted": "40.00"},
        {"InvoiceType": "PP", "InvoiceNo": prepayment, "AmountPosted": "-40.00"},
    )
    _, answer = agent.post(receipt("R3", "0.00", *lines))
    assert answer["values"] == {"PostingAmt": "0.00"}
    assert posted(agent.home) == 0
    assert (balance(agent.home, number), balance(agent.home, prepayment)) == (0, 0)


def test_more_than_an_invoice_has_is_refused_and_leaves_nothing_to_post(agent: Agent) -> None:
    number = invoiced(agent.home, "10.00")
    line = {"InvoiceNo": number, "AmountPosted": "10.01"}
    _, answer = agent.post(receipt("R4", "10.01", line))
    assert (answer["status"], answer["error"]["cause"]) == ("refused", "more_than_open")
    assert select(agent.home, "select * from AR_CashReceiptsHeader where CheckNo = 'R4'") == []
    assert posted(agent.home) == 0
    assert balance(agent.home, number) == Decimal(10)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ({}, "missing_field"),
        ({"AccountKey": ACCOUNT, "InvoiceNo": "0000301"}, "missing_field"),
        ({"InvoiceType": "CM"}, "missing_field"),
        ({"InvoiceType": "XX", "InvoiceNo": "0000301"}, "not_in_form"),
        ({"InvoiceNo": "301"}, "wrong_key_form"),
        ({"AccountKey": ACCOUNT, "DiscountAmt": "1.00"}, "not_in_form"),
    ],
)
def test_a_line_that_leaves_open_where_money_goes_is_refused(
    line: dict[str, str], cause: str
) -> None:
    assert refusal(receipt("R5", "1.00", {**line, "AmountPosted": "1.00"})).cause == cause


def test_a_receipt_opens_one_prepayment_at_most() -> None:
    line = {"InvoiceType": "PP", "AmountPosted": "1.00"}
    assert refusal(receipt("R6", "2.00", line, line)).cause == "not_in_form"
