"""Documents: a header with its lines, which is one record only when both belong together.

Line tables have no audit columns, a change of a line shows at its header alone, and a reader can
meet half an update: lines without header, a header before its lines (domain/sage100 README, 2.2).
So a document counts when it has lines, their amounts come to what its header says, and, if somebody
may still be at it, a second reading finds the same header and as many of the same lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.connectors.sage100.catalog import TABLES, Table
from tieout.connectors.sage100.dialect import Key
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import Text, among, columns_of, key_texts, texts
from tieout.connectors.sage100.rows import Row, UnreadableError
from tieout.domain.money import ZERO


@dataclass(frozen=True)
class Detail:
    """The lines of a header: their table, their amount, and what those come to at the header.

    ``total`` names columns of the header, parted by blanks; what has a minus is taken away.
    """

    table: str
    amount: str
    total: str

    @property
    def total_columns(self) -> tuple[str, ...]:
        """Return the columns of the header that the total is made of."""
        return tuple(name.lstrip("-") for name in self.total.split())


_GOODS = "TaxableAmt NonTaxableAmt"
_BILL = "InvoiceAmt -FreightAmt -SalesTaxAmt"
DETAILS = {
    "SO_SalesOrderHeader": Detail("SO_SalesOrderDetail", "ExtensionAmt", _GOODS),
    "SO_InvoiceHeader": Detail("SO_InvoiceDetail", "ExtensionAmt", _GOODS),
    "AR_InvoiceHeader": Detail("AR_InvoiceDetail", "ExtensionAmt", _GOODS),
    "AR_InvoiceHistoryHeader": Detail(
        "AR_InvoiceHistoryDetail", "ExtensionAmt", "TaxableSalesAmt NonTaxableSalesAmt"
    ),
    "AR_CashReceiptsHeader": Detail("AR_CashReceiptsDetail", "AmountPosted", "PostingAmt"),
    "PO_PurchaseOrderHeader": Detail("PO_PurchaseOrderDetail", "ExtensionAmt", _GOODS),
    "AP_InvoiceHeader": Detail("AP_InvoiceDetail", "DistributionAmt", _BILL),
    "AP_InvoiceHistoryHeader": Detail("AP_InvoiceHistoryDetail", "ExtensionAmt", _BILL),
}
"""By header table. An order's history is none: what a closed order's lines come to is not known."""

Lines = list[Text]


class Documents:
    """Reads the lines of one kind of header, and says which documents are whole."""

    def __init__(self, reader: Sage100Reader, header: Table, detail: Detail) -> None:
        """Prepare to read; nothing is asked yet."""
        self._reader = reader
        self._header = header
        self._detail = detail
        self._table = TABLES[detail.table]
        self._columns = columns_of(self._table, (detail.amount,))

    def lines(self, keys: Sequence[Key]) -> dict[Key, Lines | UnreadableError]:
        """Return the lines of every header; one whose lines cannot be read does not stop others."""
        try:
            return dict(self._lines(keys))
        except UnreadableError as error:
            if len(keys) == 1:
                return {keys[0]: error}
        return {key: lines for one in keys for key, lines in self.lines([one]).items()}

    def unsteady(
        self,
        headers: Mapping[Key, Text],
        lines: Mapping[Key, Lines | UnreadableError],
        columns: Sequence[str],
    ) -> set[Key]:
        """Return which of the headers a second reading finds changed, or their lines."""
        keys = list(headers)
        again = self.lines(keys)
        return {
            key
            for key, said in self._headers(keys, columns).items()
            if said != headers[key] or again[key] != lines[key]
        }

    def is_whole(self, header: Text, lines: Lines) -> bool:
        """Say whether the lines come to what their header says; no lines never do."""
        total = sum(
            (
                -Decimal(header[name[1:]]) if name.startswith("-") else Decimal(header[name])
                for name in self._detail.total.split()
            ),
            ZERO,
        )
        return bool(lines) and total == sum(
            (Decimal(line[self._detail.amount]) for line in lines), ZERO
        )

    def _lines(self, keys: Sequence[Key]) -> Mapping[Key, Lines]:
        found: dict[Key, Lines] = {key: [] for key in keys}
        width = len(self._header.key)
        columns = " ".join(self._columns)
        for row in self._reader.rows(self._detail.table, columns, among=self._among(keys)):
            key = row.key()[:width]
            if key in found:
                found[key].append(texts(row, self._columns))
        return found

    def _headers(self, keys: Sequence[Key], columns: Sequence[str]) -> dict[Key, Text | None]:
        """Return the headers as they are now, None for one that is gone or unreadable."""
        found: dict[Key, Text | None] = dict.fromkeys(keys)
        rows = self._reader.rows(self._header.name, " ".join(columns), among=self._among(keys))
        for row in rows:
            key = row.key()
            if key in found:
                found[key] = _texts_or_none(row, tuple(columns))
        return found

    def _among(self, keys: Sequence[Key]) -> dict[str, list[str]]:
        return among(self._header, [key_texts(key) for key in keys])


def _texts_or_none(row: Row, columns: tuple[str, ...]) -> Text | None:
    try:
        return texts(row, columns)
    except UnreadableError:
        return None
