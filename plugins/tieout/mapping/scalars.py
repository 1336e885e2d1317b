"""Strict reading of single values that a system sent: a text, a plain number, a moment, a flag.

Nothing is guessed: what is of another kind raises MisreadError, which says what is wrong with it in
words that continue the value's name. Knows nothing of members, places or systems.
"""

import re
from datetime import datetime
from decimal import Decimal

YEARS = range(1990, 2100)
"""Years in which a document may be; at the ends of the calendar there are no time zones."""
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")


class MisreadError(ValueError):
    """A value is missing or of another kind; its text continues the value's name."""


def read_text(value: object) -> str:
    """Return a text without blanks around it, '' when there is none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    problem = "is not a text"
    raise MisreadError(problem)


def read_flag(value: object) -> bool:
    """Return a flag, False when there is none."""
    if value is None or isinstance(value, bool):
        return bool(value)
    problem = "is not true or false"
    raise MisreadError(problem)


def read_number(value: object) -> Decimal:
    """Return a number given as JSON integer or text."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        problem = "is missing" if value is None else "is not a number"
        raise MisreadError(problem)
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if _PLAIN_NUMBER.fullmatch(text) is None:
        # Decimal() would take exponents, underscores, blanks and the digits of any script.
        problem = "is not a plain number"
        raise MisreadError(problem)
    return Decimal(text)


def read_moment(value: object) -> datetime:
    """Return an instant, aware."""
    if not (text := read_text(value)):
        problem = "is missing"
        raise MisreadError(problem)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        problem = "is not a time"
        raise MisreadError(problem) from error
    if moment.tzinfo is None:
        problem = "has no time zone"
        raise MisreadError(problem)
    if moment.year not in YEARS:
        problem = f"is not between {YEARS[0]} and {YEARS[-1]}"
        raise MisreadError(problem)
    return moment
