"""What a shop sells, as items: aliases, units exactly, bundles to the cent."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.items import Aliases, Part, in_items, is_item_code
from tieout.domain.order import LineKind, Order, OrderLine, TaxShare
from tieout.errors import RejectedError

ROOT = Path(__file__).parents[3]
WORKED = Order.model_validate(
    json.loads((ROOT / "tests/golden/order/order_1042.canonical.json").read_text("utf-8"))
)
LINE = WORKED.lines[0]
SET = (
    Part(item_code="POT", share=Decimal(60)),
    Part(item_code="CUP", pieces=Decimal(4), share=Decimal(40)),
)


def sold(aliases: Aliases, **changes: object) -> tuple[OrderLine, ...]:
    order = WORKED.model_copy(update={"lines": (LINE.model_copy(update=changes),)})
    return in_items(order, aliases).lines


def part(code: str, pieces: str = "1", per: str = "1", unit: str = "") -> tuple[Part, ...]:
    return (Part(item_code=code, pieces=Decimal(pieces), per=Decimal(per), unit=unit),)


def test_without_an_alias_an_item_is_its_sku_in_upper_case() -> None:
    (line,) = sold({}, sku=" lamp-01 ")
    assert (line.item_code, line.quantity, line.sku) == ("LAMP-01", LINE.quantity, " lamp-01 ")


def test_the_alias_of_the_variant_goes_before_that_of_the_sku() -> None:
    aliases = {LINE.variant_id: part("BY-VARIANT"), "LAMP-01": part("BY-SKU")}
    assert [one.item_code for one in sold(aliases)] == ["BY-VARIANT"]
    assert [one.item_code for one in sold(aliases, variant_id="", sku="lamp-01")] == ["BY-SKU"]


def test_freight_is_no_item() -> None:
    (line,) = sold({"": part("NOTHING")}, kind=LineKind.SHIPPING, sku="", item_code="")
    assert line.item_code == ""


@pytest.mark.parametrize(
    ("quantity", "pieces", "per", "counted"),
    [
        ("3", "12", "1", "36"),
        ("3", "1", "12", "0.25"),
        ("12", "1", "12", "1"),
        ("3", "1", "3", "1"),
        ("3", "0.05", "1", "0.15"),
        ("1", "1", "10000", "0.0001"),
        ("1000", "1", "1", "1000"),
    ],
)
def test_a_quantity_is_counted_by_the_items_unit(
    quantity: str, pieces: str, per: str, counted: str
) -> None:
    aliases = {"LAMP-01": part("LAMP", pieces, per, "CASE")}
    (line,) = sold(aliases, quantity=Decimal(quantity))
    assert (str(line.quantity), line.unit, line.price_total) == (counted, "CASE", LINE.price_total)


@pytest.mark.parametrize(
    ("quantity", "pieces", "per"), [("1", "1", "12"), ("1", "1", "20000"), ("2", "1", "3")]
)
def test_a_quantity_that_is_not_exact_is_refused(quantity: str, pieces: str, per: str) -> None:
    with pytest.raises(RejectedError) as caught:
        sold({"LAMP-01": part("LAMP", pieces, per)}, quantity=Decimal(quantity))
    assert (caught.value.cause, caught.value.value) == ("quantity_not_exact", quantity)
    assert f"{quantity} sold at {pieces} for {per} are no number of LAMP" in caught.value.message


def test_a_bundle_is_its_items_and_leaves_no_cent() -> None:
    tax = TaxShare(title="State", rate=Decimal("0.07"), amount=Decimal("0.71"))
    pot, cup = sold({"LAMP-01": SET}, price_total=Decimal("10.01"), taxes=(tax,))
    assert [(one.item_code, one.quantity) for one in (pot, cup)] == [
        ("POT", LINE.quantity),
        ("CUP", 4 * LINE.quantity),
    ]
    assert (pot.price_total, cup.price_total) == (Decimal("6.01"), Decimal("4.00"))
    assert (pot.tax, cup.tax) == (Decimal("0.43"), Decimal("0.28"))
    assert pot.identity != cup.identity


cents = st.integers(-99_999, 99_999).map(lambda number: number * Decimal("0.01"))
shares = st.lists(st.integers(1, 500), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(price=cents, taxes=st.lists(cents, max_size=3), shares=shares, included=st.booleans())
def test_a_bundle_adds_up_to_what_the_shop_charged(
    *, price: Decimal, taxes: list[Decimal], shares: list[int], included: bool
) -> None:
    parts = tuple(
        Part(item_code=f"ITEM-{number}", share=Decimal(share))
        for number, share in enumerate(shares)
    )
    charged = tuple(
        TaxShare(title=str(number), rate=Decimal("0.1"), amount=amount)
        for number, amount in enumerate(taxes)
    )
    lines = sold({"LAMP-01": parts}, price_total=price, taxes=charged, taxes_included=included)
    assert sum(one.price_total for one in lines) == price
    for number, amount in enumerate(taxes):
        assert sum(one.taxes[number].amount for one in lines) == amount


def test_an_amount_below_the_cent_is_not_split() -> None:
    with pytest.raises(RejectedError, match=r"10\.005 USD of '.*' cannot be split"):
        sold({"LAMP-01": SET}, price_total=Decimal("10.005"))


@pytest.mark.parametrize("code", ["", "lamp", " LAMP", "/LAMP", "L" * 31])
def test_no_ledger_has_an_item_of_that_code(code: str) -> None:
    assert not is_item_code(code)
    assert is_item_code("L" * 30)
