"""The checklist of a period's close: what the facts answer, and what only people can say."""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from tieout.domain.base import Frozen


class Answer(StrEnum):
    """How a line of the checklist is answered; ``person`` is one that no fact of ours answers."""

    DONE = "done"
    OPEN = "open"
    PERSON = "person"


class Line(Frozen):
    """One line: what is asked, the answer, and the facts that give it or whose it is to give."""

    asked: str
    answer: Answer
    said: str


class Checklist(Frozen):
    """What is to be looked at before a pair's books are closed through a day."""

    pair: str
    through: date
    known_at: AwareDatetime
    lines: tuple[Line, ...]

    @property
    def is_done(self) -> bool:
        """Say whether no fact speaks against it; what people must answer is theirs."""
        return not any(line.answer is Answer.OPEN for line in self.lines)
