"""The statuses of a shop's order: Shopify's OrderDisplayFinancialStatus.

Shopify computes it from the order's transactions (domain/shopify README, 2): nobody sets it. An
order without transactions has none.
"""

from tieout.domain.base import System
from tieout.domain.statuses.machine import By, Move, Phase, Status, Statuses

SCHEMA = "Shopify: computed from transactions"
NONE = "(none)"

_MONEY_CAME = "money is captured"
_PART_CAME = "part of the money is captured"
_EDITED = "the order is edited and comes to more"
_PART_BACK = "part of the money is refunded"
_ALL_BACK = "all of the money is refunded"
_WITHDRAWN = "the authorization is voided, or the order cancelled"


def _moves(how: str, after: str, *befores: str) -> tuple[Move, ...]:
    return tuple(Move(before, after, By.SYSTEM, how, SCHEMA) for before in befores)


ORDER = Statuses(
    system=System.SHOPIFY,
    entities=(),
    name="order",
    statuses=(
        Status(NONE, Phase.LIVE, "nothing to pay, or nothing said of it", "See its transactions."),
        Status("PENDING", Phase.LIVE, "placed, not paid", "Capture or record its money."),
        Status("AUTHORIZED", Phase.LIVE, "a card agreed, no money yet", "Capture its money."),
        Status("PARTIALLY_PAID", Phase.LIVE, "paid in part", "Capture the rest."),
        Status("PAID", Phase.LIVE, "paid in full", "Money that came is given back by a refund."),
        Status(
            "PARTIALLY_REFUNDED",
            Phase.LIVE,
            "paid, and given back in part",
            "What was refunded stays refunded.",
        ),
        Status(
            "REFUNDED",
            Phase.LIVE,
            "paid, and given back in full",
            "What was refunded stays refunded: a new sale is a new order.",
        ),
        Status(
            "VOIDED", Phase.GONE, "never paid: the authorization was voided", "Place a new order."
        ),
        Status("EXPIRED", Phase.LIVE, "not paid: the authorization ran out", "Ask for a new one."),
    ),
    first=(NONE, "PENDING", "AUTHORIZED", "PARTIALLY_PAID", "PAID"),
    moves=(
        *_moves("a payment is asked for", "PENDING", NONE),
        *_moves("a card is authorized", "AUTHORIZED", NONE, "PENDING", "EXPIRED"),
        *_moves(_PART_CAME, "PARTIALLY_PAID", NONE, "PENDING", "AUTHORIZED", "EXPIRED"),
        *_moves(_MONEY_CAME, "PAID", NONE, "PENDING", "AUTHORIZED", "PARTIALLY_PAID", "EXPIRED"),
        *_moves(_EDITED, "PARTIALLY_PAID", "PAID"),
        *_moves(_PART_BACK, "PARTIALLY_REFUNDED", "PARTIALLY_PAID", "PAID"),
        *_moves(_ALL_BACK, "REFUNDED", "PARTIALLY_PAID", "PAID", "PARTIALLY_REFUNDED"),
        *_moves(_WITHDRAWN, "VOIDED", "PENDING", "AUTHORIZED"),
        *_moves("the time of the authorization is over", "EXPIRED", "AUTHORIZED"),
    ),
)

SHOPIFY = (ORDER,)
