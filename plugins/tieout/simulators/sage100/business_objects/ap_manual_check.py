"""AP_ManualCheck_bus: payments made elsewhere, recorded against open invoices.

The class and the key come from the 4.40 layouts, the two amounts of a line from the Visual
Integrator field set (``L.InvoiceNo, L.InvoiceAmt``). What was decided here: ``CheckType$`` is set
first; N pays, V records a check number that was spoiled, R takes a posted check back and recalls
its vendor, its amount and the invoices it paid with the signs turned. Lines pay invoices on file:
the third level of the layout, distributions of invoices that are not on file, is not here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.base import OK, WARNING
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.entries import EntryDocument, vendor_of
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.store import CompanyFile, Row, Value

PAYS, VOID, REVERSAL = "N", "V", "R"
_POSTED_TYPES = {"M", "A"}
"""A check that can be taken back: manual, or printed by Sage itself."""


class ManualCheckLines(DocumentLines):
    """One invoice a line; discount taken is part of what the invoice is relieved of."""

    TABLE: ClassVar[str] = "AP_ManualCheckDetail"
    CLASS_NAME: ClassVar[str] = "AP_ManualCheckDetail_bus"

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "InvoiceNo":
            header = self.document.values
            where = {key: header.text(key) for key in ("APDivisionNo", "VendorNo")}
            invoice = self.file.row("AP_OpenInvoice", InvoiceNo=str(value), **where)
            if invoice is None:
                message = f"The Invoice {value} is not on file for the vendor."
                raise RefusedError(message)
            line["InvoiceDate"] = invoice["InvoiceDate"]
        super().accept(line, name, value)
        if name == "InvoiceAmt" and self._is_more_than_due(line):
            self.last_error_message = "The amount paid is greater than the invoice balance."
            return WARNING
        return OK

    @override
    def complete(self, line: Row) -> None:
        if not line.text("InvoiceNo") or not line.number("InvoiceAmt"):
            message = "An invoice number and an amount are required."
            raise RefusedError(message)

    def _is_more_than_due(self, line: Row) -> bool:
        header = self.document.values
        where = {key: header.text(key) for key in ("APDivisionNo", "VendorNo")}
        invoice = self.file.row("AP_OpenInvoice", InvoiceNo=line.text("InvoiceNo"), **where)
        is_payment = header.text("CheckType") == PAYS
        due = invoice.number("Balance") if invoice else Decimal(0)
        return is_payment and abs(line.number("InvoiceAmt")) > abs(due)


class ManualCheck(BatchEntry, EntryDocument):
    """A check of one vendor."""

    METHODS: ClassVar[Mapping[str, str]] = {**EntryDocument.METHODS, **BatchEntry.METHODS}
    TABLE: ClassVar[str] = "AP_ManualCheckHeader"
    BATCH_SERIES: ClassVar[str] = "ap_manual_check_batch"
    LINES: ClassVar[type[DocumentLines]] = ManualCheckLines
    CALLED: ClassVar[str] = "Check"
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"BatchNo", "VendorName"})

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        if self.file.row("GL_Bank", BankCode=key["BankCode"]) is None:
            message = f"The Bank Code {key['BankCode']} is not on file."
            raise RefusedError(message)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            self.values.update(CheckType=PAYS, CheckDate=self.today)
            self.values["BatchNo"] = self.batch_no

    @override
    def accept(self, name: str, value: Value) -> int:
        if name == "CheckType":
            if value not in {PAYS, VOID, REVERSAL}:
                message = f"The Check Type {value} is invalid."
                raise RefusedError(message)
            if value == REVERSAL:
                self._recall()
        if name == "VendorNo":
            vendor = vendor_of(self.file, self.values | {"VendorNo": value})
            self.values["VendorName"] = vendor.text("VendorName")[:30]
        return super().accept(name, value)

    @override
    def check_document(self) -> None:
        kind = self.values.text("CheckType")
        if kind != REVERSAL and _posted(self.file, self.values):
            message = f"Check {self.values.text('CheckNo')} has already been used."
            raise RefusedError(message)
        self.require(("CheckDate", "Check Date"))
        if kind == VOID:
            if self.lines.rows or self.values.number("CheckAmt"):
                message = "A void check has no amount and no invoices."
                raise RefusedError(message)
            return
        vendor_of(self.file, self.values)
        paid = self.total_of_lines("InvoiceAmt") - self.total_of_lines("DiscountAmt")
        balance = self.values.number("CheckAmt") - paid
        if not self.lines.rows or balance:
            message = f"The check balance {balance:f} must be zero."
            raise RefusedError(message)

    def _recall(self) -> None:
        where = {name: self.values.text(name) for name in ("BankCode", "CheckNo")}
        posted = _posted(self.file, self.values)
        if not posted or posted[-1].text("CheckType") not in _POSTED_TYPES:
            message = f"Check {where['CheckNo']} is not on file, or was taken back already."
            raise RefusedError(message)
        check = posted[-1]
        for name in ("APDivisionNo", "VendorNo", "VendorName"):
            self.values[name] = check[name]
        self.values["CheckAmt"] = -check.number("CheckAmt")
        paid = self.file.rows("AP_CheckHistoryDetail", **where, CheckSeqNo=check.text("CheckSeqNo"))
        self.lines.load([self._recalled(place, row) for place, row in enumerate(paid, 1)])

    def _recalled(self, place: int, paid: Row) -> Row:
        line = self.loaded_line(place)
        line.update(InvoiceNo=paid["InvoiceNo"], InvoiceDate=paid["InvoiceDate"])
        gross = paid.number("AmountPaid") + paid.number("DiscountAmt")
        line.update(InvoiceAmt=-gross, DiscountAmt=-paid.number("DiscountAmt"))
        return line


def _posted(file: CompanyFile, check: Row) -> list[Row]:
    where = {name: check.text(name) for name in ("BankCode", "CheckNo")}
    return file.rows("AP_CheckHistoryHeader", **where)
