"""Purchase orders and the receipts of their goods and bills; ours are known by their Comment.

A posted receipt of goods carries no Comment: only the agent's journal knows it then, and Sage takes
no more than was ordered. A posted receipt of invoice is found by its order and invoice number.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import (
    NUMBER_TAKEN,
    SAGE_REFUSED,
    AgentTarget,
    figure,
    header_of,
)
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.money import ZERO

Among = Mapping[str, Sequence[str]]
RECEIPT = ("ReceiptType", "ReceiptNo")


class PurchaseOrderTarget(AgentTarget):
    """PO_PurchaseOrderHeader; an order stays there when it is completed."""

    entity = "purchase_order"
    kind = "purchase_order.create"
    queries_to_find = 2

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        return self._read({"PurchaseOrderNo": [key["PurchaseOrderNo"]]})

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        return self._read(
            {name: [header[name]] for name in ("APDivisionNo", "VendorNo", "Comment")}
        )

    def _read(self, among: Among) -> Landed | None:
        reader = self._company.reader
        for row in reader.rows("PO_PurchaseOrderHeader", "OrderStatus", among=among):
            number = row.text("PurchaseOrderNo")
            of_order = {"PurchaseOrderNo": [number]}
            lines = reader.rows("PO_PurchaseOrderDetail", "ExtensionAmt", among=of_order)
            amount = sum((line.amount("ExtensionAmt") for line in lines), ZERO)
            figures = {"amount": figure(amount)}
            return Landed(external_id=number, external_no=number, figures=figures)
        return None


class GoodsReceiptTarget(AgentTarget):
    """Receipts of goods: PO_ReceiptHeader of type G, then PO_ReceiptHistoryHeader."""

    entity = "goods_receipt"
    kind = "receipt.goods"
    receipt_type = "G"
    amount = "ReceiptAmt"
    looks_up_first = True
    signs_of_ours = frozenset({NUMBER_TAKEN, SAGE_REFUSED})
    queries_to_find = 2

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        among = {name: [key[name]] for name in RECEIPT}
        return self._read("PO_ReceiptHeader", among) or self._read(
            "PO_ReceiptHistoryHeader", among | {"PurchaseOrderNo": [key["PurchaseOrderNo"]]}
        )

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        names = ("PurchaseOrderNo", "Comment")
        return self._read("PO_ReceiptHeader", self._typed({n: [header[n]] for n in names}))

    def _typed(self, among: Among) -> Among:
        return {**among, "ReceiptType": [self.receipt_type]}

    def _read(self, table: str, among: Among) -> Landed | None:
        for row in self._company.reader.rows(table, self.amount, among=among):
            return self._receipt(row)
        return None

    def _receipt(self, row: Row) -> Landed:
        number = row.text("ReceiptNo")
        return Landed(
            external_id="/".join(row.text(name) for name in RECEIPT),
            external_no=number,
            figures={"amount": figure(row.amount(self.amount))},
        )


class InvoiceReceiptTarget(GoodsReceiptTarget):
    """Bills of vendors that are matched with receipts: type I."""

    entity = "invoice_receipt"
    kind = "receipt.invoice"
    receipt_type = "I"
    amount = "InvoiceAmt"
    guard = (
        "vendor and invoice number: history is looked through for them before each write; "
        "the agent's journal before the register is updated"
    )

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        posted = {name: [header[name]] for name in ("PurchaseOrderNo", "InvoiceNo")}
        return super()._by_mark(payload) or self._read(
            "PO_ReceiptHistoryHeader", self._typed(posted)
        )
