"""What stands before each kind of payables can be written, and how many of it Sage holds."""

from decimal import Decimal
from pathlib import Path

from agent.calls import Agent
from agent.payables import (
    BRIGHT,
    Command,
    bill,
    check,
    goods,
    invoiced,
    purchase_order,
    reversal,
    void,
)
from agent.test_writing import account_key, select
from tieout.simulators.sage100.store import CompanyFile, Row


def number(label: str) -> str:
    """Return a number that fits into an invoice or check number of Sage."""
    return label.replace("-", "").upper()[-10:]


def a_bill(agent: Agent, label: str) -> Command:
    return bill(label, number(label), account_key(agent.home, "620-00"))


def a_check(agent: Agent, label: str) -> Command:
    owed(agent.home, label)
    return check(label, number(label), {number(label): "10.00"})


def a_void(_agent: Agent, label: str) -> Command:
    return void(label, number(label))


def a_reversal(agent: Agent, label: str) -> Command:
    owed(agent.home, label)
    paid(agent.home, label)
    return reversal(label, number(label), {number(label): "10.00"})


def a_purchase_order(_agent: Agent, label: str) -> Command:
    return purchase_order(label)


def goods_of_an_order(agent: Agent, label: str) -> Command:
    return goods(label, ordered(agent, label), "4")


def invoice_of_an_order(agent: Agent, label: str) -> Command:
    order = ordered(agent, label)
    file = CompanyFile(agent.home, "HPS")
    key = {"PurchaseOrderNo": order}
    file.update("PO_PurchaseOrderDetail", key, {"QuantityReceived": Decimal(10)})
    file.close()
    return invoiced(label, order, number(label))


def ordered(agent: Agent, label: str) -> str:
    """Order, and return the order's number; asked again, it is the same order."""
    return str(agent.post(purchase_order(f"{label}-ordered"))[1]["document_no"])


def owed(home: Path, label: str) -> None:
    """Let a bill stand open since before."""
    row = Row(APDivisionNo="00", VendorNo=BRIGHT, InvoiceNo=number(label))
    _stand(home, "AP_OpenInvoice", Row(row | {"Balance": Decimal(10)}))


def paid(home: Path, label: str) -> None:
    """Let a check of that number have paid the bill since before."""
    key = Row(BankCode="A", CheckNo=number(label), CheckSeqNo="000001")
    vendor = Row(APDivisionNo="00", VendorNo=BRIGHT)
    _stand(home, "AP_CheckHistoryHeader", Row(key | vendor | {"CheckType": "M", "CheckAmt": TEN}))
    line = Row(InvoiceNo=number(label), InvoiceSeqNo="000001", AmountPaid=TEN)
    _stand(home, "AP_CheckHistoryDetail", Row(key | vendor | line))


TEN = Decimal(10)


def _stand(home: Path, table: str, row: Row) -> None:
    file = CompanyFile(home, "HPS")
    file.insert(table, row)
    file.close()


def held(table: str, home: Path, label: str) -> int:
    """Count what carries the mark of a command."""
    sql = f"select count(*) from {table} where Comment = ?"  # noqa: S608 - names of cases.py
    return int(select(home, sql, f"XB {label}"[:30])[0][0])
