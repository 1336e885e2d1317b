"""The named functions that mapping files may call: ``{function: NAME, from: ..., with: {...}}``.

Each is pure and small, and is documented by its docstring for the bookkeeper who reads the mapping.
A value that the target cannot hold is refused (RejectedError); a text that is changed to fit is
returned as ``Altered``, so that no change is silent. Nothing here knows a payload's shape.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, OrderLine
from tieout.errors import RejectedError
from tieout.mapping.addresses.fields import (
    sage100_address_line,
    sage100_city,
    sage100_postal_code,
    sage100_state,
    xero_address_line,
    xero_attention,
    xero_city,
    xero_postal_code,
    xero_region,
)
from tieout.mapping.readings import READINGS
from tieout.mapping.texts import Altered, one_line, to_cp1252, within

CENTS = Decimal("0.01")
XERO_PRICE_STEP = Decimal("0.0001")
"""Xero keeps four decimals of a unit amount, with unitdp=4."""
SAGE100_PRICE_STEP = Decimal("0.000001")
"""Sage 100 keeps six decimals of SO_SalesOrderDetail.UnitPrice."""


def join(*parts: str, separator: str = " ") -> str:
    """Put texts one after the other, leaving out empty ones."""
    return separator.join(part for part in parts if part)


def first_of(*values: str) -> str:
    """Take the first text that is not empty."""
    return next((value for value in values if value), "")


def fill(*, template: str, **values: object) -> str:
    """Put values into a sentence: ``{name}`` stands for the value called name."""
    return template.format(**values)


def money(amount: Decimal) -> str:
    """Write an amount with two decimals; refuse one that has more."""
    written = amount.quantize(CENTS, rounding=ROUND_HALF_UP)
    if written != amount:
        message = f"The amount {amount} has more than two decimals."
        remedy = "Correct the amount where the record comes from, and replay."
        raise RejectedError(
            message, remedy=remedy, cause="price_not_representable", value=str(amount)
        )
    return f"{written:f}"


def quantity(number: Decimal) -> str:
    """Write a quantity without needless zeros."""
    return f"{number.normalize():f}"


def amounts_by_code(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    """Write the amount of each code, such as a tax code; there may be none at all."""
    return {code: money(amount) for code, amount in amounts.items()}


def exchange_rate(rate: Decimal) -> str:
    """Write an exchange rate with six decimals: what one of the base currency buys."""
    return f"{rate:.6f}"


def shipping_net(lines: Sequence[OrderLine]) -> str:
    """Add up what shipping costs without tax."""
    return money(sum((line.net for line in lines if line.kind is LineKind.SHIPPING), ZERO))


def xero_unit_amount(line: OrderLine) -> str:
    """Divide the line's price by its quantity, to four decimals.

    When no such price times the quantity gives the line's price to the cent, the line is sold as
    one piece at its whole price (see xero_quantity, xero_description).
    """
    price = _unit_price(line.price_total, line.quantity, XERO_PRICE_STEP)
    return money(line.price_total) if price is None else f"{price:f}"


def xero_quantity(line: OrderLine) -> str:
    """Give the line's quantity, or 1 when its price cannot be divided (see xero_unit_amount)."""
    price = _unit_price(line.price_total, line.quantity, XERO_PRICE_STEP)
    return "1" if price is None else quantity(line.quantity)


def xero_description(line: OrderLine) -> str:
    """Give the line's title, with the quantity in front when it stands nowhere else."""
    price = _unit_price(line.price_total, line.quantity, XERO_PRICE_STEP)
    title = one_line(line.title) or "Item"
    return title if price is not None else f"{quantity(line.quantity)} x {title}"


def sage100_unit_price(line: OrderLine) -> str:
    """Divide the line's net by its quantity, to six decimals that give the net again.

    Refused when no such price does: Sage 100 would compute another amount.
    """
    price = _unit_price(line.net, line.quantity, SAGE100_PRICE_STEP)
    if price is None:
        message = (
            f"No price with six decimals times {quantity(line.quantity)} gives {line.net} "
            f"for {line.title!r}."
        )
        raise RejectedError(
            message,
            remedy="Split the line in the shop, or enter the order in Sage 100 by hand.",
            cause="price_not_representable",
            value=str(line.net),
        )
    return f"{price:f}"


def sage100_key(text: str, *, length: int) -> str:
    """Write a key of Sage 100: upper case, no blanks around it, in its characters and length."""
    key = text.strip().upper()
    if to_cp1252(key) != key:
        raise RejectedError(
            f"{text!r} has characters that no key of Sage 100 can have.",
            remedy="Correct it where the record comes from, and replay.",
            cause="not_of_type",
            value=text,
        )
    return within(key, length)


def sage100_text(text: str, *, length: int) -> str | Altered:
    """Write a text in Sage 100's character set (cp1252 without Š), letter by letter where needed.

    Too long is refused, never cut.
    """
    # Nearly every text fits as it stands: plain signs, and single blanks inside alone.
    is_plain = text.isascii() and text.isprintable() and "  " not in text
    if is_plain and text.strip() == text and len(text) <= length:
        return text
    written = to_cp1252(text)
    if written == text and len(text) <= length:
        return text
    return Altered(within(written, length), text)


def sage100_beginning(text: str, *, length: int) -> str | Altered:
    """Write as much of a text that only describes as its column holds, in Sage 100's characters."""
    written = to_cp1252(text)[:length].rstrip()
    return written if written == text else Altered(written, text)


def xero_name(text: str, *, length: int = 255) -> str | Altered:
    """Write a contact's name as Xero takes it: no angle brackets, single blanks."""
    name = one_line(re.sub(r"[<>]", " ", text))
    within(name, length, system="Xero")
    return name if name == text else Altered(text=name, original=text)


def _unit_price(total: Decimal, count: Decimal, step: Decimal) -> Decimal | None:
    if not count:
        return None
    price = (total / count).quantize(step, rounding=ROUND_HALF_UP)
    again = (price * count).quantize(CENTS, rounding=ROUND_HALF_UP)
    return price if again == total else None


Function = Callable[..., object]

WRITINGS: tuple[Function, ...] = (
    amounts_by_code,
    exchange_rate,
    fill,
    first_of,
    join,
    money,
    quantity,
    sage100_address_line,
    sage100_beginning,
    sage100_city,
    sage100_key,
    sage100_postal_code,
    sage100_state,
    sage100_text,
    sage100_unit_price,
    shipping_net,
    xero_address_line,
    xero_attention,
    xero_city,
    xero_description,
    xero_name,
    xero_postal_code,
    xero_quantity,
    xero_region,
    xero_unit_amount,
)
"""Those that bring a value into a target's form."""
FUNCTIONS: Mapping[str, Function] = {
    function.__name__: function for function in (*WRITINGS, *READINGS)
}
"""Every function that a mapping file may name."""
