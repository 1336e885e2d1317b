"""Update the A/P Invoice Register: bills become history and open invoices; the G/L waits.

An adjustment changes the open invoice that has its number. Postings wait for the Daily Transaction
Register under journal AP, whose comments name a bill as ``BILL <division>/<vendor>/<invoice>``.
"""

from datetime import date
from decimal import Decimal

from tieout.simulators.sage100.people.ledger import Posting, Register, open_register, pend
from tieout.simulators.sage100.schema import CREATED, UPDATED, tables
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
JOURNAL = "AP"
_VENDOR = ("APDivisionNo", "VendorNo")
_SEQUENCE_WIDTH = 6


def post_ap_invoices(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Update the register with every entered bill."""
    posted = []
    with file.transaction():
        bills = file.rows("AP_InvoiceHeader")
        if bills:
            register = open_register(file, JOURNAL, "A/P", posting_date)
            posted = [_post(file, register, bill) for bill in bills]
    return {"journal": JOURNAL, "posted": posted}


def _post(file: CompanyFile, register: Register, bill: Row) -> dict[str, str]:
    key = {name: bill.text(name) for name in (*_VENDOR, "InvoiceNo")}
    lines = file.rows("AP_InvoiceDetail", **key)
    division = file.rows("AP_Division", APDivisionNo=key["APDivisionNo"])[0]
    pend(
        file,
        register,
        f"BILL {'/'.join(key.values())}",
        [
            *(Posting(line.text("AccountKey"), line.number("DistributionAmt")) for line in lines),
            Posting(division.text("FreightAcctKey"), bill.number("FreightAmt")),
            Posting(division.text("SalesTaxAcctKey"), bill.number("SalesTaxAmt")),
            Posting(division.text("AccountsPayableAcctKey"), -bill.number("InvoiceAmt")),
        ],
    )
    keep_bill(file, register, bill, [_history_line(line) for line in lines])
    file.delete("AP_InvoiceHeader", **key)
    file.delete("AP_InvoiceDetail", **key)
    amount = bill.number("InvoiceAmt")
    return {"vendor_no": key["VendorNo"], "invoice_no": key["InvoiceNo"], "amount": f"{amount:.2f}"}


def _history_line(line: Row) -> Row:
    values = Row(AccountKey=line["AccountKey"], CommentText=line["CommentText"])
    return Row(values | {"ExtensionAmt": line["DistributionAmt"]})


def keep_bill(file: CompanyFile, register: Register, bill: Row, lines: list[Row]) -> str:
    """Write a bill's history and its open invoice; return its sequence number in history."""
    number, day = bill.text("InvoiceNo"), register.posted_on.isoformat()
    # The key of history lacks the vendor: whoever uses the number next gets the next sequence.
    place = len(file.rows("AP_InvoiceHistoryHeader", InvoiceNo=number))
    key = {"InvoiceNo": number, "HeaderSeqNo": f"{place:0{_SEQUENCE_WIDTH}d}"}
    header = Row(copied("AP_InvoiceHistoryHeader", bill) | key)
    header.update(ModuleCode=register.module, SourceJournal=register.journal)
    header.update(SourceJournalNo=register.number, TransactionDate=day)
    file.insert("AP_InvoiceHistoryHeader", header)
    for sequence, line in enumerate(lines, 1):
        detail = Row(line | key | {"DetailSeqNo": f"{sequence:0{_SEQUENCE_WIDTH}d}"})
        file.insert("AP_InvoiceHistoryDetail", detail)
    _open_invoice(file, bill, key["HeaderSeqNo"], day)
    vendor = {name: bill.text(name) for name in _VENDOR}
    file.update("AP_Vendor", vendor, {"LastPurchaseDate": bill["InvoiceDate"]})
    return key["HeaderSeqNo"]


def _open_invoice(file: CompanyFile, bill: Row, sequence: str, day: str) -> None:
    key = {name: bill.text(name) for name in (*_VENDOR, "InvoiceNo")}
    found = file.row("AP_OpenInvoice", **key)
    amount = bill.number("InvoiceAmt")
    if found is not None:  # an adjustment
        changes = Row(InvoiceAmt=found.number("InvoiceAmt") + amount)
        changes["Balance"] = found.number("Balance") + amount
        file.update("AP_OpenInvoice", key, changes)
        return
    row = Row(copied("AP_OpenInvoice", bill) | {"InvoiceHistoryHeaderSeqNo": sequence})
    row.update(PostingDate=day, Balance=amount)
    file.insert("AP_OpenInvoice", row)


def copied(table: str, row: Row) -> Row:
    """Return what a row holds of another table's columns, without audit columns."""
    skipped = CREATED + UPDATED
    return Row((n, row[n]) for n in tables()[table].columns if n in row and n not in skipped)
