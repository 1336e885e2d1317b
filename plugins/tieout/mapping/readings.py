"""The named functions of mapping files that read what a system sent (from_shopify, from_xero, ...).

Such a record has gaps and may hold anything, so each function takes None for what is not there and
refuses (RejectedError) what is of another kind than it reads. Nothing here computes an amount:
what a shop charged is copied.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from babel import Locale

from tieout.domain.money import to_currency
from tieout.errors import RejectedError
from tieout.mapping.scalars import MisreadError, read_flag, read_moment, read_number, read_text
from tieout.mapping.shop_node import Node

Value = TypeVar("Value")
Members = Mapping[str, object]
CODE_LENGTH = 2
"""Of ISO 3166's short country codes."""


def text(*values: object) -> str:
    """Take the first text that says something, without blanks around it."""
    return next((said for value in values if (said := _read(value, read_text))), "")


def words(*values: object) -> str:
    """Put texts one after the other with single blanks: how names were typed tells none apart."""
    return " ".join(" ".join(_read(value, read_text) for value in values).split())


def titled(*values: object, separator: str = " - ") -> str:
    """Put texts one after the other with a separator, leaving out what says nothing."""
    return separator.join(filter(None, (_read(value, read_text) for value in values)))


def plain_line(value: object) -> str:
    """Write a text, a number, true or false, or a list of these with commas, as one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(plain_line, value)))
    return words(value)


def is_true(*values: object) -> bool:
    """Say whether one of these flags is set; one that is not there is not."""
    flags = [_read(value, read_flag) for value in values]
    return any(flags)


def moment(*values: object) -> datetime:
    """Take the first time that is there; it must have a time zone."""
    return _read(next((value for value in values if value is not None), None), read_moment)


def is_moment(value: object) -> bool:
    """Say whether a time is given, such as that of a cancellation."""
    return value is not None and bool(_read(value, read_moment))


def day_in(zone: str, *moments: object) -> date:
    """Give the day of the first time that is there, as the calendar of a time zone has it."""
    return moment(*moments).astimezone(ZoneInfo(zone)).date()


def exact_amount(amount: object, currency: object) -> Decimal:
    """Write an amount in the decimals of its currency, without changing its value.

    The shop's API drops zeros ("31.8"). An amount with more decimals than the currency has stays as
    it is, so that the gate or the target's form refuses it instead of a cent vanishing here.
    """
    exact = _read(amount, read_number)
    rounded = to_currency(exact, _read(currency, read_text))
    return rounded if rounded == exact else exact


def plain_number(value: object) -> Decimal:
    """Write a number without needless zeros, so that 19.5 and 19.500000 are the same."""
    number = _read(value, read_number)
    return Decimal(f"{number.normalize():f}")


def last_part(global_id: object) -> str:
    """Take the number of a global id: 5 of gid://shopify/Order/5."""
    return _read(global_id, read_text).rsplit("/", 1)[-1].partition("?")[0]


def shop_address_name(address: Members | None) -> str:
    """Give who an address of the shop is of: its name, else first and last name."""
    node = Node(address or {}, "address")
    return words(node.text("name")) or words(node.text("firstName"), node.text("lastName"))


def shop_buyer_name(*, customer: Members | None, address: Members | None) -> str:
    """Give the name of who bought: the customer's, else the address's, else what the shop shows."""
    node = Node(customer or {}, "customer")
    own = words(node.text("firstName"), node.text("lastName"))
    return own or shop_address_name(address) or words(node.text("displayName"))


def shop_location(node: Members) -> str:
    """Give where an order's goods leave: the fulfillment's location, else the till's, else none."""
    order = Node(node)
    for fulfillment in order.connection("fulfillmentOrders"):
        location = fulfillment.node("assignedLocation").optional("location")
        if location is not None:
            return location.needed_text("legacyResourceId")
    retail = order.optional("retailLocation")
    return retail.needed_text("legacyResourceId") if retail else ""


def shop_is_refunded(node: Members) -> bool:
    """Say whether something of an order went back to the buyer: money, or goods without money.

    A refund of nothing takes units off an order that was never edited; an edited order's agreements
    have them already.
    """
    order = Node(node)
    if order.optional_money("totalRefundedSet"):
        return True
    refunds, is_edited = order.list_of("refunds"), order.is_true("edited")
    return any(not is_edited or refund.optional_money("totalRefundedSet") for refund in refunds)


def country_code(country: object) -> str:
    """Give a country's two-letter code (ISO 3166), from the code itself or its English name.

    A text that names no country that we know stays as it is: what it is for decides.
    """
    said = words(country)
    if len(said) == CODE_LENGTH:
        return said.upper()
    return _codes_by_name().get(said.casefold(), said)


@cache
def _codes_by_name() -> Mapping[str, str]:
    """Return the codes of countries by their English names (Unicode CLDR)."""
    names = Locale("en").territories
    return {name.casefold(): code for code, name in names.items() if len(code) == CODE_LENGTH}


def _read(value: object, read: Callable[[object], Value]) -> Value:
    try:
        return read(value)
    except MisreadError as error:
        said = "" if value is None else f"{str(value)[:200]!r} "
        raise RejectedError(
            f"{said}{error}." if said else f"It {error}.",
            remedy="Correct the record where it comes from, and replay.",
            cause="not_of_type",
            value=said,
        ) from error


READINGS: tuple[Callable[..., object], ...] = (
    country_code,
    day_in,
    exact_amount,
    is_moment,
    is_true,
    last_part,
    moment,
    plain_line,
    plain_number,
    shop_address_name,
    shop_buyer_name,
    shop_is_refunded,
    shop_location,
    text,
    titled,
    words,
)
"""Every function here that a mapping file may name."""
