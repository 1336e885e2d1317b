"""What a person is told of a rule that cannot make its value: where, what is wrong, what to do.

One Telling is made for each rule as a mapping is compiled; only a run knows at which elements of
lists it stands, so the numbers come with each failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.forms import MisfitError
from tieout.mapping.paths import root
from tieout.mapping.spec import Call, Constant, Copy, Each, Listed, Lookup, Nested, Rule

Places = Mapping[str, str]
"""What a rule may call of what a system sent, and where in it that stands ('' = nobody says)."""
NUMBER = "\0"
"""Stands in a compiled place for the number of the list's element, which only a run knows."""


class AbsentError(Exception):
    """A rule's path names what our own record does not have; the run tells of it."""

    def __init__(self, telling: "Telling", path: str) -> None:
        """Keep who tells of it, and the path."""
        super().__init__(path)
        self.telling = telling
        self.path = path


@dataclass(frozen=True)
class Telling:
    """Tells of one rule: of the file's faults by its line, of a value's by where it stands.

    ``target`` is what the mapping makes; ``where`` the rule's target path in it; ``told`` the
    place by which a person is told of a bad value.
    """

    target: str
    rule: Rule
    where: str
    told: str

    def wrong(self, problem: str, numbers: Sequence[int] = ()) -> ConfigurationError:
        """Return the error of a rule that does not fit the record."""
        place = self.rule.place
        message = f"{place.file}, line {place.line}, {_at(self.where, numbers)}: {problem}."
        return ConfigurationError(message, remedy="Correct the rule of this field.")

    def not_sent(self, value: object, numbers: Sequence[int]) -> ConfigurationError:
        """Return the error of a value that has no place in JSON."""
        return self.wrong(f"{type(value).__name__} cannot be sent as it is", numbers)

    def at(self, numbers: Sequence[int]) -> str:
        """Return the target path."""
        return _at(self.where, numbers) if numbers else self.where

    def missing(self, numbers: Sequence[int]) -> RejectedError:
        """Return the refusal of a record that lacks what the mapping requires."""
        where = _at(self.told, numbers)
        return RejectedError(
            f"{self.target}, {where}: the record has no value for it.",
            remedy="Fill it in where the record comes from, and replay.",
            cause="field_missing",
            field=where,
        )

    def misfit(self, value: JsonValue, error: MisfitError, numbers: Sequence[int]) -> RejectedError:
        """Return the refusal of a value that is not of the rule's form."""
        where = _at(self.told, numbers)
        return RejectedError(
            f"{self.target}, {where}: {value!r} {error.problem}.",
            remedy="Correct it where the record comes from, and replay.",
            cause=error.cause,
            field=where,
            value=str(value),
        )

    def refused(self, error: RejectedError, numbers: Sequence[int]) -> RejectedError:
        """Return a function's refusal with the place of the value."""
        where = _at(self.told, numbers)
        return RejectedError(
            f"{self.target}, {where}: {error.message}",
            remedy=error.remedy,
            cause=error.cause,
            field=error.field or where,
            value=error.value,
        )

    def unknown(
        self, table: str, value: str, day: date | None, numbers: Sequence[int]
    ) -> RejectedError:
        """Return the refusal of a value for which a table has no row."""
        where = _at(self.told, numbers)
        on = f" on {day}" if day else ""
        return RejectedError(
            f"{self.target}, {where}: nothing stands for {value!r}{on}.",
            remedy=(
                f"Add it to include/mappings/tables/{table}.csv, or correct it where the "
                "record comes from."
            ),
            cause="value_unmapped",
            field=where,
            value=value,
        )


def telling_of(target: str, rule: Rule, where: str, nodes: Places) -> Telling:
    """Return what tells of a rule.

    A bad value is told by its place in what a system sent, if it is from there, since that is where
    it can be corrected; any other by the target's field.
    """
    told = next(filter(None, (in_source(path, nodes) for path in sources(rule))), where)
    return Telling(target, rule, where, told)


def in_source(path: str, nodes: Places) -> str:
    """Return where in what a system sent a path leads, '' when nobody says."""
    name = root(path)
    place = nodes.get(name, "")
    return f"{place}{path[len(name) :]}" if place else ""


def sources(rule: Rule) -> Sequence[str]:
    """Return the source paths from which a rule makes its value."""
    match rule.make:
        case Copy(path=path) | Lookup(path=path) | Each(path=path):
            return (path,)
        case Call(positional=positional, keyword=keyword):
            return (*positional, *keyword.values())
        case Constant() | Nested() | Listed():
            return ()


def _at(where: str, numbers: Sequence[int]) -> str:
    """Return the path of a compiled place, with the numbers of the elements it is in."""
    for number in numbers:
        where = where.replace(NUMBER, str(number), 1)
    return where
