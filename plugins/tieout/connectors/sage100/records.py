"""One row of Sage 100 as the inbox takes it: its key as an id, its values as text, or why not.

A row whose values cannot be what their columns hold is odd, whoever notices: a date before any
calendar of Sage's, a number that is none, text that no Sage 100 can have written (its strings are
cp1252; domain/sage100 README, 6). What its values mean is the flows' affair.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from tieout.connectors.sage100.catalog import CREATED, DATE, TABLES, UPDATED, Table
from tieout.connectors.sage100.dialect import Key
from tieout.connectors.sage100.reader import VALUES_PER_QUERY_MAX
from tieout.connectors.sage100.rows import Row, UnreadableRow
from tieout.domain.reading import OddRecord, Writer

LINES = "lines"
"""The member of a document that holds its lines."""

Text = dict[str, str]


def columns_of(table: Table, needed: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the columns to read of a table.

    The names that a public source confirms, so that no site lacks them, and what is ``needed``,
    fields of the site's own among it.
    """
    wanted = dict.fromkeys([*table.key, *table.created, *table.updated, *needed])
    named = [name for name in table.readable if name in wanted or table.columns[name].is_confirmed]
    return (*named, *(name for name in wanted if name not in table.columns))


def texts(row: Row, columns: tuple[str, ...]) -> Text:
    """Return the columns of a row as text: dates in ISO form, blank ones empty, numbers exact.

    Raises:
        UnreadableError: A value is none of its column's kind.
    """
    given = row.columns
    said = dict(zip(given, row.texts(), strict=True))
    return said if given == columns else {name: said[name] for name in columns}


def body(said: Mapping[str, object]) -> bytes:
    """Return a record's body; the same values give the same bytes."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def gist(said: Mapping[str, object]) -> str:
    """Return a hash of a record's body without when and by whom it was written."""
    rest = {name: value for name, value in said.items() if name not in {*CREATED, *UPDATED}}
    return hashlib.sha256(body(rest)).hexdigest()


def writer(said: Mapping[str, object], own_users: Collection[str]) -> Writer:
    """Return who wrote a row last: one of our own users, and alone if nobody has since its making.

    Users are UserKeys of SY_User. A table that does not name them was written by others.
    """
    if said.get(UPDATED[-1]) not in own_users:
        return Writer.OTHERS
    is_as_made = all(
        said.get(made) == said[last] for made, last in zip(CREATED, UPDATED, strict=True)
    )
    return Writer.US_ALONE if is_as_made else Writer.US


def odd(row: Row, table: Table, columns: Sequence[str], member: str) -> OddRecord:
    """Return a row that cannot be used, with what the driver made of it, or said of it."""
    if isinstance(row, UnreadableRow):
        said = {**dict(zip(table.key, key_texts(row.key()), strict=True)), "": row.reason}
        return OddRecord(record_id(row.key()), json.dumps(said).encode(), table.name)
    said = {name: str(row.stored(name)) for name in columns}
    return OddRecord(record_id(row.key()), json.dumps(said).encode(), f"{table.name}.{member}")


def key_texts(key: Key) -> tuple[str, ...]:
    """Return a key as text, for a position."""
    return tuple(part.isoformat() if isinstance(part, date) else part for part in key)


def key_of(table: Table, key: Sequence[str]) -> Key | None:
    """Return the key that ``key_texts`` wrote, None for an empty one."""
    parts = [
        date.fromisoformat(part) if table.columns[name].kind == DATE else part
        for name, part in zip(table.key, key, strict=False)
    ]
    return tuple(parts) or None


def among(table: Table, keys: Collection[Sequence[str]]) -> dict[str, list[str]]:
    """Return a condition that lets rows with these keys through, and few others.

    The column with the most values, which is asked in parts, and every other with few enough.
    """
    values = {name: sorted({key[place] for key in keys}) for place, name in enumerate(table.key)}
    longest = max(values, key=lambda name: len(values[name]))
    return {
        name: some
        for name, some in values.items()
        if name == longest or len(some) <= VALUES_PER_QUERY_MAX
    }


def record_id(key: Key) -> str:
    """Return a key as one id: its parts with ``/`` between; one within is written ``~1``."""
    return "/".join(part.rstrip().replace("~", "~0").replace("/", "~1") for part in key_texts(key))


def table_of(name: str) -> Table | None:
    """Return a table that can be read as a list; those beside all companies are none."""
    table = TABLES.get(name)
    return None if table is None or table.is_of_system else table
