"""The statuses of documents, as docs/reference/statuses.md has them.

``python -m tieout.stack.status_reference`` prints them; a test compares. They say what the tables
of domain/statuses and the crosswalks in include/mappings/tables say, and decide only the form.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tieout.domain.statuses.machine import NAMES, Statuses
from tieout.domain.statuses.table import ALL
from tieout.mapping.source import read_csv
from tieout.mapping.tables import COLUMNS

TABLES = Path("include/mappings/tables")
CROSSWALKS = ("xero_to_sage100_statuses", "sage100_to_xero_statuses")
STATUS_HEAD = ("status", "counts", "it is", "to get out of it")
MOVE_HEAD = ("from", "to", "by", "how", "source")


def reference(tables: Path) -> str:
    """Return one part for each kind of document, then the crosswalks."""
    return "\n\n".join([*map(_document, ALL), _crosswalks(tables)])


def _document(statuses: Statuses) -> str:
    written = ", ".join(f"`{entity}`" for entity in statuses.entities)
    lines = [f"## {NAMES[statuses.system]}: {statuses.name}"]
    if written:
        lines.append(f"Of the writes {written}.")
    first = ", ".join(f"`{word}`" for word in statuses.first)
    lines.append(f"One comes to be as {first}.")
    rows = [(f"`{one.word}`", one.phase, one.means, one.instead) for one in statuses.statuses]
    moves: dict[tuple[str, ...], list[str]] = {}
    for one in statuses.moves:
        alike = (f"`{one.after}`", one.by, one.how, one.source)
        moves.setdefault(alike, []).append(f"`{one.before}`")
    led = [(", ".join(befores), *alike) for alike, befores in moves.items()]
    return "\n\n".join([*lines, _table(STATUS_HEAD, rows), _table(MOVE_HEAD, led)])


def _crosswalks(tables: Path) -> str:
    lines = [
        "## What one ledger's status is in the other",
        (
            "Crosswalks in `include/mappings/tables`, in which a pair may differ "
            "([mappings](mappings.md)). What to do about a document that was taken back says by "
            "them how the rest then stands in the other ledger; mapping files can ask them with "
            "`table:`. A document is named as the writes that make it; *nothing* is no document."
        ),
    ]
    for name in CROSSWALKS:
        rows = read_csv(tables / f"{name}.csv", COLUMNS)
        cells = [(f"`{row['from']}`", f"`{row['to']}`", row["note"]) for row in rows]
        lines += [f"### `{name}`", _table(("from", "to", "note"), cells)]
    return "\n\n".join(lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    line = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(line)


if __name__ == "__main__":
    sys.stdout.write(f"{reference(TABLES)}\n")
