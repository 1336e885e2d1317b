"""The period guard: nothing is posted on a closed day, and nothing is given another day silently.

What posts is looked at before it is sent: the day in its payload against the last closed day. What
is closed parks with its choices. Only a person's word (``tieout close post``) lets it be posted on
an open day, and then its reference says which day was its own. What stands in the books already
keeps the day on which it was posted, whatever is closed since.

Domain ``accounting``, section 8 and A49.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache, partial
from zoneinfo import ZoneInfo

from tieout.domain.base import Frozen, Json, System
from tieout.domain.closing import CHOICES, PERIOD_LOCKED, Closing, closing_of
from tieout.domain.ledger import DeliveryState, Document
from tieout.errors import RejectedError
from tieout.ports.gate import Row
from tieout.usecases.catalog import WriteKind
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import REFERENCE_AGE_MAX_S, guarded_read
from tieout.usecases.rows.facts import yes_no


class Dated(Frozen):
    """Where a payload has its day, and where another day can be told ('' = nowhere)."""

    day: str
    reference: str = ""


XERO_DOCUMENT = Dated(day="Date", reference="Reference")
INVOICE = Dated(day="header.InvoiceDate", reference="header.Comment")
CHECK = Dated(day="header.CheckDate", reference="header.Comment")
RECEIPT = Dated(day="header.ReceiptDate", reference="header.Comment")
DATED: Mapping[tuple[System, str], Dated] = {
    **{
        (System.XERO, entity): XERO_DOCUMENT
        for entity in (
            *("invoice", "bill", "credit_note", "vendor_credit"),
            *("payment", "refund", "bank_transaction", "bank_transfer"),
        )
    },
    (System.XERO, "batch_payment"): Dated(day="Date"),
    (System.XERO, "manual_journal"): Dated(day="Date", reference="Narration"),
    (System.SAGE100, "sales_invoice"): INVOICE,
    (System.SAGE100, "credit_memo"): INVOICE,
    (System.SAGE100, "ar_invoice"): INVOICE,
    (System.SAGE100, "cash_receipt"): Dated(day="header.DepositDate"),
    (System.SAGE100, "payout_receipt"): Dated(day="header.DepositDate"),
    (System.SAGE100, "ap_invoice"): INVOICE,
    (System.SAGE100, "manual_check"): CHECK,
    (System.SAGE100, "check_reversal"): CHECK,
    (System.SAGE100, "goods_receipt"): RECEIPT,
    (System.SAGE100, "invoice_receipt"): RECEIPT,
}
"""Of every kind that posts, where its day is. What takes a document back has none of its own."""
NOT_THERE = (DeliveryState.INTENT, DeliveryState.REFUSED)


class PeriodGuard:
    """The guard over the writes of one kind in one step; Xero is asked only of the past.

    A day that is not over is closed by nobody yet, save by the pair itself. A day is open by what
    anybody read a quarter of an hour ago: what is closed since, Xero refuses by itself. Nothing is
    set aside by that: Xero is asked anew, once.
    """

    def __init__(self, flow: Flow, kind: WriteKind) -> None:
        """Take the step's flow and what it writes; nothing is asked before a day is."""
        self._flow = flow
        self._kind = kind
        self._dated = DATED.get((kind.target, kind.entity))
        zone = ZoneInfo(flow.pair.time_zone)
        self._read = cache(self._read_closing)
        self._today = flow.clock.now().astimezone(zone).date()

    def dated(self, document: Document, key: str, payload: Json) -> Json:
        """Return the payload with the day on which it is to be posted.

        Raises:
            RejectedError: That day is closed (``period_locked``).
            RetryableError: Xero does not say now what is closed.
        """
        day = day_of(self._dated, payload)
        if self._dated is None or day is None:
            return payload
        closing = self._closing(day, is_chosen=document.post_on is not None)
        if closing is None or day > closing.through:
            return payload
        held = self._held(key)
        if held is not None:
            return _as_held(self._dated, payload, held)
        chosen = document.post_on
        if chosen is None or chosen <= closing.through:
            raise RejectedError(
                f"The {self._kind.entity.replace('_', ' ')} of {document.name} is of {day}, and "
                f"the books are closed through {closing.through} ({closing.by}).",
                remedy=CHOICES,
                cause=PERIOD_LOCKED,
                field=self._dated.day,
                value=day.isoformat(),
            )
        return moved(self._dated, payload, chosen)

    def _closing(self, day: date, *, is_chosen: bool) -> Closing | None:
        """Return what is closed.

        What is kept will do for a day that it leaves open, unless a person was asked about it.
        """
        if day >= self._today:
            return closing_of(self._flow.pair, None)
        known = None if is_chosen else self._read(REFERENCE_AGE_MAX_S)
        is_open = known is None or day > known.through
        return known if is_open and not is_chosen else self._read(0.0)

    def _read_closing(self, age_max_s: float) -> Closing | None:
        xero = self._flow.xero
        read = partial(xero.lock_date, age_max_s=age_max_s)
        return closing_of(self._flow.pair, guarded_read(self._flow, System.XERO, read))

    def _held(self, key: str) -> Json | None:
        """Return what the target holds of the write, or may hold."""
        of_kind = (self._flow.pair.pair, self._kind.entity, [key])
        for one in self._flow.ledger.deliveries_of(*of_kind):
            is_ours = (one.target, one.operation) == (self._kind.target, self._kind.operation)
            if is_ours and one.state not in NOT_THERE:
                return one.payload
        return None


def is_moved(kind: WriteKind, held: Json, wanted: Json) -> bool:
    """Say whether the two differ in nothing but the open day on which the first was posted."""
    dated = DATED.get((kind.target, kind.entity))
    return dated is not None and held != wanted and _as_held(dated, wanted, held) == held


def _as_held(dated: Dated, payload: Json, held: Json) -> Json:
    """Return the payload with the day that was chosen before, if nothing else is different."""
    day = day_of(dated, held)
    again = payload if day is None else moved(dated, payload, day)
    return again if again == held else payload


def day_of(dated: Dated | None, payload: Json) -> date | None:
    """Return the day on which a payload would stand in the books."""
    said = _at(payload, dated.day) if dated else ""
    return date.fromisoformat(said[:10]) if said else None


def moved(dated: Dated, payload: Json, on: date) -> Json:
    """Return the payload on another day, its own told in the reference.

    It stands after the first word: the first and the last are what others know a reference by.
    """
    own = day_of(dated, payload)
    if own is None or own == on:
        return payload
    changed = _put(payload, dated.day, on.isoformat())
    if not dated.reference:
        return changed
    first, _, rest = _at(payload, dated.reference).partition(" ")
    words = " ".join(filter(None, (first, f"(of {own})", rest)))
    return _put(changed, dated.reference, words)


def _at(payload: Json, path: str) -> str:
    within, _, name = path.rpartition(".")
    record = payload.get(within) if within else payload
    return str(record.get(name) or "") if isinstance(record, dict) else ""


def _put(payload: Json, path: str, text: str) -> Json:
    within, _, name = path.rpartition(".")
    if not within:
        return {**payload, name: text}
    record = payload.get(within)
    return {**payload, within: {**(record if isinstance(record, dict) else {}), name: text}}


def as_posted(row: Row, document: Document | None) -> Row:
    """Return a row that the gate judges by the day chosen for it, where a person chose one."""
    if document is None or document.post_on is None or "period_closed" not in row:
        return row
    day = document.post_on.isoformat()
    return {**row, "period_closed": yes_no(day <= str(row["closed_through"]))}
