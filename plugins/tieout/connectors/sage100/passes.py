"""A way through one table of Sage 100, page by page (domain/sage100 README, 2).

A reading asks by the date alone, from a day before the watermark's: what the columns of time hold
is text of a wall clock, which only we can compare. Pages go by key, because a register update
writes many rows at one moment. Of what comes, a row is kept that may have been written after the
watermark less an overlap, for clocks that differ and writes that show late; after a gap all of
it is kept. Landing tells what is new by key and content.

Once a day the whole table is read: so what has no date is seen, what was changed without one, and,
by the keys, what is gone. Tables without audit columns, and those whose balances move by posting,
are read whole at every run. Deleted rows leave no trace in Sage 100, but for orders, whose history
says how they ended.

What was written while a reading goes on may be behind it already, so a reading never counts as
having read what was written after its beginning, nor after the newest row that it saw; only what is
a day old counts as read in any case.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from tieout.connectors.sage100.catalog import TABLES, Table
from tieout.connectors.sage100.details import DETAILS, Documents, Lines
from tieout.connectors.sage100.dialect import Key
from tieout.connectors.sage100.moments import DAY, Written, day_at, written
from tieout.connectors.sage100.own_fields import NOTHING_OURS, Ours
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import (
    LINES,
    Text,
    among,
    body,
    columns_of,
    gist,
    key_of,
    key_texts,
    odd,
    record_id,
    texts,
    writer,
)
from tieout.connectors.sage100.rows import Row, UnreadableError
from tieout.connectors.sage100.traces import UNTOLD, Traces
from tieout.domain.reading import (
    START,
    Interval,
    KeyedPages,
    LeftRecord,
    OddRecord,
    Page,
    Position,
    SourceRecord,
    Tombstone,
)
from tieout.domain.statuses.sage100 import COMPLETED_ORDER, DELETED_ORDER

PAGE_RECORDS = 1000
"""How many records land in one transaction."""
OVERLAP = timedelta(minutes=10)
"""How far clocks of a site may differ, and how late a write may show."""
GAP = timedelta(hours=1)
"""After how long without news the overlap is a whole day."""
BEHIND_MAX = timedelta(days=1)
"""How far the clocks of a site are behind ours at the most: so a table without news moves on."""
PATIENCE = timedelta(hours=1)
"""How long a document may be half written in the same way before it is set aside."""
LEFT_MAX = 1000
"""How many documents of a list may be half written at a time."""

BY_VALUE = frozenset({"IM_ItemWarehouse", "IM_ItemCost", "AR_OpenInvoice", "AP_OpenInvoice"})
"""Stock and balances: whether a register update touches their dates is not known."""


NAMES = {"AR_Customer": "CustomerName", "AP_Vendor": "VendorName", "CI_Item": "ItemCodeDesc"}
"""What the records are called whose numbers people may change or merge, in every table at once."""


@dataclass(frozen=True)
class Closing:
    """Where a list's records go when they are done with, and what became of them by a status."""

    table: str
    status: str
    ends: Mapping[str, Tombstone]


CLOSINGS = {
    "SO_SalesOrderHeader": Closing(
        "SO_SalesOrderHistoryHeader",
        "OrderStatus",
        {COMPLETED_ORDER: Tombstone.CLOSED, DELETED_ORDER: Tombstone.DELETED},
    )
}


@dataclass
class _Found:
    """What some rows come to."""

    records: list[SourceRecord] = field(default_factory=list)
    odd: list[OddRecord] = field(default_factory=list)
    newest: datetime | None = None


class Pass:
    """One reader on its way through one table, from its first page to its last."""

    def __init__(
        self,
        reader: Sage100Reader,
        table: Table,
        zone: ZoneInfo,
        interval: Interval | None,
        ours: Ours = NOTHING_OURS,
        traces: Traces = UNTOLD,
    ) -> None:
        """Prepare to read; nothing is asked yet."""
        self._traces = traces
        self._own_users = ours.users
        self._name = NAMES.get(table.name, "")
        self._reader = reader
        self._table = table
        self._zone = zone
        self._interval = interval
        self._dating = () if table.name in BY_VALUE else (table.updated or table.created)[:2]
        self._closing = CLOSINGS.get(table.name)
        self._ended_columns = columns_of(TABLES[self._closing.table]) if self._closing else ()
        detail = DETAILS.get(table.name)
        totals = detail.total_columns if detail else ()
        self._columns = columns_of(table, (*totals, *sorted(ours.fields.get(table.name, ()))))
        self._documents = Documents(reader, table, detail) if detail else None
        self._left: dict[tuple[str, ...], LeftRecord] = {}
        """What was half written when it was read, by key."""

    def pages(
        self, position: Position, *, now: datetime, page_records: int = PAGE_RECORDS
    ) -> Iterator[Page]:
        """Yield the pages after ``position``.

        First comes again what an earlier run left, then the rest of what it began.
        """
        self._left = {one.key: one for one in position.left or ()}
        if self._left:
            page = self._again(position, now)
            yield page
            position = page.position
        if position.keyed is not None:
            for page in self._pass(position, position.keyed, page_records):
                yield page
                position = page.position
            if self._interval is not None:
                return
        keyed = KeyedPages(since=self._since(position, now), begun_at=now)
        yield from self._pass(position, keyed, page_records)

    def fingerprint(self, *, now: datetime) -> str:
        """Return a text that tells writes of late apart; the same one does not prove that none was.

        Keys with their dates and times, of yesterday and after; of a table without dates, all.
        """
        first = self._day(now) - DAY if self._dating else None
        columns = self._dating or self._columns
        seen = hashlib.sha256()
        for row in self._rows(self._table, columns, first, None):
            parts = (*key_texts(row.key()), *(str(row.stored(name)) for name in columns))
            seen.update("\0".join(parts).encode("utf-8", "backslashreplace") + b"\n")
        return seen.hexdigest()

    def _again(self, position: Position, now: datetime) -> Page:
        """Return what was left, as it is now; what is gone meanwhile may have ended."""
        those = among(self._table, self._left)
        rows = self._reader.rows(self._table.name, " ".join(self._columns), among=those)
        some = [row for row in rows if key_texts(row.key()) in self._left]
        found = self._found(some, None, now)
        for key in self._left.keys() - {key_texts(row.key()) for row in some}:
            del self._left[key]
        if self._closing is not None:
            history = self._reader.rows(
                self._closing.table, " ".join(self._ended_columns), among=those
            )
            self._add_ends(self._closing, found, history, None, now)
        return Page(found.records, self._on(position), found.odd, may_return=True)

    def _on(self, position: Position, **changes: Any) -> Position:
        """Return a position with what is left by now."""
        left = tuple(self._left.values()) or None
        return position.model_copy(update={"left": left, **changes})

    def _pass(self, position: Position, keyed: KeyedPages, page_records: int) -> Iterator[Page]:
        """Yield the pages of one way through the table, from a key on."""
        keep_from = self._keep_from(position, keyed)
        after = key_of(self._table, keyed.after)
        rows = self._rows(self._table, self._columns, keyed.since, after)
        some = list(islice(rows, page_records))
        is_traced = bool(keyed.after)
        while True:
            coming = list(islice(rows, page_records))
            found = self._found(some, keep_from, keyed.begun_at)
            if self._name and keyed.since is not None and not is_traced:
                is_traced = self._traces.are_in(found.records, self._table)
            keyed = KeyedPages(
                since=keyed.since,
                begun_at=keyed.begun_at,
                after=key_texts(some[-1].key()) if some else keyed.after,
                newest=max(_known(keyed.newest, found.newest), default=None),
            )
            if not coming:
                # Under a new number an old record may have come: then its old one is looked for.
                is_listed = keyed.since is None or (is_traced and bool(self._name))
                yield self._last(position, keyed, found, keep_from, is_listed=is_listed)
                return
            yield Page(found.records, self._on(position, keyed=keyed), found.odd, may_return=True)
            some = coming

    def _since(self, position: Position, now: datetime) -> date | None:
        """Return the first date to ask for; None for everything."""
        if not self._dating:
            return None
        if self._interval is not None:
            return day_at(self._interval.since, self._zone) - DAY
        swept_at = position.swept_at
        is_swept = swept_at is not None and self._day(swept_at) >= self._day(now)
        if position.through is None or not is_swept:
            return None
        return self._day(position.through) - DAY

    def _keep_from(self, position: Position, keyed: KeyedPages) -> datetime | None:
        """Return from when on what was written is kept; None keeps all."""
        if self._interval is not None:
            return self._interval.since
        through = position.through
        if keyed.since is None or through is None or keyed.begun_at - through > GAP:
            return None
        return through - OVERLAP

    def _last(
        self,
        position: Position,
        keyed: KeyedPages,
        found: _Found,
        keep_from: datetime | None,
        *,
        is_listed: bool,
    ) -> Page:
        """Return the last page: what ended, what is there at all, and where the next run begins."""
        if self._interval is not None:
            return Page(found.records, START, found.odd, may_return=True)
        is_sweep = keyed.since is None
        if self._closing is not None and position.through is not None:
            first = self._day(position.through) - DAY
            table = TABLES[self._closing.table]
            history = self._rows(table, self._ended_columns, first, None)
            self._add_ends(self._closing, found, history, keep_from, keyed.begun_at)
        least = keyed.begun_at - BEHIND_MAX if self._dating else keyed.begun_at
        read = max(_known(keyed.newest, found.newest, least))
        after = self._on(
            position,
            keyed=None,
            through=max(_known(position.through, min(read, keyed.begun_at))),
            swept_at=keyed.begun_at if is_sweep and self._dating else position.swept_at,
        )
        return Page(
            found.records,
            after,
            found.odd,
            may_return=True,
            listed=self._listed() if is_listed else (),
            listed_before=position.swept_at,
        )

    def _found(self, rows: Sequence[Row], keep_from: datetime | None, begun_at: datetime) -> _Found:
        """Sort rows into records, odd ones, and those that are left."""
        found = _Found()
        headers: list[tuple[Key, Text, Written | None]] = []
        for row in rows:
            try:
                said = texts(row, self._columns)
            except UnreadableError as error:
                found.odd.append(odd(row, self._table, self._columns, error.column))
                continue
            moments = self._written(said)
            if moments is not None:
                found.newest = max(_known(found.newest, moments.earliest))
            if self._is_kept(moments, keep_from):
                headers.append((row.key(), said, moments))
        if self._documents is None:
            found.records += [self._record(key, said) for key, said, _moments in headers]
        else:
            self._add_documents(self._documents, headers, found, begun_at)
        return found

    def _add_documents(
        self,
        documents: Documents,
        headers: Sequence[tuple[Key, Text, Written | None]],
        found: _Found,
        begun_at: datetime,
    ) -> None:
        """Add the whole documents; leave those that somebody may be at, set aside the others."""
        if not headers:
            return
        lines = documents.lines([key for key, _said, _moments in headers])
        young = {
            key: said
            for key, said, moments in headers
            if moments is None or moments.latest > begun_at - DAY
        }
        unsteady = documents.unsteady(young, lines, self._columns) if young else set()
        for key, said, _moments in headers:
            some = lines[key]
            whole = {**said, LINES: [] if isinstance(some, UnreadableError) else some}
            if _is_document(documents, said, some) and key not in unsteady:
                self._left.pop(key_texts(key), None)
                found.records.append(self._record(key, whole))
            elif not self._is_left(key, begun_at, gist(whole)):
                found.odd.append(OddRecord(record_id(key), body(whole), LINES))

    def _record(self, key: Key, said: Mapping[str, object]) -> SourceRecord:
        return SourceRecord(
            record_id(key),
            body(said),
            writer=writer(said, self._own_users),
            gist=gist(said),
            named=str(said[self._name]) if self._name else "",
        )

    def _is_left(self, key: Key, now: datetime, said: str = "") -> bool:
        """Leave a record for the next run; False when it has said the same for too long."""
        name = key_texts(key)
        known = self._left.get(name)
        if known is None or known.gist != said:
            known = LeftRecord(key=name, since=now, gist=said)
        self._left[name] = known
        is_left = now - known.since <= PATIENCE and len(self._left) <= LEFT_MAX
        if not is_left or self._interval is not None:
            del self._left[name]
            return False
        return True

    def _written(self, said: Text) -> Written | None:
        """Return when a row was written; None when it does not say."""
        if not self._dating or not said[self._dating[0]]:
            return None
        day, hours = (said[name] for name in self._dating)
        return written(date.fromisoformat(day), hours, self._zone)

    def _is_kept(self, moments: Written | None, keep_from: datetime | None) -> bool:
        """Say whether a row may have been written late enough, and within the interval."""
        if moments is None:
            return True
        is_over = self._interval is not None and moments.earliest >= self._interval.until
        return not is_over and (keep_from is None or moments.latest >= keep_from)

    def _add_ends(
        self,
        closing: Closing,
        found: _Found,
        history: Iterable[Row],
        keep_from: datetime | None,
        now: datetime,
    ) -> None:
        """Add what became of records that left the table, by the table that they went to."""
        ended: dict[Key, SourceRecord] = {}
        for row in history:
            try:
                said = texts(row, self._ended_columns)
            except UnreadableError:
                continue  # the list of that table sets it aside
            end = closing.ends.get(said[closing.status])
            moments = self._written(said) if end else None
            if end and self._is_kept(moments, keep_from):
                found.newest = max(_known(found.newest, moments and moments.earliest), default=None)
                ended[row.key()] = SourceRecord(record_id(row.key()), body(said), end)
        still = self._still_listed(ended)
        for key in still:
            self._is_left(key, now)
        found.records += [record for key, record in ended.items() if key not in still]

    def _still_listed(self, keys: Collection[Key]) -> set[Key]:
        """Return which of the keys the table still has: half an update, or a number reused."""
        those = among(self._table, [key_texts(key) for key in keys])
        return {row.key() for row in self._reader.rows(self._table.name, "", among=those)}

    def _listed(self) -> Collection[str]:
        """Return the ids of all that is in the table."""
        return {record_id(row.key()) for row in self._reader.rows(self._table.name, "")}

    def _rows(
        self, table: Table, columns: Sequence[str], first: date | None, after: Key | None
    ) -> Iterator[Row]:
        """Yield a table's rows of a date and after it, in the order of keys."""
        since = {self._dating[0]: first} if first else None
        return self._reader.rows(table.name, " ".join(columns), since=since, after=after)

    def _day(self, moment: datetime) -> date:
        return day_at(moment, self._zone)


def _is_document(documents: Documents, header: Text, lines: Lines | UnreadableError) -> bool:
    return not isinstance(lines, UnreadableError) and documents.is_whole(header, lines)


def _known(*moments: datetime | None) -> Iterable[datetime]:
    return [moment for moment in moments if moment is not None]
