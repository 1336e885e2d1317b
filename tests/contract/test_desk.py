"""What every implementation of the Desk port keeps, the fake included."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import records
from fake_desk import FakeDesk
from fakes import FakeClock
from records import PAIR
from tieout.domain.base import DeadLetterId, DocumentId, System
from tieout.domain.desk import (
    JOB_DECIDED_MIN,
    JOB_UNDECIDED_FIRST,
    FlowRecords,
    JobState,
    LetterQuery,
    MappingChoice,
    NewCorrection,
    NewReplayJob,
    history,
)
from tieout.domain.json_patch import Act, Operation
from tieout.domain.ledger import DocumentState
from tieout.errors import RejectedError
from tieout.ledger.desk import PostgresDesk
from tieout.ledger.postgres import PostgresLedger
from tieout.ports.desk import Desk
from tieout.ports.ledger import Ledger

WORKERS = 6
ANNA = "anna@example.com"
ORDERS = FlowRecords(document_types=("shop_order",), sources=(System.SHOPIFY,))


@dataclass
class Office:
    """A ledger and the desk over it."""

    ledger: Ledger
    desk: Desk

    def aside(self, source_id: str = "1042", **changed: Any) -> DeadLetterId:
        """Set one order aside and return its letter's number."""
        return self.again(records.received(self.ledger, source_id), **changed)

    def again(self, document_id: DocumentId, **changed: Any) -> DeadLetterId:
        letter = records.dead_letter(document_id=document_id)
        self.ledger.set_aside(letter.model_copy(update=changed))
        return self.ledger.dead_letters()[-1].dead_letter_id

    def entry_aside(self) -> DeadLetterId:
        """Set one message aside and return its letter's number."""
        inbox_id = records.land_pending(self.ledger, "9", body=b"broken")
        self.ledger.set_aside(records.dead_letter(inbox_id=inbox_id))
        return self.ledger.dead_letters()[-1].dead_letter_id


@pytest.fixture
def fake() -> Office:
    desk = FakeDesk(FakeClock())
    return Office(ledger=desk, desk=desk)


@pytest.fixture
def postgres(emptied_ledger_url: str) -> Iterator[Office]:
    ledger = PostgresLedger(emptied_ledger_url, pool_size=WORKERS)
    yield Office(ledger=ledger, desk=PostgresDesk(ledger.database))
    ledger.close()


@pytest.fixture(params=["fake", "postgres"])
def office(request: pytest.FixtureRequest) -> Office:
    chosen: Office = request.getfixturevalue(request.param)
    return chosen


def correction(letter: DeadLetterId, value: str = "right", path: str = "/content") -> NewCorrection:
    return NewCorrection(
        dead_letter_id=letter,
        patch=(Operation(op=Act.REPLACE, path=path, value=value),),
        before={path: "first"},
        after={path: value},
        amount_before=Decimal("110.13"),
        amount_after=Decimal("109.13"),
        currency="USD",
        corrected_by=ANNA,
        reason="the shop's typo",
    )


def job(cause: str = "unknown_item", **changed: Any) -> NewReplayJob:
    asked = {"flow": "order_to_cash", "requested_by": ANNA, **changed}
    return NewReplayJob(query=LetterQuery(cause=cause), **asked)


def cause_of(act: Callable[[], object]) -> str:
    with pytest.raises(RejectedError) as caught:
        act()
    return caught.value.cause


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Do all of it at one moment, and return how each ended."""
    gate = threading.Barrier(len(acts))

    def outcome(act: Callable[[], object]) -> str:
        gate.wait()
        try:
            act()
        except RejectedError as error:
            return error.cause
        return "won"

    with ThreadPoolExecutor(len(acts)) as workers:
        return list(workers.map(outcome, acts))


def test_letters_are_found_by_what_is_asked_for(office: Office) -> None:
    one, two = office.aside("1"), office.aside("2", cause="tax_unmapped")
    entry = office.entry_aside()
    office.desk.dismiss(one, by=ANNA, reason="a test order")
    now = office.desk.case(two).letter.opened_at

    def found(**asked: Any) -> list[DeadLetterId]:
        return [one.dead_letter_id for one in office.desk.letters(LetterQuery(**asked))]

    assert found() == [two, entry]
    assert found(is_open=None) == [one, two, entry]
    assert found(is_open=False) == [one]
    assert found(cause="tax_unmapped") == [two]
    assert found(pair="lotus_lane") == []
    assert found(pair=PAIR, records=ORDERS) == [two, entry]
    nobody = FlowRecords(document_types=("bill",), sources=(System.SAGE100,))
    assert found(records=nobody) == []
    assert found(since=now + timedelta(hours=1)) == found(until=now - timedelta(hours=1)) == []
    assert two in found(since=now, until=now + timedelta(hours=1))


def test_a_case_holds_all_that_is_known_of_a_letter(office: Office) -> None:
    document_id = records.received(office.ledger)
    office.ledger.intend([records.delivery(document_id)])
    letter = office.again(document_id, mapped={"Total": "1"}, answer=["no"])
    case = office.desk.case(letter)
    assert case.letter.mapped == {"Total": "1"}
    assert case.letter.answer == ["no"]
    assert case.entry is not None
    assert case.entry.body is not None
    assert case.document is not None
    assert case.document.document_id == document_id
    assert [one.entity for one in case.deliveries] == ["invoice"]
    assert (case.corrections, case.newer_version_id) == ((), None)
    assert [one.dead_letter_id for one in case.letters] == [letter]


def test_a_case_of_a_message_has_its_entry_and_no_document(office: Office) -> None:
    case = office.desk.case(office.entry_aside())
    assert case.entry is not None
    assert case.entry.body == b"broken"
    assert case.document is None
    assert len(case.letters) == 1


def test_a_case_that_is_none_is_rejected(office: Office) -> None:
    assert cause_of(lambda: office.desk.case(DeadLetterId(99))) == "unknown_dead_letter"


def test_a_correction_stands_beside_what_the_source_said(office: Office) -> None:
    letter = office.aside()
    stored = office.desk.correct(correction(letter))
    document = office.desk.case(letter).document
    assert document is not None
    assert document.payload["content"] == "first"
    assert document.corrected["content"] == "right"
    assert correction(letter).model_dump().items() <= stored.model_dump().items()
    assert office.desk.case(letter).letter.is_open


def test_corrections_apply_in_their_order_to_whoever_claims_the_document(office: Office) -> None:
    letter = office.aside()
    office.desk.correct(correction(letter, "nearly"))
    office.desk.correct(correction(letter, "right"))
    office.desk.put_back(letter, by=ANNA)
    batch = records.claim(office.ledger)
    assert batch is not None
    (document,) = office.ledger.documents(batch)
    assert document.corrected["content"] == "right"
    assert len(document.corrections) == 2


def test_a_newer_version_has_no_correction_and_cannot_be_overruled(office: Office) -> None:
    letter = office.aside()
    office.desk.correct(correction(letter))
    newer = records.land_document(office.ledger, records.document(content="second", minutes=5))
    assert office.desk.case(letter).newer_version_id == newer
    assert cause_of(lambda: office.desk.correct(correction(letter))) == "superseded"
    office.desk.put_back(letter, by=ANNA)
    assert office.ledger.conservation(PAIR).skipped == {"superseded": 1}
    (waiting,) = office.ledger.unsettled(PAIR, "shop_order")
    assert (waiting.document_id, waiting.corrections) == (newer, ())


def test_nothing_closed_unknown_or_without_document_is_corrected(office: Office) -> None:
    letter, entry = office.aside(), office.entry_aside()
    office.desk.put_back(letter, by=ANNA)
    assert cause_of(lambda: office.desk.correct(correction(letter))) == "already_settled"
    unknown = correction(DeadLetterId(99))
    assert cause_of(lambda: office.desk.correct(unknown)) == "unknown_dead_letter"
    assert cause_of(lambda: office.desk.correct(correction(entry))) == "nothing_to_correct"


def test_a_replay_names_who_asked_and_which_mapping(office: Office) -> None:
    letter = office.aside()
    office.desk.put_back(letter, by=ANNA, mapping=MappingChoice.ORIGINAL)
    closed = office.desk.case(letter)
    assert (closed.letter.resolution, closed.letter.closed_by) == ("replayed", ANNA)
    assert closed.document is not None
    assert (closed.document.state, closed.document.keeps_mapping) == ("received", True)
    again = office.again(closed.document.document_id)
    office.desk.put_back(again, by=ANNA)
    document = office.desk.case(again).document
    assert document is not None
    assert document.keeps_mapping is False


def test_a_dismissed_document_is_skipped_by_that_rule(office: Office) -> None:
    letter, entry = office.aside(), office.entry_aside()
    office.desk.dismiss(letter, by=ANNA, reason="a test of the shop")
    office.desk.dismiss(entry, by=ANNA, reason="noise")
    closed = office.desk.case(letter).letter
    assert (closed.resolution, closed.closed_by) == ("dismissed", ANNA)
    assert closed.reason == "a test of the shop"
    counts = office.ledger.conservation(PAIR)
    assert counts.is_conserved
    assert (counts.dead_letter, counts.skipped) == (0, {"dismissed": 2})


def test_a_resolved_letter_keeps_its_proof(office: Office) -> None:
    letter = office.aside()
    office.desk.resolve(letter, by="nightly", proof={"invoice_id": "inv-1", "total": "110.13"})
    closed = office.desk.case(letter).letter
    assert closed.proof == {"invoice_id": "inv-1", "total": "110.13"}
    assert closed.resolution == "resolved"
    assert office.ledger.conservation(PAIR).skipped == {"resolved": 1}


def test_a_newer_version_that_is_done_resolves_what_older_ones_left(office: Office) -> None:
    letter, other = office.aside("1042"), office.aside("1043")
    newer = records.land_document(office.ledger, records.document(content="second", minutes=5))
    assert office.desk.case(letter).letter.is_open
    office.ledger.mark_done(newer or DocumentId(0))
    closed = office.desk.case(letter).letter
    assert (closed.resolution, closed.proof) == ("resolved", {"newer_document_id": newer})
    assert office.desk.case(other).letter.is_open
    counts = office.ledger.conservation(PAIR)
    assert (counts.done, counts.dead_letter, counts.skipped) == (1, 1, {"superseded": 1})


@pytest.mark.parametrize("act", ["put_back", "dismiss", "resolve"])
def test_what_is_closed_or_unknown_cannot_be_closed(office: Office, act: str) -> None:
    more = {"dismiss": {"reason": "twice"}, "resolve": {"proof": {}}}.get(act, {})
    letter = office.aside()
    close = getattr(office.desk, act)
    close(letter, by=ANNA, **more)
    assert cause_of(lambda: close(letter, by=ANNA, **more)) == "already_settled"
    unknown = DeadLetterId(99)
    assert cause_of(lambda: close(unknown, by=ANNA, **more)) == "unknown_dead_letter"


def test_of_a_replay_a_dismissal_and_a_resolution_at_once_one_wins(office: Office) -> None:
    for number in range(5):
        letter = office.aside(str(2000 + number))
        acts: list[Callable[[], object]] = [
            lambda one=letter: office.desk.put_back(one, by=ANNA),
            lambda one=letter: office.desk.put_back(one, by="ben"),
            lambda one=letter: office.desk.dismiss(one, by="ben", reason="not ours"),
            lambda one=letter: office.desk.resolve(one, by="nightly", proof={}),
        ]
        assert sorted(at_once(acts)) == [*["already_settled"] * 3, "won"]
    assert office.ledger.conservation(PAIR).is_conserved


def test_a_correction_and_a_replay_at_once_never_lose_the_correction(office: Office) -> None:
    for number in range(5):
        letter = office.aside(str(3000 + number))
        acts: list[Callable[[], object]] = [
            lambda one=letter: office.desk.correct(correction(one)),
            lambda one=letter: office.desk.put_back(one, by="ben"),
        ]
        corrected, replayed = at_once(acts)
        assert (corrected, replayed) in {("won", "won"), ("already_settled", "won")}
        document = office.desk.case(letter).document
        assert document is not None
        assert len(document.corrections) == (1 if corrected == "won" else 0)


def test_a_newer_version_that_is_done_while_the_older_is_replayed_hinders_nobody(
    office: Office,
) -> None:
    for number in range(5):
        source_id = str(4000 + number)
        letter = office.aside(source_id)
        newer = records.land_document(
            office.ledger, records.document(source_id, content="second", minutes=5)
        )
        acts: list[Callable[[], object]] = [
            lambda one=newer: office.ledger.mark_done(one),
            lambda one=letter: office.desk.put_back(one, by="ben"),
        ]
        done, replayed = at_once(acts)
        assert (done, replayed) in {("won", "won"), ("won", "already_settled")}
    counts = office.ledger.conservation(PAIR)
    assert (counts.done, counts.skipped, counts.dead_letter) == (5, {"superseded": 5}, 0)


def test_the_history_tells_the_record_from_its_first_letter_on(office: Office) -> None:
    letter = office.aside()
    office.desk.correct(correction(letter))
    office.desk.put_back(letter, by="ben")
    document = office.desk.case(letter).document
    assert document is not None
    again = office.again(document.document_id, cause="tax_unmapped")
    told = [(one.what, one.by, one.why) for one in history(office.desk.case(again))]
    assert sorted(told) == sorted(
        [
            ("opened", "gate", "unknown_item"),
            ("corrected", ANNA, "the shop's typo"),
            ("replayed", "ben", ""),
            ("opened", "gate", "tax_unmapped"),
        ]
    )


def test_a_job_is_of_the_letters_open_when_it_was_made(office: Office) -> None:
    office.aside("1")
    office.aside("2", cause="tax_unmapped")
    made = office.desk.open_job(job())
    office.aside("3")
    assert (made.state, made.total, made.waiting) == (JobState.RUNNING, 1, 1)
    assert office.desk.work(made.job_id).replayed == 1
    assert len(office.ledger.dead_letters()) == 2


def test_the_same_request_again_is_the_same_job(office: Office) -> None:
    office.aside()
    first = office.desk.open_job(job(request_key="run-1"))
    assert office.desk.open_job(job(request_key="run-1")).job_id == first.job_id
    assert office.desk.open_job(job()).job_id != office.desk.open_job(job()).job_id


def test_a_job_goes_no_faster_than_asked_and_ends_with_the_last_outcome(office: Office) -> None:
    for number in range(3):
        office.aside(str(number))
    made = office.desk.open_job(job(per_minute=2))
    office.desk.work(made.job_id)
    told = office.desk.work(made.job_id)
    assert (told.replayed, told.waiting, told.undecided) == (2, 1, 2)
    for document in office.ledger.unsettled(PAIR, "shop_order"):
        if document.state == DocumentState.RECEIVED:
            office.ledger.mark_done(document.document_id)
    told = office.desk.work(made.job_id)
    assert (told.undecided, told.waiting, told.state) == (0, 1, JobState.RUNNING)


def test_a_job_is_done_when_every_outcome_is_known(office: Office) -> None:
    office.aside()
    made = office.desk.open_job(job())
    assert office.desk.work(made.job_id).state == JobState.RUNNING
    (document,) = office.ledger.unsettled(PAIR, "shop_order")
    office.ledger.mark_done(document.document_id)
    assert office.desk.work(made.job_id).state == JobState.DONE
    assert office.desk.jobs(is_running=True) == []
    assert [one.job_id for one in office.desk.jobs()] == [made.job_id]


def test_a_job_stops_by_itself_when_the_same_cause_comes_back(office: Office) -> None:
    for number in range(JOB_DECIDED_MIN + 1):
        office.aside(str(number))
    made = office.desk.open_job(job(per_minute=JOB_DECIDED_MIN))
    office.desk.work(made.job_id)
    received = [
        one
        for one in office.ledger.unsettled(PAIR, "shop_order")
        if one.state == DocumentState.RECEIVED
    ]
    for document in received[:2]:
        office.again(document.document_id)
    for document in received[2:]:
        office.ledger.mark_done(document.document_id)
    told = office.desk.work(made.job_id)
    assert (told.state, told.failed_again, told.waiting) == (JobState.STOPPED, 2, 1)
    assert "2 of 5" in told.message
    assert office.desk.work(made.job_id).state == JobState.STOPPED
    assert office.desk.resume(made.job_id, by=ANNA).state == JobState.RUNNING
    assert office.desk.work(made.job_id).state == JobState.RUNNING


def test_another_cause_does_not_stop_a_job(office: Office) -> None:
    for number in range(JOB_DECIDED_MIN):
        office.aside(str(number))
    made = office.desk.open_job(job())
    office.desk.work(made.job_id)
    for document in office.ledger.unsettled(PAIR, "shop_order"):
        office.again(document.document_id, cause="tax_unmapped")
    told = office.desk.work(made.job_id)
    assert (told.state, told.failed_again) == (JobState.DONE, 0)


def test_few_letters_are_under_way_until_outcomes_are_known(office: Office) -> None:
    for number in range(JOB_UNDECIDED_FIRST + 5):
        office.aside(str(number))
    made = office.desk.open_job(job(per_minute=500))
    office.desk.work(made.job_id)
    told = office.desk.work(made.job_id)
    assert (told.replayed, told.waiting) == (JOB_UNDECIDED_FIRST, 5)
    received = [
        one
        for one in office.ledger.unsettled(PAIR, "shop_order")
        if one.state == DocumentState.RECEIVED
    ]
    for document in received[:2]:
        office.ledger.mark_done(document.document_id)
    told = office.desk.work(made.job_id)
    assert (told.replayed, told.undecided) == (JOB_UNDECIDED_FIRST + 4, JOB_UNDECIDED_FIRST + 2)


def test_a_paused_job_puts_nothing_back_until_it_is_resumed(office: Office) -> None:
    office.aside()
    made = office.desk.open_job(job())
    assert office.desk.pause(made.job_id, by=ANNA).state == JobState.PAUSED
    assert office.desk.work(made.job_id).replayed == 0
    assert cause_of(lambda: office.desk.pause(made.job_id, by=ANNA)) == "already_settled"
    office.desk.resume(made.job_id, by=ANNA)
    assert cause_of(lambda: office.desk.resume(made.job_id, by=ANNA)) == "already_settled"
    assert office.desk.work(made.job_id).replayed == 1


def test_a_job_that_is_none_is_rejected(office: Office) -> None:
    for act in (office.desk.work, lambda one: office.desk.pause(one, by=ANNA)):
        assert cause_of(lambda act=act: act(99)) == "unknown_job"


def test_what_somebody_else_closed_is_left_alone(office: Office) -> None:
    letter = office.aside()
    made = office.desk.open_job(job())
    office.desk.dismiss(letter, by="ben", reason="not ours")
    told = office.desk.work(made.job_id)
    assert (told.replayed, told.settled_otherwise) == (0, 1)
    assert office.desk.work(made.job_id).state == JobState.DONE


def test_workers_and_people_at_once_replay_each_letter_once(office: Office) -> None:
    letters = [office.aside(str(number)) for number in range(20)]
    jobs = [office.desk.open_job(job(per_minute=15)).job_id for _ in range(2)]
    acts: list[Callable[[], object]] = [
        *(lambda one=one: office.desk.work(one) for one in jobs),
        *(lambda one=one: office.desk.work(one) for one in jobs),
        lambda: office.desk.put_back(letters[0], by="ben"),
    ]
    at_once(acts)
    told = [office.desk.work(one) for one in jobs]
    by_hand = office.desk.case(letters[0]).letter.closed_by == "ben"
    assert sum(one.replayed for one in told) + by_hand == len(letters)
    assert office.ledger.dead_letters() == []
    assert office.ledger.conservation(PAIR).pending == len(letters)


def test_a_document_is_found_by_every_name_that_it_has_anywhere(office: Office) -> None:
    ours = records.received(office.ledger, "1042")
    other = records.received(office.ledger, "1043")
    office.ledger.intend(
        [
            records.delivery(ours).model_copy(
                update={
                    "payload": {
                        "Reference": "1042 #1042",
                        "header": {"CustomerPONo": "HP-1042", "UDF_TIEOUT_ID": "T-1042"},
                        "metafields": [
                            {"namespace": "tieout", "key": "status", "value": "posted, paid"},
                            {"namespace": "tieout", "key": "correlation_id", "value": "M-1042"},
                        ],
                    }
                }
            )
        ]
    )
    office.ledger.bind(records.binding("1042", "inv-1"))
    for name in ("1042", "1042 #1042", "HP-1042", "T-1042", "M-1042", "inv-1"):
        assert [one.document_id for one in office.desk.find(name)] == [ours], name
    assert [one.document_id for one in office.desk.find("1043")] == [other]
    assert office.desk.find("nobody's") == []
    assert office.desk.find("posted, paid") == []
    assert office.desk.find("") == []
