"""S/O invoices, credit memos and A/R invoices through the running agent, posted by people after."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.calls import (
    Agent,
    ar_invoice,
    credit_memo,
    running_agent,
    sales_invoice,
    sales_order,
)
from agent.test_documents import refusal
from agent.test_receipts import DAY, balance, invoiced, posted
from agent.test_writing import account_key, arm, select
from tieout.simulators.sage100 import kits
from tieout.simulators.sage100.control import NewBoiFault
from tieout.simulators.sage100.people.sales_journal import post_sales_journal
from tieout.simulators.sage100.store import CompanyFile


def ordered(agent: Agent, name: str, *lines: dict[str, str]) -> str:
    """Enter order 1042, or one of other lines; return its number."""
    command = sales_order(name)
    if lines:
        command["document"] = {**command["document"], "lines": list(lines), "tax": {}}
    status, answer = agent.post(command)
    assert (status, answer["status"]) == (200, "entered"), answer
    return str(answer["document_no"])


def updated(home: Path) -> None:
    """Let people update the sales journal, and every register after it; the ledger balances."""
    file = CompanyFile(home, "HPS")
    post_sales_journal(file, DAY)
    file.close()
    assert posted(home) == 0


def invoices(home: Path, mark: str) -> Any:
    """Return what stands in entry and in history under our reference."""
    columns = "InvoiceType, FreightAmt, SalesTaxAmt, DepositAmt"
    found = []
    for table in ("SO_InvoiceHeader", "AR_InvoiceHeader", "AR_InvoiceHistoryHeader"):
        found += select(home, f"select {columns} from {table} where Comment = ?", mark)  # noqa: S608
    return found


def test_a_shipment_is_invoiced_with_the_shops_tax_and_its_share_of_the_deposit(
    agent: Agent,
) -> None:
    order_no = ordered(agent, "order-1")
    status, answer = agent.post(sales_invoice("I-1", order_no))
    assert (status, answer["status"], answer["warnings"]) == (200, "entered", []), answer
    assert answer["values"] == {
        "TaxableAmt": "53.97",
        "NonTaxableAmt": "0.00",
        "FreightAmt": "8.00",
        "SalesTaxAmt": "4.34",
        "DepositAmt": "66.31",
    }
    assert invoices(agent.home, "I-1") == [("IN", 8, 4.34, 66.31)]
    updated(agent.home)
    assert balance(agent.home, answer["document_no"]) == 0
    assert invoices(agent.home, "I-1") == [("IN", 8, 4.34, 66.31)]
    again = sales_invoice("I-1b", order_no, FreightAmt="0.00", DepositAmt="43.82")
    again["document"]["lines"] = [{"OrderLineKey": "000002", "QuantityShipped": "1"}]
    again["document"]["tax"] = {"STATE": "2.87"}
    assert agent.post(again)[1]["values"]["TaxableAmt"] == "40.95"
    updated(agent.home)
    sql = "select OrderStatus from SO_SalesOrderHistoryHeader where SalesOrderNo = ?"
    assert select(agent.home, sql, order_no) == [("C",)]


def test_a_credit_memo_takes_goods_back_and_stays_an_open_item(agent: Agent) -> None:
    status, answer = agent.post(credit_memo("CM-1"))
    assert (status, answer["status"]) == (200, "entered"), answer
    assert (answer["values"]["TaxableAmt"], answer["values"]["SalesTaxAmt"]) == ("17.99", "1.26")
    updated(agent.home)
    assert balance(agent.home, answer["document_no"]) == Decimal("-19.25")
    assert invoices(agent.home, "CM-1") == [("CM", 0, -1.26, 0)]


def test_a_credit_memo_names_the_invoice_that_it_corrects(agent: Agent) -> None:
    number = invoiced(agent.home, "100.00")
    agent.post(credit_memo("CM-2", ApplyToInvoiceNo=number))
    updated(agent.home)
    assert balance(agent.home, number) == Decimal("80.75")


def test_an_ar_invoice_is_of_accounts_and_moves_no_stock(agent: Agent) -> None:
    stock = select(agent.home, "select sum(QuantityOnHand) from IM_ItemWarehouse")
    key = account_key(agent.home, "400-00")
    status, answer = agent.post(ar_invoice("AR-1", key))
    assert (status, answer["status"]) == (200, "entered"), answer
    assert (answer["values"]["TaxableAmt"], answer["values"]["SalesTaxAmt"]) == ("50.00", "3.51")
    assert answer["key"]["InvoiceType"] == "IN"
    updated(agent.home)
    assert balance(agent.home, answer["document_no"]) == Decimal("53.51")
    memo = ar_invoice("AR-2", key, InvoiceType="CM", ApplyToInvoiceNo=answer["document_no"])
    agent.post(memo)
    updated(agent.home)
    assert balance(agent.home, answer["document_no"]) == 0
    assert select(agent.home, "select sum(QuantityOnHand) from IM_ItemWarehouse") == stock


def test_a_kit_is_shipped_by_its_own_line_and_sage_sees_to_its_components(agent: Agent) -> None:
    file = CompanyFile(agent.home, "HPS")
    file.insert("CI_Item", file.rows("CI_Item", ItemCode="LAMP-01")[0] | {"ItemCode": "LAMP-SET"})
    kits.define(file, "LAMP-SET", {"LAMP-01": Decimal(2), "SHADE-02": Decimal(1)})
    file.close()
    line = {"ItemCode": "LAMP-SET", "QuantityOrdered": "3", "UnitPrice": "50.000000"}
    order_no = ordered(agent, "order-kit", {**line, "LineDiscountPercent": "10"})
    command = sales_invoice("I-KIT", order_no, FreightAmt="0.00", DepositAmt="0.00")
    command["document"]["lines"] = [{"OrderLineKey": "000001", "QuantityShipped": "2"}]
    command["document"]["tax"] = {}
    assert agent.post(command)[1]["values"]["TaxableAmt"] == "90.00"
    sql = (
        "select ItemCode, QuantityShipped from SO_InvoiceDetail join SO_InvoiceHeader"
        " using (InvoiceNo) where Comment = 'I-KIT' order by LineKey"
    )
    assert select(agent.home, sql) == [("LAMP-SET", 2), ("LAMP-01", 4), ("SHADE-02", 2)]
    updated(agent.home)


def test_what_sage_or_we_refuse_leaves_nothing(agent: Agent) -> None:
    order_no = ordered(agent, "order-2")
    more = sales_invoice("I-2", order_no)
    more["document"]["lines"][0]["QuantityShipped"] = "4"
    unknown = sales_invoice("I-3", order_no)
    unknown["document"]["lines"][0]["OrderLineKey"] = "000009"
    deposit = sales_invoice("I-4", order_no, DepositAmt="66.32")
    causes = [agent.post(one)[1]["error"]["cause"] for one in (more, unknown, deposit)]
    assert causes == ["sage_refused", "unknown_record", "sage_refused"]
    assert not any(invoices(agent.home, mark) for mark in ("I-2", "I-3", "I-4"))
    sql = "select CurrentInvoiceNo from SO_SalesOrderHeader where SalesOrderNo = ?"
    assert select(agent.home, sql, order_no) == [("",)]


def test_a_customers_invoice_with_a_po_that_is_in_use_is_refused_as_a_copy(agent: Agent) -> None:
    def sold(mark: str) -> dict[str, Any]:
        command = credit_memo(mark, CustomerPONo="PO-7")
        return {**command, "kind": "sales_invoice.create"}

    assert agent.post(sold("I-PO"))[1]["status"] == "entered"
    refused = agent.post(sold("I-PO-2"))[1]
    assert refused["error"]["cause"] == "number_taken"
    assert invoices(agent.home, "I-PO-2") == []


def test_an_item_with_lots_is_left_to_people(home: Path, tmp_path: Path) -> None:
    file = CompanyFile(home, "HPS")
    file.update("CI_Item", {"ItemCode": "LAMP-01"}, {"Valuation": "6"})
    file.close()
    with running_agent(home, tmp_path) as agent:
        answer = agent.post(sales_invoice("I-5", ordered(agent, "order-3")))[1]
        memo = agent.post(credit_memo("CM-5"))[1]
    assert answer["error"]["cause"] == memo["error"]["cause"] == "lot_or_serial"
    assert invoices(home, "I-5") == []


def test_an_invoice_that_people_posted_after_the_agent_died_is_adopted(
    home: Path, tmp_path: Path
) -> None:
    with running_agent(home, tmp_path) as agent:
        command = sales_invoice("I-6", ordered(agent, "order-4"))
        arm(home, NewBoiFault("drop_after_write", "SO_Invoice_bus", at="nWrite", ends_process=True))
        with pytest.raises(OSError, match=r".*"):
            agent.post(command)
    updated(home)
    with running_agent(home, tmp_path) as agent:
        status, answer = agent.post(command)
    assert (status, answer["status"], answer["adopted"]) == (200, "entered", True)
    assert answer["values"]["SalesTaxAmt"] == "4.34"
    assert len(invoices(home, "I-6")) == 1


@pytest.mark.parametrize(
    ("header", "line", "cause"),
    [
        ({"CustomerNo": "WEBGUEST"}, {}, "not_in_form"),
        ({}, {"UnitPrice": "1.00"}, "not_in_form"),
        ({"SalesOrderNo": ""}, {}, "missing_field"),
        ({}, {"OrderLineKey": "1"}, "wrong_key_form"),
        ({"Comment": ""}, {}, "missing_field"),
    ],
)
def test_an_invoice_is_of_an_order_or_of_a_customer(
    header: dict[str, str], line: dict[str, str], cause: str
) -> None:
    command = sales_invoice("I-7", "0001001", **header)
    command["document"]["lines"][0] |= line
    assert refusal(command).cause == cause


def test_an_invoice_states_freight_and_deposit_and_no_line_twice() -> None:
    command = sales_invoice("I-8", "0001001")
    del command["document"]["header"]["DepositAmt"]
    assert refusal(command).cause == "missing_field"
    command = sales_invoice("I-9", "0001001")
    command["document"]["lines"] *= 2
    assert refusal(command).cause == "not_in_form"


@pytest.mark.parametrize(
    ("header", "lines", "cause"),
    [
        ({"InvoiceType": "XX"}, [{"SalesAcctKey": "000000400"}], "not_in_form"),
        ({"ApplyToInvoiceNo": "0000301"}, [{"SalesAcctKey": "000000400"}], "not_in_form"),
        ({}, [], "missing_field"),
        ({}, [{"ExtensionAmt": "1.00"}], "missing_field"),
        ({}, [{"SalesAcctKey": "400-00"}], "wrong_key_form"),
    ],
)
def test_an_ar_invoice_is_refused(
    header: dict[str, str], lines: list[dict[str, str]], cause: str
) -> None:
    command = ar_invoice("AR-3", "000000400", **header)
    command["document"]["lines"] = lines
    assert refusal(command).cause == cause
