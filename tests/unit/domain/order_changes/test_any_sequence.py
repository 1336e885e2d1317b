"""Any sequence of an order's events: both ledgers end with the shop's revenue, tax and cash.

A shop by chance sells, edits, ships, takes back, pays back and cancels. After every event the
documents that the order wants are booked here as the ledgers book them: the AR identity of
accounting.md section 1 must hold at once, and once all is shipped nothing may differ.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.money import ZERO, round_half_up
from tieout.domain.order import LineKind, OrderLine
from tieout.domain.order_changes.changes import (
    Change,
    changes_of,
    first_billed,
    still_ordered,
)
from tieout.domain.order_changes.documents import (
    Invoiced,
    Settles,
    account_memo,
    credit_lines,
    invoice_lines,
    left_by_rounding,
    money_back,
    set_against,
    stock_memo,
)
from tieout.domain.order_changes.events import ChangedOrder, Goods, RefundedLine
from unit.domain.order_changes.worked import (
    SHIPPING,
    captured,
    edit,
    line,
    of_line,
    order_1042,
    refund,
)

EVENTS = (
    "ship",
    "refund",
    "refund",
    "goodwill",
    "add",
    "take off",
    "capture",
    "cancel",
    "pay back",
)
Event = tuple[str, int, int]


@dataclass
class Shop:
    """What a shop knows of one order: what was sold, shipped and taken back, line by line."""

    order: ChangedOrder
    shipped: Counter[str] = field(default_factory=Counter)
    restocked: Counter[str] = field(default_factory=Counter)
    gone: dict[str, RefundedLine] = field(default_factory=dict)
    numbers: int = 0

    def act(self, event: Event) -> None:
        """Let something happen; what is impossible now does not."""
        name, which, many = event
        act = {
            "ship": self._ship,
            "refund": self._refund,
            "goodwill": self._goodwill,
            "add": self._add,
            "take off": self._take_off,
            "capture": self._capture,
            "cancel": self._cancel,
            "pay back": self._pay_back,
        }[name]
        if not self.order.is_cancelled or name == "pay back":
            act(which, many)

    def ship_the_rest(self) -> None:
        """Ship whatever waits, and take the money that is due.

        An order of which everything came off before anything left is cancelled, as a shop does: it
        would wait for its freight for ever.
        """
        if not self.order.is_cancelled:
            for one in self.goods:
                self._send(one, self._waiting(one))
            if self.due > ZERO:
                self._take(self.due)
            self._cancel(0, 0)

    @property
    def goods(self) -> list[OrderLine]:
        return [one for one in self.order.lines if one.kind is LineKind.PRODUCT]

    @property
    def refunded(self) -> Decimal:
        return sum((one.paid for one in self.order.refunds), ZERO)

    @property
    def worth(self) -> Decimal:
        """Return what the order comes to now: nothing when it is cancelled."""
        back = sum(
            (one.amount + one.tax for past in self.order.refunds for one in past.lines), ZERO
        )
        adjusted = sum((one.adjusted for one in self.order.refunds), ZERO)
        return ZERO if self.order.is_cancelled else self.order.total - back - adjusted

    @property
    def due(self) -> Decimal:
        return self.worth - (self.order.captured - self.refunded)

    def _back(self, one: OrderLine) -> RefundedLine:
        return self.gone.get(one.source_id) or of_line(one, 0, "0", "0", Goods.LOST)

    def _off(self, one: OrderLine) -> int:
        """Return how many pieces of a line came off before they left."""
        lines = (back for past in self.order.refunds for back in past.lines)
        return sum(
            int(back.quantity)
            for back in lines
            if back.line_id == one.source_id and back.goods is Goods.ON_ORDER
        )

    def _waiting(self, one: OrderLine) -> int:
        return int(one.quantity) - self._off(one) - self.shipped[one.source_id]

    def _send(self, one: OrderLine, many: int) -> None:
        if many:
            self.shipped[one.source_id] += many
            self.order = self.order.model_copy(update={"has_shipped": True})

    def _ship(self, which: int, many: int) -> None:
        one = self.goods[which % len(self.goods)]
        self._send(one, min(many, self._waiting(one)))

    def _next(self) -> str:
        self.numbers += 1
        return str(9000 + self.numbers)

    def _changed(self, **changes: object) -> None:
        self.order = self.order.model_copy(update=changes)
        if "lines" in changes:
            sums = {
                "total": sum((one.gross for one in self.order.lines), ZERO),
                "tax": sum((one.tax for one in self.order.lines), ZERO),
            }
            self.order = self.order.model_copy(update=sums)

    def _refund(self, which: int, many: int) -> None:
        """Take back pieces of a line: what waits first, or what left, into stock or not."""
        one = self.goods[which % len(self.goods)]
        back = self._back(one)
        on_order = self._waiting(one)
        came = self.shipped[one.source_id] - (int(back.quantity) - self._off(one))
        quantity = min(many, on_order or came)
        if not quantity:
            return
        goods = Goods.ON_ORDER if on_order else (Goods.RESTOCKED, Goods.LOST)[which % 2]
        then = int(back.quantity) + quantity
        amount = _share(one.price_total, then, one.quantity) - back.amount
        tax = _share(one.tax, then, one.quantity) - back.tax
        told = of_line(one, quantity, str(amount), str(tax), goods)
        fee = Decimal(many - 2)
        paid = amount + tax + fee
        if not ZERO <= paid <= self.order.captured - self.refunded:
            return
        if goods is Goods.RESTOCKED:
            self.restocked[one.source_id] += quantity
        self.gone[one.source_id] = told.model_copy(
            update={
                "quantity": Decimal(then),
                "amount": back.amount + amount,
                "tax": back.tax + tax,
            }
        )
        made = refund(
            told, paid=str(paid), adjusted=str(fee) if fee else "", source_id=self._next()
        )
        self._changed(refunds=(*self.order.refunds, made))

    def _goodwill(self, which: int, many: int) -> None:
        amount = str(Decimal(which + many).scaleb(-1))
        if Decimal(amount) <= self.order.captured - self.refunded:
            made = refund(paid=amount, adjusted=amount, source_id=self._next())
            self._changed(refunds=(*self.order.refunds, made))

    def _add(self, which: int, many: int) -> None:
        net = Decimal(which * 111 + 99).scaleb(-2) * many
        tax = round_half_up(net * Decimal("0.07"), 2)
        added = line(f"E{self._next()}", many, str(net), str(tax))
        edits = (*self.order.edits, edit(added, source_id=self._next()))
        self._changed(lines=(*self.order.lines, added), edits=edits)

    def _take_off(self, which: int, many: int) -> None:
        """Take pieces off by an edit: of a line of which nothing has left or come back."""
        one = self.goods[which % len(self.goods)]
        is_touched = self.shipped[one.source_id] or one.source_id in self.gone
        if is_touched or many >= one.quantity:
            return
        left = one.quantity - many
        price, tax = (
            _share(one.price_total, int(left), one.quantity),
            _share(one.tax, int(left), one.quantity),
        )
        kept = line(one.source_id, int(left), str(price), str(tax))
        less = line(one.source_id, -many, str(price - one.price_total), str(tax - one.tax))
        lines = tuple(kept if mine is one else mine for mine in self.order.lines)
        edits = (*self.order.edits, edit(less, source_id=self._next()))
        self._changed(lines=lines, edits=edits)

    def _take(self, amount: Decimal) -> None:
        taken = captured(str(amount)).model_copy(update={"source_id": self._next()})
        self._changed(payments=(*self.order.payments, taken))

    def _capture(self, which: int, _many: int) -> None:
        if self.due > ZERO:
            self._take(self.due if which % 2 else round_half_up(self.due / 2, 2))

    def _cancel(self, _which: int, _many: int) -> None:
        if not self.order.has_shipped:
            self._changed(is_cancelled=True)

    def _pay_back(self, _which: int, _many: int) -> None:
        if self.due < ZERO:
            made = refund(paid=str(-self.due), source_id=self._next())
            self._changed(refunds=(*self.order.refunds, made))


def _share(amount: Decimal, part: int, whole: Decimal) -> Decimal:
    return round_half_up(amount * part / whole, 2)


def _worth(lines: Sequence[OrderLine]) -> Decimal:
    return sum((one.gross for one in lines), ZERO)


def _sum(lines: Sequence[OrderLine], figure: str) -> Decimal:
    return sum((getattr(one, figure) for one in lines), ZERO)


@dataclass
class Books:
    """One order in both ledgers: what the documents book that it wants."""

    first: ChangedOrder
    billed_edits: int
    invoiced: dict[str, tuple[int, Decimal, Decimal]] = field(default_factory=dict)
    """Pieces, net and tax of each line that Sage 100 has invoiced."""
    applied: Decimal = ZERO
    """What of the deposit those invoices have used."""
    freight: bool = False

    def ship(self, order: ChangedOrder, changes: Sequence[Change], shipped: Counter[str]) -> None:
        """Invoice what has left, as the sales order has it: the cumulative share of each line."""
        now = still_ordered(self.first, changes)
        held = order.captured - self._out(changes, Settles.DEPOSIT)
        before = self._billed()
        for one in now.lines:
            pieces = shipped[one.source_id]
            if one.kind is LineKind.SHIPPING:
                if any(shipped.values()) and not self.freight:
                    self.invoiced[one.source_id] = (1, one.net, one.tax)
                    self.freight = True
            elif pieces != self.invoiced.get(one.source_id, (0,))[0]:
                net = _share(one.net, pieces, one.quantity)
                self.invoiced[one.source_id] = pieces, net, _share(one.tax, pieces, one.quantity)
        kept = {
            name: Invoiced(quantity=Decimal(pieces), net=net, tax=tax)
            for name, (pieces, net, tax) in self.invoiced.items()
        }
        for name, rest in left_by_rounding(now, kept).items():
            pieces, net, tax = self.invoiced[name]
            self.invoiced[name] = pieces, net + rest.net, tax + rest.tax
        self.applied += min(self._billed() - before, held - self.applied)

    def _billed(self) -> Decimal:
        return sum((net + tax for _pieces, net, tax in self.invoiced.values()), ZERO)

    @staticmethod
    def _out(changes: Sequence[Change], *settled: Settles) -> Decimal:
        return sum(
            (
                part.amount
                for change in changes
                for back in money_back(change)
                for part in back.parts
                if part.settles in settled
            ),
            ZERO,
        )

    def xero(self, order: ChangedOrder, changes: Sequence[Change]) -> dict[str, Decimal]:
        """Return Xero's balances; what is set against an invoice moves none."""
        documents = [list(self.first.lines)]
        for change in changes:
            credit, added = credit_lines(change), invoice_lines(change)
            assert not (credit and added)
            documents.append([*credit, *added])
        given = [one for lines in documents[1:] for one in lines]
        back = sum((one.paid for one in changes), ZERO)
        cash = order.captured - back
        revenue = _sum(documents[0], "net") - _sum(given, "net")
        tax = _sum(documents[0], "tax") - _sum(given, "tax")
        return {"cash": cash, "revenue": revenue, "tax": tax, "ar": revenue + tax - cash}

    def sage100(self, order: ChangedOrder, changes: Sequence[Change]) -> dict[str, Decimal]:
        memos = [one for change in changes for one in (*stock_memo(change), *account_memo(change))]
        net = sum((net for _pieces, net, _tax in self.invoiced.values()), ZERO)
        tax = sum((tax for _pieces, _net, tax in self.invoiced.values()), ZERO)
        to_memos = self._out(changes, Settles.STOCK_MEMO, Settles.ACCOUNT_MEMO)
        to_deposit = self._out(changes, Settles.DEPOSIT)
        goodwill = self._out(changes, Settles.ADJUSTMENTS)
        return {
            "cash": order.captured - to_memos - to_deposit - goodwill,
            "revenue": net - _sum(memos, "net") - goodwill,
            "tax": tax - _sum(memos, "tax"),
            "ar": net + tax - self.applied - _worth(memos) + to_memos,
            "deposits": order.captured - self.applied - to_deposit,
        }

    def unshipped(self, changes: Sequence[Change]) -> Decimal:
        """Return what is billed in Xero and not posted in Sage 100, by the sales order."""
        return still_ordered(self.first, changes).total - self._billed()


def check_identity(shop: Shop, books: Books, changes: Sequence[Change]) -> None:
    xero = books.xero(shop.order, changes)
    sage100 = books.sage100(shop.order, changes)
    assert xero["cash"] == sage100["cash"] == shop.order.captured - shop.refunded
    assert xero["ar"] == sage100["ar"] + books.unshipped(changes) - sage100["deposits"]
    # What is set against an invoice is never more than what the order still owes.
    billed = books.first.total - sum((_worth(invoice_lines(one)) for one in changes), ZERO)
    against = set_against(shop.order, billed, changes)
    assert sum(against.values(), ZERO) <= max(ZERO, billed - shop.order.captured)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9999)), min_size=1, max_size=3),
    st.lists(
        st.tuples(st.sampled_from(EVENTS), st.integers(0, 9), st.integers(1, 4)),
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_any_sequence_of_events_leaves_both_ledgers_with_what_the_shop_says(
    sold: list[tuple[int, int]], events: list[Event], told_after: int
) -> None:
    lines = []
    for place, (quantity, cents) in enumerate(sold):
        net = Decimal(cents).scaleb(-2)
        tax = round_half_up(net * Decimal("0.07"), 2)
        lines.append(line(f"L{place}", quantity, str(net), str(tax)))
    shop = Shop(order_1042(lines=(*lines, SHIPPING), payments=()))
    shop.act(("capture", 1, 1))
    for event in events[:told_after]:
        if event[0] in {"add", "capture"}:
            shop.act(event)
    billed_edits = len(shop.order.edits)
    books = Books(first_billed(shop.order, billed_edits=billed_edits), billed_edits)
    for event in events[told_after:]:
        shop.act(event)
        changes = changes_of(shop.order, billed_edits=billed_edits)
        books.ship(shop.order, changes, shop.shipped)
        check_identity(shop, books, changes)
    shop.ship_the_rest()
    shop.act(("pay back", 0, 0))
    changes = changes_of(shop.order, billed_edits=billed_edits)
    books.ship(shop.order, changes, shop.shipped)
    check_identity(shop, books, changes)
    xero = books.xero(shop.order, changes)
    sage100 = books.sage100(shop.order, changes)
    assert books.unshipped(changes) == ZERO or not shop.order.has_shipped
    for figure in ("cash", "revenue", "tax"):
        assert xero[figure] == sage100[figure]
    assert xero["revenue"] + xero["tax"] == shop.worth
    back = Counter[str]()
    for change in changes:
        for one in stock_memo(change):
            back[one.source_id] += int(one.quantity) if one.kind is LineKind.PRODUCT else 0
    assert +back == +shop.restocked
