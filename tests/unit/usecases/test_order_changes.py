"""The words for what a refund or a cancellation takes in both ledgers."""

from types import SimpleNamespace
from typing import Any

from tieout.usecases.order_changes import told_changes
from unit.domain.order_changes.worked import as_placed, order_1042
from unit.mapping.test_shop_changes import ZONE, node


def told(members: dict[str, Any], **more: object) -> str:
    order = as_placed(order_1042(is_refunded=True, **more))
    document: Any = SimpleNamespace(corrected=members)
    return told_changes(document, order, zone=ZONE)


def test_a_return_is_said_with_its_documents_and_its_money() -> None:
    assert told(node()) == (
        " Refund 9001 of 2026-12-04 (USD): in Xero a credit note over 19.25, 1.26 of it tax; "
        "19.25 paid back for it out of shopify_payments; in Sage 100 a credit memo with stock over "
        "19.25, 1.26 of it tax; in Sage 100 a receipt of -19.25, 19.25 from the credit memo with "
        "stock."
    )


def test_a_cancellation_is_said_with_what_comes_off_the_order() -> None:
    members = node(shipped=0) | {"refunds": [], "cancelledAt": "2026-12-04T15:00:00Z"}
    assert told(members, is_cancelled=True) == (
        " Cancellation of 2026-12-04 (USD): in Xero a credit note over 110.13, 7.21 of it tax; in "
        "Sage 100 take off the order 3 x A, 1 x B, 1 x shipping."
    )


def test_what_does_not_add_up_is_said_with_its_figures() -> None:
    short = node()
    short["refunds"][0]["transactions"]["nodes"][0]["amountSet"]["shopMoney"]["amount"] = "19.00"
    assert "lines 19.25, shipping 0 and adjustments 0 USD, and 19.00 went back" in told(short)


def test_an_order_that_nothing_happened_to_takes_nothing() -> None:
    document: Any = SimpleNamespace(corrected={})
    assert told_changes(document, as_placed(order_1042()), zone=ZONE) == ""
