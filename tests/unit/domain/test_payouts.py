"""Payouts: taken apart to the cent, or parked whole with the row named (accounting.md, 3)."""

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from payouts import CENT, FIRST_ROW, MadePayout, Row, by_chance, made
from tieout.connectors.shopify.payouts import OWN_TYPE
from tieout.domain.entries import ProposedEntry
from tieout.domain.payout_entries import entries
from tieout.domain.payouts import (
    Booked,
    Decomposition,
    Flaw,
    FlawKind,
    Group,
    PartKind,
    decompose,
    flaws,
)
from tieout.errors import RejectedError

PAYOUTS, SPOILT = 500, 100
CLEARING = "clearing_shopify_payments"
DATA = Path(__file__).parents[4] / "shared" / "data" / "shopify"
NOTHING = Decimal(0)


def charge(amount: str, fee: str = "0", number: int = 1, **more: Any) -> Row:
    return Row(FIRST_ROW + number, "CHARGE", Decimal(amount), Decimal(fee), **more)


def taken_apart(payout: MadePayout) -> Decomposition:
    return decompose(payout.read(), payout.booked)


def found_in(payout: MadePayout) -> list[Flaw]:
    return list(flaws(payout.read(), payout.booked))


def balances(proposed: tuple[ProposedEntry, ...], **opening: str) -> dict[str, Decimal]:
    """What accounts hold after the entries, debit less credit."""
    held = {role: Decimal(amount) for role, amount in opening.items()}
    for entry in proposed:
        for role, amount in entry.amounts.items():
            held[role] = held.get(role, NOTHING) + amount
    return {role: amount for role, amount in held.items() if amount}


def test_five_hundred_payouts_decompose_to_the_cent() -> None:
    """Parts = deposit, of every payout; every row is in the parts; fees are fees."""
    for seed in range(PAYOUTS):
        payout = by_chance(seed)
        decomposed = taken_apart(payout)
        assert sum((part.amount for part in decomposed.parts), NOTHING) == payout.deposit
        assert decomposed.deposit == payout.deposit
        rows = [row for row in payout.rows if row.kind != OWN_TYPE]
        assert {part.row_id for part in decomposed.parts} == {str(row.row_id) for row in rows}
        fees = sum((row.fee for row in rows), NOTHING)
        told = decomposed.total(PartKind.FEE)
        chargebacks = sum((r.amount for r in rows if r.kind.startswith("CHARGEBACK_FEE")), NOTHING)
        assert told == chargebacks - fees


def test_the_entries_leave_what_nobody_explained_on_the_clearing_account() -> None:
    """Clearing = captures and refunds as booked, less fees, disputes, reserves and the deposit."""
    for seed in range(SPOILT):
        decomposed = taken_apart(by_chance(seed))
        kinds = (PartKind.CHARGE, PartKind.REFUND)
        opening = sum((decomposed.total(kind) for kind in kinds), NOTHING)
        left = balances(entries(decomposed, clearing=CLEARING), **{CLEARING: str(opening)})
        open_kinds = (PartKind.ADJUSTMENT, PartKind.RETRIED)
        unbooked = sum((decomposed.total(kind) for kind in open_kinds), NOTHING)
        assert left.get(CLEARING, NOTHING) == -unbooked


def spoilt() -> Iterator[tuple[MadePayout, Row]]:
    """Payouts by chance, each with a summary of what it was and one row to spoil."""
    for seed in range(SPOILT):
        payout = by_chance(seed)
        payout.summary_of = copy.deepcopy(payout.rows)
        rows = [row for row in payout.rows if row.kind != OWN_TYPE]
        yield payout, random.Random(seed).choice(rows)  # noqa: S311 - the same for the same seed


def test_a_cent_in_a_net_is_found_in_its_row() -> None:
    for payout, row in spoilt():
        row.net = row.shown_net + CENT
        of_row = [flaw for flaw in found_in(payout) if flaw.row_id == str(row.row_id)]
        assert [(flaw.kind, flaw.difference) for flaw in of_row] == [
            (FlawKind.ROW_DOES_NOT_ADD_UP, CENT)
        ]
        with pytest.raises(RejectedError, match=str(row.row_id)) as refused:
            taken_apart(payout)
        assert refused.value.field == f"row {row.row_id}"
        assert refused.value.value == "0.01 USD"


def test_a_cent_that_moves_amount_and_net_is_found_by_what_was_booked() -> None:
    for payout, row in spoilt():
        row.amount += CENT
        row.shares = []
        by_row = [flaw for flaw in found_in(payout) if flaw.row_id == str(row.row_id)]
        whole = {flaw.kind: flaw.difference for flaw in found_in(payout) if not flaw.row_id}
        assert whole == {
            FlawKind.DEPOSIT_DOES_NOT_ADD_UP: CENT,
            FlawKind.GROUP_DOES_NOT_ADD_UP: CENT,
        }
        held = payout.booked.get(row.transaction)
        if held is not None and not held.is_converted:
            assert [(one.kind, one.difference) for one in by_row] == [
                (FlawKind.OTHER_THAN_BOOKED, CENT)
            ]


def test_a_missing_row_is_named_by_its_group_and_amount() -> None:
    for payout, row in spoilt():
        payout.rows.remove(row)
        whole = {flaw.kind: flaw for flaw in found_in(payout)}
        assert whole[FlawKind.DEPOSIT_DOES_NOT_ADD_UP].difference == -row.shown_net
        missing = whole[FlawKind.GROUP_DOES_NOT_ADD_UP]
        assert missing.difference == -row.shown_net
        assert f"{-row.amount} and fees of {-row.fee:.2f} USD" in missing.message


def test_a_doubled_row_is_named() -> None:
    for payout, row in spoilt():
        payout.rows.append(copy.deepcopy(row))
        twice = [flaw for flaw in found_in(payout) if flaw.kind is FlawKind.ROW_TWICE]
        assert [(flaw.row_id, flaw.difference) for flaw in twice] == [
            (str(row.row_id), row.shown_net)
        ]


def test_a_row_in_another_currency_is_named() -> None:
    for payout, row in spoilt():
        row.currency = "CAD"
        other = [flaw for flaw in found_in(payout) if flaw.kind is FlawKind.OTHER_CURRENCY]
        assert [(flaw.row_id, flaw.difference, flaw.currency) for flaw in other] == [
            (str(row.row_id), row.shown_net, "CAD")
        ]


def test_two_errors_that_offset_each_other_are_found() -> None:
    payout = made(charge("10.00", number=1), Row(FIRST_ROW + 2, "REFUND", Decimal("-4.00")))
    payout.summary_of = copy.deepcopy(payout.rows)
    payout.rows[0].amount -= Decimal("1.00")
    payout.rows[1].amount += Decimal("1.00")
    assert {(flaw.group, flaw.difference) for flaw in found_in(payout)} == {
        (Group.CHARGES, Decimal("-1.00")),
        (Group.REFUNDS, Decimal("1.00")),
    }


def test_a_row_of_another_payout_or_of_an_unknown_type_is_named() -> None:
    strange = made(
        charge("10.00", number=1, payout_id="7999"),
        Row(FIRST_ROW + 2, "LENDING_CREDIT", Decimal("5.00")),
    )
    assert [(flaw.kind, flaw.row_id) for flaw in found_in(strange)] == [
        (FlawKind.OTHER_PAYOUT, str(FIRST_ROW + 1)),
        (FlawKind.UNKNOWN_TYPE, str(FIRST_ROW + 2)),
    ]


def test_an_own_line_that_is_not_the_deposit_is_named() -> None:
    payout = made(charge("10.00"), Row(FIRST_ROW + 9, OWN_TYPE, Decimal("-9.99")))
    assert [(flaw.row_id, flaw.difference) for flaw in found_in(payout)] == [
        (str(FIRST_ROW + 9), CENT)
    ]


def test_orders_of_a_grouped_row_must_come_to_it() -> None:
    row = Row(FIRST_ROW, "ADJUSTMENT", Decimal("-3.00"))
    row.shares = [("#1", Decimal("-1.00"), NOTHING), ("#2", Decimal("-1.99"), NOTHING)]
    assert [(flaw.kind, flaw.difference) for flaw in found_in(made(row))] == [
        (FlawKind.SHARES_DO_NOT_ADD_UP, CENT)
    ]


def test_a_payout_that_draws_from_the_bank_has_a_negative_deposit() -> None:
    payout = made(Row(FIRST_ROW, "REFUND", Decimal("-19.25")), status="PAID")
    decomposed = taken_apart(payout)
    assert decomposed.deposit == Decimal("-19.25")
    proposed = entries(decomposed, clearing=CLEARING)
    assert balances(proposed, **{CLEARING: "-19.25"}) == {"bank": Decimal("-19.25")}


def test_a26_the_worked_orders_payout_reaches_the_bank_whole() -> None:
    """A26: payout 106.64 → bank 106.64, clearing 0.00."""
    payout = made(charge("110.13", "3.49", order="#1042", transaction="77"))
    payout.booked = {"77": Booked(amount=Decimal("110.13"))}
    decomposed = taken_apart(payout)
    assert decomposed.deposit == Decimal("106.64")
    assert {part.order for part in decomposed.parts} == {"#1042"}
    proposed = entries(decomposed, clearing=CLEARING)
    assert balances(proposed, **{CLEARING: "110.13"}) == {
        "bank": Decimal("106.64"),
        "fees": Decimal("3.49"),
    }


def test_a27_rows_that_do_not_come_to_the_deposit_park_the_payout_whole() -> None:
    """A27: rows 81.38, deposit 41.90 → parked whole."""
    payout = made(charge("81.38"))
    payout.deposit = Decimal("41.90")
    with pytest.raises(
        RejectedError, match=re.escape("come to 81.38, its deposit is 41.90 USD, 39.48 off")
    ):
        taken_apart(payout)


def test_a28_a_row_whose_net_is_not_amount_less_fee_is_named() -> None:
    """A28: row -1.50, fee -0.25, net -1.75 → parked, row named."""
    row = Row(758509248, "ADJUSTMENT", Decimal("-1.50"), Decimal("-0.25"), Decimal("-1.75"))
    with pytest.raises(RejectedError, match="Row 758509248") as refused:
        taken_apart(made(row))
    assert (refused.value.field, refused.value.value) == ("row 758509248", "-0.50 USD")


def test_a29_a_fee_has_the_day_of_its_charge() -> None:
    """A29: charge 30 Nov, payout 2 Dec → fee dated 30 Nov; clearing = processor."""
    # 23:30 in New York is the next day in UTC.
    late = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
    payout = made(charge("110.13", "3.49", at=late))
    payout.issued_at = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
    proposed = entries(taken_apart(payout), clearing=CLEARING)
    assert [(entry.day, entry.amounts) for entry in proposed] == [
        (date(2026, 11, 30), {"fees": Decimal("3.49"), CLEARING: Decimal("-3.49")}),
        (date(2026, 12, 2), {"bank": Decimal("106.64"), CLEARING: Decimal("-106.64")}),
    ]


def test_fees_of_a_day_are_one_total() -> None:
    payout = made(charge("10.00", "0.59", 1), charge("20.00", "0.88", 2))
    first, transfer = entries(taken_apart(payout), clearing=CLEARING)
    assert first.amounts == {"fees": Decimal("1.47"), CLEARING: Decimal("-1.47")}
    assert transfer.amounts["bank"] == Decimal("28.53")


@pytest.mark.parametrize("status", ["FAILED", "SCHEDULED", "CANCELED", "SOMETHING_NEW"])
def test_a30_a_payout_that_is_not_paid_moves_nothing_to_the_bank(status: str) -> None:
    """A30: payout failed → bank 0.00, clearing 106.64 (the fee is spent all the same)."""
    payout = made(charge("110.13", "3.49"), status=status)
    proposed = entries(taken_apart(payout), clearing=CLEARING)
    assert balances(proposed, **{CLEARING: "110.13"}) == {
        CLEARING: Decimal("106.64"),
        "fees": Decimal("3.49"),
    }


def test_a_payout_that_failed_is_paid_with_a_later_one() -> None:
    row = Row(FIRST_ROW, "TRANSFER_FAILURE", Decimal("106.64"))
    proposed = entries(taken_apart(made(row)), clearing=CLEARING)
    assert balances(proposed, **{CLEARING: "106.64"}) == {"bank": Decimal("106.64")}


def test_a31_a_dispute_takes_its_money_and_its_fee() -> None:
    """A31, until it is lost: disputes 110.13, fees +15.00; sales and tax are not touched."""
    row = Row(FIRST_ROW, "DISPUTE_WITHDRAWAL", Decimal("-110.13"), Decimal("15.00"))
    proposed = entries(taken_apart(made(row)), clearing=CLEARING)
    assert balances(proposed) == {
        "disputes": Decimal("110.13"),
        "fees": Decimal("15.00"),
        "bank": Decimal("-125.13"),
    }


def test_a_dispute_that_is_won_comes_back() -> None:
    lost = Row(FIRST_ROW, "DISPUTE_WITHDRAWAL", Decimal("-110.13"), Decimal("15.00"))
    won = Row(FIRST_ROW + 1, "DISPUTE_REVERSAL", Decimal("110.13"), Decimal("-15.00"))
    assert entries(taken_apart(made(lost, won)), clearing=CLEARING) == ()


def test_a32_a_reserve_held_and_released_comes_to_nothing() -> None:
    """A32: reserve 42.00 held, released → 0.00."""
    held = Row(FIRST_ROW, "RESERVED_FUNDS", Decimal("-42.00"))
    released = Row(FIRST_ROW + 1, "RESERVED_FUNDS_REVERSAL", Decimal("42.00"))
    first = entries(taken_apart(made(held)), clearing=CLEARING)
    assert balances(first)["reserve"] == Decimal("42.00")
    later = entries(taken_apart(made(released, payout_id="7002")), clearing=CLEARING)
    assert balances((*first, *later)) == {}


def test_what_conversion_took_is_an_exchange_difference() -> None:
    """Order 13.50 CAD in the books, 12.77 settled of it: the rest is exchange, not a fee."""
    payout = made(charge("12.77", "0.70", transaction="5"))
    payout.booked = {"5": Booked(amount=Decimal("13.50"), is_converted=True)}
    decomposed = taken_apart(payout)
    assert decomposed.total(PartKind.CHARGE) == Decimal("13.50")
    assert decomposed.total(PartKind.CONVERSION) == Decimal("-0.73")
    assert balances(entries(decomposed, clearing=CLEARING), **{CLEARING: "13.50"}) == {
        "bank": Decimal("12.07"),
        "exchange_gains": Decimal("0.73"),
        "fees": Decimal("0.70"),
    }


REST_TYPES = {
    "charge": "CHARGE",
    "refund": "REFUND",
    "dispute": "DISPUTE_WITHDRAWAL",
    "reserve": "RESERVED_FUNDS",
    "payout": OWN_TYPE,
}


def of_rest(payout: dict[str, Any], transactions: list[dict[str, Any]]) -> MadePayout:
    """A payout of the old REST API, in today's shape; what it calls credit or debit corrects."""
    rows = [
        Row(
            one["id"],
            REST_TYPES.get(one["type"], "ADJUSTMENT"),
            Decimal(one["amount"]),
            Decimal(one["fee"]),
            Decimal(one["net"]),
            currency=one["currency"],
            at=datetime.fromisoformat(one["processed_at"]),
            payout_id=str(one["payout_id"]),
        )
        for one in transactions
    ]
    return made(*rows, payout_id=str(payout["id"]), deposit=Decimal(payout["amount"]))


@pytest.mark.skipif(not DATA.is_dir(), reason="needs Shopify's own fixtures beside the repository")
def test_shopifys_own_fixtures_park_whole() -> None:
    """Their transactions come to 81.38, the deposit is 41.90, and one row does not add up."""
    payouts = json.loads((DATA / "payouts.json").read_text("utf-8"))["payouts"]
    rows = json.loads((DATA / "payouts_transactions.json").read_text("utf-8"))["transactions"]
    checked = 0
    for payout in payouts:
        own = [row for row in rows if row["payout_id"] == payout["id"]]
        with pytest.raises(RejectedError) as refused:
            taken_apart(of_rest(payout, own))
        assert "does not add up" in refused.value.message
        checked += 1
        if own:
            assert "Row 758509248" in refused.value.message
            assert "come to 81.38, its deposit is 41.90 USD, 39.48 off" in refused.value.message
    assert checked == 6
