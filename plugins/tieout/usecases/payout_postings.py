"""Posting of payouts: what gateways keep and hold back, and what they pay out, once in each ledger.

In Xero a bank transaction on the clearing account, or a transfer; in Sage 100 a cash receipt whose
one line is an account (docs/reference/accounting.md, steps 7b and 9). Both ask for somebody's name:
the house account of guests gives it, and its balance stays as it is. Afterwards the clearing
account of both is what the gateway still holds.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from zoneinfo import ZoneInfo

from tieout.domain.base import BatchId, System
from tieout.domain.entries import ProposedEntry
from tieout.domain.ledger import LANDED, DocumentState
from tieout.domain.money import ZERO, to_currency
from tieout.domain.pair import Gateway, Pair
from tieout.domain.payout_entries import TRANSFER, check_no_of, entries, returned, what_of
from tieout.domain.payouts import Decomposition, PayoutStatus
from tieout.domain.roles import BANK
from tieout.errors import ConfigurationError, RejectedError
from tieout.usecases.catalog import BANK_TRANSACTION, BANK_TRANSFER, PAYOUT_RECEIPT, WriteKind
from tieout.usecases.flow import Flow, Ready, StepReport, documents_of
from tieout.usecases.order_money import cents_text
from tieout.usecases.payment_reconciliation import GATEWAY
from tieout.usecases.writing import Write, write_all

TRANSFER_PLACE, RETURN_PLACE = 34, 35
"""The last digits of the check numbers of a transfer and of its return; entries count from 0."""
CHECK_LENGTH_MAX = 10


class ReadyPayout(Ready):
    """A document of the type ``payout`` that adds up."""

    payout: Decomposition


def write_bank_transactions(flow: Flow, batch_id: BatchId) -> StepReport:
    """Book in Xero what the gateway keeps, holds back and releases, by kind and day."""
    writes_of = partial(_bank_transactions, cache(lambda: _house_contact(flow)))
    return _write(flow, batch_id, BANK_TRANSACTION, writes_of)


def write_bank_transfers(flow: Flow, batch_id: BatchId) -> StepReport:
    """Book in Xero what reached the bank, and what the bank returned."""
    return _write(flow, batch_id, BANK_TRANSFER, _bank_transfers)


def write_payout_receipts(flow: Flow, batch_id: BatchId) -> StepReport:
    """Enter in Sage 100 what Xero has of each payout, and close the documents."""
    try:
        return _write(flow, batch_id, PAYOUT_RECEIPT, _receipts)
    finally:
        _close(flow, batch_id)


Entries = Sequence[ProposedEntry]
WritesOf = Callable[[Pair, Gateway, ReadyPayout, Entries], Iterator[Write]]


def _write(flow: Flow, batch_id: BatchId, kind: WriteKind, writes_of: WritesOf) -> StepReport:
    ready = [
        ReadyPayout(document=one, payout=Decomposition.model_validate(one.canonical))
        for one in documents_of(flow, batch_id, DocumentState.READY)
    ]
    gateway = gateway_of_payouts(flow.pair)
    carries = BANK_TRANSFER if kind is BANK_TRANSACTION else kind
    keys = {what_of(one.payout.payout_id, TRANSFER) for one in ready}
    sent = flow.ledger.deliveries_of(flow.pair.pair, carries.entity, keys)
    transferred = {one.document_key for one in sent if one.state in LANDED}

    def writes(one: ReadyPayout) -> Iterator[Write]:
        made = entries(one.payout, clearing=gateway.clearing_role)
        is_back = one.payout.status in (PayoutStatus.FAILED, PayoutStatus.CANCELLED)
        if is_back and what_of(one.payout.payout_id, TRANSFER) in transferred:
            # The day when we heard of it: nobody tells the bank's.
            day = one.document.version_at.astimezone(ZoneInfo(flow.pair.time_zone)).date()
            made += (returned(one.payout, clearing=gateway.clearing_role, day=day),)
        return writes_of(flow.pair, gateway, one, made)

    system = flow.xero if kind.target is System.XERO else flow.sage100
    return write_all(flow, kind, system.target(kind.entity), ready, writes)


def gateway_of_payouts(pair: Pair) -> Gateway:
    """Return the gateway that pays out, with the bank code that it pays out to.

    Raises:
        ConfigurationError: The pair has none, or does not say which.
    """
    for one in pair.gateways:
        if one.gateway == GATEWAY and one.sage100_payout_bank_code:
            return one
    raise ConfigurationError(
        f"Pair {pair.pair!r} does not say to which bank code {GATEWAY} pays out.",
        remedy="Add sage100_payout_bank_code to the gateway in "
        f"include/mappings/accounts/{pair.pair}.yaml.",
    )


def _house_contact(flow: Flow) -> str:
    """Return the id of the contact that stands for guests.

    Raises:
        ConfigurationError: Xero has none of its number.
    """
    number = flow.pair.guest_xero_contact_number
    for one in flow.xero.find_contacts(numbers={number}):
        return one.external_id
    raise ConfigurationError(
        f"Pair {flow.pair.pair!r} posts fees to {number!r}, which Xero does not have.",
        remedy="Add the contact there, or correct guest_xero_contact_number in pairs.yaml.",
    )


def _bank_transactions(
    contact: Callable[[], str],
    pair: Pair,
    gateway: Gateway,
    _one: ReadyPayout,
    made: Entries,
) -> Iterator[Write]:
    clearing = pair.account(gateway.clearing_role).xero
    for entry in made:
        role = _other(entry, gateway)
        if role == BANK:
            continue
        amount = entry.amounts[gateway.clearing_role]
        shown = to_currency(abs(amount), entry.currency)
        record = {
            "type": "RECEIVE" if amount > ZERO else "SPEND",
            "contact_id": contact(),
            "clearing_account": clearing,
            "account_code": pair.account(role).xero,
            "day": entry.day,
            "what": entry.what,
            "amount": shown,
        }
        yield Write(entry.what, record, {"total": f"{shown:f}", "account": clearing})


def _bank_transfers(
    pair: Pair, gateway: Gateway, _one: ReadyPayout, made: Entries
) -> Iterator[Write]:
    clearing, bank = pair.account(gateway.clearing_role).xero, pair.account(BANK).xero
    for entry in made:
        if _other(entry, gateway) != BANK:
            continue
        amount = entry.amounts[BANK]
        away, to = (clearing, bank) if amount > ZERO else (bank, clearing)
        shown = to_currency(abs(amount), entry.currency)
        record = {
            "from_account": away,
            "to_account": to,
            "day": entry.day,
            "what": entry.what,
            "amount": shown,
        }
        yield Write(entry.what, record, {"amount": f"{shown:f}", "from": away, "to": to})


def _receipts(pair: Pair, gateway: Gateway, one: ReadyPayout, made: Entries) -> Iterator[Write]:
    """Yield a receipt on the bank code of the account that money comes to, or leaves if negative.

    Raises:
        RejectedError: The payout has more entries than check numbers.
    """
    for place, entry in enumerate(made):
        role = _other(entry, gateway)
        is_bank = role == BANK
        amount = entry.amounts[BANK if is_bank else gateway.clearing_role]
        record = {
            "bank_code": gateway.sage100_payout_bank_code if is_bank else gateway.sage100_bank_code,
            "day": entry.day,
            "division": pair.sage100_division,
            "customer_no": pair.guest_sage100_customer_no,
            "check_no": _check_no(one.payout, entry, place),
            "amount": amount,
            "account": pair.account(gateway.clearing_role if is_bank else role).sage100,
        }
        yield Write(entry.what, record, {"amount": cents_text(amount)})


def _check_no(payout: Decomposition, entry: ProposedEntry, place: int) -> str:
    """Return the check number of an entry: the same one whatever becomes of the payout."""
    if BANK in entry.amounts:
        is_transfer = entry.what == what_of(payout.payout_id, TRANSFER)
        place = TRANSFER_PLACE if is_transfer else RETURN_PLACE
    elif place >= TRANSFER_PLACE:
        raise _unnumbered(payout, f"it has more than {TRANSFER_PLACE} entries")
    number = check_no_of(payout.payout_id, place)
    if len(number) > CHECK_LENGTH_MAX:
        raise _unnumbered(payout, f"{number} is longer than {CHECK_LENGTH_MAX} characters")
    return number


def _unnumbered(payout: Decomposition, why: str) -> RejectedError:
    return RejectedError(
        f"Payout {payout.payout_id} has no check numbers in Sage 100: {why}.",
        remedy="Enter its receipts by hand, then dismiss this.",
        cause="payout_has_no_check_number",
        field="payout_id",
        value=payout.payout_id,
    )


def _other(entry: ProposedEntry, gateway: Gateway) -> str:
    """Return the role on the other side of the clearing account."""
    (role,) = set(entry.amounts) - {gateway.clearing_role}
    return role


def _close(flow: Flow, batch_id: BatchId) -> None:
    """Mark done whatever stands in both ledgers."""
    ready = documents_of(flow, batch_id, DocumentState.READY)
    ids = {one.document_id for one in ready}
    waiting = {d.document_id for d in flow.ledger.deliveries(ids) if d.state not in LANDED}
    flow.ledger.mark_done(*sorted(ids - waiting))
