"""Bills and manual checks: AP_InvoiceHeader and AP_ManualCheckHeader, then their histories.

Nothing in Sage 100 refuses a second bill of one number: it is offered as an adjustment of the
first. Ours is known by its Comment, which goes along into history; what has another Comment is
somebody else's and is refused, also when only case, blanks, marks or leading zeros tell the numbers
apart.
"""

from collections.abc import Iterator, Mapping

from typing_extensions import override

from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import (
    HELD,
    NUMBER_TAKEN,
    SAGE_REFUSED,
    AgentTarget,
    figure,
    header_of,
)
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.numbers import bare
from tieout.errors import RejectedError

VENDOR = ("APDivisionNo", "VendorNo")
BILL = (*VENDOR, "InvoiceNo")
CHECK = ("BankCode", "CheckNo")


class ApInvoiceTarget(AgentTarget):
    """Bills and credit memos of vendors; a credit memo has negative amounts."""

    entity = "ap_invoice"
    kind = "ap_invoice.create"
    guard = (
        "vendor and invoice number: entry and history are looked through for them before each "
        "write, and nothing is written as an adjustment"
    )
    looks_up_first = True
    queries_to_find = 2

    @override
    def _document(self, payload: Json) -> Json:
        self._refuse_alike(payload)
        return self._company.lines_keyed(payload)

    def _refuse_alike(self, payload: Json) -> None:
        header = header_of(payload)
        ours = header["InvoiceNo"]
        of_vendor = {name: [header[name]] for name in VENDOR}
        for table in ("AP_InvoiceHeader", "AP_OpenInvoice"):
            for row in self._company.reader.rows(table, "InvoiceNo", among=of_vendor):
                number = row.text("InvoiceNo")
                if number != ours and bare(number) == bare(ours):
                    raise RejectedError(
                        f"Vendor {header['VendorNo']} has a bill {number}: is {ours} the same?",
                        remedy="Compare both bills; enter this one by hand if it is another.",
                        cause=NUMBER_TAKEN,
                        field="InvoiceNo",
                        value=ours,
                    )

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        return next((_bill(row) for row in self._held(key)), None)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        held = self._held(header)
        return next((_bill(row) for row in held if row.text("Comment") == header["Comment"]), None)

    @override
    def _standing(self, payload: Json) -> Landed | None:
        return self._by_key(header_of(payload))

    def _held(self, key: Mapping[str, str]) -> Iterator[Row]:
        among = {name: [key[name]] for name in BILL}
        for table in ("AP_InvoiceHeader", "AP_InvoiceHistoryHeader"):
            columns = f"{' '.join(VENDOR)} InvoiceAmt Comment"
            yield from self._company.reader.rows(table, columns, among=among)


class ManualCheckTarget(AgentTarget):
    """Payments made elsewhere, recorded against bills; the check number is ours alone."""

    entity = "manual_check"
    kind = "manual_check.create"
    entered_type, posted_type = "N", "M"
    guard = "bank and check number: the key of a check in entry; history is read before each write"
    looks_up_first = True
    signs_of_ours = frozenset({NUMBER_TAKEN, SAGE_REFUSED, HELD})
    """A second copy pays what is not due any more, which is warned of and held."""
    queries_to_find = 2

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        return next((landed for _comment, landed in self._held(key)), None)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        held = self._held(header)
        return next((landed for comment, landed in held if comment == header["Comment"]), None)

    @override
    def _standing(self, payload: Json) -> Landed | None:
        return self._by_key(header_of(payload))

    def _held(self, key: Mapping[str, str]) -> Iterator[tuple[str, Landed]]:
        reader = self._company.reader
        among = {name: [key[name]] for name in CHECK}
        entered = among | {"CheckType": [self.entered_type]}
        for row in reader.rows("AP_ManualCheckHeader", "CheckAmt Comment", among=entered):
            yield row.text("Comment"), self._check(row)
        posted = among | {"CheckType": [self.posted_type]}
        for row in reader.rows("AP_CheckHistoryHeader", "CheckAmt CheckComment", among=posted):
            yield row.text("CheckComment"), self._check(row)

    def _check(self, row: Row) -> Landed:
        number = row.text("CheckNo")
        return Landed(
            external_id=f"{row.text('BankCode')}/{number}",
            external_no=number,
            figures={"amount": figure(row.amount("CheckAmt"))},
        )


class CheckVoidTarget(ManualCheckTarget):
    """Check numbers that were spoiled: no amount, no bills."""

    entity = "check_void"
    kind = "manual_check.void"
    entered_type = posted_type = "V"


class CheckReversalTarget(ManualCheckTarget):
    """Posted checks taken back: their bills are open again once the register is updated."""

    entity = "check_reversal"
    kind = "manual_check.reverse"
    entered_type = posted_type = "R"


def _bill(row: Row) -> Landed:
    number = row.text("InvoiceNo")
    return Landed(
        external_id="/".join(row.text(name) for name in BILL),
        external_no=number,
        figures={"amount": figure(row.amount("InvoiceAmt"))},
    )
