"""PO_PurchaseOrder_bus, PO_Receipt_bus and the Receipt Registers."""

from decimal import Decimal

from simulators.sage100.boi_client import Boi, set_all
from simulators.sage100.installation import Sage100
from simulators.sage100.payables import (
    VALLEY,
    bill_receipt,
    enter_bill,
    enter_order,
    receive,
    started_receipt,
)

DAY = "2026-11-30"


def post(sage100: Sage100) -> None:
    sage100.done("post_receipts", posting_date=DAY)
    sage100.done("post_daily_transaction_register", posting_date=DAY)


def status(sage100: Sage100) -> str:
    return str(sage100.query("SELECT OrderStatus FROM PO_PurchaseOrderHeader")[0][0])


def on_order(sage100: Sage100) -> Decimal:
    sql = (
        "SELECT QuantityOnPurchaseOrder FROM IM_ItemWarehouse"
        " WHERE ItemCode = 'LAMP-01' AND WarehouseCode = '000'"
    )
    return Decimal(sage100.query(sql)[0][0])


def test_an_order_raises_the_quantity_on_order_and_posts_nothing(
    sage100: Sage100, boi: Boi
) -> None:
    number = enter_order(boi)
    found = sage100.query(
        "SELECT PurchaseOrderNo, VendorNo, PurchaseName, NonTaxableAmt, OrderStatus"
        " FROM PO_PurchaseOrderHeader"
    )
    assert tuple(found[0]) == (number, VALLEY, "Valley Linen Mills", "50", "N")
    assert on_order(sage100) == 10
    assert sage100.ledger() == {}


def test_received_goods_reach_shelf_and_clearing_at_the_register(
    sage100: Sage100, boi: Boi
) -> None:
    """accounting.md A38: received 10 x 5.00, unbilled -> S GRNI -50.00."""
    order = enter_order(boi)
    before, _ = sage100.stock("LAMP-01")
    receive(boi, order, 10)
    assert sage100.stock("LAMP-01")[0] == before
    post(sage100)
    assert sage100.stock("LAMP-01")[0] == before + 10
    assert sage100.ledger() == {"130-00": 50, "205-00": -50}
    assert (on_order(sage100), status(sage100)) == (Decimal(0), "O")


def test_a_bill_at_another_price_leaves_the_difference_to_variance_and_completes_the_order(
    sage100: Sage100, boi: Boi
) -> None:
    """accounting.md A39: billed at 5.10 -> AP -51.00, variance 1.00, GRNI 0.00; A42: closes."""
    order = enter_order(boi)
    receive(boi, order, 10)
    post(sage100)
    bill_receipt(boi, order, "V-77", 10, 5.10)
    post(sage100)
    ledger = sage100.ledger()
    assert [ledger[account] for account in ("200-00", "510-00", "205-00")] == [-51, 1, 0]
    assert status(sage100) == "X"
    bills = sage100.query("SELECT VendorNo, InvoiceNo, Balance FROM AP_OpenInvoice")
    assert [tuple(row) for row in bills] == [(VALLEY, "V-77", "51")]


def test_a_bill_entered_in_payables_leaves_the_order_open(sage100: Sage100, boi: Boi) -> None:
    """README 0.10: enter bills through PO Receipt of Invoice, or the PO stays backordered."""
    order = enter_order(boi)
    receive(boi, order, 4)
    post(sage100)
    enter_bill(boi, "V-78", 20, sage100.account_key("205-00"), vendor=VALLEY)
    sage100.done("post_ap_invoices", posting_date=DAY)
    found = sage100.query(
        "SELECT QuantityInvoiced, QuantityBackordered FROM PO_PurchaseOrderDetail"
    )
    assert (tuple(found[0]), status(sage100)) == (("0", "6"), "B")


def test_no_more_is_received_than_ordered_or_billed_than_received(boi: Boi) -> None:
    """accounting.md 4: billed <= received - billed before."""
    order = enter_order(boi)
    goods = started_receipt(boi, order, "G")
    set_all(goods.oLines, QuantityReceived=10.5)
    assert goods.oLines.nWrite() == 0
    assert "over the 10 due" in goods.oLines.sLastErrorMsg
    invoice = started_receipt(boi, order, "I")
    set_all(invoice.oLines, QuantityInvoiced=1)
    assert invoice.oLines.nWrite() == 0


def test_a_receipt_of_invoice_must_balance(sage100: Sage100, boi: Boi) -> None:
    order = enter_order(boi)
    receive(boi, order, 10)
    post(sage100)
    bus = started_receipt(boi, order, "I")
    set_all(bus, InvoiceNo="V-79", InvoiceDate="20261122", InvoiceAmt=52.0, FreightAmt=1.5)
    set_all(bus.oLines, QuantityInvoiced=10)
    assert bus.oLines.nWrite() == 1
    assert bus.nWrite() == 0
    assert bus.sLastErrorMsg == "The invoice balance 0.50 must be zero."
    set_all(bus, FreightAmt=2.0)
    assert bus.nWrite() == 1, bus.sLastErrorMsg


def test_a_number_that_the_vendor_used_is_a_warning(sage100: Sage100, boi: Boi) -> None:
    enter_bill(boi, "V-80", 20, sage100.account_key("205-00"), vendor=VALLEY)
    sage100.done("post_ap_invoices", posting_date=DAY)
    bus = started_receipt(boi, enter_order(boi), "I")
    assert bus.nSetValue("InvoiceNo$", "V-80") == -1
    assert "has been used" in bus.sLastErrorMsg
