"""Buyers on both sides: recognized by binding or e-mail, created when nobody knows them.

Existing customers are linked and never changed here; keeping them in step is customer_sync's work.
Who is not recognized and yet is certainly alike to a known customer is neither linked nor created:
the order is set aside, and a person says whether the two are one.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from tieout.domain.base import BatchId, System
from tieout.domain.customer import Customer
from tieout.domain.in_step.crosswalk import BUYERS_KEY
from tieout.domain.ledger import NewBinding, Refused
from tieout.domain.matching import IDENTIFYING, MatchClass, Profile, Reason, party_profile
from tieout.domain.order import Buyer, Order
from tieout.domain.pair import Pair
from tieout.errors import ConfigurationError, RejectedError
from tieout.ports.systems import Party
from tieout.usecases.catalog import CONTACT, CUSTOMER, WriteKind
from tieout.usecases.flow import Flow, ReadyOrder, StepReport, validated_orders
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.binding import go_by
from tieout.usecases.in_step.entities import CUSTOMERS
from tieout.usecases.in_step.suspects import Suspect, may_be, refused
from tieout.usecases.order_money import tax_schedule
from tieout.usecases.order_names import GUEST_KEY, buyer_name, customer_key
from tieout.usecases.parents import SetAside, let_children_on
from tieout.usecases.writing import Write, write_all

CUSTOMER_BINDING = "customer"
ONE_NAME = frozenset({Reason.SAME_NAME, Reason.SAME_WORDS, Reason.TRADING_NAME})
"""Ways of two names to be one name: merely alike are those of brothers and sisters as well."""
NAME_LENGTH_MAX = 255
"""Xero's limit on a contact's name, in characters."""


def write_contacts(flow: Flow, batch_id: BatchId) -> StepReport:
    """Make sure that every buyer is a Xero contact, and knows which."""
    new, aside = _unknown_buyers(
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

    target = flow.xero.target(CONTACT.entity)
    return _with(aside, write_all(flow, CONTACT, target, new, writes_of))


def write_customers(flow: Flow, batch_id: BatchId) -> StepReport:
    """Make sure that every buyer is a Sage 100 customer, and knows which."""
    new, aside = _unknown_buyers(
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

    target = flow.sage100.target(CUSTOMER.entity)
    return _with(aside, write_all(flow, CUSTOMER, target, new, writes_of))


def _with(aside: SetAside, report: StepReport) -> StepReport:
    """Return what a step did, with what was set aside before it wrote anything."""
    return report.model_copy(update={"set_aside": report.set_aside + aside.count})


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
) -> tuple[list[ReadyOrder], SetAside]:
    """Bind the buyers whom the system has already; return the orders of those to be created.

    And what set aside the orders of those who may be there already.
    """
    system = kind.target
    unbound = _unbound(flow, validated_orders(flow, batch_id), system)
    _link_guest(flow, unbound, system)
    buyers = [ready.order.buyer for ready in unbound if not ready.order.buyer.is_guest]
    emails = {buyer.email for buyer in buyers if buyer.email}
    by_email = guarded_read(flow, system, lambda: find(emails))
    begun = _begun(flow, kind, unbound)
    new = _link_by_email(flow, unbound, by_email, begun, system)
    aside = SetAside(flow, kind)
    suspected = _suspected(
        flow, [one for one in new if customer_key(one.order) not in begun], system
    )
    for ready in new:
        key = customer_key(ready.order)
        if key in suspected:
            aside.refuse(ready, key, suspected[key])
    return [ready for ready in new if customer_key(ready.order) not in suspected], aside


def _suspected(flow: Flow, new: Sequence[ReadyOrder], system: System) -> dict[str, Refused]:
    """Return by key why buyers must not be created before a person has looked.

    Whom a first match would link without asking is asked about here, if the name is the same and
    an address, a telephone or the like as well. Less is no reason to keep an order back: two people
    may share a name and an employer, and a household its address and telephone.
    """
    by_id = {ready.order.buyer.source_id: ready.order for ready in new}
    profiles = [profile for order in by_id.values() if (profile := _profile(order)) is not None]
    alike = may_be(flow, CUSTOMERS, (System.SHOPIFY, system), profiles)
    found: dict[str, Refused] = {}
    for source_id, some in alike.items():
        if any(map(_is_known, some)):
            order = by_id[source_id]
            key = customer_key(order)
            what = f"Buyer {buyer_name(order)!r} ({key})"
            found[key] = refused(flow, CUSTOMERS, (System.SHOPIFY, system), key, some, what=what)
    return found


def _is_known(suspect: Suspect) -> bool:
    said = {*suspect.match.reasons}
    is_told = bool(said & ONE_NAME and said & IDENTIFYING)
    return is_told and suspect.match.match_class is MatchClass.CERTAIN


def _profile(order: Order) -> Profile | None:
    """Return what of a buyer is compared, None for one without a name."""
    buyer, name = order.buyer, buyer_name(order)
    if not name:
        return None
    address = buyer.address if buyer.address.line1 else order.ship_to
    customer = Customer(
        external_id=buyer.source_id,
        name=name,
        email=buyer.email,
        phone=buyer.phone or address.phone,
        address=address,
        is_active=True,
        custom=buyer.custom,
    )
    return party_profile(customer)


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
            key = customer_key(ready.order)
            if not _goes_by(flow, key, party.external_id, system):
                # Another shop customer already is that record: this one becomes one of its own.
                new.append(ready)
    return new


def _goes_by(flow: Flow, key: str, external_id: str, system: System) -> bool:
    """Let a buyer be whom a ledger's record is bound as; False where that is another buyer."""
    ids = {external_id}
    known = flow.ledger.bindings_to(flow.pair.pair, CUSTOMER_BINDING, ids, system)
    if external_id not in known or known[external_id].key.startswith((BUYERS_KEY, GUEST_KEY)):
        return False
    go_by(flow, key, known[external_id].key, why="same e-mail")
    return True


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
