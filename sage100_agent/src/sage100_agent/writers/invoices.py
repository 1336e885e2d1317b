"""sales_invoice.create, credit_memo.create and ar_invoice.create: SO_Invoice_bus, AR_Invoice_bus.

All of them are entered, into a private batch, and posted by people later. The header's Comment
carries our reference, which history keeps. An invoice of an order ships exactly what the document
names of it: Sage copies the order's lines, and every line that is not named ships nothing. Figures
of a credit memo are positive. Lot and serial items need a distribution that no command makes, so
they are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import Document, fields_of
from sage100_agent.errors import NumberTakenError, RefusedError
from sage100_agent.writers.base import Announce, Stored, Work
from sage100_agent.writers.taxes import override_tax

SALES_INVOICE = Task("S/O", "SO_Invoice_ui", "SO_Invoice_bus")
AR_INVOICE = Task("A/R", "AR_Invoice_ui", "AR_Invoice_bus")
HISTORY = "AR_InvoiceHistoryInquiry_svc"
"""Posted invoices; a number that stands there is written and done with."""
FIRST_POSTING = "000000"
CREDIT_MEMO = "CM"
BATCH_LENGTH = 5
LAST = ("FreightAmt", "DepositAmt")
"""Set after the lines: the tax of freight and the limit of the deposit follow from them."""
AMOUNTS = {
    "TaxableAmt": "TaxableSalesAmt",
    "NonTaxableAmt": "NonTaxableSalesAmt",
    "FreightAmt": "FreightAmt",
    "SalesTaxAmt": "SalesTaxAmt",
    "DepositAmt": "DepositAmt",
}
"""What is read back: its column in entry and in history."""
LOT, SERIAL = "5", "6"
CHARGE, COMMENT = "3", "4"


@dataclass(frozen=True)
class InvoiceWriter:
    """Invoices of one kind; ``type_is_key`` says that the key has the type (A/R)."""

    kind: str
    task: Task
    type_is_key: bool = False

    def reserve(self, work: Work) -> dict[str, str]:
        """Open a private batch and take the next invoice number."""
        invoices = work.session.open(self.task, work.today, work.warnings)
        batch_no = work.batches.open(invoices, self.mark(work.document))
        key = {"BatchNo": batch_no, "InvoiceNo": invoices.next_number("nGetNextInvoiceNo")}
        return key | self.own_key(work.document)

    def mark(self, document: Document) -> str:
        """Return our reference, which the header's Comment carries."""
        return document.header["Comment"]

    def own_key(self, document: Document) -> dict[str, str]:
        """Return the type where it is part of the key; the number is Sage's."""
        return {"InvoiceType": document.header["InvoiceType"]} if self.type_is_key else {}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the references of all invoices in entry."""
        invoices = work.session.open(self.task, work.today, work.warnings)
        for key, mark in invoices.listing("BatchNo$+InvoiceNo$", "Comment$"):
            if mark:
                batch_no, number = key[:BATCH_LENGTH], key[BATCH_LENGTH:]
                yield mark, {"BatchNo": batch_no, "InvoiceNo": number}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look the number up in its batch; one that Sage refuses as used, among posted invoices."""
        invoices = work.session.open(self.task, work.today, work.warnings)
        invoices.select_batch(key["BatchNo"])
        try:
            if invoices.set_key(self._boi(key)) is KeyState.NEW:
                return None
        except RefusedError:
            posted = self._posted(work, key)
            if posted is None:
                raise
            return posted
        _check_ours(invoices, work, key)
        return _stored(key, {name: invoices.amount(name) for name in AMOUNTS})

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Write header, lines, freight, the shop's tax and the deposit; then store the invoice."""
        header = work.document.header
        fields = fields_of(self.kind, "header")
        invoices = work.session.open(self.task, work.today, work.warnings)
        invoices.select_batch(key["BatchNo"])
        if invoices.set_key(self._boi(key)) is not KeyState.NEW:
            raise NumberTakenError(f"Invoice {key['InvoiceNo']} exists already.")
        if self.kind == "credit_memo.create":
            invoices.set_value("InvoiceType$", CREDIT_MEMO)
        first = {n: value for n, value in header.items() if n not in key and n not in LAST}
        invoices.set_values(first, fields)
        lines = invoices.part("oLines")
        if "SalesOrderNo" in header:
            lines.copy_lines_from_order(header["SalesOrderNo"])
            _ship(lines, work)
        else:
            self._add_lines(lines, work)
        invoices.set_values({n: header[n] for n in LAST[:1] if n in header}, fields)
        override_tax(invoices, work.document.tax)
        invoices.set_values({n: header[n] for n in LAST[1:] if n in header}, fields)
        announce()
        invoices.write()
        return key["InvoiceNo"]

    def _add_lines(self, lines: BusinessObject, work: Work) -> None:
        fields = fields_of(self.kind, "lines")
        for line in work.document.lines:
            lines.add_line(line, fields)
            if self.task is SALES_INVOICE:
                _refuse_lots(lines)

    def _posted(self, work: Work, key: dict[str, str]) -> Stored | None:
        task = Task(self.task.module, self.task.task, HISTORY)
        history = work.session.open(task, work.today, work.warnings)
        posted = {"InvoiceNo$": key["InvoiceNo"], "HeaderSeqNo$": FIRST_POSTING}
        if not history.is_on_file(posted):
            return None
        _check_ours(history, work, key)
        # Once posted, the figures of a credit memo are negative.
        held = {name: history.amount(column) for name, column in AMOUNTS.items()}
        return _stored(key, {name: amount.removeprefix("-") for name, amount in held.items()})

    def _boi(self, key: dict[str, str]) -> dict[str, str]:
        names = ("InvoiceNo", "InvoiceType") if self.type_is_key else ("InvoiceNo",)
        return {f"{name}$": key[name] for name in names}


def _ship(lines: BusinessObject, work: Work) -> None:
    """Set what ships of each line of the order; the components of a kit follow their kit.

    Raises:
        RefusedError: The order has no such line, or one that no quantity holds back.
    """
    quantities = {line["OrderLineKey"]: line["QuantityShipped"] for line in work.document.lines}
    for line in lines.records():
        if line.text("SalesKitLineKey$") or line.text("ItemType$") == COMMENT:
            continue
        quantity = quantities.pop(line.text("OrderLineKey$"), "0")
        if line.text("ItemType$") == CHARGE:
            message = f"Line {line.text('OrderLineKey$')} is a charge, which people invoice."
            raise RefusedError("charge_line", message)
        line.set_value("QuantityShipped", float(quantity))
        line.write_line()
        if float(quantity):
            _refuse_lots(line)
    if quantities:
        message = f"Sales order {work.document.header['SalesOrderNo']} has no line "
        raise RefusedError("unknown_record", f"{message}{', '.join(sorted(quantities))}.")


def _refuse_lots(lines: BusinessObject) -> None:
    if lines.text("Valuation$") in {LOT, SERIAL}:
        message = f"Item {lines.text('ItemCode$')} needs lots or serial numbers: people invoice it."
        raise RefusedError("lot_or_serial", message)


def _check_ours(invoices: BusinessObject, work: Work, key: dict[str, str]) -> None:
    if invoices.text("Comment$") != work.document.header["Comment"]:
        raise NumberTakenError(f"Invoice {key['InvoiceNo']} is somebody else's.")


def _stored(key: dict[str, str], values: dict[str, str]) -> Stored:
    return Stored(key=key, document_no=key["InvoiceNo"], values=values)
