"""Payment reconciliation of a pair: what both ledgers and the gateway say of money, put together.

Everything is read anew and nothing is written (ADR 0012): the same books give the same variances.
Xero's payments are settled with Sage 100's cash receipts by check number, what is left of them with
Sage 100's open invoices by the number that both ledgers know them by.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from tieout.domain.base import Amount, Frozen
from tieout.domain.books import SageReceipt, XeroInvoice, XeroPayment
from tieout.domain.entries import ProposedEntry
from tieout.domain.money import ZERO, to_currency
from tieout.domain.pair import Pair
from tieout.domain.payout_entries import entries
from tieout.domain.payouts import (
    SETTLING,
    Booked,
    Decomposition,
    FlawKind,
    Part,
    PartKind,
    Payout,
    decompose,
    flaws,
)
from tieout.domain.reconciliation.records import (
    ERRORS,
    OWNERS,
    ItemKind,
    Money,
    MoneyKind,
    OpenItem,
    Settlement,
    Side,
    Variance,
    VarianceClass,
)
from tieout.domain.reconciliation.variances import reconcile
from tieout.domain.roles import BANK, DISPUTES, EXCHANGE_GAINS, FEES, RESERVE
from tieout.errors import RejectedError
from tieout.ports.payouts import Payouts
from tieout.ports.receivables import Receivables, SageOpenInvoice
from tieout.ports.systems import Xero
from tieout.usecases.tie_out_cases import check_no_of

GATEWAY = "shopify_payments"
"""The one gateway whose payouts a shop tells."""
GATEWAYS_OWN = frozenset({BANK, FEES, DISPUTES, RESERVE, EXCHANGE_GAINS})
"""Roles, beside the clearing accounts, of what gateways keep, hold back and pay out."""
UNBOOKED = "It was paid out and is on no clearing account: find its order, and replay it."
CORRECTED = "Say what the gateway corrected, and book it against the clearing account."


class ParkedPayout(Frozen):
    """A payout that is not believed, and why."""

    shop: str
    payout_id: str
    day: date
    currency: str
    deposit: Amount
    message: str


class PairPayments(Frozen):
    """What came of the money of one pair."""

    pair: str
    known_at: AwareDatetime
    settlements: tuple[Settlement, ...]
    variances: tuple[Variance, ...]
    payouts: tuple[Decomposition, ...]
    parked: tuple[ParkedPayout, ...]
    entries: tuple[ProposedEntry, ...]
    """What the payouts propose; those of variances are with them."""

    @property
    def is_good(self) -> bool:
        """Say whether nobody has to correct anything."""
        has_errors = any(one.variance_class in ERRORS for one in self.variances)
        return not has_errors and not self.parked


def reconcile_payments(
    pair: Pair,
    xero: Xero,
    sage100: Receivables,
    gateways: Mapping[str, Payouts],
    *,
    since: datetime,
    known_at: datetime,
) -> PairPayments:
    """Put together what is known of a pair's money.

    ``gateways`` has whoever tells payouts, by shop; those issued since ``since`` are read.
    """
    today = known_at.astimezone(ZoneInfo(pair.time_zone)).date()
    invoices = {one.invoice_id: one for one in xero.invoices()}
    payments = xero.payments()
    roles = {account.xero: pair.books_role(account.role) for account in pair.accounts}
    money = [_money(pair, payment, roles) for payment in payments]
    received = reconcile(money, _receipts(pair, sage100.receipts()), today=today)
    left = {one.document_id: one for one in received.variances if one.side is Side.MONEY}
    numbers = {_name(one): _number(invoices, one) for one in payments}
    rest = [
        one.model_copy(
            update={"amount": left[one.document_id].amount, "pays": numbers[one.document_id]}
        )
        for one in money
        if one.document_id in left
    ]
    applied = reconcile(rest, _open(pair, sage100.open_invoices()), today=today)
    extra = [one for one in received.variances if one.side is Side.OPEN_ITEM]
    booked = _booked(pair, payments, invoices)
    taken, parked = _payouts(pair, gateways, booked, since=since, until=known_at)
    clearing = next((one.clearing_role for one in pair.gateways if one.gateway == GATEWAY), "")
    return PairPayments(
        pair=pair.pair,
        known_at=known_at,
        settlements=(*received.settlements, *applied.settlements),
        variances=(*extra, *applied.variances, *_of_payouts(taken, booked, today)),
        payouts=tuple(taken),
        parked=tuple(parked),
        entries=tuple(one for payout in taken for one in entries(payout, clearing=clearing)),
    )


def _name(payment: XeroPayment) -> str:
    return f"Xero payment {payment.payment_id}"


def _number(invoices: Mapping[str, XeroInvoice], payment: XeroPayment) -> tuple[str, ...]:
    """Return the number of the invoice that a payment pays, which Sage 100 has as PO number."""
    invoice = invoices.get(payment.invoice_id)
    return (invoice.number,) if invoice and invoice.number else ()


def _money(pair: Pair, payment: XeroPayment, roles: Mapping[str, str]) -> Money:
    """Return a payment as money, in the currency of the books: what it moved at the bank."""
    in_base = to_currency(payment.amount / payment.rate, pair.currency)
    return Money(
        document_id=_name(payment),
        kind=MoneyKind.PAYMENT,
        party="",
        day=payment.date,
        currency=pair.currency,
        amount=in_base if payment.bank_amount is None else payment.bank_amount,
        pays=(check_no_of(payment),),
        cash_role=roles.get(payment.account_code, ""),
    )


def _receipts(pair: Pair, receipts: Sequence[SageReceipt]) -> list[OpenItem]:
    """Return what customers paid, whole, whatever its lines credit; what was reversed is none.

    A receipt that moves a gateway's own money alone, as the posting of a payout does, pays nothing.
    """
    own = {pair.account(one.clearing_role).sage100 for one in pair.gateways}
    own |= {one.sage100 for one in pair.accounts if one.role in GATEWAYS_OWN}
    lines: dict[tuple[str, str, str], list[SageReceipt]] = {}
    for one in receipts:
        lines.setdefault((one.deposit_no, one.customer_no, one.check_no), []).append(one)
    amounts = {key: sum((one.amount for one in group), ZERO) for key, group in lines.items()}
    return [
        OpenItem(
            document_id=f"Sage 100 receipt {key[0]}/{key[2]} of {key[1]}",
            kind=ItemKind.RECEIPT,
            party="",
            day=lines[key][0].date,
            currency=pair.currency,
            amount=amount,
            correlation_id=key[2],
        )
        for key, amount in amounts.items()
        if amount > ZERO and not own.issuperset(one.credited_account for one in lines[key])
    ]


def _open(pair: Pair, invoices: Sequence[SageOpenInvoice]) -> list[OpenItem]:
    """Return the invoices of Sage 100 that wait for money."""
    return [
        OpenItem(
            document_id=f"Sage 100 invoice {one.invoice_no} {one.invoice_type} of "
            f"{one.customer_no}",
            party="",
            day=one.date,
            currency=pair.currency,
            amount=one.balance,
            correlation_id=one.customer_po,
            number=one.invoice_no,
        )
        for one in invoices
        if one.balance > ZERO
    ]


def _booked(
    pair: Pair, payments: Sequence[XeroPayment], invoices: Mapping[str, XeroInvoice]
) -> dict[str, Booked]:
    """Return what the books hold by the shop's transaction, which a payment's reference ends in."""
    booked: dict[str, Booked] = {}
    for payment in payments:
        transaction = payment.reference.rpartition(" ")[2]
        invoice = invoices.get(payment.invoice_id)
        if transaction.isdecimal() and invoice is not None:
            is_foreign = invoice.currency != pair.currency
            booked[transaction] = Booked(amount=payment.amount, is_converted=is_foreign)
    return booked


def _payouts(
    pair: Pair,
    gateways: Mapping[str, Payouts],
    booked: Mapping[str, Booked],
    *,
    since: datetime,
    until: datetime,
) -> tuple[list[Decomposition], list[ParkedPayout]]:
    taken: list[Decomposition] = []
    parked: list[ParkedPayout] = []
    for shop, gateway in gateways.items():
        for payout in gateway.payouts(since, until, time_zone=pair.time_zone):
            try:
                taken.append(taken_apart(payout, booked, gateway))
            except RejectedError as error:
                parked.append(
                    ParkedPayout(
                        shop=shop,
                        payout_id=payout.payout_id,
                        day=payout.day,
                        currency=payout.currency,
                        deposit=payout.deposit,
                        message=error.message,
                    )
                )
    return taken, parked


def _of_payouts(
    payouts: Sequence[Decomposition], booked: Mapping[str, Booked], today: date
) -> Iterator[Variance]:
    """Name what was paid out and is on no clearing account, and what a gateway corrected."""
    for payout in payouts:
        for part in payout.parts:
            if not part.amount:
                continue
            if part.kind in SETTLING and part.transaction_id not in booked:
                yield _of_part(payout, part, VarianceClass.MISSING, UNBOOKED, today)
            elif part.kind is PartKind.ADJUSTMENT:
                yield _of_part(payout, part, VarianceClass.UNKNOWN, CORRECTED, today)


def _of_part(
    payout: Decomposition, part: Part, found: VarianceClass, proposal: str, today: date
) -> Variance:
    of_order = f" of {part.order}" if part.order else ""
    document_id = f"Payout {payout.payout_id} row {part.row_id}{of_order}"
    return Variance(
        side=Side.GATEWAY,
        document_id=document_id,
        party="",
        currency=payout.currency,
        amount=abs(part.amount),
        age_days=(today - part.day).days,
        variance_class=found,
        owner=OWNERS[found],
        evidence=(document_id,),
        proposal=proposal,
    )


def taken_apart(payout: Payout, booked: Mapping[str, Booked], gateway: Payouts) -> Decomposition:
    """Take a payout apart; what it settles otherwise than booked may have been converted.

    Raises:
        RejectedError: It does not add up.
    """
    off = {one.row_id for one in flaws(payout, booked) if one.kind is FlawKind.OTHER_THAN_BOOKED}
    if off:
        orders = {row.order_id for row in payout.rows if row.row_id in off and row.order_id}
        converted = gateway.converted(orders)
        booked = {
            one: held.model_copy(update={"is_converted": True}) if one in converted else held
            for one, held in booked.items()
        }
    return decompose(payout, booked)
