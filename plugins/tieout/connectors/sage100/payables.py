"""Vendors and their bills, as whoever enters a bill must know them.

A bill of ours is known by its Comment, which goes along into history; ``KnownBill.source_id`` is
what stands there after our mark.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.rows import Row
from tieout.domain.records import KnownBill, bill_marked
from tieout.ports.payables import SagePayables, SageVendor

ACTIVE = "A"
POSTED = "posted"
BILLS = {"AP_InvoiceHeader": "entered", "AP_InvoiceHistoryHeader": POSTED}
"""Where bills are, and what Sage 100 calls them there."""


def payables(reader: Sage100Reader, division: str, vendor_nos: Collection[str]) -> SagePayables:
    """Return active vendors among these numbers of a division, with every bill they ever sent."""
    among = {"APDivisionNo": [division], "VendorNo": sorted(vendor_nos)}
    columns = "VendorStatus TermsCode UsePOReceiptOfInvForVendor"
    vendors = [
        SageVendor(
            vendor_no=row.text("VendorNo"),
            terms_code=row.text("TermsCode"),
            through_receipt=row.text("UsePOReceiptOfInvForVendor") == "Y",
        )
        for row in reader.rows("AP_Vendor", columns, among=among)
        if row.text("VendorStatus") == ACTIVE
    ]
    bills: dict[str, list[KnownBill]] = defaultdict(list)
    for table, called in BILLS.items():
        columns = "APDivisionNo VendorNo InvoiceNo InvoiceDate InvoiceAmt Comment"
        for row in reader.rows(table, columns, among=among):
            bills[row.text("VendorNo")] += _bill(row, called)
    return SagePayables(
        vendors={one.vendor_no: one for one in vendors},
        terms_codes=frozenset(row.text("TermsCode") for row in reader.rows("AP_TermsCode", "")),
        bills={vendor_no: tuple(held) for vendor_no, held in bills.items()},
    )


def check_lines(
    reader: Sage100Reader, bank_code: str, check_no: str, sequence: str
) -> dict[str, Decimal]:
    """Return what a posted check pays, discounts included, by the bill's number."""
    among = {"BankCode": [bank_code], "CheckNo": [check_no], "CheckSeqNo": [sequence]}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in reader.rows("AP_CheckHistoryDetail", "AmountPaid DiscountAmt", among=among):
        found[row.text("InvoiceNo")] += row.amount("AmountPaid") + row.amount("DiscountAmt")
    return dict(found)


def _bill(row: Row, called: str) -> Iterator[KnownBill]:
    day = row.day("InvoiceDate")
    if day is not None:
        yield KnownBill(
            held_by=f"Sage 100, {called}",
            source_id=bill_marked(row.text("Comment")),
            number=row.text("InvoiceNo"),
            book_date=day,
            total=row.amount("InvoiceAmt"),
            is_posted=called == POSTED,
        )
