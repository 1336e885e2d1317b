"""What a shop sells, in the items of the ledgers: aliases, units of measure, bundles.

Both ledgers call an item by one code, in the unit that Sage 100 sells it by. What a shop sells is
the item that its SKU names, one for one, unless an alias of the pair says otherwise: another item,
so many of it for each one sold, or several items. No amount is computed anew: the price and each
tax of a bundle are split over its items so that they add up to what the shop charged.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, Inexact, localcontext

from pydantic import Field

from tieout.domain.allocation import allocate
from tieout.domain.base import Amount, Frozen
from tieout.domain.money import minor_unit
from tieout.domain.order import LineKind, Order, OrderLine
from tieout.errors import RejectedError

ITEM_CODE_LENGTH_MAX = 30
"""CI_Item.ItemCode, and Xero's Code."""
QUANTITY_PLACES_MAX = 4
"""How many decimals Xero keeps of a quantity; Sage 100 keeps six."""


class Part(Frozen):
    """An item that something sold is, or is made of.

    ``per`` pieces sold are ``pieces`` of the item, counted by its ``unit`` where that is said.
    ``share`` is what the item weighs in the price of a bundle.
    """

    item_code: str
    pieces: Amount = Field(default=Decimal(1), gt=0)
    per: Amount = Field(default=Decimal(1), gt=0)
    unit: str = ""
    share: Amount = Field(default=Decimal(1), ge=0)


Aliases = Mapping[str, tuple[Part, ...]]
"""What is sold, by the shop's variant id or SKU, and the items that it is."""


def is_item_code(code: str) -> bool:
    """Say whether both ledgers can have an item of that code.

    Sage 100 keeps keys in upper case; a code that begins with / is no item on file there.
    """
    is_key = 0 < len(code) <= ITEM_CODE_LENGTH_MAX and code == code.strip().upper()
    return is_key and not code.startswith("/")


def sold_as(text: str) -> str:
    """Return a variant id or a SKU as aliases are looked up by it."""
    return text.strip().upper()


def alias_of(aliases: Aliases, variant_id: str, sku: str) -> tuple[Part, ...]:
    """Return what an alias says that is sold: that of the variant goes before the SKU's."""
    return aliases.get(variant_id) or aliases.get(sold_as(sku)) or ()


def in_items(order: Order, aliases: Aliases) -> Order:
    """Return the order with its goods as items of the ledgers.

    Raises:
        RejectedError: So many of what is sold are no number of the item that both ledgers can hold.
    """
    lines: list[OrderLine] = []
    for line in order.lines:
        if line.kind is not LineKind.PRODUCT:
            lines.append(line)
            continue
        parts = alias_of(aliases, line.variant_id, line.sku)
        if parts:
            lines += _in_parts(order, line, parts)
        else:
            lines.append(line.model_copy(update={"item_code": sold_as(line.sku)}))
    return order.model_copy(update={"lines": tuple(lines)})


def counted(sold: Decimal, part: Part) -> Decimal:
    """Return how many of an item so many pieces sold are.

    Raises:
        RejectedError: It is no number with at most four decimals.
    """
    with localcontext() as context:
        context.traps[Inexact] = True
        try:
            return _trimmed((sold * part.pieces / part.per).quantize(_STEP))
        except Inexact:
            pass
    raise RejectedError(
        f"{sold.normalize():f} sold at {_ratio(part)} are no number of {part.item_code} that both "
        f"ledgers can hold: Xero keeps {QUANTITY_PLACES_MAX} decimals.",
        remedy=(
            "Correct its pieces in include/mappings/item_aliases.csv, or give the ledgers an item "
            "in the unit that the shop sells by; then replay."
        ),
        cause="quantity_not_exact",
        field="quantity",
        value=f"{sold.normalize():f}",
    )


_STEP = Decimal(1).scaleb(-QUANTITY_PLACES_MAX)


def _trimmed(number: Decimal) -> Decimal:
    """Return a number without needless zeros, and without an exponent."""
    return Decimal(f"{number.normalize():f}")


def _ratio(part: Part) -> str:
    return f"{part.pieces:f} for {part.per:f}"


def _split(
    order: Order, line: OrderLine, amount: Decimal, parts: Sequence[Part]
) -> Sequence[Decimal]:
    if len(parts) == 1:
        return [amount]
    try:
        return allocate(amount, [part.share for part in parts], minor_unit(order.currency))
    except ValueError as error:
        raise RejectedError(
            f"{amount} {order.currency} of {line.title!r} cannot be split over its items: {error}.",
            remedy="Correct the amount in the shop, and replay.",
            cause="price_not_representable",
            field="lines",
            value=f"{amount:f}",
        ) from error


def _in_parts(order: Order, line: OrderLine, parts: Sequence[Part]) -> Iterator[OrderLine]:
    """Yield a line for each item, with its share of the price and of every tax."""
    prices = _split(order, line, line.price_total, parts)
    taxes = [_split(order, line, tax.amount, parts) for tax in line.taxes]
    for place, part in enumerate(parts):
        shares = [
            tax.model_copy(update={"amount": amounts[place]})
            for tax, amounts in zip(line.taxes, taxes, strict=True)
        ]
        changes = {
            "item_code": part.item_code,
            "quantity": counted(line.quantity, part),
            "unit": part.unit,
            "price_total": prices[place],
            "taxes": tuple(shares),
        }
        yield line.model_copy(update=changes)
