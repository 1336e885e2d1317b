"""What the gate is told of an order; what it makes of that is tests/unit/validation's."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fakes import EMPTY_SAGE100, EMPTY_XERO
from tieout.domain.closing import Closing
from tieout.domain.items import Part, in_items
from tieout.domain.order import Order
from tieout.domain.pair import PlausibleDates
from tieout.ports.systems import Credit
from tieout.settings import load_pairs
from tieout.usecases.order_items import nearest_items
from tieout.usecases.rows.facts import Known
from tieout.usecases.rows.orders import order_row

ROOT = Path(__file__).parents[3]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
WORKED = Order.model_validate(
    json.loads((ROOT / "tests/golden/order/order_1042.canonical.json").read_text("utf-8"))
)
LIMITED = Credit(
    limit=Decimal("500.00"), owed=Decimal("300.00"), on_order=Decimal("90.00"), is_on_hold=False
)
KNOWN = Known(
    pair=PAIR,
    xero=EMPTY_XERO.model_copy(
        update={
            "account_codes": frozenset(one.xero for one in PAIR.accounts if one.xero),
            "tax_types": frozenset({"TAX001", "NONE"}),
            "item_codes": frozenset({"LAMP-01", "SHADE-02"}),
        }
    ),
    sage100=EMPTY_SAGE100.model_copy(
        update={
            "item_codes": frozenset({"LAMP-01", "SHADE-02"}),
            "accounts": frozenset(one.sage100 for one in PAIR.accounts if one.sage100),
            "warehouse_codes": frozenset({"000", "001", "002"}),
            "terms_codes": frozenset({"00"}),
            "tax_schedules": frozenset({"STATE", "EXEMPT"}),
        }
    ),
    today=date(2026, 11, 29),
    owing={WORKED.source_id: "ADA"},
    credits={"ADA": LIMITED},
)


def row(known: Known = KNOWN, **changes: Any) -> Mapping[str, object]:
    return order_row("1", WORKED.model_copy(update=changes), known)


def xero(**changes: object) -> Known:
    return replace(KNOWN, xero=KNOWN.xero.model_copy(update=changes))


def sage100(**changes: object) -> Known:
    return replace(KNOWN, sage100=KNOWN.sage100.model_copy(update=changes))


def lenders(**changes: object) -> Known:
    return replace(KNOWN, credits={"ADA": LIMITED.model_copy(update=changes)})


def closed(day: date) -> Known:
    return replace(KNOWN, pair=PAIR.model_copy(update={"closed_through": day}))


def taking(**days: int) -> Known:
    policies = PAIR.policies.model_copy(update={"plausible_dates": PlausibleDates(**days)})
    return replace(KNOWN, pair=PAIR.model_copy(update={"policies": policies}))


def test_nothing_is_wrong_with_the_worked_order() -> None:
    facts = row()
    wrong = {name: facts[name] for name in facts if name.startswith(("un", "missing", "tracked"))}
    assert set(wrong.values()) == {""}
    assert (facts["invoice_number"], facts["currency_in_xero"], facts["days_ahead"]) == (
        "HP-1042",
        "yes",
        0,
    )
    assert (facts["period_closed"], facts["closed_through"]) == ("no", "")


@pytest.mark.parametrize(
    ("known", "fact", "told"),
    [
        (xero(unsold_item_codes={"LAMP-01"}), "unsold_items", "LAMP-01 (in Xero)"),
        (sage100(unsold_item_codes={"LAMP-01"}), "unsold_items", "LAMP-01 (in Sage 100)"),
        (sage100(warehouse_codes={"001"}), "unknown_warehouse", "000"),
        (sage100(terms_codes={"30"}), "unknown_terms", "00"),
        (sage100(tax_schedules={"EXEMPT"}), "unknown_tax_codes", "Sage 100 STATE"),
        (xero(tax_types={"NONE"}), "unknown_tax_codes", "Xero TAX001"),
        (xero(base_currency="EUR", currencies={"EUR"}), "currency_in_xero", "no"),
        (replace(KNOWN, today=date(2026, 11, 20)), "days_ahead", 9),
        (replace(KNOWN, today=date(2026, 11, 22)), "days_implausible", 0),
        (replace(KNOWN, today=date(2026, 11, 20)), "days_implausible", 2),
        (replace(KNOWN, today=date(2028, 11, 29)), "days_implausible", 0),
        (replace(KNOWN, today=date(2028, 12, 2)), "days_implausible", 3),
        (replace(taking(days_ahead=9), today=date(2026, 11, 20)), "days_implausible", 0),
        (replace(taking(days_back=30), today=date(2026, 12, 31)), "days_implausible", 2),
        (xero(lock_date=date(2026, 11, 28)), "period_closed", "no"),
        (xero(lock_date=date(2026, 11, 29)), "period_closed", "yes"),
        (closed(date(2026, 11, 29)), "closed_through", "2026-11-29"),
        (closed(date(2026, 11, 29)), "period_closed", "yes"),
    ],
)
def test_what_the_ledgers_lack_is_named(known: Known, fact: str, told: object) -> None:
    assert row(known)[fact] == told


def test_the_nearest_items_that_both_ledgers_have_are_named() -> None:
    order = WORKED.model_copy(
        update={"lines": (WORKED.lines[0].model_copy(update={"item_code": "LAMP-1"}),)}
    )
    named = {"LAMP-01": "Desk lamp", "LAMPS": "", "SHADE-02": "Linen shade"}
    known = xero(item_names=named, item_codes=set(named))
    nearest = nearest_items([order], known.xero)
    assert [one.value for one in nearest["LAMP-1"]] == ["LAMP-01", "LAMPS"]
    facts = order_row("1", order, replace(known, nearest=nearest))
    assert (facts["unknown_items"], facts["nearest_items"]) == (
        "LAMP-1",
        "; nearest to LAMP-1: LAMP-01 (92 %)",
    )


def test_the_tax_of_a_bundle_is_held_against_its_whole_price() -> None:
    shares = [Decimal(33), Decimal(33), Decimal(34)]
    parts = tuple(Part(item_code=f"PART-{n}", share=one) for n, one in enumerate(shares))
    order = in_items(WORKED, {"LAMP-01": parts, "SHADE-02": parts})
    assert len(order.lines) == len(WORKED.lines) + 4
    facts, whole = order_row("1", order, KNOWN), row()
    same = ("total_difference", "tax_difference", "tax_max_deviation", "lines_total")
    assert [facts[name] for name in same] == [whole[name] for name in same]


def test_the_later_of_two_closings_counts() -> None:
    known = replace(xero(lock_date=date(2026, 10, 31)), pair=closed(date(2026, 9, 30)).pair)
    assert known.closing == Closing(through=date(2026, 10, 31), by="Xero's lock date")


@pytest.mark.parametrize(
    ("known", "beyond", "held"),
    [
        (KNOWN, "0.13", "no"),
        (lenders(limit=Decimal("500.13")), "0", "no"),
        (lenders(limit=Decimal(0)), "0", "no"),
        (lenders(is_on_hold=True), "0.13", "yes"),
        (replace(KNOWN, credits={}), "0", "no"),
    ],
)
def test_what_is_sold_on_account_counts_against_the_limit(
    known: Known, beyond: str, held: str
) -> None:
    facts = row(known, payments=())
    assert (facts["beyond_credit"], facts["on_credit_hold"]) == (Decimal(beyond), held)


def test_what_is_paid_takes_no_credit_not_even_of_a_customer_on_hold() -> None:
    facts = row(lenders(is_on_hold=True, limit=Decimal("1.00")))
    assert (facts["beyond_credit"], facts["on_credit_hold"]) == (Decimal(0), "no")
