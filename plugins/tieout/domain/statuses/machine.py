"""The statuses of one kind of document, the moves between them, and why others cannot be.

A *move* leads from one status to the next. Some are made when somebody asks for them, by a click or
by a write of ours; others only the system makes, or only people can. What a document did between
two looks at it may be several moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tieout.domain.base import System

NAMES: Mapping[System, str] = {
    System.SHOPIFY: "Shopify",
    System.XERO: "Xero",
    System.SAGE100: "Sage 100",
}


class Phase(StrEnum):
    """What a document counts for in a status."""

    NOT_YET = "not yet"
    """It is written down, and counts for nothing yet."""
    LIVE = "counts"
    GONE = "no more"
    """It was taken back, and counts for nothing any more."""


class By(StrEnum):
    """Who makes a move."""

    ASKED = "whoever asks"
    """People, and writes of ours."""
    SYSTEM = "the system"
    """It follows from something else, such as money on the document: nobody can ask for it."""
    PEOPLE = "people"
    """In the system's own screens alone."""


@dataclass(frozen=True)
class Status:
    """One status: the vendor's word, what it means, and what is to be done to get out of it.

    ``means`` completes *it is*; ``instead`` is advice to whoever wants what cannot be.
    """

    word: str
    phase: Phase
    means: str
    instead: str


@dataclass(frozen=True)
class Move:
    """One move between two statuses, how it comes about, and whose word that is."""

    before: str
    after: str
    by: By
    how: str
    source: str


@dataclass(frozen=True)
class Statuses:
    """All statuses of one kind of document, and the moves between them.

    ``entities`` are the kinds of writes that make such documents, ``name`` what people call one.
    ``statuses`` stand in the order in which a document passes them; in those of ``first`` one may
    come to be.
    """

    system: System
    entities: tuple[str, ...]
    name: str
    statuses: tuple[Status, ...]
    first: tuple[str, ...]
    moves: tuple[Move, ...]

    @cached_property
    def _by_word(self) -> dict[str, Status]:
        return {status.word: status for status in self.statuses}

    @cached_property
    def _ways(self) -> dict[str, frozenset[str]]:
        """Return what each status leads to, by any number of moves, itself among them."""
        ways = {word: {word} for word in self._by_word}
        is_growing = True
        while is_growing:
            is_growing = False
            for move in self.moves:
                for reached in ways.values():
                    if move.before in reached and move.after not in reached:
                        reached.add(move.after)
                        is_growing = True
        return {word: frozenset(reached) for word, reached in ways.items()}

    def words(self, *phases: Phase) -> tuple[str, ...]:
        """Return the statuses of some phases, of all without any, in their order."""
        return tuple(one.word for one in self.statuses if not phases or one.phase in phases)

    def is_live(self, word: str) -> bool:
        """Say whether a document in the status counts; in one that is not known it does not."""
        return word in self.words(Phase.LIVE)

    def is_gone(self, word: str) -> bool:
        """Say whether a document in the status was taken back; in one not known it was not."""
        return word in self.words(Phase.GONE)

    def told(self, word: str) -> str:
        """Return a status with its meaning, for people."""
        status = self._by_word.get(word)
        return f"{word} ({status.means})" if status else f"{word or 'without a status'}"

    def why_not(self, before: str, after: str) -> str:
        """Say why nobody can ask for ``after`` of a document that is ``before``; '' = it is so.

        To ask for the status that a document has already is no move.
        """
        if problem := self._unknown(before, after):
            return problem
        move = next((one for one in self.moves if (one.before, one.after) == (before, after)), None)
        if before == after or (move is not None and move.by is By.ASKED):
            return ""
        if move is not None:
            maker = NAMES[self.system] if move.by is By.SYSTEM else "People"
            instead = f"{maker} alone can do that: {move.how}."
        else:
            instead = self._by_word[before].instead
        return f"{self._cannot(before, after)} {instead}"

    def why_never(self, before: str, after: str) -> str:
        """Say why a document that was ``before`` cannot have become ``after``; '' = it can."""
        if problem := self._unknown(before, after):
            return problem
        if after in self._ways[before]:
            return ""
        return self._cannot(before, after)

    def is_later(self, before: str, after: str) -> bool:
        """Say whether a document that was ``before`` and is ``after`` has moved on, not back."""
        words = self.words()
        return after in self._ways[before] and words.index(after) > words.index(before)

    def _cannot(self, before: str, after: str) -> str:
        article = "An" if self.name[0] in "aeiou" else "A"
        return (
            f"{article} {self.name} that is {self.told(before)} cannot become {self.told(after)}."
        )

    def _unknown(self, *words: str) -> str:
        for word in words:
            if word not in self._by_word:
                known = ", ".join(self._by_word)
                said = f"{NAMES[self.system]} has no status {word!r} of {self.name}s that we know"
                return f"{said}; we know {known}."
        return ""
