"""Which customers of Sage 100 are to owe something for orders, and what they may owe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tieout.domain.base import System
from tieout.domain.order import Order
from tieout.ports.systems import Credit
from tieout.usecases.buyers import CUSTOMER_BINDING, recognized
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.order_names import customer_key


@dataclass(frozen=True)
class OnAccount:
    """``owing`` is the customer's number by the order's id, ``credits`` what each may owe."""

    owing: Mapping[str, str] = field(default_factory=dict)
    credits: Mapping[str, Credit] = field(default_factory=dict)


def on_account(flow: Flow, orders: Sequence[Order]) -> OnAccount:
    """Return who is to owe what is not paid yet of orders, as the flow will recognize them.

    Of paid orders nothing is asked. A buyer of whom Sage 100 has no record, or more than one, has
    neither a limit nor a hold.
    """
    unpaid = [order for order in orders if order.captured < order.total]
    owing = dict(_customers(flow, unpaid)) if unpaid else {}
    if not owing:
        return OnAccount()
    numbers = set(owing.values())
    found = guarded_read(flow, System.SAGE100, lambda: flow.sage100.credit(numbers))
    return OnAccount(owing=owing, credits=found)


def _customers(flow: Flow, orders: Sequence[Order]) -> Iterator[tuple[str, str]]:
    keys = {customer_key(order) for order in orders}
    bound = flow.ledger.bindings(flow.pair.pair, CUSTOMER_BINDING, keys, System.SAGE100)
    new: list[Order] = []
    for order in orders:
        if order.buyer.is_guest:
            yield order.source_id, flow.pair.guest_sage100_customer_no
        elif customer_key(order) in bound:
            yield order.source_id, bound[customer_key(order)].external_no
        else:
            new.append(order)
    yield from _by_email(flow, new).items()


def _by_email(flow: Flow, orders: Sequence[Order]) -> Mapping[str, str]:
    emails = {order.buyer.email for order in orders if order.buyer.email}
    if not emails:
        return {}
    found = guarded_read(flow, System.SAGE100, lambda: flow.sage100.find_customers(emails=emails))
    known = {order.source_id: recognized(order.buyer, found) for order in orders}
    return {source_id: party.external_no for source_id, party in known.items() if party}
