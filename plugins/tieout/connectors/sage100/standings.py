"""How far people have brought documents that we entered: read by their keys, never whole tables.

A receipt leaves the entry table with the register update, and is in the GL when a posting's comment
names it. An order stands where its invoices do: each is entered, updated, in the GL. Postings are
read of the days that updated documents were posted on, and of no others.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal

from tieout.connectors.sage100.reader import VALUES_PER_QUERY_MAX, Sage100Reader
from tieout.domain.books import SageState, Standing
from tieout.domain.money import ZERO

COMPLETED = "C"
RECEIPT, INVOICE = "CR", "INV"
"""How a posting's comment begins, before the document's name."""


def receipt_standings(reader: Sage100Reader, external_ids: Collection[str]) -> dict[str, Standing]:
    """Return where cash receipts stand, by deposit and check number (``00012/T1ABC``)."""
    found: dict[str, Standing] = {}
    for some in _parts(external_ids):
        checks = sorted({name.partition("/")[2] for name in some})
        wanted = set(some)
        entered = _entered_receipts(reader, checks)
        posted = _posted_receipts(reader, checks)
        in_gl = _in_gl(reader, RECEIPT, {day for _amount, days in posted.values() for day in days})
        for name, (amount, _days) in posted.items():
            if name in wanted:
                state = SageState.IN_GL if name in in_gl else SageState.UPDATED
                found[name] = Standing(state=state, amount=amount)
        for name, amount in entered.items():
            if name in wanted and name not in found:
                found[name] = Standing(state=SageState.ENTERED, amount=amount)
    return found


def _entered_receipts(reader: Sage100Reader, checks: list[str]) -> dict[str, Decimal]:
    rows = reader.rows("AR_CashReceiptsHeader", "PostingAmt", among={"CheckNo": checks})
    return {
        f"{row.text('DepositNo')}/{row.text('CheckNo')}": row.amount("PostingAmt") for row in rows
    }


def _posted_receipts(
    reader: Sage100Reader, checks: list[str]
) -> dict[str, tuple[Decimal, set[date]]]:
    """Return amount and posting days by receipt.

    A reversal has the check number and another deposit, so amounts are added up by check.
    """
    days: dict[str, set[date]] = {}
    by_check: dict[str, Decimal] = {}
    columns = "PostingDate CashAmountApplied"
    for row in reader.rows("AR_CashReceiptsHistory", columns, among={"CheckNo": checks}):
        check = row.text("CheckNo")
        days.setdefault(f"{row.text('DepositNo')}/{check}", set()).add(row.dated("PostingDate"))
        by_check[check] = by_check.get(check, ZERO) + row.amount("CashAmountApplied")
    return {name: (by_check[name.partition("/")[2]], posted) for name, posted in days.items()}


def order_standings(reader: Sage100Reader, order_nos: Collection[str]) -> dict[str, Standing]:
    """Return where sales orders stand, by number."""
    found: dict[str, Standing] = {}
    for some in _parts(order_nos):
        numbers = {"SalesOrderNo": some}
        for row in reader.rows("SO_SalesOrderHeader", "OrderStatus", among=numbers):
            found[row.text("SalesOrderNo")] = Standing(state=SageState.ENTERED)
        closed = [
            row.text("SalesOrderNo")
            for row in reader.rows("SO_SalesOrderHistoryHeader", "OrderStatus", among=numbers)
            if row.text("OrderStatus") == COMPLETED
        ]
        found |= _completed(reader, [number for number in closed if number not in found])
    return found


def _completed(reader: Sage100Reader, numbers: list[str]) -> dict[str, Standing]:
    """Return completed orders by where the last of their invoices is.

    One that was completed without any invoice has nothing to post, and counts as updated.
    """
    if not numbers:
        return {}
    of_orders = {"SalesOrderNo": numbers}
    entered = {
        row.text("SalesOrderNo")
        for row in reader.rows("SO_InvoiceHeader", "SalesOrderNo", among=of_orders)
    }
    invoices: dict[str, set[str]] = {}
    days: set[date] = set()
    columns = "SalesOrderNo InvoiceDate TransactionDate"
    for row in reader.rows("AR_InvoiceHistoryHeader", columns, among=of_orders):
        invoices.setdefault(row.text("SalesOrderNo"), set()).add(row.text("InvoiceNo"))
        days.add(row.day("TransactionDate") or row.dated("InvoiceDate"))
    in_gl = _in_gl(reader, INVOICE, days)
    return {
        number: Standing(state=_last(number in entered, invoices.get(number, set()), in_gl))
        for number in numbers
    }


def _last(is_entered: bool, invoices: set[str], in_gl: set[str]) -> SageState:  # noqa: FBT001 - a fact
    if is_entered:
        return SageState.ENTERED
    return SageState.IN_GL if invoices and invoices <= in_gl else SageState.UPDATED


def _in_gl(reader: Sage100Reader, prefix: str, days: Iterable[date]) -> set[str]:
    """Return the documents of one kind that postings of the days name."""
    among = {"PostingDate": sorted(day.isoformat() for day in days)}
    rows = reader.rows("GL_DetailPosting", "PostingComment", among=among)
    words = (row.text("PostingComment").split() for row in rows)
    return {found[1] for found in words if len(found) > 1 and found[0] == prefix}


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    wanted = sorted(set(values))
    for start in range(0, len(wanted), VALUES_PER_QUERY_MAX):
        yield wanted[start : start + VALUES_PER_QUERY_MAX]
