"""Shopify Payments in the simulator: what the balance holds, and what is paid out of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.shopify.shop_client import Client, client, simulator
from simulators.shopify.shopify_orders import make_order

PAYOUTS = """
query ($query: String) {
  shopifyPaymentsAccount {
    payouts(first: 50, query: $query) {
      nodes {
        legacyResourceId status transactionType net { amount currencyCode }
        summary { chargesGross { amount } chargesFee { amount } adjustmentsGross { amount } }
      }
    }
  }
}
"""
ROWS = """
query ($query: String, $hide: Boolean) {
  shopifyPaymentsAccount {
    balanceTransactions(first: 50, query: $query, hideTransfers: $hide, sortKey: ID) {
      nodes {
        type amount { amount } fee { amount } net { amount currencyCode }
        associatedOrder { name } associatedPayout { id status } sourceOrderTransactionId
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A shop of its own: a payout empties the whole balance."""
    with simulator(tmp_path_factory.mktemp("payments")) as base, client(base) as made:
        yield made


def rows_of(shop: Client, number: int, *, hide: bool = True) -> list[Any]:
    search = f"payments_transfer_id:{number}"
    found = shop.data(ROWS, query=search, hide=hide)["shopifyPaymentsAccount"]
    return list(found["balanceTransactions"]["nodes"])


def payout(shop: Client, number: int) -> Any:
    found = shop.data(PAYOUTS, query=f"id:{number}")["shopifyPaymentsAccount"]["payouts"]
    [node] = found["nodes"]
    return node


def test_card_payments_are_paid_out_once_less_their_fees(shop: Client) -> None:
    shop.place(make_order(8101, financial_status="paid"))
    shop.place(make_order(8102, financial_status="paid", payment_gateway_names=["paypal"]))
    first = shop.control("pay-out", {})
    [row] = rows_of(shop, first["id"])
    assert (row["type"], row["amount"]["amount"], row["fee"]["amount"]) == (
        "CHARGE",
        "19.99",
        "0.88",
    )
    assert row["net"] == {"amount": "19.11", "currencyCode": "USD"}
    assert row["associatedOrder"] == {"name": "#8101"}
    shown = payout(shop, first["id"])
    assert (shown["net"]["amount"], shown["transactionType"]) == ("19.11", "DEPOSIT")
    assert shown["summary"]["chargesGross"]["amount"] == "19.99"
    assert rows_of(shop, shop.control("pay-out", {})["id"]) == []


def test_the_payouts_own_line_is_there_unless_hidden(shop: Client) -> None:
    made = shop.control("pay-out", {"rows": [{"type": "ADJUSTMENT", "amount": "5.00"}]})
    shown = [(row["type"], row["net"]["amount"]) for row in rows_of(shop, made["id"], hide=False)]
    assert shown == [("ADJUSTMENT", "5.0"), ("TRANSFER", "-5.0")]
    assert [row["type"] for row in rows_of(shop, made["id"])] == ["ADJUSTMENT"]


def test_more_taken_than_paid_draws_from_the_bank(shop: Client) -> None:
    dispute = {"type": "DISPUTE_WITHDRAWAL", "amount": "-19.99", "fee": "15.00"}
    made = shop.control("pay-out", {"rows": [dispute]})
    shown = payout(shop, made["id"])
    assert (shown["net"]["amount"], shown["transactionType"]) == ("-34.99", "WITHDRAWAL")
    assert shown["summary"]["adjustmentsGross"]["amount"] == "-19.99"


def test_a_payout_that_failed_is_in_the_next_one(shop: Client) -> None:
    made = shop.control("pay-out", {"rows": [{"type": "ADJUSTMENT", "amount": "7.00"}]})
    shop.control("payout-status", {"payout_id": made["id"], "status": "FAILED"})
    assert payout(shop, made["id"])["status"] == "FAILED"
    again = shop.control("pay-out", {})
    assert [(row["type"], row["net"]["amount"]) for row in rows_of(shop, again["id"])] == [
        ("TRANSFER_FAILURE", "7.0")
    ]
    assert rows_of(shop, shop.control("pay-out", {})["id"]) == []


def test_a_payout_is_kept_as_it_is_given_right_or_wrong(shop: Client) -> None:
    given = {"id": 7, "status": "PAID", "issued_at": "2026-11-20T00:00:00Z", "currency": "USD"}
    row = {"type": "ADJUSTMENT", "amount": "-1.50", "fee": "-0.25", "net": "-1.75"}
    shop.control("payout", {"payout": {**given, "net": "41.90"}, "rows": [row]})
    assert payout(shop, 7)["net"]["amount"] == "41.9"
    assert [row["net"]["amount"] for row in rows_of(shop, 7)] == ["-1.75"]
