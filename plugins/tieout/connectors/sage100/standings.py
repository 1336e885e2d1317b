"""How far people have brought documents that we entered: read by their keys, never whole tables.

A document leaves its entry table for history with the update of its register, and is in the GL when
a posting's comment names it; where, says its row in REGISTERS. An order stands where its invoices
do: each is entered, updated, in the GL. Postings are read of the days that updated documents were
posted on, and of no others. Which documents that may be since some day, ``posted_since`` says.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tieout.connectors.sage100.reader import VALUES_PER_QUERY_MAX, Among, Sage100Reader
from tieout.connectors.sage100.rows import Row
from tieout.domain.books import SageState, Standing
from tieout.domain.money import ZERO
from tieout.domain.statuses.sage100 import COMPLETED_ORDER, DELETED_ORDER
from tieout.errors import ConfigurationError

INVOICE = "INV"
"""How the comment of an invoice's posting begins, before its number."""
ORDER = "sales_order"


@dataclass(frozen=True)
class Register:
    """Where documents of one kind are, before and after their register is updated.

    ``number`` names the columns that make the external id, joined by ``/``; ``asked_by`` the one
    that a look-up goes by, and by which a document and its reversal belong together; ``dated`` the
    posting date in history; ``comment`` the word before the document's name in a GL posting. The
    amounts are '' where no one column holds what a document comes to: people correct those by
    documents of their own (credit memos), which no amount here would show. ``entered_as`` and
    ``posted_as`` tell the kind where several share a table.
    """

    entry: str
    history: str
    number: tuple[str, ...]
    asked_by: str
    dated: str
    comment: str
    entered_amount: str = ""
    posted_amount: str = ""
    entered_as: Among = field(default_factory=dict)
    posted_as: Among = field(default_factory=dict)

    def name(self, row: Row) -> str:
        """Return the external id of a row's document."""
        return "/".join(row.text(column) for column in self.number)

    def asked(self, external_ids: Collection[str]) -> list[str]:
        """Return what the documents are asked by."""
        place = self.number.index(self.asked_by)
        return sorted({name.split("/")[place] for name in external_ids})


_INVOICE = Register(
    entry="SO_InvoiceHeader",
    history="AR_InvoiceHistoryHeader",
    number=("InvoiceNo",),
    asked_by="InvoiceNo",
    dated="TransactionDate",
    comment=INVOICE,
)
_CHECK = Register(
    entry="AP_ManualCheckHeader",
    history="AP_CheckHistoryHeader",
    number=("BankCode", "CheckNo"),
    asked_by="CheckNo",
    entered_amount="CheckAmt",
    posted_amount="CheckAmt",
    dated="TransactionDate",
    comment="CHK",
)
_RECEIPT = Register(
    entry="PO_ReceiptHeader",
    history="PO_ReceiptHistoryHeader",
    number=("ReceiptType", "ReceiptNo"),
    asked_by="ReceiptNo",
    dated="TransactionDate",
    comment="RCPT",
)
_CASH = Register(
    entry="AR_CashReceiptsHeader",
    history="AR_CashReceiptsHistory",
    number=("DepositNo", "CheckNo"),
    asked_by="CheckNo",
    entered_amount="PostingAmt",
    posted_amount="CashAmountApplied",
    dated="PostingDate",
    comment="CR",
)
REGISTERS = {
    "sales_invoice": _INVOICE,
    "credit_memo": _INVOICE,
    "ar_invoice": replace(_INVOICE, entry="AR_InvoiceHeader"),
    "cash_receipt": _CASH,
    "payout_receipt": _CASH,
    "ap_invoice": Register(
        entry="AP_InvoiceHeader",
        history="AP_InvoiceHistoryHeader",
        number=("APDivisionNo", "VendorNo", "InvoiceNo"),
        asked_by="InvoiceNo",
        dated="TransactionDate",
        comment="BILL",
    ),
    # A reversal is posted under the number of its check: both add up to nothing.
    "manual_check": replace(_CHECK, entered_as={"CheckType": ["N"]}),
    "check_reversal": replace(
        _CHECK, entered_as={"CheckType": ["R"]}, posted_as={"CheckType": ["R"]}
    ),
    "goods_receipt": _RECEIPT,
    "invoice_receipt": _RECEIPT,
}
"""Every kind of document that a register of its own posts, by entity."""


def standings(
    reader: Sage100Reader, entity: str, external_ids: Collection[str]
) -> dict[str, Standing]:
    """Return where documents of one kind stand, by external id; the unknown are left out.

    Raises:
        ConfigurationError: Documents of that kind are never posted.
    """
    if entity == ORDER:
        return order_standings(reader, external_ids)
    register = _register(entity)
    found: dict[str, Standing] = {}
    for some in _parts(external_ids):
        wanted = set(some)
        among = {register.asked_by: register.asked(some)}
        # Entry before history: an update in between shows a document twice, never not at all.
        columns = f"{register.entered_amount} {' '.join(register.number)}"
        entered = {
            register.name(row): _amount(row, register.entered_amount)
            for row in reader.rows(register.entry, columns, among={**among, **register.entered_as})
        }
        posted = _posted(reader, register, among)
        days = {day for _sum, posted_on in posted.values() for day in posted_on}
        in_gl = _in_gl(reader, register.comment, days)
        for name, (amount, _days) in posted.items():
            if name in wanted:
                state = SageState.IN_GL if name in in_gl else SageState.UPDATED
                found[name] = Standing(state=state, amount=amount)
        for name in entered.keys() & wanted - found.keys():
            found[name] = Standing(state=SageState.ENTERED, amount=entered[name])
    return found


def posted_since(
    reader: Sage100Reader, entities: Collection[str], since: date
) -> dict[str, set[str]]:
    """Return by kind the external ids of documents that history or GL show as changed since a day.

    The GL is read once and each history once, whatever the kinds: rows of what changed, so that
    what only waits costs nothing. Whatever a utility changed without stamping it, and whatever
    people deleted of a register's entries, is not among them.

    Raises:
        ConfigurationError: Documents of such a kind are never posted.
    """
    registers = {entity: _register(entity) for entity in entities if entity != ORDER}
    postings = reader.rows("GL_DetailPosting", "PostingComment", since={"DateCreated": since})
    comments = [row.text("PostingComment") for row in postings]
    moved: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for entity, register in registers.items():
        source = f"{register.history} {register.number} {register.posted_as}"
        if source not in moved:
            moved[source] = _moved(reader, register, since)
        found[entity] = moved[source] | _named(comments, register.comment)
    if ORDER in entities:
        found[ORDER] = _orders_since(reader, _named(comments, INVOICE), since)
    return found


def _moved(reader: Sage100Reader, register: Register, since: date) -> set[str]:
    """Return what a history shows as changed, and what has to do with it.

    A reversal has a number of its own: what it reverses is found by what both are asked by.
    """
    columns = " ".join(register.number)
    among, changed = register.posted_as, {"DateUpdated": since}
    rows = reader.rows(register.history, columns, among=among, since=changed)
    moved = {register.name(row) for row in rows}
    if register.number == (register.asked_by,):
        return moved
    among = {register.asked_by: register.asked(moved), **register.posted_as}
    related = reader.rows(register.history, columns, among=among)
    return moved | {register.name(row) for row in related}


def _orders_since(reader: Sage100Reader, invoices_in_gl: set[str], since: date) -> set[str]:
    table, changed = "AR_InvoiceHistoryHeader", {"DateUpdated": since}
    # History has the open orders too.
    ended = {"OrderStatus": [COMPLETED_ORDER, DELETED_ORDER]}
    rows = [
        *reader.rows(table, "SalesOrderNo", since=changed),
        *reader.rows(table, "SalesOrderNo", among={"InvoiceNo": sorted(invoices_in_gl)}),
        *reader.rows("SO_SalesOrderHistoryHeader", "OrderStatus", among=ended, since=changed),
    ]
    return {row.text("SalesOrderNo") for row in rows} - {""}


def _register(entity: str) -> Register:
    register = REGISTERS.get(entity)
    if register is None:
        known = ", ".join([ORDER, *REGISTERS])
        message = f"Sage 100 posts no {entity!r}."
        raise ConfigurationError(message, remedy=f"Follow one of {known}.")
    return register


def _posted(
    reader: Sage100Reader, register: Register, among: dict[str, list[str]]
) -> dict[str, tuple[Decimal | None, set[date]]]:
    """Return amount and posting days by document.

    Rows of a document and of its reversal have what they are asked by in common, so amounts are
    added up by that.
    """
    days: dict[str, set[date]] = {}
    sums: dict[str, Decimal | None] = {}
    names: dict[str, str] = {}
    columns = f"{register.dated} {register.posted_amount} {' '.join(register.number)}"
    for row in reader.rows(register.history, columns, among={**among, **register.posted_as}):
        name, common = register.name(row), row.text(register.asked_by)
        names[name] = common
        days.setdefault(name, set()).add(row.dated(register.dated))
        amount = _amount(row, register.posted_amount)
        sums[common] = None if amount is None else (sums.get(common) or ZERO) + amount
    return {name: (sums[names[name]], posted) for name, posted in days.items()}


def _amount(row: Row, column: str) -> Decimal | None:
    return row.amount(column) if column else None


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
            if row.text("OrderStatus") == COMPLETED_ORDER
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
    return _named((row.text("PostingComment") for row in rows), prefix)


def _named(comments: Iterable[str], prefix: str) -> set[str]:
    """Return the documents of one kind that the comments of postings name."""
    words = (comment.split() for comment in comments)
    return {found[1] for found in words if len(found) > 1 and found[0] == prefix}


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    wanted = sorted(set(values))
    for start in range(0, len(wanted), VALUES_PER_QUERY_MAX):
        yield wanted[start : start + VALUES_PER_QUERY_MAX]
