from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.order import LineKind, OrderLine, TaxShare
from tieout.errors import RejectedError
from tieout.mapping import functions
from tieout.mapping.texts import Altered
from tieout.stack.function_reference import reference
from unit.mapping.profile import REPEATABLE

ROOT = Path(__file__).parents[3]


def make_order_line(price_total, quantity="1", *, tax="0", included=False, kind=LineKind.PRODUCT):
    return OrderLine(
        source_id="1",
        kind=kind,
        title="Linen\n shade",
        quantity=Decimal(quantity),
        price_total=Decimal(price_total),
        taxes=(TaxShare(title="VAT", rate=Decimal("0.2"), amount=Decimal(tax)),),
        taxes_included=included,
    )


def test_every_function_says_in_a_sentence_what_it_does():
    lacking = [name for name, one in functions.FUNCTIONS.items() if not one.__doc__]

    assert lacking == []


def test_the_document_is_what_the_docstrings_say():
    assert reference() in (ROOT / "docs/reference/mapping-functions.md").read_text("utf-8")


def test_join_leaves_out_what_is_empty():
    assert functions.join("HP-1042", "", "8411") == "HP-1042 8411"
    assert functions.join("a", "b", separator=", ") == "a, b"


def test_first_of_takes_the_first_that_says_something():
    assert functions.first_of("", "b", "c") == "b"
    assert functions.first_of("", "") == ""


def test_fill_puts_values_into_the_sentence():
    assert functions.fill(template="Order {name}.", name="#1042") == "Order #1042."


def test_money_has_two_decimals():
    assert functions.money(Decimal("31.8")) == "31.80"
    assert functions.money(Decimal(31)) == "31.00"


def test_money_with_more_decimals_is_refused():
    with pytest.raises(RejectedError) as caught:
        functions.money(Decimal("0.005"))

    assert (caught.value.cause, caught.value.value) == ("price_not_representable", "0.005")


@pytest.mark.parametrize(("number", "text"), [("3.00", "3"), ("100", "100"), ("0.250", "0.25")])
def test_quantities_have_no_needless_zeros(number, text):
    assert functions.quantity(Decimal(number)) == text


def test_amounts_can_go_under_a_code():
    assert functions.amounts_by_code({"STATE": Decimal("7.21")}) == {"STATE": "7.21"}
    assert functions.amounts_by_code({}) == {}


def test_shipping_is_summed_without_tax_and_without_goods():
    lines = [
        make_order_line("12.00", tax="2.00", included=True, kind=LineKind.SHIPPING),
        make_order_line("3.00", kind=LineKind.SHIPPING),
        make_order_line("99.00"),
    ]

    assert functions.shipping_net(lines) == "13.00"
    assert functions.shipping_net([]) == "0.00"


def test_a_price_that_divides_goes_to_xero_per_piece():
    line = make_order_line("29.99", "3")

    assert functions.xero_unit_amount(line) == "9.9967"
    assert functions.xero_quantity(line) == "3"
    assert functions.xero_description(line) == "Linen shade"


def test_a_price_that_does_not_divide_goes_to_xero_as_one_piece():
    line = make_order_line("1000.01", "700")

    assert functions.xero_unit_amount(line) == "1000.01"
    assert functions.xero_quantity(line) == "1"
    assert functions.xero_description(line) == "700 x Linen shade"


def test_nothing_sold_has_no_price_per_piece():
    assert functions.xero_quantity(make_order_line("5.00", "0")) == "1"


def test_the_price_in_sage_100_is_the_net_with_six_decimals():
    line = make_order_line("100.00", "7", tax="16.67", included=True)

    assert functions.sage100_unit_price(line) == "11.904286"


def test_a_price_that_six_decimals_cannot_give_is_refused():
    with pytest.raises(RejectedError) as caught:
        functions.sage100_unit_price(make_order_line("10000.01", "70000"))

    assert caught.value.cause == "price_not_representable"
    assert "times 70000 gives 10000.01" in caught.value.message


def test_keys_are_upper_case():
    assert functions.sage100_key(" lamp-01 ", length=30) == "LAMP-01"


@pytest.mark.parametrize("key", ["ŠKODA-1", "測試"])
def test_keys_are_never_transliterated(key):
    with pytest.raises(RejectedError, match="no key of Sage 100"):
        functions.sage100_key(key, length=30)


def test_a_key_that_is_too_long_is_refused():
    with pytest.raises(RejectedError, match="takes 3 characters here; 'ABCD' has 4"):
        functions.sage100_key("abcd", length=3)


@pytest.mark.parametrize("text", ["Café Müller", "Søren", "“quoted” £ 5 €", "žena"])
def test_what_cp1252_has_stays_as_it_is(text):
    assert functions.sage100_text(text, length=50) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Šárka", "Sárka"),
        ("Łódź", "Lódz"),
        ("張小明", "ZhangXiaoMing"),
        ("Cafe\u0301", "Café"),
        ("two\nlines", "two lines"),
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("wide\u00a0blank", "wide blank"),
        ("bell\x07", "bell"),
    ],
)
def test_what_cp1252_lacks_is_written_letter_by_letter_and_says_so(text, written):
    assert functions.sage100_text(text, length=50) == Altered(text=written, original=text)


def test_a_text_that_is_too_long_is_refused_and_never_cut():
    with pytest.raises(RejectedError) as caught:
        functions.sage100_text("x" * 51, length=50)

    assert caught.value.cause == "too_long"
    assert caught.value.value == "x" * 51


@REPEATABLE
@given(st.text(max_size=30))
def test_any_text_for_sage_100_is_printable_cp1252_without_its_separator(text):
    result = functions.sage100_text(text, length=1000)
    written = result.text if isinstance(result, Altered) else result

    written.encode("cp1252")
    assert "\u0160" not in written
    assert written.isprintable()


def test_a_contact_name_has_no_angle_brackets_and_single_blanks():
    assert functions.xero_name("Dana Okafor") == "Dana Okafor"
    assert functions.xero_name("Dana  <b>") == Altered(text="Dana b", original="Dana  <b>")


def test_a_contact_name_that_is_too_long_is_refused():
    with pytest.raises(RejectedError, match="Xero takes 255 characters"):
        functions.xero_name("x" * 256)
