"""AP_Invoice_bus: vendors' bills in entry, with their G/L distributions.

The class and the key come from the 4.40 layouts; the flow is not confirmed by public code. What was
decided here: a number that is posted for the vendor already starts an adjustment
(``Adjustment$`` = Y, readable once the key is set) without any message; FreightAmt and SalesTaxAmt
count into the balance beside the distributions.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.entries import (
    EntryDocument,
    check_account,
    due_dates,
    vendor_of,
)
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import RefusedError
from tieout.simulators.sage100.store import CompanyFile, Row, Value

_FROM_VENDOR = ("TermsCode", "HoldPayment", "SeparateCheck", "TaxSchedule", "Form1099", "Box1099")


class ApInvoiceLines(DocumentLines):
    """G/L distributions; the account is named by its AccountKey, never by its number."""

    TABLE: ClassVar[str] = "AP_InvoiceDetail"
    CLASS_NAME: ClassVar[str] = "AP_InvoiceDetail_bus"

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "AccountKey":
            check_account(self.file, str(value))
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        if not line.text("AccountKey"):
            message = "The G/L Account is required."
            raise RefusedError(message)


class ApInvoice(BatchEntry, EntryDocument):
    """A bill, or a credit memo when its amounts are negative."""

    METHODS: ClassVar[Mapping[str, str]] = {**EntryDocument.METHODS, **BatchEntry.METHODS}
    TABLE: ClassVar[str] = "AP_InvoiceHeader"
    BATCH_SERIES: ClassVar[str] = "ap_invoice_batch"
    LINES: ClassVar[type[DocumentLines]] = ApInvoiceLines
    CALLED: ClassVar[str] = "Invoice"
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"BatchNo", "Adjustment"})

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        vendor_of(self.file, key)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            vendor = vendor_of(self.file, key)
            self.values.update((name, vendor[name]) for name in _FROM_VENDOR)
            self.values["InvoiceDate"] = self.today
            self.values["Adjustment"] = "Y" if is_posted(self.file, key) else "N"
            self.values["BatchNo"] = self.batch_no
            self._date_anew()

    @override
    def accept(self, name: str, value: Value) -> int:
        code = super().accept(name, value)
        if name in {"InvoiceDate", "TermsCode"}:
            self._date_anew()
        return code

    @override
    def check_document(self) -> None:
        self.require(("InvoiceDate", "Invoice Date"), ("TermsCode", "Terms Code"))
        if not self.lines.rows:
            message = "An invoice needs a distribution line."
            raise RefusedError(message)
        header = self.values
        spread = self.total_of_lines("DistributionAmt")
        added = header.number("FreightAmt") + header.number("SalesTaxAmt")
        balance = header.number("InvoiceAmt") - spread - added
        if balance:
            message = f"The distribution balance {balance:f} must be zero."
            raise RefusedError(message)

    def _date_anew(self) -> None:
        day, terms = self.values.text("InvoiceDate"), self.values.text("TermsCode")
        if day and terms:
            self.values.update(due_dates(self.file, terms, day))


def is_posted(file: CompanyFile, key: Mapping[str, str]) -> bool:
    """Say whether the vendor's number is in history; history is keyed by the number alone."""
    return file.row("AP_InvoiceHistoryHeader", **key) is not None
