"""First match: who is whom in two lists that grew apart, proposed, decided by people, accepted.

Both lists are read whole and every record is classed. A person decides row by row; only what is
accepted is kept, as bindings and as pairs that are not the same. Nothing is written to a ledger.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from tieout.domain.base import Frozen, System
from tieout.domain.in_step.records import NotSame
from tieout.domain.ledger import Binding, NewBinding
from tieout.domain.matching import Match, MatchClass, Profile, profile_of, told
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.ports.ledger import Ledger
from tieout.ports.lists import Lists
from tieout.ports.mapper import Mapper
from tieout.ports.matcher import Matcher
from tieout.usecases.in_step.entities import (
    SAGE100,
    SYSTEMS,
    XERO,
    Entity,
    key_of_new,
)
from tieout.usecases.in_step.listed import ListedRecords, kept_by_people, number_of

FAULTS_SHOWN_MAX = 20
ASKED_MAX = 10_000
"""Of how many records the ledger is asked at a time whether they are bound."""
FIRST_ROW = 2
"""The number that a spreadsheet shows beside the first row under the header."""


class Decision(StrEnum):
    """What a person says of a row; '' where nobody has said anything yet."""

    SAME = "same"
    """The two are one: they are bound to each other."""
    OTHER = "other"
    """The two are not one, whatever they look like; nobody is asked again."""
    NEW = "new"
    """It is in one ledger alone."""
    IGNORE = "ignore"
    """It is left alone."""
    OPEN = ""


class Record(Frozen):
    """A record of one ledger as a row shows it; ``external_id`` is '' where there is none."""

    external_id: str = ""
    name: str = ""
    says: str = ""
    """What else tells it apart: e-mail, phone and address, or a description."""


class Row(Frozen):
    """A record of one ledger or of both, what it is taken for, and what a person decided."""

    pair: str
    entity: str
    match_class: MatchClass
    confidence: float | None = Field(default=None, ge=0, le=1)
    reasons: str = ""
    decision: Decision
    xero: Record = Record()
    sage100: Record = Record()

    def of(self, system: System) -> Record:
        """Return the record of one ledger."""
        return self.xero if system is XERO else self.sage100


class Accepted(Frozen):
    """What was made of an accepted file, row by row; ``left_open`` are rows without a decision."""

    bound: int = 0
    bound_before: int = 0
    parted: int = 0
    left_alone: int = 0
    left_open: int = 0


@dataclass(frozen=True)
class _Read:
    """A record as it is now; ``ignored`` says why it is left alone, '' where it is not."""

    profile: Profile
    shown: Record
    ignored: str = ""


_Known = Mapping[System, Mapping[str, Binding]]
_Two = frozenset[tuple[System, str]]


@dataclass(frozen=True)
class FirstMatch:
    """The records of one kind of one pair, and what is needed to match them."""

    pair: Pair
    entity: Entity
    ledger: Ledger
    lists: Mapping[System, Lists]
    mapper: Mapper
    matcher: Matcher

    def propose(self) -> list[Row]:
        """Class every record that is not bound in both ledgers; the surest matches come first."""
        read = {system: dict(self._read(system)) for system in SYSTEMS}
        self._leave_out_bound(read)
        ours = {
            system: [one for one in records.values() if not one.ignored]
            for system, records in read.items()
        }
        matches = self._not_parted(
            self.matcher.best(
                self.entity.name,
                [one.profile for one in ours[XERO]],
                [one.profile for one in ours[SAGE100]],
            )
        )
        rows = [self._matched(match, read) for match in matches]
        matched = {
            XERO: {match.left for match in matches},
            SAGE100: {match.right for match in matches},
        }
        for system in SYSTEMS:
            rows += [
                self._single(system, one)
                for key, one in read[system].items()
                if key not in matched[system]
            ]
        return sorted(rows, key=lambda row: list(MatchClass).index(row.match_class))

    def accept(self, rows: Sequence[Row], *, by: str) -> Accepted:
        """Bind what a person says is the same, and keep what is not; the same again is the same.

        Raises:
            RejectedError: Rows are wrong, each of which is named; then none of them counts.
        """
        known = {
            system: self._bound(system, [row.of(system).external_id for row in rows])
            for system in SYSTEMS
        }
        self._check(rows, known)
        parted = self._parted()
        bound = before = 0
        for row in rows:
            if row.decision is Decision.SAME:
                missing = [
                    system for system in SYSTEMS if row.of(system).external_id not in known[system]
                ]
                key = _key(row, known) or key_of_new(SAGE100, row.sage100.external_id)
                for system in missing:
                    self._bind(row, key, system, by)
                bound += bool(missing)
                before += not missing
            elif row.decision is Decision.OTHER and _ids(self._apart(row)) not in parted:
                self.ledger.part(self._apart(row))
        said = Counter(row.decision for row in rows)
        return Accepted(
            bound=bound,
            bound_before=before,
            parted=said[Decision.OTHER],
            left_alone=said[Decision.NEW] + said[Decision.IGNORE],
            left_open=said[Decision.OPEN],
        )

    def _bind(self, row: Row, key: str, system: System, by: str) -> None:
        """Bind one ledger's half of a row."""
        record = row.of(system)
        why = f"matched ({row.match_class}: {row.reasons})" if row.reasons else "linked"
        self.ledger.bind(
            NewBinding(
                pair=self.pair.pair,
                entity=self.entity.name,
                key=key,
                system=system,
                external_id=record.external_id,
                external_no=number_of(self.entity, system, record.external_id),
                provenance=f"{why}, accepted by {by}",
                confidence=row.confidence,
            )
        )

    def _check(self, rows: Sequence[Row], known: _Known) -> None:
        """Refuse a file of which a row cannot be done."""
        there = {system: dict(self._read(system)) for system in SYSTEMS}
        used: dict[tuple[System, str], int] = {}
        faults = [
            f"row {number} ({row.xero.name or row.sage100.name}): {fault}"
            for number, row in enumerate(rows, FIRST_ROW)
            if row.decision in (Decision.SAME, Decision.OTHER)
            and (fault := self._fault(row, there) or _taken(row, number, used, known))
        ]
        if faults:
            more = len(faults) - FAULTS_SHOWN_MAX
            shown = [*faults[:FAULTS_SHOWN_MAX], *([f"and {more} more"] if more > 0 else [])]
            raise RejectedError(
                f"{'; '.join(shown)}.",
                remedy="Correct these rows and accept the file again; nothing of it was kept.",
                cause="match_refused",
                field="decision",
            )

    def _fault(self, row: Row, there: Mapping[System, Mapping[str, _Read]]) -> str:
        for system in SYSTEMS:
            record = row.of(system)
            if not record.external_id:
                return f"{row.decision!r} needs a record of both ledgers"
            if record.external_id not in there[system]:
                return f"{system} has no {self.entity.name} {record.external_id!r}"
            if record.external_id in self._kept_apart(system):
                return f"{record.external_id!r} is the pair's house account"
        return ""

    def _bound(self, system: System, ids: Sequence[str]) -> dict[str, Binding]:
        wanted = sorted(set(ids) - {""})
        found: dict[str, Binding] = {}
        for start in range(0, len(wanted), ASKED_MAX):
            some = wanted[start : start + ASKED_MAX]
            found |= self.ledger.bindings_to(self.pair.pair, self.entity.name, some, system)
        return found

    def _parted(self) -> set[_Two]:
        return {_ids(one) for one in self.ledger.parted(self.pair.pair, self.entity.name)}

    def _leave_out_bound(self, read: Mapping[System, dict[str, _Read]]) -> None:
        """Take away what both ledgers are bound to: nobody need look at it again."""
        bound = {system: self._bound(system, [*read[system]]) for system in SYSTEMS}
        both = {one.key for one in bound[XERO].values()} & {
            one.key for one in bound[SAGE100].values()
        }
        for system in SYSTEMS:
            for of_record, binding in bound[system].items():
                if binding.key in both:
                    del read[system][of_record]

    def _not_parted(self, matches: Sequence[Match]) -> list[Match]:
        parted = self._parted()
        return [
            match
            for match in matches
            if match.match_class is not MatchClass.NEW
            and frozenset({(XERO, match.left), (SAGE100, match.right)}) not in parted
        ]

    def _apart(self, row: Row) -> NotSame:
        return NotSame(
            pair=self.pair.pair,
            entity=self.entity.name,
            one_system=XERO,
            one_id=row.xero.external_id,
            other_system=SAGE100,
            other_id=row.sage100.external_id,
        )

    def _matched(self, match: Match, read: Mapping[System, Mapping[str, _Read]]) -> Row:
        is_certain = match.match_class is MatchClass.CERTAIN
        return Row(
            pair=self.pair.pair,
            entity=self.entity.name,
            match_class=match.match_class,
            confidence=round(min(match.confidence, 0.9999), 4),
            reasons=told(match.reasons),
            decision=Decision.SAME if is_certain else Decision.OPEN,
            xero=read[XERO][match.left].shown,
            sage100=read[SAGE100][match.right].shown,
        )

    def _single(self, system: System, one: _Read) -> Row:
        return Row(
            pair=self.pair.pair,
            entity=self.entity.name,
            match_class=MatchClass.IGNORE if one.ignored else MatchClass.NEW,
            reasons=one.ignored,
            decision=Decision.IGNORE if one.ignored else Decision.NEW,
            xero=one.shown if system is XERO else Record(),
            sage100=one.shown if system is SAGE100 else Record(),
        )

    def _read(self, system: System) -> Iterator[tuple[str, _Read]]:
        """Yield every record of a ledger's list by its id, as it is now."""
        for one in self._listed.of(system):
            profile = profile_of(one.record)
            yield profile.key, _Read(profile, _shown(profile), one.ignored)

    @property
    def _listed(self) -> ListedRecords:
        return ListedRecords(self.pair, self.entity, self.ledger, self.lists, self.mapper)

    def _kept_apart(self, system: System) -> set[str]:
        return kept_by_people(self.pair, self.entity, self.ledger, system)


def _shown(profile: Profile) -> Record:
    said = profile.fields
    if "name" not in said:
        return Record(
            external_id=profile.key, name=said["code"] or profile.key, says=said["description"]
        )
    parts = (said[name] for name in ("email", "phone", "line1", "line2", "postal_code", "city"))
    return Record(external_id=profile.key, name=said["name"], says=", ".join(filter(None, parts)))


def _key(row: Row, known: _Known) -> str:
    """Return the key under which one of a row's records is bound already, or ''."""
    bound = (known[system].get(row.of(system).external_id) for system in SYSTEMS)
    return next((one.key for one in bound if one is not None), "")


def _taken(row: Row, number: int, used: dict[tuple[System, str], int], known: _Known) -> str:
    """Say why one of a row's records cannot be bound to the other one, or nothing."""
    if row.decision is not Decision.SAME:
        return ""
    for system in SYSTEMS:
        of_record = row.of(system).external_id
        earlier = used.setdefault((system, of_record), number)
        if earlier != number:
            return f"{of_record!r} is the same as another record already, in row {earlier}"
    keys = {
        bound.key
        for system in SYSTEMS
        if (bound := known[system].get(row.of(system).external_id)) is not None
    }
    return f"they are bound already, as {' and '.join(sorted(keys))}" if len(keys) > 1 else ""


def _ids(said: NotSame) -> _Two:
    return frozenset({(said.one_system, said.one_id), (said.other_system, said.other_id)})
