"""A period's close: the choice for what is dated in a closed one, and the checklist before it.

Domain ``accounting``, section 8. A line of the checklist is answered from what is stored and read
now, or said to be a person's: what nobody told us is never taken for done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tieout.domain.base import DeadLetterId
from tieout.domain.books import SageInvoice, SageReceipt, SageState
from tieout.domain.checklist import Answer, Checklist, Line
from tieout.domain.closing import PERIOD_LOCKED, Closing
from tieout.domain.desk import Correction
from tieout.domain.ledger import POST_ON, Conservation, DeadLetter, Document
from tieout.domain.pair import Pair
from tieout.domain.tie_out import TieOut
from tieout.errors import RejectedError
from tieout.ports.desk import Desk
from tieout.ports.mapper import Mapper
from tieout.usecases.desk import Wish, correct
from tieout.usecases.payment_reconciliation import PairPayments

NAMED_MAX = 5
"""How many documents a line names before it counts the rest."""


def open_day(closing: Closing | None, on: date | None) -> date:
    """Return the day to post on: the first that takes postings, or the one given.

    Raises:
        RejectedError: Nothing is closed, or the day given is.
    """
    if closing is None:
        raise RejectedError(
            "Nothing is closed any more.",
            remedy="Its own day will do: replay it.",
            cause="correction_does_not_apply",
        )
    day = on or closing.first_open_day
    if day <= closing.through:
        raise RejectedError(
            f"{day} is closed as well: through {closing.through} ({closing.by}).",
            remedy=f"The first open day is {closing.first_open_day}.",
            cause="correction_does_not_apply",
        )
    return day


def post_on(
    desk: Desk, mapper: Mapper, dead_letter_id: DeadLetterId, day: date, *, by: str, reason: str
) -> Correction:
    """Let what a closed period set aside be posted on an open day.

    The choice is a correction of the dead letter, so that it is seen with the others, and the
    letter is replayed. Its own day stays in the reference of what is written.

    Raises:
        RejectedError: The letter is not of a closed period, or is closed itself.
    """
    letter = desk.case(dead_letter_id).letter
    if letter.cause != PERIOD_LOCKED:
        raise RejectedError(
            f"Dead letter {dead_letter_id} was set aside for {letter.cause}, not for its day.",
            remedy="Look at it with 'tieout dead-letters show ID'.",
            cause="correction_does_not_apply",
        )
    wish = Wish(texts=((POST_ON, day.isoformat()),))
    made = correct(desk, mapper, dead_letter_id, wish, by=by, reason=reason)
    desk.put_back(dead_letter_id, by=by)
    return made


@dataclass(frozen=True)
class CloseFacts:
    """What is known of a pair when its checklist is made; documents are those through the day."""

    conservation: Conservation
    letters: Sequence[DeadLetter]
    """The open ones."""
    held: Sequence[Document]
    receipts: Sequence[SageReceipt]
    invoices: Sequence[SageInvoice]
    payments: PairPayments
    proof: TieOut
    xero_lock: date | None


def checklist(pair: Pair, through: date, facts: CloseFacts, *, known_at: datetime) -> Checklist:
    """Answer the checklist of section 8, line by line in its order."""
    lines = (
        _inbox(facts.conservation),
        _parked(facts),
        *_registers(facts, through),
        _money(facts.payments),
        Line(
            asked="GRNI, unbilled, fees and FX accrued",
            answer=Answer.PERSON,
            said="accruals are a person's entries; nobody books them for the accountant",
        ),
        *_proof(facts.proof),
        *_locks(pair, facts.xero_lock, through),
        Line(
            asked="next tie-out not restated",
            answer=Answer.PERSON,
            said="look at the next night's tie-out before the figures are given out",
        ),
    )
    return Checklist(pair=pair.pair, through=through, known_at=known_at, lines=lines)


def _line(asked: str, wrong: Sequence[str], good: str) -> Line:
    if not wrong:
        return Line(asked=asked, answer=Answer.DONE, said=good)
    more = len(wrong) - NAMED_MAX
    named = ", ".join(wrong[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
    return Line(asked=asked, answer=Answer.OPEN, said=named)


def _inbox(counted: Conservation) -> Line:
    wrong = []
    if counted.pending:
        wrong.append(f"{counted.pending} pending")
    if counted.in_doubt:
        wrong.append(f"{counted.in_doubt} in doubt at their target")
    if not counted.is_conserved:
        wrong.append("the counts do not add up")
    return _line("inbox drained", wrong, f"{counted.received} received, all settled")


def _parked(facts: CloseFacts) -> Line:
    letters = [
        f"{one.dead_letter_id} {one.trace_key} [{one.cause}]"
        + (f" {one.amount} {one.currency}" if one.amount is not None else "")
        for one in facts.letters
    ]
    held = [f"{one.name} held: {one.held_for}" for one in facts.held]
    return _line("parked reviewed", [*letters, *held], "no dead letter is open, nothing is held")


def _registers(facts: CloseFacts, through: date) -> Iterator[Line]:
    """Say which registers of Sage 100 hold something dated through the day."""
    stands = [(f"invoice {one.invoice_no}", one.date, one.state) for one in facts.invoices] + [
        (f"receipt {one.check_no}", one.date, one.state) for one in facts.receipts
    ]
    due = [(name, state) for name, day, state in stands if day <= through]
    entered = [name for name, state in due if state is SageState.ENTERED]
    updated = [name for name, state in due if state is SageState.UPDATED]
    yield _line("registers empty", entered, f"{len(due)} receivables documents, none only entered")
    yield _line(
        "Daily Transaction Register empty", updated, "all that is updated is in the general ledger"
    )


def _money(payments: PairPayments) -> Line:
    wrong = [f"payout {one.payout_id} parked" for one in payments.parked]
    wrong += [f"{one.document_id} {one.variance_class}" for one in payments.variances]
    matched = f"{len(payments.settlements)} settled, {len(payments.payouts)} payouts add up"
    return _line("payouts, bank and refunds matched", wrong, matched)


def _proof(proof: TieOut) -> Iterator[Line]:
    apart = [
        f"{one.role} {one.difference - one.explained}"
        for one in proof.accounts
        if one.difference != one.explained
    ]
    if proof.unknown:
        apart.append(f"unknown {proof.unknown}")
    yield _line(
        "sub-ledger equals control account", apart, f"every difference as of {proof.as_of} is named"
    )
    yield Line(
        asked="tie-out signed",
        answer=Answer.PERSON,
        said=f"it is {proof.light} as of {proof.as_of}, unknown {proof.unknown}; a person signs",
    )


def _locks(pair: Pair, xero_lock: date | None, through: date) -> Iterator[Line]:
    closed = pair.sage100_closed_through
    yield Line(
        asked="Sage 100 modules closed (IM, PO, SO, AR, AP, GL)",
        answer=Answer.DONE if closed and closed >= through else Answer.PERSON,
        said=f"through {closed} by sage100_closed_through of the pair"
        if closed
        else "Sage 100 tells nobody: close them, then say so as sage100_closed_through of the pair",
    )
    locked = f"locked through {xero_lock}" if xero_lock else "no lock date is set"
    is_locked = xero_lock is not None and xero_lock >= through
    yield _line("Xero locked", () if is_locked else (locked,), locked)
