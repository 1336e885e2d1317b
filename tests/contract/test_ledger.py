"""What every implementation of the Ledger port keeps, the fake included."""

from datetime import timedelta

import pytest

import records
from records import PAIR, binding, claim, delivery, document, entry, landed, refused
from tieout.domain.base import (
    BatchId,
    DeadLetterId,
    DeliveryId,
    DocumentId,
    InboxId,
    Json,
    System,
)
from tieout.domain.ledger import (
    UNFINISHED,
    Confirmation,
    Delivery,
    DeliveryState,
    DocumentState,
    GateWarning,
    Origin,
    Validated,
    Watermark,
)
from tieout.errors import ConfigurationError, RejectedError, RetryableError, UnavailableError
from tieout.ports.ledger import Ledger


def ids(ledger: Ledger, batch_id: BatchId | None, *states: str) -> list[DocumentId]:
    return [one.document_id for one in ledger.documents(batch_id or BatchId(0), *states)]


def test_an_entry_lands_as_it_came_and_waits(ledger: Ledger) -> None:
    sent = entry(body=b"\x00\xff raw", event_id="e-1").model_copy(update={"headers": {"a": "b"}})
    assert ledger.land([sent]) == 1
    (stored,) = ledger.pending_entries(PAIR, limit=10)
    assert sent.model_dump().items() <= stored.model_dump().items()


def test_the_same_event_lands_once(ledger: Ledger) -> None:
    ledger.land([entry(event_id="e-1", body=b"1")])
    assert ledger.land([entry(event_id="e-1", body=b"2")]) == 0


def test_the_same_body_under_another_event_id_lands_once(ledger: Ledger) -> None:
    ledger.land([entry(event_id="e-1")])
    assert ledger.land([entry(event_id="e-2")]) == 0


def test_duplicates_within_one_call_land_once(ledger: Ledger) -> None:
    assert ledger.land([entry(), entry(), entry("1043")]) == 2


def test_entries_without_event_id_differ_by_their_body(ledger: Ledger) -> None:
    assert ledger.land([entry(body=b"1"), entry(body=b"2")]) == 2


def test_an_entry_whose_body_was_too_large_lands_without_it(ledger: Ledger) -> None:
    ledger.land([entry(body=None)])
    assert ledger.pending_entries(PAIR, limit=10)[0].body is None


def test_pending_entries_come_oldest_first_and_of_one_pair(ledger: Ledger) -> None:
    ledger.land([entry("1"), entry("9", pair="lotus_lane")])
    ledger.land([entry("2")])
    ledger.land([entry("3")])
    assert [one.resource_id for one in ledger.pending_entries(PAIR, limit=2)] == ["1", "2"]


def test_what_one_source_told_is_looked_at_by_itself(ledger: Ledger) -> None:
    ledger.land([entry("1", source=System.XERO), entry("2")])
    ledger.land([entry("3")])
    of_shops = ledger.pending_entries(PAIR, limit=10, source=System.SHOPIFY)
    assert [one.resource_id for one in of_shops] == ["2", "3"]
    of_xero = ledger.pending_entries(PAIR, limit=10, source=System.XERO)
    assert [one.resource_id for one in of_xero] == ["1"]
    told = ledger.pending_entries(PAIR, limit=10, source=System.XERO, origin=Origin.WEBHOOK)
    assert told == of_xero
    assert ledger.pending_entries(PAIR, limit=10, origin=Origin.SWEEP) == []
    ledger.land([entry("4", source=System.XERO, topic="Payments/sweep")])
    (payment,) = ledger.pending_entries(PAIR, limit=10, kind="Payments")
    assert (payment.resource_id, payment.kind) == ("4", "Payments")
    assert ledger.pending_entries(PAIR, limit=10, kind="Pay") == []
    others = ledger.pending_entries(PAIR, limit=10, besides={"Payments"})
    assert len(others) == len(ledger.pending_entries(PAIR, limit=10)) - 1
    assert payment not in others
    for one in of_shops:
        ledger.skip_entry(one.inbox_id, rule="test_order")
    assert not ledger.waits(PAIR, "shop_order", source=System.SHOPIFY)
    assert ledger.waits(PAIR, "shop_order", source=System.XERO)


def test_a_watermark_moves_with_the_rows_and_never_back(ledger: Ledger) -> None:
    late = Watermark(
        pair=PAIR, source=System.SHOPIFY, resource="orders", read_through=records.MIDNIGHT
    )
    early = late.model_copy(update={"read_through": records.MIDNIGHT - timedelta(hours=1)})
    assert ledger.watermark(PAIR, System.SHOPIFY, "orders") is None
    ledger.land([entry()], watermark=late)
    ledger.land([], watermark=early)
    assert ledger.watermark(PAIR, System.SHOPIFY, "orders") == records.MIDNIGHT


def test_a_pending_entry_becomes_a_received_document(ledger: Ledger) -> None:
    sent = document(payload={"rate": 0.07, "total": "110.13", "name": "Zoë 漢字"})
    document_id = records.land_document(ledger, sent)
    (stored,) = ledger.documents(claim(ledger) or BatchId(0))
    assert (stored.document_id, stored.state) == (document_id, DocumentState.RECEIVED)
    assert sent.model_dump().items() <= stored.model_dump().items()
    assert ledger.pending_entries(PAIR, limit=10) == []


def test_turning_an_entry_into_a_document_twice_makes_one(ledger: Ledger) -> None:
    inbox_id = records.land_pending(ledger)
    first = ledger.document(inbox_id, document())
    assert ledger.document(inbox_id, document()) == first
    assert ledger.conservation(PAIR).pending == 1


def test_the_same_version_again_is_skipped_as_duplicate(ledger: Ledger) -> None:
    records.land_document(ledger, document())
    again = records.land_pending(ledger, body=b"again")
    assert ledger.document(again, document()) is None
    assert ledger.conservation(PAIR).skipped == {"duplicate": 1}


def test_a_touch_that_changed_nothing_is_skipped_as_duplicate(ledger: Ledger) -> None:
    records.land_document(ledger, document())
    assert records.land_document(ledger, document(minutes=5)) is None
    assert ledger.conservation(PAIR).skipped == {"duplicate": 1}


def test_an_older_version_is_skipped_as_superseded(ledger: Ledger) -> None:
    records.land_document(ledger, document(content="second", minutes=5))
    assert records.land_document(ledger, document(content="first", minutes=1)) is None
    assert ledger.conservation(PAIR).skipped == {"superseded": 1}


def test_a_change_that_was_changed_back_is_a_new_version(ledger: Ledger) -> None:
    records.land_document(ledger, document(content="a", minutes=1))
    records.land_document(ledger, document(content="b", minutes=2))
    assert records.land_document(ledger, document(content="a", minutes=3)) is not None


def test_a_version_between_two_sights_of_the_same_content_is_superseded(ledger: Ledger) -> None:
    records.land_document(ledger, document(content="a", minutes=1))
    records.land_document(ledger, document(content="a", minutes=3))
    assert records.land_document(ledger, document(content="b", minutes=2)) is None
    assert ledger.conservation(PAIR).skipped == {"duplicate": 1, "superseded": 1}


def test_another_version_of_the_same_second_is_new(ledger: Ledger) -> None:
    records.land_document(ledger, document(content="a"))
    assert records.land_document(ledger, document(content="b")) is not None


def test_an_unknown_inbox_entry_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError):
        ledger.document(InboxId(99), document())


def test_a_skipped_entry_names_its_rule(ledger: Ledger) -> None:
    ledger.skip_entry(records.land_pending(ledger), rule="topic_not_used")
    assert ledger.conservation(PAIR).skipped == {"topic_not_used": 1}


def test_there_is_nothing_to_claim_in_an_empty_ledger(ledger: Ledger) -> None:
    assert claim(ledger) is None


def test_a_claim_counts_its_documents(ledger: Ledger) -> None:
    records.received(ledger, "1")
    records.received(ledger, "2")
    batch = ledger.claim(PAIR, "shop_order", claimed_by="run-1", limit=100, lease_s=900)
    assert batch is not None
    assert batch.document_count == 2
    assert ledger.batch_pair(batch.batch_id) == PAIR


def test_a_claim_takes_the_oldest_versions_up_to_its_limit(ledger: Ledger) -> None:
    records.received(ledger, "1", minutes=3)
    second = records.received(ledger, "2", minutes=1)
    third = records.received(ledger, "3", minutes=2)
    assert ids(ledger, claim(ledger, limit=2)) == [second, third]


def test_two_claims_share_no_document(ledger: Ledger) -> None:
    first = records.received(ledger, "1")
    assert ids(ledger, claim(ledger, "run-1")) == [first]
    second = records.received(ledger, "2")
    assert ids(ledger, claim(ledger, "run-2")) == [second]
    assert claim(ledger, "run-3") is None


def test_a_retry_gets_the_same_batch_and_what_arrived_since(ledger: Ledger) -> None:
    first = records.received(ledger, "1")
    batch_id = claim(ledger)
    second = records.received(ledger, "2", minutes=1)
    assert claim(ledger) == batch_id
    assert ids(ledger, batch_id) == [first, second]


def test_a_retry_after_a_step_has_begun_takes_nothing_more_in(ledger: Ledger) -> None:
    first = records.received(ledger, "1")
    batch_id = claim(ledger)
    assert batch_id is not None
    ledger.begin_step(batch_id, "shop_order", lease_s=900)
    second = records.received(ledger, "2", minutes=1)
    assert claim(ledger) == batch_id
    assert ids(ledger, batch_id) == [first]
    assert ids(ledger, claim(ledger, "run-2")) == [second]


def test_a_retry_after_the_work_gets_its_finished_batch(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    batch_id = claim(ledger)
    ledger.mark_done(document_id)
    assert claim(ledger) == batch_id
    assert ids(ledger, batch_id, DocumentState.RECEIVED, DocumentState.VALIDATED) == []


def test_an_expired_lease_frees_its_documents(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    expired = claim(ledger, "run-1", lease_s=0)
    assert ids(ledger, claim(ledger, "run-2")) == [document_id]
    assert ids(ledger, expired) == []


def test_a_step_that_begins_renews_the_lease_and_keeps_its_documents(ledger: Ledger) -> None:
    records.received(ledger)
    batch_id = claim(ledger, "run-1", lease_s=0)
    ledger.begin_step(batch_id or BatchId(0), "invoice", lease_s=900)
    assert claim(ledger, "run-2") is None


def test_finished_documents_are_not_claimed(ledger: Ledger) -> None:
    ledger.mark_done(records.received(ledger, "1"))
    ledger.skip_document(records.received(ledger, "2"), rule="test_order")
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger, "3")))
    assert claim(ledger) is None


def test_what_was_done_lately_is_counted(ledger: Ledger) -> None:
    records.received(ledger, "1")
    assert ledger.done_lately(PAIR, within_s=600) == 0
    ledger.mark_done(records.received(ledger, "2"))
    assert ledger.done_lately(PAIR, within_s=600) == 1
    assert ledger.done_lately("lotus_lane", within_s=600) == 0
    assert ledger.done_lately(PAIR, within_s=-1) == 0


def test_an_unknown_batch_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError):
        ledger.batch_pair(BatchId(99))
    with pytest.raises(ConfigurationError):
        ledger.begin_step(BatchId(99), "invoice", lease_s=1)


def test_a_ready_document_carries_its_canonical_form(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    batch_id = claim(ledger) or BatchId(0)
    ledger.mark_validated(Validated(document_id=document_id, canonical={"total": "1.00"}))
    ledger.mark_validated(Validated(document_id=document_id, canonical={"total": "110.13"}))
    (stored,) = ledger.documents(batch_id, DocumentState.VALIDATED)
    assert stored.canonical == {"total": "110.13"}


def test_what_the_gate_warned_of_is_kept_with_the_document_and_listed(ledger: Ledger) -> None:
    warning = GateWarning(
        rule="tax_implausible",
        owner="accounting",
        field="tax_max_deviation",
        value="0.02",
        message="Two cents\x00 off.",
        remedy="Look at it.",
    )
    for name, warnings in (("1", [warning]), ("2", []), ("3", [warning, warning])):
        ledger.mark_validated(
            Validated(
                document_id=records.received(ledger, name), canonical={}, warnings=tuple(warnings)
            )
        )
    found = ledger.warned(PAIR, limit=9)
    assert [(one.source_id, len(one.warnings)) for one in found] == [("3", 2), ("1", 1)]
    assert found[1].warnings[0].rule == "tax_implausible"
    assert [one.source_id for one in ledger.warned(limit=1)] == ["3"]
    assert ledger.warned("another_pair", limit=9) == []


def test_a_document_is_done_only_when_its_deliveries_are_confirmed(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    with pytest.raises(RetryableError):
        ledger.mark_done(document_id)
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), None)
    ledger.mark_done(document_id)
    ledger.mark_done(document_id)
    assert ledger.conservation(PAIR).done == 1


def test_a_settled_document_cannot_be_settled_otherwise(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    ledger.skip_document(document_id, rule="test_order")
    with pytest.raises(RetryableError):
        ledger.mark_validated(Validated(document_id=document_id, canonical={}))
    with pytest.raises(RetryableError):
        ledger.mark_done(document_id)
    with pytest.raises(RetryableError):
        ledger.set_aside(records.dead_letter(document_id=document_id))


def test_documents_are_validated_together_or_not_at_all(ledger: Ledger) -> None:
    good, settled = (records.received(ledger, name) for name in ("good", "settled"))
    batch_id = claim(ledger) or BatchId(0)
    ledger.skip_document(settled, rule="test_order")
    both = [Validated(document_id=one, canonical={"total": "1.00"}) for one in (good, settled)]
    with pytest.raises(RetryableError):
        ledger.mark_validated(*both)
    assert ledger.documents(batch_id, DocumentState.VALIDATED) == []


def test_documents_are_done_together_or_not_at_all(ledger: Ledger) -> None:
    one, other = (records.received(ledger, name) for name in ("1", "2"))
    delivery_id = records.intended(ledger, other)
    with pytest.raises(RetryableError):
        ledger.mark_done(one, other)
    assert len(ledger.unsettled(PAIR, "shop_order")) == 2
    records.confirm(ledger, records.stored(ledger, delivery_id), landed())
    ledger.mark_done(one, other)
    ledger.mark_done(other, one)
    ledger.mark_done()
    assert ledger.unsettled(PAIR, "shop_order") == []
    with pytest.raises(ConfigurationError):
        ledger.mark_done(DocumentId(99))


def test_unsettled_documents_include_the_dead_letters(ledger: Ledger) -> None:
    first = records.received(ledger, "1", minutes=2)
    second = records.received(ledger, "2", minutes=1)
    ledger.mark_done(records.received(ledger, "3"))
    ledger.set_aside(records.dead_letter(document_id=first))
    found = ledger.unsettled(PAIR, "shop_order")
    assert [one.document_id for one in found] == [second, first]


def test_unsettled_documents_come_in_pages(ledger: Ledger) -> None:
    ids = [records.received(ledger, str(one), minutes=one // 2) for one in range(5)]
    first = ledger.unsettled(PAIR, "shop_order", limit=2)
    ledger.mark_done(first[-1].document_id)
    rest = ledger.unsettled(PAIR, "shop_order", after=first[-1], limit=10)
    assert [one.document_id for one in [*first, *rest]] == ids
    assert ledger.unsettled(PAIR, "shop_order", after=rest[-1], limit=2) == []


def test_other_versions_are_the_unsettled_ones_of_the_same_records(ledger: Ledger) -> None:
    def version(minutes: int) -> DocumentId:
        given = document(content=f"content {minutes}", minutes=minutes)
        return records.land_document(ledger, given) or DocumentId(0)

    ledger.mark_done(version(1))
    held = version(2)
    ledger.hold(held, reason="wait")
    aside = version(3)
    ledger.set_aside(records.dead_letter(document_id=aside))
    begun = version(4)
    ledger.mark_validated(Validated(document_id=begun, canonical={}))
    newest = version(5)
    stranger = records.received(ledger, "another")
    found = ledger.other_versions([newest, stranger])
    assert [one.document_id for one in found] == [held, aside, begun]
    found = ledger.other_versions([newest, begun])
    assert [one.document_id for one in found] == [held, aside]
    assert ledger.other_versions([stranger]) == []
    assert ledger.other_versions([]) == []


def test_a_document_set_aside_is_one_open_dead_letter(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    ledger.set_aside(records.dead_letter(document_id=document_id))
    ledger.set_aside(records.dead_letter(document_id=document_id))
    (letter,) = ledger.dead_letters(PAIR)
    assert (letter.document_id, letter.cause, letter.is_open) == (document_id, "unknown_item", True)
    assert ledger.conservation(PAIR).dead_letter == 1


def test_an_entry_set_aside_is_one_open_dead_letter(ledger: Ledger) -> None:
    inbox_id = records.land_pending(ledger)
    ledger.set_aside(records.dead_letter(inbox_id=inbox_id))
    ledger.set_aside(records.dead_letter(inbox_id=inbox_id))
    assert [letter.inbox_id for letter in ledger.dead_letters()] == [inbox_id]
    assert ledger.pending_entries(PAIR, limit=10) == []


def test_a_dead_letter_keeps_everything_it_was_given(ledger: Ledger) -> None:
    given = records.dead_letter(document_id=records.received(ledger)).model_copy(
        update={
            "rule": "r",
            "field": "f",
            "value": "v",
            "amount": records.MONEY,
            "currency": "USD",
            "mapped": {"a": "1"},
            "answer": [{"b": None}],
        }
    )
    ledger.set_aside(given)
    (letter,) = ledger.dead_letters()
    assert given.model_dump().items() <= letter.model_dump().items()


def test_dead_letters_come_oldest_first_and_of_one_pair(ledger: Ledger) -> None:
    ledger.set_aside(records.dead_letter(inbox_id=records.land_pending(ledger, "1"), message="a"))
    ledger.set_aside(records.dead_letter(inbox_id=records.land_pending(ledger, "2"), message="b"))
    assert [letter.message for letter in ledger.dead_letters(PAIR)] == ["a", "b"]
    assert ledger.dead_letters("lotus_lane") == []


def only_letter(ledger: Ledger) -> DeadLetterId:
    (letter,) = ledger.dead_letters(PAIR)
    return letter.dead_letter_id


def test_a_replayed_document_starts_again_for_whoever_claims_next(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    first = claim(ledger, "run-1")
    ledger.mark_validated(Validated(document_id=document_id, canonical={"total": "1.00"}))
    ledger.set_aside(records.dead_letter(document_id=document_id))
    ledger.replay(only_letter(ledger))
    assert ledger.dead_letters() == []
    assert ids(ledger, first) == []
    (stored,) = ledger.documents(claim(ledger, "run-2") or BatchId(0))
    assert (stored.document_id, stored.state) == (document_id, DocumentState.RECEIVED)
    assert stored.canonical is None
    assert ledger.conservation(PAIR).pending == 1


def test_a_replayed_entry_is_pending_again(ledger: Ledger) -> None:
    inbox_id = records.land_pending(ledger)
    ledger.set_aside(records.dead_letter(inbox_id=inbox_id))
    ledger.replay(only_letter(ledger))
    assert ledger.dead_letters() == []
    assert [one.inbox_id for one in ledger.pending_entries(PAIR, limit=10)] == [inbox_id]


def test_a_replayed_version_that_is_no_longer_the_newest_is_superseded(ledger: Ledger) -> None:
    old = records.received(ledger)
    ledger.set_aside(records.dead_letter(document_id=old))
    corrected = records.land_document(ledger, document(content="corrected", minutes=5))
    ledger.replay(only_letter(ledger))
    assert ids(ledger, claim(ledger)) == [corrected]
    counts = ledger.conservation(PAIR)
    assert (counts.skipped, counts.dead_letter) == ({"superseded": 1}, 0)
    assert counts.is_conserved


def test_replaying_a_closed_dead_letter_is_rejected(ledger: Ledger) -> None:
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger)))
    dead_letter_id = only_letter(ledger)
    ledger.replay(dead_letter_id)
    with pytest.raises(RejectedError) as rejected:
        ledger.replay(dead_letter_id)
    assert rejected.value.cause == "already_settled"
    assert ledger.conservation(PAIR).pending == 1


def test_replaying_what_is_no_dead_letter_is_rejected(ledger: Ledger) -> None:
    with pytest.raises(RejectedError) as rejected:
        ledger.replay(DeadLetterId(99))
    assert rejected.value.cause == "unknown_dead_letter"


def test_what_fails_again_after_a_replay_is_a_new_dead_letter(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    ledger.set_aside(records.dead_letter(document_id=document_id))
    first = only_letter(ledger)
    ledger.replay(first)
    ledger.set_aside(records.dead_letter(document_id=document_id))
    assert only_letter(ledger) != first
    assert ledger.conservation(PAIR).dead_letter == 1


def test_an_intent_has_a_key_that_targets_accept(ledger: Ledger) -> None:
    (stored,) = ledger.intend([delivery(records.received(ledger))])
    assert stored.state is DeliveryState.INTENT
    assert stored.attempts == 0
    assert stored.sent_at is None
    assert 32 <= len(stored.idempotency_key) <= 64


def test_the_same_intent_again_is_the_same_delivery(ledger: Ledger) -> None:
    new = delivery(records.received(ledger))
    assert ledger.intend([new]) == ledger.intend([new])


def test_intents_come_back_in_the_order_given(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    new = [delivery(document_id, key=key) for key in ("b", "a", "c")]
    assert [stored.document_key for stored in ledger.intend(new)] == ["b", "a", "c"]
    assert ledger.intend([]) == []


def test_a_confirmed_delivery_stands_when_another_version_is_intended(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), None)
    (stored,) = ledger.intend([delivery(document_id, version="v2")])
    assert (stored.version_hash, stored.state) == ("v1", DeliveryState.ENTERED)


def test_a_sent_delivery_stands_when_another_version_is_intended(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    records.send(ledger, records.intended(ledger, document_id))
    (stored,) = ledger.intend([delivery(document_id, version="v2")])
    assert (stored.version_hash, stored.state) == ("v1", DeliveryState.SENT)


def test_another_version_replaces_an_intent_that_was_never_taken(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    (first,) = ledger.intend([delivery(document_id)])
    records.send(ledger, first.delivery_id)
    ledger.mark_unsent([records.stored(ledger, first.delivery_id)])
    (second,) = ledger.intend([delivery(document_id, version="v2")])
    assert second.delivery_id == first.delivery_id
    assert second.payload["Version"] == "v2"
    assert second.idempotency_key != first.idempotency_key


def test_another_version_replaces_a_refused_one(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    (first,) = ledger.intend([delivery(document_id)])
    ledger.refuse(records.stored(ledger, first.delivery_id), refused())
    (second,) = ledger.intend([delivery(document_id, version="v2")])
    assert (second.delivery_id, second.state) == (first.delivery_id, DeliveryState.INTENT)
    assert second.payload["Version"] == "v2"


def test_the_idempotency_key_is_stable_until_the_target_refuses(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    (first,) = ledger.intend([delivery(document_id)])
    records.send(ledger, first.delivery_id)
    ledger.mark_in_doubt([records.stored(ledger, first.delivery_id)])
    ledger.mark_unsent([records.stored(ledger, first.delivery_id)])
    (again,) = ledger.intend([delivery(document_id)])
    assert again.idempotency_key == first.idempotency_key
    ledger.refuse(records.stored(ledger, first.delivery_id), refused())
    (after,) = ledger.intend([delivery(document_id)])
    assert after.state is DeliveryState.REFUSED
    assert after.idempotency_key != first.idempotency_key


def test_a_refused_delivery_can_be_sent_again(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    ledger.refuse(records.stored(ledger, delivery_id), refused())
    records.send(ledger, delivery_id)
    assert records.read_again(ledger, delivery_id, document_id).state is DeliveryState.SENT


def test_keys_differ_between_deliveries(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    new = [delivery(document_id, key=key) for key in ("a", "b")]
    first, second = ledger.intend(new)
    assert first.idempotency_key != second.idempotency_key


def test_sending_counts_attempts_and_notes_the_time(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    records.send(ledger, delivery_id)
    ledger.mark_in_doubt([records.stored(ledger, delivery_id)])
    records.send(ledger, delivery_id)
    stored = records.read_again(ledger, delivery_id, document_id)
    assert (stored.state, stored.attempts) == (DeliveryState.SENT, 2)
    assert stored.sent_at is not None


def test_a_lost_answer_is_in_doubt_and_counted(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    records.send(ledger, delivery_id)
    ledger.mark_in_doubt([records.stored(ledger, delivery_id)])
    assert ledger.conservation(PAIR).in_doubt == 1


def test_confirming_stores_what_the_target_holds_and_binds_it(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    records.send(ledger, delivery_id)
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), binding())
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), binding())
    stored = records.read_again(ledger, delivery_id, document_id)
    assert (stored.state, stored.external_id) == (DeliveryState.ENTERED, "inv-1")
    assert stored.external_no == "HP-1042"
    assert ledger.bindings(PAIR, "order", ["1042"], System.XERO)["1042"].external_id == "inv-1"


def test_a_second_document_at_the_target_is_rejected(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    records.confirm(ledger, records.stored(ledger, delivery_id), landed("inv-1"), None)
    with pytest.raises(RejectedError, match="inv-1"):
        records.confirm(ledger, records.stored(ledger, delivery_id), landed("inv-2"), None)


def test_a_binding_that_clashes_leaves_the_delivery_unconfirmed(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    ledger.bind(binding("other"))
    with pytest.raises(RejectedError):
        records.confirm(ledger, records.stored(ledger, delivery_id), landed(), binding())
    assert records.read_again(ledger, delivery_id, document_id).state is DeliveryState.INTENT


def test_of_what_is_confirmed_together_only_what_clashes_is_left_out(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    keys = ("good", "bound otherwise", "id of the first", "landed otherwise")
    meant = ledger.intend([delivery(document_id, key=key) for key in keys])
    ledger.bind(binding("somebody else", "inv-2"))
    records.confirm(ledger, meant[3], landed("inv-4"))
    ids = ("inv-1", "inv-2", "inv-1", "inv-5")
    rejected = ledger.confirm(
        [
            Confirmation(
                delivery=one, landed=landed(number), binding=binding(one.document_key, number)
            )
            for one, number in zip(meant, ids, strict=True)
        ]
    )
    causes = {one.document_key: rejected[one.delivery_id].cause for one in meant[1:]}
    assert causes == {
        "bound otherwise": "number_taken",
        "id of the first": "number_taken",
        "landed otherwise": "read_back_differs",
    }
    assert meant[0].delivery_id not in rejected
    stored = {one.document_key: one for one in ledger.deliveries([document_id])}
    assert [str(stored[key].state) for key in keys] == ["entered", "intent", "intent", "entered"]
    assert stored["landed otherwise"].external_id == "inv-4"
    bound = ledger.bindings(PAIR, "order", keys, System.XERO)
    assert {key: one.external_id for key, one in bound.items()} == {"good": "inv-1"}


def test_nothing_is_confirmed_together_with_another_version(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    one, older = ledger.intend([delivery(document_id, key="a"), delivery(document_id, key="b")])
    ledger.intend([delivery(document_id, key="b", version="v2")])
    with pytest.raises(RetryableError, match="another version"):
        ledger.confirm(
            [
                Confirmation(delivery=one, landed=landed("inv-1")),
                Confirmation(delivery=older, landed=landed("inv-2")),
            ]
        )
    assert {str(one.state) for one in ledger.deliveries([document_id])} == {"intent"}


def test_whoever_compared_an_older_version_confirms_no_newer_one(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    (older,) = ledger.intend([delivery(document_id)])
    (newer,) = ledger.intend([delivery(document_id, version="v2")])
    assert newer.delivery_id == older.delivery_id
    with pytest.raises(RetryableError, match="another version"):
        records.confirm(ledger, older, landed(), None)
    assert records.stored(ledger, newer.delivery_id).state is DeliveryState.INTENT
    records.confirm(ledger, newer, landed(), None)
    assert records.stored(ledger, newer.delivery_id).state is DeliveryState.ENTERED


def test_reading_the_target_outweighs_a_refusal(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    ledger.refuse(records.stored(ledger, delivery_id), refused())
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), None)
    assert records.read_again(ledger, delivery_id, document_id).state is DeliveryState.ENTERED


def test_nobody_sends_what_is_confirmed(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    done, waiting = ledger.intend([delivery(document_id), delivery(document_id, key="other")])
    records.confirm(ledger, done, landed(), None)
    with pytest.raises(RetryableError):
        records.send(ledger, done.delivery_id, waiting.delivery_id)
    with pytest.raises(RetryableError):
        ledger.refuse(records.stored(ledger, done.delivery_id), refused())
    assert records.read_again(ledger, waiting.delivery_id, document_id).attempts == 0


def test_an_unknown_delivery_is_refused(ledger: Ledger) -> None:
    with pytest.raises(RetryableError):
        records.send(ledger, DeliveryId(99))
    known = records.stored(ledger, records.intended(ledger))
    with pytest.raises(ConfigurationError):
        records.confirm(
            ledger, known.model_copy(update={"delivery_id": DeliveryId(99)}), landed(), None
        )


def test_deliveries_are_found_by_a_part_of_their_payload(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    lines: Json = {"lines": [{"ItemCode": "A", "Price": "1"}, {"ItemCode": "B"}]}
    new = [
        delivery(document_id, key="first").model_copy(update={"payload": lines}),
        delivery(document_id, key="second").model_copy(update={"payload": {"lines": []}}),
        delivery(document_id, entity="payment").model_copy(update={"payload": lines}),
    ]
    first, second, _payment = ledger.intend(new)

    def holding(part: Json) -> list[Delivery]:
        return ledger.deliveries_holding(PAIR, "invoice", part)

    assert holding({"lines": [{"ItemCode": "B"}]}) == [first]
    assert holding({"lines": [{"ItemCode": "B"}, {"Price": "1"}]}) == [first]
    assert holding({"lines": []}) == [first, second]
    assert holding({"lines": [{"ItemCode": "B", "Price": "1"}]}) == []
    assert holding({"header": {}}) == []


def test_documents_are_found_by_a_part_of_their_canonical_record(ledger: Ledger) -> None:
    first, second = records.received(ledger, "1"), records.received(ledger, "2")
    ordered: Json = {"purchase_order_no": "0000001", "lines": [{"item_code": "A"}]}
    ledger.mark_validated(
        Validated(document_id=first, canonical=ordered),
        Validated(document_id=second, canonical={"purchase_order_no": "0000002"}),
    )

    def holding(part: Json, *states: str) -> list[DocumentId]:
        found = ledger.documents_holding(PAIR, "shop_order", part, *states)
        return [one.document_id for one in found]

    assert holding({"purchase_order_no": "0000001"}, DocumentState.VALIDATED) == [first]
    assert holding({"lines": [{"item_code": "A"}]}, *UNFINISHED) == [first]
    assert holding({}, *UNFINISHED) == [first, second]
    assert holding({"purchase_order_no": "0000001"}, DocumentState.DONE) == []
    assert ledger.documents_holding(PAIR, "bill", {}, *UNFINISHED) == []


def test_deliveries_are_found_by_document_and_entity(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    new = [delivery(document_id), delivery(document_id, entity="payment", key="t-1")]
    invoice, payment = ledger.intend(new)
    assert ledger.deliveries([document_id]) == [invoice, payment]
    assert ledger.deliveries([document_id], entity="payment") == [payment]
    assert ledger.deliveries([]) == []


def test_deliveries_are_found_by_key_in_whichever_state(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    new = [delivery(document_id, key="a"), delivery(document_id, key="b")]
    confirmed, _waiting = ledger.intend(new)
    records.confirm(ledger, confirmed, landed(), None)
    found = ledger.deliveries_of(PAIR, "invoice", ["a", "b", "c"])
    assert {one.document_key: str(one.state) for one in found} == {"a": "entered", "b": "intent"}


def test_the_newest_version_of_a_set_state_replaces_a_confirmed_one(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    new = delivery(document_id)
    (first,) = ledger.intend([new], newest_wins=True)
    records.confirm(ledger, first, landed(), None)
    other = new.model_copy(update={"version_hash": "another", "payload": {"n": "2"}})
    (replaced,) = ledger.intend([other], newest_wins=True)
    assert (replaced.delivery_id, str(replaced.state)) == (first.delivery_id, "intent")
    assert replaced.payload == {"n": "2"}
    assert replaced.idempotency_key != first.idempotency_key
    (again,) = ledger.intend([other], newest_wins=True)
    assert again == replaced


def test_a_state_that_is_set_again_after_another_is_another_write(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    one = delivery(document_id)
    other = one.model_copy(update={"version_hash": "another", "payload": {"n": "2"}})
    keys = []
    for wanted in (one, other, one, other):
        (intended,) = ledger.intend([wanted], newest_wins=True)
        keys.append(intended.idempotency_key)
        records.confirm(ledger, intended, landed(), None)
    assert len(set(keys)) == 4


def test_a_binding_is_found_by_its_key_in_its_system(ledger: Ledger) -> None:
    ledger.bind(binding("a", "1"))
    ledger.bind(binding("b", "2"))
    found = ledger.bindings(PAIR, "order", ["a", "x"], System.XERO)
    assert {key: one.external_id for key, one in found.items()} == {"a": "1"}
    assert ledger.bindings(PAIR, "order", ["a"], System.SAGE100) == {}
    assert ledger.bindings(PAIR, "customer", ["a"], System.XERO) == {}


def test_the_same_binding_twice_is_one(ledger: Ledger) -> None:
    ledger.bind(binding())
    ledger.bind(binding())
    assert len(ledger.bindings(PAIR, "order", ["1042"], System.XERO)) == 1


def test_a_key_is_bound_to_one_thing(ledger: Ledger) -> None:
    ledger.bind(binding("a", "1"))
    with pytest.raises(RejectedError, match="'a'"):
        ledger.bind(binding("a", "2"))


def test_a_thing_is_bound_to_one_key(ledger: Ledger) -> None:
    ledger.bind(binding("a", "1"))
    with pytest.raises(RejectedError, match="'1'"):
        ledger.bind(binding("b", "1"))


def test_one_writer_at_a_time_holds_a_name(ledger: Ledger) -> None:
    with (
        ledger.locks(["payments"]),
        pytest.raises(UnavailableError, match="payments"),
        ledger.locks(["payments"]),
    ):
        pytest.fail("two writers at once")
    with ledger.locks(["payments"]), ledger.locks(["bills"]):
        pass


def test_a_writer_that_fails_frees_the_name(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="broken"), ledger.locks(["payments"]):
        raise ValueError("broken")
    with ledger.locks(["payments"]):
        pass


def test_every_entry_is_counted_in_one_place(ledger: Ledger) -> None:
    records.land_pending(ledger, "pending")
    records.received(ledger, "received")
    ledger.mark_validated(Validated(document_id=records.received(ledger, "ready"), canonical={}))
    ledger.mark_done(records.received(ledger, "done"))
    ledger.skip_document(records.received(ledger, "test"), rule="test_order")
    ledger.set_aside(records.dead_letter(document_id=records.received(ledger, "bad")))
    unreadable = records.land_pending(ledger, "unreadable", body=b"unreadable")
    ledger.set_aside(records.dead_letter(inbox_id=unreadable))
    ledger.land([entry("elsewhere", pair="lotus_lane")])
    counts = ledger.conservation(PAIR)
    assert (counts.received, counts.pending, counts.done, counts.dead_letter) == (7, 3, 1, 2)
    assert counts.skipped == {"test_order": 1}
    assert counts.is_conserved


def test_every_send_raises_the_fencing_epoch(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    (first,) = records.send(ledger, delivery_id)
    (second,) = records.send(ledger, delivery_id)
    assert (first.epoch, second.epoch) == (1, 2)


def test_a_step_that_begins_anew_fences_off_the_worker_before(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    outdated = records.fence(ledger)
    records.fence(ledger)
    with pytest.raises(RetryableError):
        ledger.mark_sent([delivery_id], fence=outdated, lease_s=900)
    assert records.stored(ledger, delivery_id).state is DeliveryState.INTENT


def test_another_step_of_the_batch_fences_nobody_off(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    held = records.fence(ledger, "invoice")
    records.fence(ledger, "payment")
    assert ledger.mark_sent([delivery_id], fence=held, lease_s=900)[0].epoch == 1


def test_nothing_is_sent_when_the_lease_has_ended(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    batch_id = claim(ledger) or BatchId(0)
    held = ledger.begin_step(batch_id, "invoice", lease_s=0)
    with pytest.raises(RetryableError):
        ledger.mark_sent([delivery_id], fence=held, lease_s=900)


def test_the_word_of_an_outdated_send_changes_nothing(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    outdated = records.send(ledger, delivery_id)
    records.send(ledger, delivery_id)
    with pytest.raises(RetryableError):
        ledger.mark_unsent(outdated)
    with pytest.raises(RetryableError):
        ledger.mark_in_doubt(outdated)
    with pytest.raises(RetryableError):
        ledger.refuse(outdated[0], refused())
    assert records.stored(ledger, delivery_id).state is DeliveryState.SENT


def test_a_send_that_was_not_taken_uses_up_nothing(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    ledger.mark_unsent(records.send(ledger, delivery_id))
    assert records.stored(ledger, delivery_id).attempts == 0
    ledger.mark_in_doubt(records.send(ledger, delivery_id))
    ledger.mark_in_doubt(records.send(ledger, delivery_id), is_counted=False)
    assert records.stored(ledger, delivery_id).attempts == 1


def test_what_cannot_land_any_more_gets_a_new_key(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    (before,) = records.send(ledger, delivery_id)
    (after,) = ledger.renew_key([delivery_id])
    assert after.state is DeliveryState.INTENT
    assert after.idempotency_key != before.idempotency_key


def test_the_age_of_a_send_is_the_ledgers_to_tell(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    assert records.stored(ledger, delivery_id).sent_age_s is None
    records.send(ledger, delivery_id)
    age_s = records.stored(ledger, delivery_id).sent_age_s
    assert age_s is not None
    assert 0 <= age_s < 60


def is_new_under_its_key(sent: Delivery) -> bool:
    """Say whether a send was the first under its key, to the clock's last digits."""
    assert sent.sent_at is not None
    assert sent.key_sent_at is not None
    return abs(sent.key_sent_at - sent.sent_at) < timedelta(milliseconds=1)


def test_a_key_ages_from_its_first_send_until_it_is_another(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    (first,) = records.send(ledger, delivery_id)
    (again,) = records.send(ledger, delivery_id)
    assert first.key_sent_at == again.key_sent_at
    assert is_new_under_its_key(first)
    ledger.renew_key([delivery_id])
    (renewed,) = records.send(ledger, delivery_id)
    assert is_new_under_its_key(renewed)


def test_a_key_that_a_target_did_not_take_does_not_age(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    sent = records.send(ledger, delivery_id)
    ledger.mark_unsent(sent)
    (again,) = records.send(ledger, delivery_id)
    assert is_new_under_its_key(again)


def test_beginnings_without_an_end_are_counted(ledger: Ledger) -> None:
    records.received(ledger)
    assert records.fence(ledger).unfinished == 0
    assert records.fence(ledger).unfinished == 1
    held = records.fence(ledger)
    assert held.unfinished == 2
    ledger.end_step(held)
    assert records.fence(ledger).unfinished == 0


def test_a_document_that_nobody_lets_go_of_counts_its_crashes(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    assert [ledger.take_up(document_id), ledger.take_up(document_id)] == [0, 1]
    ledger.let_go(document_id)
    assert ledger.take_up(document_id) == 0


def test_fresh_records_are_claimed_before_history(ledger: Ledger) -> None:
    old = entry("1", body=b"old").model_copy(update={"origin": Origin.BACKFILL})
    ledger.land([old])
    (pending,) = ledger.pending_entries(PAIR, limit=1)
    history = ledger.document(pending.inbox_id, document("1"))
    fresh = records.received(ledger, "2", minutes=5)
    assert ids(ledger, claim(ledger, "run-1", limit=1)) == [fresh]
    assert ids(ledger, claim(ledger, "run-2", limit=1)) == [history]


def test_a_superseded_version_intends_nothing(ledger: Ledger) -> None:
    older = records.received(ledger, "1")
    ledger.skip_document(older, rule="superseded")
    with pytest.raises(RetryableError):
        ledger.intend([delivery(older)])


def test_a_newer_version_supersedes_what_nobody_has_begun(ledger: Ledger) -> None:
    records.received(ledger, "1")
    newer = records.land_document(ledger, document("1", minutes=1, content="b"))
    assert ids(ledger, claim(ledger)) == [newer]
    assert ledger.conservation(PAIR).skipped == {"superseded": 1}


def test_a_validated_document_becomes_ready_once(ledger: Ledger) -> None:
    first, second = records.received(ledger, "1"), records.received(ledger, "2")
    batch_id = claim(ledger)
    ledger.mark_validated(Validated(document_id=first, canonical={"a": 1}))
    ledger.mark_ready([first, second])
    assert ids(ledger, batch_id, DocumentState.READY) == [first]
    assert ids(ledger, batch_id, DocumentState.RECEIVED) == [second]


def test_a_held_document_waits_until_it_is_released(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    ledger.hold(document_id, reason="two payments")
    assert claim(ledger, "run-1") is None
    assert ledger.conservation(PAIR).pending == 1
    (held,) = ledger.unsettled(PAIR, "shop_order")
    assert (held.state, held.held_for) == (DocumentState.HELD, "two payments")
    ledger.release(document_id)
    (released,) = ledger.unsettled(PAIR, "shop_order")
    assert (released.state, released.held_for) == (DocumentState.RECEIVED, "")
    assert ids(ledger, claim(ledger, "run-2")) == [document_id]


def test_posting_goes_on_and_never_back(ledger: Ledger) -> None:
    delivery_id = records.intended(ledger)
    ledger.advance(delivery_id, DeliveryState.UPDATED)
    assert records.stored(ledger, delivery_id).state is DeliveryState.INTENT
    records.confirm(ledger, records.stored(ledger, delivery_id), landed(), None)
    ledger.advance(delivery_id, DeliveryState.IN_GL)
    ledger.advance(delivery_id, DeliveryState.UPDATED)
    assert records.stored(ledger, delivery_id).state is DeliveryState.IN_GL


def test_one_document_at_the_target_belongs_to_one_delivery(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    one, other = ledger.intend([delivery(document_id), delivery(document_id, key="other")])
    records.confirm(ledger, one, landed(), None)
    with pytest.raises(RejectedError, match="1042"):
        records.confirm(ledger, other, landed(), None)


def test_other_content_and_an_answer_start_the_attempts_anew(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    delivery_id = records.intended(ledger, document_id)
    ledger.mark_in_doubt(records.send(ledger, delivery_id))
    ledger.intend([delivery(document_id, version="v2")], newest_wins=True)
    assert records.stored(ledger, delivery_id).attempts == 0
    (sent,) = records.send(ledger, delivery_id)
    ledger.refuse(sent, refused())
    assert records.stored(ledger, delivery_id).attempts == 0


def test_judging_a_version_says_what_would_skip_it_and_changes_nothing(ledger: Ledger) -> None:
    new = document(minutes=5)
    assert ledger.judge(new) == ""
    records.land_document(ledger, new)
    assert ledger.judge(document(minutes=9)) == "duplicate"
    assert ledger.judge(document(content="second", minutes=4)) == "superseded"
    # Had the look at minute 9 counted, this would be superseded.
    assert ledger.judge(document(content="second", minutes=6)) == ""
    assert len(ledger.unsettled(PAIR, "shop_order")) == 1


def test_what_waits_is_what_a_claim_would_take_in_its_order(ledger: Ledger) -> None:
    first = records.received(ledger, "1", minutes=2)
    claim(ledger, "another run")
    second = records.received(ledger, "2", minutes=1)
    third = records.received(ledger, "3", minutes=0)
    skipped = records.received(ledger, "4")
    ledger.skip_document(skipped, rule="test_order")
    waiting = [one.document_id for one in ledger.waiting(PAIR, "shop_order")]
    assert waiting == [third, second]
    assert first not in waiting
    assert ids(ledger, claim(ledger, "this run")) == waiting


def test_documents_are_claimed_by_name_all_or_none(ledger: Ledger) -> None:
    first, second = records.received(ledger, "1"), records.received(ledger, "2", minutes=1)
    held = records.received(ledger, "3", minutes=2)
    assert ledger.claimed(PAIR, "shop_order", "plan a") is None
    batch = ledger.claim_these(PAIR, "shop_order", [held], claimed_by="plan a", lease_s=900)
    with pytest.raises(RetryableError):
        ledger.claim_these(PAIR, "shop_order", [first, held], claimed_by="plan b", lease_s=900)
    assert ledger.claimed(PAIR, "shop_order", "plan b") is None
    assert ledger.claimed(PAIR, "shop_order", "plan a") == batch.batch_id
    assert ids(ledger, batch.batch_id) == [held]
    again = ledger.claim_these(PAIR, "shop_order", [held], claimed_by="plan a", lease_s=900)
    assert again == batch
    assert ids(ledger, claim(ledger)) == [first, second]


def test_what_is_finished_cannot_be_claimed_by_name(ledger: Ledger) -> None:
    done = records.received(ledger)
    ledger.mark_done(done)
    for wanted in ([done], []):
        with pytest.raises(RetryableError):
            ledger.claim_these(PAIR, "shop_order", wanted, claimed_by="plan", lease_s=900)


def test_a_binding_is_found_by_what_it_binds_to(ledger: Ledger) -> None:
    ledger.bind(binding(entity="customer"))
    found = ledger.bindings_to(PAIR, "customer", ["inv-1", "inv-2"], System.XERO)
    assert {name: one.key for name, one in found.items()} == {"inv-1": "1042"}
    assert ledger.bindings_to(PAIR, "order", ["inv-1"], System.XERO) == {}
    assert ledger.bindings_to(PAIR, "customer", ["inv-1"], System.SAGE100) == {}


def test_what_was_sent_more_than_once_is_listed_by_its_last_send(ledger: Ledger) -> None:
    once = records.intended(ledger, records.received(ledger, "1"))
    document_id = records.received(ledger, "2")
    (again,) = ledger.intend([delivery(document_id, key="2")])
    long_ago = records.MIDNIGHT - timedelta(days=9999)
    records.send(ledger, once)
    records.send(ledger, again.delivery_id)
    assert ledger.resent(PAIR, "invoice", long_ago) == []
    records.send(ledger, again.delivery_id)
    (resent,) = ledger.resent(PAIR, "invoice", long_ago)
    assert (resent.delivery_id, resent.epoch) == (again.delivery_id, 2)
    assert ledger.resent(PAIR, "payment", long_ago) == []
    assert ledger.resent(PAIR, "invoice", records.MIDNIGHT + timedelta(days=9999)) == []


def entered_in_sage(ledger: Ledger, key: str = "r-1", *, minutes: int = 0) -> DeliveryId:
    """Land a cash receipt of an order of its own, whose document is done."""
    document_id = records.received(ledger, f"of {key}", minutes=minutes)
    new = delivery(document_id, key=key, entity="cash_receipt", target=System.SAGE100)
    (one,) = ledger.intend([new])
    records.send(ledger, one.delivery_id)
    records.confirm(ledger, one, landed(f"00001/{key}"), None)
    ledger.mark_done(document_id)
    return one.delivery_id


def test_what_is_not_in_the_gl_yet_is_followed_by_its_ids(ledger: Ledger) -> None:
    first, second = entered_in_sage(ledger, "r-1"), entered_in_sage(ledger, "r-2", minutes=1)
    third = entered_in_sage(ledger, "r-3", minutes=2)
    ledger.advance(second, DeliveryState.UPDATED)
    ledger.advance(third, DeliveryState.IN_GL)

    def followed(after: DeliveryId | None = None, limit: int = 9) -> list[DeliveryId]:
        found = ledger.following(PAIR, "cash_receipt", after=after, limit=limit)
        return [one.delivery_id for one in found]

    assert followed() == [first, second]
    assert followed(limit=1) == [first]
    assert followed(first) == [second]
    assert ledger.following(PAIR, "sales_order", limit=9) == []
    some = ledger.following(PAIR, "cash_receipt", among=["00001/r-2", "00001/r-3", "x"], limit=9)
    assert [one.delivery_id for one in some] == [second]
    assert ledger.following(PAIR, "cash_receipt", among=[], limit=9) == []


def test_what_people_took_back_is_held_and_its_record_a_dead_letter(ledger: Ledger) -> None:
    one = entered_in_sage(ledger)
    held = records.stored(ledger, one)
    letter = records.dead_letter(document_id=held.document_id, message="it was deleted")
    assert ledger.recall(one, letter)
    assert records.stored(ledger, one).state is DeliveryState.HELD
    (opened,) = ledger.dead_letters(PAIR)
    assert (opened.document_id, opened.message) == (held.document_id, "it was deleted")
    assert opened.trace_key == f"{records.SHOP} #of r-1"
    counts = ledger.conservation(PAIR)
    assert (counts.dead_letter, counts.done, counts.is_conserved) == (1, 0, True)
    assert not ledger.recall(one, letter)
    assert len(ledger.dead_letters(PAIR)) == 1
    ledger.replay(opened.dead_letter_id)
    assert records.stored(ledger, one).state is DeliveryState.HELD


def test_the_newest_version_answers_for_what_people_took_back(ledger: Ledger) -> None:
    one = entered_in_sage(ledger)
    newer = records.land_document(ledger, document("of r-1", content="second", minutes=9))
    assert newer is not None
    ledger.mark_done(newer)
    old = records.stored(ledger, one).document_id
    assert ledger.recall(one, records.dead_letter(document_id=old))
    (opened,) = ledger.dead_letters(PAIR)
    assert opened.document_id == newer
    assert records.stored(ledger, one).document_id == newer


def test_nothing_is_opened_for_a_record_that_was_skipped(ledger: Ledger) -> None:
    one = entered_in_sage(ledger)
    newer = records.land_document(ledger, document("of r-1", content="second", minutes=9))
    assert newer is not None
    ledger.skip_document(newer, rule="dismissed")
    assert not ledger.recall(one, records.dead_letter(document_id=newer))
    assert records.stored(ledger, one).state is DeliveryState.HELD
    assert ledger.dead_letters(PAIR) == []


def test_what_is_held_is_landed_again_when_it_is_found(ledger: Ledger) -> None:
    one = entered_in_sage(ledger)
    ledger.recall(one, records.dead_letter(document_id=records.stored(ledger, one).document_id))
    records.confirm(ledger, records.stored(ledger, one), landed("00001/r-1"), None)
    assert records.stored(ledger, one).state is DeliveryState.ENTERED
