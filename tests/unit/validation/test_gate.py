import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tieout.errors import ConfigurationError, FatalError
from tieout.validation import data_docs
from tieout.validation.gate import GreatExpectationsGate

ROOT = Path(__file__).parents[3]
EXPECTATIONS = ROOT / "include" / "expectations"
BAD_ROWS = 300


def make_row(row_key="1", **columns):
    return {
        "row_key": row_key,
        "order_name": "#1042",
        "currency": "USD",
        "company_currency": "USD",
        "rejected_currency": "",
        "missing_rates": "",
        "line_count": 2,
        "min_quantity": Decimal(1),
        "lines_total": Decimal("110.13"),
        "total": Decimal("110.13"),
        "total_difference": Decimal("0.00"),
        "lines_tax": Decimal("7.21"),
        "tax": Decimal("7.21"),
        "tax_difference": Decimal("0.00"),
        "tax_max_deviation": Decimal("0.0035"),
        "unknown_items": "",
        "nearest_items": "",
        "too_long_items": "",
        "other_units": "",
        "tracked_items": "",
        "unmapped_taxes": "",
        "tax_beyond_rounding": "",
        "tax_rounding_of_day": Decimal(0),
        "missing_charges": "",
        "unmapped_gateways": "",
        "lines_without_account": "",
        "unknown_tracking": "",
        "missing_accounts": "",
        "book_date": "2026-11-29",
        "closed_through": "2026-10-31",
        "closed_by": "Xero's lock date",
        "period_closed": "no",
        "days_ahead": 0,
        "days_implausible": 0,
        "invoice_number": f"HP-{row_key}",
        "currency_in_xero": "yes",
        "min_line_amount": Decimal("8.00"),
        "unsold_items": "",
        "unknown_warehouse": "",
        "unknown_terms": "",
        "unknown_tax_codes": "",
        "customer_no": "",
        "credit_limit": Decimal(0),
        "owed_then": Decimal(0),
        "beyond_credit": Decimal(0),
        "on_credit_hold": "no",
        "is_refunded": "no",
        "order_changes": "",
        **columns,
    }


@pytest.fixture
def gate(tmp_path):
    return GreatExpectationsGate(EXPECTATIONS, tmp_path / "data_docs")


def made_gate(tmp_path, expectation):
    (tmp_path / "shop_order.yaml").write_text(
        "expectations:\n"
        "  - rule: made_up\n"
        "    severity: warn\n"
        "    owner: shop\n"
        "    message: '{order_name} has {value}.'\n"
        "    remedy: Do something.\n"
        f"    {expectation}\n",
        "utf-8",
    )
    return GreatExpectationsGate(tmp_path, tmp_path / "data_docs")


def test_no_rows_need_no_great_expectations(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tieout.validation.gate import *; "
        "print(GreatExpectationsGate(Path('no'), Path('no')).validate('shop_order', [])); "
        "print([m for m in ('great_expectations', 'pandas') if m in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert printed == "suite='shop_order' findings=() data_docs=''\n[]\n"


def test_a_good_order_has_no_findings(gate):
    assert gate.validate("shop_order", [make_row()]).findings == ()


@pytest.mark.parametrize(
    ("columns", "rule", "severity", "value", "message"),
    [
        (
            {"line_count": 0, "min_quantity": Decimal(0)},
            "order_incomplete",
            "park",
            "0",
            "Order #1042 has no line items, yet the shop charged 110.13 USD.",
        ),
        (
            {"currency": "EUR", "rejected_currency": "EUR"},
            "currency_not_of_company",
            "park",
            "EUR",
            "Order #1042 is in EUR; the company keeps its books in USD.",
        ),
        (
            {"missing_rates": "EUR on 2026-11-29"},
            "exchange_rate_missing",
            "park",
            "EUR on 2026-11-29",
            "no rate recent enough for EUR on 2026-11-29, into USD",
        ),
        (
            {"tax_beyond_rounding": "0.06"},
            "tax_beyond_rounding",
            "park",
            "0.06",
            "is 0.06 USD away from what the shop charged",
        ),
        (
            {"missing_charges": "channel_tax"},
            "charge_item_unmapped",
            "park",
            "channel_tax",
            "needs an item in Sage 100 for channel_tax",
        ),
        (
            {"unknown_items": "NO-SUCH, LAMP-99"},
            "unknown_item",
            "park",
            "NO-SUCH, LAMP-99",
            "Order #1042 sells NO-SUCH, LAMP-99, which Xero and Sage 100 do not both have",
        ),
        (
            {"tracked_items": "LAMP-01"},
            "item_tracked_in_xero",
            "park",
            "LAMP-01",
            "Order #1042 sells LAMP-01, which Xero tracks as inventory",
        ),
        (
            {"min_quantity": Decimal(-2)},
            "quantity_not_positive",
            "park",
            "-2",
            "Order #1042 has a line with a quantity of -2.",
        ),
        (
            {"min_quantity": Decimal(0)},
            "quantity_not_positive",
            "park",
            "0",
            "Order #1042 has a line with a quantity of 0.",
        ),
        (
            {"lines_total": Decimal("110.12"), "total_difference": Decimal("-0.01")},
            "total_does_not_add_up",
            "park",
            "-0.01",
            "come to 110.12 USD, but the shop charged 110.13: they are -0.01 apart.",
        ),
        (
            {"lines_tax": Decimal("7.22"), "tax_difference": Decimal("0.01")},
            "tax_does_not_add_up",
            "park",
            "0.01",
            "The tax of the lines of order #1042 comes to 7.22 USD, but the shop charged 7.21",
        ),
        (
            {"tax_max_deviation": Decimal("0.0101")},
            "tax_implausible",
            "park",
            "0.0101",
            "the charged tax is 0.0101 USD away from its rate times its net",
        ),
        (
            {"unmapped_taxes": "Moon Tax 0.5"},
            "tax_unmapped",
            "park",
            "Moon Tax 0.5",
            "no tax of the books stands for: Moon Tax 0.5.",
        ),
        (
            {"unmapped_gateways": "bitcoin"},
            "gateway_unmapped",
            "park",
            "bitcoin",
            "Order #1042 was paid by bitcoin, which has no clearing account.",
        ),
        (
            {"period_closed": "yes", "closed_through": "2026-11-30"},
            "period_locked",
            "park",
            "yes",
            (
                "Order #1042 is of 2026-11-29, and the books are closed through 2026-11-30 "
                "(Xero's lock date)."
            ),
        ),
        (
            {"is_refunded": "yes"},
            "refund_not_supported",
            "park",
            "yes",
            "Order #1042 was refunded, in part or in full, before it was posted.",
        ),
        (
            {"lines_without_account": "LAMP-01 (item_class LITE)"},
            "account_rule_missing",
            "park",
            "LAMP-01 (item_class LITE)",
            "sells what no account rule names: LAMP-01 (item_class LITE).",
        ),
        (
            {"unknown_tracking": "Channel Web"},
            "tracking_unknown",
            "park",
            "Channel Web",
            "a tracking option that Xero lacks or has archived: Channel Web.",
        ),
        (
            {"missing_accounts": "Xero 200 (sales)"},
            "account_unmapped",
            "halt",
            "Xero 200 (sales)",
            "Nothing can be posted: the books lack Xero 200 (sales).",
        ),
    ],
)
def test_each_rule_says_what_is_wrong_with_the_value(gate, columns, rule, severity, value, message):
    findings = gate.validate("shop_order", [make_row(), make_row("2", **columns)]).findings

    assert [(f.row_key, f.rule, f.severity, f.value) for f in findings] == [
        ("2", rule, severity, value)
    ]
    assert message in findings[0].message
    assert findings[0].remedy
    assert findings[0].owner


def test_a_cent_of_tax_on_a_line_is_rounding_and_more_is_not(gate):
    rows = [
        make_row("1", tax_max_deviation=Decimal("0.01")),
        make_row("2", tax_max_deviation=Decimal("0.010001")),
    ]

    assert [f.row_key for f in gate.validate("shop_order", rows).findings] == ["2"]


def test_every_bad_row_of_many_is_found(gate):
    bad = [
        make_row(f"bad {number}", total_difference=Decimal("0.01"), unknown_items=f"X-{number}")
        for number in range(BAD_ROWS)
    ]
    good = [make_row(f"good {number}") for number in range(BAD_ROWS)]

    findings = gate.validate("shop_order", [*bad, *good]).findings

    expected = [
        (f"bad {number}", rule)
        for number in range(BAD_ROWS)
        for rule in ("unknown_item", "total_does_not_add_up")
    ]
    assert [(finding.row_key, finding.rule) for finding in findings] == expected
    assert findings[-2].value == "X-299"


def test_the_findings_of_a_row_come_in_the_suites_order(gate):
    row = make_row(
        is_refunded="yes", unknown_items="X", rejected_currency="EUR", total_difference=Decimal(1)
    )

    assert [finding.rule for finding in gate.validate("shop_order", [row]).findings] == [
        "currency_not_of_company",
        "unknown_item",
        "total_does_not_add_up",
        "refund_not_supported",
    ]


def test_a_small_difference_is_not_lost_in_floating_point(gate):
    tiny = Decimal("0.000000000000000000000000000001")

    findings = gate.validate("shop_order", [make_row(total_difference=tiny)]).findings

    assert [finding.rule for finding in findings] == ["total_does_not_add_up"]


def test_the_batch_gets_a_page_of_data_docs(gate, tmp_path):
    rows = [make_row(), make_row("2", unknown_items="NO-SUCH-ITEM")]

    page = Path(gate.validate("shop_order", rows, page="7").data_docs)

    assert page.name == "7.html"
    assert page.is_relative_to(tmp_path / "data_docs" / "shop_order")
    text = page.read_text("utf-8")
    assert "NO-SUCH-ITEM" in text
    assert "<title>shop_order</title>" in text
    # Nobody who opens it asks another host for anything: no styles, scripts or pictures.
    assert re.findall(r"<(?:link|script|img)\b|\burl\(|https?:", text) == []


def test_a_validation_without_a_name_for_its_page_has_none(gate, tmp_path):
    assert gate.validate("shop_order", [make_row()]).data_docs == ""
    assert not (tmp_path / "data_docs").exists()


def test_a_page_says_which_rows_failed_and_takes_the_place_of_the_one_before(gate):
    def page_of(row_key):
        rows = [make_row(row_key, rejected_currency="EUR")]
        return Path(gate.validate("shop_order", rows, page="7").data_docs)

    first = page_of("OF-1042")
    assert "OF-1042" in first.read_text("utf-8")
    assert page_of("OF-1043") == first
    assert "OF-1042" not in first.read_text("utf-8")
    assert [one.name for one in first.parent.iterdir()] == ["7.html"]


def test_the_oldest_pages_go_when_there_are_too_many(gate, tmp_path, monkeypatch):
    monkeypatch.setattr(data_docs, "PAGES_MAX", 2)
    for page in ("9", "7", "8"):
        gate.validate("shop_order", [make_row()], page=page)
    kept = (tmp_path / "data_docs" / "shop_order").iterdir()
    assert sorted(one.name for one in kept) == ["7.html", "8.html"]


@pytest.mark.parametrize(
    "rows", [[make_row(), make_row()], [make_row(None)]], ids=["repeated", "missing"]
)
def test_rows_without_keys_of_their_own_are_not_judged(gate, rows):
    with pytest.raises(FatalError, match="do not each have a row_key"):
        gate.validate("shop_order", rows)


def test_an_empty_value_is_not_let_through(gate):
    with pytest.raises(FatalError, match="Row 1 of the gate has no total_difference"):
        gate.validate("shop_order", [make_row(total_difference=None)])


def test_a_column_that_the_rows_lack_is_named(gate):
    rows = [{"row_key": "1"}]

    with pytest.raises(ConfigurationError, match=r"shop_order\.yaml, expectations\.0 \(order_inc"):
        gate.validate("shop_order", rows)


def test_a_rule_that_warns_is_a_finding_like_the_others(tmp_path):
    gate = made_gate(
        tmp_path,
        "type: expect_column_values_to_be_in_set\n    kwargs: {column: order_name, value_set: [x]}",
    )

    findings = gate.validate("shop_order", [make_row()]).findings

    assert [(f.severity, f.message) for f in findings] == [("warn", "#1042 has #1042.")]


@pytest.mark.parametrize(
    "kind",
    [
        "type: expect_column_values_to_be_magic\n    kwargs: {column: currency}",
        "type: expect_column_values_to_be_in_set\n    kwargs: {column: currency, vlue_set: [x]}",
    ],
)
def test_an_expectation_that_great_expectations_lacks_is_named(tmp_path, kind):
    with pytest.raises(ConfigurationError, match="Suite shop_order, rule made_up"):
        made_gate(tmp_path, kind).validate("shop_order", [make_row()])


def test_a_rule_that_cannot_be_judged_lets_nothing_through(tmp_path):
    kind = (
        "type: expect_column_values_to_be_between\n    kwargs: {column: order_name, min_value: 1}"
    )

    with pytest.raises(FatalError, match="could not judge made_up"):
        made_gate(tmp_path, kind).validate("shop_order", [make_row()])
