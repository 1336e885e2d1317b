"""Payouts in the tie-out, drawn by hand: fee and transfer of accounting.md's steps 7b and 9."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typing_extensions import override

from fakes import FakeSage100, FakeXero
from tieout.domain.books import GlPosting, SageReceipt, SageState, XeroBankEntry, XeroJournal
from tieout.domain.payout_entries import RETURNED, TRANSFER, check_no_of, what_of
from tieout.domain.tie_out import DifferenceClass, Light, TieOut
from tieout.errors import UnavailableError
from tieout.ports.tie_out import Balances, XeroBooks
from tieout.settings import load_pairs
from tieout.usecases.payout_postings import RETURN_PLACE, TRANSFER_PLACE
from tieout.usecases.tie_out import tie_out
from tieout.usecases.tie_out_cases import Books
from tieout.usecases.tie_out_items import Told
from tieout.usecases.tie_out_reading import BANK_ENTRIES, NOTHING, read_books

PAIR = load_pairs(Path(__file__).parents[3] / "include")["harbor_and_pine"]
CHARGED, PAID, AS_OF = date(2026, 11, 29), date(2026, 12, 1), date(2026, 12, 2)
KNOWN_AT = datetime(2026, 12, 5, 2, tzinfo=UTC)
PAYOUT = "7001"
ACCOUNTS = {"091": "106-00", "090": "100-00", "404": "605-00", "406": "606-00"}
BANKS = {"S": "106-00", "A": "100-00"}
DIFFERENCE = DifferenceClass


def in_xero(what: str, day: date, kind: str = "bank transaction", **by_code: str) -> XeroBankEntry:
    amounts = {code.removeprefix("x"): Decimal(amount) for code, amount in by_code.items()}
    return XeroBankEntry(entry_id=f"x-{what}", kind=kind, reference=what, date=day, amounts=amounts)


def in_sage100(
    place: int,
    day: date,
    bank: str,
    amount: str,
    account: str,
    *,
    state: SageState = SageState.IN_GL,
) -> SageReceipt:
    return SageReceipt(
        deposit_no="00007",
        check_no=check_no_of(PAYOUT, place),
        customer_no=PAIR.guest_sage100_customer_no,
        date=day,
        bank_code=bank,
        amount=Decimal(amount),
        credited_account=account,
        state=state,
    )


FEE = in_xero(what_of(PAYOUT, "fee of 2026-11-29"), CHARGED, x091="-3.49", x404="3.49")
OUT = in_xero(what_of(PAYOUT, TRANSFER), PAID, "bank transfer", x091="-106.64", x090="106.64")
FEE_THERE = in_sage100(0, CHARGED, "S", "-3.49", "605-00")
OUT_THERE = in_sage100(TRANSFER_PLACE, PAID, "A", "106.64", "106-00")


def in_gl(receipts: Iterable[SageReceipt]) -> list[GlPosting]:
    return [
        GlPosting(
            account=account,
            date=one.date,
            journal="CR",
            register_no="000001",
            source_document=f"CR {one.deposit_no}/{one.check_no}",
            amount=amount,
        )
        for one in receipts
        if one.state is SageState.IN_GL
        for account, amount in (
            (BANKS[one.bank_code], one.amount),
            (one.credited_account, -one.amount),
        )
    ]


def proof(
    entries: list[XeroBankEntry],
    receipts: list[SageReceipt],
    *,
    as_of: date = AS_OF,
    today: date = date(2026, 12, 4),
    **told: dict[str, str],
) -> TieOut:
    books = replace(
        NOTHING, banks=BANKS, bank=entries, sage_receipts=receipts, postings=in_gl(receipts)
    )
    beside = Told(as_of=as_of, known_at=KNOWN_AT, today=today, parked=told.get("parked", {}))
    return tie_out(PAIR, books, beside)


class OwnBooks(XeroBooks):
    """Xero's own books, with two entries at the bank, or with a bank that cannot be read."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.asked = 0
        self._is_away = is_away

    @override
    def journals(self) -> list[XeroJournal]:
        return []

    @override
    def bank_entries(self) -> list[XeroBankEntry]:
        self.asked += 1
        if self._is_away:
            message = "Xero does not answer."
            raise UnavailableError(message, remedy="It is read again later.")
        return [FEE, OUT]

    @override
    def balances(self, day: date) -> Balances:
        return Balances(by_code={}, year_began=date(day.year, 1, 1))


def read(own: OwnBooks, *, has_payouts: bool) -> Books:
    xero, sage100 = FakeXero(), FakeSage100()
    return read_books(xero, sage100, own, as_of=AS_OF, today=AS_OF, has_payouts=has_payouts)


def test_what_moved_at_the_bank_is_read_and_counted_where_payouts_are_posted_alone() -> None:
    own = OwnBooks()
    assert (read(own, has_payouts=False).bank, own.asked) == (None, 0)
    books = read(own, has_payouts=True)
    assert (books.bank, own.asked) == ([FEE, OUT], 1)
    counted = {one.name: (one.count, one.total) for one in books.sources if one.count}
    assert counted == {BANK_ENTRIES: (2, Decimal("110.13"))}


def test_a_bank_that_cannot_be_read_makes_the_proof_red() -> None:
    books = read(OwnBooks(is_away=True), has_payouts=True)
    result = tie_out(PAIR, books, Told(as_of=AS_OF, known_at=KNOWN_AT, today=AS_OF))
    assert [one.name for one in result.unread] == [BANK_ENTRIES]
    assert result.light is Light.RED


def named(result: TieOut) -> list[tuple[DifferenceClass, str, dict[str, str]]]:
    return [
        (one.difference_class, one.document, {role: f"{a}" for role, a in one.amounts.items()})
        for one in result.items
    ]


def test_a26_a_payout_that_both_ledgers_have_leaves_nothing() -> None:
    result = proof([FEE, OUT], [FEE_THERE, OUT_THERE])
    assert (result.items, result.unknown, result.light) == ((), 0, Light.GREEN)
    assert {one.role: f"{one.xero} {one.sage100}" for one in result.accounts} == {
        "bank": "106.64 106.64",
        "clearing_shopify_payments": "-110.13 -110.13",
        "fees": "3.49 3.49",
    }
    assert result.counts[BANK_ENTRIES] == 2


def test_a29_at_a_months_end_the_fee_counts_and_the_transfer_does_not() -> None:
    result = proof([FEE, OUT], [FEE_THERE, OUT_THERE], as_of=date(2026, 11, 30))
    assert (result.items, result.unknown) == ((), 0)
    assert [one.role for one in result.accounts] == ["clearing_shopify_payments", "fees"]


def test_a30_a_transfer_and_its_return_are_two_entries_of_one_payout() -> None:
    back = in_xero(what_of(PAYOUT, RETURNED), AS_OF, "bank transfer", x091="106.64", x090="-106.64")
    back_there = in_sage100(RETURN_PLACE, AS_OF, "A", "-106.64", "106-00")
    both = proof([OUT, back], [OUT_THERE, back_there])
    assert (both.items, both.unknown) == ((), 0)
    alone = proof([OUT, back], [OUT_THERE])
    assert [name for name, *_ in named(alone)] == [DIFFERENCE.MISSING]
    assert alone.items[0].document == what_of(PAYOUT, RETURNED)


@pytest.mark.parametrize(
    ("day", "parked", "name"),
    [
        (4, {}, DIFFERENCE.MISSING),
        (2, {}, DIFFERENCE.IN_FLIGHT),
        (4, {"payout 7001": "dead letter 7, period_locked"}, DIFFERENCE.PARKED),
    ],
)
def test_what_xero_alone_has_is_missing_once_a_day_is_over_and_not_parked(
    day: int, parked: dict[str, str], name: DifferenceClass
) -> None:
    result = proof([FEE, OUT], [FEE_THERE], today=date(2026, 12, day), parked=parked)
    amounts = {"bank": "106.64", "clearing_shopify_payments": "-106.64"}
    assert named(result) == [(name, OUT.reference, amounts)]
    assert result.items[0].documents == (f"Xero bank transfer {OUT.entry_id}",)
    assert result.unknown == 0


def test_what_sage_100_alone_has_is_extra() -> None:
    result = proof([OUT], [FEE_THERE, OUT_THERE])
    amounts = {"clearing_shopify_payments": "3.49", "fees": "-3.49"}
    assert named(result) == [(DIFFERENCE.EXTRA, "payout 7001", amounts)]
    assert result.items[0].documents == (f"Sage 100 receipt 00007/{FEE_THERE.check_no}",)
    assert (result.unknown, result.light) == (0, Light.AMBER)


@pytest.mark.parametrize(
    ("there", "name", "amounts"),
    [
        (
            in_sage100(0, CHARGED, "S", "-3.94", "605-00"),
            DIFFERENCE.WRONG_AMOUNT,
            {"clearing_shopify_payments": "0.45", "fees": "-0.45"},
        ),
        (
            in_sage100(0, CHARGED, "S", "-3.49", "606-00"),
            DIFFERENCE.WRONG_ACCOUNT,
            {"disputes": "-3.49", "fees": "3.49"},
        ),
    ],
)
def test_another_amount_or_account_is_named_with_both_documents(
    there: SageReceipt, name: DifferenceClass, amounts: dict[str, str]
) -> None:
    result = proof([FEE, OUT], [there, OUT_THERE])
    assert named(result) == [(name, FEE.reference, amounts)]
    assert len(result.items[0].documents) == 2
    assert result.unknown == 0


def test_the_same_entry_twice_is_a_duplicate_in_either_ledger() -> None:
    again = FEE_THERE.model_copy(update={"deposit_no": "00008"})
    [item] = named(proof([FEE, OUT], [FEE_THERE, again, OUT_THERE]))
    assert item[0] is DIFFERENCE.DUPLICATE
    once_more = FEE.model_copy(update={"entry_id": "x-again"})
    [item] = named(proof([FEE, once_more, OUT], [FEE_THERE, OUT_THERE]))
    assert item[0] is DIFFERENCE.DUPLICATE


def test_what_sage_100_took_back_by_the_same_number_counts_for_nothing() -> None:
    back = FEE_THERE.model_copy(update={"deposit_no": "00008", "amount": Decimal("3.49")})
    result = proof([OUT], [FEE_THERE, back, OUT_THERE])
    assert (result.items, result.unknown) == ((), 0)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (SageState.ENTERED, DIFFERENCE.ENTERED),
        (SageState.UPDATED, DIFFERENCE.NOT_IN_GL),
    ],
)
def test_a_receipt_outside_the_gl_waits_and_one_of_another_amount_is_wrong_too(
    state: SageState, name: DifferenceClass
) -> None:
    waits = FEE_THERE.model_copy(update={"state": state})
    result = proof([FEE, OUT], [waits, OUT_THERE])
    assert [one.difference_class for one in result.items] == [name]
    other = waits.model_copy(update={"amount": Decimal("-3.94")})
    result = proof([FEE, OUT], [other, OUT_THERE])
    assert [one.difference_class for one in result.items] == [name, DIFFERENCE.WRONG_AMOUNT]
    assert result.unknown == 0


def test_a_transfer_posted_after_the_cut_off_is_a_cutoff() -> None:
    later = OUT_THERE.model_copy(update={"date": date(2026, 12, 3)})
    result = proof([FEE, OUT], [FEE_THERE, later])
    assert [one.difference_class for one in result.items] == [DIFFERENCE.CUTOFF]
    assert result.unknown == 0


def test_what_people_entered_at_the_bank_is_theirs_if_both_ledgers_keep_the_account() -> None:
    charge = in_xero("card reader", PAID, x090="-20.00", x404="20.00")
    rent = in_xero("rent", PAID, x090="-900.00", x469="900.00")
    result = proof([FEE, OUT, charge, rent], [FEE_THERE, OUT_THERE])
    assert named(result) == [
        (
            DIFFERENCE.MANUAL_EDIT,
            "Xero bank transaction x-card reader",
            {"bank": "-20.00", "fees": "20.00"},
        )
    ]
    assert result.unknown == 0


def test_a_receipt_of_a_customer_whose_check_looks_like_a_payouts_is_the_customers() -> None:
    theirs = OUT_THERE.model_copy(update={"customer_no": "0000001"})
    result = proof([OUT], [OUT_THERE, theirs])
    assert [one.document for one in result.items] == [f"receipt {theirs.check_no}"]
