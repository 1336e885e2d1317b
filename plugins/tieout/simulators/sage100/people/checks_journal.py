"""Update the Manual Check Register: checks become history, open invoices are relieved.

A reversal gives its invoices their balances back. Postings wait for the Daily Transaction Register
under journal MC, whose comments name a check as ``CHK <bank>/<check>``.
"""

from datetime import date

from tieout.simulators.sage100.people.bills_journal import copied
from tieout.simulators.sage100.people.ledger import Posting, Register, open_register, pend
from tieout.simulators.sage100.store import CompanyFile, Row

JOURNAL = "MC"
_CHECK = ("BankCode", "CheckNo")
_VENDOR = ("APDivisionNo", "VendorNo")
_VOID, _MANUAL = "V", "M"
_SEQUENCE_WIDTH = 6


def post_manual_checks(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Update the register with every entered check."""
    posted = []
    with file.transaction():
        checks = file.rows("AP_ManualCheckHeader")
        if checks:
            register = open_register(file, JOURNAL, "A/P", posting_date)
            posted = [_post(file, register, check) for check in checks]
    return {"journal": JOURNAL, "posted": posted}


def _post(file: CompanyFile, register: Register, check: Row) -> dict[str, str]:
    key = {name: check.text(name) for name in _CHECK}
    lines = file.rows("AP_ManualCheckDetail", **key)
    if check.text("CheckType") != _VOID:
        _post_amounts(file, register, check, lines)
    _keep_history(file, register, check, lines)
    file.delete("AP_ManualCheckHeader", **key)
    file.delete("AP_ManualCheckDetail", **key)
    return {**key, "amount": f"{check.number('CheckAmt'):.2f}"}


def _post_amounts(file: CompanyFile, register: Register, check: Row, lines: list[Row]) -> None:
    vendor = {name: check.text(name) for name in _VENDOR}
    division = file.rows("AP_Division", APDivisionNo=vendor["APDivisionNo"])[0]
    bank = file.rows("GL_Bank", BankCode=check.text("BankCode"))[0]
    postings = [Posting(bank.text("CashAccountKey"), -check.number("CheckAmt"))]
    for line in lines:
        amount, discount = line.number("InvoiceAmt"), line.number("DiscountAmt")
        postings.append(Posting(division.text("AccountsPayableAcctKey"), amount))
        postings.append(Posting(division.text("DiscountsEarnedOrTakenAcctKey"), -discount))
        where = {**vendor, "InvoiceNo": line.text("InvoiceNo")}
        invoice = file.rows("AP_OpenInvoice", **where)[0]
        changes = Row((name, check[name]) for name in ("CheckNo", "CheckType", "CheckDate"))
        changes["Balance"] = invoice.number("Balance") - amount
        file.update("AP_OpenInvoice", where, changes)
    day = register.posted_on.isoformat()
    changes = Row(LastPaymentDate=day, LastCheckNo=check["CheckNo"], LastCheckAmt=check["CheckAmt"])
    file.update("AP_Vendor", vendor, changes)
    pend(file, register, f"CHK {check.text('BankCode')}/{check.text('CheckNo')}", postings)


def _keep_history(file: CompanyFile, register: Register, check: Row, lines: list[Row]) -> None:
    key = {name: check.text(name) for name in _CHECK}
    place = len(file.rows("AP_CheckHistoryHeader", **key)) + 1
    key["CheckSeqNo"] = f"{place:0{_SEQUENCE_WIDTH}d}"
    kind = check.text("CheckType")
    header = Row(copied("AP_CheckHistoryHeader", check) | key)
    header.update(CheckType=_MANUAL if kind == "N" else kind, CheckComment=check["Comment"])
    header.update(TransactionDate=register.posted_on.isoformat(), SourceJournal=register.journal)
    header["SourceJournalBatchNo"] = register.number
    file.insert("AP_CheckHistoryHeader", header)
    for sequence, line in enumerate(lines, 1):
        number = f"{sequence:0{_SEQUENCE_WIDTH}d}"
        row = Row(key | {name: check.text(name) for name in _VENDOR})
        row.update(InvoiceNo=line["InvoiceNo"], InvoiceSeqNo=number, DetailSeqNo=number)
        row.update(InvoiceDate=line["InvoiceDate"], DiscountAmt=line["DiscountAmt"])
        row["AmountPaid"] = line.number("InvoiceAmt") - line.number("DiscountAmt")
        file.insert("AP_CheckHistoryDetail", row)
