"""The running agent on the Sage 100 double: what lands in the tables, once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from agent.calls import Agent, cash_receipt, customer, deposit, sales_order
from tieout.simulators.sage100 import control
from tieout.simulators.sage100.control import NewBoiFault
from tieout.simulators.sage100.store import CompanyFile


def select(home: Path, sql: str, *parameters: str) -> Any:
    with closing(sqlite3.connect(home / "MAS_HPS.sqlite")) as connection:
        return connection.execute(sql, parameters).fetchall()


def arm(home: Path, fault: NewBoiFault) -> None:
    file = CompanyFile(home, "HPS")
    control.arm(file, fault)
    file.close()


def customers(home: Path, mark: str) -> int:
    sql = "select count(*) from AR_Customer where UDF_TIEOUT_ID = ?"
    return int(select(home, sql, mark)[0][0])


def orders(home: Path, mark: str) -> int:
    sql = "select count(*) from SO_SalesOrderHeader where UDF_TIEOUT_ID = ?"
    return int(select(home, sql, mark)[0][0])


def account_key(home: Path, account: str) -> str:
    sql = "select AccountKey from GL_Account where Account = ?"
    return str(select(home, sql, account)[0][0])


def test_a_customer_gets_the_next_number_and_lands_with_our_mark(agent: Agent) -> None:
    status, answer = agent.post(customer("next-number"))
    number = answer["document_no"]
    assert (status, answer["status"]) == (200, "entered")
    assert answer["key"] == {"ARDivisionNo": "00", "CustomerNo": number}
    assert answer["values"] == {"CustomerName": "Ada Lovelace"}
    sql = "select CustomerName, City, UDF_TIEOUT_ID from AR_Customer where CustomerNo = ?"
    assert select(agent.home, sql, number) == [("Ada Lovelace", "London", "next-number")]


def test_a_customer_number_that_somebody_has_is_refused(agent: Agent) -> None:
    status, answer = agent.post(customer("taken", CustomerNo="WEBGUEST"))
    assert (status, answer["status"]) == (200, "refused")
    assert answer["error"]["cause"] == "number_taken"


def test_the_same_command_again_gets_the_same_answer_and_writes_nothing(agent: Agent) -> None:
    first = agent.post(customer("twice"))
    again = agent.post(customer("twice"))
    assert first == again
    assert customers(agent.home, "twice") == 1


def test_the_same_command_many_times_at_once_writes_once(agent: Agent) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.post(customer("at-once")), range(16)))
    assert {answer["document_no"] for _, answer in answers} == {answers[0][1]["document_no"]}
    assert customers(agent.home, "at-once") == 1


def test_the_same_id_with_another_payload_is_a_conflict(agent: Agent) -> None:
    agent.post(customer("conflict"))
    status, answer = agent.post(customer("conflict", City="Paris"))
    assert status == 409
    assert "another payload" in answer["error"]["message"]


def test_an_earlier_epoch_is_fenced(agent: Agent) -> None:
    agent.post({**customer("fenced"), "epoch": 7})
    assert agent.post({**customer("fenced"), "epoch": 6})[0] == 410
    assert agent.post({**customer("fenced"), "epoch": 8})[0] == 200


def test_an_order_lands_with_prices_freight_the_shops_tax_and_the_deposit(agent: Agent) -> None:
    status, answer = agent.post(sales_order("order-1042"))
    assert (status, answer["status"], answer["warnings"]) == (200, "entered", [])
    assert answer["values"]["SalesTaxAmt"] == "7.21"
    number = answer["key"]["SalesOrderNo"]
    header = select(
        agent.home,
        "select CustomerNo, OrderDate, FreightAmt, SalesTaxAmt, DepositAmt from"
        " SO_SalesOrderHeader where SalesOrderNo = ?",
        number,
    )
    lines = select(
        agent.home,
        "select ItemCode, QuantityOrdered, UnitPrice, ExtensionAmt from SO_SalesOrderDetail"
        " where SalesOrderNo = ? order by LineKey",
        number,
    )
    assert header == [("WEBGUEST", "2026-11-29", 8, 7.21, 110.13)]
    assert lines == [("LAMP-01", 3, 17.99, 53.97), ("SHADE-02", 1, 40.95, 40.95)]


def test_an_order_commits_its_quantities(agent: Agent) -> None:
    sql = (
        "select QuantityOnSalesOrder from IM_ItemWarehouse"
        " where ItemCode = 'LAMP-01' and WarehouseCode = '000'"
    )
    before = select(agent.home, sql)[0][0]
    agent.post(sales_order("commits"))
    assert select(agent.home, sql)[0][0] == before + 3


def test_a_second_order_with_the_same_customer_po_is_refused(agent: Agent) -> None:
    agent.post(sales_order("po-first", CustomerPONo="HP-77"))
    status, answer = agent.post(sales_order("po-second", CustomerPONo="HP-77"))
    assert (status, answer["status"]) == (200, "refused")
    assert answer["error"]["cause"] == "number_taken"
    assert orders(agent.home, "po-second") == 0


def test_an_item_that_sage_does_not_know_is_refused_in_sages_words(agent: Agent) -> None:
    command = sales_order("no-item")
    command["document"]["lines"][0]["ItemCode"] = "NO-SUCH-ITEM"
    status, answer = agent.post(command)
    assert (status, answer["error"]["cause"]) == (200, "sage_refused")
    assert "NO-SUCH-ITEM" in answer["error"]["message"]
    assert orders(agent.home, "no-item") == 0


def test_a_refused_command_may_be_sent_again_once_sage_has_what_it_missed(agent: Agent) -> None:
    command = sales_order("later-order", CustomerNo="LATER")
    assert agent.post(command)[1]["status"] == "refused"
    assert agent.post(customer("later", CustomerNo="LATER"))[1]["status"] == "entered"
    assert agent.post(command)[1]["status"] == "entered"
    assert orders(agent.home, "later-order") == 1


def test_the_deposit_of_an_open_order_is_set(agent: Agent) -> None:
    _, order = agent.post(sales_order("to-grow", DepositAmt="50.00"))
    status, answer = agent.post(deposit("grow", order["document_no"], "110.13"))
    assert (status, answer["status"]) == (200, "entered")
    sql = "select DepositAmt from SO_SalesOrderHeader where UDF_TIEOUT_ID = 'to-grow'"
    assert select(agent.home, sql) == [(110.13,)]


def test_setting_a_deposit_keeps_the_shops_tax(agent: Agent) -> None:
    _, order = agent.post(sales_order("taxed", DepositAmt="50.00"))
    _, answer = agent.post(deposit("taxed-deposit", order["document_no"], "110.13"))
    assert answer["values"]["SalesTaxAmt"] == "7.21"


def test_the_deposit_of_an_unknown_order_is_refused(agent: Agent) -> None:
    _, answer = agent.post(deposit("no-order", "0009999", "10.00"))
    assert answer["error"]["cause"] == "unknown_record"


def test_a_cash_receipt_lands_in_a_batch_and_a_deposit_of_its_own(agent: Agent) -> None:
    key = account_key(agent.home, "230-00")
    status, answer = agent.post(cash_receipt("receipt-1", key, CheckNo="TR1"))
    agent.post(cash_receipt("receipt-2", key, CheckNo="TR2"))
    assert (status, answer["status"], answer["values"]) == (
        200,
        "entered",
        {"PostingAmt": "110.13"},
    )
    receipts = select(
        agent.home,
        "select CheckNo, BankCode, PostingAmt from AR_CashReceiptsHeader"
        " where CheckNo like 'TR%' order by CheckNo",
    )
    lines = select(
        agent.home,
        "select AccountKey, AmountPosted from AR_CashReceiptsDetail where CheckNo = 'TR1'",
    )
    batches = select(
        agent.home,
        "select count(distinct BatchNo) from AR_CashReceiptsHeader where CheckNo like 'TR%'",
    )
    assert receipts == [("TR1", "S", 110.13), ("TR2", "S", 110.13)]
    assert lines == [(key, 110.13)]
    assert batches == [(2,)]


def test_a_refused_receipt_leaves_no_deposit_that_would_block_the_register(agent: Agent) -> None:
    _, answer = agent.post(cash_receipt("bad-account", "000000999", CheckNo="TBAD"))
    assert answer["status"] == "refused"
    sql = "select coalesce(sum(DepositBalance), 0) from AR_CashReceiptsDeposit where DepositNo = ?"
    assert select(agent.home, sql, answer["key"]["DepositNo"]) == [(0,)]


def test_what_a_command_became_can_be_asked(agent: Agent) -> None:
    _, answer = agent.post(customer("asked"))
    assert agent.get("asked") == (200, answer)
    assert agent.get("never-sent")[0] == 404


def test_a_lock_that_goes_away_is_waited_out(agent: Agent) -> None:
    arm(agent.home, NewBoiFault("lock", "AR_Customer_bus", count=2))
    status, answer = agent.post(customer("locked-a-while"))
    assert (status, answer["status"]) == (200, "entered")


def test_a_lock_that_stays_is_answered_with_503_and_writes_nothing(agent: Agent) -> None:
    arm(agent.home, NewBoiFault("lock", "AR_Customer_bus", count=4))
    status, answer = agent.post(customer("locked"))
    assert (status, answer["status"]) == (503, "not_written")
    assert "in use" in answer["message"]
    assert agent.post(customer("locked"))[0] == 200


def test_a_com_error_before_the_write_is_503_and_the_next_command_gets_a_new_session(
    agent: Agent,
) -> None:
    arm(agent.home, NewBoiFault("com_error", "AR_Customer_bus"))
    assert agent.post(customer("com-error"))[0] == 503
    assert agent.post(customer("com-error"))[1]["status"] == "entered"


def test_a_lock_in_the_write_itself_writes_nothing_and_can_be_repeated(agent: Agent) -> None:
    arm(agent.home, NewBoiFault("lock", "SO_SalesOrder_bus", count=4, at="nWrite"))
    assert agent.post(sales_order("locked-write"))[0] == 503
    assert agent.get("locked-write")[1]["status"] == "accepted"
    assert agent.post(sales_order("locked-write"))[1]["status"] == "entered"
    assert orders(agent.home, "locked-write") == 1


def test_health_needs_no_signature_and_tells_no_contents(agent: Agent) -> None:
    status, answer = agent.call("GET", "/v1/health", b"", {"X": "y"})
    assert (status, answer) == (200, {"status": "ok", "in_doubt": 0})
