"""What objects of a task with batch entry share: a batch is selected before any key.

``nSelectNewBatch(ByRef no, "N" or "Y", comment)`` and ``nSelectBatch(no)`` are as public code calls
them (boi.json, ``batches``); a batch number has 5 characters. What a batch holds belongs to the
objects.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.base import OK, BusinessObject
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.session import Session

BATCH_WIDTH = 5
_COMMENT_LENGTH_MAX = 30


class BatchEntry(BusinessObject):
    """An entry object of a task with batch entry; ``BATCH_SERIES`` numbers the task's batches."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **BusinessObject.METHODS,
        "nSelectNewBatch": "select_new_batch",
        "nSelectBatch": "select_batch",
    }
    BATCH_SERIES: ClassVar[str]

    def __init__(self, session: Session) -> None:
        """Start without a batch."""
        super().__init__(session)
        self.batch_no = ""

    def select_new_batch(self, into: ByRef, private: str, comment: str = "") -> int:
        """Open a batch and give its number."""
        if private not in {"Y", "N"} or len(comment) > _COMMENT_LENGTH_MAX:
            message = "The batch is invalid: private is Y or N, a comment has 30 characters."
            raise RefusedError(message)
        self.batch_no = self.file.next_number(self.BATCH_SERIES, BATCH_WIDTH)
        into.value = self.batch_no
        return OK

    def select_batch(self, batch_no: str) -> int:
        """Go on with a batch."""
        found = self.file.run("SELECT value FROM _next_number WHERE name = ?", self.BATCH_SERIES)
        last = int(str(found[0][0])) if found else 0
        if not batch_no.isdecimal() or not 0 < int(batch_no) <= last:
            message = f"The Batch {batch_no} is not on file."
            raise RefusedError(message)
        self.batch_no = batch_no.zfill(BATCH_WIDTH)
        return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        if not self.batch_no:
            message = "A batch must be selected."
            raise RefusedError(message)
