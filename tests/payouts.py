"""Payouts of Shopify Payments as GraphQL nodes: made by hand, made by chance, and spoilt."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tieout.connectors.shopify.payouts import KINDS, OWN_TYPE, payout_of
from tieout.domain.base import Json
from tieout.domain.payouts import GROUP_OF, Booked, Group, Payout

ZONE = ZoneInfo("America/New_York")
CENT = Decimal("0.01")
FIRST_ROW = 8_000
AT = datetime(2026, 11, 29, 15, 0, tzinfo=UTC)
SUMMARY_NAMES = {
    Group.CHARGES: ("chargesGross", "chargesFee"),
    Group.REFUNDS: ("refundsFeeGross", "refundsFee"),
    Group.ADJUSTMENTS: ("adjustmentsGross", "adjustmentsFee"),
    Group.RESERVED: ("reservedFundsGross", "reservedFundsFee"),
    Group.RETRIED: ("retriedPayoutsGross", "retriedPayoutsFee"),
}


def money(amount: Decimal, currency: str = "USD") -> Json:
    """An amount as GraphQL writes it, without needless zeros."""
    plain = f"{amount.normalize():f}"
    return {"amount": plain if "." in plain else f"{plain}.0", "currencyCode": currency}


@dataclass
class Row:
    """One balance transaction, before it is a node."""

    row_id: int
    kind: str
    amount: Decimal
    fee: Decimal = Decimal(0)
    net: Decimal | None = None
    currency: str = "USD"
    at: datetime = AT
    order: str = ""
    transaction: str = ""
    payout_id: str = ""
    shares: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)

    @property
    def shown_net(self) -> Decimal:
        return self.amount - self.fee if self.net is None else self.net

    def node(self, payout_id: str) -> Json:
        of_payout = self.payout_id or payout_id
        return {
            "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{self.row_id}",
            "type": self.kind,
            "amount": money(self.amount, self.currency),
            "fee": money(self.fee, self.currency),
            "net": money(self.shown_net, self.currency),
            "transactionDate": self.at.isoformat(),
            "sourceOrderTransactionId": self.transaction or None,
            "associatedOrder": {"id": f"gid://shopify/Order/{self.order[1:]}", "name": self.order}
            if self.order
            else None,
            "associatedPayout": {"id": f"gid://shopify/ShopifyPaymentsPayout/{of_payout}"},
            "adjustmentsOrders": [
                {"name": name, "amount": money(amount), "fees": money(fee)}
                for name, amount, fee in self.shares
            ],
        }


@dataclass
class MadePayout:
    """A payout, its rows as they are told, and what the books hold of them."""

    payout_id: str
    rows: list[Row]
    deposit: Decimal
    booked: dict[str, Booked] = field(default_factory=dict)
    summary_of: list[Row] | None = None
    """The rows that the summary adds up: those that there were before somebody spoilt them."""
    status: str = "PAID"
    issued_at: datetime = AT + timedelta(days=2)

    def read(self) -> Payout:
        """Through the boundary, as the connector reads it."""
        rows = [row.node(self.payout_id) for row in self.rows]
        return payout_of(self.node(), rows, zone=ZONE)

    def node(self) -> Json:
        return {
            "id": f"gid://shopify/ShopifyPaymentsPayout/{self.payout_id}",
            "legacyResourceId": self.payout_id,
            "status": self.status,
            "transactionType": "WITHDRAWAL" if self.deposit < 0 else "DEPOSIT",
            "issuedAt": self.issued_at.isoformat(),
            "externalTraceId": f"trace-{self.payout_id}",
            "net": money(abs(self.deposit)),
            "summary": self._summary(),
        }

    def _summary(self) -> Json:
        summary: Json = {}
        rows = self.rows if self.summary_of is None else self.summary_of
        for group, (gross, fee) in SUMMARY_NAMES.items():
            of_group = [
                row for row in rows if row.kind in KINDS and GROUP_OF[KINDS[row.kind]] is group
            ]
            summary[gross] = money(sum((row.amount for row in of_group), Decimal(0)))
            summary[fee] = money(sum((row.fee for row in of_group), Decimal(0)))
        return summary


def made(*rows: Row, payout_id: str = "7001", **more: object) -> MadePayout:
    """A payout whose deposit is what its rows come to."""
    deposit = sum((row.shown_net for row in rows if row.kind != OWN_TYPE), Decimal(0))
    payout = MadePayout(payout_id, list(rows), deposit)
    for name, value in more.items():
        setattr(payout, name, value)
    return payout


def by_chance(seed: int) -> MadePayout:
    """A payout of a shop's day, the same for the same seed: every kind of row that has a meaning.

    Charges of buyers who paid in another currency settle at another amount than was booked.
    """
    chance = random.Random(seed)  # noqa: S311 - the same for the same seed
    rows: list[Row] = []
    booked: dict[str, Booked] = {}
    for number in range(chance.randint(1, 25)):
        row = _row_by_chance(chance, FIRST_ROW + number)
        if KINDS[row.kind] in {KINDS["CHARGE"], KINDS["REFUND"]} and row.kind != "REFUND_FAILURE":
            is_converted = chance.random() < 0.15
            shift = CENT * chance.randint(-200, 200) if is_converted else Decimal(0)
            amount = row.amount + shift
            if (amount > 0) is (row.amount > 0):
                booked[row.transaction] = Booked(amount=amount, is_converted=is_converted)
        rows.append(row)
    payout = made(*rows, payout_id=str(7_000_000 + seed), booked=booked)
    if chance.random() < 0.5:
        own = Row(FIRST_ROW + len(rows), OWN_TYPE, -payout.deposit)
        payout.rows.append(own)
    return payout


def _row_by_chance(chance: random.Random, number: int) -> Row:
    kind = chance.choice([*(["CHARGE"] * 12), *(["REFUND"] * 4), *KINDS])
    amount = CENT * chance.randint(1, 90_000)
    fee = Decimal(0)
    match kind:
        case "CHARGE":
            fee = (amount * Decimal("0.029") + Decimal("0.30")).quantize(CENT)
        case "REFUND" | "RESERVED_FUNDS" | "CHARGEBACK_FEE" | "CHARGEBACK_HOLD":
            amount = -amount
        case "DISPUTE_WITHDRAWAL":
            amount, fee = -amount, Decimal("15.00")
        case "ADJUSTMENT":
            amount = amount * chance.choice([1, -1])
        case _:
            pass  # what comes in
    row = Row(
        number,
        kind,
        amount,
        fee,
        at=AT - timedelta(hours=chance.randint(0, 72)),
        order=f"#{1000 + number}" if kind in {"CHARGE", "REFUND"} else "",
        transaction=str(number * 10) if kind in {"CHARGE", "REFUND"} else "",
    )
    if kind == "ADJUSTMENT" and chance.random() < 0.5:
        part = CENT * chance.randint(1, 50)
        row.shares = [("#2001", part, Decimal(0)), ("#2002", row.amount - part, Decimal(0))]
    return row
