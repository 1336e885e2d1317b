from datetime import UTC, date, datetime

import pytest

from tieout.errors import RejectedError
from tieout.mapping import readings


def test_a_text_is_the_first_that_says_something_without_blanks_around_it():
    assert readings.text(None, "  ", " Dana ", "x") == "Dana"
    assert readings.text(None) == ""


def test_words_have_single_blanks_between_them():
    assert readings.words(" Dana  Maria", None, "Okafor ") == "Dana Maria Okafor"


def test_titled_leaves_out_what_says_nothing():
    assert readings.titled("Cup", None, "Blue") == "Cup - Blue"
    assert readings.titled("Suite 3", "", separator=", ") == "Suite 3"


def test_a_plain_line_is_whatever_was_said_on_one_line():
    said = (" a\nb ", True, 7, ["vip", None, "trade"], None)

    assert [readings.plain_line(one) for one in said] == ["a b", "true", "7", "vip, trade", ""]


def test_one_flag_that_is_set_is_enough():
    assert readings.is_true(None, False, True)  # noqa: FBT003 - flags are what it takes
    assert not readings.is_true(None, False)  # noqa: FBT003 - as above


def test_a_time_is_the_first_that_is_there():
    assert readings.moment(None, "2026-11-29T15:00:05Z") == datetime(
        2026, 11, 29, 15, 0, 5, tzinfo=UTC
    )
    assert readings.is_moment("2026-11-29T15:00:05Z")
    assert not readings.is_moment(None)


def test_a_day_is_the_calendars_of_its_zone():
    assert readings.day_in("America/New_York", "2026-12-01T04:30:00Z") == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("amount", "currency", "exact"),
    [
        ("31.8", "USD", "31.80"),
        ("31.0", "JPY", "31"),
        ("1.005", "USD", "1.005"),
        (5, "USD", "5.00"),
    ],
)
def test_an_amount_gets_its_currencys_decimals_and_keeps_its_value(amount, currency, exact):
    assert str(readings.exact_amount(amount, currency)) == exact


def test_the_last_part_of_a_global_id_is_its_number():
    assert readings.last_part("gid://shopify/LineItem/5?x=1") == "5"
    assert readings.last_part("tip") == "tip"


def test_an_address_is_of_its_name_else_of_first_and_last():
    assert readings.shop_address_name({"name": "Dock  4", "firstName": "D"}) == "Dock 4"
    assert readings.shop_address_name({"firstName": "Dana", "lastName": "Okafor"}) == "Dana Okafor"
    assert readings.shop_address_name(None) == ""


def test_a_buyer_is_called_as_the_customer_else_the_address_else_the_shop_says():
    shown = {"displayName": "dana@example.com"}
    address = {"name": "Dock 4"}

    named = {"firstName": "Dana", **shown}
    assert readings.shop_buyer_name(customer=named, address=address) == "Dana"
    assert readings.shop_buyer_name(customer=shown, address=address) == "Dock 4"
    assert readings.shop_buyer_name(customer=shown, address={}) == "dana@example.com"
    assert readings.shop_buyer_name(customer=None, address=None) == ""


def test_goods_leave_from_the_fulfillments_location_else_the_tills():
    assigned = {"assignedLocation": {"location": {"legacyResourceId": "71001"}}}
    till = {"retailLocation": {"legacyResourceId": "71002"}}

    assert readings.shop_location({"fulfillmentOrders": {"nodes": [assigned]}, **till}) == "71001"
    assert readings.shop_location(till) == "71002"
    assert readings.shop_location({}) == ""


def test_a_refund_of_nothing_counts_unless_the_order_was_edited():
    nothing = {"refunds": [{"totalRefundedSet": {"shopMoney": {"amount": "0.0"}}}]}

    assert readings.shop_is_refunded(nothing)
    assert not readings.shop_is_refunded({**nothing, "edited": True})
    assert readings.shop_is_refunded({"totalRefundedSet": {"shopMoney": {"amount": "5.0"}}})
    assert not readings.shop_is_refunded({})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("US", "US"),
        ("nz", "NZ"),
        ("United States", "US"),
        ("new  zealand", "NZ"),
        ("Atlantis", "Atlantis"),
        (None, ""),
    ],
)
def test_a_country_is_its_code_when_we_know_it(said, code):
    assert readings.country_code(said) == code


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (readings.text, 7, "'7' is not a text"),
        (readings.is_true, "yes", "'yes' is not true or false"),
        (readings.moment, None, "It is missing"),
        (readings.moment, "2026-11-29T15:00:05", "has no time zone"),
        (readings.is_moment, "once", "'once' is not a time"),
        (lambda amount: readings.exact_amount(amount, "USD"), "1e2", "'1e2' is not a plain number"),
        (lambda amount: readings.exact_amount(amount, "USD"), None, "It is missing"),
        (readings.plain_line, {"a": 1}, "is not a text"),
        (readings.last_part, ["5"], "is not a text"),
    ],
)
def test_what_is_of_another_kind_is_refused(read, value, problem):
    with pytest.raises(RejectedError, match=problem) as caught:
        read(value)

    assert caught.value.cause == "not_of_type"
