"""Records of any kind pass the gate alike; here they are purchase orders of a made-up kind."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from typing_extensions import override

import records
from fake_streams import FakeStreams
from fakes import FakeClock, FakeGate, FakeLedger, FakeSage100, FakeXero
from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import Document, DocumentState, NewDeadLetter, NewDocument
from tieout.domain.streams import StreamState, source_stream
from tieout.errors import ConfigurationError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.gate import Finding, Gate, GateResult, Row
from tieout.usecases.flow import LEASE_S, Flow, Ready
from tieout.usecases.judging import Judging, Taken, judge
from unit.usecases.test_steps import PAIR, ROOT

KIND = "purchase_order"
STREAM = source_stream(PAIR.pair, KIND)


class ReadyPurchase(Ready):
    """What is judged here."""

    total: Decimal


def take(_flow: Flow, documents: Sequence[Document]) -> Taken[ReadyPurchase]:
    unreadable: dict[DocumentId, NewDeadLetter] = {}
    ready = []
    for one in documents:
        if "total" in one.payload:
            ready.append(ReadyPurchase(document=one, total=Decimal(str(one.payload["total"]))))
        else:
            unreadable[one.document_id] = letter_of(one)
    rows = [{"row_key": str(one.document_id), "total": one.total} for one in ready]
    return Taken(documents=documents, records=ready, rows=rows, unreadable=unreadable)


def letter_of(document: Document) -> NewDeadLetter:
    return NewDeadLetter(
        pair=PAIR.pair,
        document_id=document.document_id,
        trace_key=document.name,
        step="gate_purchases",
        cause="unreadable",
        message="It has no total.",
        remedy="Enter it.",
    )


PURCHASES = Judging[ReadyPurchase](
    suite=KIND,
    step="gate_purchases",
    take=take,
    canonical=lambda ready: {"total": str(ready.total)},
)


def make_flow() -> Flow:
    clock = FakeClock()
    return Flow(
        pair=PAIR,
        ledger=FakeLedger(clock),
        streams=FakeStreams(clock),
        xero=FakeXero(),
        sage100=FakeSage100(),
        shops={},
        mapper=YamlMapper(ROOT / "include", PAIR),
        matcher=ProbabilityMatcher(),
        gate=FakeGate(),
        clock=clock,
    )


def batch_of(flow: Flow, *payloads: dict[str, str]) -> BatchId:
    for number, payload in enumerate(payloads):
        body = json.dumps({**payload, "number": number}).encode()
        entry = records.entry(f"po-{number}", body=body)
        flow.ledger.land([entry.model_copy(update={"pair": PAIR.pair, "source": System.SAGE100})])
    for entry in flow.ledger.pending_entries(PAIR.pair, limit=len(payloads)):
        document = NewDocument(
            pair=PAIR.pair,
            document_type=KIND,
            source=System.SAGE100,
            account="HPS",
            source_id=entry.resource_id,
            name=entry.resource_id,
            version_at=entry.received_at,
            content_hash=entry.resource_id,
            payload=json.loads(entry.body or b"{}"),
        )
        flow.ledger.document(entry.inbox_id, document)
    batch = flow.ledger.claim(
        PAIR.pair, KIND, claimed_by="test", limit=len(payloads), lease_s=LEASE_S
    )
    assert batch is not None
    return batch.batch_id


def finding(document_id: DocumentId, severity: str, rule: str = "vendor_unknown") -> Finding:
    return Finding(
        row_key=str(document_id),
        rule=rule,
        severity=severity,
        owner="purchasing",
        column="vendor_no",
        value="0009999",
        message=f"{rule}: nobody knows vendor 0009999.",
        remedy="Enter the vendor.",
    )


def find(flow: Flow, *findings: Finding) -> None:
    assert isinstance(flow.gate, FakeGate)
    flow.gate.findings = list(findings)


def ids(flow: Flow, batch_id: BatchId) -> list[DocumentId]:
    return [one.document_id for one in flow.ledger.documents(batch_id)]


class Strict(Gate):
    """It finds whatever was held against what was known before."""

    def __init__(self) -> None:
        self.asked: list[list[object]] = []

    @override
    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        self.asked.append([row["known"] for row in rows])
        findings = tuple(
            finding(DocumentId(int(str(row["row_key"]))), "park")
            for row in rows
            if row["known"] == "before"
        )
        return GateResult(suite=suite, findings=findings)


def knowing(before: str) -> Judging[ReadyPurchase]:
    """Return how they are judged who hold them against what was known before at first."""

    def told(flow: Flow, documents: Sequence[Document], known: str) -> Taken[ReadyPurchase]:
        taken = take(flow, documents)
        return replace(taken, rows=[{**row, "known": known} for row in taken.rows])

    def taken(flow: Flow, documents: Sequence[Document]) -> Taken[ReadyPurchase]:
        return replace(told(flow, documents, before), anew=lambda: told(flow, documents, "now"))

    return replace(PURCHASES, take=taken)


def test_nothing_is_set_aside_for_what_was_known_before_but_is_so_no_more() -> None:
    gate = Strict()
    flow = replace(make_flow(), gate=gate)
    report = judge(flow, batch_of(flow, {"total": "1.00"}, {"total": "2.00"}), knowing("before"))
    assert (report.confirmed, report.set_aside) == (2, 0)
    assert gate.asked == [["before", "before"], ["now", "now"]]


def test_what_passes_by_what_was_known_before_is_judged_once() -> None:
    gate = Strict()
    flow = replace(make_flow(), gate=gate)
    report = judge(flow, batch_of(flow, {"total": "1.00"}), knowing("as good as now"))
    assert (report.confirmed, report.set_aside) == (1, 0)
    assert gate.asked == [["as good as now"]]


def test_each_record_goes_its_own_way_after_one_validation_of_all() -> None:
    flow = make_flow()
    batch = batch_of(flow, {"total": "1.00"}, {"total": "2.00"}, {"total": "3.00"}, {})
    good, warned, parked, _unreadable = ids(flow, batch)
    find(
        flow,
        finding(warned, "warn"),
        finding(parked, "warn", "date_odd"),
        finding(parked, "park"),
        finding(parked, "park", "total_odd"),
    )
    report = judge(flow, batch, PURCHASES)
    assert (report.documents, report.confirmed, report.set_aside, report.warned) == (4, 2, 2, 1)
    assert isinstance(flow.gate, FakeGate)
    ((suite, rows),) = flow.gate.validated
    assert (suite, len(rows)) == (KIND, 3)
    validated = flow.ledger.documents(batch, DocumentState.VALIDATED)
    assert {one.document_id: one.canonical for one in validated} == {
        good: {"total": "1.00"},
        warned: {"total": "2.00"},
    }


def test_a_dead_letter_has_all_that_its_record_failed_and_whose_it_is() -> None:
    flow = make_flow()
    batch = batch_of(flow, {"total": "1.00"})
    (parked,) = ids(flow, batch)
    find(
        flow,
        finding(parked, "warn", "date_odd"),
        finding(parked, "park"),
        finding(parked, "park", "total_odd"),
    )
    judge(flow, batch, PURCHASES)
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.owner) == ("vendor_unknown", "purchasing")
    assert (letter.field, letter.value) == ("vendor_no", "0009999")
    assert "vendor_unknown:" in letter.message
    assert "total_odd:" in letter.message
    assert isinstance(letter.answer, list)
    kept = [(one["rule"], one["column"], one["value"]) for one in letter.answer]  # type: ignore[index, call-overload]
    assert kept == [
        (r, "vendor_no", "0009999") for r in ("date_odd", "vendor_unknown", "total_odd")
    ]


def test_a_warning_is_kept_where_people_look() -> None:
    flow = make_flow()
    batch = batch_of(flow, {"total": "1.00"})
    (warned,) = ids(flow, batch)
    find(flow, finding(warned, "warn"))
    judge(flow, batch, PURCHASES)
    (document,) = flow.ledger.warned(PAIR.pair, limit=9)
    (warning,) = document.warnings
    assert (warning.rule, warning.owner, warning.value) == (
        "vendor_unknown",
        "purchasing",
        "0009999",
    )


def test_halting_says_whose_it_is_and_lets_nothing_on() -> None:
    flow = make_flow()
    batch = batch_of(flow, {"total": "1.00"}, {"total": "2.00"}, {})
    first, second, _unreadable = ids(flow, batch)
    find(flow, finding(first, "halt"), finding(second, "halt"), finding(second, "park"))
    with pytest.raises(ConfigurationError, match="for purchasing to do") as halted:
        judge(flow, batch, PURCHASES)
    assert "1 more" in str(halted.value)
    assert len(flow.ledger.documents(batch, DocumentState.RECEIVED)) == 3
    assert flow.ledger.dead_letters() == []


def test_bad_records_side_by_side_pause_nothing_when_their_share_is_small() -> None:
    flow = make_flow()
    batch = batch_of(flow, *({"total": "1.00"} if n >= 60 else {} for n in range(600)))
    report = judge(flow, batch, PURCHASES)
    assert (report.confirmed, report.set_aside, report.paused) == (540, 60, "")


def test_a_share_that_jumps_pauses_the_stream_and_the_report_names_it() -> None:
    flow = make_flow()
    flow.streams.judged(STREAM, good=5_000, is_bad=False)
    batch = batch_of(flow, *({"total": "1.00"} if n % 6 else {} for n in range(600)))
    report = judge(flow, batch, PURCHASES)
    stream = flow.streams.stream(STREAM)
    assert (stream.state, report.paused) == (StreamState.PAUSED, STREAM)
    assert report.set_aside < 100
    left = flow.ledger.documents(batch, DocumentState.RECEIVED)
    assert report.confirmed + report.set_aside + len(left) == 600
    assert judge(flow, batch, PURCHASES).paused == STREAM
