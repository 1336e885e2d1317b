"""The checklist of a close: each line from facts, and what no fact says left to people."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import records
from tieout.domain.books import SageReceipt, SageState
from tieout.domain.checklist import Answer, Checklist
from tieout.domain.ledger import Conservation, DeadLetter
from tieout.domain.tie_out import Light, TieOut, TieOutAccount
from tieout.usecases.close import CloseFacts, checklist
from tieout.usecases.payment_reconciliation import PairPayments
from unit.usecases.test_steps import PAIR

THROUGH, AT = date(2026, 11, 30), datetime(2026, 12, 1, 9, tzinfo=UTC)
ALL_DONE = CloseFacts(
    conservation=Conservation(
        pair=PAIR.pair, received=3, pending=0, done=3, dead_letter=0, skipped={}, in_doubt=0
    ),
    letters=(),
    held=(),
    receipts=(),
    invoices=(),
    payments=PairPayments(
        pair=PAIR.pair,
        known_at=AT,
        settlements=(),
        variances=(),
        payouts=(),
        parked=(),
        entries=(),
    ),
    proof=TieOut(
        pair=PAIR.pair,
        currency="USD",
        as_of=THROUGH,
        known_at=AT,
        counts={},
        accounts=(),
        items=(),
        unknown=Decimal(0),
        light=Light.GREEN,
    ),
    xero_lock=THROUGH,
)


def made(facts: CloseFacts = ALL_DONE, closed: date | None = None) -> Checklist:
    pair = PAIR.model_copy(update={"sage100_closed_through": closed})
    return checklist(pair, THROUGH, facts, known_at=AT)


def open_lines(facts: CloseFacts) -> dict[str, str]:
    return {one.asked: one.said for one in made(facts).lines if one.answer is Answer.OPEN}


def receipt(day: date, state: SageState) -> SageReceipt:
    return SageReceipt(
        deposit_no="00001",
        check_no="70012",
        customer_no="SHOP-7",
        date=day,
        bank_code="P",
        amount=Decimal(5),
        credited_account="2300",
        state=state,
    )


def test_what_no_fact_says_is_left_to_a_person_and_never_taken_for_done() -> None:
    found = made()
    assert found.is_done
    people = [one.asked for one in found.lines if one.answer is Answer.PERSON]
    assert people == [
        "GRNI, unbilled, fees and FX accrued",
        "tie-out signed",
        "Sage 100 modules closed (IM, PO, SO, AR, AP, GL)",
        "next tie-out not restated",
    ]
    closed = {one.asked: one.answer for one in made(closed=THROUGH).lines}
    assert closed["Sage 100 modules closed (IM, PO, SO, AR, AP, GL)"] is Answer.DONE


def test_each_fact_that_speaks_against_it_opens_its_line() -> None:
    counted = ALL_DONE.conservation.model_copy(update={"done": 1, "pending": 2})
    letter = DeadLetter(
        dead_letter_id=7, opened_at=AT, is_open=True, **records.dead_letter().model_dump()
    )
    apart = TieOutAccount(
        role="receivables",
        xero=Decimal(5),
        sage100=Decimal(0),
        difference=Decimal(5),
        explained=Decimal(0),
    )
    wrong = replace(
        ALL_DONE,
        conservation=counted,
        letters=(letter,),
        receipts=(receipt(THROUGH, SageState.ENTERED), receipt(THROUGH, SageState.UPDATED)),
        proof=ALL_DONE.proof.model_copy(update={"accounts": (apart,), "unknown": Decimal(5)}),
        xero_lock=date(2026, 10, 31),
    )
    found = open_lines(wrong)
    assert set(found) == {
        "inbox drained",
        "parked reviewed",
        "registers empty",
        "Daily Transaction Register empty",
        "sub-ledger equals control account",
        "Xero locked",
    }
    assert found["inbox drained"] == "2 pending"
    assert found["parked reviewed"].startswith("7 ")
    assert found["sub-ledger equals control account"] == "receivables 5, unknown 5"
    assert not made(wrong).is_done


def test_what_is_dated_after_the_day_stands_in_the_way_of_nothing() -> None:
    late = replace(ALL_DONE, receipts=(receipt(date(2026, 12, 1), SageState.ENTERED),))
    assert open_lines(late) == {}
