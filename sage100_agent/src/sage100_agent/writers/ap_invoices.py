"""ap_invoice.create, through AP_Invoice_bus.

A vendor has one bill of a number, and Sage does not see to that: it offers a posted number as an
adjustment of the old bill. So both places are looked at before anything is set, and ``Adjustment$``
again before the write. Ours is known by its Comment, which goes along into history.
"""

from sage100_agent.boi import KeyState, Task
from sage100_agent.documents import fields_of
from sage100_agent.errors import NumberTakenError, RefusedError
from sage100_agent.writers.base import Announce, Stored, Work

TASK = Task("A/P", "AP_Invoice_ui", "AP_Invoice_bus")
HISTORY = Task("A/P", "AP_Invoice_ui", "AP_InvoiceHistoryHeader_svc")
VENDOR = Task("A/P", "AP_Invoice_ui", "AP_Vendor_svc")
KEY = ("APDivisionNo", "VendorNo", "InvoiceNo")
SAME_NUMBER_MAX = 1000
"""How many bills of one number are looked through: history is keyed by number and sequence."""


class ApInvoiceWriter:
    """New bills and credit memos; a posted one is never adjusted."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Open a private batch, or go on with the run's."""
        header = work.document.header
        self._refuse_other_route(work)
        bills = work.session.open(TASK, work.today, work.warnings)
        batch_no = work.batches.open(bills, header["InvoiceNo"])
        return {"BatchNo": batch_no, **{name: header[name] for name in KEY}}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look for the bill in entry, then in history; it is ours when it carries our Comment."""
        bills = work.session.open(TASK, work.today, work.warnings)
        bills.select_batch(key["BatchNo"])
        if bills.set_key(_boi(key)) is KeyState.NEW:
            return _posted_ours(work, key)
        if bills.text("Comment$") != work.document.header["Comment"]:
            raise NumberTakenError(_taken(key, "entered"))
        found = {**key, "BatchNo": bills.text("BatchNo$")}
        return Stored(found, key["InvoiceNo"], {"InvoiceAmt": bills.amount("InvoiceAmt")})

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Enter the bill."""
        if posted_comment(work, key) is not None:
            raise NumberTakenError(_taken(key, "posted"))
        bills = work.session.open(TASK, work.today, work.warnings)
        bills.select_batch(key["BatchNo"])
        if bills.set_key(_boi(key)) is not KeyState.NEW:
            raise NumberTakenError(_taken(key, "entered"))
        values = {name: v for name, v in work.document.header.items() if name not in KEY}
        bills.set_values(values, fields_of("ap_invoice.create", "header"))
        lines = bills.part("oLines")
        for line in work.document.lines:
            lines.add_line(line, fields_of("ap_invoice.create", "lines"))
        if bills.text("Adjustment$") == "Y":
            raise NumberTakenError(_taken(key, "posted"))
        announce()
        bills.write()
        return key["InvoiceNo"]

    @staticmethod
    def _refuse_other_route(work: Work) -> None:
        header = work.document.header
        vendors = work.session.open(VENDOR, work.today, work.warnings)
        vendor = {f"{name}$": header[name] for name in KEY[:2]}
        if not vendors.is_on_file(vendor):
            message = f"Sage has no vendor {header['APDivisionNo']}-{header['VendorNo']}."
            raise RefusedError("unknown_record", message)
        if vendors.text("UsePOReceiptOfInvForVendor$") == "Y":
            message = (
                f"Bills of vendor {header['VendorNo']} come in through receipt of invoice: entered "
                "here, their purchase order would stay open."
            )
            raise RefusedError("wrong_route", message)


def posted_comment(work: Work, key: dict[str, str]) -> str | None:
    """Return the Comment of the posted bill of this vendor and number, or None without one.

    The key of history lacks the vendor: the bills of one number are gone through in sequence.
    """
    history = work.session.open(HISTORY, work.today, work.warnings)
    for sequence in range(SAME_NUMBER_MAX):
        wanted = {"InvoiceNo$": key["InvoiceNo"], "HeaderSeqNo$": f"{sequence:06d}"}
        if not history.is_on_file(wanted):
            return None
        if all(history.text(f"{name}$") == key[name] for name in KEY[:2]):
            return history.text("Comment$")
    message = f"More than {SAME_NUMBER_MAX} bills have the number {key['InvoiceNo']}."
    raise RefusedError("not_in_form", message)


def _posted_ours(work: Work, key: dict[str, str]) -> Stored | None:
    comment = posted_comment(work, key)
    if comment is None:
        return None
    if comment != work.document.header["Comment"]:
        raise NumberTakenError(_taken(key, "posted"))
    return Stored(key, key["InvoiceNo"], {})


def _taken(key: dict[str, str], state: str) -> str:
    return f"Vendor {key['VendorNo']} has a bill {key['InvoiceNo']} in Sage, {state} already."


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {f"{name}$": key[name] for name in KEY}
