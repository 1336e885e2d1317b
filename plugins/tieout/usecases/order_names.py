"""The names that one order has in every system: keys, numbers, codes. Pure look-ups in the pair."""

from decimal import Decimal

from tieout.domain.hashing import base36
from tieout.domain.money import to_currency
from tieout.domain.order import CapturedPayment, Order
from tieout.domain.pair import Gateway, Pair, Shop
from tieout.errors import ConfigurationError, RejectedError

GUEST_KEY = "GUEST"


def customer_key(order: Order) -> str:
    """Return the key of the order's buyer: the shop's customer id, or the guest."""
    return GUEST_KEY if order.buyer.is_guest else key_of_buyer(order.buyer.source_id)


def key_of_buyer(source_id: str) -> str:
    """Return the key of a buyer who has an account with the shop."""
    return f"SHOP-{source_id}"


def buyer_name(order: Order) -> str:
    """Return the name that the ledgers know the buyer by: the company's, else the person's.

    Xero takes neither angle brackets nor repeated blanks in a contact's name.
    """
    name = order.buyer.company or order.buyer.name
    return " ".join(name.replace("<", " ").replace(">", " ").split())


def invoice_number(pair: Pair, order: Order) -> str:
    """Return the invoice number: the shop's prefix and the order's name without its sign."""
    return invoice_number_of(shop_of(pair, order), order.name)


def invoice_number_of(shop: Shop, name: str) -> str:
    """Return the invoice number of the shop's order with that name."""
    return f"{shop.invoice_prefix}{name.lstrip('#')}"


def payment_status(order: Order) -> str:
    """Return what the shop is told: posted, and whether paid, partly paid or unpaid."""
    if order.captured >= order.total:
        return "posted, paid"
    return "posted, partly paid" if order.captured else "posted, unpaid"


def check_no(payment: CapturedPayment) -> str:
    """Return the Sage 100 check number of a payment: at most 10 characters, one per payment."""
    return f"T{base36(int(payment.source_id))}"


def shop_of(pair: Pair, order: Order) -> Shop:
    """Return the shop that the order came from."""
    for shop in pair.shops:
        if shop.domain == order.shop:
            return shop
    raise ConfigurationError(
        f"Pair {pair.pair!r} has no shop {order.shop!r}.", remedy="Add it to include/pairs.yaml."
    )


def warehouse_code(pair: Pair, order: Order) -> str:
    """Return the warehouse of the order's location, or of the shop's first one."""
    locations = shop_of(pair, order).locations
    return locations.get(order.location_id) or next(iter(locations.values()))


def gateway_of(pair: Pair, payment: CapturedPayment) -> Gateway:
    """Return where the payment's money sits."""
    for gateway in pair.gateways:
        if gateway.gateway == payment.gateway:
            return gateway
    raise RejectedError(
        f"No clearing account is mapped to the gateway {payment.gateway!r}.",
        remedy=f"Add it to include/mappings/accounts/{pair.pair}.yaml, then replay.",
        cause="gateway_unmapped",
        field="gateway",
        value=payment.gateway,
    )


def amount_text(amount: Decimal, order: Order) -> str:
    """Write an amount in the precision of the order's currency."""
    return f"{to_currency(amount, order.currency):f}"


def rate_text(rate: Decimal) -> str:
    """Write an exchange rate with the six decimals that Xero keeps of one."""
    return f"{rate:.6f}"
