"""One row for each kind of command: how to make one, what stores it, how many of it Sage holds.

The tests of crashes, lost journals, lost replies and full disks run over the whole table, so a new
kind joins them by a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.calls import (
    Agent,
    ar_invoice,
    cash_receipt,
    credit_memo,
    customer,
    deposit,
    sales_invoice,
    sales_order,
    saved,
)
from agent.payables_cases import (
    a_bill,
    a_check,
    a_purchase_order,
    a_reversal,
    a_void,
    goods_of_an_order,
    held,
    invoice_of_an_order,
)
from agent.test_writing import account_key, customers, orders, select

Command = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A kind of command; ``label`` tells the commands of one home apart."""

    stores: tuple[str, ...]
    """The business objects whose nWrite stores something, in the order of their writes."""
    command: Callable[[Agent, str], Command]
    """Makes one; may send what has to stand before it."""
    count: Callable[[Path, str], int]
    """How many documents of the command Sage holds, in entry."""


def a_customer(_agent: Agent, label: str) -> Command:
    return customer(label)


def an_order(_agent: Agent, label: str) -> Command:
    return sales_order(label)


def a_deposit(agent: Agent, label: str) -> Command:
    _, order = agent.post(sales_order(f"{label}-order", DepositAmt="50.00"))
    return deposit(label, order["document_no"], "110.13")


def deposits(home: Path, label: str) -> int:
    sql = "select count(*) from SO_SalesOrderHeader where UDF_TIEOUT_ID = ? and DepositAmt = 110.13"
    return int(select(home, sql, f"{label}-order")[0][0])


def check_no(label: str) -> str:
    return label.replace("-", "").upper()[-10:]


def a_receipt(agent: Agent, label: str) -> Command:
    key = account_key(agent.home, "230-00")
    return cash_receipt(label, key, CheckNo=check_no(label))


def receipts(home: Path, label: str) -> int:
    """Count receipts; a deposit without its receipt, or a second one, would block the register."""
    sql = (
        "select count(*), count(r.CheckNo) from AR_CashReceiptsDeposit d left join"
        " AR_CashReceiptsHeader r using (DepositNo) where d.DepositDesc = ?"
    )
    places, held = select(home, sql, f"Tieout {check_no(label)}")[0]
    assert places == held
    return int(held)


def an_invoice(agent: Agent, label: str) -> Command:
    _, order = agent.post(sales_order(f"{label}-order"))
    return sales_invoice(label, order["document_no"])


def a_credit_memo(_agent: Agent, label: str) -> Command:
    return credit_memo(label)


def an_ar_invoice(agent: Agent, label: str) -> Command:
    return ar_invoice(label, account_key(agent.home, "400-00"))


def invoices(table: str, home: Path, label: str) -> int:
    sql = f"select count(*) from {table} where Comment = ?"  # noqa: S608 - names of this file
    return int(select(home, sql, label)[0][0])


GUEST = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}
RECORDS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "customer_contact.save": ("AR_CustomerContact", "ContactCode", "ContactName", GUEST),
    "ship_to_address.save": ("SO_ShipToAddress", "ShipToCode", "ShipToName", GUEST),
    "item.save": (
        "CI_Item",
        "ItemCode",
        "ItemCodeDesc",
        {"ItemType": "1", "ProductLine": "LITE", "StandardUnitOfMeasure": "EACH"},
    ),
    "vendor.save": (
        "AP_Vendor",
        "VendorNo",
        "VendorName",
        {"APDivisionNo": "00", "TermsCode": "30"},
    ),
}
"""Table, the column of the key that is ours, the column that names the record, and the rest."""


def a_record(kind: str, _agent: Agent, label: str) -> Command:
    _table, key, name, rest = RECORDS[kind]
    return saved(kind, label, {**rest, key: code(label), name: f"Record {label}"})


def code(label: str) -> str:
    """Return a key of four characters, which is all that a ship-to address may have.

    It begins with a letter: Sage pads keys that are all digits.
    """
    return f"T{sha256(label.encode()).hexdigest()[:3].upper()}"


def records(kind: str, home: Path, label: str) -> int:
    table, key, name, _rest = RECORDS[kind]
    sql = f"select count(*) from {table} where {key} = ? and {name} = ?"  # noqa: S608 - names of this file
    return int(select(home, sql, code(label), f"Record {label}")[0][0])


def record_case(kind: str, business_object: str) -> Case:
    return Case((business_object,), partial(a_record, kind), partial(records, kind))


def a_change(agent: Agent, label: str) -> Command:
    number = f"CHG{code(label)}"
    agent.post(customer(f"{label}-new", CustomerNo=number, CustomerName="Ada Byron"))
    key = {"ARDivisionNo": "00", "CustomerNo": number}
    changed, expected = {**key, "CustomerName": f"Ada {label}"}, {"CustomerName": "Ada Byron"}
    return saved("customer.update", label, changed, expected)


def changes(home: Path, label: str) -> int:
    sql = "select count(*) from AR_Customer where CustomerNo = ? and CustomerName = ?"
    return int(select(home, sql, f"CHG{code(label)}", f"Ada {label}")[0][0])


def payable(table: str, business_object: str, command: Callable[[Agent, str], Command]) -> Case:
    return Case((business_object,), command, partial(held, table))


CHECKS = "AP_ManualCheckHeader", "AP_ManualCheck_bus"
RECEIPTS = "PO_ReceiptHeader", "PO_Receipt_bus"
CASES = {
    "customer.create": Case(("AR_Customer_bus",), a_customer, customers),
    "customer.update": Case(("AR_Customer_bus",), a_change, changes),
    "customer_contact.save": record_case("customer_contact.save", "AR_CustomerContact_bus"),
    "ship_to_address.save": record_case("ship_to_address.save", "SO_ShipToAddress_bus"),
    "item.save": record_case("item.save", "CI_ItemCode_bus"),
    "vendor.save": record_case("vendor.save", "AP_Vendor_bus"),
    "sales_order.create": Case(("SO_SalesOrder_bus",), an_order, orders),
    "sales_order.set_deposit": Case(("SO_SalesOrder_bus",), a_deposit, deposits),
    "sales_invoice.create": Case(
        ("SO_Invoice_bus",), an_invoice, partial(invoices, "SO_InvoiceHeader")
    ),
    "credit_memo.create": Case(
        ("SO_Invoice_bus",), a_credit_memo, partial(invoices, "SO_InvoiceHeader")
    ),
    "ar_invoice.create": Case(
        ("AR_Invoice_bus",), an_ar_invoice, partial(invoices, "AR_InvoiceHeader")
    ),
    "cash_receipt.create": Case(
        ("AR_CashReceiptsDeposit_bus", "AR_CashReceipts_bus"), a_receipt, receipts
    ),
    "ap_invoice.create": payable("AP_InvoiceHeader", "AP_Invoice_bus", a_bill),
    "manual_check.create": payable(*CHECKS, a_check),
    "manual_check.void": payable(*CHECKS, a_void),
    "manual_check.reverse": payable(*CHECKS, a_reversal),
    "purchase_order.create": payable(
        "PO_PurchaseOrderHeader", "PO_PurchaseOrder_bus", a_purchase_order
    ),
    "receipt.goods": payable(*RECEIPTS, goods_of_an_order),
    "receipt.invoice": payable(*RECEIPTS, invoice_of_an_order),
}


def short(kind: str, what: str) -> str:
    """Return a label that fits into a check number of Sage: the kind's place, and ``what``."""
    return f"{list(CASES).index(kind):02d}-{what}"
