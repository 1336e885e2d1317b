"""How long a task waits before it tries again, by what went wrong."""

from tieout.connectors.xero.config import SETTLE_S
from tieout.errors import UnsettledError
from tieout.provider.retry import RETRIES, task_defaults


def test_retries_outlast_what_may_yet_land() -> None:
    error = UnsettledError("A payment is in doubt.", remedy="Wait.")
    decision = task_defaults()["retry_policy"].evaluate(error, try_number=1, max_tries=RETRIES)

    assert decision.retry_delay is not None
    assert RETRIES * decision.retry_delay.total_seconds() > SETTLE_S
