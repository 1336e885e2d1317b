"""The Great Expectations gate and its findings."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tieout.domain.base import Frozen


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

    def validate(self, suite: str, rows: Sequence[Mapping[str, object]]) -> GateResult:
        """Validate rows, each with a unique ``row_key``, against include/expectations/<suite>."""
