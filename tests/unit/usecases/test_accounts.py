"""The account rules over orders: accounts, what has none, coverage and what looks like a miss."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from fakes import EMPTY_SAGE100, EMPTY_XERO
from tieout.domain.account_rules import AccountRule
from tieout.domain.order import LineKind
from tieout.domain.pair import Account
from tieout.errors import RejectedError
from tieout.mapping.mapper import YamlMapper
from tieout.ports.systems import StockItem
from tieout.settings import load_pairs
from tieout.stack.account_reports import coverage_text
from tieout.usecases.accounts import (
    account_of,
    coverage,
    missing_accounts,
    ruled_account,
    with_item_facts,
    without_account,
)

ROOT = Path(__file__).parents[3]
PLAIN = load_pairs(ROOT / "include")["harbor_and_pine"]
LIGHTING = Account(role="sales_lighting", xero="201", sage100="401-00")
RULES = (AccountRule(role="sales_lighting", item_class="LITE"),)
PAIR = PLAIN.model_copy(update={"accounts": (*PLAIN.accounts, LIGHTING), "account_rules": RULES})
STRICT = PAIR.model_copy(
    update={"accounts": tuple(one for one in PAIR.accounts if one.role != "sales")}
)
NODE = json.loads((ROOT / "tests/golden/order/order_1042.shopify.json").read_text("utf-8"))
SAGE100 = EMPTY_SAGE100.model_copy(
    update={
        "accounts": frozenset(one.sage100 for one in PAIR.accounts),
        "items": {
            "LAMP-01": StockItem(category="", product_line="LITE"),
            "SHADE-02": StockItem(category="Textiles", product_line="HOME"),
        },
    }
)
XERO = EMPTY_XERO.model_copy(
    update={
        "account_codes": frozenset(one.xero for one in PAIR.accounts),
        "account_names": {"200": "Sales", "201": "Sales of lighting"},
    }
)


@pytest.fixture(scope="module")
def order():
    read = YamlMapper(ROOT / "include", PLAIN).order_from_shop(NODE)
    return with_item_facts(read, SAGE100)


def test_a_rule_gives_both_ledgers_its_accounts_and_the_rest_goes_to_the_default(order):
    lamp, shade, shipping = order.lines

    assert (account_of(PAIR, order, lamp).xero, ruled_account(PAIR, order, lamp)) == (
        "201",
        "401-00",
    )
    assert (account_of(PAIR, order, shade).xero, ruled_account(PAIR, order, shade)) == ("200", "")
    assert shipping.kind is LineKind.SHIPPING
    assert account_of(PAIR, order, shipping).xero == "260"


def test_without_a_default_a_miss_is_named_with_what_looks_like_it(order):
    assert without_account(PAIR, order, XERO) == []
    (missing,) = without_account(STRICT, order, XERO)
    assert missing.startswith("SHADE-02 (category Textiles, item_class HOME, warehouse 000, ")
    with pytest.raises(RejectedError, match="No account rule of harbor_and_pine matches"):
        account_of(STRICT, order, order.lines[1])


def test_a_miss_that_meets_part_of_a_rule_suggests_its_role(order):
    on_web = AccountRule(role="sales_lighting", item_class="HOME", channel="pos")
    pair = STRICT.model_copy(update={"account_rules": (on_web, *RULES)})

    (missing,) = without_account(pair, order, XERO)

    assert "nearest: sales_lighting (50 %)" in missing


def test_coverage_counts_lines_and_money_and_names_the_gaps(order):
    found = coverage(PAIR, [order, order], XERO.account_names)

    assert (found.lines, found.by_rule, found.by_default) == (4, 2, 2)
    assert (found.rules_percent, found.percent) == (Decimal("50.0"), Decimal("100.0"))
    assert (found.net, found.net_by_rule) == (Decimal("189.84"), Decimal("107.94"))
    (gap,) = found.gaps
    assert (gap.sale.item_class, gap.lines, gap.net, gap.has_account) == (
        "HOME",
        2,
        Decimal("81.90"),
        True,
    )


def test_coverage_without_a_default_shows_what_has_no_account(order):
    found = coverage(STRICT, [order], XERO.account_names)

    assert (found.percent, found.gaps[0].has_account) == (Decimal("50.0"), False)
    assert coverage(STRICT, [], {}).percent == Decimal("100.0")


def test_coverage_is_told_in_percent_with_what_each_gap_may_be(order):
    said = coverage_text(coverage(STRICT, [order], XERO.account_names), days=30)

    assert "of 2 lines sold in 30 days, 50.0 % have one: 1 by a rule (50.0 %), 0 by the" in said
    (gap,) = said.splitlines()[4:]
    assert "item_class HOME" in gap
    assert gap.split("  ")[-2].strip() == "nowhere"
    assert coverage_text(coverage(STRICT, [], {}), days=30).endswith("nothing was sold in 30 days.")
    assert "--connections" in coverage_text(None, days=30)


def test_what_a_chart_lacks_is_named_with_the_nearest_account():
    xero = XERO.model_copy(
        update={
            "account_codes": XERO.account_codes - {"201"},
            "account_names": {"200": "Sales", "210": "Lighting sold"},
        }
    )

    assert missing_accounts(PAIR, xero, SAGE100) == [
        "Xero 201 (sales_lighting; nearest: 200 (100 %), 210 (100 %))"
    ]
    assert missing_accounts(STRICT, XERO, SAGE100) == []
    plain = PLAIN.model_copy(update={"accounts": STRICT.accounts})
    assert missing_accounts(plain, XERO, SAGE100) == ["no account for sales"]
