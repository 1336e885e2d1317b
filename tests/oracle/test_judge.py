"""Each planted fault is named, and a world without one is clean."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tieout_oracle.judge import judge
from tieout_oracle.sets import (
    AuditRow,
    DeliveryRow,
    DocumentRow,
    InboxRow,
    Sets,
    SourceRecord,
    TargetRecord,
)

SHOP = "harbor-and-pine.myshopify.com"
INVOICE = TargetRecord("xero", "invoice", "x-1", "1042", "USD", Decimal("110.13"))
PAYMENT = TargetRecord("xero", "payment", "p-1", "77", "USD", Decimal("110.13"))
WANTED = DeliveryRow(
    1, 1, "xero", "invoice", "1042", "create", "entered", "x-1", "USD", Decimal("110.13")
)
PAID = DeliveryRow(
    2, 1, "xero", "payment", "77", "create", "entered", "p-1", "USD", Decimal("110.13")
)
CLEAN = Sets(
    source=(SourceRecord(SHOP, "1042", "USD", Decimal("110.13")),),
    inbox=(InboxRow(1, SHOP, "1042", "documented", "e-1"),),
    documents=(DocumentRow(1, 1, SHOP, "1042", 1, "done"),),
    deliveries=(WANTED, PAID),
    targets=(INVOICE, PAYMENT),
    audit=(
        AuditRow("document/1", "document.done"),
        AuditRow("delivery/1", "delivery.entered"),
        AuditRow("delivery/2", "delivery.entered"),
    ),
    acked=frozenset({"e-1"}),
    read=frozenset({("xero", "invoice"), ("xero", "payment")}),
)


def test_a_world_without_faults_is_clean() -> None:
    verdict = judge(CLEAN)
    assert verdict.is_clean
    assert verdict.gaps == {
        "USD invoice": Decimal("0.00"),
        "USD payment": Decimal("0.00"),
        "USD source": Decimal("0.00"),
    }


def with_targets(*more: TargetRecord) -> Sets:
    return replace(CLEAN, targets=(*CLEAN.targets, *more))


def with_document(**changed: object) -> Sets:
    return replace(CLEAN, documents=(replace(CLEAN.documents[0], **changed),))


PLANTED = {
    "an order that the ledger never heard of": (
        "lost",
        replace(CLEAN, source=(*CLEAN.source, SourceRecord(SHOP, "1043", "USD", Decimal(5)))),
    ),
    "an entry without a document": (
        "lost",
        replace(CLEAN, inbox=(*CLEAN.inbox, InboxRow(2, SHOP, "1042", "documented"))),
    ),
    "an entry with an end of its own and a document": (
        "lost",
        replace(CLEAN, inbox=(InboxRow(1, SHOP, "1042", "skipped", "e-1"),)),
    ),
    "an acknowledged event that is not there": (
        "lost",
        replace(CLEAN, acked=frozenset({"e-1", "e-2"})),
    ),
    "a second invoice": ("doubled", with_targets(replace(INVOICE, external_id="x-2"))),
    "a second payment": ("doubled", with_targets(replace(PAYMENT, external_id="p-2"))),
    "one invoice for two orders": (
        "doubled",
        replace(CLEAN, deliveries=(*CLEAN.deliveries, replace(WANTED, delivery_id=3, key="1043"))),
    ),
    "an invoice that nobody meant": (
        "phantom",
        with_targets(replace(INVOICE, external_id="x-9", key="9")),
    ),
    "an invoice that is not there": ("acked_not_done", replace(CLEAN, targets=(PAYMENT,))),
    "a done order with a write in doubt": (
        "acked_not_done",
        replace(CLEAN, deliveries=(WANTED, replace(PAID, state="in_doubt"))),
    ),
    "a state without an audit row": ("unaudited", with_document(state="skipped")),
    "an older version that still waits": (
        "regressed",
        replace(
            CLEAN,
            inbox=(*CLEAN.inbox, InboxRow(2, SHOP, "1042", "documented")),
            documents=(
                replace(CLEAN.documents[0], version_no=2),
                DocumentRow(2, 2, SHOP, "1042", 1, "ready"),
            ),
        ),
    ),
}


@pytest.mark.parametrize(("finding", "sets"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_named(finding: str, sets: Sets) -> None:
    verdict = judge(sets)
    assert getattr(verdict, finding)
    assert not verdict.is_clean
    assert finding in verdict.text()


@pytest.mark.parametrize(
    ("record", "kind"),
    [(INVOICE, "USD invoice"), (PAYMENT, "USD payment")],
)
def test_a_cent_is_a_gap(record: TargetRecord, kind: str) -> None:
    others = tuple(one for one in CLEAN.targets if one is not record)
    wrong = replace(record, amount=Decimal("110.12"))
    verdict = judge(replace(CLEAN, targets=(*others, wrong)))
    assert verdict.gaps[kind] == Decimal("0.01")
    assert not verdict.is_clean


def test_two_cents_that_cancel_out_are_two_gaps() -> None:
    second = replace(WANTED, delivery_id=3, key="1043", external_id="x-3")
    low = replace(INVOICE, amount=Decimal("110.12"))
    high = replace(INVOICE, external_id="x-3", key="1043", amount=Decimal("110.14"))
    verdict = judge(
        replace(CLEAN, deliveries=(*CLEAN.deliveries, second), targets=(low, high, PAYMENT))
    )
    assert verdict.gaps["USD invoice"] == Decimal("0.02")


def test_a_reversal_is_no_copy_and_is_a_gap_until_the_ledger_knows() -> None:
    taken_back = replace(PAYMENT, external_id="p-2", amount=Decimal("-110.13"))
    verdict = judge(with_targets(taken_back))
    assert verdict.doubled == ()
    assert verdict.gaps["USD payment"] == Decimal("110.13")


def test_an_order_set_aside_is_no_gap() -> None:
    sets = replace(with_document(state="dead_letter"), deliveries=(), targets=(), audit=None)
    assert judge(sets).is_clean


def test_a_corrected_total_is_no_gap_and_is_said() -> None:
    charged = SourceRecord(SHOP, "1042", "USD", Decimal("111.13"))
    corrected = replace(with_document(corrected_by=Decimal("-1.00")), source=(charged,))
    verdict = judge(corrected)
    assert verdict.is_clean
    assert verdict.corrected == {"USD": Decimal("-1.00")}
    assert "corrected by people: USD -1.00" in verdict.text()


def test_a_total_that_differs_from_what_was_corrected_is_a_gap() -> None:
    verdict = judge(with_document(corrected_by=Decimal("-1.00")))
    assert verdict.gaps["USD source"] == Decimal("1.00")
