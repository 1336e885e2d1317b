"""Cash receipts: AR_CashReceiptsHeader, then AR_CashReceiptsHistory."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import AgentTarget, figure, header_of
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.money import ZERO


class CashReceiptTarget(AgentTarget):
    """AR_CashReceiptsHeader, then AR_CashReceiptsHistory; the check number is ours alone."""

    entity = "cash_receipt"
    kind = "cash_receipt.create"
    # The class behind it is unconfirmed, and a check number is no key in Sage.
    looks_up_first = True

    @override
    def _document(self, payload: Json) -> Json:
        return self._company.lines_keyed(payload)

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        names = ("DepositNo", "ARDivisionNo", "CustomerNo", "CheckNo")
        return self._read({name: [key[name]] for name in names})

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        names = ("ARDivisionNo", "CustomerNo", "CheckNo")
        return self._read({name: [header[name]] for name in names})

    def _read(self, among: Mapping[str, Sequence[str]]) -> Landed | None:
        reader = self._company.reader
        for row in reader.rows("AR_CashReceiptsHeader", "PostingAmt", among=among):
            return _receipt(row, row.amount("PostingAmt"))
        rows = list(reader.rows("AR_CashReceiptsHistory", "CashAmountApplied", among=among))
        if not rows:
            return None
        return _receipt(rows[0], sum((row.amount("CashAmountApplied") for row in rows), ZERO))


class PayoutReceiptTarget(CashReceiptTarget):
    """Receipts that move a gateway's own money between accounts, and no customer's."""

    entity = "payout_receipt"


def _receipt(row: Row, amount: Decimal) -> Landed:
    check_no = row.text("CheckNo")
    return Landed(
        external_id=f"{row.text('DepositNo')}/{check_no}",
        external_no=check_no,
        figures={"amount": figure(amount)},
    )
