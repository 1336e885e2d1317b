"""Gateways that pay out to the bank what buyers paid."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from tieout.domain.payouts import Payout


class Payouts(Protocol):
    """The payouts of one gateway of a shop."""

    def payouts(self, since: datetime, until: datetime, *, time_zone: str) -> list[Payout]:
        """Return the payouts issued in [since, until), each with all its rows, oldest first.

        Days are those of ``time_zone``.
        """

    def converted(self, order_ids: Collection[str]) -> frozenset[str]:
        """Return which transactions of orders were paid in another currency than the shop's."""
