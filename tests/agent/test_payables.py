"""Bills, checks, purchase orders and receipts: written once, and never as an adjustment."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, running_agent
from agent.payables import (
    BRIGHT,
    VALLEY,
    Command,
    bill,
    check,
    goods,
    invoiced,
    purchase_order,
    reversal,
    void,
)
from agent.test_writing import account_key, arm, select
from sage100_agent.documents import check_document
from sage100_agent.errors import RefusedError
from tieout.simulators.sage100.control import NewBoiFault
from tieout.simulators.sage100.people.bills_journal import post_ap_invoices
from tieout.simulators.sage100.people.checks_journal import post_manual_checks
from tieout.simulators.sage100.people.receipts_register import post_receipts
from tieout.simulators.sage100.store import CompanyFile

Register = Callable[[CompanyFile, date], object]
POWER = "620-00"


def post(home: Path, *registers: Register) -> None:
    """Let people update registers."""
    file = CompanyFile(home, "HPS")
    for register in registers:
        register(file, date(2026, 11, 30))
    file.close()


def entered(agent: Agent, one: Command) -> dict[str, Any]:
    status, answer = agent.post(one)
    assert (status, answer["status"]) == (200, "entered"), answer
    result: dict[str, Any] = answer
    return result


def refused(agent: Agent, one: Command) -> str:
    status, answer = agent.post(one)
    assert (status, answer["status"]) == (200, "refused"), answer
    return str(answer["error"]["cause"])


def a_bill(agent: Agent, command_id: str, number: str, **header: str) -> Command:
    return bill(command_id, number, account_key(agent.home, POWER), **header)


def entered_bills(home: Path, number: str) -> Any:
    sql = "select VendorNo, InvoiceAmt, InvoiceDueDate from AP_InvoiceHeader where InvoiceNo = ?"
    return select(home, sql, number)


def test_a_bill_lands_with_its_due_date_to_the_cent(agent: Agent) -> None:
    answer = entered(agent, a_bill(agent, "bill-1", "B-1"))
    assert answer["values"] == {"InvoiceAmt": "110.00"}
    assert answer["key"].items() >= {"VendorNo": BRIGHT, "InvoiceNo": "B-1"}.items()
    assert entered_bills(agent.home, "B-1") == [(BRIGHT, 110, "2026-12-05")]
    lines = select(agent.home, "select AccountKey, DistributionAmt from AP_InvoiceDetail")
    assert lines == [(account_key(agent.home, POWER), 100)]


def test_a_credit_memo_is_negative(agent: Agent) -> None:
    memo = a_bill(agent, "memo-1", "C-1", InvoiceAmt="-20.00")
    for name in ("FreightAmt", "SalesTaxAmt"):
        del memo["document"]["header"][name]
    memo["document"]["lines"][0]["DistributionAmt"] = "-20.00"
    assert entered(agent, memo)["values"] == {"InvoiceAmt": "-20.00"}


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ({"InvoiceAmt": "110.01"}, "not_in_form"),
        ({"InvoiceNo": "b 1"}, "wrong_key_form"),
        ({"InvoiceNo": "12345678901"}, "too_long"),
        ({"VendorNo": "100"}, "wrong_key_form"),
        ({"Account": "620-00"}, "unknown_field"),
        ({"Comment": ""}, "missing_field"),
    ],
)
def test_what_cannot_be_proved_is_refused_before_sage(header: dict[str, str], cause: str) -> None:
    command = bill("refused", "B-0", "000000029", **header)
    with pytest.raises(RefusedError) as error:
        check_document(command["kind"], command["document"])
    assert error.value.cause == cause


def test_a_number_that_the_vendor_has_in_entry_is_refused(agent: Agent) -> None:
    entered(agent, a_bill(agent, "bill-2", "B-2"))
    assert refused(agent, a_bill(agent, "bill-2-again", "B-2")) == "number_taken"
    assert len(entered_bills(agent.home, "B-2")) == 1


def test_a_posted_number_is_never_adjusted(agent: Agent) -> None:
    entered(agent, a_bill(agent, "bill-3", "B-3"))
    post(agent.home, post_ap_invoices)
    assert refused(agent, a_bill(agent, "bill-3-again", "B-3")) == "number_taken"
    assert entered_bills(agent.home, "B-3") == []
    sql = "select Balance from AP_OpenInvoice where InvoiceNo = ?"
    assert select(agent.home, sql, "B-3") == [(110,)]


def test_another_vendor_may_use_the_number(agent: Agent) -> None:
    entered(agent, a_bill(agent, "bill-4", "B-4"))
    post(agent.home, post_ap_invoices)
    entered(agent, a_bill(agent, "bill-4-other", "B-4", VendorNo="0000300"))


def test_bills_of_a_receipt_of_invoice_vendor_take_the_other_route(agent: Agent) -> None:
    assert refused(agent, a_bill(agent, "bill-5", "B-5", VendorNo=VALLEY)) == "wrong_route"


def test_a_bill_that_was_posted_before_doubt_was_settled_is_adopted(
    home: Path, tmp_path: Path
) -> None:
    arm(home, NewBoiFault("drop_after_write", "AP_Invoice_bus"))
    with running_agent(home, tmp_path) as agent:
        one = a_bill(agent, "bill-6", "B-6")
        assert agent.post(one)[1]["status"] == "in_doubt"
        post(home, post_ap_invoices)
        answer = entered(agent, one)
    assert answer["adopted"]
    assert select(home, "select count(*) from AP_InvoiceHistoryHeader") == [(1,)]
    assert entered_bills(home, "B-6") == []


def test_a_check_pays_and_its_reversal_recalls(agent: Agent) -> None:
    for number in ("B-7", "B-8"):
        entered(agent, a_bill(agent, number, number))
    post(agent.home, post_ap_invoices)
    paid = {"B-7": "110.00", "B-8": "40.50"}
    answer = entered(agent, check("check-1", "XP1", paid))
    assert (answer["document_no"], answer["values"]) == ("XP1", {"CheckAmt": "150.50"})
    post(agent.home, post_manual_checks)
    sql = (
        "select InvoiceNo, Balance from AP_OpenInvoice where InvoiceNo in ('B-7', 'B-8') order by 1"
    )
    assert select(agent.home, sql) == [("B-7", 0), ("B-8", 69.5)]
    undone = entered(agent, reversal("check-1-undone", "XP1", paid))
    assert undone["values"] == {"CheckAmt": "-150.50"}
    post(agent.home, post_manual_checks)
    assert select(agent.home, sql) == [("B-7", 110), ("B-8", 110)]


def test_a_reversal_that_names_other_invoices_is_refused(agent: Agent) -> None:
    entered(agent, a_bill(agent, "bill-9", "B-9"))
    post(agent.home, post_ap_invoices)
    entered(agent, check("check-2", "XP2", {"B-9": "110.00"}))
    post(agent.home, post_manual_checks)
    assert refused(agent, reversal("check-2-undone", "XP2", {"B-9": "100.00"})) == "not_as_posted"
    sql = "select count(*) from AP_ManualCheckHeader where CheckNo = ?"
    assert select(agent.home, sql, "XP2") == [(0,)]


def test_only_a_posted_check_is_reversed(agent: Agent) -> None:
    assert refused(agent, reversal("check-3-undone", "XP3", {"B-1": "1.00"})) == "sage_refused"


def test_a_spoiled_number_is_voided(agent: Agent) -> None:
    entered(agent, void("void-1", "XP4"))
    sql = "select CheckType, CheckAmt from AP_ManualCheckHeader where CheckNo = ?"
    assert select(agent.home, sql, "XP4") == [("V", 0)]


def test_a_check_number_in_entry_is_taken(agent: Agent) -> None:
    entered(agent, void("void-2", "XP5"))
    assert refused(agent, void("void-2-again", "XP5")) == "number_taken"


def test_goods_are_received_and_billed_against_their_order(agent: Agent) -> None:
    order = entered(agent, purchase_order("order-1"))
    assert order["values"]["NonTaxableAmt"] == "50.00"
    number = order["document_no"]
    received = entered(agent, goods("goods-1", number, "10"))
    assert received["values"] == {"ReceiptAmt": "50.00"}
    post(agent.home, post_receipts)
    billed = entered(agent, invoiced("invoice-1", number, "V-1"))
    assert billed["values"] == {"InvoiceAmt": "51.00"}
    post(agent.home, post_receipts)
    sql = "select OrderStatus from PO_PurchaseOrderHeader where PurchaseOrderNo = ?"
    assert select(agent.home, sql, number) == [("X",)]


def test_a_line_that_the_order_lacks_is_refused(agent: Agent) -> None:
    number = entered(agent, purchase_order("order-2"))["document_no"]
    wrong = goods("goods-2", number, "1", line="000009")
    assert refused(agent, wrong) == "unknown_record"


def test_a_receipt_of_invoice_does_not_repeat_a_vendors_number(agent: Agent) -> None:
    number = entered(agent, purchase_order("order-3"))["document_no"]
    entered(agent, goods("goods-3", number, "10"))
    post(agent.home, post_receipts)
    entered(agent, invoiced("invoice-3", number, "V-3"))
    post(agent.home, post_receipts)
    assert refused(agent, invoiced("invoice-3-again", number, "V-3")) in {
        "number_taken",
        "sage_refused",
    }
    other = entered(agent, purchase_order("order-4"))["document_no"]
    entered(agent, goods("goods-4", other, "10"))
    post(agent.home, post_receipts)
    assert refused(agent, invoiced("invoice-4", other, "V-3")) == "number_taken"


def test_a_receipt_that_was_posted_before_doubt_was_settled_is_adopted(
    home: Path, tmp_path: Path
) -> None:
    with running_agent(home, tmp_path) as agent:
        number = entered(agent, purchase_order("order-5"))["document_no"]
        arm(home, NewBoiFault("drop_after_write", "PO_Receipt_bus"))
        one = goods("goods-5", number, "4")
        assert agent.post(one)[1]["status"] == "in_doubt"
        post(home, post_receipts)
        assert entered(agent, one)["adopted"]
    assert select(home, "select count(*) from PO_ReceiptHistoryHeader") == [(1,)]
