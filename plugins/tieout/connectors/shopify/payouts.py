"""Payouts of Shopify Payments as a shop tells them, put into the domain's words.

Shopify has no webhook of a payout: they are asked for. What adds up is the domain's business
(tieout.domain.payouts); here is only which of Shopify's words means what. A shop without Shopify
Payments has no payouts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from tieout.connectors.exact_json import typed
from tieout.connectors.shopify.client import SYSTEM, ShopifyClient
from tieout.connectors.shopify.connections import interval, paged
from tieout.connectors.shopify.documents import document
from tieout.connectors.shopify.orders import GID, ORDERS_PER_QUERY_MAX, is_numeric
from tieout.domain.base import Amount, Json
from tieout.domain.money import to_currency
from tieout.domain.payouts import (
    Group,
    GroupTotal,
    OrderShare,
    PartKind,
    Payout,
    PayoutRow,
    PayoutStatus,
)

PAGE_SIZE_MAX = 100
PAGES_MAX = 400
OWN_TYPE = "TRANSFER"
"""The row that is the payout itself, as it leaves the balance."""
KINDS: Mapping[str, PartKind] = {
    "CHARGE": PartKind.CHARGE,
    "REFUND": PartKind.REFUND,
    "REFUND_FAILURE": PartKind.REFUND,
    "DISPUTE_WITHDRAWAL": PartKind.DISPUTE,
    "DISPUTE_REVERSAL": PartKind.DISPUTE,
    "CHARGEBACK_HOLD": PartKind.DISPUTE,
    "CHARGEBACK_HOLD_RELEASE": PartKind.DISPUTE,
    "CHARGEBACK_FEE": PartKind.FEE,
    "CHARGEBACK_FEE_REFUND": PartKind.FEE,
    "RESERVED_FUNDS": PartKind.RESERVE,
    "RESERVED_FUNDS_REVERSAL": PartKind.RESERVE,
    "RESERVED_FUNDS_WITHDRAWAL": PartKind.RESERVE,
    "ADJUSTMENT": PartKind.ADJUSTMENT,
    "CHARGE_ADJUSTMENT": PartKind.ADJUSTMENT,
    "REFUND_ADJUSTMENT": PartKind.ADJUSTMENT,
    "TRANSFER_FAILURE": PartKind.RETRIED,
    "TRANSFER_CANCEL": PartKind.RETRIED,
}
"""Of Shopify's types (ShopifyPaymentsTransactionType, 2026-10) those that have a meaning in the
books; a payout with another one waits for a person."""
STATUSES: Mapping[str, PayoutStatus] = {
    "PAID": PayoutStatus.PAID,
    "FAILED": PayoutStatus.FAILED,
    "CANCELED": PayoutStatus.CANCELLED,
}
"""Any other word, also one that is new, means that the bank has nothing yet."""


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


_Number = Annotated[str, BeforeValidator(_as_text)]
"""A BigInt, which Shopify writes as text and old answers as a number."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class _Money(_Said):
    amount: Amount
    currency_code: str

    @property
    def exact(self) -> Decimal:
        """Return the amount with the decimals of its currency, never rounded."""
        shown = to_currency(self.amount, self.currency_code)
        return shown if shown == self.amount else self.amount


class _Order(_Said):
    id: str
    name: str


class _OfPayout(_Said):
    id: str | None


class _Share(_Said):
    name: str
    amount: _Money
    fees: _Money


class _Row(_Said):
    id: str
    type: str
    amount: _Money
    fee: _Money
    net: _Money
    transaction_date: AwareDatetime
    source_order_transaction_id: _Number | None
    associated_order: _Order | None
    associated_payout: _OfPayout
    adjustments_orders: tuple[_Share, ...]


class _Summary(_Said):
    charges_gross: _Money
    charges_fee: _Money
    refunds_fee_gross: _Money  # what Shopify calls the gross of refunds
    refunds_fee: _Money
    adjustments_gross: _Money
    adjustments_fee: _Money
    reserved_funds_gross: _Money
    reserved_funds_fee: _Money
    retried_payouts_gross: _Money
    retried_payouts_fee: _Money


class _Payout(_Said):
    id: str
    legacy_resource_id: _Number
    status: str
    transaction_type: str
    issued_at: AwareDatetime
    external_trace_id: str | None
    net: _Money
    summary: _Summary


class _Currency(_Said):
    currency_code: str


class _Bag(_Said):
    shop_money: _Currency
    presentment_money: _Currency


class _Transaction(_Said):
    id: str
    amount_set: _Bag


class _OrderMoney(_Said):
    transactions: tuple[_Transaction, ...]


class _Orders(_Said):
    nodes: tuple[_OrderMoney | None, ...]


class PayoutReader:
    """Reads the payouts of one shop."""

    def __init__(self, client: ShopifyClient) -> None:
        """Take the shop's client."""
        self._client = client

    def issued(self, since: datetime, until: datetime, *, time_zone: str) -> list[Payout]:
        """Return the payouts issued in [since, until), each with all its rows, oldest first.

        Days are those of ``time_zone``, in which the books are kept.
        """
        variables: Json = {"query": interval("issued_at", since, until), "first": PAGE_SIZE_MAX}
        path = ("shopifyPaymentsAccount", "payouts")
        found = paged(self._client, "Payouts", variables, path, pages_max=PAGES_MAX)
        return [self._whole(node, ZoneInfo(time_zone)) for node in found]

    def converted(self, order_ids: Collection[str]) -> frozenset[str]:
        """Return which transactions of the orders were paid in another currency than the shop's."""
        found: set[str] = set()
        wanted = sorted(filter(is_numeric, order_ids))
        for start in range(0, len(wanted), ORDERS_PER_QUERY_MAX):
            ids: Json = {"ids": [GID + one for one in wanted[start : start + ORDERS_PER_QUERY_MAX]]}
            data = self._client.query(document("Currencies"), ids)
            for order in filter(None, typed(_Orders, data, system=SYSTEM).nodes):
                found |= {
                    one.id.rpartition("/")[2]
                    for one in order.transactions
                    if one.amount_set.shop_money != one.amount_set.presentment_money
                }
        return frozenset(found)

    def _whole(self, node: Json, zone: ZoneInfo) -> Payout:
        said = typed(_Payout, node, system=SYSTEM)
        search = f"payments_transfer_id:{said.legacy_resource_id}"
        variables: Json = {"query": search, "first": PAGE_SIZE_MAX}
        path = ("shopifyPaymentsAccount", "balanceTransactions")
        rows = paged(self._client, "PayoutRows", variables, path, pages_max=PAGES_MAX)
        return payout_of(node, list(rows), zone=zone)


def payout_of(node: Json, rows: list[Json], *, zone: ZoneInfo) -> Payout:
    """Put a payout's node and those of its rows into the domain's words.

    Raises:
        ConfigurationError: A node has another form than we know.
    """
    said = typed(_Payout, node, system=SYSTEM)
    currency = said.net.currency_code
    is_drawn = said.transaction_type == "WITHDRAWAL"
    return Payout(
        payout_id=said.legacy_resource_id,
        status=STATUSES.get(said.status, PayoutStatus.SCHEDULED),
        day=said.issued_at.astimezone(zone).date(),
        currency=currency,
        deposit=-abs(said.net.exact) if is_drawn else said.net.exact,
        trace_id=said.external_trace_id or "",
        rows=tuple(_row(typed(_Row, row, system=SYSTEM), currency, zone) for row in rows),
        summary=_totals(said.summary),
    )


def _row(said: _Row, currency: str, zone: ZoneInfo) -> PayoutRow:
    named = [money.currency_code for money in (said.amount, said.fee, said.net)]
    payout_id = said.associated_payout.id or ""
    return PayoutRow(
        row_id=said.id.rpartition("/")[2],
        payout_id=payout_id.rpartition("/")[2],
        type_name=said.type,
        kind=KINDS.get(said.type),
        is_own_line=said.type == OWN_TYPE,
        day=said.transaction_date.astimezone(zone).date(),
        # Of three currencies, one that is not the payout's is the one to tell.
        currency=next((one for one in named if one != currency), currency),
        amount=said.amount.exact,
        fee=said.fee.exact,
        net=said.net.exact,
        order=said.associated_order.name if said.associated_order else "",
        order_id=said.associated_order.id.rpartition("/")[2] if said.associated_order else "",
        transaction_id=said.source_order_transaction_id or "",
        shares=tuple(
            OrderShare(order=one.name, amount=one.amount.exact, fee=one.fees.exact)
            for one in said.adjustments_orders
        ),
    )


def _totals(said: _Summary) -> dict[Group, GroupTotal]:
    return {
        group: GroupTotal(gross=gross.exact, fee=fee.exact)
        for group, gross, fee in (
            (Group.CHARGES, said.charges_gross, said.charges_fee),
            (Group.REFUNDS, said.refunds_fee_gross, said.refunds_fee),
            (Group.ADJUSTMENTS, said.adjustments_gross, said.adjustments_fee),
            (Group.RESERVED, said.reserved_funds_gross, said.reserved_funds_fee),
            (Group.RETRIED, said.retried_payouts_gross, said.retried_payouts_fee),
        )
    }
