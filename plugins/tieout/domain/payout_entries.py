"""What a payout's parts do to the books: entries by account role, proposed for people.

Charges and refunds stand on the clearing account already, by the order's own payments, and so does
what an earlier payout that failed put back. Corrections stay there until a person says what they
are: there is no account to hide them on (docs/reference/accounting.md, *Payouts*).
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tieout.domain.entries import ProposedEntry
from tieout.domain.hashing import base36
from tieout.domain.money import ZERO
from tieout.domain.payouts import Decomposition, PartKind, PayoutStatus
from tieout.domain.roles import BANK, DISPUTES, EXCHANGE_GAINS, FEES, RESERVE

ROLE_OF = {
    PartKind.FEE: FEES,
    PartKind.DISPUTE: DISPUTES,
    PartKind.RESERVE: RESERVE,
    PartKind.CONVERSION: EXCHANGE_GAINS,
}

TRANSFER = "transfer to the bank"
RETURNED = "transfer returned by the bank"
_WHAT = re.compile(r"payout (\d+)(?:,.*)?")
_CHECK_NO = re.compile(r"P([0-9A-Z]+)[0-9A-Z]")


def what_of(payout_id: str, what: str) -> str:
    """Return by what a person, and each ledger, knows an entry of a payout."""
    return f"payout {payout_id}, {what}"


def check_no_of(payout_id: str, place: int) -> str:
    """Return the number by which Sage 100 knows the entry at a place, which has one digit."""
    return f"P{base36(int(payout_id))}{base36(place)}"


def payout_of_what(what: str) -> str:
    """Return the id of the payout that an entry, or a document, is of, '' if of none."""
    found = _WHAT.fullmatch(what)
    return found[1] if found else ""


def payout_of_check(check_no: str) -> str:
    """Return the id of the payout that a check number is of, '' if of none."""
    found = _CHECK_NO.fullmatch(check_no)
    return str(int(found[1], 36)) if found else ""


def entries(payout: Decomposition, *, clearing: str) -> tuple[ProposedEntry, ...]:
    """Return the entries of a payout: one per kind and day, and its transfer once it is paid.

    ``clearing`` is the role of the gateway's clearing account. Dated by each movement's own day, so
    that the clearing account shows the gateway's balance of every day.
    """
    dated = [
        _entry(payout, f"{kind} of {day.isoformat()}", day, {ROLE_OF[kind]: -amount}, clearing)
        for kind, day, amount in _totals(payout)
    ]
    if payout.status is PayoutStatus.PAID and payout.deposit:
        transfer = {BANK: payout.deposit}
        dated.append(_entry(payout, TRANSFER, payout.day, transfer, clearing))
    return tuple(dated)


def returned(payout: Decomposition, *, clearing: str, day: date) -> ProposedEntry:
    """Return the entry of a day that takes back the transfer of a payout that the bank returned."""
    return _entry(payout, RETURNED, day, {BANK: -payout.deposit}, clearing)


def _totals(payout: Decomposition) -> Iterator[tuple[PartKind, date, Decimal]]:
    totals: dict[tuple[PartKind, date], Decimal] = {}
    for part in payout.parts:
        if part.kind in ROLE_OF:
            key = part.kind, part.day
            totals[key] = totals.get(key, ZERO) + part.amount
    for (kind, day), amount in sorted(totals.items(), key=lambda item: (item[0][1], item[0][0])):
        if amount:
            yield kind, day, amount


def _entry(
    payout: Decomposition, what: str, day: date, amounts: dict[str, Decimal], clearing: str
) -> ProposedEntry:
    return ProposedEntry(
        what=what_of(payout.payout_id, what),
        day=day,
        currency=payout.currency,
        amounts={**amounts, clearing: -sum(amounts.values(), ZERO)},
    )
