"""The canonical order: what a shop sold, in shop money, before any ledger sees it."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from tieout.domain.base import Amount, Frozen
from tieout.domain.exchange import Exchange
from tieout.domain.money import ZERO


class LineKind(StrEnum):
    """What one line of an order sells, or which amount beside the goods it is."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    GIFT_CARD = "gift_card"
    TIP = "tip"
    CHANNEL_TAX = "channel_tax"
    SALES_TAX = "sales_tax"
    ROUNDING = "rounding"
    REFUND_ADJUSTMENTS = "refund_adjustments"


CHARGE_KINDS = frozenset(
    {
        *(LineKind.CHANNEL_TAX, LineKind.SALES_TAX, LineKind.ROUNDING),
        LineKind.REFUND_ADJUSTMENTS,
    }
)
"""Lines that no shop sells: amounts that a ledger books on the account of the role of that name."""


class Address(Frozen):
    """A postal address as its source wrote it; empty strings where it said nothing."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    region_code: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone: str = ""


class Buyer(Frozen):
    """Who buys: a named customer of the shop, or a guest (``source_id`` empty).

    ``custom`` has the pair's own fields, by the names of include/mappings/shared/customer.yaml.
    """

    source_id: str
    name: str
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    tax_exempt: bool = False
    address: Address = Address()
    custom: dict[str, str] = Field(default_factory=dict)

    @property
    def is_guest(self) -> bool:
        """Say whether the shop knows no customer behind the order."""
        return not self.source_id


class TaxShare(Frozen):
    """One tax charged on one line, as the shop charged it."""

    title: str
    rate: Decimal
    amount: Amount
    channel_liable: bool = False


class OrderLine(Frozen):
    """One line: ``net`` excludes tax, ``gross`` includes it; both are after every discount.

    ``price_total`` is what the shop shows for the line after discounts: equal to ``gross`` when the
    order's prices include tax, to ``net`` when they do not. ``sku`` and ``variant_id`` are the
    shop's, ``item_code`` and ``unit`` the ledgers' (tieout.domain.items): lines of one bundle have
    one ``source_id``. ``category`` and ``item_class`` are what Sage 100 says of the item; the gate
    looks them up, and account rules ask for them.
    """

    source_id: str
    kind: LineKind
    title: str
    quantity: Decimal
    price_total: Amount
    taxes: tuple[TaxShare, ...] = ()
    taxes_included: bool
    sku: str = ""
    variant_id: str = ""
    list_price: Amount = ZERO
    item_code: str = ""
    unit: str = ""
    category: str = ""
    item_class: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """Return what tells the line from the others of its order."""
        return self.source_id, self.item_code

    @property
    def tax(self) -> Decimal:
        """Return the tax charged on the line."""
        return sum((share.amount for share in self.taxes), ZERO)

    @property
    def net(self) -> Decimal:
        """Return the line without tax."""
        return self.price_total - self.tax if self.taxes_included else self.price_total

    @property
    def gross(self) -> Decimal:
        """Return the line with tax."""
        return self.net + self.tax


class CapturedPayment(Frozen):
    """Money that a gateway took for the order; an authorization is none.

    ``exchange`` is the rate of its day, when the order is in another currency than the books.
    """

    source_id: str
    gateway: str
    amount: Amount
    captured_at: AwareDatetime
    book_date: date
    exchange: Exchange | None = None


class Order(Frozen):
    """One shop order in the shop's currency; ``exchange`` is its rate where the books have another.

    ``source_id`` is the numeric id of the shop's order and the correlation id in every system;
    ``name`` is what people call it. ``total`` and ``tax`` are what the shop charged and are the
    fact: nothing recomputes them. ``book_date`` is the day it was placed in the pair's time zone,
    ``channel`` where the shop says it was sold, such as web or pos.
    """

    pair: str
    shop: str
    source_id: str
    name: str
    currency: str
    book_date: date
    updated_at: AwareDatetime
    taxes_included: bool
    buyer: Buyer
    ship_to: Address
    lines: tuple[OrderLine, ...]
    total: Amount
    tax: Amount
    payments: tuple[CapturedPayment, ...] = ()
    location_id: str = ""
    channel: str = ""
    note: str = ""
    is_test: bool = False
    is_cancelled: bool = False
    is_refunded: bool = False
    exchange: Exchange | None = None

    @property
    def captured(self) -> Decimal:
        """Return the money captured so far."""
        return sum((payment.amount for payment in self.payments), ZERO)

    @property
    def lines_total(self) -> Decimal:
        """Return what the lines add up to, tax included."""
        return sum((line.gross for line in self.lines), ZERO)

    @property
    def lines_tax(self) -> Decimal:
        """Return the tax of all lines."""
        return sum((line.tax for line in self.lines), ZERO)

    def lines_of(self, *kinds: LineKind) -> tuple[OrderLine, ...]:
        """Return the lines of some kinds, in order."""
        return tuple(line for line in self.lines if line.kind in kinds)
