"""Trying a replay: it says what the replay then does, and writes nothing anywhere."""

import json
from dataclasses import replace
from typing import Any

import pytest

import records
from fake_desk import FakeDesk
from fakes import FakeClock, FakeShop, FakeTarget
from tieout.domain.base import DeadLetterId
from tieout.domain.desk import MappingChoice
from tieout.domain.json_patch import Act, Operation
from tieout.domain.ledger import DocumentState
from tieout.domain.plan import Action, Ending
from tieout.errors import RejectedError
from tieout.usecases.dry_run import TRIED_MAX, Trial, try_replay
from tieout.usecases.flow import Flow
from unit.usecases.test_planning import held
from unit.usecases.test_steps import PAIR, SHOP, make_flow, run, run_again, worked


def office(**changed: Any) -> tuple[Flow, FakeDesk]:
    flow = make_flow(worked(**changed))
    desk = FakeDesk(FakeClock())
    return replace(flow, ledger=desk, clock=FakeClock()), desk


def refused_invoice(**changed: Any) -> tuple[Flow, FakeDesk, DeadLetterId]:
    """Let a run fail at the invoice, and return what is left of it."""
    flow, desk = office(**changed)
    invoices = flow.xero.target("invoice")
    assert isinstance(invoices, FakeTarget)
    invoices.faults.append("refuse")
    run(flow)
    return flow, desk, desk.dead_letters()[0].dead_letter_id


def tried(flow: Flow, desk: FakeDesk, *numbers: DeadLetterId, **how: Any) -> list[Trial]:
    """Try letters, and see that nothing changed anywhere."""
    before = (held(flow), list(desk.audit), desk.conservation(PAIR.pair))
    trials = try_replay(flow, [desk.case(number) for number in numbers], **how)
    assert (held(flow), list(desk.audit), desk.conservation(PAIR.pair)) == before
    return trials


def test_a_cured_letter_would_be_posted_as_the_replay_then_does() -> None:
    flow, desk, letter = refused_invoice()
    (trial,) = tried(flow, desk, letter)
    assert trial.ending is Ending.POST
    desk.put_back(letter, by="anna")
    run_again(flow)
    assert desk.conservation(PAIR.pair).done == 1
    written = {write.entity: write.payload for write in trial.writes}
    sent = desk.deliveries([desk.case(letter).document.document_id])  # type: ignore[union-attr]
    assert {one.entity for one in sent} == {*written, "contact", "customer"}
    assert written["invoice"] == next(one.payload for one in sent if one.entity == "invoice")


def test_what_landed_before_is_shown_as_unchanged_and_the_rest_as_created() -> None:
    flow, desk, letter = refused_invoice()
    (trial,) = tried(flow, desk, letter)
    actions = {write.entity: write.action for write in trial.writes}
    assert actions["invoice"] is Action.CREATE
    assert "contact" not in actions
    assert next(w.differences for w in trial.writes if w.entity == "invoice") == ()


def test_a_correction_shows_as_the_difference_to_what_was_mapped() -> None:
    flow, desk, letter = refused_invoice()
    named = Operation(op=Act.REPLACE, path="/lineItems/nodes/0/title", value="Lamp, brass")
    desk.correct(records.correction(letter, named))
    (trial,) = tried(flow, desk, letter)
    (invoice,) = [write for write in trial.writes if write.entity == "invoice"]
    assert invoice.differences is not None
    assert [change.now for change in invoice.differences] == ["Lamp, brass"]


def test_the_original_mapping_sends_what_was_mapped_then() -> None:
    flow, desk, letter = refused_invoice()
    named = Operation(op=Act.REPLACE, path="/lineItems/nodes/0/title", value="Lamp, brass")
    desk.correct(records.correction(letter, named))
    (trial,) = tried(flow, desk, letter, mapping=MappingChoice.ORIGINAL)
    (invoice,) = [write for write in trial.writes if write.entity == "invoice"]
    assert invoice.differences == ()
    before = desk.case(letter).deliveries
    desk.put_back(letter, by="anna", mapping=MappingChoice.ORIGINAL)
    run_again(flow)
    assert desk.conservation(PAIR.pair).done == 1
    sent = {one.entity: one for one in desk.case(letter).deliveries}
    was = next(one for one in before if one.entity == "invoice")
    assert (sent["invoice"].payload, sent["invoice"].version_hash) == (
        was.payload,
        was.version_hash,
    )


def test_what_is_still_wrong_would_be_set_aside_again() -> None:
    flow, desk = office(currencyCode=None)
    run(flow)
    letter = desk.dead_letters()[0].dead_letter_id
    (trial,) = tried(flow, desk, letter)
    assert (trial.ending, trial.cause, trial.writes) == (
        Ending.DEAD_LETTER,
        "order_incomplete",
        (),
    )
    desk.correct(
        records.correction(letter, Operation(op=Act.REPLACE, path="/currencyCode", value="USD"))
    )
    assert tried(flow, desk, letter)[0].ending is Ending.POST


def test_what_a_rule_would_skip_says_which() -> None:
    flow, desk = office(currencyCode=None)
    run(flow)
    letter = desk.dead_letters()[0].dead_letter_id
    patch = [
        Operation(op=Act.REPLACE, path="/currencyCode", value="USD"),
        Operation(op=Act.REPLACE, path="/test", value=True),
    ]
    desk.correct(records.correction(letter, *patch))
    (trial,) = tried(flow, desk, letter)
    assert (trial.ending, trial.rule) == (Ending.SKIP, "test_order")


def test_an_older_version_would_only_be_closed() -> None:
    flow, desk, letter = refused_invoice()
    document = desk.case(letter).document
    assert document is not None
    newer = records.document(content="newer", minutes=10**6).model_copy(
        update={"source_id": document.source_id}
    )
    records.land_document(desk, newer)
    (trial,) = tried(flow, desk, letter)
    assert (trial.ending, trial.rule) == (Ending.SKIP, "superseded")


def test_what_is_posted_already_would_change_nothing() -> None:
    flow, desk = office()
    run(flow)
    copies = {key: list(one.copies) for key, one in _targets(flow).items()}
    (document_id,) = {one.document_id for one in _deliveries(desk)}
    lines = json.loads(json.dumps(worked()["lineItems"]))
    lines["nodes"][0]["title"] = "Lamp, brass"
    changed = records.document(content="moved", minutes=10**6).model_copy(
        update={
            "source_id": str(worked()["legacyResourceId"]),
            "payload": worked(lineItems=lines),
        }
    )
    records.land_document(desk, changed)
    desk.set_aside(records.dead_letter(document_id=_newest(desk)))
    letter = desk.dead_letters()[0].dead_letter_id
    (trial,) = tried(flow, desk, letter)
    assert trial.cause == "changed_after_posting"
    assert {write.action for write in trial.writes} <= {Action.UNCHANGED, Action.ADOPT}
    desk.put_back(letter, by="anna")
    run_again(flow)
    assert {key: list(one.copies) for key, one in _targets(flow).items()} == copies
    assert document_id != _newest(desk)


def _targets(flow: Flow) -> dict[str, FakeTarget]:
    return {
        f"{one.system} {one.entity}": one
        for system in (flow.xero, flow.sage100, flow.shops[SHOP])
        for one in system.targets.values()  # type: ignore[attr-defined]
        if not one.sets_state
    }


def _deliveries(desk: FakeDesk) -> list[Any]:
    return desk.deliveries_of(PAIR.pair, "invoice", [str(worked()["legacyResourceId"])])


def _newest(desk: FakeDesk) -> Any:
    return desk.unsettled(PAIR.pair, "shop_order")[-1].document_id


def test_a_message_is_tried_from_the_shop_on() -> None:
    flow, desk = office()
    source_id = str(worked()["legacyResourceId"])
    desk.set_aside(records.dead_letter(inbox_id=records.land_pending(desk, source_id)))
    letter = desk.dead_letters()[0].dead_letter_id
    assert tried(flow, desk, letter)[0].ending is Ending.POST
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    shop.nodes.clear()
    assert tried(flow, desk, letter)[0].cause == "order_unknown_to_shop"


def test_a_message_that_cannot_be_read_stays_one() -> None:
    flow, desk = office()
    inbox_id = records.land_pending(desk, "", body=json.dumps({"a": 1}).encode()[:-1])
    desk.set_aside(records.dead_letter(inbox_id=inbox_id))
    (trial,) = tried(flow, desk, desk.dead_letters()[0].dead_letter_id)
    assert (trial.ending, trial.cause) == (Ending.DEAD_LETTER, "body_not_json")


def test_a_stream_that_is_held_is_named() -> None:
    flow, desk, letter = refused_invoice()
    flow.streams.hold(f"{PAIR.pair}/out/xero/payment", reason="Xero holds HP-1042 twice.")
    (trial,) = tried(flow, desk, letter)
    assert "Xero holds HP-1042 twice." in "".join(trial.blocked)
    assert trial.ending is Ending.POST


def test_what_is_closed_or_too_many_is_not_tried() -> None:
    flow, desk, letter = refused_invoice()
    case = desk.case(letter)
    with pytest.raises(RejectedError, match="too many"):
        try_replay(flow, [case] * (TRIED_MAX + 1))
    desk.dismiss(letter, by="anna", reason="by hand")
    with pytest.raises(RejectedError, match="closed already: dismissed"):
        try_replay(flow, [desk.case(letter)])
    assert case.document is not None
    assert case.document.state == DocumentState.DEAD_LETTER
