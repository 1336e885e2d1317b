"""Sales orders, and the deposit that an open one holds: SO_SalesOrderHeader and its history."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.rows import Row
from tieout.connectors.sage100.targets.base import AgentTarget, figure, header_of
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.money import ZERO

COMPLETED = "C"


class SalesOrderTarget(AgentTarget):
    """SO_SalesOrderHeader, found by customer PO and UDF_TIEOUT_ID; then in history, by the PO."""

    entity = "sales_order"
    kind = "sales_order.create"
    queries_to_find = 2

    @override
    def _document(self, payload: Json) -> Json:
        return self._company.lines_keyed(super()._document(payload), "SalesAcctKey")

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        among = {"SalesOrderNo": [key["SalesOrderNo"]]}
        return self._open(among) or self._closed(among | {"OrderStatus": [COMPLETED]})

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        names = ["ARDivisionNo", "CustomerNo", "CustomerPONo"]
        by_po = {name: [header[name]] for name in names}
        mark = header.get(MARK, "")
        has_mark = bool(mark) and self._company.config.has_tieout_udf
        by_mark = by_po | ({MARK: [mark]} if has_mark else {})
        # History carries no mark of ours, so the PO has to do there. It holds open orders too,
        # which the mark decides about, and deleted ones, which are no longer an order.
        return self._open(by_mark) or self._closed(by_po | {"OrderStatus": [COMPLETED]})

    @override
    def _standing(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        by_po = {name: [header[name]] for name in ("ARDivisionNo", "CustomerNo", "CustomerPONo")}
        return self._open(by_po) or self._by_mark(payload)

    def _open(self, among: Mapping[str, Sequence[str]]) -> Landed | None:
        columns = "SalesTaxAmt FreightAmt DepositAmt"
        for row in self._company.reader.rows("SO_SalesOrderHeader", columns, among=among):
            return self._landed(row, "SO_SalesOrderDetail", "ExtensionAmt")
        return None

    def _closed(self, among: Mapping[str, Sequence[str]]) -> Landed | None:
        columns = "SalesTaxAmt FreightAmt DepositAmt"
        for row in self._company.reader.rows("SO_SalesOrderHistoryHeader", columns, among=among):
            return self._landed(row, "SO_SalesOrderHistoryDetail", "LastExtensionAmt")
        return None

    def _landed(self, header: Row, table: str, extension: str) -> Landed:
        number = header.text("SalesOrderNo")
        rows = self._company.reader.rows(table, extension, among={"SalesOrderNo": [number]})
        figures = {
            "tax": header.amount("SalesTaxAmt"),
            "freight": header.amount("FreightAmt"),
            "deposit": header.amount("DepositAmt"),
            "lines": sum((row.amount(extension) for row in rows), ZERO),
        }
        return Landed(
            external_id=number,
            external_no=number,
            figures={name: figure(amount) for name, amount in figures.items()},
        )


class OrderDepositTarget(AgentTarget):
    """SO_SalesOrderHeader.DepositAmt of an open order; setting it twice changes nothing."""

    entity = "order_deposit"
    kind = "sales_order.set_deposit"
    guard = "the amount is set, not added"

    @override
    def _by_key(self, key: Mapping[str, str]) -> Landed | None:
        among = {"SalesOrderNo": [key["SalesOrderNo"]]}
        for row in self._company.reader.rows("SO_SalesOrderHeader", "DepositAmt", among=among):
            number = row.text("SalesOrderNo")
            figures = {"deposit": figure(row.amount("DepositAmt"))}
            return Landed(external_id=number, external_no=number, figures=figures)
        return None

    @override
    def _by_mark(self, payload: Json) -> Landed | None:
        header = header_of(payload)
        landed = self._standing(payload)
        wanted = figure(Decimal(header["DepositAmt"]))
        return landed if landed is not None and landed.figures["deposit"] == wanted else None

    @override
    def _standing(self, payload: Json) -> Landed | None:
        return self._by_key(header_of(payload))
