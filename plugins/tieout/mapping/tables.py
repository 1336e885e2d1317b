"""Crosswalk tables: what one side calls something, and what the other side calls the same thing.

Files are include/mappings/tables/<table>.csv; a file of the same name in a pair's folder has the
rows in which that pair differs. A row may hold for a time: from its first day to its last, by the
book date of the document. Which rule asks which table is in the mapping files.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tieout.errors import ConfigurationError
from tieout.mapping.source import read_csv

COLUMNS = ("from", "to", "note")
DATED_COLUMNS = ("from", "to", "valid_from", "valid_until", "note")


@dataclass(frozen=True)
class Period:
    """The days from the first through the last; None is open."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        """Say whether the day is one of them."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def overlaps(self, other: "Period") -> bool:
        """Say whether there is a day in both."""
        return (self.first is None or other.last is None or self.first <= other.last) and (
            other.first is None or self.last is None or other.first <= self.last
        )


ALWAYS = Period()


def period(first: str, last: str, place: str) -> Period:
    """Read the days of a period as the file at ``place`` has them, '' = open.

    Raises:
        ConfigurationError: One of them is no day, or the last is before the first.
    """
    try:
        days = Period(*(date.fromisoformat(day) if day else None for day in (first, last)))
    except ValueError as error:
        message = f"{place}: {first!r} to {last!r} are not days: {error}."
        raise ConfigurationError(message, remedy="Write a day as 2026-11-29.") from error
    if days.first and days.last and days.last < days.first:
        message = f"{place}: valid_until {last} is before valid_from {first}."
        raise ConfigurationError(message, remedy="valid_until is the last day of validity.")
    return days


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    source: str
    target: str
    period: Period
    place: str


@dataclass(frozen=True)
class Table:
    """One table, its rows by what is asked and by what is answered."""

    path: Path
    forward: Mapping[str, tuple[Row, ...]]
    backward: Mapping[str, tuple[Row, ...]]

    @property
    def is_dated(self) -> bool:
        """Say whether any row holds for a time only."""
        return any(row.period != ALWAYS for rows in self.forward.values() for row in rows)

    def look_up(self, value: str, day: date | None, *, reverse: bool = False) -> str | None:
        """Return what stands for ``value`` on that day, None when nothing does."""
        for row in (self.backward if reverse else self.forward).get(value, ()):
            if row.period is ALWAYS or (day is not None and day in row.period):
                return row.source if reverse else row.target
        return None


Tables = Mapping[str, Table]


def load_tables(folder: Path, pair: str = "") -> dict[str, Table]:
    """Read the tables of include/mappings (``folder``) as they are for a pair.

    Raises:
        ConfigurationError: A file is wrong, or two rows of one value hold on the same day.
    """
    shared, own = folder / "tables", folder / "pairs" / pair / "tables"
    names = sorted({path.stem for place in (shared, own) for path in place.glob("*.csv")})
    return {name: _table(name, own if pair else None, shared) for name in names}


def _table(name: str, own: Path | None, shared: Path) -> Table:
    rows: list[Row] = []
    for path in (place / f"{name}.csv" for place in (own, shared) if place is not None):
        if path.exists():
            known = {row.source for row in rows}
            rows += [row for row in _rows(path) if row.source not in known]
    return make_table(shared / f"{name}.csv", rows)


def make_table(path: Path, rows: Iterable[Row]) -> Table:
    """Return the table of these rows, which stands in ``path``."""
    forward: dict[str, list[Row]] = defaultdict(list)
    backward: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        forward[row.source].append(row)
        backward[row.target].append(row)
    return Table(
        path,
        {value: tuple(found) for value, found in forward.items()},
        {value: tuple(found) for value, found in backward.items()},
    )


def _rows(path: Path) -> list[Row]:
    rows: list[Row] = []
    for number, cells in enumerate(read_csv(path, COLUMNS, DATED_COLUMNS), start=2):
        place = f"{path}, line {number}"
        days = period(cells.get("valid_from", ""), cells.get("valid_until", ""), place)
        rows.append(Row(cells["from"], cells["to"], ALWAYS if days == ALWAYS else days, place))
    for source, same in _by_source(rows).items():
        for later, row in enumerate(same):
            if any(row.period.overlaps(other.period) for other in same[:later]):
                message = f"{row.place}: {source!r} in the column 'from' stands there twice."
                remedy = (
                    "Keep one line of each, or make valid_from and valid_until tell them apart."
                )
                raise ConfigurationError(message, remedy=remedy)
    return rows


def _by_source(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.source].append(row)
    return found


def ambiguous(table: Table) -> Row | None:
    """Return a row whose ``to`` another has on the same day; such a table has no reverse."""
    for rows in table.backward.values():
        for later, row in enumerate(rows):
            if any(row.period.overlaps(other.period) for other in rows[:later]):
                return row
    return None
