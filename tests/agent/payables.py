"""Commands that enter bills, checks, purchase orders and receipts, as Tieout sends them."""

from typing import Any

BRIGHT, VALLEY = "0000100", "0000200"
Command = dict[str, Any]


def command(command_id: str, kind: str, header: dict[str, str], *lines: dict[str, str]) -> Command:
    """Return a command with our mark in its Comment."""
    document: dict[str, Any] = {"header": {"Comment": f"XB {command_id}"[:30], **header}}
    if lines:
        document["lines"] = list(lines)
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def bill(command_id: str, number: str, account_key: str, **header: str) -> Command:
    """Return a bill of 110.00: 100.00 to an account, freight 6.00, tax 4.00."""
    values = {
        "APDivisionNo": "00",
        "VendorNo": BRIGHT,
        "InvoiceNo": number,
        "InvoiceDate": "2026-11-20",
        "InvoiceDueDate": "2026-12-05",
        "InvoiceAmt": "110.00",
        "FreightAmt": "6.00",
        "SalesTaxAmt": "4.00",
        **header,
    }
    line = {"AccountKey": account_key, "DistributionAmt": "100.00", "CommentText": "Power"}
    return command(command_id, "ap_invoice.create", values, line)


def check(command_id: str, number: str, paid: dict[str, str], **header: str) -> Command:
    """Return a check of Coastal Bank that pays bills by number."""
    lines = [{"InvoiceNo": invoice, "InvoiceAmt": amount} for invoice, amount in paid.items()]
    total = f"{sum(float(amount) for amount in paid.values()):.2f}"
    values = {
        "BankCode": "A",
        "CheckNo": number,
        "CheckDate": "2026-11-25",
        "APDivisionNo": "00",
        "VendorNo": BRIGHT,
        "CheckAmt": total,
        **header,
    }
    return command(command_id, "manual_check.create", values, *lines)


def reversal(command_id: str, number: str, paid: dict[str, str]) -> Command:
    """Return the reversal of a check that paid bills by number."""
    made = check(command_id, number, {one: f"-{amount}" for one, amount in paid.items()})
    return {**made, "kind": "manual_check.reverse"}


def void(command_id: str, number: str) -> Command:
    """Return a check number that was spoiled."""
    values = {"BankCode": "A", "CheckNo": number, "CheckDate": "2026-11-25"}
    return command(command_id, "manual_check.void", values)


def purchase_order(command_id: str, quantity: str = "10", cost: str = "5.00") -> Command:
    """Return an order of lamps."""
    values = {
        "APDivisionNo": "00",
        "VendorNo": VALLEY,
        "PurchaseOrderDate": "2026-11-18",
        "RequiredExpireDate": "2026-11-30",
        "WarehouseCode": "000",
    }
    line = {"ItemCode": "LAMP-01", "QuantityOrdered": quantity, "UnitCost": cost}
    return command(command_id, "purchase_order.create", values, line)


def goods(command_id: str, order: str, quantity: str, *, line: str = "000001") -> Command:
    """Return a receipt of goods."""
    values = {"PurchaseOrderNo": order, "ReceiptDate": "2026-11-21"}
    received = {"OrderLineKey": line, "QuantityReceived": quantity}
    return command(command_id, "receipt.goods", values, received)


def invoiced(command_id: str, order: str, number: str, amount: str = "51.00") -> Command:
    """Return a receipt of invoice: 10 lamps at 5.10."""
    values = {
        "PurchaseOrderNo": order,
        "ReceiptDate": "2026-11-22",
        "InvoiceNo": number,
        "InvoiceDate": "2026-11-22",
        "InvoiceAmt": amount,
    }
    line = {"OrderLineKey": "000001", "QuantityInvoiced": "10", "UnitCost": "5.10"}
    return command(command_id, "receipt.invoice", values, line)
