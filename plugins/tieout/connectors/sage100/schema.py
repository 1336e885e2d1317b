"""What a record of Sage 100 may hold: the columns of its tables, by the dictionary or at a site.

A site's own columns, user-defined ones among them, and their lengths come by ODBC (SQLColumns).
"""

from collections.abc import Collection, Iterator, Mapping

from typing_extensions import override

from tieout.connectors.sage100.catalog import CREATED, MEMO, NUMBER, TABLES, TEXT, UPDATED
from tieout.connectors.sage100.own_fields import MARK, kind_of
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import LiveColumn
from tieout.ports.schemas import SchemaField, Schemas

_RECEIPT = {
    "header.": ("AR_CashReceiptsHeader", "AR_CashReceiptsDeposit"),
    "lines[].": ("AR_CashReceiptsDetail",),
}
PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "customer": {"header.": ("AR_Customer",)},
    "item": {"header.": ("CI_Item",)},
    "vendor": {"header.": ("AP_Vendor",)},
    "sales_order": {"header.": ("SO_SalesOrderHeader",), "lines[].": ("SO_SalesOrderDetail",)},
    "order_deposit": {"header.": ("SO_SalesOrderHeader",)},
    "cash_receipt": _RECEIPT,
    "payout_receipt": _RECEIPT,
    "sales_invoice": {"header.": ("SO_InvoiceHeader",), "lines[].": ("SO_InvoiceDetail",)},
    "credit_memo": {"header.": ("SO_InvoiceHeader",), "lines[].": ("SO_InvoiceDetail",)},
    "ar_invoice": {"header.": ("AR_InvoiceHeader",), "lines[].": ("AR_InvoiceDetail",)},
    "ap_invoice": {"header.": ("AP_InvoiceHeader",), "lines[].": ("AP_InvoiceDetail",)},
    "purchase_order": {
        "header.": ("PO_PurchaseOrderHeader",),
        "lines[].": ("PO_PurchaseOrderDetail",),
    },
    "goods_receipt": {"header.": ("PO_ReceiptHeader",), "lines[].": ("PO_ReceiptDetail",)},
    "invoice_receipt": {"header.": ("PO_ReceiptHeader",), "lines[].": ("PO_ReceiptDetail",)},
}
"""The tables that each part of a payload is written to."""
MEMBERS = {
    "sales_order": (
        SchemaField(path="tax", type="amounts by tax code"),
        SchemaField(path="lines[].Account", type=TEXT),
    ),
    "cash_receipt": (SchemaField(path="lines[].Account", type=TEXT),),
    "ap_invoice": (SchemaField(path="lines[].Account", type=TEXT),),
    "payout_receipt": (SchemaField(path="lines[].Account", type=TEXT),),
}
"""Members that the agent takes beside columns: an account is named by its number, not its key."""


def by_table(fields: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Return fields of the headers of records by their table, given by the kind of record."""
    found: dict[str, set[str]] = {}
    for entity, names in fields.items():
        for table in PARTS.get(entity, {}).get("header.", ())[:1]:
            found.setdefault(table, set()).update(names)
    return found


class Sage100Schemas(Schemas):
    """The schemas of Sage 100: of a site with its ``reader``, else of the data dictionary."""

    def __init__(self, reader: Sage100Reader | None = None) -> None:
        """Take the site; nothing is asked before the first call."""
        self._reader = reader

    @override
    def fields(self, entity: str) -> list[SchemaField]:
        parts = PARTS.get(entity, {})
        wanted = sorted({table for tables in parts.values() for table in tables})
        live = self._live(wanted) if wanted else {}
        columns = [
            field
            for prefix, tables in parts.items()
            for table in tables
            for field in self._columns(table, prefix, live.get(table, ()))
        ]
        return [*columns, *MEMBERS.get(entity, ())]

    def _live(self, tables: Collection[str]) -> dict[str, list[LiveColumn]]:
        found: dict[str, list[LiveColumn]] = {}
        if self._reader is not None:
            for column in self._reader.inspect(tables).columns:
                found.setdefault(column.table, []).append(column)
        return found

    def _columns(
        self, table: str, prefix: str, live: Collection[LiveColumn]
    ) -> Iterator[SchemaField]:
        """Yield the columns that may be written: at a site what is there, else what should be."""
        known = TABLES[table].columns
        kept = {*CREATED, *UPDATED}
        sizes = {column.name.casefold(): column for column in live}
        for name, column in known.items():
            there = sizes.pop(name.casefold(), None)
            if name in kept or column.is_withheld or (self._reader is not None and there is None):
                continue
            length = column.length if there is None else there.size or column.length
            is_text = column.kind in (TEXT, MEMO)
            yield SchemaField(
                path=f"{prefix}{name}",
                type=column.kind,
                length=length if is_text else None,
                decimals=column.scale if column.kind == NUMBER and column.is_confirmed else None,
            )
        for own in sizes.values():
            if own.name not in kept:
                yield SchemaField(
                    path=f"{prefix}{own.name}", type=kind_of(own.type_name), length=own.size
                )
        if self._reader is None and MARK not in known and prefix == "header.":
            yield SchemaField(path=f"{prefix}{MARK}", type=TEXT)
