"""Amounts of an order in its two currencies: the shop's and the buyer's.

REST keeps two decimals as text, GraphQL drops needless zeros; both come from one exact ``Bag``.
Taxes and discounts of orders are not computed here.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tieout.simulators.shopify.shapes import Json

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(amount: Decimal) -> Decimal:
    """Round to two decimals, halves away from zero, as the vendor does per line and tax line."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """Write an amount as GraphQL does: no needless zeros, at least one decimal."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def money_node(amount: Decimal, currency: str) -> Json:
    """Return a GraphQL MoneyV2."""
    return {"__typename": "MoneyV2", "amount": plain(amount), "currencyCode": currency}


@dataclass(frozen=True)
class Bag:
    """One amount in shop and presentment currency."""

    shop: Decimal
    shop_currency: str
    presentment: Decimal
    presentment_currency: str

    @classmethod
    def read(cls, owner: Json, key: str, like: "Bag") -> "Bag":
        """Read ``<key>_set`` of a REST object, or the bare ``<key>`` in ``like``'s currencies."""
        return cls.of_set(owner.get(f"{key}_set"), owner.get(key), like)

    @classmethod
    def of_set(cls, pair: Json | None, bare: object, like: "Bag") -> "Bag":
        """Read a REST money set; without one, take the bare amount in both currencies."""
        if pair:
            shop, presentment = pair["shop_money"], pair["presentment_money"]
            return cls(
                Decimal(str(shop["amount"])),
                shop["currency_code"],
                Decimal(str(presentment["amount"])),
                presentment["currency_code"],
            )
        amount = Decimal(str(bare or 0))
        return cls(amount, like.shop_currency, amount, like.presentment_currency)

    def rest(self) -> Json:
        """Return the REST money set."""
        return {
            "shop_money": {"amount": str(cents(self.shop)), "currency_code": self.shop_currency},
            "presentment_money": {
                "amount": str(cents(self.presentment)),
                "currency_code": self.presentment_currency,
            },
        }

    def node(self) -> Json:
        """Return the GraphQL MoneyBag."""
        return {
            "shopMoney": money_node(self.shop, self.shop_currency),
            "presentmentMoney": money_node(self.presentment, self.presentment_currency),
        }

    def __add__(self, other: "Bag") -> "Bag":
        """Add per currency."""
        return self._with(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: "Bag") -> "Bag":
        """Subtract per currency."""
        return self._with(self.shop - other.shop, self.presentment - other.presentment)

    def times(self, factor: Decimal) -> "Bag":
        """Multiply and round to cents."""
        return self._with(cents(self.shop * factor), cents(self.presentment * factor))

    def zero(self) -> "Bag":
        """Return nothing in the same currencies."""
        return self._with(ZERO, ZERO)

    def _with(self, shop: Decimal, presentment: Decimal) -> "Bag":
        return Bag(shop, self.shop_currency, presentment, self.presentment_currency)


def empty_bag(order: Json) -> Bag:
    """Return nothing in a REST order's two currencies."""
    currency = order.get("currency") or "USD"
    return Bag(ZERO, currency, ZERO, order.get("presentment_currency") or currency)


def total(bags: list[Bag], empty: Bag) -> Bag:
    """Add up."""
    return sum(bags, start=empty)
