"""T-51, T-60, T-61, T-66: hostile values in an order of the shop.

Whatever stands in an order, it is read to the right value or refused by its place; nothing is cut,
rounded, guessed or run.
"""

import json
import random
import unicodedata
from collections import Counter
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tieout.domain.order import LineKind, Order
from tieout.errors import RejectedError
from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs
from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    invoice_record,
    make_line,
    make_node,
    make_shipping,
    make_tax,
    sage100_net,
    sales_order_record,
    xero_tax,
    xero_total,
)
from unit.usecases.test_steps import node as golden

PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
MAPPER = YamlMapper(ROOT / "include", PAIR)
SEED = 60
CENTS = {"USD": 2, "JPY": 0, "KWD": 3}
"""Decimals by currency; only the first is the company's, the others are read and parked."""


def charged(chance: random.Random) -> tuple[dict[str, Any], str, Decimal]:
    """Return a node, its currency, and by how much its total differs from its parts."""
    currency = chance.choice(["USD", "USD", "JPY", "KWD"])
    smallest = Decimal(1).scaleb(-CENTS[currency])
    included = chance.random() < 0.5
    lines, net, tax = [], Decimal(0), Decimal(0)
    for number in range(chance.randint(1, 5)):
        price, quantity = chance.randrange(1, 200_000) * smallest, chance.randint(1, 40)
        discount = (price * quantity * chance.randrange(60) / 100).quantize(smallest)
        share = ((price * quantity - discount) * Decimal("0.07")).quantize(smallest)
        lines.append(
            make_line(
                number,
                str(price),
                quantity=quantity,
                discounts=[str(discount)],
                taxes=[make_tax(str(share))],
            )
        )
        net, tax = net + price * quantity - discount, tax + share
    freight = chance.randrange(9_999) * smallest
    off = chance.choice([Decimal(0), smallest, -smallest])
    total = net + freight + (0 if included else tax) + off
    shipping = [make_shipping(str(freight))]
    node = make_node(lines, total=str(total), tax=str(tax), shipping=shipping)
    return _in_currency(node, currency) | {"taxesIncluded": included}, currency, off


def _in_currency(node: Any, currency: str) -> Any:
    if isinstance(node, dict):
        return {
            name: currency if name == "currencyCode" else _in_currency(value, currency)
            for name, value in node.items()
        }
    return [_in_currency(item, currency) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    "invoices", [2_000, pytest.param(20_000, id="20,000", marks=pytest.mark.tier2)]
)
def test_money_is_exact_in_every_currency_and_a_difference_stays_visible(invoices: int) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable orders
    seen: Counter[str] = Counter()
    for _ in range(invoices):
        node, currency, off = charged(chance)
        order = MAPPER.order_from_shop(node)
        seen[f"{currency} {'off' if off else 'exact'}"] += 1
        assert order.total - order.lines_total == off
        assert -Decimal(order.total.as_tuple().exponent) == CENTS[currency]
        if currency == PAIR.currency and not off:
            assert_books_carry(order)
    assert len(seen) == 2 * len(CENTS), "not injected"


def assert_books_carry(order: Order) -> None:
    invoice = MAPPER.payload("to_xero/invoice", invoice_record(order))
    assert (xero_total(invoice), xero_tax(invoice)) == (order.total, order.tax)
    document = MAPPER.payload("to_sage100/sales_order", sales_order_record(order))
    goods = sum((line.net for line in order.lines_of(LineKind.PRODUCT)), Decimal(0))
    assert sage100_net(document) == goods


NO_NUMBERS = (
    "NaN",
    "-NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1e2",
    "1E+2",
    "1,10",
    "1.234,56",
    "1 000",
    "1_000",
    "+5",
    ".5",
    "5.",
    "0x10",
    "",
    " ",
    "\u0661\u0662",
    "12\u00a0",
    "1" * 400,
    "0." + "1" * 400,
    True,
    [],
    {},
)


MONEY = (
    ("totalPriceSet", "shopMoney", "amount"),
    ("totalTaxSet", "shopMoney", "amount"),
    ("lineItems", "nodes", 0, "originalUnitPriceSet", "shopMoney", "amount"),
    ("lineItems", "nodes", 0, "quantity"),
    ("lineItems", "nodes", 0, "taxLines", 0, "rate"),
    ("lineItems", "nodes", 0, "taxLines", 0, "priceSet", "shopMoney", "amount"),
    ("shippingLines", "nodes", 0, "discountedPriceSet", "shopMoney", "amount"),
    ("transactions", 0, "amountSet", "shopMoney", "amount"),
)


def test_what_is_no_plain_number_is_refused_wherever_it_stands() -> None:
    sound = golden("order_1042")
    tried = 0
    for path in MONEY:
        for value in NO_NUMBERS:
            node = deepcopy(sound)
            parent = node
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = value
            tried += 1
            with pytest.raises(RejectedError, match="cannot be read"):
                MAPPER.order_from_shop(node)
    assert tried == len(MONEY) * len(NO_NUMBERS)


ALPHABETS = {
    "composed and decomposed": "\u00e9e\u0301\u1e9b\u0323\ufb01n\u0303",
    "zero width": "a\u200b\u200c\u200d\u2060\ufeff",
    "right to left": "\u202e\u202d\u2066\u2069\u05d0\u0627",
    "surrogates": "a\ud800\udfff",
    "controls": "a\x00\x01\x07\x08\x1b\x7f\x85\x9f",
    "emoji": "\U0001f9fe\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "other scripts": "\u6f22\u5b57\u0416\u0e01\u0915",
    "separators": "a|\u00a6\t\r\n\u2028\u2029\u0160",
    "long": "abcdefgh ",
}
TEXT_PLACES = (
    ("lineItems", "nodes", 0, "title"),
    ("lineItems", "nodes", 0, "sku"),
    ("shippingAddress", "address1"),
    ("shippingAddress", "city"),
    ("billingAddress", "name"),
    ("customer", "firstName"),
    ("customer", "lastName"),
    ("note",),
)


def put(node: dict[str, Any], path: tuple[Any, ...], value: object) -> None:
    parent: Any = node
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value


def strings(value: Any) -> list[str]:
    """Return every text in a payload."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def payloads(order: Order) -> tuple[Any, Any]:
    return (
        MAPPER.payload("to_xero/invoice", invoice_record(order)),
        MAPPER.payload("to_sage100/sales_order", sales_order_record(order)),
    )


def visible(text: str) -> str:
    """Return what of a text is to be seen: controls, signs without a width and blanks are not."""
    return "".join(letter for letter in text if unicodedata.category(letter)[0] not in "CZ")


@pytest.mark.parametrize("texts", [1_000, pytest.param(5_000, id="5,000", marks=pytest.mark.tier2)])
def test_any_text_arrives_whole_or_its_order_is_refused(texts: int) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable texts
    sound = golden("order_1042")
    outcomes: Counter[str] = Counter()
    for number in range(texts):
        kind = chance.choice(list(ALPHABETS))
        length = chance.choice([1, 5, 30, 31, 60, 255, 4100]) if kind == "long" else 12
        text = "".join(chance.choices(ALPHABETS[kind], k=length)) + f"{number}x"
        place = chance.choice(TEXT_PLACES)
        node = deepcopy(sound)
        put(node, place, text)
        try:
            order = MAPPER.order_from_shop(node)
            xero, sage = payloads(order)
        except RejectedError:
            outcomes[f"{kind} refused"] += 1
            continue
        outcomes[f"{kind} whole"] += 1
        if place[-1] == "title":
            assert any(visible(text) in visible(line) for line in strings(xero)), (kind, text)
        for line in strings(sage):
            # What Sage cannot hold is written letter by letter or refused; never "?" or cut short.
            assert line.encode("cp1252").decode("cp1252").isprintable(), (kind, line)
    assert {kind.rpartition(" ")[0] for kind in outcomes} == set(ALPHABETS), "not injected"
    assert outcomes["long refused"] > 0


INJECTIONS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1,1)",
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Robert'); DROP TABLE AR_Customer;--",
    "' OR '1'='1",
    '" OR Name!=null OR Name=="',
    "{{7*7}}",
    "{7*7}",
    "${7*7}",
    "%s%n",
    "#{7*7}",
    "${jndi:ldap://x/a}",
    "__import__('os').system('id')",
    "a%0d%0aSet-Cookie: x=1",
    "../../../../etc/passwd",
    "$(id)",
    "`id`",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_that_some_program_would_run_is_only_text(text: str) -> None:
    sound = golden("order_1042")
    for place in TEXT_PLACES:
        node = deepcopy(sound)
        put(node, place, text)
        try:
            xero, sage = payloads(MAPPER.order_from_shop(node))
        except RejectedError:
            continue
        plain = payloads(MAPPER.order_from_shop(sound))
        assert json.dumps(xero).count("49") == json.dumps(plain[0]).count("49") + text.count("49")
        if place[-1] == "title":
            assert any(text in line for line in strings(xero))
            assert len(sage["lines"]) == len(plain[1]["lines"])
