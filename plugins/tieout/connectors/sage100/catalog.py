"""Every table of Sage 100 that we know: its key, columns and kinds, and what nobody confirmed.

    table = TABLES["AR_Customer"]
    table.key                          # ('ARDivisionNo', 'CustomerNo'), in the key's order
    table.columns["CustomerNo"]        # Column(name=..., kind=TEXT, length=20, ...)
    table.readable                     # the names that may be selected, in the dictionary's order
    table.updated, table.created       # its audit columns: three names, or none
    table.detail_of                    # the header table that a line table is polled through, or ""
    table.unconfirmed                  # names of columns that only the site can confirm

The data are catalog.json, which tools/derive_sage100_catalog.py prints from the data dictionary.
A length here is what the dictionary says of a recent version; older sites have shorter columns, so
whoever needs a length asks the site's own catalog. Columns that hold secrets, cards, bank or
tax numbers are listed and never selected. What our flows cannot do without is needs.py.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

TEXT, DATE, NUMBER, MEMO = "text", "date", "number", "memo"
OWN = "own"
"""What a site's own column holds: whatever its driver gives."""
OWN_FIELD = re.compile(r"UDF_[A-Z0-9_]{1,26}")
"""The name of a user-defined field, which a site adds to a table (domain/sage100 README, 1.1)."""
CREATED = ("DateCreated", "TimeCreated", "UserCreatedKey")
UPDATED = ("DateUpdated", "TimeUpdated", "UserUpdatedKey")

_WORD = re.compile(
    r"(?P<mark>[?!]?)(?P<kind>text|number|date|memo)"
    r"(?:\((?P<length>\d+)(?:,(?P<scale>\d+))?\))?(?P<doubt>\??)"
)


@dataclass(frozen=True)
class Column:
    """One column; ``length`` is characters, or a number's digits, and None where nobody knows."""

    name: str
    kind: str
    length: int | None
    scale: int
    is_confirmed: bool
    is_length_confirmed: bool
    is_withheld: bool
    """Whether we never read it."""


@dataclass(frozen=True)
class Table:
    """One table: its key, in order, and its columns by name."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    is_confirmed: bool
    is_key_confirmed: bool
    is_audit_confirmed: bool
    is_of_system: bool
    """Whether it stands beside all companies (MAS_SYSTEM), not in each."""

    @property
    def readable(self) -> tuple[str, ...]:
        """Return the columns that may be selected."""
        return tuple(name for name, column in self.columns.items() if not column.is_withheld)

    def column(self, name: str) -> Column | None:
        """Return a column by name, and for a site's own field what may be said of it unseen."""
        if name in self.columns or not OWN_FIELD.fullmatch(name):
            return self.columns.get(name)
        return Column(
            name, OWN, None, 0, is_confirmed=False, is_length_confirmed=False, is_withheld=False
        )

    @property
    def created(self) -> tuple[str, ...]:
        """Return the audit columns of the row's making, or none."""
        return CREATED if self.columns.keys() >= set(CREATED) else ()

    @property
    def updated(self) -> tuple[str, ...]:
        """Return the audit columns of the row's last change, or none."""
        return UPDATED if self.columns.keys() >= set(UPDATED) else ()

    @property
    def detail_of(self) -> str:
        """Return the header whose audit columns tell of a line's change, or nothing."""
        if not self.name.endswith("Detail") or self.updated:
            return ""
        header = f"{self.name.removesuffix('Detail')}Header"
        return header if header in TABLES else ""

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Return the columns whose name no public source confirms."""
        return tuple(name for name, column in self.columns.items() if not column.is_confirmed)


def _column(name: str, word: str) -> Column:
    found = _WORD.fullmatch(word)
    if found is None:
        raise ValueError(f"catalog.json: {name} is {word!r}")
    length = found["length"]
    return Column(
        name=name,
        kind=found["kind"],
        length=int(length) if length else None,
        scale=int(found["scale"] or 0),
        is_confirmed=found["mark"] != "?",
        is_length_confirmed=not found["doubt"],
        is_withheld=found["mark"] == "!",
    )


def _tables() -> dict[str, Table]:
    text = files("tieout.connectors.sage100").joinpath("catalog.json").read_text("utf-8")
    return {
        name: Table(
            name=name,
            description=raw["description"],
            key=tuple(raw["key"]),
            columns={column: _column(column, word) for column, word in raw["columns"].items()},
            is_confirmed=raw["is_confirmed"],
            is_key_confirmed=raw["is_key_confirmed"],
            is_audit_confirmed=raw["is_audit_confirmed"],
            is_of_system=raw["is_of_system"],
        )
        for name, raw in json.loads(text).items()
    }


TABLES = _tables()
