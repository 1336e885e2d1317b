"""User-defined fields: the columns UDF_... that a site added to Sage 100's tables.

No dictionary has them, so their types and lengths are the site's own catalog's (SQLColumns). The
business objects know them by the same name, with ``$`` behind it where they hold text or a date
(domain/sage100 README, 1.1).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from tieout.connectors.sage100.catalog import DATE, NUMBER, OWN_FIELD, TEXT
from tieout.connectors.sage100.routes import LiveColumn
from tieout.domain.base import Json
from tieout.errors import ConfigurationError, RejectedError

MARK = "UDF_TIEOUT_ID"
"""The field that a site adds for us: by it a document is found again."""
_KINDS = (
    (DATE, re.compile(r"date|time", re.IGNORECASE)),
    (NUMBER, re.compile(r"dec|num|int|float|double|real|money|bit", re.IGNORECASE)),
)


@dataclass(frozen=True)
class OwnField:
    """One of them: text, a number or a date; ``length`` is characters or digits, if known."""

    name: str
    kind: str
    length: int | None

    @property
    def boi_name(self) -> str:
        """Return the name that the business objects know it by."""
        return self.name if self.kind == NUMBER else f"{self.name}$"


Named = Mapping[str, Collection[str]]
"""The fields that somebody names, by table."""


@dataclass(frozen=True)
class Ours:
    """What is ours at one site: the UserKeys that we write as, and its own fields that we read."""

    users: Collection[str] = ()
    fields: Named = field(default_factory=dict)


NOTHING_OURS = Ours()


def kind_of(type_name: str) -> str:
    """Return the kind of a column by the name that its driver has for the type."""
    return next((kind for kind, words in _KINDS if words.search(type_name)), TEXT)


def own_fields(columns: Iterable[LiveColumn]) -> dict[str, OwnField]:
    """Return the user-defined fields among the columns of a table, by name."""
    return {
        column.name: OwnField(column.name, kind_of(column.type_name), column.size or None)
        for column in columns
        if OWN_FIELD.fullmatch(column.name)
    }


def as_written(
    values: Json, table: str, fields_of: Callable[[str], Mapping[str, OwnField]]
) -> Json:
    """Return values to be written with user-defined fields as the business objects take them.

    Our own mark is known to the agent as it is. Without any other the site is not asked.

    Raises:
        ConfigurationError: The site has no such field.
        RejectedError: A value is not of the field's type, or longer than it.
    """
    named = [name for name in values if OWN_FIELD.fullmatch(name) and name != MARK]
    if not named:
        return values
    known = fields_of(table)
    written = dict(values)
    for name in named:
        if name not in known:
            raise ConfigurationError(
                f"{table} of this Sage 100 has no user-defined field {name}.",
                remedy="Run 'tieout connect sage100': it says where a mapping names it.",
            )
        written[known[name].boi_name] = _value(table, known[name], written.pop(name))
    return written


def _value(table: str, own: OwnField, value: JsonValue) -> str:
    text = "" if value is None else str(value)
    try:
        if own.kind == DATE:
            return date.fromisoformat(text).strftime("%Y%m%d") if text else ""
        if own.kind == NUMBER:
            return format(Decimal(text or 0), "f")
    except (ValueError, InvalidOperation) as error:
        raise _misfit(table, own, text, f"is a {own.kind}", "not_of_type") from error
    if own.length and len(text) > own.length:
        raise _misfit(table, own, text, f"holds {own.length} characters", "too_long")
    return text


def _misfit(table: str, own: OwnField, text: str, what: str, cause: str) -> RejectedError:
    return RejectedError(
        f"{table}.{own.name} {what} at this site, and {text!r} is to be written.",
        remedy="Correct it at its source or in the mapping, then replay.",
        cause=cause,
        field=own.name,
        value=text,
    )
