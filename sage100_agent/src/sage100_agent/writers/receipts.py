"""receipt.goods and receipt.invoice, through PO_Receipt_bus.

The order's lines come with its number; each that the command names gets its quantity. A receipt of
invoice is also a bill: its vendor must not have one of that number, which Sage only warns of.
"""

from collections.abc import Iterator

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import Document, Field, fields_of
from sage100_agent.errors import NumberTakenError, RefusedError
from sage100_agent.writers.ap_invoices import posted_comment
from sage100_agent.writers.base import Announce, Stored, Work

TASK = Task("P/O", "PO_Receipt_ui", "PO_Receipt_bus")
POSTED = Task("P/O", "PO_Receipt_ui", "PO_ReceiptHistory_svc")
GOODS, INVOICE = "G", "I"
LINE = "OrderLineKey"
AMOUNTS = {GOODS: "ReceiptAmt", INVOICE: "InvoiceAmt"}
BATCH_LENGTH = 5
FIRST_SEQUENCE = "000000"


class ReceiptWriter:
    """One kind of receipt by its ReceiptType."""

    def __init__(self, kind: str, receipt_type: str) -> None:
        """Take the kind of command and the ReceiptType that it means."""
        self._kind = kind
        self._receipt_type = receipt_type

    def reserve(self, work: Work) -> dict[str, str]:
        """Open a private batch and take the next receipt number."""
        receipts = work.session.open(TASK, work.today, work.warnings)
        order_no = work.document.header["PurchaseOrderNo"]
        batch_no = work.batches.open(receipts, order_no)
        number = receipts.next_number("nGetNextReceiptNo")
        key = {"BatchNo": batch_no, "ReceiptType": self._receipt_type, "ReceiptNo": number}
        return key | {"PurchaseOrderNo": order_no}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look for the receipt in entry, then in history, where its number is no one else's."""
        receipts = work.session.open(TASK, work.today, work.warnings)
        receipts.select_batch(key["BatchNo"])
        amount = AMOUNTS[self._receipt_type]
        if receipts.set_key(_boi(key)) is KeyState.NEW:
            posted = work.session.open(POSTED, work.today, work.warnings)
            names = ("PurchaseOrderNo", "ReceiptType", "ReceiptNo")
            wanted = {f"{name}$": key[name] for name in names}
            if not posted.is_on_file({**wanted, "HeaderSeqNo$": FIRST_SEQUENCE}):
                return None
            return Stored(key, key["ReceiptNo"], {amount: posted.amount(amount)})
        if receipts.text("Comment$") != work.document.header["Comment"]:
            raise NumberTakenError(_taken(key))
        return Stored(key, key["ReceiptNo"], {amount: receipts.amount(amount)})

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Enter the receipt."""
        receipts = work.session.open(TASK, work.today, work.warnings)
        receipts.select_batch(key["BatchNo"])
        if receipts.set_key(_boi(key)) is not KeyState.NEW:
            raise NumberTakenError(_taken(key))
        receipts.set_values(work.document.header, fields_of(self._kind, "header"))
        if self._receipt_type == INVOICE:
            _refuse_copy(work, receipts)
        self._set_lines(work, receipts.part("oLines"))
        announce()
        receipts.write()
        return key["ReceiptNo"]

    def mark(self, document: Document) -> str:
        """Return order and Comment."""
        return document.header["PurchaseOrderNo"] + document.header["Comment"]

    def own_key(self, document: Document) -> dict[str, str]:
        """Return what the document says: which order is received, and as what."""
        order_no = document.header["PurchaseOrderNo"]
        return {"ReceiptType": self._receipt_type, "PurchaseOrderNo": order_no}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return orders and Comments of the receipts of this type in entry."""
        receipts = work.session.open(TASK, work.today, work.warnings)
        keys = "ReceiptType$+BatchNo$+ReceiptNo$"
        for key, mark in receipts.listing(keys, "PurchaseOrderNo$+Comment$"):
            if key.startswith(self._receipt_type):
                batch_no, number = key[1 : 1 + BATCH_LENGTH], key[1 + BATCH_LENGTH :]
                yield mark, {"BatchNo": batch_no, "ReceiptNo": number}

    def _set_lines(self, work: Work, lines: BusinessObject) -> None:
        wanted = {line[LINE]: line for line in work.document.lines}
        fields: dict[str, Field] = dict(fields_of(self._kind, "lines"))
        del fields[LINE]
        for line in lines.records():
            values = wanted.pop(line.text(f"{LINE}$"), None)
            if values is not None:
                line.set_values(values, fields)
                line.write_line()
        if wanted:
            message = f"The purchase order has no open line {min(wanted)}."
            raise RefusedError("unknown_record", message)


def _refuse_copy(work: Work, receipts: BusinessObject) -> None:
    names = ("APDivisionNo", "VendorNo")
    bill = {name: receipts.text(f"{name}$") for name in names}
    bill["InvoiceNo"] = work.document.header["InvoiceNo"]
    if posted_comment(work, bill) is not None:
        message = f"Vendor {bill['VendorNo']} has a bill {bill['InvoiceNo']} in Sage already."
        raise RefusedError("number_taken", message)


def _taken(key: dict[str, str]) -> str:
    return f"Receipt {key['ReceiptType']} {key['ReceiptNo']} is somebody else's."


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {f"{name}$": key[name] for name in ("ReceiptType", "ReceiptNo")}
