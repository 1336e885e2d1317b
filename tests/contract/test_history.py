"""Fresh before history, in every ledger: a fresh order never waits for what a backfill brought."""

from records import PAIR, document, entry
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import Origin
from tieout.ports.ledger import Ledger


def receive(ledger: Ledger, number: str, origin: Origin = Origin.WEBHOOK) -> DocumentId:
    ledger.land([entry(number, body=number.encode()).model_copy(update={"origin": origin})])
    (pending,) = ledger.pending_entries(PAIR, limit=10)
    received = ledger.document(pending.inbox_id, document(number))
    assert received is not None
    return received


def receive_history(ledger: Ledger, number: str) -> DocumentId:
    return receive(ledger, number, Origin.BACKFILL)


def claim(
    ledger: Ledger, run: str, *, limit: int = 100, lease_s: int = 900, history_first: bool = False
) -> tuple[BatchId | None, list[DocumentId]]:
    batch = ledger.claim(
        PAIR,
        "shop_order",
        claimed_by=run,
        limit=limit,
        lease_s=lease_s,
        history_first=history_first,
    )
    if batch is None:
        return None, []
    return batch.batch_id, [one.document_id for one in ledger.documents(batch.batch_id)]


def test_a_batch_has_fresh_documents_or_history_and_fresh_goes_first(ledger: Ledger) -> None:
    old, fresh = receive_history(ledger, "1"), receive(ledger, "2")
    assert claim(ledger, "live 1")[1] == [fresh]
    assert claim(ledger, "live 2")[1] == [old]


def test_one_batch_at_a_time_is_at_history(ledger: Ledger) -> None:
    first, second = receive_history(ledger, "1"), receive_history(ledger, "2")
    batch, held = claim(ledger, "backfill 1", limit=1, history_first=True)
    assert held == [first]
    assert claim(ledger, "backfill 2", history_first=True) == (None, [])
    assert claim(ledger, "live") == (None, [])
    fresh = receive(ledger, "3")
    assert claim(ledger, "live")[1] == [fresh]
    assert batch is not None
    ledger.skip_document(first, rule="test_order")
    assert claim(ledger, "backfill 2", history_first=True)[1] == [second]


def test_a_backfill_leaves_what_came_in_live_to_live_runs(ledger: Ledger) -> None:
    old, fresh = receive_history(ledger, "1"), receive(ledger, "2")
    assert claim(ledger, "backfill", history_first=True)[1] == [old]
    assert ledger.waits(PAIR, "shop_order", source=System.SHOPIFY)
    assert claim(ledger, "live")[1] == [fresh]
    assert not ledger.waits(PAIR, "shop_order", source=System.SHOPIFY)


def test_a_backfill_without_history_takes_what_there_is(ledger: Ledger) -> None:
    fresh = receive(ledger, "2")
    assert claim(ledger, "backfill", history_first=True)[1] == [fresh]


def test_a_run_that_comes_back_to_its_history_takes_nothing_fresh(ledger: Ledger) -> None:
    old = receive_history(ledger, "1")
    batch, _ = claim(ledger, "run")
    receive(ledger, "2")
    assert claim(ledger, "run") == (batch, [old])


def test_history_of_a_run_that_let_its_lease_end_is_free(ledger: Ledger) -> None:
    old = receive_history(ledger, "1")
    claim(ledger, "dead", lease_s=0)
    assert claim(ledger, "live")[1] == [old]


def test_a_step_that_failed_lets_go_of_its_documents_sooner(ledger: Ledger) -> None:
    fresh = receive(ledger, "1")
    batch, _ = claim(ledger, "failing")
    assert batch is not None
    fence = ledger.begin_step(batch, "invoice", lease_s=900)
    ledger.end_step(fence, lease_s=2000)
    assert claim(ledger, "next") == (None, [])
    ledger.end_step(fence, lease_s=0)
    assert claim(ledger, "next")[1] == [fresh]


def test_an_outdated_fence_cuts_no_lease(ledger: Ledger) -> None:
    receive(ledger, "1")
    batch, _ = claim(ledger, "slow")
    assert batch is not None
    outdated = ledger.begin_step(batch, "invoice", lease_s=900)
    ledger.begin_step(batch, "invoice", lease_s=900)
    ledger.end_step(outdated, lease_s=0)
    assert claim(ledger, "next") == (None, [])


def waits(ledger: Ledger, pair: str = PAIR) -> bool:
    return ledger.waits(pair, "shop_order", source=System.SHOPIFY)


def test_a_pending_entry_waits_for_its_own_pair(ledger: Ledger) -> None:
    assert not waits(ledger)
    ledger.land([entry("2")])
    assert waits(ledger)
    assert not waits(ledger, "lotus_lane")


def test_history_waits_while_no_batch_is_at_any(ledger: Ledger) -> None:
    first, _second = receive_history(ledger, "1"), receive_history(ledger, "2")
    assert waits(ledger)
    assert not waits(ledger, "lotus_lane")
    assert claim(ledger, "backfill 1", limit=1)[1] == [first]
    assert not waits(ledger)
    ledger.skip_document(first, rule="test_order")
    assert waits(ledger)
