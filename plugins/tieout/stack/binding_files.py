"""The file of bindings: one row for each thing or for each two that are not one, as CSV."""

import csv
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from tieout.domain.in_step.crosswalk import RecordName
from tieout.errors import ConfigurationError
from tieout.stack.match_files import plain, safe
from tieout.usecases.first_match import FIRST_ROW
from tieout.usecases.in_step.importing import Row

SAME, OTHER = "same", "other"
COLUMNS = (
    "pair",
    "kind",
    "is",
    "key",
    "one",
    "one_no",
    "other",
    "other_no",
    "provenance",
    "confidence",
    "by",
    "since",
)


def write(path: Path, pair: str, kind: str, rows: Iterable[Row]) -> int:
    """Write rows into a new file; return how many there are.

    Raises:
        ConfigurationError: There is a file of that name.
    """
    count = 0
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for count, row in enumerate(rows, 1):  # noqa: B007 - it is returned
                writer.writerow({"pair": pair, "kind": kind, **_cells(row)})
    except FileExistsError as error:
        raise ConfigurationError(
            f"There is a file {path} already.", remedy="Name another one with --out."
        ) from error
    return count


def read(path: Path, pair: str, kind: str) -> tuple[list[tuple[int, Row]], list[str]]:
    """Read the rows of a file with their numbers, and what is wrong with the others.

    Raises:
        ConfigurationError: There is no such file, or it lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            cells = list(reader)
            columns = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.", remedy="Name a CSV file in UTF-8."
        ) from error
    if missing := [name for name in ("is", "one", "other") if name not in columns]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)}.",
            remedy="Give it the columns that 'tieout bindings export' writes.",
        )
    rows: list[tuple[int, Row]] = []
    faults = []
    for number, one in enumerate(cells, FIRST_ROW):
        said = {name: plain((one.get(name) or "").strip()) for name in COLUMNS}
        try:
            rows.append((number, _row(said, pair, kind)))
        except ConfigurationError as error:
            faults.append(f"row {number}: {error.message}")
        except ValidationError as error:
            faults.append(f"row {number}: {error.errors()[0]['msg']}.")
        except ValueError as error:
            faults.append(f"row {number}: {error}.")
    return rows, faults


def _cells(row: Row) -> dict[str, str]:
    told = {
        "is": SAME if row.is_same else OTHER,
        "key": row.key,
        "one": str(row.one),
        "one_no": row.one_no,
        "other": str(row.other) if row.other else "",
        "other_no": row.other_no,
        "provenance": row.provenance,
        "confidence": "" if row.confidence is None else f"{row.confidence:g}",
        "by": row.by,
        "since": row.since,
    }
    return {name: safe(text) for name, text in told.items()}


def _row(said: dict[str, str], pair: str, kind: str) -> Row:
    if (said["pair"] or pair, said["kind"] or kind) != (pair, kind):
        message = f"it is of {said['pair']} {said['kind']}, not of {pair} {kind}"
        raise ValueError(message)
    if said["is"] not in {SAME, OTHER}:
        message = f"is says {said['is']!r}; it is {SAME} or {OTHER}"
        raise ValueError(message)
    return Row(
        is_same=said["is"] == SAME,
        key=said["key"],
        one=RecordName.read(said["one"]),
        other=RecordName.read(said["other"]) if said["other"] else None,
        provenance=said["provenance"],
        confidence=float(said["confidence"]) if said["confidence"] else None,
        by=said["by"],
        since=said["since"],
    )
