"""Payouts as documents: read again, believed or parked, and skipped while the bank lacks them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fake_ledger.ledger import FakeLedger
from fake_money import FakePayouts
from fake_streams import FakeStreams
from fakes import FakeClock, FakeSage100, FakeXero, ItemGate
from payouts import FIRST_ROW, MadePayout, Row, made
from tieout.domain.base import BatchId
from tieout.domain.ledger import DocumentState, Origin
from tieout.domain.pair import FlowName
from tieout.domain.payouts import Decomposition, PartKind
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.flow import Flow, StepReport
from tieout.usecases.payouts import NOT_OUT_YET, PAYOUT
from tieout.usecases.steps import FLOWS, run_step
from two_ledgers import MAPPER, PAIR

NOW = datetime(2026, 12, 2, 5, 40, tzinfo=UTC)
WEEKS = (NOW - timedelta(days=35), NOW)
SHOP = PAIR.shops[0].domain


class Office:
    """A pair's flow over fakes, with a gateway that tells payouts."""

    def __init__(self) -> None:
        clock = FakeClock(NOW)
        self.ledger, self.gateway = FakeLedger(clock), FakePayouts()
        self.runs = 0
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=FakeStreams(clock),
            xero=FakeXero(),
            sage100=FakeSage100(),
            shops={},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=clock,
            gateways={SHOP: self.gateway},
        )

    def tell(self, *payouts: MadePayout) -> None:
        self.gateway.held = [one.read() for one in payouts]

    def capture(self) -> BatchId | None:
        self.runs += 1
        return FLOWS[FlowName.PAYMENT_RECONCILIATION].capture(
            self.flow, interval=WEEKS, origin=Origin.SWEEP, claimed_by=f"run {self.runs}"
        )

    def gate(self) -> StepReport:
        batch = self.capture()
        assert batch is not None
        return run_step(self.flow, PAYOUT, batch)


def charge(amount: str = "110.13", fee: str = "3.49") -> Row:
    row = Row(FIRST_ROW, "CHARGE", Decimal(amount), Decimal(fee))
    row.order, row.transaction = "#1042", "77"
    return row


def test_a_payout_is_taken_apart_once_and_is_no_news_when_it_says_the_same() -> None:
    office = Office()
    office.tell(made(charge()))
    assert office.gate() == StepReport(step=PAYOUT, documents=1, confirmed=1, set_aside=0)
    [document] = office.ledger.unsettled(PAIR.pair, PAYOUT)
    taken = Decomposition.model_validate(document.canonical)
    assert (taken.deposit, taken.total(PartKind.FEE)) == (Decimal("106.64"), Decimal("-3.49"))
    known = office.ledger.conservation(PAIR.pair).received
    office.capture()
    assert office.ledger.conservation(PAIR.pair).received == known


def test_a27_a28_a_payout_that_does_not_add_up_is_parked_whole_with_its_row_named() -> None:
    short = made(charge("81.38", "0"), payout_id="1", deposit=Decimal("41.90"))
    row = Row(758_509_248, "ADJUSTMENT", Decimal("-1.50"), Decimal("-0.25"), Decimal("-1.75"))
    office = Office()
    office.tell(short, made(row, payout_id="2"))
    assert office.gate().set_aside == 2
    letters = {one.trace_key: one for one in office.ledger.dead_letters(PAIR.pair)}
    a27, a28 = letters[f"{SHOP} payout 1"], letters[f"{SHOP} payout 2"]
    assert {a27.cause, a28.cause} == {"payout_does_not_add_up"}
    assert "Its rows come to 81.38, its deposit is 41.90" in a27.message
    assert (a28.field, a28.value) == ("row 758509248", "-0.50 USD")


def test_a_payout_that_the_bank_has_not_got_yet_is_skipped_and_comes_again_when_paid() -> None:
    office = Office()
    office.tell(made(charge(), status="SCHEDULED"))
    assert office.gate() == StepReport(step=PAYOUT, documents=1, confirmed=0, set_aside=0)
    assert office.ledger.conservation(PAIR.pair).skipped == {NOT_OUT_YET: 1}
    office.tell(made(charge()))
    assert office.gate().confirmed == 1
    [document] = office.ledger.unsettled(PAIR.pair, PAYOUT)
    assert document.state is DocumentState.READY
