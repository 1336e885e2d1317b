"""CSV files for a Visual Integrator job of the site: the way without business objects.

    layout = LAYOUTS["ap_invoice"]
    ImportFolder(path).hand_over(layout, records)     # one file for all of them, or none

A file has an ``H`` record for each document and an ``L`` record for each of its lines, as a job
with "Header separate from line record" reads them. It is complete when it appears in ``outgoing``;
the site's job imports it and takes it away. A document is claimed by one file for ever:

    records/<document>.<n>     which file claims it; only the last of the claims counts
    manifests/<file>.json      the file's content by hash, or that it is void; never changed
    staging/                   what is being written
    outgoing/<file>.csv        what the job is to import

All of them are made by a link, which fails where the name exists, so two workers never hand one
document over twice, wherever either of them stops. A file that was not finished is made void before
its documents go into another. The folder must know hard links (NTFS, ext4, NFS).
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import Field

from tieout.domain.base import Frozen
from tieout.domain.money import ZERO
from tieout.errors import RejectedError, UnavailableError

ENCODING = "cp1252"
SEPARATOR = "\u0160"
"""chr(138), which ProvideX uses between the fields of a record."""
NAME_LENGTH = 16


@dataclass(frozen=True)
class Layout:
    """One import job: its table, the columns of both levels, and what must add up."""

    entity: str
    business_object: str
    """The class that it stands in for."""
    table: str
    header: tuple[str, ...]
    line: tuple[str, ...]
    total: str
    amount: str
    added: tuple[str, ...] = ()
    less: str = ""
    constants: Mapping[str, str] | None = None

    def check(self, header: Mapping[str, str], lines: Sequence[Mapping[str, str]]) -> Decimal:
        """Return the document's amount.

        Raises:
            RejectedError: It has a column that the job does not take, does not add up, or has text
                that Sage does not store.
        """
        unknown = {*header} - {*self.header} | {n for line in lines for n in line} - {*self.line}
        if unknown:
            raise _bad(min(unknown), f"the import job has no column {min(unknown)}")
        for name, value in (pair for part in (header, *lines) for pair in part.items()):
            _check_text(name, value)
        parts = [Decimal(header.get(name) or 0) for name in self.added]
        parts += [Decimal(line[self.amount]) - Decimal(line.get(self.less) or 0) for line in lines]
        total, stated = sum(parts, ZERO), Decimal(header[self.total])
        if total != stated:
            raise _bad(self.total, f"{self.total} is {stated}, its parts add up to {total}")
        return stated


_CHECK = ("BankCode", "CheckNo", "CheckType", "CheckDate", "CheckAmt", "APDivisionNo", "VendorNo")
LAYOUTS = {
    layout.entity: layout
    for layout in (
        Layout(
            entity="cash_receipt",
            business_object="AR_CashReceipts_bus",
            table="AR_CashReceipts",
            header=(
                *("BankCode", "DepositDate", "ARDivisionNo", "CustomerNo", "CheckNo"),
                "PostingAmt",
            ),
            line=("AccountKey", "InvoiceType", "InvoiceNo", "AmountPosted", "DiscountAmt"),
            total="PostingAmt",
            amount="AmountPosted",
        ),
        Layout(
            entity="ap_invoice",
            business_object="AP_Invoice_bus",
            table="AP_Invoice",
            header=(
                *("APDivisionNo", "VendorNo", "InvoiceNo", "InvoiceDate", "TermsCode"),
                *("InvoiceDueDate", "InvoiceDiscountDate", "HoldPayment", "SeparateCheck"),
                *("Comment", "InvoiceAmt", "FreightAmt", "SalesTaxAmt"),
            ),
            line=("AccountKey", "DistributionAmt", "CommentText"),
            total="InvoiceAmt",
            amount="DistributionAmt",
            added=("FreightAmt", "SalesTaxAmt"),
        ),
        Layout(
            entity="manual_check",
            business_object="AP_ManualCheck_bus",
            table="AP_ManualCheck",
            header=(*_CHECK, "Comment"),
            line=("InvoiceNo", "InvoiceAmt", "DiscountAmt"),
            total="CheckAmt",
            amount="InvoiceAmt",
            less="DiscountAmt",
            constants={"CheckType": "N"},
        ),
    )
}
"""The kinds that can go by file: those whose class public sources know by layout at most."""


@dataclass(frozen=True)
class Record:
    """One document: its name, by which it goes into one file only, and its two levels."""

    name: str
    header: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]
    amount: Decimal


class FileState(StrEnum):
    """Where a file is; whether Sage took what is in it, only its tables say."""

    WAITING = "waiting for the import job"
    PICKED_UP = "picked up by the import job"


class Manifest(Frozen):
    """What a file holds. A void one was never published, and never will be."""

    file: str
    is_void: bool = False
    entity: str = ""
    table: str = ""
    columns: dict[str, list[str]] = Field(default_factory=dict)
    amounts: dict[str, str] = Field(default_factory=dict)
    """Amount by document."""
    control_total: str = "0"
    sha256: str = ""


@dataclass(frozen=True)
class _Claim:
    number: int
    file: str


class ImportFolder:
    """The folder that Tieout and the site's import job share."""

    def __init__(self, path: Path) -> None:
        """Take the folder; what is missing in it is made when it is first written to."""
        self._path = path

    def hand_over(self, layout: Layout, records: Sequence[Record]) -> None:
        """Put documents into one file, except those that a published file holds already.

        Raises:
            UnavailableError: The folder cannot be written, or somebody else is at it; whatever was
                begun is finished or made void by the next attempt.
        """
        with self._reached():
            self._hand_over(layout, records)

    def find(self, name: str) -> tuple[Manifest, FileState] | None:
        """Return the published file that holds a document, and where that file is.

        Raises:
            UnavailableError: The folder cannot be used.
        """
        with self._reached():
            return self._find(name)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"The import folder {self._path} cannot be used: {error.strerror}.",
                remedy="Check the folder and its rights; the records are handed over later.",
            ) from error

    def _find(self, name: str) -> tuple[Manifest, FileState] | None:
        claim = self._claim(name)
        manifest = self._manifest(claim.file) if claim else None
        if manifest is None or manifest.is_void:
            return None
        self._publish(manifest.file)
        is_waiting = (self._path / "outgoing" / f"{manifest.file}.csv").exists()
        return manifest, FileState.WAITING if is_waiting else FileState.PICKED_UP

    def _hand_over(self, layout: Layout, records: Sequence[Record]) -> None:
        for part in ("records", "manifests", "staging", "outgoing"):
            (self._path / part).mkdir(parents=True, exist_ok=True)
        claims = {record.name: self._claim(record.name) for record in records}
        for file in {claim.file for claim in claims.values() if claim}:
            # Made void, a file that is only begun can never appear any more.
            self._decide(Manifest(file=file, is_void=True))
        fresh = [record for record in records if self._find(record.name) is None]
        if not fresh:
            return
        numbers = {one.name: _next(claims[one.name]) for one in fresh}
        named = json.dumps(sorted(numbers.items())).encode()
        file = f"{layout.entity}-{hashlib.sha256(named).hexdigest()[:NAME_LENGTH]}"
        for name, number in numbers.items():
            if not self._create(self._record(name, number), file.encode()):
                self._not_alone()
        content = _written(layout, fresh)
        _write(self._path / "staging" / f"{file}.csv", content)
        manifest = Manifest(
            file=file,
            entity=layout.entity,
            table=layout.table,
            columns={"H": list(layout.header), "L": list(layout.line)},
            amounts={one.name: f"{one.amount:.2f}" for one in fresh},
            control_total=f"{sum((one.amount for one in fresh), ZERO):.2f}",
            sha256=hashlib.sha256(content).hexdigest(),
        )
        if self._decide(manifest) != manifest:
            self._not_alone()
        self._publish(file)

    def _not_alone(self) -> None:
        raise UnavailableError(
            "Another worker is writing import files of the same records.",
            remedy="Nothing to do: they are looked up and handed over by the next attempt.",
        )

    def _decide(self, manifest: Manifest) -> Manifest:
        """Publish or void a file, unless that is decided; return what was decided."""
        path = self._path / "manifests" / f"{manifest.file}.json"
        self._create(path, manifest.model_dump_json(indent=1).encode())
        return Manifest.model_validate_json(path.read_bytes())

    def _publish(self, file: str) -> None:
        """Let a file appear whose manifest stands; it does so once, whoever asks."""
        try:
            (self._path / "staging" / f"{file}.csv").rename(self._path / "outgoing" / f"{file}.csv")
        except FileNotFoundError:
            return  # it appeared before

    def _manifest(self, file: str) -> Manifest | None:
        try:
            content = (self._path / "manifests" / f"{file}.json").read_bytes()
        except FileNotFoundError:
            return None
        return Manifest.model_validate_json(content)

    def _claim(self, name: str) -> _Claim | None:
        found, number = None, 1
        while (path := self._record(name, number)).exists():
            found, number = _Claim(number, path.read_text()), number + 1
        return found

    def _record(self, name: str, number: int) -> Path:
        return self._path / "records" / f"{hashlib.sha256(name.encode()).hexdigest()}.{number}"

    def _create(self, path: Path, content: bytes) -> bool:
        """Make a file whole or not at all; say whether it was not there before."""
        draft = self._path / "staging" / f"{uuid4().hex}.draft"
        _write(draft, content)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True


def _next(claim: _Claim | None) -> int:
    return claim.number + 1 if claim else 1


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _written(layout: Layout, records: Iterable[Record]) -> bytes:
    text = io.StringIO(newline="")
    rows: Any = csv.writer(text, lineterminator="\r\n")
    for record in records:
        header = {**record.header, **(layout.constants or {})}
        rows.writerow(["H", *(_cell(name, header.get(name, "")) for name in layout.header)])
        for line in record.lines:
            rows.writerow(["L", *(_cell(name, line.get(name, "")) for name in layout.line)])
    return text.getvalue().encode(ENCODING)


def _cell(name: str, value: str) -> str:
    """Write a date as the job reads it: without marks."""
    return value.replace("-", "") if name.endswith("Date") else value


def _check_text(name: str, value: str) -> None:
    is_plain = value.isprintable() and SEPARATOR not in value
    if not is_plain or value.encode(ENCODING, "ignore").decode(ENCODING) != value:
        raise _bad(name, f"{name} has characters that Sage 100 does not store")


def _bad(name: str, what: str) -> RejectedError:
    return RejectedError(
        f"A record cannot go into an import file: {what}.",
        remedy="Correct it at its source or in the mapping, then replay.",
        cause="bad_payload",
        field=name,
    )
