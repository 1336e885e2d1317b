"""Xero hears that Sage 100 posted a document when it is so, once, and from the state on that the
pair's policy names.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from tieout.domain.base import System
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import DeliveryState, Origin
from tieout.domain.pair import Pair, TellPosted, Told
from tieout.usecases.flow import Flow
from tieout.usecases.follow import follow
from tieout.usecases.postings import WORDS, capture_postings
from tieout.usecases.steps import run_step
from unit.usecases.test_follow import MONEY, ledger_of, of_kind, posted, show
from unit.usecases.test_steps import PAIR, causes


def told(sales_order: Told = "never", cash_receipt: Told = "never") -> Pair:
    """Return the pair with another policy."""
    tell = TellPosted(sales_order=sales_order, cash_receipt=cash_receipt)
    return PAIR.model_copy(
        update={"policies": PAIR.policies.model_copy(update={"tell_posted": tell})}
    )


def stand(flow: Flow, state: SageState) -> None:
    """Let people bring the order's documents to a state."""
    receipt = Standing(state=state, amount=MONEY)
    show(flow, sales_order=Standing(state=state), cash_receipt=receipt)


def see(flow: Flow, *, claimed_by: str = "run") -> None:
    """Follow, and tell Xero what it is to hear, as a run of the DAG does."""
    follow(flow.ledger, flow.sage100, flow.mapper, flow.pair, now=flow.clock.now())
    batch = capture_postings(flow, interval=None, origin=Origin.SWEEP, claimed_by=claimed_by)
    if batch is not None:
        run_step(flow, "posting_note", batch)


def notes(flow: Flow) -> list[str]:
    """Return what was noted in Xero, as the ledger's deliveries say."""
    stored = ledger_of(flow)._deliveries.values()  # noqa: SLF001 - all of them, whosever
    kept = [one for one in stored if one.entity == "posting_note"]
    assert all(one.target is System.XERO for one in kept)
    assert {one.state for one in kept} <= {DeliveryState.ENTERED}
    return sorted(str(one.payload["details"]) for one in kept)


def test_xero_hears_of_nothing_that_is_only_entered_or_updated() -> None:
    flow = posted()
    see(flow)
    stand(flow, SageState.UPDATED)
    see(flow)
    assert notes(flow) == []
    assert ledger_of(flow).conservation(PAIR.pair).received == 1


def test_xero_hears_once_what_is_in_the_general_ledger() -> None:
    flow = posted()
    stand(flow, SageState.IN_GL)
    see(flow)
    see(flow, claimed_by="again")
    order, receipt = (of_kind(flow, one).external_no for one in ("sales_order", "cash_receipt"))
    assert notes(flow) == sorted(
        [
            f"Sage 100 cash receipt {receipt} is in the general ledger.",
            f"Sage 100 sales order {order} {WORDS['sales_order', 'in_gl']}.",
        ]
    )
    assert flow.xero.target("posting_note").copies == [  # type: ignore[attr-defined]
        *flow.xero.target("posting_note").held  # type: ignore[attr-defined]
    ]
    assert causes(flow) == []
    counts = ledger_of(flow).conservation(PAIR.pair)
    assert (counts.done, counts.pending, counts.is_conserved) == (3, 0, True)


def test_a_pair_may_want_to_hear_of_the_update_already_and_then_hears_of_both() -> None:
    flow = replace(posted(), pair=told(cash_receipt="updated"))
    stand(flow, SageState.UPDATED)
    see(flow)
    (first,) = notes(flow)
    assert first.endswith("is updated; the general ledger lacks it yet.")
    stand(flow, SageState.IN_GL)
    see(flow, claimed_by="later")
    assert [one.rpartition(" is ")[2] for one in notes(flow)] == [
        "in the general ledger.",
        "updated; the general ledger lacks it yet.",
    ]


def test_a_pair_that_wants_to_hear_nothing_hears_nothing() -> None:
    flow = replace(posted(), pair=told())
    stand(flow, SageState.IN_GL)
    see(flow)
    assert notes(flow) == []


def test_who_dies_between_landing_and_advancing_tells_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = posted()
    stand(flow, SageState.IN_GL)
    ledger = ledger_of(flow)

    def die(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(ledger, "advance", die)
        with pytest.raises(KeyboardInterrupt):
            follow(ledger, flow.sage100, flow.mapper, PAIR, now=flow.clock.now())
    see(flow)
    see(flow, claimed_by="again")
    assert len(notes(flow)) == 2


def test_a_posting_without_an_invoice_in_xero_is_a_dead_letter() -> None:
    flow = posted()
    ledger = ledger_of(flow)
    receipt = of_kind(flow, "cash_receipt")
    strange = receipt.model_copy(update={"document_key": "999"})
    ledger._deliveries[receipt.delivery_id] = strange  # noqa: SLF001 - nothing of ours does it
    show(flow, sales_order=Standing(state=SageState.ENTERED))
    number = receipt.external_id
    in_gl = Standing(state=SageState.IN_GL, amount=Decimal("110.13"))
    flow.sage100.held_standings["cash_receipt"] = {number: in_gl}  # type: ignore[attr-defined]
    see(flow)
    assert causes(flow) == ["no_invoice"]
    assert notes(flow) == []
