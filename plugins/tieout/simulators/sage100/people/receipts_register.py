"""Update the Receipt Registers: goods reach the shelf, bills of goods reach payables.

Goods: debit inventory, credit purchases clearing, at the order's cost (journal PO). Invoice: debit
purchases clearing at the cost of what was received, the difference to purchase price variance,
credit payables (journal RI). An order is completed once all was received and billed; a bill that
was entered in A/P instead leaves it open. Postings wait for the Daily Transaction Register; their
comments name a receipt as ``RCPT <type>/<number>``.
"""

from datetime import date
from decimal import Decimal

from tieout.simulators.sage100 import stock
from tieout.simulators.sage100.business_objects.po_receipt import COMPLETED, GOODS, INVOICE
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.people.bills_journal import copied, keep_bill
from tieout.simulators.sage100.people.ledger import Posting, Register, open_register, pend
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
CLEARING, VARIANCE, INVENTORY = "205-00", "510-00", "130-00"
_SEQUENCE_WIDTH = 6


def post_receipts(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Update both registers, goods first."""
    posted = []
    with file.transaction():
        for kind, journal in ((GOODS, "PO"), (INVOICE, "RI")):
            receipts = file.rows("PO_ReceiptHeader", ReceiptType=kind)
            if receipts:
                register = open_register(file, journal, "P/O", posting_date)
                posted += [_post(file, register, receipt) for receipt in receipts]
    return {"posted": posted}


def _post(file: CompanyFile, register: Register, receipt: Row) -> dict[str, str]:
    kind, number = receipt.text("ReceiptType"), receipt.text("ReceiptNo")
    lines = file.rows("PO_ReceiptDetail", ReceiptType=kind, ReceiptNo=number)
    if kind == GOODS:
        _receive(file, register, receipt, lines)
    else:
        _bill(file, register, receipt, lines)
    _keep_history(file, register, receipt, lines)
    _move_order_on(file, receipt, lines)
    file.delete("PO_ReceiptHeader", ReceiptType=kind, ReceiptNo=number)
    file.delete("PO_ReceiptDetail", ReceiptType=kind, ReceiptNo=number)
    return {"receipt_type": kind, "receipt_no": number}


def _receive(file: CompanyFile, register: Register, receipt: Row, lines: list[Row]) -> None:
    keys = account_keys(file)
    for line in lines:
        where = line.text("ItemCode"), line.text("WarehouseCode")
        stock.receive(file, *where, line.number("QuantityReceived"), line.number("ExtensionAmt"))
        _keep_movement(file, register, receipt, line)
    total = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    postings = [Posting(keys[INVENTORY], total), Posting(keys[CLEARING], -total)]
    pend(file, register, _name(receipt), postings)


def _name(receipt: Row) -> str:
    return f"RCPT {receipt.text('ReceiptType')}/{receipt.text('ReceiptNo')}"


def _keep_movement(file: CompanyFile, register: Register, receipt: Row, line: Row) -> None:
    row = Row(ItemCode=line["ItemCode"], WarehouseCode=line["WarehouseCode"], TransactionCode="PO")
    row.update(TransactionDate=register.posted_on.isoformat(), EntryNo=receipt["ReceiptNo"])
    row.update(SequenceNo=line["LineKey"], ReferenceDate=receipt["ReceiptDate"])
    row.update(APDivisionNo=receipt["APDivisionNo"], VendorNo=receipt["VendorNo"])
    row.update(TransactionQty=line["QuantityReceived"], UnitCost=line["UnitCost"])
    row.update(ExtendedCost=line["ExtensionAmt"], SourceJournal=register.journal)
    row.update(JournalNoGLBatchNo=register.number)
    row.update(ReceiptHistoryPurchaseOrderNo=receipt["PurchaseOrderNo"])
    file.insert("IM_ItemTransactionHistory", row)


def _bill(file: CompanyFile, register: Register, receipt: Row, lines: list[Row]) -> None:
    keys = account_keys(file)
    division = file.rows("AP_Division", APDivisionNo=receipt.text("APDivisionNo"))[0]
    order_no = receipt.text("PurchaseOrderNo")
    postings = [
        Posting(division.text("FreightAcctKey"), receipt.number("FreightAmt")),
        Posting(division.text("SalesTaxAcctKey"), receipt.number("SalesTaxAmt")),
        Posting(division.text("AccountsPayableAcctKey"), -receipt.number("InvoiceAmt")),
    ]
    for line in lines:
        key = {"PurchaseOrderNo": order_no, "LineKey": line.text("OrderLineKey")}
        ordered = file.rows("PO_PurchaseOrderDetail", **key)[0]
        cost = rounded(line.number("QuantityInvoiced") * ordered.number("UnitCost"))
        postings.append(Posting(keys[CLEARING], cost))
        postings.append(Posting(keys[VARIANCE], line.number("ExtensionAmt") - cost))
    pend(file, register, _name(receipt), postings)
    keep_bill(file, register, receipt, [copied("AP_InvoiceHistoryDetail", line) for line in lines])


def _keep_history(file: CompanyFile, register: Register, receipt: Row, lines: list[Row]) -> None:
    names = ("PurchaseOrderNo", "ReceiptType", "ReceiptNo")
    key = {name: receipt.text(name) for name in names}
    key["HeaderSeqNo"] = "0" * _SEQUENCE_WIDTH
    order = file.rows("PO_PurchaseOrderHeader", PurchaseOrderNo=key["PurchaseOrderNo"])[0]
    header = Row(copied("PO_ReceiptHistoryHeader", receipt) | key)
    header.update(OrderDate=order["PurchaseOrderDate"])
    header["TransactionDate"] = register.posted_on.isoformat()
    file.insert("PO_ReceiptHistoryHeader", header)
    for line in lines:
        file.insert("PO_ReceiptHistoryDetail", Row(copied("PO_ReceiptHistoryDetail", line) | key))


def _move_order_on(file: CompanyFile, receipt: Row, lines: list[Row]) -> None:
    number = receipt.text("PurchaseOrderNo")
    for line in lines:
        key = {"PurchaseOrderNo": number, "LineKey": line.text("OrderLineKey")}
        ordered = file.rows("PO_PurchaseOrderDetail", **key)[0]
        received = ordered.number("QuantityReceived") + line.number("QuantityReceived")
        invoiced = ordered.number("QuantityInvoiced") + line.number("QuantityInvoiced")
        changes = Row(QuantityReceived=received, QuantityInvoiced=invoiced)
        changes["QuantityBackordered"] = ordered.number("QuantityOrdered") - received
        file.update("PO_PurchaseOrderDetail", key, changes)
    rows = file.rows("PO_PurchaseOrderDetail", PurchaseOrderNo=number)
    changes = Row(OrderStatus=_status(rows))
    if receipt.text("ReceiptType") == GOODS:
        changes.update(LastReceiptDate=receipt["ReceiptDate"], LastReceiptNo=receipt["ReceiptNo"])
    else:
        changes.update(LastInvoiceDate=receipt["InvoiceDate"], LastInvoiceNo=receipt["InvoiceNo"])
    if changes["OrderStatus"] == COMPLETED:
        changes["CompletionDate"] = receipt["ReceiptDate"]
    file.update("PO_PurchaseOrderHeader", {"PurchaseOrderNo": number}, changes)


def _status(rows: list[Row]) -> str:
    if any(row.number("QuantityReceived") < row.number("QuantityOrdered") for row in rows):
        return "B"
    is_billed = all(row.number("QuantityInvoiced") >= row.number("QuantityOrdered") for row in rows)
    return COMPLETED if is_billed else "O"
