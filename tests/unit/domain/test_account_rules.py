"""Rules over sales: which apply, on which days, and which can never count."""

from datetime import date

import pytest
from pydantic import ValidationError

from tieout.domain.account_rules import (
    NO_TAX,
    AccountRule,
    Sale,
    TrackingRule,
    first_match,
    tracking_of,
    unreachable,
)
from tieout.domain.suggestions import in_words, ranked

LAMP = Sale(
    book_date=date(2026, 11, 29),
    category="Lighting",
    item_class="LITE",
    warehouse="000",
    tax="State Tax",
    channel="web",
)


@pytest.mark.parametrize(
    ("condition", "met", "unmet"),
    [
        ("category", "lighting", "kitchen"),
        ("item_class", "lite", "KTCH"),
        ("warehouse", "000", "001"),
        ("tax", "State Tax", NO_TAX),
        ("channel", "WEB", "pos"),
    ],
)
def test_each_condition_must_hold_in_any_case_of_letters(condition, met, unmet):
    assert AccountRule(role="r", **{condition: met}).matches(LAMP)
    assert not AccountRule(role="r", **{condition: unmet}).matches(LAMP)
    assert AccountRule(role="r", **{condition: [unmet, met]}).matches(LAMP)


def test_what_nobody_knows_of_a_sale_meets_no_condition():
    assert not AccountRule(role="r", category="Lighting").matches(Sale(book_date=LAMP.book_date))


@pytest.mark.parametrize(
    ("day", "is_valid"),
    [("2026-10-31", False), ("2026-11-01", True), ("2026-11-30", True), ("2026-12-01", False)],
)
def test_a_rule_applies_from_its_first_to_its_last_book_date(day, is_valid):
    rule = AccountRule(role="r", valid_from=date(2026, 11, 1), valid_until=date(2026, 11, 30))

    assert rule.matches(LAMP.model_copy(update={"book_date": date.fromisoformat(day)})) is is_valid


def test_days_in_the_wrong_order_are_refused():
    with pytest.raises(ValidationError, match="valid_until 2026-01-01 is before"):
        AccountRule(role="r", valid_from=date(2026, 1, 2), valid_until=date(2026, 1, 1))


def test_the_first_that_matches_counts():
    rules = [
        AccountRule(role="kitchen", item_class="KTCH"),
        AccountRule(role="web_lighting", item_class="LITE", channel="web"),
        AccountRule(role="lighting", item_class="LITE"),
    ]

    assert first_match(rules, LAMP) == rules[1]
    assert first_match(rules, LAMP.model_copy(update={"channel": "pos"})) == rules[2]
    assert first_match(rules, LAMP.model_copy(update={"item_class": "HOME"})) is None


def test_every_tracking_category_gives_one_option():
    rules = [
        TrackingRule(tracking="Channel", option="Shop counter", channel="pos"),
        TrackingRule(tracking="Channel", option="Web", channel="web"),
        TrackingRule(tracking="Region", option="East", warehouse=["000", "001"]),
        TrackingRule(tracking="Channel", option="Other"),
    ]

    found = tracking_of(rules, LAMP)

    assert [(one.name, one.option) for one in found] == [("Channel", "Web"), ("Region", "East")]


@pytest.mark.parametrize(
    ("rules", "hidden"),
    [
        ([{"item_class": "LITE"}, {"item_class": "LITE", "channel": "web"}], (1, 0)),
        ([{"item_class": ["LITE", "HOME"]}, {"item_class": "lite"}], (1, 0)),
        ([{"item_class": "LITE"}, {}, {"channel": "pos"}], (2, 1)),
        ([{"item_class": "LITE", "channel": "web"}, {"item_class": "LITE"}], None),
        ([{"item_class": "LITE", "valid_until": "2026-12-31"}, {"item_class": "LITE"}], None),
        (
            [
                {"item_class": "LITE", "valid_from": "2026-01-01"},
                {"item_class": "LITE", "valid_from": "2026-06-01", "valid_until": "2026-07-01"},
            ],
            (1, 0),
        ),
    ],
)
def test_a_rule_that_an_earlier_one_covers_can_never_count(rules, hidden):
    assert unreachable([AccountRule(role="r", **rule) for rule in rules]) == hidden


def test_suggestions_are_the_likest_first_and_always_the_same():
    chart = {"200": "Sales", "201": "Sales of lighting", "260": "Freight charged"}

    assert [one.value for one in ranked("lighting", chart)] == ["201"]
    assert [
        one.value for one in ranked("LL-TEA-1", {"LL-TEA-01": "", "LL-TEA-02": "", "X": ""})
    ] == [
        "LL-TEA-01",
        "LL-TEA-02",
    ]
    assert in_words(ranked("LAMP-1", {"LAMP-01": ""})) == "; nearest: LAMP-01 (92 %)"
    assert in_words(ranked("LAMP-1", {"TRAY": ""})) == ""
