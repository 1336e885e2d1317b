"""SO_SalesOrderHistoryHeader and Detail: a copy of every order, open or closed.

OrderStatus there is ``A`` while the order is open, ``C`` when it was shipped complete, ``X`` when
it was deleted. Column names differ a little from those of the open order.
"""

from typing import Final

from tieout.simulators.sage100.schema import CREATED, UPDATED, tables
from tieout.simulators.sage100.store import CompanyFile, Row

_HEADER: Final = "SO_SalesOrderHistoryHeader"
_DETAIL: Final = "SO_SalesOrderHistoryDetail"
_LINE_RENAMED: Final = {
    "QuantityOrderedOriginal": "QuantityOrdered",
    "QuantityOrderedRevised": "QuantityOrdered",
    "OriginalUnitPrice": "UnitPrice",
    "LastUnitPrice": "UnitPrice",
    "LastExtensionAmt": "ExtensionAmt",
    "SequenceNo": "LineSeqNo",
}


def keep(file: CompanyFile, number: str) -> None:
    """Bring the history of an open order up to date."""
    order = file.rows("SO_SalesOrderHeader", SalesOrderNo=number)[0]
    columns = tables()[_HEADER].columns
    values = Row((name, order[name]) for name in columns if name in order)
    values.update(OrderStatus="A", LastInvoiceDate=order["LastInvoiceOrderDate"])
    values["LastInvoiceNo"] = order["LastInvoiceOrderNo"]
    if file.row(_HEADER, SalesOrderNo=number) is None:
        file.insert(_HEADER, values)
    else:
        kept = Row((n, v) for n, v in values.items() if n not in CREATED + UPDATED)
        file.update(_HEADER, {"SalesOrderNo": number}, kept)
    file.delete(_DETAIL, SalesOrderNo=number)
    names = tables()[_DETAIL].columns
    for line in file.rows("SO_SalesOrderDetail", SalesOrderNo=number):
        copy = Row((name, line[name]) for name in names if name in line)
        copy.update({name: line[source] for name, source in _LINE_RENAMED.items()})
        file.insert(_DETAIL, Row(copy | {"OriginalLine": "Y", "CancelledLine": "N"}))


def close(file: CompanyFile, number: str, *, status: str) -> None:
    """Take an order out of the open ones; its history keeps the status."""
    keep(file, number)
    file.update(_HEADER, {"SalesOrderNo": number}, {"OrderStatus": status})
    for table in ("SO_SalesOrderHeader", "SO_SalesOrderDetail", "SO_SalesOrderTaxSummary"):
        file.delete(table, SalesOrderNo=number)
