"""What a document of Sage 100 waits for, or that it is dated in another month than its fact."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tieout.domain.books import SageInvoice, SageReceipt, SageState
from tieout.domain.tie_out import DifferenceClass, Effect, business_days, reversed_effect

ASTRIDE_MAX_BUSINESS_DAYS = 5
"""How far apart both ledgers may date one fact across a month's end; further is a wrong period."""
EARLY_MAX = timedelta(days=1)
"""How long before its event a document may be dated: clocks and time zones differ by that."""
UNPOSTED = {
    SageState.ENTERED: DifferenceClass.ENTERED,
    SageState.UPDATED: DifferenceClass.NOT_IN_GL,
}


class Waiting(NamedTuple):
    """Why both ledgers differ by one receipt for now, and since when."""

    difference_class: DifferenceClass
    text: str
    amounts: Effect
    since: date


def waiting(
    fact: date, lines: Sequence[SageReceipt], effect: Effect, *, as_of: date, named: str
) -> Waiting | None:
    """Say what one receipt waits for whose fact Xero has, as ``named``, on a day."""
    receipt, what = lines[0], f"cash receipt {receipt_no(lines)}"
    is_wrong = is_wrong_period(receipt.date, fact)
    astride = f"{what} is dated {receipt.date} in Sage 100, the {named} {fact} in Xero"
    if fact > as_of:
        if is_in_gl(receipt) and receipt.date <= as_of:
            name = cutoff(is_wrong=is_wrong)
            return Waiting(name, astride, reversed_effect(effect), receipt.date)
    elif receipt.state is not SageState.ENTERED and receipt.date > as_of:
        return Waiting(cutoff(is_wrong=is_wrong), astride, effect, fact)
    elif receipt.state in UNPOSTED:
        text = f"{what} is {receipt.state.replace('_', ' ')}, not in the Sage 100 GL"
        return Waiting(UNPOSTED[receipt.state], text, effect, receipt.date)
    elif is_wrong and is_same_month(as_of, receipt.date, fact):
        return Waiting(DifferenceClass.WRONG_PERIOD, astride, {}, receipt.date)
    return None


def is_in_gl(one: SageReceipt | SageInvoice) -> bool:
    """Say whether Sage 100's general ledger has a document."""
    return one.state is SageState.IN_GL


def cutoff(*, is_wrong: bool) -> DifferenceClass:
    """Return what a document is that both ledgers date on different sides of the cut-off."""
    return DifferenceClass.WRONG_PERIOD if is_wrong else DifferenceClass.CUTOFF


def is_wrong_period(posted: date, fact: date) -> bool:
    """Say whether a document is posted in another month than its fact, and not by a few days."""
    if is_same_month(posted, fact):
        return False
    is_early = posted < fact - EARLY_MAX
    return is_early or business_days(fact, posted) > ASTRIDE_MAX_BUSINESS_DAYS


def is_same_month(day: date, *others: date) -> bool:
    """Say whether one of the others is in the same month as a day."""
    return any((day.year, day.month) == (one.year, one.month) for one in others)


def receipt_no(lines: Sequence[SageReceipt]) -> str:
    """Return the number that people find a receipt by."""
    return f"{lines[0].deposit_no}/{lines[0].check_no}"
