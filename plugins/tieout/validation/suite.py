"""Expectation suites: what include/expectations/<suite>.yaml may say, and reading it.

Running a suite is the gate's work.
"""

from collections.abc import Collection
from pathlib import Path
from string import Formatter
from typing import Literal

from pydantic import Field, JsonValue, ValidationError, field_validator

from tieout.domain.base import Frozen
from tieout.errors import ConfigurationError
from tieout.mapping.source import read_yaml

COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
VALUE = "value"
"""The name under which a message shows the value that failed."""


class Expectation(Frozen):
    """One rule: a Great Expectations type with arguments, and what a failure means to people.

    Only types that judge each row on its own are allowed, for a finding names its row.
    """

    rule: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: str = Field(pattern=r"^expect_column_(pair_)?values_[a-z_]+$")
    kwargs: dict[str, JsonValue]
    only_above: dict[str, int] = Field(default={}, max_length=1)
    """Judge only rows in which this column is above this number."""
    severity: Literal["warn", "park", "halt"]
    owner: str = Field(min_length=1)
    message: str = Field(min_length=1)
    remedy: str = Field(min_length=1)

    @field_validator("kwargs")
    @classmethod
    def _whole(cls, kwargs: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if "mostly" in kwargs:
            message = "'mostly' would let bad rows through"
            raise ValueError(message)
        if not any(name in kwargs for name in COLUMN_ARGUMENTS):
            message = "names no column"
            raise ValueError(message)
        return kwargs

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that the rule judges; the first one is named in findings."""
        return tuple(str(self.kwargs[name]) for name in COLUMN_ARGUMENTS if name in self.kwargs)


class Suite(Frozen):
    """The rules of one kind of document, in the order in which their findings are reported."""

    expectations: tuple[Expectation, ...] = Field(min_length=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that the rules look at, each once."""
        looked_at = [(*one.columns, *one.only_above) for one in self.expectations]
        return tuple(dict.fromkeys(name for names in looked_at for name in names))


def load_suite(path: Path, columns: Collection[str]) -> Suite:
    """Read a suite for rows that have ``columns``.

    Raises:
        ConfigurationError: The file is wrong, or names a column that the rows lack.
    """
    try:
        suite = Suite.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{path}, {place}: {first['msg'].removeprefix('Value error, ')}."
        remedy = "Correct the expectation as the ones beside it are."
        raise ConfigurationError(message, remedy=remedy) from error
    rules = [expectation.rule for expectation in suite.expectations]
    for number, expectation in enumerate(suite.expectations):
        place = f"{path}, expectations.{number} ({expectation.rule})"
        if rules.index(expectation.rule) != number:
            message = f"{place}: there is another rule of that name."
            raise ConfigurationError(message, remedy="Give each rule a name of its own.")
        _check_columns(place, expectation, columns)
    return suite


def _check_columns(place: str, expectation: Expectation, columns: Collection[str]) -> None:
    templates = [*map(Formatter().parse, (expectation.message, expectation.remedy))]
    shown = {name for one in templates for _text, name, *_form in one if name is not None}
    used = {*expectation.columns, *expectation.only_above, *(shown - {VALUE})}
    unknown = used - set(columns)
    if unknown:
        message = f"{place}: the rows have no column {', '.join(sorted(unknown))}."
        raise ConfigurationError(message, remedy=f"Use one of {', '.join(sorted(columns))}.")
