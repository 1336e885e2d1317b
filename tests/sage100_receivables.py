"""What is written into Sage 100's receivables in the tests of the targets' contract.

Orders and what ships of them, what comes back, invoices of accounts, and receipts: each with the
figures of the worked order 1042. Places and cases are those of sage100_places.py.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from deliveries import make_delivery
from sage100_places import GUEST, Case, Place
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery

LAMPS: Json = {"ItemCode": "LAMP-01", "QuantityOrdered": "3", "UnitPrice": "17.990000"}
SHADE: Json = {"ItemCode": "SHADE-02", "QuantityOrdered": "1", "UnitPrice": "40.950000"}
NOT_ON_FILE = "ZZZZZ"


def delivery(
    entity: str,
    mark: str,
    header: Json,
    lines: Sequence[Mapping[str, JsonValue]],
    expected: dict[str, str],
    **part: Json,
) -> Delivery:
    """Return the delivery of a document that our ``mark`` finds."""
    payload: Json = {"header": header, "lines": [dict(line) for line in lines], **part}
    return make_delivery(entity, payload, key=mark, expected=expected, target=System.SAGE100)


def order(place: Place, **changes: str) -> Delivery:
    """Return order 1042: three lamps, a shade, shipping, the shop's tax, paid."""
    mark = place.number()
    header: Json = {
        **GUEST,
        "OrderDate": "2026-11-29",
        "CustomerPONo": mark,
        "UDF_TIEOUT_ID": mark,
        "TaxSchedule": "STATE",
        "WarehouseCode": "000",
        "FreightAmt": "8.00",
        "DepositAmt": "110.13",
        **changes,
    }
    expected = {"lines": "94.92", "tax": "7.21", "freight": "8.00", "deposit": "110.13"}
    return delivery("sales_order", mark, header, [LAMPS, SHADE], expected, tax={"STATE": "7.21"})


def shipment(place: Place, lamps: str = "3") -> Delivery:
    """Return the invoice of step 8, after the order that it ships the lamps of."""
    order_no = place.landed(order(place)).external_no
    mark = place.number()
    header: Json = {
        "SalesOrderNo": order_no,
        "InvoiceDate": "2026-11-30",
        "Comment": mark,
        "FreightAmt": "8.00",
        "DepositAmt": "66.31",
    }
    expected = {"lines": "53.97", "tax": "4.34", "freight": "8.00", "deposit": "66.31"}
    line: Json = {"OrderLineKey": "000001", "QuantityShipped": lamps}
    tax: Json = {"STATE": "4.34"}
    return delivery("sales_invoice", mark, header, [line], expected, tax=tax)


def memo(place: Place, item: str = "LAMP-01") -> Delivery:
    """Return the credit memo of step 11: one lamp comes back."""
    mark = place.number()
    header: Json = {
        **GUEST,
        "InvoiceDate": "2026-12-04",
        "TaxSchedule": "STATE",
        "Comment": mark,
    }
    line: Json = {"ItemCode": item, "QuantityShipped": "1", "UnitPrice": "17.990000"}
    expected = {"lines": "17.99", "tax": "1.26", "total": "19.25"}
    return delivery("credit_memo", mark, header, [line], expected, tax={"STATE": "1.26"})


def ar_invoice(place: Place, account: str = "400-00", kind: str = "IN") -> Delivery:
    """Return an invoice of an account, taxed."""
    mark = place.number()
    header: Json = {
        **GUEST,
        "InvoiceType": kind,
        "InvoiceDate": "2026-11-30",
        "TaxSchedule": "STATE",
        "Comment": mark,
    }
    line: Json = {"Account": account, "TaxClass": "TX", "ExtensionAmt": "50.00"}
    expected = {"lines": "50.00", "tax": "3.51", "total": "53.51"}
    return delivery("ar_invoice", mark, header, [line], expected, tax={"STATE": "3.51"})


def receipt(place: Place, amount: str, *lines: Mapping[str, str]) -> Delivery:
    """Return a receipt; its check number is ours."""
    mark = place.number()
    header: Json = {
        **GUEST,
        "BankCode": "S",
        "DepositDate": "2026-11-29",
        "CheckNo": mark,
        "PostingAmt": amount,
    }
    return delivery("cash_receipt", mark, header, lines, {"amount": amount})


def fees(place: Place, account: str = "605-00") -> Delivery:
    """Return the receipt of step 7b: what a gateway keeps of the money on its clearing account."""
    made = receipt(place, "-3.49", {"Account": account, "AmountPosted": "-3.49"})
    return made.model_copy(update={"entity": "payout_receipt"})


def deposit(place: Place, account: str = "230-00") -> Delivery:
    """Return the receipt of step 7: money that came before the goods went."""
    return receipt(place, "110.13", {"Account": account, "AmountPosted": "110.13"})


def order_deposit(place: Place, order_no: str = "") -> Delivery:
    """Return the deposit of an order that holds less of it yet."""
    number = order_no or place.landed(order(place, DepositAmt="50.00")).external_no
    header: Json = {"SalesOrderNo": number, "DepositAmt": "110.13"}
    made = delivery("order_deposit", place.number(), header, [], {"deposit": "110.13"})
    return made.model_copy(update={"operation": "set"})


RECEIVABLES = (
    Case(
        "order_deposit", "SO_SalesOrder_bus", order_deposit, lambda p: order_deposit(p, "0999999")
    ),
    Case("sales_order", "SO_SalesOrder_bus", order, lambda p: order(p, TaxSchedule=NOT_ON_FILE)),
    Case("sales_invoice", "SO_Invoice_bus", shipment, lambda p: shipment(p, lamps="4")),
    Case("credit_memo", "SO_Invoice_bus", memo, lambda p: memo(p, item=NOT_ON_FILE)),
    Case("ar_invoice", "AR_Invoice_bus", ar_invoice, lambda p: ar_invoice(p, account="999-99")),
    Case(
        "cash_receipt",
        "AR_CashReceipts_bus",
        deposit,
        lambda p: receipt(p, "1.00", {"InvoiceNo": "9999999", "AmountPosted": "1.00"}),
    ),
    Case("payout_receipt", "AR_CashReceipts_bus", fees, lambda p: fees(p, "999-99")),
)
