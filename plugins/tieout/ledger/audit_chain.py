"""The chain of the audit: what a row and a seal are as bytes, and what a break looks like.

Pure functions over values that were read elsewhere; docs/reference/audit.md says the same in words.
A stranger's program (tools/verify_audit.py) follows those words and shares no line with this.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from tieout.domain.base import Frozen

GENESIS = "0" * 64
SEAL_FORM = "tieout-audit-seal-1"

Position = tuple[int, int]
"""Where a row stands: (xid, audit_id)."""


class AuditRow(Frozen):
    """One row of the audit, every column as the text that is hashed."""

    audit_id: str
    xid: str
    at: str
    pair: str
    actor: str
    action: str
    subject: str
    detail: str

    @property
    def position(self) -> Position:
        """Return where the row stands."""
        return int(self.xid), int(self.audit_id)

    def canonical(self) -> bytes:
        """Return the row as it is hashed."""
        return netstrings(
            self.audit_id,
            self.xid,
            self.at,
            self.pair,
            self.actor,
            self.action,
            self.subject,
            self.detail,
        )


class Seal(Frozen):
    """A batch of rows under one hash that also covers the seal before."""

    seal_no: int
    first_audit_id: int
    last_audit_id: int
    last_xid: int
    row_count: int
    rows_hash: str
    previous_hash: str
    sealed_at: str
    seal_hash: str = ""

    @property
    def position(self) -> Position:
        """Return where its last row stands."""
        return self.last_xid, self.last_audit_id

    def computed_hash(self) -> str:
        """Return the hash that its fields give."""
        fields = (
            self.seal_no,
            self.first_audit_id,
            self.last_audit_id,
            self.last_xid,
            self.row_count,
            self.rows_hash,
            self.previous_hash,
            self.sealed_at,
        )
        return hashlib.sha256(netstrings(SEAL_FORM, *map(str, fields))).hexdigest()


class Anchor(Frozen):
    """What is kept of a seal outside the database; ``rows`` counts all rows sealed so far."""

    seal_no: int
    seal_hash: str
    last_audit_id: int
    rows: int
    at: str


class Break(StrEnum):
    """How the audit differs from what was sealed."""

    ROWS_MISSING = "rows_missing"
    ROWS_ADDED = "rows_added"
    ROWS_CHANGED = "rows_changed"
    SEAL_CHANGED = "seal_changed"
    SEAL_MISSING = "seal_missing"
    CHAIN_BROKEN = "chain_broken"
    TAIL_CUT = "tail_cut"
    ANCHOR_DIFFERS = "anchor_differs"
    NOT_APPEND_ONLY = "not_append_only"


class Finding(Frozen):
    """One break, and the seal at which it was found."""

    kind: Break
    seal_no: int
    message: str


class Verdict(Frozen):
    """What a verification found."""

    seals: int
    rows_sealed: int
    rows_unsealed: int
    anchors: int
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """Say whether nothing was found."""
        return not self.findings


def netstrings(*fields: str) -> bytes:
    """Return each field as its length in bytes, ``:``, its UTF-8 bytes, and ``,``."""
    encoded = (field.encode() for field in fields)
    return b"".join(b"%d:%s," % (len(field), field) for field in encoded)


class RowsHash:
    """The hash over rows that are given one by one, and what it covers."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._digest = hashlib.sha256()
        self.count = 0
        self.first: AuditRow | None = None
        self.last: AuditRow | None = None

    def add(self, row: AuditRow) -> None:
        """Cover one more row."""
        self._digest.update(row.canonical())
        self.count += 1
        self.first = self.first or row
        self.last = row

    def hexdigest(self) -> str:
        """Return the hash."""
        return self._digest.hexdigest()


def next_seal(previous: Seal | None, rows: RowsHash, sealed_at: str) -> Seal | None:
    """Return the seal over ``rows`` that follows ``previous``; None over nothing."""
    if rows.first is None or rows.last is None:
        return None
    seal = Seal(
        seal_no=previous.seal_no + 1 if previous else 1,
        first_audit_id=int(rows.first.audit_id),
        last_audit_id=int(rows.last.audit_id),
        last_xid=int(rows.last.xid),
        row_count=rows.count,
        rows_hash=rows.hexdigest(),
        previous_hash=previous.seal_hash if previous else GENESIS,
        sealed_at=sealed_at,
    )
    return seal.model_copy(update={"seal_hash": seal.computed_hash()})


def check_seals(seals: Sequence[Seal]) -> Iterator[Finding]:
    """Yield the breaks between and within the seals themselves."""
    previous_no, previous_hash = 0, GENESIS
    for seal in seals:
        if seal.seal_no != previous_no + 1:
            yield Finding(
                kind=Break.SEAL_MISSING,
                seal_no=seal.seal_no,
                message=f"seal {previous_no + 1} is missing before seal {seal.seal_no}",
            )
        if seal.previous_hash != previous_hash:
            yield Finding(
                kind=Break.CHAIN_BROKEN,
                seal_no=seal.seal_no,
                message=f"seal {seal.seal_no} does not follow the seal before it",
            )
        if seal.computed_hash() != seal.seal_hash:
            yield Finding(
                kind=Break.SEAL_CHANGED,
                seal_no=seal.seal_no,
                message=f"seal {seal.seal_no} is not what its own hash says",
            )
        previous_no, previous_hash = seal.seal_no, seal.seal_hash


def check_rows(rows: Iterable[AuditRow], seals: Sequence[Seal]) -> tuple[list[Finding], int]:
    """Return the breaks between seals and their rows, and how many rows come after the last seal.

    ``rows`` come in the order of their positions. A row belongs to the first seal that ends at it
    or after it.
    """
    findings = []
    stream = iter(rows)
    row = next(stream, None)
    for seal in seals:
        found = RowsHash()
        while row is not None and row.position <= seal.position:
            found.add(row)
            row = next(stream, None)
        finding = _compare(seal, found)
        if finding is not None:
            findings.append(finding)
    return findings, 0 if row is None else 1 + sum(1 for _ in stream)


def _compare(seal: Seal, found: RowsHash) -> Finding | None:
    if found.hexdigest() == seal.rows_hash and found.count == seal.row_count:
        return None
    difference = found.count - seal.row_count
    if difference < 0:
        kind, what = Break.ROWS_MISSING, f"{-difference} rows fewer than were sealed"
    elif difference > 0:
        kind, what = Break.ROWS_ADDED, f"{difference} rows more than were sealed"
    else:
        kind, what = Break.ROWS_CHANGED, "rows that are not the ones that were sealed"
    span = f"audit_id {seal.first_audit_id} to {seal.last_audit_id}"
    return Finding(
        kind=kind, seal_no=seal.seal_no, message=f"seal {seal.seal_no} ({span}) has {what}"
    )


def check_anchors(anchors: Sequence[Anchor], seals: Sequence[Seal]) -> Iterator[Finding]:
    """Yield the breaks between what was noted outside the database and the seals in it."""
    known, rows = {}, 0
    for seal in seals:
        rows += seal.row_count
        known[seal.seal_no] = anchor_of(seal, rows)
    for anchor in anchors:
        seal_no = anchor.seal_no
        if seal_no not in known:
            yield Finding(
                kind=Break.TAIL_CUT,
                seal_no=seal_no,
                message=f"seal {seal_no} was anchored at {anchor.at} and is gone "
                f"(up to audit_id {anchor.last_audit_id}, {anchor.rows} rows in all)",
            )
        elif known[seal_no] != anchor:
            yield Finding(
                kind=Break.ANCHOR_DIFFERS,
                seal_no=seal_no,
                message=f"seal {seal_no} is another one than was anchored at {anchor.at}",
            )


def anchor_of(seal: Seal, rows: int) -> Anchor:
    """Return what to keep of a seal outside; ``rows`` counts this seal's too."""
    return Anchor(
        seal_no=seal.seal_no,
        seal_hash=seal.seal_hash,
        last_audit_id=seal.last_audit_id,
        rows=rows,
        at=seal.sealed_at,
    )
