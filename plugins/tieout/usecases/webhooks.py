"""Webhooks that are missed: what a source numbered and nobody heard, and what belongs to nobody."""

from datetime import datetime

from tieout.errors import WebhooksMissedError
from tieout.ports.webhooks import Webhooks


def webhook_alarms(webhooks: Webhooks, now: datetime) -> list[str]:
    """Return, in a sentence each, the gaps that are late and whose events belong to no pair."""
    late = [gap.text() for gap in webhooks.missed() if gap.is_late(now)]
    return late + [strays.text() for strays in webhooks.strays()]


def check_webhooks(webhooks: Webhooks, now: datetime) -> None:
    """Raise what is wrong with the webhooks.

    Raises:
        WebhooksMissedError: Events never came though Xero tried, or belong to no pair.
    """
    found = webhook_alarms(webhooks, now)
    if found:
        raise WebhooksMissedError(
            "; ".join(found) + ".",
            remedy="See docs/howto/real-systems.md, Xero's webhooks; 'tieout webhooks' lists them.",
        )
