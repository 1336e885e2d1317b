"""What an order of the shop becomes in our form, in Xero and in Sage 100, as files to read.

``pytest tests/unit/mapping --golden-update`` rewrites them; the diff is the review.
"""

import json

import pytest

from unit.mapping.conftest import ROOT
from unit.mapping.factories import (
    contact_record,
    customer_record,
    invoice_record,
    sales_order_record,
)

FOLDER = ROOT / "tests" / "golden" / "order"
CASES = sorted(path.name.removesuffix(".shopify.json") for path in FOLDER.glob("*.shopify.json"))


@pytest.mark.parametrize("case", CASES)
def test_an_order_becomes_what_its_golden_files_say(case, mapper, is_golden_update):
    order = mapper.order_from_shop(json.loads((FOLDER / f"{case}.shopify.json").read_text("utf-8")))
    made = {
        "canonical": order.model_dump(mode="json"),
        "xero": {
            "contact": mapper.payload("to_xero/contact", contact_record(order)),
            "invoice": mapper.payload("to_xero/invoice", invoice_record(order)),
        },
        "sage100": {
            "customer": mapper.payload("to_sage100/customer", customer_record(order)),
            "sales_order": mapper.payload("to_sage100/sales_order", sales_order_record(order)),
        },
    }
    if is_golden_update:
        _write(case, made)

    assert made == {form: _golden(case, form) for form in made}


def test_the_golden_cases_are_there():
    assert CASES == [
        "company",
        "edited",
        "guest",
        "inclusive",
        "order_1042",
        "unicode",
    ]


def _golden(case, form):
    return json.loads((FOLDER / f"{case}.{form}.json").read_text("utf-8"))


def _write(case, made):
    for form, content in made.items():
        text = json.dumps(content, ensure_ascii=False, indent=2)
        (FOLDER / f"{case}.{form}.json").write_text(f"{text}\n", encoding="utf-8")
