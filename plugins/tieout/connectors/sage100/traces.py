"""Traces: whether what came of a table may mean that another row of it is gone.

Sage 100 says of no row that it is gone. A utility that gives a record another key leaves one that
nobody had; one that merges two touches the other and changes none of its words, only its stamps and
balances. Whoever edits a record changes its words. So the keys of a table are read where one of the
first two came, and what is edited costs what was edited, however long the table is.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from tieout.connectors.sage100.catalog import CREATED, TEXT, UPDATED, Table
from tieout.domain.base import Json, System
from tieout.domain.reading import SourceRecord

Told = Callable[[System, str, str, Collection[str]], Mapping[str, bytes]]
"""What the newest entry of each record of a list says: ``Landing.told``."""


@dataclass(frozen=True)
class Traces:
    """What of one account was told before; without ``told`` any record may be a trace."""

    account: str = ""
    told: Told | None = None

    def are_in(self, records: Sequence[SourceRecord], table: Table) -> bool:
        """Say whether one of the records is new, or was touched and says what it said."""
        if self.told is None or not records:
            return bool(records)
        ids = [one.record_id for one in records]
        before = self.told(System.SAGE100, self.account, table.name, ids)
        return any(_is_trace(table, one.body, before.get(one.record_id)) for one in records)


UNTOLD = Traces()


def _is_trace(table: Table, now: bytes, before: bytes | None) -> bool:
    if before is None:
        return True
    # What is read again because readings overlap is no news.
    return now != before and _words(table, now) == _words(table, before)


def _words(table: Table, body: bytes) -> Json:
    """Return what a row says, without its numbers, dates and stamps."""
    said: Json = json.loads(body)
    return {
        name: value
        for name, value in said.items()
        if name not in {*CREATED, *UPDATED}
        and (name not in table.columns or table.columns[name].kind == TEXT)
    }
