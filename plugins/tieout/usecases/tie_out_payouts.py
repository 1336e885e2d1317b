"""Naming the differences of payouts: what gateways kept and paid out, entry by entry.

Each ledger has an entry by the mark that its write carries: Xero by a reference that names the
payout, Sage 100 by a check number made of its id (docs/reference/accounting.md). Which of a
payout's entries belong together is said by what they move.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from tieout.domain.books import SageReceipt, XeroBankEntry
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.payout_entries import payout_of_check, payout_of_what
from tieout.domain.roles import BANK, SALES_TAX
from tieout.domain.tie_out import (
    DifferenceClass,
    Effect,
    TieOutItem,
    added,
    is_overage,
    reversed_effect,
    size,
)
from tieout.usecases.tie_out_cases import Books, Roles, receipt_effect
from tieout.usecases.tie_out_items import Told
from tieout.usecases.tie_out_waiting import is_in_gl, receipt_no, waiting


@dataclass
class PayoutCase:
    """All entries of one payout; a receipt is its lines."""

    payout_id: str
    entries: list[XeroBankEntry] = field(default_factory=list)
    receipts: list[list[SageReceipt]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return by what people know it."""
        return f"payout {self.payout_id}"


def parted(pair: Pair, books: Books) -> tuple[list[PayoutCase], Books]:
    """Return the payouts, and the books without the receipts of those.

    A receipt is of a payout if its check number says so and its customer is the house account.
    """
    if books.bank is None:
        return [], books
    found: dict[str, PayoutCase] = {}
    for entry in sorted(books.bank, key=lambda one: (one.date, one.reference)):
        if payout_id := payout_of_what(entry.reference):
            found.setdefault(payout_id, PayoutCase(payout_id)).entries.append(entry)
    groups: dict[tuple[str, str, str], list[SageReceipt]] = {}
    others = []
    for receipt in books.sage_receipts:
        is_house = receipt.customer_no == pair.guest_sage100_customer_no
        if is_house and payout_of_check(receipt.check_no):
            key = receipt.check_no, receipt.date.isoformat(), receipt.deposit_no
            groups.setdefault(key, []).append(receipt)
        else:
            others.append(receipt)
    for (check_no, *_), lines in sorted(groups.items()):
        payout_id = payout_of_check(check_no)
        found.setdefault(payout_id, PayoutCase(payout_id)).receipts.append(lines)
    payouts = [found[payout_id] for payout_id in sorted(found)]
    return payouts, replace(books, sage_receipts=others)


def bank_effect(entry: XeroBankEntry, roles: Roles) -> Effect:
    """Return the effect of a bank transaction or transfer of Xero."""
    return added(
        *({roles.of_xero(code): amount} for code, amount in entry.amounts.items()),
        {SALES_TAX: entry.tax},
    )


def by_hand(books: Books, roles: Roles) -> list[XeroBankEntry]:
    """Return what people entered at the bank that moves an account of both ledgers but the bank.

    What the bank alone moved beside accounts of one ledger, such as rent, is no part of the proof.
    """
    mirrored = set(roles.xero.values()) & set(roles.sage100.values()) - {BANK}
    return [
        one
        for one in books.bank or ()
        if not payout_of_what(one.reference) and bank_effect(one, roles).keys() & mirrored
    ]


def booked(books: Books, roles: Roles) -> list[XeroBankEntry]:
    """Return what counts of what moved at Xero's bank accounts: of payouts, and by hand."""
    of_payouts = [one for one in books.bank or () if payout_of_what(one.reference)]
    return [*of_payouts, *by_hand(books, roles)]


def explain_payout(case: PayoutCase, roles: Roles, told: Told) -> Iterator[TieOutItem]:
    """Name each difference of one payout; the rest of an entry is an amount or an account."""
    seen: set[str] = set()
    for entry, lines in _matched(case, roles, told):
        marks = {entry.reference} if entry else set()
        marks |= {lines[0].check_no} if lines else set()
        naming = _Entry(case, entry, lines, roles, told, is_repeated=bool(marks & seen))
        yield from naming.items()
        seen |= marks


Pairs = list[tuple[XeroBankEntry | None, list[SageReceipt]]]


def _matched(case: PayoutCase, roles: Roles, told: Told) -> Pairs:
    """Put entries and receipts together: the same effect, the same accounts, the same size."""
    receipts = _standing(case.receipts, roles, told)
    entries = list(case.entries)
    matched: Pairs = []
    for likeness in _LIKENESSES:
        for entry in list(entries):
            wanted = likeness(bank_effect(entry, roles))
            for lines in receipts:
                if likeness(_effect(lines, roles)) == wanted:
                    matched.append((entry, lines))
                    entries.remove(entry)
                    receipts.remove(lines)
                    break
    return [*matched, *((one, []) for one in entries), *((None, lines) for lines in receipts)]


_LIKENESSES: tuple[Callable[[Effect], object], ...] = (
    lambda effect: effect,
    lambda effect: {role: amount > ZERO for role, amount in effect.items()},
    size,
)


def _standing(
    receipts: Iterable[list[SageReceipt]], roles: Roles, told: Told
) -> list[list[SageReceipt]]:
    """Leave out what the general ledger has taken back by the cut-off, by the same number."""
    standing: list[list[SageReceipt]] = []
    for lines in receipts:
        back = reversed_effect(_effect(lines, roles))
        taken = [
            one
            for one in standing
            if one[0].check_no == lines[0].check_no
            and _effect(one, roles) == back
            and _is_posted(one, told)
            and _is_posted(lines, told)
        ]
        if taken:
            standing.remove(taken[0])
        else:
            standing.append(lines)
    return standing


def _effect(lines: Iterable[SageReceipt], roles: Roles) -> Effect:
    return added(*(receipt_effect(line, roles) for line in lines))


def _is_posted(lines: list[SageReceipt], told: Told) -> bool:
    return is_in_gl(lines[0]) and lines[0].date <= told.as_of


@dataclass
class _Entry:
    """One entry of a payout as each ledger has it, or one of them."""

    case: PayoutCase
    entry: XeroBankEntry | None
    lines: list[SageReceipt]
    roles: Roles
    told: Told
    is_repeated: bool
    """Whether another one of the same mark has its counterpart."""

    def items(self) -> Iterator[TieOutItem]:
        """Return what it waits for, then what is wrong with it."""
        shown = self._shown()
        posted = _effect(self.lines, self.roles) if self._is_posted() else {}
        left = added(shown, reversed_effect(posted))
        if self.entry is not None and self.lines:
            yield from self._both(self.entry, left)
        elif self.entry is not None and shown:
            text = self.told.why(
                self.case.name, f"{self.entry.kind} in Xero has no Sage 100 cash receipt"
            )
            late = self.told.late(self.case.name, self.entry.date)
            yield self._item(self._alone(late), text, left)
        elif posted:
            text = f"Sage 100 cash receipt {receipt_no(self.lines)} has no entry of its own in Xero"
            yield self._item(self._alone(DifferenceClass.EXTRA), text, left)

    def _shown(self) -> Effect:
        if self.entry is None or self.entry.date > self.told.as_of:
            return {}
        return bank_effect(self.entry, self.roles)

    def _is_posted(self) -> bool:
        return bool(self.lines) and _is_posted(self.lines, self.told)

    def _alone(self, name: DifferenceClass) -> DifferenceClass:
        return DifferenceClass.DUPLICATE if self.is_repeated else name

    def _both(self, entry: XeroBankEntry, left: Effect) -> Iterator[TieOutItem]:
        mine, theirs = bank_effect(entry, self.roles), _effect(self.lines, self.roles)
        as_of = self.told.as_of
        found = waiting(entry.date, self.lines, theirs, as_of=as_of, named=entry.kind)
        if found is not None:
            item = self._item(found.difference_class, found.text, found.amounts)
            overage = is_overage(found.difference_class, found.since, self.told.today)
            yield item.model_copy(update={"since": found.since, "is_overage": overage})
            left = added(left, reversed_effect(found.amounts))
        if left:
            is_amount = mine.keys() == theirs.keys()
            name = DifferenceClass.WRONG_AMOUNT if is_amount else DifferenceClass.WRONG_ACCOUNT
            yield self._item(name, "both ledgers have it, and book it otherwise", left)

    def _item(self, name: DifferenceClass, text: str, amounts: Effect) -> TieOutItem:
        documents = [f"Xero {self.entry.kind} {self.entry.entry_id}"] if self.entry else []
        documents += [f"Sage 100 receipt {receipt_no(self.lines)}"] if self.lines else []
        return TieOutItem(
            difference_class=name,
            document=self.entry.reference if self.entry else self.case.name,
            explanation=text,
            amounts=amounts,
            documents=tuple(documents),
            since=self.entry.date if self.entry else self.lines[0].date,
        )
