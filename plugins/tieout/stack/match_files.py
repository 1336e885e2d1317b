"""The file of a first match, which people edit in a spreadsheet: written, and read row by row."""

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tieout.domain.matching import MatchClass
from tieout.errors import ConfigurationError, RejectedError
from tieout.usecases.first_match import FIRST_ROW, Accepted, Decision, Record, Row

COLUMNS = (
    "decision",
    "class",
    "confidence",
    "reasons",
    "xero_name",
    "sage100_name",
    "xero_says",
    "sage100_says",
    "xero_id",
    "sage100_id",
    "kind",
    "pair",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t")
"""What a spreadsheet takes for a formula: such a text is written behind an apostrophe."""

Choice = TypeVar("Choice", bound=StrEnum)


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows of a proposal; an existing file is kept.

    Raises:
        ConfigurationError: There is a file of that name: somebody may have edited it.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(map(_cells, rows))
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text.getvalue())
    except FileExistsError as error:
        raise ConfigurationError(
            f"There is a file {path} already.",
            remedy="Accept it, remove it, or name another one with --out.",
        ) from error


def read(path: Path) -> list[Row]:
    """Read the rows that people edited.

    Raises:
        ConfigurationError: There is no such file, or it has not our columns.
        RejectedError: Cells are wrong; every row of them is named.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            cells = list(reader)
            columns = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}.", remedy="Name a file of tieout match, as CSV UTF-8."
        ) from error
    if missing := [column for column in COLUMNS if column not in columns]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)}.",
            remedy="Keep the header of the file that tieout match wrote.",
        )
    rows: list[Row] = []
    faults = []
    for number, one in enumerate(cells, FIRST_ROW):
        try:
            rows.append(_row({name: plain(one[name] or "") for name in COLUMNS}))
        except ValueError as error:
            faults.append(f"row {number}: {error}")
    if faults:
        raise RejectedError(
            f"{path}: {'; '.join(faults)}.",
            remedy="Correct these rows and accept the file again; nothing of it was kept.",
            cause="match_refused",
            field="decision",
        )
    return rows


def _cells(row: Row) -> dict[str, str]:
    return {
        "decision": row.decision,
        "class": row.match_class,
        "confidence": "" if row.confidence is None else f"{row.confidence:.4f}",
        "reasons": row.reasons,
        "xero_name": safe(row.xero.name),
        "sage100_name": safe(row.sage100.name),
        "xero_says": safe(row.xero.says),
        "sage100_says": safe(row.sage100.says),
        "xero_id": safe(row.xero.external_id),
        "sage100_id": safe(row.sage100.external_id),
        "kind": row.entity,
        "pair": row.pair,
    }


def _row(said: dict[str, str]) -> Row:
    decision = _one_of(Decision, said["decision"].strip().lower(), "decision")
    match_class = _one_of(MatchClass, said["class"].strip().lower(), "class")
    try:
        confidence = float(said["confidence"]) if said["confidence"].strip() else None
    except ValueError:
        message = f"confidence is {said['confidence']!r}, which is no number"
        raise ValueError(message) from None
    if confidence is not None and not 0 <= confidence <= 1:
        message = f"confidence is {confidence}; it is from 0 to 1"
        raise ValueError(message)
    return Row(
        pair=said["pair"],
        entity=said["kind"],
        match_class=match_class,
        confidence=confidence,
        reasons=said["reasons"],
        decision=decision,
        xero=Record(
            external_id=said["xero_id"].strip(), name=said["xero_name"], says=said["xero_says"]
        ),
        sage100=Record(
            external_id=said["sage100_id"].strip(),
            name=said["sage100_name"],
            says=said["sage100_says"],
        ),
    )


def _one_of(choices: type[Choice], said: str, column: str) -> Choice:
    try:
        return choices(said)
    except ValueError:
        known = ", ".join(one or "(nothing)" for one in choices)
        message = f"{column} is {said!r}; it is one of {known}"
        raise ValueError(message) from None


def safe(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def plain(cell: str) -> str:
    """Return the text of a cell that ``safe`` made."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many rows there are of each class."""
    return {one: sum(row.match_class is one for row in rows) for one in MatchClass}


def proposal_text(rows: Sequence[Row], path: Path) -> str:
    """Return what was found, and what to do with it."""
    found = counts(rows)
    told = ", ".join(f"{number} {name}" for name, number in found.items())
    return (
        f"{told}.\n"
        f"{path}: decide the {found[MatchClass.LIKELY]} likely rows in the column decision (same, "
        "other, new or ignore), look at the rest, and accept the file with tieout match accept. "
        "Nothing is kept before that."
    )


def accepted_text(accepted: Accepted) -> str:
    """Return what became of an accepted file."""
    return (
        f"{accepted.bound} bound, {accepted.bound_before} bound before, {accepted.parted} kept "
        f"apart, {accepted.left_alone} left alone, {accepted.left_open} still open."
    )
