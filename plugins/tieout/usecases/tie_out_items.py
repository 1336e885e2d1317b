"""Naming the differences of one order: what waits, what is wrong, and by how much on each account.

The rules are docs/reference/accounting.md's. What is dated after the cut-off is known, and explains
what the other ledger shows alone; what is left after all names is an error by its shape, or it is
unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest

from tieout.domain.books import SageInvoice, SageOrder, SageReceipt, SageState
from tieout.domain.money import ZERO, to_currency
from tieout.domain.roles import DEPOSITS, RECEIVABLES
from tieout.domain.tie_out import (
    DifferenceClass,
    Effect,
    TieOutItem,
    added,
    is_overage,
    reversed_effect,
)
from tieout.ports.tie_out import Sent
from tieout.usecases.tie_out_cases import (
    Case,
    Roles,
    Settled,
    check_no_of,
    goods_role,
    invoice_effect,
    misplaced,
    receipt_effect,
    settled,
    shipment_effect,
)
from tieout.usecases.tie_out_rest import rest_item
from tieout.usecases.tie_out_waiting import (
    UNPOSTED,
    cutoff,
    is_in_gl,
    is_same_month,
    is_wrong_period,
    receipt_no,
    waiting,
)

IN_FLIGHT_MAX = timedelta(days=1)
"""How long a document may stand in one ledger only before it counts as missing."""
LATE = frozenset({DifferenceClass.IN_FLIGHT, DifferenceClass.MISSING})


@dataclass(frozen=True)
class Told:
    """What is known beside the two ledgers' books; it gives no amount, only names.

    ``parked`` says by document why it waits as a dead letter, ``sent`` by correlation id what has
    left the shop, ``customers`` the Sage 100 numbers of a Xero contact, ``prefixes`` how numbers of
    the pair's own orders begin, ``changed`` by document what became different in signed books.
    """

    as_of: date
    known_at: datetime
    today: date
    parked: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, Sent] = field(default_factory=dict)
    customers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    twins: frozenset[str] = frozenset()
    """Cases whose Xero invoice repeats another one of the same order."""

    def late(self, number: str, since: date) -> DifferenceClass:
        """Say what a document is that stands in one ledger alone since a day."""
        if number in self.parked:
            return DifferenceClass.PARKED
        is_fresh = self.today - since <= IN_FLIGHT_MAX
        return DifferenceClass.IN_FLIGHT if is_fresh else DifferenceClass.MISSING

    def why(self, number: str, text: str) -> str:
        """Return a text about something that is not there, with why it is not, if that is known."""
        return f"{text}: {self.parked[number]}" if number in self.parked else text


def explain(case: Case, roles: Roles, told: Told) -> list[TieOutItem]:
    """Name each difference of one order; the rest is wrong by name, or unknown."""
    return _Naming(case, roles, told).items()


class _Naming:
    """The differences of one case, one kind after the other."""

    def __init__(self, case: Case, roles: Roles, told: Told) -> None:
        self.case = case
        self.roles = roles
        self.told = told
        self.now = case.through(told.as_of)
        """The case as both ledgers dated it through the cut-off."""
        self.billed = added(*(invoice_effect(one, roles) for one in self.now.invoices))
        self.surplus = _surplus(self.now.shipments, self.billed.get(RECEIVABLES, ZERO))
        self.shipments = [one for one in case.shipments if one not in self.surplus]

    def items(self) -> list[TieOutItem]:
        """Return every difference, the rest last."""
        named = [
            *self._receipts(),
            *self._shipped(),
            *self._without_xero(),
            *self._misplaced(),
            *self._unshipped(),
            *self._unbilled(),
            *self._parties(),
            *self._states(),
        ]
        shown = added(self.billed, *(one.effect for one in settled(self.now, self.roles)))
        posted = added(
            *(receipt_effect(one, self.roles) for one in self.now.receipts if is_in_gl(one)),
            *(
                shipment_effect(one, self.roles)
                for one in (*self.now.shipments, *self.now.others)
                if is_in_gl(one)
            ),
        )
        left = added(
            shown, reversed_effect(posted), *(reversed_effect(one.amounts) for one in named)
        )
        named += rest_item(self.now, left, self.roles)
        return self._restated([self._dated(one) for one in named])

    def _item(
        self, name: DifferenceClass, text: str, amounts: Effect, since: date | None = None
    ) -> TieOutItem:
        return TieOutItem(
            difference_class=name,
            document=self.case.number,
            explanation=text,
            amounts=amounts,
            since=since,
        )

    def _dated(self, item: TieOutItem) -> TieOutItem:
        overage = is_overage(item.difference_class, item.since, self.told.today)
        update = {"documents": self.case.documents, "is_overage": overage}
        return item.model_copy(update=update)

    def _late(self, since: date) -> DifferenceClass:
        return self.told.late(self.case.number, since)

    def _why(self, text: str) -> str:
        return self.told.why(self.case.number, text)

    def _receipts(self) -> Iterable[TieOutItem]:
        """Put each payment of Xero and the receipt of its check number together."""
        checks: dict[str, tuple[list[Settled], list[list[SageReceipt]]]] = {}
        for one in settled(self.case, self.roles):
            checks.setdefault(check_no_of(one.payment), ([], []))[0].append(one)
        for receipt in _standing(self.case.receipts, self.told.as_of):
            checks.setdefault(receipt[0].check_no, ([], []))[1].append(receipt)
        for payments, receipts in checks.values():
            for payment, lines in zip_longest(payments, receipts):
                if lines is None:
                    yield from self._payment_alone(payment, is_repeated=bool(receipts))
                elif payment is None:
                    yield from self._receipt_alone(lines, is_repeated=bool(payments))
                else:
                    yield from self._received(payment, lines)

    def _payment_alone(self, one: Settled, *, is_repeated: bool) -> Iterable[TieOutItem]:
        payment = one.payment
        if payment.date > self.told.as_of:
            return
        if is_repeated:
            text = f"payment {payment.amount} {payment.payment_id} in Xero repeats another one"
            yield self._item(DifferenceClass.DUPLICATE, text, one.effect, payment.date)
            return
        text = self._why(f"payment {payment.amount} in Xero has no Sage 100 cash receipt")
        effect = added(one.effect, {RECEIVABLES: one.applied}, {DEPOSITS: -one.applied})
        yield self._item(self._late(payment.date), text, effect, payment.date)

    def _receipt_alone(
        self, lines: list[SageReceipt], *, is_repeated: bool
    ) -> Iterable[TieOutItem]:
        if not is_in_gl(lines[0]) or lines[0].date > self.told.as_of:
            return
        name = DifferenceClass.DUPLICATE if is_repeated else DifferenceClass.EXTRA
        behind = "repeats another one" if is_repeated else "has no document of its own in Xero"
        text = f"Sage 100 cash receipt {receipt_no(lines)} {behind}"
        # What Sage 100 has applied of it to the order's invoices, Xero still has open.
        owned = sum((one.applied for one in settled(self.now, self.roles)), ZERO)
        applied = sum((one.deposit_applied for one in self.now.shipments if is_in_gl(one)), ZERO)
        received = sum((line.amount for line in lines), ZERO)
        open_in_xero = ZERO if is_repeated else max(min(received, applied - owned), ZERO)
        effect = added(
            reversed_effect(self._effect(lines)),
            {RECEIVABLES: open_in_xero, DEPOSITS: -open_in_xero},
        )
        yield self._item(name, text, effect, lines[0].date)

    def _received(self, one: Settled, lines: list[SageReceipt]) -> Iterable[TieOutItem]:
        """Say what one payment and its receipt wait for."""
        effect = self._effect(lines)
        found = waiting(one.payment.date, lines, effect, as_of=self.told.as_of, named="payment")
        if found is not None:
            yield self._item(*found)

    def _effect(self, lines: Iterable[SageReceipt]) -> Effect:
        """Return the effect of one receipt, which has a line for each account."""
        return added(*(receipt_effect(line, self.roles) for line in lines))

    def _unposted(self, state: SageState, what: str, effect: Effect, since: date) -> TieOutItem:
        text = f"{what} is {state.replace('_', ' ')}, not in the Sage 100 GL"
        return self._item(UNPOSTED[state], text, effect, since)

    def _shipped(self) -> Iterable[TieOutItem]:
        """Say what the invoices of Sage 100 for shipments wait for."""
        for one in self.shipments:
            effect = shipment_effect(one, self.roles)
            what = f"Sage 100 invoice {one.invoice_no}"
            written = one.invoice_date or one.date
            wrong = is_wrong_period(one.date, written)
            if not self.now.invoices:
                if self.case.invoices and is_in_gl(one) and one.date <= self.told.as_of:
                    text = f"{what} is dated {one.date}, the one in Xero later"
                    effect = reversed_effect(effect)
                    yield self._item(DifferenceClass.CUTOFF, text, effect, one.date)
            elif one.state is not SageState.ENTERED and one.date > self.told.as_of:
                text = f"{what} is dated {one.date}, after the cut-off"
                yield self._item(cutoff(is_wrong=wrong), text, effect, written)
            elif one.state in UNPOSTED:
                yield self._unposted(one.state, what, effect, one.date)
            elif wrong and is_same_month(self.told.as_of, one.date, written):
                text = f"{what} of {written} is posted {one.date}"
                yield self._item(DifferenceClass.WRONG_PERIOD, text, {}, one.date)

    def _without_xero(self) -> Iterable[TieOutItem]:
        """Name invoices in the Sage 100 GL with nothing in Xero behind them, and repeated ones."""
        kind = DifferenceClass.DUPLICATE if self.now.invoices else DifferenceClass.EXTRA
        found = [(kind, f"A/R invoice {one.invoice_no}", one) for one in self.now.others]
        found += [(DifferenceClass.DUPLICATE, f"invoice {one.invoice_no}", one)
                  for one in self.surplus]  # fmt: skip
        if not self.case.invoices:
            found += [
                (DifferenceClass.EXTRA, f"invoice {one.invoice_no}", one)
                for one in self.now.shipments
                if one not in self.surplus
            ]
        for name, what, one in found:
            if is_in_gl(one):
                text = f"Sage 100 {what} has no document of its own in Xero"
                effect = reversed_effect(shipment_effect(one, self.roles))
                yield self._item(name, text, effect, one.date)

    def _misplaced(self) -> Iterable[TieOutItem]:
        """Name goods that Sage 100 has on another account than the one that Xero billed to."""
        strange = self._strange()
        if strange:
            meant = goods_role(self.billed)
            text = f"Sage 100 has goods on {', '.join(sorted(strange))}, Xero on {meant}"
            amounts = added(reversed_effect(strange), {meant: sum(strange.values(), ZERO)})
            yield self._item(DifferenceClass.WRONG_ACCOUNT, text, amounts)

    def _strange(self) -> Effect:
        return misplaced(self.billed, self.shipments, self.roles) if self.now.invoices else {}

    def _unshipped(self) -> Iterable[TieOutItem]:
        """Name what Xero billed at order and Sage 100 will bill when it ships."""
        if not self.now.invoices:
            return
        invoiced = added(*(shipment_effect(one, self.roles) for one in self.shipments))
        strange = self._strange()
        if strange:
            moved = {goods_role(self.billed): sum(strange.values(), ZERO)}
            invoiced = added(invoiced, reversed_effect(strange), moved)
        sold = {*self.billed, *invoiced} - {RECEIVABLES, DEPOSITS}
        rest = {one: self.billed.get(one, ZERO) - invoiced.get(one, ZERO) for one in sorted(sold)}
        total = -sum(rest.values(), ZERO)
        is_open = any(
            one.shipped < one.ordered for order in self.case.orders for one in order.lines
        )
        if not any(rest.values()) or (self.case.orders and not is_open):
            return
        received = sum((one.applied for one in settled(self.now, self.roles)), ZERO)
        applied = sum((one.deposit_applied for one in self.shipments), ZERO)
        from_deposit = min(total, received - applied)
        effect = added(rest, {DEPOSITS: from_deposit}, {RECEIVABLES: total - from_deposit})
        since = max(one.date for one in self.now.invoices)
        if self.case.orders:
            yield from self._waiting(effect, since)
        elif self.case.number in self.told.twins:
            text = "the invoice in Xero repeats another one of the same order"
            yield self._item(DifferenceClass.DUPLICATE, text, effect, since)
        else:
            text = self._why("no sales order in Sage 100")
            yield self._item(self._late(since), text, effect, since)

    def _waiting(self, effect: Effect, since: date) -> Iterable[TieOutItem]:
        """Divide what Sage 100 has not invoiced by whether its goods have left the shop."""
        orders = ", ".join(order.order_no for order in self.case.orders)
        share, sent = self._sent()
        gone = _part(effect, share, self.roles.currency)
        if gone and sent is not None:
            is_fresh = self.told.known_at - sent.at <= IN_FLIGHT_MAX
            name = DifferenceClass.IN_FLIGHT if is_fresh else DifferenceClass.MISSING
            text = f"{sent.pieces} of {sent.of} pieces have left, no invoice in Sage 100 has them"
            yield self._item(name, f"sales order {orders}: {text}", gone, sent.at.date())
        waits = added(effect, reversed_effect(gone))
        if waits:
            text = f"sales order {orders} is not fully invoiced in Sage 100"
            yield self._item(DifferenceClass.UNSHIPPED, text, waits, since)

    def _sent(self) -> tuple[Decimal, Sent | None]:
        """Return which part of what waits for its goods the shop has sent already.

        Where the shop counts other pieces than Sage 100, as of sets, only a whole order is judged.
        """
        sent = self.told.sent.get(self.case.correlation_id)
        if sent is None or not sent.of:
            return ZERO, None
        if sent.pieces >= sent.of:
            return Decimal(1), sent
        lines = [one for order in self.case.orders for one in order.lines]
        ordered = sum((one.ordered for one in lines), ZERO)
        invoiced = sum((one.quantity or ZERO for one in self.shipments), ZERO)
        if ordered != sent.of or sent.pieces <= invoiced or invoiced >= ordered:
            return ZERO, None
        return (sent.pieces - invoiced) / (ordered - invoiced), sent

    def _unbilled(self) -> Iterable[TieOutItem]:
        """Name an order of the pair's own that Xero has no invoice of, and one entered twice."""
        ours = [one for one in self.case.orders if one.customer_po.startswith(self.told.prefixes)]
        posted = any(is_in_gl(one) for one in (*self.now.shipments, *self.now.others))
        first = min((one.date for one in ours), default=None)
        is_bare = bool(self.told.prefixes) and not self.case.invoices and not posted
        if is_bare and first is not None and first <= self.told.as_of:
            text = f"sales order {ours[0].order_no} has no invoice in Xero"
            yield self._item(self._late(first), text, {}, first)
        for order in _repeated(self.case.orders):
            if len(self.case.orders) > len(self.case.invoices) and not self.surplus:
                text = f"sales order {order.order_no} repeats another one"
                yield self._item(DifferenceClass.DUPLICATE, text, {}, order.date)

    def _parties(self) -> Iterable[TieOutItem]:
        """Name what Sage 100 has posted to another customer than the order's."""
        if not self.case.orders:
            return
        known: frozenset[str] = frozenset().union(
            *(self.told.customers.get(one.contact_id, ()) for one in self.case.invoices)
        )
        ordered = self.case.orders[0].customer_no
        meant = ordered if ordered in known or not known else min(known)
        posted: list[tuple[str, str, Decimal, SageInvoice | SageReceipt]] = [
            (f"invoice {one.invoice_no}", one.customer_no, one.total, one)
            for one in self.now.shipments
        ]
        posted += [
            (f"cash receipt {one.deposit_no}/{one.check_no}", one.customer_no, -one.amount, one)
            for one in self.now.receipts
        ]
        for what, customer, amount, one in posted:
            if customer and meant and customer != meant and one.state is not SageState.ENTERED:
                text = f"{what} is of customer {customer} in Sage 100, not of {meant}"
                item = self._item(DifferenceClass.WRONG_PARTY, text, {}, one.date)
                yield item.model_copy(update={"parties": {meant: amount, customer: -amount}})

    def _states(self) -> Iterable[TieOutItem]:
        """Name an order that is still open though all of it is shipped and invoiced."""
        is_posted = self.case.shipments and all(is_in_gl(one) for one in self.case.shipments)
        for order in self.case.orders:
            wanted = [one for one in order.lines if one.ordered]
            is_whole = wanted and all(one.shipped >= one.ordered for one in wanted)
            if is_posted and is_whole and order.status not in CLOSED:
                text = f"sales order {order.order_no} is all invoiced and still open"
                yield self._item(DifferenceClass.STALE_STATUS, text, {}, order.date)

    def _restated(self, items: list[TieOutItem]) -> list[TieOutItem]:
        """Call an error restated where the books that it is in were signed without it."""
        changes = self.told.changed.get(self.case.number)
        if not changes:
            return items
        text = f"since the books were signed: {'; '.join(changes)}"
        unsigned = [
            one.model_copy(
                update={
                    "difference_class": DifferenceClass.RESTATED,
                    "explanation": f"{one.explanation}; {text}",
                }
            )
            if one.is_error and one.amounts
            else one
            for one in items
        ]
        if any(one.difference_class is DifferenceClass.RESTATED for one in unsigned):
            return unsigned
        item = self._item(DifferenceClass.RESTATED, text, {})
        return [*unsigned, self._dated(item)]


CLOSED = frozenset({"C", "X", "Z"})
"""Statuses of sales orders that nothing is shipped for any more."""


def _standing(receipts: Iterable[SageReceipt], as_of: date) -> list[list[SageReceipt]]:
    """Gather receipts by deposit and day, without those that were taken back by the cut-off."""
    groups: dict[tuple[str, str, date], list[SageReceipt]] = {}
    for one in receipts:
        groups.setdefault((one.check_no, one.deposit_no, one.date), []).append(one)
    standing = sorted(groups.values(), key=lambda lines: lines[0].date)
    for back in [lines for lines in standing if sum(one.amount for one in lines) < ZERO]:
        taken = sum((one.amount for one in back), ZERO)
        for lines in standing:
            is_same = lines[0].check_no == back[0].check_no
            if is_same and sum((one.amount for one in lines), ZERO) == -taken:
                if back[0].date <= as_of:
                    standing.remove(lines)
                standing.remove(back)
                break
    return standing


def _surplus(shipments: list[SageInvoice], billed: Decimal) -> list[SageInvoice]:
    """Return the invoices that repeat an equal one, as far as more is invoiced than billed."""
    if not billed:
        return []
    left = sum((one.total for one in shipments), ZERO) - billed
    seen: list[tuple[Decimal, Decimal, Decimal]] = []
    surplus = []
    for one in shipments:
        shape = (one.goods, one.freight, one.tax)
        if shape in seen and one.total and left >= one.total:
            surplus.append(one)
            left -= one.total
        seen.append(shape)
    return surplus


def _repeated(orders: list[SageOrder]) -> list[SageOrder]:
    """Return the orders that say what another one before them says."""
    shapes = [(one.total, tuple((x.item_code, x.ordered) for x in one.lines)) for one in orders]
    return [one for place, one in enumerate(orders) if shapes[place] in shapes[:place]]


def _part(effect: Effect, share: Decimal, currency: str) -> Effect:
    """Return a share of an effect in whole cents, which sums to zero as the effect does."""
    if share >= 1 or not share:
        return dict(effect) if share else {}
    part = {role: to_currency(amount * share, currency) for role, amount in effect.items()}
    largest = max(part, key=lambda role: abs(effect[role]))
    part[largest] -= sum(part.values(), ZERO)
    return added(part)
