"""What would pay a vendor waits while two people have not approved its bank details."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes import FakeTarget, FakeXero
from tieout.domain.base import System
from tieout.domain.in_step.merge import Values
from tieout.domain.in_step.records import AgreedRecord
from tieout.domain.ledger import DocumentState, NewBinding
from tieout.ports.systems import Shown
from tieout.usecases.catalog import WRITE_KINDS, WriteKind, kind_of
from tieout.usecases.flow import Flow, Ready, StepReport
from tieout.usecases.payees import BANK_DETAILS
from tieout.usecases.writing import Write, write_all
from unit.usecases.test_steps import PAIR, causes, claimed, make_flow, worked

CHECK = kind_of(System.SAGE100, "manual_check").model_copy(update={"mapping": ""})
APPROVED, OTHER = "aaaa ending in 678", "bbbb ending in 111"


def vendor(flow: Flow, key: str, approved: str | None) -> None:
    """Bring a vendor in step whose contact has the approved bank details."""
    flow.ledger.bind(
        NewBinding(
            pair=PAIR.pair,
            entity="vendor",
            key=key,
            system=System.XERO,
            external_id=f"contact of {key}",
            external_no="",
            provenance="a test",
        )
    )
    fields = {} if approved is None else {BANK_DETAILS: Values(xero=approved)}
    flow.ledger.agree(AgreedRecord(pair=PAIR.pair, entity="vendor", key=key, fields=fields))


def shows(flow: Flow, key: str, details: str) -> None:
    """Let Xero show these details; none is no member at all."""
    assert isinstance(flow.xero, FakeXero)
    node = {"BankAccountDetails": details} if details else {}
    flow.xero.held_shown[f"contact of {key}"] = Shown(node=node, changed_at=None)


def pay(flow: Flow, *vendors: str, kind: WriteKind = CHECK) -> StepReport:
    """Write a check for each document of a batch, to one vendor after another."""
    batch = claimed(flow)
    documents = flow.ledger.documents(batch, DocumentState.RECEIVED)
    payees = dict(zip((one.document_id for one in documents), vendors, strict=True))

    def writes_of(ready: Ready) -> Iterator[Write]:
        key = payees[ready.document_id]
        yield Write(f"check to {key}", {"header": {"VendorNo": key}}, {}, payee=key)

    fence = flow.ledger.begin_step(batch, "pay", lease_s=900)
    ready = [Ready(document=one) for one in documents]
    target = flow.sage100.target(kind.entity)
    return write_all(replace(flow, fence=fence), kind, target, ready, writes_of)


def sent(flow: Flow) -> list[str]:
    target = flow.sage100.target(CHECK.entity)
    assert isinstance(target, FakeTarget)
    return sorted(target.held)


@pytest.mark.parametrize(
    ("approved", "shown", "expected"),
    [
        (APPROVED, APPROVED, []),
        ("", "", []),
        (None, "", []),
        (APPROVED, OTHER, ["bank_details_unapproved"]),
        (APPROVED, "", ["bank_details_unapproved"]),
        (None, OTHER, ["bank_details_unapproved"]),
    ],
)
def test_details_that_are_not_the_approved_ones_hold_what_pays(
    approved: str | None, shown: str, expected: list[str]
) -> None:
    flow = make_flow(worked())
    vendor(flow, "ACME", approved)
    shows(flow, "ACME", shown)
    pay(flow, "ACME")
    assert causes(flow) == expected
    assert sent(flow) == ([] if expected else ["check to ACME"])


def test_a_held_vendor_keeps_nobody_else_from_being_paid() -> None:
    flow = make_flow(worked(), worked(legacyResourceId="9", name="#9"))
    for key, details in (("HELD", OTHER), ("FREE", APPROVED)):
        vendor(flow, key, APPROVED)
        shows(flow, key, details)
    report = pay(flow, "HELD", "FREE")
    assert (causes(flow), sent(flow)) == (["bank_details_unapproved"], ["check to FREE"])
    assert (report.confirmed, report.set_aside) == (1, 1)


@pytest.mark.parametrize("key", ["", "STRANGER"])
def test_nobody_pays_a_vendor_whom_nobody_watches(key: str) -> None:
    flow = make_flow(worked())
    pay(flow, key)
    assert (causes(flow), sent(flow)) == (["payee_unknown"], [])


def test_whatever_pays_a_vendor_is_held() -> None:
    paying = {(kind.target, kind.entity) for kind in WRITE_KINDS if kind.pays}
    assert paying == {
        (System.XERO, "bill"),
        (System.XERO, "batch_payment"),
        (System.SAGE100, "ap_invoice"),
        (System.SAGE100, "manual_check"),
    }
