"""A period's close in an installation: who is asked what is closed, and for the checklist."""

from datetime import date
from zoneinfo import ZoneInfo

from tieout.domain.base import DeadLetterId
from tieout.domain.checklist import Checklist
from tieout.domain.closing import closing_of
from tieout.domain.desk import Correction, LetterQuery
from tieout.usecases.close import CloseFacts, checklist, open_day, post_on
from tieout.usecases.payouts import LOOK_BACK
from tieout.wiring.installation import Tieout
from tieout.wiring.payments import Payments
from tieout.wiring.tie_outs import proof_and_books


def post_in_open_period(
    tieout: Tieout, number: DeadLetterId, *, on: date | None, by: str, reason: str
) -> Correction:
    """Let a dead letter of a closed period be posted on an open day, by what is closed now."""
    pair = tieout.pair(tieout.desk.case(number).letter.pair)
    closing = closing_of(pair, tieout.xero(pair.pair).lock_date())
    day = open_day(closing, on)
    return post_on(tieout.desk, tieout.mapper(pair.pair), number, day, by=by, reason=reason)


def checked(tieout: Tieout, name: str, through: date) -> Checklist:
    """Read all that the checklist of a pair asks for, through a day."""
    pair, known_at = tieout.pair(name), tieout.clock.now()
    today = known_at.astimezone(ZoneInfo(pair.time_zone)).date()
    proof, books = proof_and_books(tieout, name, as_of=through)
    facts = CloseFacts(
        conservation=tieout.ledger.conservation(name),
        letters=tieout.desk.letters(LetterQuery(pair=name)),
        held=tieout.held(name),
        receipts=[one for one in books.sage_receipts if one.date <= through],
        invoices=[one for one in books.sage_invoices if one.date <= through],
        payments=Payments(tieout).reconciled(name, look_back=(today - through) + LOOK_BACK),
        proof=proof,
        xero_lock=tieout.xero(name).lock_date(),
    )
    return checklist(pair, through, facts, known_at=known_at)
