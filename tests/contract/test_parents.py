"""What every ledger keeps of parents: what waits for one, and what lets it go on."""

import records
from records import PAIR, claim
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import DocumentState, NewDeadLetter, Parent, Validated
from tieout.ports.ledger import Ledger


def ids(ledger: Ledger, batch_id: BatchId | None, *states: str) -> list[DocumentId]:
    return [one.document_id for one in ledger.documents(batch_id or BatchId(0), *states)]


def letter(document_id: DocumentId, *parents: str) -> NewDeadLetter:
    plain = records.dead_letter(document_id=document_id)
    return plain.model_copy(update={"waits_for": parents})


def test_what_waits_for_a_parent_is_claimed_by_nobody_until_it_is_let_on(ledger: Ledger) -> None:
    first, second = records.received(ledger), records.received(ledger, "1043")
    batch_id = claim(ledger, "run-1")
    ledger.mark_validated(Validated(document_id=first, canonical={"name": "#1042"}))
    ledger.wait(first, parent="customer SHOP-7")
    assert ids(ledger, batch_id) == [second]
    ledger.skip_document(second, rule="test_order")
    assert claim(ledger, "run-2") is None
    assert ledger.waiting(PAIR, "shop_order") == []
    assert not ledger.waits(PAIR, "shop_order", source=System.SHOPIFY)
    (waiting,) = ledger.unsettled(PAIR, "shop_order")
    assert (waiting.state, waiting.canonical) == (DocumentState.RECEIVED, None)
    assert waiting.waits_for == ("customer SHOP-7",)
    conservation = ledger.conservation(PAIR)
    assert (conservation.pending, conservation.is_conserved) == (1, True)
    assert ledger.parents(PAIR) == [Parent(name="customer SHOP-7", documents=1, dead_letters=())]
    assert ledger.let_on(PAIR, {"customer SHOP-8"}) == 0
    assert ledger.let_on("lotus_lane", {"customer SHOP-7"}) == 0
    assert ledger.let_on(PAIR, {"customer SHOP-7", "item X"}) == 1
    assert ledger.parents(PAIR) == []
    assert ids(ledger, claim(ledger, "run-3")) == [first]


def test_a_dead_letter_goes_on_when_all_that_it_waits_for_is_there(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    ledger.set_aside(letter(document_id, "item A", "item B"))
    (opened,) = ledger.dead_letters(PAIR)
    number = opened.dead_letter_id
    assert opened.waits_for == ("item A", "item B")
    assert ledger.parents(PAIR) == [
        Parent(name="item A", documents=0, dead_letters=(number,)),
        Parent(name="item B", documents=0, dead_letters=(number,)),
    ]
    assert ledger.let_on(PAIR, {"item A"}) == 0
    assert ledger.let_on(PAIR, {"item B", "item A"}) == 1
    assert (ledger.dead_letters(PAIR), ledger.parents(PAIR)) == ([], [])
    assert ids(ledger, claim(ledger, "run-2"), DocumentState.RECEIVED) == [document_id]


def test_a_dead_letter_that_a_person_closed_is_waited_for_by_nobody(ledger: Ledger) -> None:
    ledger.set_aside(letter(records.received(ledger), "item A"))
    ledger.replay(ledger.dead_letters(PAIR)[0].dead_letter_id)
    assert ledger.parents(PAIR) == []
    assert ledger.let_on(PAIR, {"item A"}) == 0


def test_a_parent_is_tried_while_a_record_that_told_of_it_is_under_way(ledger: Ledger) -> None:
    told, other = records.received(ledger), records.received(ledger, "1043")
    batch_id = claim(ledger, "run-1")
    ledger.set_aside(letter(told, "customer SHOP-7"))
    ledger.wait(other, parent="customer SHOP-7")
    assert [one.is_tried for one in ledger.parents(PAIR)] == [False]
    ledger.replay(ledger.dead_letters(PAIR)[0].dead_letter_id)
    (parent,) = ledger.parents(PAIR)
    assert (parent.documents, parent.dead_letters, parent.is_tried) == (1, (), True)
    assert ids(ledger, claim(ledger, "run-2")) == [told]
    ledger.skip_document(told, rule="test_order")
    assert [one.is_tried for one in ledger.parents(PAIR)] == [False]
    assert ids(ledger, batch_id) == []


def test_a_waiting_version_that_a_newer_one_supersedes_waits_no_more(ledger: Ledger) -> None:
    document_id = records.received(ledger)
    claim(ledger, "run-1")
    ledger.wait(document_id, parent="customer SHOP-7")
    ledger.skip_document(document_id, rule="superseded")
    assert ledger.parents(PAIR) == []
    assert ledger.let_on(PAIR, {"customer SHOP-7"}) == 0
