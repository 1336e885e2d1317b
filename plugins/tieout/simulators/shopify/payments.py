"""Money of an order: its transactions in REST shape, and the status that follows from them.

Only successful sales and captures are money; an authorization is none.
"""

from decimal import Decimal

from tieout.simulators.shopify.money import CENT, Bag, cents, empty_bag, total
from tieout.simulators.shopify.shapes import Json

TRANSACTION_OFFSET = 1_600_000_000_000
PAID_STATUSES = ("paid", "partially_refunded", "refunded")
CARD_RATE, CARD_FLAT_FEE = Decimal("0.029"), Decimal("0.30")
RECEIVED = ("sale", "capture")


def transaction_body(rest: Json, index: int, kind: str, amount: Decimal, at: str) -> Json:
    """Return a new successful transaction of an order in the shop's currency."""
    number = int(rest["id"]) + TRANSACTION_OFFSET + index
    gateways = rest.get("payment_gateway_names") or [rest.get("gateway") or "manual"]
    return {
        "id": number,
        "order_id": rest["id"],
        "kind": kind,
        "gateway": gateways[0],
        "status": "success",
        "test": bool(rest.get("test")),
        "created_at": at,
        "processed_at": at,
        "parent_id": None,
        "amount": str(cents(amount)),
        "currency": rest.get("currency"),
        "payment_id": f"{rest.get('name', '')}.{index + 1}",
        "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{number}",
    }


def believed_transactions(rest: Json) -> list[Json]:
    """Return the transactions that an order without any listed must have had, by its status."""
    status = rest.get("financial_status")
    amount = Decimal(str(rest.get("current_total_price") or rest.get("total_price") or 0))
    at = rest.get("processed_at") or rest["created_at"]
    if status in PAID_STATUSES and amount >= CENT:
        return [transaction_body(rest, 0, "sale", amount, at)]
    if status == "authorized" and amount >= CENT:
        return [transaction_body(rest, 0, "authorization", amount, at)]
    return []


def amount_of(transaction: Json, empty: Bag) -> Bag:
    """Return a transaction's amount in both currencies."""
    return Bag.read(transaction, "amount", empty)


def summed(record: Json, kinds: tuple[str, ...]) -> Bag:
    """Add up the successful transactions of some kinds."""
    empty = empty_bag(record["rest"])
    return total(
        [
            amount_of(one, empty)
            for one in record["transactions"]
            if one["kind"] in kinds and one["status"] == "success"
        ],
        empty,
    )


def net_payment(record: Json) -> Bag:
    """Return what was received less what was refunded."""
    return summed(record, RECEIVED) - summed(record, ("refund",))


def capturable(record: Json) -> Bag:
    """Return what authorizations still allow to take."""
    held = summed(record, ("authorization",)) - summed(record, ("capture", "void"))
    return held if held.shop > 0 else held.zero()


def current_total(rest: Json) -> Bag:
    """Return what the order comes to now."""
    key = "current_total_price" if "current_total_price" in rest else "total_price"
    return Bag.read(rest, key, empty_bag(rest))


def settle_status(record: Json) -> None:
    """Set the REST order's payment status and outstanding amount from its transactions."""
    rest = record["rest"]
    paid, due = net_payment(record), current_total(rest)
    if paid.shop >= due.shop:
        rest["financial_status"] = "paid"
    elif paid.shop > 0:
        rest["financial_status"] = "partially_paid"
    rest["total_outstanding"] = str(cents((due - paid).shop))


def card_fee(amount: Bag) -> Decimal:
    """Return what Shopify Payments keeps of a charge."""
    return cents(amount.shop * CARD_RATE + CARD_FLAT_FEE)
