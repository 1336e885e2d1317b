"""What planned writes do to the general ledger of each system, by the pair's own accounts.

Derived from the payloads, so from the same mapping as the postings. Only records that are created
post: what is adopted has posted already, and no update of today touches an amount that posts. The
rules are docs/reference/accounting.md's: Xero posts an invoice or a payment when it is authorised;
in Sage 100 an entered document posts nothing until people update its register, and then in full.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from pydantic import JsonValue

from tieout.domain.base import Frozen, Json, System
from tieout.domain.money import ZERO, to_currency
from tieout.domain.pair import Pair
from tieout.domain.plan import GlEffect, When
from tieout.domain.roles import BANK, RECEIVABLES, ROUNDING, SALES_TAX
from tieout.usecases.catalog import (
    BANK_TRANSACTION,
    BANK_TRANSFER,
    CASH_RECEIPT,
    INVOICE,
    PAYMENT,
    PAYOUT_RECEIPT,
)


class Booking(Frozen):
    """One amount on one account, debit less credit."""

    account: str
    amount: Decimal


BookingsOf = Callable[[Pair, Json], Iterator[Booking]]


def _invoice(pair: Pair, payload: Json) -> Iterator[Booking]:
    """Dr receivables; Cr each line's account net of tax; Cr sales tax; in the base currency.

    What Xero's conversion line by line leaves over of a foreign invoice goes to rounding.
    """
    is_inclusive = payload.get("LineAmountTypes") == "Inclusive"
    total = posted = ZERO
    for line in _objects(payload.get("LineItems")):
        tax = _amount(line, "TaxAmount")
        net = _amount(line, "LineAmount") - (tax if is_inclusive else ZERO)
        total += net + tax
        own, taken = _in_base(net, pair, payload), _in_base(tax, pair, payload)
        posted += own + taken
        yield Booking(account=str(line.get("AccountCode", "")), amount=-own)
        yield Booking(account=pair.account(SALES_TAX).xero, amount=-taken)
    owed = _in_base(total, pair, payload)
    yield Booking(account=pair.account(RECEIVABLES).xero, amount=owed)
    if owed != posted:
        yield Booking(account=pair.account(ROUNDING).xero, amount=posted - owed)


def _payment(pair: Pair, payload: Json) -> Iterator[Booking]:
    """Dr the gateway's clearing account; Cr receivables.

    Of a foreign payment what is banked: the rate of its invoice, and so the gain, is not in it.
    """
    amount = _amount(payload, "BankAmount") or _amount(payload, "Amount")
    yield Booking(account=_code(payload, "Account"), amount=amount)
    yield Booking(account=pair.account(RECEIVABLES).xero, amount=-amount)


def _in_base(amount: Decimal, pair: Pair, payload: Json) -> Decimal:
    rate = _amount(payload, "CurrencyRate")
    return to_currency(amount / rate, pair.currency) if rate else amount


def _cash_receipt(pair: Pair, payload: Json) -> Iterator[Booking]:
    """Dr the bank code's cash account; Cr what each line names (customer deposits)."""
    header = payload.get("header")
    known: Mapping[str, JsonValue] = header if isinstance(header, dict) else {}
    yield Booking(account=_cash_account(pair, known), amount=_amount(known, "PostingAmt"))
    for line in _objects(payload.get("lines")):
        yield Booking(account=str(line.get("Account", "")), amount=-_amount(line, "AmountPosted"))


def _cash_account(pair: Pair, header: Mapping[str, JsonValue]) -> str:
    for gateway in pair.gateways:
        if gateway.sage100_bank_code == header.get("BankCode"):
            return pair.account(gateway.clearing_role).sage100
        if gateway.sage100_payout_bank_code == header.get("BankCode"):
            return pair.account(BANK).sage100
    return f"bank {header.get('BankCode')}"


def _bank_transaction(_pair: Pair, payload: Json) -> Iterator[Booking]:
    """Money received: Dr the bank account; Cr what each line names. Money spent: the reverse."""
    sign = 1 if str(payload.get("Type")).startswith("RECEIVE") else -1
    lines = _objects(payload.get("LineItems"))
    total = sum((_amount(line, "UnitAmount") for line in lines), ZERO)
    yield Booking(account=_code(payload, "BankAccount"), amount=sign * total)
    for line in lines:
        amount = -sign * _amount(line, "UnitAmount")
        yield Booking(account=str(line.get("AccountCode", "")), amount=amount)


def _bank_transfer(_pair: Pair, payload: Json) -> Iterator[Booking]:
    """Dr the account that it goes to; Cr the one that it leaves."""
    amount = _amount(payload, "Amount")
    yield Booking(account=_code(payload, "ToBankAccount"), amount=amount)
    yield Booking(account=_code(payload, "FromBankAccount"), amount=-amount)


def _code(payload: Json, member: str) -> str:
    account = payload.get(member)
    return str(account.get("Code", "")) if isinstance(account, dict) else ""


BOOKINGS: Mapping[str, BookingsOf] = {
    INVOICE.entity: _invoice,
    PAYMENT.entity: _payment,
    CASH_RECEIPT.entity: _cash_receipt,
    BANK_TRANSACTION.entity: _bank_transaction,
    BANK_TRANSFER.entity: _bank_transfer,
    PAYOUT_RECEIPT.entity: _cash_receipt,
}
"""How each kind of write that posts does so; a kind whose row says *never* has none."""
WHEN = {System.XERO: When.AT_ONCE, System.SAGE100: When.ON_UPDATE}


def effects_of(pair: Pair, entity: str, ledger: System, payload: Json) -> list[GlEffect]:
    """Return the effect of creating one record, account by account."""
    bookings_of = BOOKINGS.get(entity)
    if bookings_of is None:
        return []
    is_converted = "CurrencyRate" in payload
    currency = pair.currency if is_converted else str(payload.get("CurrencyCode", pair.currency))
    roles = _roles(pair, ledger)
    return summed(
        GlEffect(
            ledger=ledger,
            account=booking.account,
            role=roles.get(booking.account, ""),
            currency=currency,
            when=WHEN[ledger],
            debit=max(booking.amount, ZERO),
            credit=max(-booking.amount, ZERO),
        )
        for booking in bookings_of(pair, payload)
        if booking.amount
    )


def _roles(pair: Pair, ledger: System) -> dict[str, str]:
    if ledger is System.XERO:
        return {one.xero: pair.books_role(one.role) for one in pair.accounts if one.xero}
    return {one.sage100: one.role for one in pair.accounts if one.sage100}


def summed(effects: Iterable[GlEffect]) -> list[GlEffect]:
    """Add up debits and credits by ledger, account, currency and time; in that order."""
    sums: dict[tuple[str, ...], GlEffect] = {}
    for effect in effects:
        place = (effect.ledger, effect.when, effect.account, effect.role, effect.currency)
        known = sums.get(place)
        sums[place] = effect if known is None else _added(known, effect)
    return [sums[place] for place in sorted(sums)]


def _added(one: GlEffect, other: GlEffect) -> GlEffect:
    return one.model_copy(
        update={"debit": one.debit + other.debit, "credit": one.credit + other.credit}
    )


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _amount(record: Mapping[str, JsonValue], member: str) -> Decimal:
    return Decimal(str(record.get(member) or "0"))
