"""A gateway that pays out, and a Sage 100 company's receivables, in memory."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from typing_extensions import override

from tieout.domain.books import SageReceipt
from tieout.domain.payouts import Payout
from tieout.ports.payouts import Payouts
from tieout.ports.receivables import Receivables, SageOpenInvoice


class FakePayouts(Payouts):
    """A gateway that has ``held`` payouts."""

    def __init__(self) -> None:
        self.held: list[Payout] = []
        self.held_converted: frozenset[str] = frozenset()
        self.asked: list[set[str]] = []

    @override
    def payouts(self, since: datetime, until: datetime, *, time_zone: str) -> list[Payout]:
        zone = ZoneInfo(time_zone)
        days = since.astimezone(zone).date(), until.astimezone(zone).date()
        return [one for one in self.held if days[0] <= one.day <= days[1]]

    @override
    def converted(self, order_ids: Collection[str]) -> frozenset[str]:
        self.asked.append(set(order_ids))
        return self.held_converted


class FakeReceivables(Receivables):
    """Receivables; assign ``held_*`` to say what they are."""

    def __init__(self) -> None:
        self.held_receipts: list[SageReceipt] = []
        self.held_open_invoices: list[SageOpenInvoice] = []

    @override
    def receipts(self) -> list[SageReceipt]:
        return list(self.held_receipts)

    @override
    def open_invoices(self) -> list[SageOpenInvoice]:
        return list(self.held_open_invoices)
