"""Webhooks of Xero apps: what of each app's numbered events was heard, and what was not.

Xero numbers the events of an app and sends them in order (xero-webhooks.yaml: first- and
lastEventSequence), again and again until they are taken. A number that stays out was therefore
never sent, or is held up at Xero; either way something changed and nobody told us.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from tieout.domain.base import Frozen

NO_PAIR = ""
"""The pair of an inbox entry that belongs to none: its organization is in no pair's configuration,
or it cannot be read. It waits for a person."""
EVENT_NO_MAX = 2_147_483_647
"""The highest number of an event (xero-webhooks.yaml)."""
GAP_IS_LATE_AFTER = timedelta(minutes=45)
"""Xero tries again every 15 minutes; what three tries did not bring is missed."""


class HeardEvents(Frozen):
    """Which numbers of an app's events one webhook brought, both ends included."""

    app: str
    first_no: int
    last_no: int


class MissedEvents(Frozen):
    """Numbers of an app's events that were never heard though later ones were, since when."""

    app: str
    first_no: int
    last_no: int
    since: AwareDatetime

    def is_late(self, now: datetime) -> bool:
        """Say whether Xero had time enough to bring them."""
        return now - self.since >= GAP_IS_LATE_AFTER

    def text(self) -> str:
        """Say it in one sentence."""
        count = self.last_no - self.first_no + 1
        numbers = f"{self.first_no}" if count == 1 else f"{self.first_no} to {self.last_no}"
        return f"{self.app}: events {numbers} were never heard, since {self.since:%Y-%m-%d %H:%M}Z"


class Strays(Frozen):
    """Inbox entries of no pair that wait for a person: who sent them, what of, and how many."""

    account: str
    """The organization's tenant id; '' = none could be read."""
    count: int
    latest_at: AwareDatetime

    def text(self) -> str:
        """Say it in one sentence."""
        whose = (
            f"of organization {self.account}, which no pair names"
            if self.account
            else "that cannot be read"
        )
        return f"{self.count} webhook events {whose}, the latest {self.latest_at:%Y-%m-%d %H:%M}Z"


class AppWebhooks(Frozen):
    """What was heard of one app."""

    app: str
    last_no: int
    heard_at: AwareDatetime
