"""Verify an export of Tieout's audit against its anchors. Needs Python 3.11 and nothing else.

    python verify_audit.py EXPORT ANCHORS

EXPORT is what `tieout audit export` writes, ANCHORS the file that `tieout audit seal` appends to;
take ANCHORS from where the people who run the database cannot write. Exit code: 0 the audit is what
was sealed, 1 it is not (each finding is a line), 2 the files cannot be read. This program was
written from docs/reference/audit.md and shares no code with Tieout.
"""

# ruff: noqa: INP001 - it is one file that is taken away, no part of a package

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COLUMNS = ("audit_id", "xid", "at", "pair", "actor", "action", "subject", "detail")
SEALED = (
    "seal_no",
    "first_audit_id",
    "last_audit_id",
    "last_xid",
    "row_count",
    "rows_hash",
    "previous_hash",
    "sealed_at",
)
ANCHORED = ("seal_no", "seal_hash", "last_audit_id", "rows", "at")


class UnreadableError(Exception):
    """A file is not what it should be."""


def framed(values: list[str]) -> bytes:
    """Write each value as its length in bytes, a colon, the bytes, a comma."""
    framed_bytes = bytearray()
    for value in values:
        octets = value.encode("utf-8")
        framed_bytes += str(len(octets)).encode() + b":" + octets + b","
    return bytes(framed_bytes)


class Export:
    """Reads an export from its first line to its last, and remembers what is wrong with it."""

    def __init__(self) -> None:
        """Start before the first row."""
        self.faults: list[str] = []
        self.seals: dict[int, tuple[str, str, int, int, str]] = {}
        self.sealed_rows = 0
        self._place = (-1, -1)
        self._seal_no = 0
        self._seal_hash = "0" * 64
        self._start_batch()

    def _start_batch(self) -> None:
        self._digest = hashlib.sha256()
        self._ids: list[int] = []
        self._last_place = self._place

    @property
    def waiting_rows(self) -> int:
        """Count the rows that no seal covers yet."""
        return len(self._ids)

    def row(self, row: dict[str, str]) -> None:
        """Take one row into the batch that the next seal closes."""
        place = (int(row["xid"]), int(row["audit_id"]))
        if place <= self._place:
            self.faults.append(f"row {row['audit_id']} is out of order")
        self._place = place
        self._digest.update(framed([row[name] for name in COLUMNS]))
        self._ids.append(place[1])

    def seal(self, seal: dict[str, Any]) -> None:
        """Close the batch and compare it with its seal."""
        number = int(seal["seal_no"])
        if number != self._seal_no + 1:
            self.faults.append(f"after seal {self._seal_no} comes seal {number}")
        if seal["previous_hash"] != self._seal_hash:
            self.faults.append(f"seal {number} does not continue the chain")
        own_hash = hashlib.sha256(
            framed(["tieout-audit-seal-1", *(str(seal[name]) for name in SEALED)])
        ).hexdigest()
        if own_hash != seal["seal_hash"]:
            self.faults.append(f"seal {number} has been changed")
        self._compare_rows(number, seal)
        self.sealed_rows += int(seal["row_count"])
        self._seal_no, self._seal_hash = number, str(seal["seal_hash"])
        self.seals[number] = (
            own_hash,
            self._seal_hash,
            int(seal["last_audit_id"]),
            self.sealed_rows,
            str(seal["sealed_at"]),
        )
        self._start_batch()

    def _compare_rows(self, number: int, seal: dict[str, Any]) -> None:
        count = int(seal["row_count"])
        if len(self._ids) != count:
            found = len(self._ids)
            self.faults.append(f"seal {number} covers {count} rows, the export has {found}")
        elif self._digest.hexdigest() != seal["rows_hash"]:
            self.faults.append(f"the rows under seal {number} are not the ones that were sealed")
        elif (self._ids[0], self._place[1], self._place[0]) != (
            int(seal["first_audit_id"]),
            int(seal["last_audit_id"]),
            int(seal["last_xid"]),
        ):
            self.faults.append(f"seal {number} names other rows than it covers")

    def anchor(self, anchor: dict[str, Any]) -> None:
        """Compare one anchor with the seal of its number."""
        number = int(anchor["seal_no"])
        if number not in self.seals:
            self.faults.append(
                f"seal {number}, anchored at {anchor['at']} with {anchor['rows']} rows, is gone: "
                "the tail was cut off"
            )
            return
        own_hash, written_hash, last_audit_id, rows, at = self.seals[number]
        noted = (anchor["seal_hash"], int(anchor["last_audit_id"]), int(anchor["rows"]))
        if (own_hash, last_audit_id, rows) != noted or written_hash != own_hash:
            self.faults.append(f"seal {number} is not the one that was anchored")
        elif at != anchor["at"]:
            self.faults.append(f"seal {number} was anchored with another time")


def json_lines(path: Path, *, drop_torn_end: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines; a torn last line may be what a crash left."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path} cannot be read: {error}") from error
    lines = text.split("\n")
    if drop_torn_end:
        lines = lines[:-1]
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UnreadableError(f"line {number} of {path} is not JSON") from error
        if not isinstance(value, dict):
            raise UnreadableError(f"line {number} of {path} is no JSON object")
        yield value


def read(export_path: Path, anchors_path: Path) -> tuple[Export, int]:
    """Read both files and return the export with its faults, and how many anchors there are."""
    export = Export()
    lines = json_lines(export_path)
    first = next(lines, {})
    if first != {"export": {"form": "tieout-audit-1"}}:
        raise UnreadableError(f"{export_path} is no export of the form tieout-audit-1")
    for line in lines:
        if "row" in line:
            export.row(line["row"])
        elif "seal" in line:
            export.seal(line["seal"])
        else:
            raise UnreadableError(f"{export_path} has a line that is neither a row nor a seal")
    anchors = 0
    for anchor in json_lines(anchors_path, drop_torn_end=True):
        export.anchor({name: anchor[name] for name in ANCHORED})
        anchors += 1
    return export, anchors


def main(arguments: list[str]) -> int:
    """Verify the two files that the command line names."""
    if len(arguments) != 2:  # noqa: PLR2004 - the two files
        sys.stderr.write("usage: python verify_audit.py EXPORT ANCHORS\n")
        return 2
    try:
        export, anchors = read(Path(arguments[0]), Path(arguments[1]))
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"A line lacks a member or has a wrong one: {error!r}\n")
        return 2
    for fault in export.faults:
        sys.stdout.write(f"FOUND: {fault}\n")
    sys.stdout.write(
        f"{export.sealed_rows} rows in {len(export.seals)} seals, {anchors} anchors, "
        f"{export.waiting_rows} rows not yet sealed: "
        f"{'TAMPERED' if export.faults else 'as sealed'}\n"
    )
    return 1 if export.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
