"""What every task runs with: retries by recovery class, and who is told when they are used up.

The one place that says how often and how soon a task tries again. Airflow's retries serve
infrastructure; a record's own fate is the ledger's. A policy can only shorten what ``retries``
allows. What only time settles uses up none of them (runtime.airflow_errors).
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from tieout.provider.notifiers import FailureNotifier

RETRIES = 5
RETRY_DELAY = timedelta(seconds=5)
RETRY_DELAY_MAX = timedelta(minutes=5)
RATE_LIMIT_DELAY = timedelta(seconds=60)
"""For a limit that says no time; a task that knows when is put off until then (runtime)."""
PAUSE_DELAY = timedelta(seconds=60)
"""How often a paused stream lets anybody try."""


def task_defaults() -> dict[str, Any]:
    """Return the default arguments that every Tieout task runs with."""
    return {
        "owner": "tieout",
        "retries": RETRIES,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": True,
        "max_retry_delay": RETRY_DELAY_MAX,
        "on_failure_callback": FailureNotifier(),
        "retry_policy": ExceptionRetryPolicy(
            rules=[
                RetryRule(
                    exception=["tieout.errors.FatalError", "tieout.errors.RejectedError"],
                    action=RetryAction.FAIL,
                    reason="A person must change something first",
                ),
                RetryRule(
                    exception="tieout.errors.RateLimitedError",
                    action=RetryAction.RETRY,
                    retry_delay=RATE_LIMIT_DELAY,
                    reason="The system asked us to wait",
                ),
                RetryRule(
                    exception="tieout.errors.StreamPausedError",
                    action=RetryAction.RETRY,
                    retry_delay=PAUSE_DELAY,
                    reason="The stream pauses: it is tried once a minute",
                ),
                RetryRule(
                    exception="tieout.errors.OutcomeUnknownError",
                    action=RetryAction.RETRY,
                    retry_delay=RETRY_DELAY,
                    reason="In doubt: the next attempt looks at the target first",
                ),
            ]
        ),
    }
