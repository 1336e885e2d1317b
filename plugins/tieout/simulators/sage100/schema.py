"""The tables of Sage 100 that the simulator has: names, keys, types and lengths from tables.json.

tables.json is a subset of the data dictionary; a table marked ``"confirmed": false`` has a key or
columns that no public source confirms. Nothing here reads or writes a company's rows.

Declared types were chosen by trying them through pyodbc and libsqliteodbc:
``DECIMAL(p,s)`` arrives as text with every digit (``NUMERIC``, ``REAL``, ``FLOAT`` arrive as binary
floats), sorts and compares as a number in SQL, and is exact to 15 significant digits, which every
amount and quantity of the dictionary fits. ``DATE`` arrives as a date, a blank one as None.
SUM() and arithmetic in SQL return binary floats: add up on the client.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_DECLARATION = re.compile(r"(string|numeric|date|memo)(?:\((\d+)(?:,(\d+))?\))?")
_MEMO_LENGTH = 2048

CREATED: Final = ("DateCreated", "TimeCreated", "UserCreatedKey")
UPDATED: Final = ("DateUpdated", "TimeUpdated", "UserUpdatedKey")


@dataclass(frozen=True)
class Column:
    """A column: ``length`` is characters of text or digits of a number, ``scale`` its decimals."""

    name: str
    kind: str
    length: int
    scale: int

    @property
    def is_numeric(self) -> bool:
        """Say whether the column holds a number."""
        return self.kind == "numeric"

    @property
    def boi_name(self) -> str:
        """Return the column's name in the business object interface."""
        return self.name if self.is_numeric else f"{self.name}$"

    @property
    def declaration(self) -> str:
        """Return the column's definition in SQL; there are no NULLs, only blanks and zeros."""
        if self.is_numeric:
            return f'"{self.name}" DECIMAL({self.length},{self.scale}) NOT NULL DEFAULT 0'
        types = {"string": f"VARCHAR({self.length})", "date": "DATE", "memo": "LONGVARCHAR"}
        return f"\"{self.name}\" {types[self.kind]} NOT NULL DEFAULT ''"


@dataclass(frozen=True)
class Table:
    """A table and its primary key."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]

    @property
    def ddl(self) -> str:
        """Return the statement that creates the table."""
        parts = [column.declaration for column in self.columns.values()]
        key = ", ".join(f'"{name}"' for name in self.key)
        return f'CREATE TABLE IF NOT EXISTS "{self.name}" ({", ".join(parts)}, PRIMARY KEY ({key}))'


@cache
def tables() -> dict[str, Table]:
    """Return every table by name."""
    raw = json.loads(files("tieout.simulators.sage100").joinpath("tables.json").read_text("utf-8"))
    return {
        name: Table(
            name=name,
            key=tuple(table["key"]),
            columns={column: _column(column, text) for column, text in table["columns"].items()},
        )
        for name, table in raw.items()
    }


def _column(name: str, text: str) -> Column:
    found = _DECLARATION.fullmatch(text)
    if found is None:
        message = f"tables.json: column {name} has the unknown type {text!r}"
        raise ValueError(message)
    kind, length, scale = found.groups()
    return Column(name, kind, int(length or _MEMO_LENGTH), int(scale or 0))
