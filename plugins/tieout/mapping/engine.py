"""Applies a mapping's rules to a record.

A mapping file is compiled once (tieout.mapping.compiler), and what it was compiled to then runs for
each record. Every text that a function altered is reported with its target path.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from tieout.domain.base import Json
from tieout.errors import ConfigurationError
from tieout.mapping.compiler import Compiler
from tieout.mapping.making import Alteration, Record, Run
from tieout.mapping.paths import getter, root
from tieout.mapping.spec import Spec
from tieout.mapping.tables import Tables
from tieout.mapping.telling import AbsentError

NODE = "node"
"""The record's member that holds what a system itself sent; what that lacks is empty, no error."""


class Mapped(NamedTuple):
    """A payload, and what had to be altered to make it."""

    payload: Json
    alterations: tuple[Alteration, ...]


def compile_spec(
    spec: Spec, tables: Tables, known: Record = MappingProxyType({})
) -> Callable[[Record], Mapped]:
    """Return what makes the payload that ``spec`` describes out of a record.

    Rules see the members of ``known``, such as the pair, beside those of every record.

    Raises:
        ConfigurationError: A rule names a table that is not there, or that it cannot use; and of
            what is returned, a path of the mapping does not fit the record.
        RejectedError: (what is returned) A value cannot be brought into the target's form.
    """
    compiler = Compiler(spec, tables, known)
    fields = compiler.fields(spec.fields, "", {NODE: spec.source})
    day_of = _day_of(spec) if compiler.is_dated else None

    def run(record: Record) -> Mapped:
        one = Run()
        if day_of is not None:
            one.day = day_of(record)
        try:
            payload = fields(record, one)
        except AbsentError as error:
            problem = f"the record has no {error.path!r}"
            raise error.telling.wrong(problem, one.numbers) from None
        return Mapped(payload, one.alterations)

    return run


def _day_of(spec: Spec) -> Callable[[Record], date]:
    message = f"{spec.path}, dated_by: the record has no day at {spec.dated_by!r}."
    wrong = partial(
        ConfigurationError, message, remedy="Name the path of the document's book date."
    )
    get = getter(spec.dated_by, is_lenient=root(spec.dated_by) == NODE, absent=wrong)

    def day_of(record: Record) -> date:
        day = get(record)
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day[:10])
            except ValueError:
                raise wrong() from None
        if not isinstance(day, date):
            raise wrong()
        return day

    return day_of
