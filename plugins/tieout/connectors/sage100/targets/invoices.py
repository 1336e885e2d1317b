"""Invoices and credit memos: SO_InvoiceHeader or AR_InvoiceHeader, then AR_InvoiceHistoryHeader.

The header's Comment is our mark, which entry and history both keep: Sage refuses no second invoice
of an order that has something left, so each send is preceded by a look-up. Figures of a credit memo
are positive, though Sage's history has them negative.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.sage100.reader import Among
from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import AgentTarget, figure, header_of
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed
from tieout.domain.money import ZERO

INVOICE, CREDIT_MEMO = "IN", "CM"
COMMENT = "Comment"
HISTORY = "AR_InvoiceHistory"
FIRST_POSTING = "000000"
COLUMNS = "InvoiceType Comment SalesTaxAmt FreightAmt DepositAmt"
OWNER = ("SalesOrderNo", "ARDivisionNo", "CustomerNo")
"""What a look-up by the mark is narrowed by, as far as the payload says it."""


class InvoiceTarget(AgentTarget):
    """Invoices of one kind and entry table, found by number or by our mark."""

    looks_up_first = True
    queries_to_find = 2
    table = "SO_Invoice"
    types: tuple[str, ...] = (INVOICE,)

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        """Return the numbers of every invoice with our mark, entered or posted."""
        return {
            one.delivery_id: [landed.external_id for landed in self._marked(one.payload)]
            for one in deliveries
        }

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        return next(self._read({"InvoiceNo": [key["InvoiceNo"]]}), None)

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        return next(self._marked(payload), None)

    def _marked(self, payload: Json) -> Iterator[Landed]:
        header = header_of(payload)
        return self._read({n: [header[n]] for n in (COMMENT, *OWNER) if header.get(n)})

    def _read(self, among: Among) -> Iterator[Landed]:
        """Yield what stands in entry, then what people have posted."""
        narrowed = {**among, "InvoiceType": list(self.types)}
        for row in self._company.reader.rows(f"{self.table}Header", COLUMNS, among=narrowed):
            yield self._landed(row, f"{self.table}Detail", {})
        posted = {**narrowed, "HeaderSeqNo": [FIRST_POSTING]}
        for row in self._company.reader.rows(f"{HISTORY}Header", COLUMNS, among=posted):
            yield self._landed(row, f"{HISTORY}Detail", {"HeaderSeqNo": [FIRST_POSTING]})

    def _landed(self, header: Row, table: str, part: Among) -> Landed:
        number = header.text("InvoiceNo")
        among = {"InvoiceNo": [number], **part}
        rows = self._company.reader.rows(table, "ExtensionAmt", among=among)
        lines = sum((row.amount("ExtensionAmt") for row in rows), ZERO)
        tax, freight = header.amount("SalesTaxAmt"), header.amount("FreightAmt")
        sign = -1 if part and header.text("InvoiceType") == CREDIT_MEMO else 1
        figures = {
            "lines": lines,
            "tax": tax,
            "freight": freight,
            "deposit": header.amount("DepositAmt"),
            "total": lines + tax + freight,
        }
        return Landed(
            external_id=number,
            external_no=number,
            figures={name: figure(_signed(amount, sign)) for name, amount in figures.items()},
        )


class SalesInvoiceTarget(InvoiceTarget):
    """What ships of an order, or is sold without one."""

    entity = "sales_invoice"
    kind = "sales_invoice.create"


class CreditMemoTarget(InvoiceTarget):
    """Goods that come back: quantities positive, an open item of its own until it is applied."""

    entity = "credit_memo"
    kind = "credit_memo.create"
    types = (CREDIT_MEMO,)


class ArInvoiceTarget(InvoiceTarget):
    """An invoice or credit memo of accounts, without stock; its lines may name account numbers."""

    entity = "ar_invoice"
    kind = "ar_invoice.create"
    table = "AR_Invoice"
    types = (INVOICE, CREDIT_MEMO)

    @override
    def _document(self, payload: Json) -> Json:
        return self._company.lines_keyed(super()._document(payload), "SalesAcctKey")


def _signed(amount: Decimal, sign: int) -> Decimal:
    return amount * sign if amount else ZERO
