"""The receiver with a bug planted: it answers 200 and stores the webhook afterwards.

Runs as the real one does: ``python ack_first.py --port N --config FILE``.
"""

import sys
from collections.abc import Callable
from http import HTTPStatus

from starlette.background import BackgroundTask
from starlette.responses import Response
from typing_extensions import override

from tieout.web import receiver


class AckFirst(receiver.Receiver):
    """Leaves the storing to a background task, as many tutorials do."""

    @override
    async def _store(self, land: Callable[[], int]) -> Response:
        return Response(status_code=HTTPStatus.OK, background=BackgroundTask(land))


if __name__ == "__main__":
    receiver.Receiver = AckFirst  # type: ignore[misc]  # the bug
    sys.exit(receiver.main())
