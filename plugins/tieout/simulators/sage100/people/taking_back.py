"""Take back what was entered: delete an order, a receipt, a bill or a check.

What was posted is not deleted: its reversal is entered.
"""

from datetime import date
from decimal import Decimal

from tieout.simulators.sage100 import order_history, shipments, stock
from tieout.simulators.sage100.fields import padded
from tieout.simulators.sage100.kits import moves_stock
from tieout.simulators.sage100.people.ledger import NotAllowedError
from tieout.simulators.sage100.store import CompanyFile, Row

_DEPOSIT_WIDTH = 5
_ENTRY = ("SO", "AR")
_RECEIPT_KEY = ("DepositNo", "ARDivisionNo", "CustomerNo", "CheckNo")


def delete_sales_order(file: CompanyFile, order_no: str) -> dict[str, object]:
    """Delete an open order; it commits no stock any more, and its history says deleted.

    Raises:
        NotAllowedError: There is no such open order, or it is being invoiced.
    """
    number = padded("SalesOrderNo", order_no)
    order = file.row("SO_SalesOrderHeader", SalesOrderNo=number)
    if order is None or order.text("CurrentInvoiceNo"):
        message = f"The Sales Order {number} is not on file, or is being invoiced."
        raise NotAllowedError(message)
    with file.transaction():
        for line in file.rows("SO_SalesOrderDetail", SalesOrderNo=number):
            if moves_stock(line):
                place = (line.text("ItemCode"), line.text("WarehouseCode"))
                stock.commit(file, *place, -shipments.left(line))
        order_history.close(file, number, status="X")
    return {"sales_order_no": number}


def delete_invoice(file: CompanyFile, invoice_no: str) -> dict[str, object]:
    """Delete an entered invoice or credit memo; its order can be invoiced again.

    Raises:
        NotAllowedError: No invoice with that number is in entry.
    """
    number = padded("InvoiceNo", invoice_no)
    entered = {prefix: file.row(f"{prefix}_InvoiceHeader", InvoiceNo=number) for prefix in _ENTRY}
    if not any(entered.values()):
        message = f"The Invoice {number} is not on file."
        raise NotAllowedError(message)
    with file.transaction():
        for prefix, invoice in entered.items():
            for part in ("Header", "Detail", "TaxSummary"):
                file.delete(f"{prefix}_Invoice{part}", InvoiceNo=number)
            if prefix == "SO" and invoice is not None and invoice.text("SalesOrderNo"):
                order = {"SalesOrderNo": invoice.text("SalesOrderNo")}
                file.update("SO_SalesOrderHeader", order, {"CurrentInvoiceNo": ""})
    return {"invoice_no": number}


def delete_cash_receipt(file: CompanyFile, check_no: str) -> dict[str, object]:
    """Delete an entered receipt together with its deposit.

    Raises:
        NotAllowedError: No receipt with that check number is in entry.
    """
    receipts = file.rows("AR_CashReceiptsHeader", CheckNo=check_no)
    if not receipts:
        message = f"The Check {check_no} is not on file."
        raise NotAllowedError(message)
    with file.transaction():
        for receipt in receipts:
            key = {name: receipt.text(name) for name in _RECEIPT_KEY}
            file.delete("AR_CashReceiptsDetail", **key)
            file.delete("AR_CashReceiptsHeader", **key)
            file.delete("AR_CashReceiptsDeposit", DepositNo=key["DepositNo"])
    return {"check_no": check_no}


def reverse_cash_receipt(
    file: CompanyFile, check_no: str, *, deposit_date: date
) -> dict[str, object]:
    """Enter the negative of a posted receipt, with its check number, in a deposit of its own.

    Raises:
        NotAllowedError: No receipt with that check number was posted.
    """
    posted = file.rows("AR_CashReceiptsHistory", CheckNo=check_no)
    if not posted:
        message = f"The Check {check_no} is not in the history."
        raise NotAllowedError(message)
    first, day = posted[0], deposit_date.isoformat()
    amount = -sum((row.number("CashAmountApplied") for row in posted), Decimal(0))
    with file.transaction():
        number = file.next_number("deposit", _DEPOSIT_WIDTH)
        shared = Row(DepositNo=number, BankCode=first["BankCode"], DepositDate=day)
        shared["DepositType"] = first["DepositType"]
        file.insert("AR_CashReceiptsDeposit", Row(shared | {"CashDepositAmt": amount}))
        key = Row(DepositNo=number, CheckNo=check_no)
        key.update({name: first[name] for name in ("ARDivisionNo", "CustomerNo")})
        header = Row(shared | key | {"CustomerName": first["CustomerName"], "PostingAmt": amount})
        file.insert("AR_CashReceiptsHeader", header)
        for place, row in enumerate(posted, 1):
            line = Row(key | {"LineKey": f"{place:06d}", "AccountKey": row["AccountKey"]})
            line.update({name: row[name] for name in ("InvoiceNo", "InvoiceType")})
            line["AmountPosted"] = -row.number("CashAmountApplied")
            line["DiscountAmt"] = -row.number("DiscountAmountApplied")
            file.insert("AR_CashReceiptsDetail", line)
    return {"check_no": check_no, "deposit_no": number}


def delete_ap_document(file: CompanyFile, table: str, **key: str) -> dict[str, object]:
    """Delete an entered bill or check with its lines.

    Raises:
        NotAllowedError: It is not in entry.
    """
    if file.row(f"{table}Header", **key) is None:
        message = f"The document {'/'.join(key.values())} is not on file."
        raise NotAllowedError(message)
    with file.transaction():
        file.delete(f"{table}Header", **key)
        file.delete(f"{table}Detail", **key)
    return {"deleted": "/".join(key.values())}
