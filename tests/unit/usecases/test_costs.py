"""What a try costs goes with what it is about, not with how much else waits or is set aside."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from fakes import FakeLedger, FakeSage100
from tieout.domain.base import BatchId, Json, System
from tieout.domain.ledger import Origin
from tieout.domain.streams import FAILURES_IN_A_ROW_MAX, read_stream, target_stream
from tieout.errors import StreamPausedError
from tieout.mapping.mapper import YamlMapper
from tieout.usecases.capture import drain, sweep
from tieout.usecases.steps import run_step
from unit.usecases.test_steps import PAIR, ROOT, make_flow, worked

BATCH = 3
FEW, MANY = 10, 200
"""How many others wait."""


class CountingLedger:
    """A ledger that counts its calls, and the rows that they return."""

    def __init__(self, behind: FakeLedger) -> None:
        self.calls: Counter[str] = Counter()
        self.rows = 0
        self._behind = behind

    def __getattr__(self, name: str) -> Callable[..., Any]:
        act = getattr(self._behind, name)

        def call(*given: Any, **named: Any) -> Any:
            answer = act(*given, **named)
            self.calls[name] += 1
            self.rows += len(answer) if isinstance(answer, list | dict) else 0
            return answer

        return call


class CountingMapper(YamlMapper):
    """A mapper that counts what it maps."""

    def __init__(self) -> None:
        super().__init__(ROOT / "include", PAIR)
        self.orders_read = self.payloads = 0

    @override
    def order_from_shop(self, node: Json, *, shop: str) -> Any:
        self.orders_read += 1
        return super().order_from_shop(node, shop=shop)

    @override
    def payload(self, mapping: str, record: Mapping[str, object]) -> Json:
        self.payloads += 1
        return super().payload(mapping, record)


class Office:
    """A flow with orders that wait, counted, and a batch of the oldest of them."""

    def __init__(self, others: int, *, batch: int = BATCH) -> None:
        orders = [
            worked(legacyResourceId=str(7_000_000 + number), name=f"#{number}", transactions=[])
            for number in range(batch + others)
        ]
        plain = make_flow(*orders)
        assert isinstance(plain.ledger, FakeLedger)
        self.ledger = CountingLedger(plain.ledger)
        self.mapper = CountingMapper()
        self.flow = replace(plain, ledger=self.ledger, mapper=self.mapper)
        now = plain.clock.now()
        sweep(plain, now.replace(year=2020), now.replace(year=2030), origin=Origin.SWEEP)
        drain(plain)
        claimed = plain.ledger.claim(
            PAIR.pair, "shop_order", claimed_by="run", limit=batch, lease_s=900
        )
        assert claimed is not None
        self.batch: BatchId = claimed.batch_id

    def run(self, *steps: str) -> None:
        for step in steps:
            run_step(self.flow, step, self.batch)

    def pause(self, stream: str) -> None:
        for _ in range(FAILURES_IN_A_ROW_MAX):
            self.flow.streams.failed(stream, reason="It does not answer.")


def test_judging_a_batch_reads_nothing_of_what_waits_beside_it() -> None:
    few, many = Office(FEW), Office(MANY)
    for office in (few, many):
        office.run("shop_order")
    assert few.ledger.rows == many.ledger.rows > 0
    assert few.mapper.orders_read == many.mapper.orders_read == BATCH


@pytest.mark.parametrize("system", [System.XERO, System.SAGE100])
def test_while_a_system_is_away_a_try_reads_no_document(system: System) -> None:
    office = Office(0, batch=MANY)
    office.pause(read_stream(PAIR.pair, system))
    with pytest.raises(StreamPausedError):
        office.run("shop_order")
    assert (office.ledger.calls["documents"], office.ledger.rows, office.mapper.orders_read) == (
        0,
        0,
        0,
    )


def test_a_try_of_a_pausing_stream_takes_no_probe_from_who_would_read() -> None:
    office = Office(0)
    sage100 = office.flow.sage100
    assert isinstance(sage100, FakeSage100)
    office.pause(read_stream(PAIR.pair, System.SAGE100))
    office.flow.clock.advance(60)  # type: ignore[attr-defined]
    office.run("shop_order")
    assert sage100.calls_made == 1
    assert len(office.flow.ledger.documents(office.batch, "validated")) == BATCH


def test_while_writes_pause_nothing_is_mapped_for_them() -> None:
    office = Office(0, batch=MANY)
    office.run("shop_order", "contact", "customer")
    before = office.mapper.payloads
    office.pause(target_stream(PAIR.pair, System.XERO, "invoice"))
    with pytest.raises(StreamPausedError):
        office.run("invoice")
    assert office.mapper.payloads == before
    office.flow.clock.advance(60)  # type: ignore[attr-defined]
    office.run("invoice")
    assert office.mapper.payloads == before + MANY


def test_orders_that_want_nothing_written_pass_a_stream_that_pauses() -> None:
    office = Office(0)
    office.run("shop_order", "contact", "customer", "invoice", "sales_order")
    office.pause(target_stream(PAIR.pair, System.XERO, "payment"))
    office.run("payment")
