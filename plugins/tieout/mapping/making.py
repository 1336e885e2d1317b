"""What a mapping's rules are compiled to: functions of a record, and of one run over it.

The rules that most mappings are made of have functions of their own here, with as little to do for
each record as can be.
"""

from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from functools import partial
from typing import Final, NamedTuple

from pydantic import JsonValue

from tieout.domain.base import Json
from tieout.errors import RejectedError
from tieout.mapping.forms import is_present
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.paths import Getter
from tieout.mapping.spec import Call
from tieout.mapping.telling import AbsentError, Telling
from tieout.mapping.texts import Altered

Record = Mapping[str, object]
"""What a rule sees: the members of our own record, by name."""


class Alteration(NamedTuple):
    """A text that does not stand in the target as it stood in the source."""

    field: str
    original: str
    text: str


class Run:
    """One application to one record: where it is in lists, and what it altered.

    These are the class's until a run has its own, since most never do.
    """

    day: date | None = None
    numbers: tuple[int, ...] = ()
    alterations: tuple[Alteration, ...] = ()


class LeftOut(Enum):
    """What a rule gives when its condition does not hold."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = LeftOut.LEFT_OUT
Value = Callable[[Record, Run], object]
Make = Callable[[Record, Run], JsonValue | LeftOut]
Finish = Callable[[object, Run], JsonValue]
Part = Callable[[Json, Record, Run], None]
"""Makes one field, or several, and puts them into the payload."""


def taken(get: Getter) -> Value:
    """Take what stands at a path."""
    return lambda record, _run: get(record)


def always(value: object) -> Value:
    """Take the same for every record."""
    return lambda _record, _run: value


def copied_member(name: str, telling: Telling, finish: Finish) -> Make:
    """Copy a member of the record itself, most often a text."""

    def copied(record: Record, run: Run) -> JsonValue:
        try:
            value = record[name]
        except KeyError:
            raise AbsentError(telling, name) from None
        return value if type(value) is str else finish(value, run)

    return copied


def copied(get: Getter, finish: Finish, *, is_own: bool) -> Make:
    """Copy a value, most often a text; ``is_own``: only when it is present."""

    def copied(record: Record, run: Run) -> JsonValue:
        value = get(record)
        return value if type(value) is str else finish(value, run)

    def copied_if_present(record: Record, run: Run) -> JsonValue | LeftOut:
        value = get(record)
        return finish(value, run) if is_present(value) else LEFT_OUT

    return copied_if_present if is_own else copied


def called_with_one(
    call: Call, get: Getter, telling: Telling, finish: Finish, *, is_own: bool
) -> Make:
    """Call a function with the one value it takes, as most rules do; ``is_own`` as above."""
    function = partial(FUNCTIONS[call.function], **call.options)

    def called(record: Record, run: Run) -> JsonValue | LeftOut:
        value = get(record)
        if not value:
            if is_own and (value == "" or not is_present(value)):
                return LEFT_OUT
            if value is None:
                return finish(None, run)
        try:
            result = function(value)
        except RejectedError as error:
            raise telling.refused(error, run.numbers) from error
        if type(result) is str:
            return result
        if isinstance(result, Altered):
            return unaltered(result, telling, run)
        return finish(result, run)

    return called


def unaltered(result: Altered, telling: Telling, run: Run) -> str:
    """Return the text that a function altered, and report it."""
    text, original = result
    run.alterations += (Alteration(telling.at(run.numbers), original, text),)
    return text
