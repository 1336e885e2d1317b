"""Alerts: a task that failed for good, and a run past its deadline.

Airflow runs failure callbacks in the dag-processor and deadline callbacks in the triggerer. Both
write to that process's log and, where a connection ``tieout_alerts`` exists, post one line of text
to its address (the form that chat systems' incoming webhooks take). No record's contents travel.
"""

import json
import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, BaseNotifier
from airflow.sdk.exceptions import AirflowNotFoundException
from typing_extensions import override

if TYPE_CHECKING:
    from airflow.sdk import Context

ALERTS_CONNECTION = "tieout_alerts"
ALERT_TIMEOUT_S = 10

log = logging.getLogger(__name__)


class FailureNotifier(BaseNotifier):
    """Tell people that a task failed after its last retry, and what it said."""

    @override
    def notify(self, context: "Context") -> None:
        """Send one line about the failed task."""
        ti = context["ti"]
        reason = context.get("exception", "no reason given")
        _alert(f"Tieout: {ti.dag_id}.{ti.task_id} failed in {ti.run_id}: {reason}")


async def deadline_missed(**kwargs: Any) -> None:
    """Tell people that a run is past its deadline."""
    context = kwargs.get("context", {})
    run = context.get("dag_run", {}) if isinstance(context, dict) else {}
    name = run.get("dag_run_id", "a run") if isinstance(run, dict) else "a run"
    _alert(f"Tieout: {name} is past its deadline; see its log for what it waits for.")


def _alert(text: str) -> None:
    log.error("%s", text)
    try:
        connection = BaseHook.get_connection(ALERTS_CONNECTION)
    except AirflowNotFoundException:
        return
    import requests  # noqa: PLC0415 - only when something went wrong

    url = connection.host or ""
    requests.post(
        url,
        data=json.dumps({"text": text}),
        headers={"Content-Type": "application/json"},
        timeout=ALERT_TIMEOUT_S,
    )
