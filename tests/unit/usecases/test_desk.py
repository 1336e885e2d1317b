"""Correcting at the desk: what a person wishes becomes a patch that applies, and says its worth."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import records
from fake_desk import FakeDesk
from fakes import FakeClock
from tieout.domain.base import DeadLetterId, System
from tieout.domain.desk import Correction
from tieout.domain.json_patch import Act, Operation
from tieout.domain.pair import FlowName
from tieout.errors import ConfigurationError, RejectedError
from tieout.mapping.mapper import YamlMapper
from tieout.settings import load_pairs
from tieout.usecases.desk import Wish, correct, records_of, show

ROOT = Path(__file__).parents[3]
MAPPER = YamlMapper(ROOT / "include", load_pairs(ROOT / "include")["harbor_and_pine"])
NODE: dict[str, Any] = json.loads((ROOT / "tests/golden/order/order_1042.shopify.json").read_text())
FIRST_SKU = "/lineItems/nodes/0/sku"
TOTAL = "/totalPriceSet/shopMoney/amount"


def desk_with(**changed: Any) -> tuple[FakeDesk, DeadLetterId]:
    desk = FakeDesk(FakeClock())
    new = records.document(payload={**NODE, **changed})
    records.land_document(desk, new)
    (document,) = desk.unsettled(records.PAIR, "shop_order")
    desk.set_aside(records.dead_letter(document_id=document.document_id))
    return desk, desk.dead_letters()[0].dead_letter_id


def made(desk: FakeDesk, letter: DeadLetterId, wish: Wish, **said: str) -> Correction:
    words = {"by": "anna", "reason": "typo", **said}
    return correct(desk, MAPPER, letter, wish, by=words["by"], reason=words["reason"])


def cause_of(desk: FakeDesk, letter: DeadLetterId, wish: Wish, **said: str) -> str:
    with pytest.raises(RejectedError) as caught:
        made(desk, letter, wish, **said)
    return caught.value.cause


def test_a_text_replaces_what_stands_there_and_keeps_its_type() -> None:
    desk, letter = desk_with()
    wish = Wish(texts=((FIRST_SKU, "007"), ("/lineItems/nodes/0/quantity", "3")))
    stored = made(desk, letter, wish)
    assert [(one.op, one.value) for one in stored.patch] == [("replace", "007"), ("replace", 3)]
    assert stored.before[FIRST_SKU] == NODE["lineItems"]["nodes"][0]["sku"]
    document = desk.case(letter).document
    assert document is not None
    assert document.payload["lineItems"] == NODE["lineItems"]


def test_removals_and_whole_operations_come_after_texts() -> None:
    desk, letter = desk_with()
    wish = Wish(
        removals=("/lineItems/nodes/0",),
        operations=(Operation(op=Act.ADD, path="/lineItems/nodes/0", value={"sku": "X"}),),
    )
    stored = made(desk, letter, wish)
    assert [one.op for one in stored.patch] == ["remove", "add"]


def test_a_new_member_is_read_as_json_or_else_as_text() -> None:
    desk, letter = desk_with()
    stored = made(desk, letter, Wish(texts=(("/note", "by hand"), ("/extra", "[1]"))))
    assert [one.value for one in stored.patch] == ["by hand", [1]]


def test_what_a_correction_is_worth_is_stored_with_it() -> None:
    desk, letter = desk_with()
    stored = made(desk, letter, Wish(texts=((TOTAL, "111.13"),)))
    assert (stored.amount_before, stored.amount_after) == (Decimal("110.13"), Decimal("111.13"))
    assert stored.currency == "USD"


def test_a_record_that_cannot_be_read_has_no_worth_until_it_can() -> None:
    desk, letter = desk_with(currencyCode=None)
    stored = made(desk, letter, Wish(texts=(("/currencyCode", "USD"),)))
    assert (stored.amount_before, stored.amount_after) == (None, Decimal("110.13"))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(), {}),
        (Wish(texts=(("/name", NODE["name"]),)), {}),
        (Wish(removals=("/lineItems/nodes/99",)), {}),
        (Wish(texts=(("/name", "#1"),)), {"by": " "}),
        (Wish(texts=(("/name", "#1"),)), {"reason": ""}),
    ],
)
def test_a_correction_that_says_nothing_is_refused(wish: Wish, said: dict[str, str]) -> None:
    desk, letter = desk_with()
    assert cause_of(desk, letter, wish, **said) == "correction_does_not_apply"
    assert desk.case(letter).corrections == ()


def test_a_message_without_document_cannot_be_corrected() -> None:
    desk = FakeDesk(FakeClock())
    desk.set_aside(records.dead_letter(inbox_id=records.land_pending(desk)))
    letter = desk.dead_letters()[0].dead_letter_id
    assert cause_of(desk, letter, Wish(texts=(("/a", "b"),))) == "nothing_to_correct"
    assert show(desk, MAPPER, letter).canonical is None


def test_what_is_shown_is_read_with_its_corrections() -> None:
    desk, letter = desk_with()
    made(desk, letter, Wish(texts=((TOTAL, "111.13"),)))
    canonical = show(desk, MAPPER, letter).canonical
    assert canonical is not None
    assert canonical["total"] == "111.13"


def test_what_cannot_be_read_is_shown_with_the_reason() -> None:
    desk, letter = desk_with(currencyCode=None)
    shown = show(desk, MAPPER, letter)
    assert shown.canonical is None
    assert "currencyCode" in shown.unreadable


def test_a_flow_that_does_not_exist_is_an_error_that_names_the_others() -> None:
    with pytest.raises(ConfigurationError, match="order_to_cash"):
        records_of("cash_to_order")


def test_every_flow_says_whose_dead_letters_are_its_own() -> None:
    assert {name: records_of(name).document_types for name in FlowName} == {
        "order_to_cash": ("shop_order",),
        "postings": ("posting",),
        "customer_sync": ("customer",),
        "item_sync": ("item",),
        "vendor_sync": ("vendor",),
        "stock_sync": ("stock",),
        "purchase_orders": ("purchase_order",),
        "payment_reconciliation": ("payout",),
        "procure_to_pay": ("bill",),
        "bill_payments": ("bill_payment",),
    }
    assert records_of(FlowName.CUSTOMER_SYNC).sources == (System.XERO, System.SAGE100)
