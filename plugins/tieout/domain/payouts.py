"""A gateway's payouts: what one is made of, to the cent, or why it is not believed.

The rules are those of docs/reference/accounting.md, *Payouts*. A payout is taken apart whole or not
at all: what does not add up is named by its row and the difference in money, and nothing is made up
to fill it. What the parts do to the books is payout_entries.py's.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tieout.domain.base import Amount, Frozen
from tieout.domain.money import ZERO
from tieout.errors import RejectedError

FLAWS_NAMED_MAX = 3
"""How many flaws the sentence for people names; all are in the list."""


class PayoutStatus(StrEnum):
    """How far a payout is; a gateway's own words are put into these."""

    SCHEDULED = "scheduled"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PartKind(StrEnum):
    """What one part of a payout is."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    RESERVE = "reserve"
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    """What the gateway corrected; what it was for is a person's to say."""
    RETRIED = "retried"
    """Money of an earlier payout that failed, paid out again."""
    CONVERSION = "conversion"
    """What a buyer's currency came to at the gateway, less what was booked of it."""


SETTLING = frozenset({PartKind.CHARGE, PartKind.REFUND})
"""Kinds of rows that settle what an order's own payment booked."""


class Group(StrEnum):
    """The groups of rows that a payout's own summary adds up."""

    CHARGES = "charges"
    REFUNDS = "refunds"
    ADJUSTMENTS = "adjustments"
    RESERVED = "reserved funds"
    RETRIED = "retried payouts"


GROUP_OF = {
    PartKind.CHARGE: Group.CHARGES,
    PartKind.REFUND: Group.REFUNDS,
    PartKind.RESERVE: Group.RESERVED,
    PartKind.RETRIED: Group.RETRIED,
    PartKind.DISPUTE: Group.ADJUSTMENTS,
    PartKind.FEE: Group.ADJUSTMENTS,
    PartKind.ADJUSTMENT: Group.ADJUSTMENTS,
}


class GroupTotal(Frozen):
    """What a payout says that the rows of one group come to."""

    gross: Amount = ZERO
    fee: Amount = ZERO


class OrderShare(Frozen):
    """What of an adjustment concerns one order, by the order's name."""

    order: str
    amount: Amount
    fee: Amount


class PayoutRow(Frozen):
    """One movement of money at the gateway, as the gateway tells it.

    ``amount`` is signed as it moves the balance; ``fee`` is positive where it costs.
    """

    row_id: str
    payout_id: str
    type_name: str
    """The gateway's own word."""
    kind: PartKind | None
    """None for a type that nobody has given a meaning."""
    is_own_line: bool = False
    """Whether it is the payout itself, leaving the balance."""
    day: date
    currency: str
    amount: Amount
    fee: Amount
    net: Amount
    order: str = ""
    """The order's name in the shop, '' for none."""
    order_id: str = ""
    transaction_id: str = ""
    """The shop's transaction of the order that it settles, '' for none."""
    shares: tuple[OrderShare, ...] = ()


class Payout(Frozen):
    """What a gateway pays to the bank at once, and the rows that it says this is made of.

    ``deposit`` is negative where the gateway draws money from the bank.
    """

    payout_id: str
    status: PayoutStatus
    day: date
    currency: str
    deposit: Amount
    trace_id: str = ""
    """How the bank names the transfer, where the gateway says so."""
    rows: tuple[PayoutRow, ...]
    summary: dict[Group, GroupTotal]


class Booked(Frozen):
    """What the books hold of an order's transaction on the clearing account; a refund is negative.

    ``is_converted``: the buyer paid in another currency, so the gateway may settle another amount.
    """

    amount: Amount
    is_converted: bool = False


class FlawKind(StrEnum):
    """What is wrong with a payout or with one of its rows."""

    ROW_TWICE = "row_twice"
    OTHER_PAYOUT = "other_payout"
    OTHER_CURRENCY = "other_currency"
    UNKNOWN_TYPE = "unknown_type"
    ROW_DOES_NOT_ADD_UP = "row_does_not_add_up"
    SHARES_DO_NOT_ADD_UP = "shares_do_not_add_up"
    OTHER_THAN_BOOKED = "other_than_booked"
    GROUP_DOES_NOT_ADD_UP = "group_does_not_add_up"
    DEPOSIT_DOES_NOT_ADD_UP = "deposit_does_not_add_up"


class Flaw(Frozen):
    """One thing that does not add up: where, and by how much."""

    kind: FlawKind
    row_id: str = ""
    """'' where it is the payout as a whole."""
    group: Group | None = None
    difference: Amount
    currency: str
    message: str


class Part(Frozen):
    """One amount of a payout that is about one thing; signed as it moves the deposit."""

    kind: PartKind
    row_id: str
    day: date
    amount: Amount
    order: str = ""
    transaction_id: str = ""


class Decomposition(Frozen):
    """A payout taken apart: its parts add up to its deposit."""

    payout_id: str
    status: PayoutStatus
    day: date
    currency: str
    deposit: Amount
    parts: tuple[Part, ...]

    def total(self, kind: PartKind) -> Decimal:
        """Return what the parts of one kind come to."""
        return sum((part.amount for part in self.parts if part.kind is kind), ZERO)


def decompose(payout: Payout, booked: Mapping[str, Booked]) -> Decomposition:
    """Take a payout apart into orders, fees, refunds, disputes, reserves and corrections.

    ``booked`` has what the books hold by transaction id, as far as they are known.

    Raises:
        RejectedError: Something does not add up; the message names the first rows and differences.
    """
    found = flaws(payout, booked)
    if found:
        named = " ".join(flaw.message for flaw in found[:FLAWS_NAMED_MAX])
        more = len(found) - FLAWS_NAMED_MAX
        raise RejectedError(
            f"Payout {payout.payout_id} does not add up. {named}"
            + (f" There are {more} more." if more > 0 else ""),
            remedy="Compare the payout with the gateway's own statement; nothing of it is booked "
            "until it adds up.",
            cause="payout_does_not_add_up",
            field=f"row {found[0].row_id}" if found[0].row_id else "deposit",
            value=f"{found[0].difference} {found[0].currency}",
        )
    return Decomposition(
        payout_id=payout.payout_id,
        status=payout.status,
        day=payout.day,
        currency=payout.currency,
        deposit=payout.deposit,
        parts=tuple(part for row in payout.rows for part in _parts(row, booked)),
    )


def _parts(row: PayoutRow, booked: Mapping[str, Booked]) -> Iterator[Part]:
    if row.is_own_line or row.kind is None:
        return
    held = _held(row, booked)
    for share in row.shares or (OrderShare(order=row.order, amount=row.amount, fee=row.fee),):
        amount = share.amount if held is None else held.amount
        shared = {
            "row_id": row.row_id,
            "day": row.day,
            "order": share.order,
            "transaction_id": row.transaction_id,
        }
        yield Part.model_validate({**shared, "kind": row.kind, "amount": amount})
        if share.amount != amount:
            rest = share.amount - amount
            yield Part.model_validate({**shared, "kind": PartKind.CONVERSION, "amount": rest})
        if share.fee:
            yield Part.model_validate({**shared, "kind": PartKind.FEE, "amount": -share.fee})


def _held(row: PayoutRow, booked: Mapping[str, Booked]) -> Booked | None:
    """Return what the books hold of the transaction that a row settles, if it settles one.

    A refund that failed names the transaction too, and turns its sign.
    """
    held = booked.get(row.transaction_id)
    if held is None or row.shares or row.kind not in SETTLING:
        return None
    return held if (held.amount > ZERO) is (row.amount > ZERO) else None


def flaws(payout: Payout, booked: Mapping[str, Booked]) -> tuple[Flaw, ...]:
    """Return what does not add up in a payout, its rows first; empty for one that does."""
    return (*_row_flaws(payout, booked), *_whole_flaws(payout))


def _row_flaws(payout: Payout, booked: Mapping[str, Booked]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for row in payout.rows:
        checks: list[tuple[FlawKind, Decimal, str]] = []
        if row.row_id in seen:
            checks.append((FlawKind.ROW_TWICE, row.net, "is there twice"))
        seen.add(row.row_id)
        if row.payout_id != payout.payout_id:
            said = f"is of payout {row.payout_id or '(none)'}"
            checks.append((FlawKind.OTHER_PAYOUT, row.net, said))
        if row.currency != payout.currency:
            said = f"is in {row.currency}, the payout in {payout.currency}"
            checks.append((FlawKind.OTHER_CURRENCY, row.net, said))
        if row.kind is None and not row.is_own_line:
            checks.append((FlawKind.UNKNOWN_TYPE, row.net, "has a type that has no meaning yet"))
        checks += _amount_checks(payout, row, booked)
        for kind, difference, said in checks:
            yield Flaw(
                kind=kind,
                row_id=row.row_id,
                difference=difference,
                currency=row.currency,
                message=f"Row {row.row_id} ({row.type_name}, {row.net} {row.currency}) {said}.",
            )


def _amount_checks(
    payout: Payout, row: PayoutRow, booked: Mapping[str, Booked]
) -> Iterator[tuple[FlawKind, Decimal, str]]:
    off = row.net - (row.amount - row.fee)
    if off:
        said = f"says {row.amount} less {row.fee} is {row.net}, {off} off"
        yield FlawKind.ROW_DOES_NOT_ADD_UP, off, said
    if row.shares:
        shared = sum((share.amount for share in row.shares), ZERO)
        fees = sum((share.fee for share in row.shares), ZERO)
        if (shared, fees) != (row.amount, row.fee):
            said = f"has orders that come to {shared} less {fees}"
            off = (shared - fees) - (row.amount - row.fee)
            yield FlawKind.SHARES_DO_NOT_ADD_UP, off, said
    held = _held(row, booked)
    if held is not None and not held.is_converted and held.amount != row.amount:
        off = row.amount - held.amount
        said = f"pays {row.amount} for order {row.order}, booked with {held.amount}"
        yield FlawKind.OTHER_THAN_BOOKED, off, said
    if row.is_own_line and row.amount != -payout.deposit:
        off = row.amount + payout.deposit
        yield FlawKind.DEPOSIT_DOES_NOT_ADD_UP, off, f"is not the deposit {payout.deposit}"


def _whole_flaws(payout: Payout) -> Iterator[Flaw]:
    rows = [row for row in payout.rows if not row.is_own_line and row.currency == payout.currency]
    summed = sum((row.net for row in rows), ZERO)
    if summed != payout.deposit:
        yield Flaw(
            kind=FlawKind.DEPOSIT_DOES_NOT_ADD_UP,
            difference=summed - payout.deposit,
            currency=payout.currency,
            message=f"Its rows come to {summed}, its deposit is {payout.deposit} "
            f"{payout.currency}, {summed - payout.deposit} off.",
        )
    yield from _group_flaws(payout, rows)


def _group_flaws(payout: Payout, rows: list[PayoutRow]) -> Iterator[Flaw]:
    """Name the group in which rows are missing or too many, by the payout's own summary.

    A summary that does not come to the deposit itself is no witness.
    """
    said = sum((total.gross - total.fee for total in payout.summary.values()), ZERO)
    if not payout.summary or said != payout.deposit:
        return
    for group in Group:
        wanted = payout.summary.get(group, GroupTotal())
        of_group = [row for row in rows if row.kind is not None and GROUP_OF[row.kind] is group]
        gross = sum((row.amount for row in of_group), ZERO) - wanted.gross
        fee = sum((row.fee for row in of_group), ZERO) - wanted.fee
        if gross or fee:
            yield Flaw(
                kind=FlawKind.GROUP_DOES_NOT_ADD_UP,
                group=group,
                difference=gross - fee,
                currency=payout.currency,
                message=f"Of {group}, the rows are {gross} and fees of {fee} {payout.currency} "
                "beyond what the payout's summary says.",
            )
