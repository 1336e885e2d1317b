"""Payouts read from the Shopify simulator over HTTP, and taken apart."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from simulators.shopify.shop_client import HARBOR, Client, client, simulator
from simulators.shopify.shopify_orders import make_order
from tieout.connectors.shopify.connector import ShopifyConfig, ShopifyConnector
from tieout.connectors.shopify.payouts import PAGE_SIZE_MAX
from tieout.domain.payouts import PartKind, Payout, PayoutStatus, decompose
from tieout.errors import RejectedError
from wire import SetClock

ZONE = "America/New_York"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("payouts")
    with simulator(folder, "--now", NOW.isoformat()) as base, client(base) as made:
        yield made


def connector(shop: Client) -> ShopifyConnector:
    clock = SetClock()
    config = ShopifyConfig.model_validate(
        {
            "shop_domain": HARBOR,
            "client_id": "tieout-harbor_and_pine",
            "client_secret": "shopify-secret-harbor_and_pine",
            "base_url": f"{shop.base}/shops/{HARBOR}",
        }
    )
    return ShopifyConnector(config, clock=clock, sleep=clock.sleep)


def read(shop: Client) -> dict[str, Payout]:
    """Every payout of the shop, as the connector reads it."""
    since, until = NOW - timedelta(days=30), NOW + timedelta(days=1)
    found = connector(shop).payouts(since, until, time_zone=ZONE)
    return {payout.payout_id: payout for payout in found}


def test_a_payout_of_the_shops_orders_is_read_and_taken_apart(shop: Client) -> None:
    for number in (8201, 8202):
        shop.place(make_order(number, financial_status="paid"))
    # Ten at night in New York is the next day in UTC.
    issued = {"issued_at": "2026-11-29T03:00:00Z", "trace_id": "BANK-1"}
    rows = [
        {"type": "DISPUTE_WITHDRAWAL", "amount": "-5.00", "fee": "15.00"},
        {"type": "RESERVED_FUNDS", "amount": "-4.00"},
    ]
    made = shop.control("pay-out", {"rows": rows, **issued})
    payout = read(shop)[str(made["id"])]
    assert (payout.status, payout.day, payout.trace_id) == (
        PayoutStatus.PAID,
        date(2026, 11, 28),
        "BANK-1",
    )
    parts = decompose(payout, {})
    assert parts.deposit == Decimal("14.22")
    assert {kind: parts.total(kind) for kind in PartKind if parts.total(kind)} == {
        PartKind.CHARGE: Decimal("39.98"),
        PartKind.FEE: Decimal("-16.76"),
        PartKind.DISPUTE: Decimal("-5.00"),
        PartKind.RESERVE: Decimal("-4.00"),
    }
    assert {part.order for part in parts.parts} == {"#8201", "#8202", ""}


def test_a_payout_of_more_rows_than_a_page_is_read_whole(shop: Client) -> None:
    rows = [{"type": "ADJUSTMENT", "amount": "1.00"}] * (PAGE_SIZE_MAX + 1)
    made = shop.control("pay-out", {"rows": rows})
    payout = read(shop)[str(made["id"])]
    assert len(payout.rows) == PAGE_SIZE_MAX + 1
    assert decompose(payout, {}).deposit == Decimal(PAGE_SIZE_MAX + 1)


def test_a_payout_that_does_not_add_up_parks_with_its_row_named(shop: Client) -> None:
    given = {"id": 7, "status": "PAID", "issued_at": "2026-11-20T00:00:00Z", "currency": "USD"}
    row = {"type": "ADJUSTMENT", "amount": "-1.50", "fee": "-0.25", "net": "-1.75"}
    shop.control("payout", {"payout": {**given, "net": "41.90"}, "rows": [row]})
    payout = read(shop)["7"]
    with pytest.raises(RejectedError, match=f"Row {payout.rows[0].row_id}"):
        decompose(payout, {})


def test_transactions_of_buyers_in_another_currency_are_known(shop: Client) -> None:
    shop.place(make_order(8301, financial_status="paid", presentment_currency="EUR"))
    shop.place(make_order(8302, financial_status="paid"))
    made = shop.control("pay-out", {})
    rows = {row.order: row for row in read(shop)[str(made["id"])].rows}
    converted = connector(shop).converted({row.order_id for row in rows.values()})
    assert converted == {rows["#8301"].transaction_id}
    assert "#8302" in rows


def test_payouts_outside_the_interval_are_not_read(shop: Client) -> None:
    old = {"id": 8, "status": "PAID", "issued_at": "2026-09-20T00:00:00Z", "currency": "USD"}
    shop.control("payout", {"payout": {**old, "net": "0.00"}, "rows": []})
    assert "8" not in read(shop)
