"""What is written into Sage 100's payables in the tests of the targets' contract.

Bills, the checks that paid them and what takes those back; orders of 10 lamps at 5.00, their goods,
and their bill at 5.10 (accounting.md A38, A39). Places and cases are those of sage100_places.py.
"""

from deliveries import make_delivery
from sage100_places import Case, Place, SimulatedPlace
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery

BRIGHT, VALLEY = "0000100", "0000200"
POSTED_ON = {"posting_date": "2026-11-30"}


def posted(place: Place, *registers: str) -> None:
    """Let people update registers, where there are people."""
    if isinstance(place, SimulatedPlace):
        for register in registers:
            place.sage.do(register, POSTED_ON)


def delivery(entity: str, mark: str, header: Json, *lines: Json, amount: str) -> Delivery:
    """Return the delivery of a document that our ``mark`` finds."""
    payload: Json = {"header": {"Comment": f"XB {mark}", **header}}
    if lines:
        payload["lines"] = [*lines]
    expected = {"amount": amount}
    return make_delivery(entity, payload, key=mark, expected=expected, target=System.SAGE100)


def bill(place: Place, amount: str = "110.00", **changes: str) -> Delivery:
    """Return a bill: distributions, freight 6.00 and tax 4.00."""
    mark = place.number()
    header: Json = {
        "APDivisionNo": "00",
        "VendorNo": BRIGHT,
        "InvoiceNo": f"B-{mark}",
        "InvoiceDate": "2026-11-20",
        "InvoiceDueDate": "2026-12-05",
        "InvoiceAmt": amount,
        "FreightAmt": "6.00",
        "SalesTaxAmt": "4.00",
        **changes,
    }
    line: Json = {"Account": "620-00", "DistributionAmt": "100.00"}
    return delivery("ap_invoice", mark, header, line, amount=amount)


def credit(place: Place) -> Delivery:
    """Return a vendor's credit: a bill of a negative amount."""
    mark = place.number()
    header: Json = {
        "APDivisionNo": "00",
        "VendorNo": BRIGHT,
        "InvoiceNo": f"C-{mark}",
        "InvoiceDate": "2026-11-20",
        "InvoiceAmt": "-20.00",
    }
    line: Json = {"Account": "620-00", "DistributionAmt": "-20.00"}
    return delivery("ap_invoice", mark, header, line, amount="-20.00")


def owed(place: Place) -> str:
    """Have a posted bill of 110.00, and return its number."""
    made = bill(place)
    place.landed(made)
    posted(place, "post_ap_invoices")
    header = made.payload["header"]
    assert isinstance(header, dict)
    return str(header["InvoiceNo"])


def check(place: Place, *paid: tuple[str, str]) -> Delivery:
    """Return a check that pays bills by number, an owed one of 110.00 when none is named."""
    mark = place.number()
    bills = paid or ((owed(place), "110.00"),)
    total = f"{sum(float(amount) for _, amount in bills):.2f}"
    header: Json = {
        "BankCode": "A",
        "CheckNo": f"XP{mark}",
        "CheckDate": "2026-11-25",
        "APDivisionNo": "00",
        "VendorNo": BRIGHT,
        "CheckAmt": total,
    }
    lines: list[Json] = [{"InvoiceNo": number, "InvoiceAmt": amount} for number, amount in bills]
    return delivery("manual_check", mark, header, *lines, amount=total)


def void(place: Place, bank: str = "A") -> Delivery:
    """Return a check number that was spoiled."""
    mark = place.number()
    header: Json = {"BankCode": bank, "CheckNo": f"XP{mark}", "CheckDate": "2026-11-25"}
    return delivery("check_void", mark, header, amount="0.00")


def reversal(place: Place, *, is_posted: bool = True) -> Delivery:
    """Return what takes a check of 110.00 back."""
    number = owed(place)
    made = check(place, (number, "110.00"))
    place.landed(made)
    if is_posted:
        posted(place, "post_manual_checks")
    return undone(made, number)


def undone(made: Delivery, number: str) -> Delivery:
    """Return the reversal of a check that paid one bill of 110.00."""
    header = made.payload["header"]
    assert isinstance(header, dict)
    mark = f"{made.document_key} back"
    values: Json = {**header, "Comment": f"XB {mark}", "CheckAmt": "-110.00"}
    line: Json = {"InvoiceNo": number, "InvoiceAmt": "-110.00"}
    return delivery("check_reversal", mark, values, line, amount="-110.00")


def order(place: Place, item: str = "LAMP-01") -> Delivery:
    """Return an order of 10 lamps at 5.00."""
    mark = place.number()
    header: Json = {
        "APDivisionNo": "00",
        "VendorNo": VALLEY,
        "PurchaseOrderDate": "2026-11-18",
        "RequiredExpireDate": "2026-11-30",
        "WarehouseCode": "000",
    }
    line: Json = {"ItemCode": item, "QuantityOrdered": "10", "UnitCost": "5.000000"}
    return delivery("purchase_order", mark, header, line, amount="50.00")


def goods(
    place: Place, *, line: str = "000001", order_no: str = "", quantity: str = "10"
) -> Delivery:
    """Return the receipt of the 10 lamps of an order, a new one when none is named."""
    mark = place.number()
    number = order_no or place.landed(order(place)).external_no
    header: Json = {"PurchaseOrderNo": number, "ReceiptDate": "2026-11-21"}
    received: Json = {"OrderLineKey": line, "QuantityReceived": quantity}
    amount = f"{int(quantity) * 5}.00"
    return delivery("goods_receipt", mark, header, received, amount=amount)


def billed(place: Place, *, is_received: bool = True, number: str = "") -> Delivery:
    """Return the bill of an order of 10 lamps at 5.10."""
    mark = place.number()
    order_no = place.landed(order(place)).external_no
    if is_received:
        place.landed(goods(place, order_no=order_no))
        posted(place, "post_receipts")
    header: Json = {
        "PurchaseOrderNo": order_no,
        "ReceiptDate": "2026-11-22",
        "InvoiceNo": number or f"V-{mark}",
        "InvoiceDate": "2026-11-22",
        "InvoiceAmt": "51.00",
    }
    line: Json = {"OrderLineKey": "000001", "QuantityInvoiced": "10", "UnitCost": "5.100000"}
    return delivery("invoice_receipt", mark, header, line, amount="51.00")


CHECKS, RECEIPTS = "AP_ManualCheck_bus", "PO_Receipt_bus"
PAYABLES = (
    Case("ap_invoice", "AP_Invoice_bus", bill, lambda p: bill(p, amount="110.01")),
    Case("manual_check", CHECKS, check, lambda p: check(p, ("NO-SUCH", "1.00"))),
    Case("check_void", CHECKS, void, lambda p: void(p, bank="Z")),
    Case("check_reversal", CHECKS, reversal, lambda p: reversal(p, is_posted=False)),
    Case("purchase_order", "PO_PurchaseOrder_bus", order, lambda p: order(p, item="NONE")),
    Case("goods_receipt", RECEIPTS, goods, lambda p: goods(p, line="000009")),
    Case("invoice_receipt", RECEIPTS, billed, lambda p: billed(p, is_received=False)),
)
