"""How a COM client enters bills, checks, purchase orders and receipts."""

from typing import Any

from simulators.sage100.boi_client import Boi, Reference, next_number, set_all

BRIGHT = "0000100"
"""A vendor whose bills are entered in A/P."""
VALLEY = "0000200"
"""One whose bills come in through receipt of invoice."""


def opened(boi: Boi, class_name: str, task: str) -> Any:
    """Open an object of a task with batches, in a batch of its own."""
    bus = boi.open(class_name, task)
    assert bus.nSelectNewBatch(Reference(), "Y", "test") == 1
    return bus


def keyed(bus: Any, **key: str) -> int:
    for name, value in key.items():
        assert bus.nSetKeyValue(f"{name}$", value) == 1, bus.sLastErrorMsg
    return int(bus.nSetKey())


def line(bus: Any, **values: object) -> None:
    assert bus.oLines.nAddLine() != 0
    set_all(bus.oLines, **values)
    assert bus.oLines.nWrite() == 1, bus.oLines.sLastErrorMsg


def bills(boi: Boi) -> Any:
    return opened(boi, "AP_Invoice_bus", "AP_Invoice_ui")


def checks(boi: Boi) -> Any:
    return opened(boi, "AP_ManualCheck_bus", "AP_ManualCheck_ui")


def bill_key(number: str, vendor: str = BRIGHT) -> dict[str, str]:
    return {"APDivisionNo": "00", "VendorNo": vendor, "InvoiceNo": number}


def enter_bill(
    boi: Boi, number: str, amount: float, account_key: str, *, vendor: str = BRIGHT
) -> None:
    """Enter a bill of one distribution."""
    bus = bills(boi)
    assert keyed(bus, **bill_key(number, vendor)) == 2, bus.sLastErrorMsg
    set_all(bus, InvoiceDate="20261120", InvoiceAmt=amount)
    line(bus, AccountKey=account_key, DistributionAmt=amount)
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()


def enter_check(
    boi: Boi, number: str, paid: dict[str, float], *, vendor: str = BRIGHT, kind: str = "N"
) -> None:
    """Enter a check that pays invoices by number."""
    bus = checks(boi)
    assert keyed(bus, BankCode="A", CheckNo=number) == 2, bus.sLastErrorMsg
    set_all(bus, CheckType=kind, CheckDate="20261125", APDivisionNo="00", VendorNo=vendor)
    for invoice, amount in paid.items():
        line(bus, InvoiceNo=invoice, InvoiceAmt=amount)
    set_all(bus, CheckAmt=round(sum(paid.values()), 2))
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()


def enter_order(boi: Boi, *, vendor: str = VALLEY, quantity: float = 10, cost: float = 5) -> str:
    """Enter a purchase order of one line and return its number."""
    bus = boi.open("PO_PurchaseOrder_bus", "PO_PurchaseOrder_ui")
    number = next_number(bus, "nGetNextPurchaseOrderNo")
    assert keyed(bus, PurchaseOrderNo=number) == 2
    set_all(bus, APDivisionNo="00", VendorNo=vendor, PurchaseOrderDate="20261118")
    line(bus, ItemCode="LAMP-01", QuantityOrdered=quantity, UnitCost=cost)
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()
    return number


def started_receipt(boi: Boi, order: str, kind: str) -> Any:
    """Start a receipt of an order; its line is the current one."""
    bus = opened(boi, "PO_Receipt_bus", "PO_Receipt_ui")
    number = next_number(bus, "nGetNextReceiptNo")
    assert keyed(bus, ReceiptType=kind, ReceiptNo=number) == 2
    set_all(bus, PurchaseOrderNo=order, ReceiptDate="20261121")
    assert bus.oLines.nMoveFirst() == 1
    return bus


def receive(boi: Boi, order: str, quantity: float) -> None:
    bus = started_receipt(boi, order, "G")
    set_all(bus.oLines, QuantityReceived=quantity)
    assert bus.oLines.nWrite() == 1, bus.oLines.sLastErrorMsg
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()


def bill_receipt(boi: Boi, order: str, invoice: str, quantity: float, cost: float) -> None:
    bus = started_receipt(boi, order, "I")
    set_all(bus, InvoiceNo=invoice, InvoiceDate="20261122", InvoiceAmt=round(quantity * cost, 2))
    set_all(bus.oLines, QuantityInvoiced=quantity, UnitCost=cost)
    assert bus.oLines.nWrite() == 1, bus.oLines.sLastErrorMsg
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    bus.DropObject()
