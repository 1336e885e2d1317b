"""The two ledgers' systems as they are from outside: slow, forgetful, at times gone, and truthful.

A target takes its promises (batch size, key window, time to settle, what refuses a copy) from the
product's own target of that name, and keeps them in the way that system would: Xero remembers an
idempotency key for six minutes and refuses a number twice, the agent's journal remembers a command
for ever. Every record keeps who wrote it and when that was last checked.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from typing_extensions import override

from fake_ledger.indexed import Index, Table
from fakes import EMPTY_SAGE100, EMPTY_XERO, FakeSage100, FakeXero
from simulation.engine import Simulation
from tieout.connectors.sage100.targets.table import TARGETS as SAGE100_TARGETS
from tieout.connectors.shopify.stock import InventoryLevelTarget
from tieout.connectors.shopify.targets import OrderStatusTarget
from tieout.connectors.xero.targets.table import TARGETS as XERO_TARGETS
from tieout.connectors.xero.writes import batch_key
from tieout.domain.base import DeliveryId, System
from tieout.domain.clues import Clues
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.pair import Pair
from tieout.errors import OutcomeUnknownError, RateLimitedError, UnavailableError
from tieout.ports.systems import Party, Sage100Reference, Shown, StockLevel, XeroReference
from tieout.ports.targets import Target

XERO_REMEMBERS_S = 360.0
"""How long Xero knows an idempotency key, as it says; the connector trusts it for less."""
LATE_XERO_S = 590.0
LATE_AGENT_S = 60.0
STILL_AT_IT = 0.5
"""How often a repeated request finds the first one still under way, and not done by itself."""
ITEM = "LAMP-01"
"""The one item that both systems sell."""
STALE_AFTER_S = 5.0
"""A send this long after its last check came from a worker that was paused in between (T-09)."""

PROMISES: dict[tuple[System, str], type[Target]] = {
    (one.system, one.entity): one
    for one in (
        *XERO_TARGETS.values(),
        *SAGE100_TARGETS.values(),
        OrderStatusTarget,
        InventoryLevelTarget,
    )
}
NUMBERED = frozenset({"contact", "invoice", "sales_order", "cash_receipt"})
"""Entities of which the system itself refuses a second one with the same number."""
MONEY = {
    "invoice": ("total",),
    "payment": ("amount",),
    "cash_receipt": ("amount",),
    "sales_order": ("lines", "tax", "freight"),
}


@dataclass
class Record:
    """One document at a system; ``is_stale`` when its sender was paused before it sent."""

    system: System
    entity: str
    key: str
    external_id: str
    figures: dict[str, str]
    written_s: float
    is_stale: bool

    @property
    def amount(self) -> Decimal | None:
        """Return what it is worth, where it is money."""
        names = MONEY.get(self.entity)
        return sum((Decimal(self.figures[n]) for n in names), Decimal(0)) if names else None

    def landed(self) -> Landed:
        """Return it as a target shows it."""
        return Landed(
            external_id=self.external_id,
            external_no=f"no {self.external_id}",
            figures=dict(self.figures),
        )


class Written(NamedTuple):
    """One write that a system carried out, the document that it came from, and when."""

    entity: str
    document_id: int
    at_s: float = 0.0


@dataclass(eq=False)
class _Request:
    """One write request as the system remembers it; ``outcomes`` once it has been carried out."""

    body: str
    at_s: float
    deliveries: Sequence[Delivery]
    is_stale: bool
    outcomes: dict[str, Outcome] | None = None
    epoch: int = 0


@dataclass
class World:
    """What one system holds, remembers and refuses."""

    simulation: Simulation
    system: System
    records: Table[int, Record] = field(
        default_factory=lambda: Table(
            entity=Index(lambda _number, one: one.entity),
            key=Index(lambda _number, one: (one.entity, one.key)),
        )
    )
    states: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    requests: dict[str, _Request] = field(default_factory=dict)
    late: list[_Request] = field(default_factory=list)
    refused_keys: set[str] = field(default_factory=set)
    lying_keys: set[str] = field(default_factory=set)
    written: list[Written] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    is_unique: bool = True
    down_until_s: float = 0.0
    down_calls: int = 0
    reused_keys: list[str] = field(default_factory=list)

    def be_there(self) -> None:
        """Answer that the system is away, or busy, when it is.

        Raises:
            UnavailableError: It is away.
            RateLimitedError: It asks for fewer calls.
        """
        if self.simulation.passed_s < self.down_until_s:
            self.down_calls += 1
            raise UnavailableError(f"{self.system} is down.", remedy="Try again later.")
        if self.simulation.strikes(f"{self.system} away"):
            self.down_until_s = self.simulation.passed_s + self.simulation.rng.uniform(10, 900)
            raise UnavailableError(f"{self.system} went down.", remedy="Try again later.")
        if self.simulation.strikes("429"):
            raise RateLimitedError(f"{self.system} is busy.", remedy="Wait.", retry_after_s=60.0)

    def forget(self, request: _Request) -> None:
        """Forget a request that was never begun."""
        for key in [key for key, one in self.requests.items() if one is request]:
            del self.requests[key]

    def held(self, entity: str, key: str) -> Record | None:
        """Return the first record of the key."""
        return next(iter(self.records.where("key", (entity, key))), None)

    def add(self, record: Record) -> None:
        """Hold one more record."""
        self.records[next(self.numbers)] = record

    def write(self, delivery: Delivery, *, is_stale: bool) -> Outcome:
        """Carry out one write as the system does it by itself."""
        if delivery.operation == "set":
            self._write_down(delivery)
            state = dict(delivery.expected)
            self.states[delivery.entity, delivery.document_key] = state
            key = delivery.document_key
            return Landed(external_id=key, external_no=key, figures=state)
        if delivery.document_key in self.refused_keys:
            self.simulation.hit("target refuses")
            return Refused(cause="target_refused", message="It says no.", remedy="Correct it.")
        known = self.held(delivery.entity, delivery.document_key)
        if known and self.is_unique and delivery.entity in NUMBERED:
            if known.figures == delivery.expected:
                return known.landed()
            return Refused(cause="number_taken", message="Its number is taken.", remedy="Look.")
        record = Record(
            system=self.system,
            entity=delivery.entity,
            key=delivery.document_key,
            external_id=f"{delivery.entity}-{len(self.records) + 1}",
            figures=self._figures(delivery),
            written_s=self.simulation.passed_s,
            is_stale=is_stale,
        )
        self.add(record)
        self._write_down(delivery)
        return record.landed()

    def _write_down(self, delivery: Delivery) -> None:
        at_s = self.simulation.passed_s
        self.written.append(Written(delivery.entity, delivery.document_id, at_s))

    def _figures(self, delivery: Delivery) -> dict[str, str]:
        """Return the figures as the system keeps them: one cent more where it gets them wrong."""
        figures = dict(delivery.expected)
        for name in MONEY.get(delivery.entity, ())[:1]:
            if delivery.document_key in self.lying_keys:
                self.simulation.hit("target lies")
                figures[name] = str(Decimal(figures[name]) + Decimal("0.01"))
        return figures

    def correct(self) -> None:
        """Let people correct what it refuses and what it got wrong."""
        self.refused_keys.clear()
        for one in self.records.values():
            if one.key in self.lying_keys:
                for name in MONEY.get(one.entity, ())[:1]:
                    one.figures[name] = str(Decimal(one.figures[name]) - Decimal("0.01"))
        self.lying_keys.clear()


class SimulatedTarget(Target):
    """One entity at one system, with the promises of the product's own target."""

    def __init__(self, world: World, entity: str) -> None:
        promised = PROMISES[world.system, entity]
        self.system, self.entity = world.system, entity
        self.batch_max, self.guard = promised.batch_max, promised.guard
        self.looks_up_first = promised.looks_up_first
        self.key_window_s, self.settle_s = promised.key_window_s, promised.settle_s
        self._world = world
        self._simulation = world.simulation

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        self._simulation.pass_by(f"{self.entity} look-up", least_s=0.05, most_s=1.0)
        self._world.be_there()
        found = {}
        for delivery in deliveries:
            if delivery.operation == "set":
                state = self._world.states.get((self.entity, delivery.document_key))
                if state == delivery.expected:
                    key = delivery.document_key
                    landed = Landed(external_id=key, external_no=key, figures=state)
                    found[delivery.delivery_id] = landed
            elif record := self._world.held(self.entity, delivery.document_key):
                found[delivery.delivery_id] = record.landed()
        return found

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        simulation = self._simulation
        simulation.pass_by(f"{self.entity} send", least_s=0.01, most_s=0.2)
        actor = simulation.current()
        if actor is not None and actor.is_mortal:
            # Its last check is behind it: what it sends when it wakes up, nobody expects any more.
            simulation.may_pause(actor, "paused before the socket")
        self._world.be_there()
        request = self._request(deliveries)
        if request.outcomes is None:
            self._carry_out(request)
        if request.outcomes is None:
            simulation.may_die(f"{self.entity} under way", "killed with a write under way")
        simulation.pass_by(f"{self.entity} answered", least_s=0.05, most_s=1.0)
        if simulation.strikes("answer dropped after the commit"):
            raise OutcomeUnknownError("The connection broke.", remedy="Look it up.")
        if request.outcomes is None:
            raise OutcomeUnknownError("504, and nothing more.", remedy="Look it up.")
        return {one.delivery_id: request.outcomes[one.document_key] for one in deliveries}

    def _request(self, deliveries: Sequence[Delivery]) -> _Request:
        """Return what the system makes of a request: a new one, or one that it remembers."""
        now_s = self._simulation.passed_s
        key = batch_key([delivery.idempotency_key for delivery in deliveries])
        body = _digest(deliveries)
        epoch = deliveries[0].epoch
        known = self._world.requests.get(key)
        if known and self._forgets and now_s - known.at_s > XERO_REMEMBERS_S:
            known = None
        if known is not None:
            if known.body != body:
                self._world.reused_keys.append(key)
                raise OutcomeUnknownError("That key was another request's.", remedy="Look it up.")
            if not self._forgets and known.epoch > epoch:
                self._simulation.hits["fenced by the agent"] += 1
                raise UnavailableError("A later epoch was seen.", remedy="Nothing to do.")
            known.epoch = epoch
            return known
        now = self._simulation.clock.now()
        sent_ats = [delivery.sent_at for delivery in deliveries if delivery.sent_at is not None]
        is_stale = any((now - at).total_seconds() > STALE_AFTER_S for at in sent_ats)
        request = _Request(body, now_s, deliveries, is_stale=is_stale, epoch=epoch)
        self._world.requests[key] = request
        return request

    @property
    def _forgets(self) -> bool:
        return self.system is System.XERO

    def _carry_out(self, request: _Request) -> None:
        """Write now, later or never; the sender learns of it what the network lets it."""
        simulation = self._simulation
        if request in self._world.late and self._forgets and simulation.rng.random() < STILL_AT_IT:
            raise OutcomeUnknownError("Still at work on that key.", remedy="Look it up.")
        if simulation.strikes("5xx before the commit"):
            if request not in self._world.late:
                self._world.forget(request)
            raise OutcomeUnknownError("502.", remedy="Look it up.")
        self._flush()
        if self.system is not System.SHOPIFY and simulation.strikes("late write"):
            longest_s = LATE_XERO_S if self._forgets else LATE_AGENT_S
            simulation.after(simulation.rng.uniform(1.0, longest_s), lambda: self._land(request))
            self._world.late.append(request)
            return
        self._land(request)
        if simulation.strikes("5xx after the commit"):
            raise OutcomeUnknownError("502.", remedy="Look it up.")

    def _flush(self) -> None:
        """The agent has one queue: what came before is written before."""
        if self.system is System.SAGE100:
            for request in list(self._world.late):
                self._land(request)

    def _land(self, request: _Request) -> None:
        if request in self._world.late:
            self._world.late.remove(request)
        if request.outcomes is None:
            request.outcomes = {
                one.document_key: self._world.write(one, is_stale=request.is_stale)
                for one in request.deliveries
            }


def _digest(deliveries: Sequence[Delivery]) -> str:
    payloads = sorted(json.dumps(one.payload, sort_keys=True, default=str) for one in deliveries)
    return hashlib.sha256("\n".join(payloads).encode()).hexdigest()


GUEST_CONTACT = Party(external_id="guest", external_no="WEB-GUEST", name="Web Guest", email="")
GUEST_CUSTOMER = Party(external_id="00-WEBGUEST", external_no="WEBGUEST", name="", email="")


class SimulatedXero(FakeXero):
    """The organization; ``item_codes`` is what it sells."""

    def __init__(self, world: World, pair: Pair) -> None:
        accounts = frozenset(account.xero for account in pair.accounts) - {""}
        super().__init__(
            EMPTY_XERO.model_copy(
                update={"account_codes": accounts, "item_codes": frozenset({ITEM})}
            )
        )
        self.held_contacts = [GUEST_CONTACT]
        self.world = world

    @override
    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        _read(self.world)
        return super().reference(age_max_s=age_max_s)

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        _read(self.world)
        return super().find_contacts(numbers=numbers, emails=emails, names=names)

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        _read(self.world)
        return super().resembling(resource, clues)

    @override
    def target(self, entity: str) -> SimulatedTarget:
        return SimulatedTarget(self.world, entity)


class SimulatedSage100(FakeSage100):
    """The company."""

    def __init__(self, world: World, pair: Pair) -> None:
        accounts = frozenset(account.sage100 for account in pair.accounts) - {""}
        super().__init__(
            EMPTY_SAGE100.model_copy(update={"accounts": accounts, "item_codes": frozenset({ITEM})})
        )
        self.held_customers = [GUEST_CUSTOMER]
        self.held_stock = [
            StockLevel(
                item_code=ITEM,
                warehouse_code="000",
                on_hand=Decimal(1000),
                committed=Decimal(0),
                available=Decimal(1000),
            )
        ]
        self.world = world

    @override
    def reference(self, item_codes: Collection[str]) -> Sage100Reference:
        _read(self.world)
        return super().reference(item_codes)

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        _read(self.world)
        return super().find_customers(numbers=numbers, emails=emails)

    @override
    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        _read(self.world)
        return super().stock(item_codes)

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        _read(self.world)
        return super().resembling(resource, clues)

    @override
    def target(self, entity: str) -> SimulatedTarget:
        return SimulatedTarget(self.world, entity)


def _read(world: World) -> None:
    world.simulation.pass_by(f"{world.system} read", least_s=0.05, most_s=0.5)
    world.be_there()
