"""Alerts: a task that failed for good, and a run past its deadline.

Airflow runs failure callbacks in the dag-processor and deadline callbacks in the triggerer. Both
write to that process's log and, where a connection ``tieout_alerts`` exists, post one line of text
to its address (the form that chat systems' incoming webhooks take). The error's own words travel, a
record's payload never.
"""

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, BaseNotifier
from airflow.sdk.exceptions import AirflowNotFoundException
from typing_extensions import override

from tieout.errors import StreamPausedError, TieoutError
from tieout.provider.runtime import open_runtime

if TYPE_CHECKING:
    from airflow.sdk import Context

ALERTS_CONNECTION = "tieout_alerts"
ALERT_TIMEOUT_S = 10

log = logging.getLogger(__name__)


class FailureNotifier(BaseNotifier):
    """Tell people that a task failed after its last retry, and what it said.

    While a stream pauses, every run fails for it: they are told once, and the log says the rest.
    """

    @override
    def notify(self, context: "Context") -> None:
        """Send one line about the failed task."""
        ti = context["ti"]
        reason = context.get("exception", "no reason given")
        text = f"Tieout: {ti.dag_id}.{ti.task_id} failed in {ti.run_id}: {reason}"
        log.error("%s", text)
        if _is_known(reason):
            log.info("People were told of this pause before.")
            return
        _tell(text)


def _is_known(reason: object) -> bool:
    """Say whether people have been told of the pause that a task failed for.

    Where that cannot be found out, they are rather told twice.
    """
    if not isinstance(reason, StreamPausedError) or not reason.stream:
        return False
    try:
        return not open_runtime().streams.tell(reason.stream)
    except TieoutError:
        log.exception("It is not known whether people were told.")
        return False


def tell_of_pause(name: str) -> None:
    """Tell people once that a stream pauses, and why; no task fails for what is bad in it."""
    streams = open_runtime().streams
    stream = streams.stream(name)
    text = f"Tieout: {name} is {stream.state}: {stream.reason} See 'tieout streams'."
    log.warning("%s", text)
    if streams.tell(name):
        _tell(text)


def tell(alarm: str) -> None:
    """Tell people what a step found that fails no task and cannot wait."""
    text = f"Tieout: {alarm}"
    log.warning("%s", text)
    _tell(text)


def _tell(text: str) -> None:
    try:
        connection = BaseHook.get_connection(ALERTS_CONNECTION)
    except AirflowNotFoundException:
        return
    _post(connection.host or "", text)


async def deadline_missed(**kwargs: Any) -> None:
    """Tell people that a run is past its deadline; runs in the triggerer's event loop."""
    context = kwargs.get("context", {})
    run = context.get("dag_run", {}) if isinstance(context, dict) else {}
    name = run.get("dag_run_id", "a run") if isinstance(run, dict) else "a run"
    text = f"Tieout: {name} is past its deadline; see its log for what it waits for."
    log.error("%s", text)
    try:
        connection = await BaseHook.aget_connection(ALERTS_CONNECTION)
    except AirflowNotFoundException:
        return
    await asyncio.to_thread(_post, connection.host or "", text)


def _post(url: str, text: str) -> None:
    import requests  # noqa: PLC0415 - only when something went wrong

    requests.post(
        url,
        data=json.dumps({"text": text}),
        headers={"Content-Type": "application/json"},
        timeout=ALERT_TIMEOUT_S,
    ).raise_for_status()
