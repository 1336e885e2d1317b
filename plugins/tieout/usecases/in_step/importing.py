"""Bindings as rows of a file: all of a kind out, and such rows in, every one of which is checked.

A row says of two records that they are one, or that they are not. What a ledger has no record of,
or what is bound otherwise, is named; the same rows again change nothing.
"""

from collections.abc import Iterator, Sequence

from tieout.domain.base import Frozen
from tieout.domain.in_step.crosswalk import KeptBinding, RecordName
from tieout.errors import RejectedError
from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import SYSTEMS

KEYS_PER_PAGE_MAX = 5_000
IMPORTED = "imported"


class Row(Frozen):
    """One thing of which two records are, or two records that are not one.

    ``other`` is None of a thing that one ledger has alone; it needs its ``key`` to be brought in.
    """

    is_same: bool
    key: str = ""
    one: RecordName
    one_no: str = ""
    other: RecordName | None = None
    other_no: str = ""
    provenance: str = ""
    confidence: float | None = None
    by: str = ""
    since: str = ""


class Imported(Frozen):
    """What rows came to, or would come to. ``faults`` name the rows that cannot be kept."""

    bound: int = 0
    bound_before: int = 0
    parted: int = 0
    faults: tuple[str, ...] = ()
    is_kept: bool = False


def exported(bindings: Bindings) -> Iterator[Row]:
    """Yield every binding that lasts, key by key, then every word that two are not the same.

    But for what people keep by themselves, such as the house account: nobody else may bind that.
    """
    after = ""
    while some := bindings.kept(after=after, limit=KEYS_PER_PAGE_MAX):
        after = some[-1].key
        of_key: dict[str, list[KeptBinding]] = {}
        for one in some:
            of_key.setdefault(one.key, []).append(one)
        for key, halves in of_key.items():
            if key in bindings.entity.not_ours:
                continue
            yield _row(sorted(halves, key=lambda one: SYSTEMS.index(one.system)))
    for said in bindings.parted():
        one_record, other_record = said.records
        yield Row(
            is_same=False,
            one=one_record,
            other=other_record,
            provenance=said.why,
            by=said.said_by,
            since=said.said_at.isoformat(timespec="seconds"),
        )


def _row(halves: Sequence[KeptBinding]) -> Row:
    first, last = halves[0], halves[-1]
    sure = [one.confidence for one in halves if one.confidence is not None]
    newest = max(halves, key=lambda one: one.bound_at)
    return Row(
        is_same=True,
        key=first.key,
        one=first.record,
        one_no=first.external_no,
        other=last.record if last is not first else None,
        other_no=last.external_no if last is not first else "",
        provenance=newest.provenance,
        confidence=min(sure, default=None),
        by=newest.bound_by,
        since=newest.bound_at.isoformat(timespec="seconds"),
    )


def bring_in(
    bindings: Bindings, rows: Sequence[tuple[int, Row]], *, is_dry: bool, only_good: bool
) -> Imported:
    """Keep numbered rows: all of them, or with ``only_good`` those that can be; dry, none."""
    faults: dict[int, str] = {}
    used: dict[RecordName, int] = {}
    there = bindings.there({name for _, row in rows for name in (row.one, row.other) if name})
    missing: dict[int, tuple[str, list[RecordName]]] = {}
    for number, row in rows:
        try:
            missing[number] = _checked(bindings, row, there)
            for name in (row.one, row.other) if row.is_same else ():
                if name is not None and used.setdefault(name, number) != number:
                    faults[number] = f"{name} is in row {used[name]} already"
        except RejectedError as error:
            faults[number] = error.message
    good = [(number, row) for number, row in rows if number not in faults]
    is_kept = not is_dry and (only_good or not faults)
    for number, row in good if is_kept else ():
        key, records = missing[number]
        for record in records:
            bindings.bind(key, record, _provenance(row), row.confidence)
        if not row.is_same and row.other is not None:
            bindings.keep_apart(row.one, row.other, why=row.provenance)
    return Imported(
        bound=sum(row.is_same and bool(missing[number][1]) for number, row in good),
        bound_before=sum(row.is_same and not missing[number][1] for number, row in good),
        parted=sum(not row.is_same for _, row in good),
        faults=tuple(f"row {number}: {said}" for number, said in sorted(faults.items())),
        is_kept=is_kept,
    )


def _checked(bindings: Bindings, row: Row, there: set[RecordName]) -> tuple[str, list[RecordName]]:
    """Return the key of a row and what is to be bound to it.

    Raises:
        RejectedError: It cannot be kept.
    """
    for name in (row.one, row.other):
        if name is not None and name not in there:
            raise bindings.refused(f"{name.system} has no {name.external_id!r}.", "Correct it.")
    if not row.is_same:
        if row.other is None or row.one == row.other:
            raise bindings.refused("It names no two records.", "Name two.")
        bindings.not_one(row.one, row.other)
        return "", []
    if row.other is None:
        return bindings.alone(row.key, row.one)
    bindings.may_be_one(row.one, row.other)
    return bindings.missing(row.one, row.other, wished=row.key)


def _provenance(row: Row) -> str:
    said = f", said by {row.by}" if row.by else ""
    since = f" on {row.since[:10]}" if row.since else ""
    return f"{IMPORTED}: {row.provenance or 'a list'}{said}{since}"
