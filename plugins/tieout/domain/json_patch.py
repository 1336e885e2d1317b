"""Changes of a JSON value as RFC 6902 says them, with the pointers of RFC 6901.

A correction is such a patch: it names single places, inside lists too, which a merge patch
(RFC 7396) cannot. Only add, remove and replace; nothing moves. The same form tells how two payloads
differ.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from pydantic import JsonValue, field_validator

from tieout.domain.base import Frozen
from tieout.errors import RejectedError

NO_SUCH_PLACE = "correction_does_not_apply"
APPEND = "-"
"""The index one past a list's end."""


class Act(StrEnum):
    """What one operation does at its place."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


class Operation(Frozen):
    """One change; ``value`` counts for add and replace only."""

    op: Act
    path: str
    value: JsonValue = None

    @field_validator("path")
    @classmethod
    def _is_pointer(cls, path: str) -> str:
        if not path.startswith("/"):
            message = f"{path!r} is no JSON pointer to a member: it begins with '/'"
            raise ValueError(message)
        return path


class Change(Frozen):
    """One place where two JSON values differ; None where there is nothing."""

    path: str
    was: JsonValue
    now: JsonValue


def patched(value: JsonValue, patch: Sequence[Operation]) -> JsonValue:
    """Return ``value`` with every operation applied in order; ``value`` itself stays as it is.

    Raises:
        RejectedError: An operation names a place that is not there (cause NO_SUCH_PLACE).
    """
    for operation in patch:
        value = _applied(value, _steps(operation.path), operation)
    return value


def found(value: JsonValue, path: str) -> tuple[bool, JsonValue]:
    """Return whether there is something at the pointer, and what."""
    for step in _steps(path):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False, None
    return True, value


def differences(was: JsonValue, now: JsonValue, path: str = "") -> Iterator[Change]:
    """Yield every place where ``now`` differs from ``was``, in the order of ``now``."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*now, *(name for name in was if name not in now)]:
            step = f"{path}/{_escaped(name)}"
            yield from differences(was.get(name), now.get(name), step)
    elif isinstance(was, list) and isinstance(now, list):
        for place in range(max(len(was), len(now))):
            before = was[place] if place < len(was) else None
            after = now[place] if place < len(now) else None
            yield from differences(before, after, f"{path}/{place}")
    elif was != now:
        yield Change(path=path or "/", was=was, now=now)


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _applied(value: JsonValue, steps: Sequence[str], operation: Operation) -> JsonValue:
    """Return a copy of ``value`` with the operation done below it; shares what did not change."""
    step, deeper = steps[0], steps[1:]
    if isinstance(value, dict):
        return _in_object(value, step, deeper, operation)
    if isinstance(value, list):
        return _in_list(value, step, deeper, operation)
    raise _no_place(operation)


def _in_object(
    value: dict[str, JsonValue], step: str, deeper: Sequence[str], operation: Operation
) -> JsonValue:
    if step not in value and (deeper or operation.op is not Act.ADD):
        raise _no_place(operation)
    if deeper:
        return {**value, step: _applied(value[step], deeper, operation)}
    if operation.op is Act.REMOVE:
        return {name: kept for name, kept in value.items() if name != step}
    return {**value, step: operation.value}


def _in_list(
    value: list[JsonValue], step: str, deeper: Sequence[str], operation: Operation
) -> JsonValue:
    is_adding = operation.op is Act.ADD and not deeper
    place = len(value) if step == APPEND and is_adding else _place(step, operation)
    if place >= len(value) + (1 if is_adding else 0):
        raise _no_place(operation)
    if is_adding:
        return [*value[:place], operation.value, *value[place:]]
    if deeper:
        return [*value[:place], _applied(value[place], deeper, operation), *value[place + 1 :]]
    kept = [] if operation.op is Act.REMOVE else [operation.value]
    return [*value[:place], *kept, *value[place + 1 :]]


def _place(step: str, operation: Operation) -> int:
    if not (step.isascii() and step.isdecimal()) or (len(step) > 1 and step[0] == "0"):
        raise _no_place(operation)
    return int(step)


def _no_place(operation: Operation) -> RejectedError:
    return RejectedError(
        f"The record has no place {operation.path!r} to {operation.op}.",
        remedy="Take the path from 'tieout dead-letters show ID --json', under 'payload'.",
        cause=NO_SUCH_PLACE,
        field=operation.path,
    )
