"""What every ledger says of records by their keys; it must not read more than these."""

from records import PAIR, SHOP, claim, document, entry
from tieout.domain.ledger import NewDeadLetter, NewDocument
from tieout.ports.ledger import Ledger


def land(ledger: Ledger, new: NewDocument, *, event_id: str) -> None:
    ledger.land([entry(new.source_id, event_id=event_id, body=event_id.encode())])
    (pending,) = ledger.pending_entries(PAIR, limit=10)
    ledger.document(pending.inbox_id, new)


def test_what_nobody_knows_is_left_out(ledger: Ledger) -> None:
    land(ledger, document("1"), event_id="e-1")
    assert list(ledger.known_records(PAIR, SHOP, "shop_order", ["1", "2"])) == ["1"]
    assert ledger.known_records(PAIR, SHOP, "shop_order", []) == {}
    assert ledger.known_records(PAIR, "another shop", "shop_order", ["1"]) == {}


def test_the_newest_version_counts(ledger: Ledger) -> None:
    land(ledger, document("1", content="first"), event_id="e-1")
    land(ledger, document("1", content="second", minutes=5), event_id="e-2")
    (known,) = ledger.known_records(PAIR, SHOP, "shop_order", ["1"]).values()
    assert (known.content_hash, known.state, known.rule) == ("second", "received", "")
    assert not known.is_pending


def test_a_message_that_waits_is_known_of(ledger: Ledger) -> None:
    ledger.land([entry("1")])
    (known,) = ledger.known_records(PAIR, SHOP, "shop_order", ["1"]).values()
    assert (known.state, known.is_pending, known.is_set_aside) == (None, True, False)


def test_a_message_that_was_set_aside_is_known_of(ledger: Ledger) -> None:
    ledger.land([entry("1")])
    (pending,) = ledger.pending_entries(PAIR, limit=1)
    ledger.set_aside(
        NewDeadLetter(
            pair=PAIR,
            inbox_id=pending.inbox_id,
            trace_key="t",
            step="capture",
            cause="body_not_json",
            message="m",
            remedy="r",
        )
    )
    (known,) = ledger.known_records(PAIR, SHOP, "shop_order", ["1"]).values()
    assert (known.state, known.is_pending, known.is_set_aside) == (None, False, True)


def test_a_skipped_version_names_its_rule(ledger: Ledger) -> None:
    land(ledger, document("1"), event_id="e-1")
    batch = claim(ledger)
    (stored,) = ledger.documents(batch)
    ledger.skip_document(stored.document_id, rule="test_order")
    (known,) = ledger.known_records(PAIR, SHOP, "shop_order", ["1"]).values()
    assert (known.state, known.rule) == ("skipped", "test_order")
