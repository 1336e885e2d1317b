"""The Great Expectations gate and its findings."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tieout.domain.base import Frozen

Row = Mapping[str, object]
"""One record as the rules look at it, by column; what a text says of no column is ''."""
ROW_KEY = "row_key"
"""The column that tells a batch's rows apart."""


class Finding(Frozen):
    """One expectation that one row failed."""

    row_key: str
    rule: str
    severity: str
    """``warn`` lets the row through, ``park`` sets it aside, ``halt`` stops the batch."""
    owner: str
    column: str
    value: str
    message: str
    remedy: str


class GateResult(Frozen):
    """The verdict of one validation of one batch, and where its Data Docs are."""

    suite: str
    findings: tuple[Finding, ...]
    data_docs: str = ""


class Gate(Protocol):
    """The Great Expectations gate."""

    version: str
    """Which rule set judges: a hash over all expectations."""

    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        """Validate rows, each with a ``row_key`` of its own, against include/expectations/<suite>.

        ``page`` names the Data Docs of it; the same name again takes the place of those before.
        """
