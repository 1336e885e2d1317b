"""Trying mappings on stored originals: what they make of each now, beside what was sent then.

The real steps run over a ledger that keeps every write to itself and counts all as landed, so that
nothing is sent, and no system is asked: what a look-up found then is taken from what was sent.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from typing_extensions import override

from tieout.domain.base import DeliveryId, DocumentId, Frozen, Json, System
from tieout.domain.clues import Clues
from tieout.domain.json_patch import Change, differences
from tieout.domain.ledger import (
    LANDED,
    Binding,
    Delivery,
    DeliveryState,
    Document,
    DocumentState,
    NewDelivery,
    Parent,
)
from tieout.domain.order import Order, OrderLine
from tieout.errors import RejectedError
from tieout.ports.systems import Party, Sage100, Shown, Xero
from tieout.usecases.buyers import CUSTOMER_BINDING
from tieout.usecases.catalog import CONTACT, CUSTOMER, kind_of
from tieout.usecases.flow import SHOP_ORDER, Flow
from tieout.usecases.order_money import converted
from tieout.usecases.order_names import GUEST_KEY, customer_key
from tieout.usecases.planning.ledger import BATCH, PlanningLedger
from tieout.usecases.planning.systems import PlanningSage100, PlanningXero, only_read
from tieout.usecases.planning.targets import Notes
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.usecases.writing import CREATED

READING = "from_shopify/order"
LOOKING_STEPS = frozenset({"shop_order", "inventory_level"})
"""Steps that judge or push what the systems hold now, and map no original."""
STEPS = tuple(step for step in ORDER_STEPS if step not in LOOKING_STEPS)


class Tried(Frozen):
    """One write that the present mappings make of a document, and what was sent for it then.

    ``changes`` is None when nothing was sent for it. A ``payload`` of None is made no more.
    """

    mapping: str
    target: System | None
    entity: str
    document_key: str
    payload: Json | None
    changes: tuple[Change, ...] | None = None


class TriedDocument(Frozen):
    """What the present mappings make of one document; ``problem`` says why they make nothing."""

    account: str
    name: str
    writes: tuple[Tried, ...] = ()
    problem: str = ""

    @property
    def differs(self) -> bool:
        """Say whether anything would not be as it was sent."""
        return bool(self.problem) or any(one.changes for one in self.writes)


def try_mappings(flow: Flow, documents: Sequence[Document]) -> list[TriedDocument]:
    """Apply the present mappings to documents; write nothing, ask no system.

    Raises:
        ConfigurationError: A mapping does not fit the records that it is given.
    """
    read = {one.document_id: _read(flow, one) for one in documents}
    readable = [one.ready for one in read.values() if one.ready is not None]
    ledger = _TrialLedger(flow, readable)
    sent = ledger.sent
    for some in _rounds(readable):
        ledger.take(some)
        trial = replace(
            only_read(flow, ledger, Notes()),
            xero=_UnaskedXero(flow.xero, sent),
            sage100=_UnaskedSage100(flow.sage100),
        )
        for step in STEPS:
            ledger.step = step
            run_step(trial, step, BATCH)
    return [_tried(ledger, read[one.document_id], one) for one in documents]


@dataclass(frozen=True)
class _Read:
    """A document read into an order by the present mapping, or why it cannot be."""

    ready: Document | None
    problem: str = ""


def _read(flow: Flow, document: Document) -> _Read:
    try:
        order = flow.mapper.order_from_shop(document.corrected, shop=document.account)
        order = converted(flow.pair, order, posted_rate=_rate_then(document))
        order = _with_item_facts(order, document)
    except RejectedError as error:
        return _Read(None, problem=str(error))
    changed = {"state": DocumentState.READY, "keeps_mapping": False}
    canonical = order.model_dump(mode="json")
    return _Read(document.model_copy(update={**changed, "canonical": canonical}))


def _with_item_facts(order: Order, document: Document) -> Order:
    """Return the order with what the gate looked up of its lines' items then."""
    if document.canonical is None:
        return order
    then = {one.identity: one for one in Order.model_validate(document.canonical).lines}

    def told(line: OrderLine) -> OrderLine:
        known = then.get(line.identity, line)
        facts = {"category": known.category, "item_class": known.item_class}
        return line.model_copy(update=facts)

    return order.model_copy(update={"lines": tuple(map(told, order.lines))})


def _rate_then(document: Document) -> Decimal | None:
    """Return the rate that was frozen on a document, if it was converted."""
    if document.canonical is None:
        return None
    exchange = Order.model_validate(document.canonical).exchange
    return exchange.rate if exchange else None


def _rounds(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Split them so that no round has two of one buyer: a step writes what buyers share once."""
    rounds: list[list[Document]] = []
    counts: dict[str, int] = {}
    for document in documents:
        buyer = customer_key(Order.model_validate(document.canonical))
        turn = counts.get(buyer, 0) if buyer != GUEST_KEY else 0
        counts[buyer] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(document)
    yield from rounds


class _TrialLedger(PlanningLedger):
    """The real ledger with only the documents that are tried, of which every write has landed."""

    def __init__(self, flow: Flow, documents: Sequence[Document]) -> None:
        super().__init__(flow.ledger, flow.clock, pair=flow.pair.pair, document_type=SHOP_ORDER)
        self._pending = {}
        self.step = ""
        self.made: list[NewDelivery] = []
        """What the steps intended, in order."""
        known = flow.ledger.deliveries({one.document_id for one in documents})
        self.sent = [one for one in known if one.state in LANDED]

    def take(self, documents: Sequence[Document]) -> None:
        """Take up these documents and no others."""
        self._documents = {one.document_id: one for one in documents}
        self._claimed = list(self._documents)

    @override
    def intend(
        self, deliveries: Sequence[NewDelivery], *, newest_wins: bool = False
    ) -> list[Delivery]:
        self.made += deliveries
        return [
            self._stored(new, DeliveryId(self._next_id())).model_copy(
                update={
                    "state": DeliveryState.ENTERED,
                    "external_id": _unknown(new.target, new.entity),
                    "external_no": _unknown(new.target, new.entity),
                }
            )
            for new in deliveries
        ]

    @override
    def bindings(
        self, pair: str, entity: str, keys: Collection[str], system: System
    ) -> dict[str, Binding]:
        """Return the real ones; of a step that creates buyers, not those that it created.

        What is bound nowhere yet goes by the names of its system and kind in brackets.
        """
        real = self._real.bindings(pair, entity, keys, system)
        if entity == CUSTOMER_BINDING and self.step in (CONTACT.entity, CUSTOMER.entity):
            return {key: one for key, one in real.items() if one.provenance != CREATED}
        return {key: real.get(key) or self._unbound(pair, entity, key, system) for key in keys}

    def _unbound(self, pair: str, entity: str, key: str, system: System) -> Binding:
        return Binding(
            pair=pair,
            entity=entity,
            key=key,
            system=system,
            external_id=_unknown(system, entity),
            external_no=_unknown(system, entity),
            provenance="",
            bound_at=self._clock.now(),
        )

    @override
    def parents(self, pair: str) -> list[Parent]:
        return []


def _unknown(system: System, entity: str) -> str:
    """Return what stands for an id that the system gives."""
    return f"<{system} {entity}>"


class _UnaskedXero(PlanningXero):
    """An organization of which only what was sent is known: which names were taken then."""

    def __init__(self, real: Xero, sent: Sequence[Delivery]) -> None:
        super().__init__(real, Notes())
        names = {
            one.document_key: str(one.payload.get("Name"))
            for one in sent
            if one.entity == CONTACT.entity
        }
        self._owners = {name: key for key, name in names.items()}
        marked = [(name, _mark(key)) for key, name in names.items()]
        self._taken = {name.removesuffix(mark) for name, mark in marked if name.endswith(mark)}

    @override
    def lock_date(self, *, age_max_s: float = 0.0) -> date | None:
        return None

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        taken = [name for name in names if name in self._taken]
        return [
            *(_party(System.XERO, self._owners.get(name, ""), name) for name in taken),
            *(_party(System.XERO, number, "") for number in numbers),
        ]

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return {}


class _UnaskedSage100(PlanningSage100):
    """A company that is not asked: whom it knew then has a binding."""

    def __init__(self, real: Sage100) -> None:
        super().__init__(real, Notes())

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        return [_party(System.SAGE100, number, "") for number in numbers]

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        return {}


def _mark(key: str) -> str:
    """Return what a name that was taken ends with."""
    return f" ({key})"


def _party(system: System, number: str, name: str) -> Party:
    unknown = _unknown(system, CUSTOMER_BINDING)
    return Party(external_id=unknown, external_no=number, name=name, email="")


def _tried(ledger: _TrialLedger, read: _Read, document: Document) -> TriedDocument:
    told = {"account": document.account, "name": document.name}
    if read.ready is None:
        return TriedDocument(**told, problem=read.problem)
    letters = [one for one in ledger.letters if one.document_id == document.document_id]
    return TriedDocument(
        **told,
        writes=tuple(_writes(ledger, read.ready, document)),
        problem=" ".join(f"{letter.message} {letter.remedy}" for letter in letters),
    )


def _writes(ledger: _TrialLedger, ready: Document, document: Document) -> Iterator[Tried]:
    if document.canonical is not None:
        yield Tried(
            mapping=READING,
            target=None,
            entity="order",
            document_key=document.source_id,
            payload=ready.canonical,
            changes=tuple(differences(document.canonical, ready.canonical)),
        )
    sent = {one.key: one for one in _of(ledger.sent, document.document_id)}
    for new in _of(ledger.made, document.document_id):
        was = sent.pop(new.key, None)
        changes = None if was is None else tuple(differences(was.payload, new.payload))
        yield _write(new, new.payload, changes)
    for gone in sent.values():
        if gone.entity in STEPS:
            yield _write(gone, None, tuple(differences(gone.payload, None)))


def _of(deliveries: Sequence[NewDelivery], document_id: DocumentId) -> Iterator[NewDelivery]:
    return (one for one in deliveries if one.document_id == document_id)


def _write(
    one: NewDelivery, payload: Mapping[str, object] | None, changes: tuple[Change, ...] | None
) -> Tried:
    return Tried(
        mapping=kind_of(one.target, one.entity).mapping,
        target=one.target,
        entity=one.entity,
        document_key=one.document_key,
        payload=payload,
        changes=changes,
    )
