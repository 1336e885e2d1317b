"""What one site's Sage 100 is, against what we know and what our flows need: the check at connect.

A problem stops: a flow would fail on it, so it is said before any runs. A note does not. Whatever
of the catalog no public source confirms is counted as confirmed, or as missing, by this site.
Editions differ in data only. What a check cannot find out is listed in unconfirmed.py.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tieout.connectors.sage100.catalog import MEMO, TABLES, TEXT, Table
from tieout.connectors.sage100.dialect import PROBES
from tieout.connectors.sage100.import_files import LAYOUTS
from tieout.connectors.sage100.needs import NEEDS
from tieout.connectors.sage100.own_fields import MARK
from tieout.connectors.sage100.routes import Inspection, LiveColumn
from tieout.domain.base import Frozen

NEEDED_PROBES = ("date literal", "our form")
NAMES_SHOWN_MAX = 12


@dataclass(frozen=True)
class Edition:
    """How one kind of Sage 100 differs from the others."""

    name: str
    database: str
    """What its ODBC driver says that it serves; empty for whatever is no other edition's."""
    speaks: frozenset[str]
    """The probes that its dialect is published to know."""
    has_system_tables: bool
    """Whether the tables beside all companies can be read over a company's connection."""


EDITIONS = (
    Edition(
        name="Premium",
        database="Microsoft SQL Server",
        speaks=frozenset(PROBES) - {"LIMIT before ORDER BY", "LIMIT after ORDER BY"},
        has_system_tables=False,  # they are in a database of their own, MAS_SYSTEM
    ),
    Edition(
        name="Standard or Advanced",
        database="",
        speaks=frozenset(PROBES) - {"LIMIT after ORDER BY"},
        has_system_tables=True,
    ),
)
"""Premium; and the ProvideX driver, as the PxPlus manual gives its current grammar."""


class SiteReport(Frozen):
    """What the check found. ``lengths`` has the text columns that are not as long as we think."""

    database: str
    edition: str
    tables: int
    tables_known: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    confirmed: tuple[str, ...]
    """Names that only this site could confirm, and did: ``Table.Column``, or ``Table``."""
    unconfirmed: tuple[str, ...]
    """Names that it does not have."""
    lengths: dict[str, int]
    writes: dict[str, str]
    """What the agent writes, each kind with what no public source confirms of it."""

    @property
    def is_good(self) -> bool:
        """Say whether flows may run."""
        return not self.problems

    def described(self) -> str:
        """Return what the check found in lines, problems first."""
        doubts = len(self.confirmed) + len(self.unconfirmed)
        lines = [
            f"{self.edition} ({self.database}), {'ready' if self.is_good else 'not ready'}",
            f"{self.tables} of {self.tables_known} tables",
            f"{len(self.confirmed)} of {doubts} names that only a site can confirm",
            *self._writes_described(),
            *(f"problem: {problem}" for problem in self.problems),
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n  ".join(lines)

    def _writes_described(self) -> Iterator[str]:
        doubted = [kind for kind, doubt in self.writes.items() if doubt]
        if doubted:
            yield (
                f"{len(doubted)} of {len(self.writes)} kinds are written by what no public source "
                f"confirms, so rehearse them: {', '.join(doubted)}"
            )


def edition_of(database: str) -> Edition:
    """Return the edition whose driver says this; any other database is taken for ProvideX."""
    return next(one for one in EDITIONS if one.database in (database, ""))


@dataclass(frozen=True)
class Writing:
    """What we would have written, and what the agent says that it writes."""

    wanted: Collection[str] = ()
    offered: Mapping[str, str] = field(default_factory=dict)
    """Kinds, each with what no public source confirms of it."""
    problem: str = ""
    """Why nothing is known of the agent."""

    def problems(self) -> Iterator[str]:
        """Say what the agent does not write, or why that is not known."""
        if self.problem:
            yield f"Nothing can be written: {self.problem}"
            return
        missing = sorted(set(self.wanted) - set(self.offered))
        if missing:
            yield (
                f"The agent does not write {', '.join(missing)}: install the one of this version."
            )


NOTHING_WRITTEN = Writing()


def report(
    inspected: Inspection,
    *,
    has_our_field: bool,
    hours: Iterable[str] = (),
    writing: Writing = NOTHING_WRITTEN,
) -> SiteReport:
    """Compare a site with the catalog. ``hours`` are times of changes, as some rows have them."""
    edition = edition_of(inspected.dbms)
    live = _by_table(inspected.columns)
    comparisons = [
        _Comparison(table, live.get(table.name, {}), edition, has_our_field)
        for table in TABLES.values()
    ]
    doubts = [name for one in comparisons for name in one.doubted()]
    return SiteReport(
        database=inspected.dbms,
        edition=edition.name,
        tables=len(live),
        tables_known=len(TABLES),
        problems=(
            *(problem for one in comparisons for problem in one.problems()),
            *_refused(inspected.refused, NEEDED_PROBES, "The driver refuses our {name}: {said}."),
            *writing.problems(),
        ),
        notes=(
            *(note for one in comparisons for note in one.notes()),
            *_refused(
                inspected.refused,
                sorted(edition.speaks - {*NEEDED_PROBES}),
                "An older or smaller dialect, which we do without: no {name} ({said}).",
            ),
            _padding(hours),
            _by_file(),
        ),
        confirmed=tuple(name for name in doubts if _has(live, name)),
        unconfirmed=tuple(name for name in doubts if not _has(live, name)),
        lengths={place: size for one in comparisons for place, size in one.lengths()},
        writes=dict(writing.offered),
    )


Live = Mapping[str, LiveColumn]
"""The columns that a site has of one table, by name in small letters."""


def _by_table(columns: Iterable[LiveColumn]) -> dict[str, dict[str, LiveColumn]]:
    found: dict[str, dict[str, LiveColumn]] = {}
    for column in columns:
        found.setdefault(column.table, {})[column.name.casefold()] = column
    return found


def _has(live: Mapping[str, Live], name: str) -> bool:
    table, _dot, column = name.partition(".")
    return table in live and (not column or column.casefold() in live[table])


@dataclass(frozen=True)
class _Comparison:
    """One table, as we know it and as the site has it."""

    table: Table
    live: Live
    edition: Edition
    has_our_field: bool

    @property
    def _is_elsewhere(self) -> bool:
        return self.table.is_of_system and not self.edition.has_system_tables

    def problems(self) -> Iterator[str]:
        """Say what our flows miss."""
        needed = NEEDS.get(self.table.name)
        if needed is None:
            return
        if not self.live:
            yield f"{self.table.name} is missing, or our user may not see it."
            return
        missing = self._missing((*self.table.key, *needed))
        if missing:
            yield f"{self.table.name} lacks {_listed(missing)}, which our flows read."

    def notes(self) -> Iterator[str]:
        """Say what else is other than we think."""
        name = self.table.name
        if not self.live:
            if self._is_elsewhere:
                yield f"{name} is not of the company but of MAS_SYSTEM: no list of it can be read."
            elif name not in NEEDS:
                yield f"{name} is missing: no list of it can be read."
            return
        needed = {*self.table.key, *NEEDS.get(name, ())}
        missing = [one for one in self._missing(self.table.readable) if one not in needed]
        confirmed = [one for one in missing if self.table.columns[one].is_confirmed]
        if confirmed:
            yield f"{name} lacks {_listed(confirmed)}: no list of it can be read."
        shorter = dict(self.lengths())
        if shorter:
            said = (f"{place.partition('.')[2]} {size}" for place, size in shorter.items())
            yield f"{name} has other lengths than in recent versions: {_listed(list(said))}."

    def doubted(self) -> Iterator[str]:
        """Return the names that only a site can confirm."""
        if self._is_elsewhere:
            return
        if not self.table.is_confirmed:
            yield self.table.name
        for name in self.table.unconfirmed:
            if name != MARK:
                yield f"{self.table.name}.{name}"

    def lengths(self) -> Iterator[tuple[str, int]]:
        """Return the text columns that are not as long as the dictionary says, and how long."""
        for name, column in self.table.columns.items():
            found = self.live.get(name.casefold())
            if found is None or column.kind not in (TEXT, MEMO) or not found.size:
                continue
            if column.length and found.size != column.length:
                yield f"{self.table.name}.{name}", found.size

    def _missing(self, names: Iterable[str]) -> list[str]:
        return [
            name
            for name in dict.fromkeys(names)
            if name.casefold() not in self.live and (name != MARK or self.has_our_field)
        ]


def _refused(refused: Mapping[str, str], names: Iterable[str], form: str) -> Iterator[str]:
    for name in names:
        if name in refused:
            yield form.format(name=name, said=refused[name])


def _padding(hours: Iterable[str]) -> str:
    """Say whether hours before ten have a zero in front, which text can't be compared without."""
    parted = [text.partition(".")[0] for text in hours]
    padded = sum(len(whole) > 1 and whole.startswith("0") for whole in parted)
    bare = sum(len(whole) == 1 for whole in parted)
    if not padded + bare:
        return "No change before ten o'clock was seen: whether such hours are padded is not known."
    return f"Hours before ten: {padded} padded with a zero, {bare} not."


def _by_file() -> str:
    classes = ", ".join(layout.business_object for layout in LAYOUTS.values())
    return (
        f"Where {classes} fail the rehearsal: {', '.join(LAYOUTS)} can go into files for the "
        "site's Visual Integrator instead (import_kinds)."
    )


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    shown = ", ".join(names[:NAMES_SHOWN_MAX])
    return f"{shown} and {more} more" if more > 0 else shown
