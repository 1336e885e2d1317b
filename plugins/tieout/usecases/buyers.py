"""Buyers on both sides: recognized by binding or e-mail, created when nobody knows them.

Existing customers are linked and never changed here; keeping them in step is customer_sync's work.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from tieout.domain.base import BatchId, System
from tieout.domain.ledger import NewBinding
from tieout.domain.order import Buyer
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError, RejectedError
from tieout.ports.systems import Party
from tieout.usecases.catalog import CONTACT, CUSTOMER, WriteKind
from tieout.usecases.flow import Flow, ReadyOrder, StepReport, validated_orders
from tieout.usecases.guarded import guarded_read
from tieout.usecases.order_money import tax_schedule
from tieout.usecases.order_names import GUEST_KEY, buyer_name, customer_key
from tieout.usecases.parents import let_children_on
from tieout.usecases.writing import Write, write_all

CUSTOMER_BINDING = "customer"
NAME_LENGTH_MAX = 255
"""Xero's limit on a contact's name, in characters."""


def write_contacts(flow: Flow, batch_id: BatchId) -> StepReport:
    """Make sure that every buyer is a Xero contact, and knows which."""
    new = _unknown_buyers(
        flow, batch_id, CONTACT, lambda emails: flow.xero.find_contacts(emails=emails)
    )
    names = {buyer_name(ready.order) for ready in new}
    taken = {party.name.casefold(): party.external_no for party in _named(flow, names)}

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        key = customer_key(ready.order)
        name = buyer_name(ready.order)
        if taken.setdefault(name.casefold(), key) != key:
            name = f"{name[: NAME_LENGTH_MAX - len(key) - 3]} ({key})"
        record = {
            "buyer": ready.order.buyer,
            "ship_to": ready.order.ship_to,
            "contact_number": key,
            "name": name,
        }
        yield Write(key, record, {"name": name}, binding_entity=CUSTOMER_BINDING)

    return write_all(flow, CONTACT, flow.xero.target(CONTACT.entity), new, writes_of)


def write_customers(flow: Flow, batch_id: BatchId) -> StepReport:
    """Make sure that every buyer is a Sage 100 customer, and knows which."""
    new = _unknown_buyers(
        flow, batch_id, CUSTOMER, lambda emails: flow.sage100.find_customers(emails=emails)
    )

    def writes_of(ready: ReadyOrder) -> Iterator[Write]:
        key = customer_key(ready.order)
        record = {
            "buyer": ready.order.buyer,
            "ship_to": ready.order.ship_to,
            "division": flow.pair.sage100_division,
            "terms_code": flow.pair.default_terms_code,
            "tax_schedule": tax_schedule(flow.pair, ready.order),
            "tieout_id": key,
        }
        yield Write(key, record, {}, binding_entity=CUSTOMER_BINDING)

    return write_all(flow, CUSTOMER, flow.sage100.target(CUSTOMER.entity), new, writes_of)


def mark_known_buyers(flow: Flow, batch_id: BatchId) -> None:
    """Let the orders go on whose buyer both systems know; the others wait for theirs.

    What waited for a buyer whom both know by now is there for the next run.
    """
    orders = validated_orders(flow, batch_id)
    keys = {customer_key(ready.order) for ready in orders}
    known = [
        flow.ledger.bindings(flow.pair.pair, CUSTOMER_BINDING, keys, system)
        for system in (System.XERO, System.SAGE100)
    ]
    ready_ids = {
        ready.document_id
        for ready in orders
        if all(customer_key(ready.order) in bound for bound in known)
    }
    flow.ledger.mark_ready(ready_ids)
    let_children_on(flow, looks=False)


def _unknown_buyers(
    flow: Flow, batch_id: BatchId, kind: WriteKind, find: Callable[[set[str]], list[Party]]
) -> list[ReadyOrder]:
    """Bind the buyers whom the system has already; return the orders of those to be created."""
    system = kind.target
    unbound = _unbound(flow, validated_orders(flow, batch_id), system)
    _link_guest(flow, unbound, system)
    buyers = [ready.order.buyer for ready in unbound if not ready.order.buyer.is_guest]
    emails = {buyer.email for buyer in buyers if buyer.email}
    by_email = guarded_read(flow, system, lambda: find(emails))
    return _link_by_email(flow, unbound, by_email, _begun(flow, kind, unbound), system)


def _unbound(flow: Flow, orders: Sequence[ReadyOrder], system: System) -> list[ReadyOrder]:
    """Return the orders whose buyer the system does not know yet, several of one buyer included.

    What happens to a buyer's record happens to each of the buyer's orders.
    """
    keys = {customer_key(ready.order) for ready in orders}
    bound = flow.ledger.bindings(flow.pair.pair, CUSTOMER_BINDING, keys, system)
    return [ready for ready in orders if customer_key(ready.order) not in bound]


def _begun(flow: Flow, kind: WriteKind, unbound: Sequence[ReadyOrder]) -> set[str]:
    """Return the buyers whose record we began to write: it is theirs, whatever became of it."""
    keys = {customer_key(ready.order) for ready in unbound}
    known = flow.ledger.deliveries_of(flow.pair.pair, kind.entity, keys)
    return {delivery.document_key for delivery in known}


def _link_guest(flow: Flow, unbound: Sequence[ReadyOrder], system: System) -> None:
    """Bind the guest to the house account, which a person keeps in both ledgers."""
    if not any(ready.order.buyer.is_guest for ready in unbound):
        return
    pair = flow.pair
    if system is System.XERO:
        number = pair.guest_xero_contact_number
        found = guarded_read(flow, system, lambda: flow.xero.find_contacts(numbers={number}))
    else:
        number = pair.guest_sage100_customer_no
        found = guarded_read(flow, system, lambda: flow.sage100.find_customers(numbers={number}))
    if not found:
        raise ConfigurationError(
            f"Pair {pair.pair!r} posts guests to {number!r}, which {system} does not have.",
            remedy="Create that customer there, or name another in include/pairs.yaml.",
        )
    flow.ledger.bind(_link(pair, GUEST_KEY, found[0], system, "house account of the pair"))


def _link_by_email(
    flow: Flow,
    unbound: Sequence[ReadyOrder],
    found: Sequence[Party],
    begun: Collection[str],
    system: System,
) -> list[ReadyOrder]:
    """Bind buyers whose e-mail exactly one record has; return those still to be created."""
    new: list[ReadyOrder] = []
    for ready in unbound:
        buyer = ready.order.buyer
        if buyer.is_guest:
            continue
        if customer_key(ready.order) in begun:
            new.append(ready)
            continue
        party = recognized(buyer, found)
        if party is None:
            new.append(ready)
            continue
        binding = _link(flow.pair, customer_key(ready.order), party, system, "same e-mail")
        try:
            flow.ledger.bind(binding)
        except RejectedError:
            # Another shop customer already is that record: this one becomes a record of its own.
            new.append(ready)
    return new


def recognized(buyer: Buyer, found: Sequence[Party]) -> Party | None:
    """Return the one record that has the buyer's e-mail."""
    same = [party for party in found if party.email.casefold() == buyer.email.casefold()]
    return same[0] if buyer.email and len(same) == 1 else None


def _link(pair: Pair, key: str, party: Party, system: System, provenance: str) -> NewBinding:
    return NewBinding(
        pair=pair.pair,
        entity=CUSTOMER_BINDING,
        key=key,
        system=system,
        external_id=party.external_id,
        external_no=party.external_no,
        provenance=provenance,
    )


def _named(flow: Flow, names: set[str]) -> list[Party]:
    if not names:
        return []
    return guarded_read(flow, System.XERO, lambda: flow.xero.find_contacts(names=names))
