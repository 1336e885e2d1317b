"""A small world over fakes: people place and change orders, workers run, die and are retried.

Whatever a person or a machine can do to the flow is one method here; the state machine and the
histories of tests/stateful call them in any order.
"""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fake_streams import FakeStreams
from fakes import FakeClock, FakeShop, FakeTarget, ItemGate
from records import waits_for_people_alone
from stateful.books import Books, KilledError, make_systems
from tieout.domain.base import DeadLetterId, DocumentId, System
from tieout.domain.ledger import NewDocument, NewInboxEntry, Origin
from tieout.domain.streams import StreamState
from tieout.errors import OutcomeUnknownError, RejectedError, RetryableError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.ledger import Ledger
from tieout.settings import load_pairs
from tieout.usecases.capture import SWEEP_TOPIC, capture, sweep
from tieout.usecases.flow import LEASE_S, Flow
from tieout.usecases.steps import ORDER_STEPS, run_step

ROOT = Path(__file__).parents[2]
PAIR = load_pairs(ROOT / "include")["harbor_and_pine"]
SHOP = PAIR.shops[0].domain
MAPPER = YamlMapper(ROOT / "include", PAIR)
WORKED = json.loads((ROOT / "tests/golden/order/order_1042.shopify.json").read_text())
UNKNOWN_ITEM = "NO-SUCH-99"
SHARES = ("40.00", "30.13", "40.00")
"""In what captures an order's 110.13 come."""
BUYERS = ("Dana Okafor", "Ann Other", "")
"""The last is nobody: a guest."""
ROUNDS_MAX = 12
"""After how many runs without faults everything must have come to an end."""


class Fuse:
    """Kills the worker at its n-th word to the ledger from now."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.hits = 0
        self.received = 0

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left <= 0:
            self.left = None
            self.hits += 1
            raise KilledError


def watched(ledger: Ledger, books: Books, fuse: Fuse) -> Ledger:
    """Return the ledger such that the books learn its versions and the fuse burns by its calls."""

    class Watched:
        def __getattr__(self, name: str) -> Any:
            method = getattr(ledger, name)
            return method if name in {"locks", "conservation"} else _watched(name, method)

    def _watched(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            fuse.burn()
            answer = method(*arguments, **named)
            if name == "land":
                fuse.received += answer
            if name == "document" and answer is not None:
                _learn(arguments[1], answer)
            fuse.burn()
            return answer

        return call

    def _learn(document: NewDocument, document_id: DocumentId) -> None:
        books.versions[document_id] = document.version_at

    watching: Any = Watched()
    return watching


class Town:
    """One pair's shop, systems, ledger and workers."""

    def __init__(
        self,
        make_ledger: Callable[[FakeClock], Ledger],
        *,
        end_leases: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the ledger under test, and how to end its leases if not by the town's clock."""
        self.clock = FakeClock()
        self.books = Books()
        self.fuse = Fuse()
        self.shop = FakeShop()
        self.streams = FakeStreams(self.clock)
        self.xero, self.sage100 = make_systems(PAIR, self.books, self.shop)
        self.shop.held_inventory_items = {"71100000000001": "901", "71100000000002": "902"}
        self.ledger = watched(make_ledger(self.clock), self.books, self.fuse)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=self.streams,
            xero=self.xero,
            sage100=self.sage100,
            shops={SHOP: self.shop},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=self.clock,
        )
        self.letters: set[DeadLetterId] = set()
        self.stale: list[dict[str, Any]] = []
        self.landed: list[NewInboxEntry] = []
        self.unfinished: list[str] = []
        self.paid: dict[str, int] = {}
        self.pace_s = 1
        """How many seconds pass from one change at the shop to the next: whole ones, or none."""
        self._end_leases = end_leases
        self._runs = 0
        self._events = 0
        self._editions = 0

    # What people do at the shop.

    def place(self, number: int, *, buyer: int, paid: int, is_broken: bool) -> str:
        """Place an order; with ``is_broken`` it sells what nobody knows."""
        source_id = str(7000 + number)
        node = deepcopy(WORKED)
        node.update(legacyResourceId=source_id, name=f"#{number}", transactions=[])
        name = BUYERS[buyer]
        node["customer"]["legacyResourceId"] = str(880 + buyer)
        node["customer"]["firstName"], _, node["customer"]["lastName"] = name.partition(" ")
        node["customer"]["displayName"] = name
        node["customer"]["defaultEmailAddress"]["emailAddress"] = f"b{buyer}@mailbox.example"
        if not name:
            node["customer"] = None
        if is_broken:
            node["lineItems"]["nodes"][0]["sku"] = UNKNOWN_ITEM
        self.paid[source_id] = 0
        self._put(node)
        for _share in range(paid):
            self.pay(source_id)
        return source_id

    def edit(self, source_id: str) -> None:
        """Change what an order says in a way that shows on its invoice."""
        self._editions += 1
        node = deepcopy(self.shop.nodes[source_id])
        node["lineItems"]["nodes"][0]["title"] = f"Lamp, edition {self._editions}"
        self._put(node)

    def correct(self, source_id: str) -> None:
        """Correct an order that sells what nobody knows."""
        node = deepcopy(self.shop.nodes[source_id])
        node["lineItems"]["nodes"][0]["sku"] = "LAMP-01"
        self._put(node)

    def pay(self, source_id: str) -> None:
        """Take the next share of an order's money; nothing once it is paid."""
        taken = self.paid[source_id]
        if taken == len(SHARES):
            return
        self.paid[source_id] = taken + 1
        node = deepcopy(self.shop.nodes[source_id])
        transaction = deepcopy(WORKED["transactions"][0])
        transaction["id"] = f"gid://shopify/OrderTransaction/{source_id}{taken + 1}"
        transaction["amountSet"]["shopMoney"]["amount"] = SHARES[taken]
        node["transactions"].append(transaction)
        self._put(node)

    def cancel(self, source_id: str) -> None:
        """Cancel an order; once."""
        node = deepcopy(self.shop.nodes[source_id])
        if node["cancelledAt"] is None:
            node["cancelledAt"] = self.clock.now().isoformat()
            self._put(node)

    def _put(self, node: dict[str, Any]) -> None:
        """Store a version; the shop tells its time to the second, so two may have the same."""
        self.clock.advance(self.pace_s)
        node["updatedAt"] = self.clock.now().isoformat()
        known = self.shop.nodes.get(str(node["legacyResourceId"]))
        if known is not None:
            self.stale.append(known)
        self.shop.nodes[str(node["legacyResourceId"])] = node

    # How the shop's word reaches us.

    def announce(self, source_id: str) -> None:
        """Land a webhook about an order."""
        self._events += 1
        body = json.dumps({"id": source_id, "event": self._events}).encode()
        self.land(_entry("orders/updated", source_id, body, event_id=f"e-{self._events}"))

    def land(self, entry: NewInboxEntry) -> None:
        """Land one entry and remember it."""
        self.landed.append(entry)
        self.ledger.land([entry])

    def land_again(self, which: int, *, changed: str = "") -> None:
        """Land again what came before: as it came, or under a new event id, or with another body.

        Another body of the same order is a message of its own, which says nothing new.
        """
        entry = self.landed[which % len(self.landed)]
        self._events += 1
        if changed:
            entry = entry.model_copy(update={"event_id": f"e-{self._events}"})
        if changed == "body":
            body = (entry.body or b"") + b" " * self._events
            digest = hashlib.sha256(body).hexdigest()
            entry = entry.model_copy(update={"body": body, "body_sha256": digest})
        self.ledger.land([entry])

    def land_late(self, which: int) -> None:
        """Land what a slow sweep read of an order before it changed."""
        if self.stale:
            body = json.dumps(self.stale[which % len(self.stale)], sort_keys=True).encode()
            node = json.loads(body)
            self.land(_entry(SWEEP_TOPIC, node["legacyResourceId"], body))

    def sweep(self, origin: Origin, *, back_s: float) -> None:
        """Sweep or backfill the last seconds, over whatever other sweeps read."""
        until = self.clock.now() + timedelta(seconds=1)
        sweep(self.flow, until - timedelta(seconds=back_s), until, origin=origin)

    # What workers do.

    def run(self, claimed_by: str = "", *, is_backfill: bool = False, reads: bool = False) -> bool:
        """Run the flow once, under a new name or again under an old one; say if it had work.

        A run that fails or dies stays unfinished, for a retry under its name.
        """
        if not claimed_by:
            self._runs += 1
            claimed_by = f"run {self._runs}"
        if claimed_by in self.unfinished:
            self.unfinished.remove(claimed_by)
        now = self.clock.now() + timedelta(seconds=1)
        interval = (datetime(2020, 1, 1, tzinfo=now.tzinfo), now) if reads else None
        origin = Origin.BACKFILL if is_backfill else Origin.SWEEP
        try:
            batch = capture(self.flow, interval=interval, origin=origin, claimed_by=claimed_by)
            if batch is None:
                return False
            for step in ORDER_STEPS:
                run_step(self.flow, step, batch)
        except (RetryableError, OutcomeUnknownError, KilledError):
            self.unfinished.append(claimed_by)
        finally:
            self.fuse.left = None
            self._note_letters()
        return True

    def targets(self) -> dict[str, FakeTarget]:
        """Return every target by entity."""
        return {**self.xero.targets, **self.sage100.targets, **self.shop.targets}

    def end_leases(self) -> None:
        """Let so much time pass that nobody holds anything any more."""
        self.clock.advance(LEASE_S + 1)
        self._end_leases()

    def settle(self) -> None:
        """Take every fault away and run until nothing is pending but what waits for a parent.

        Raises:
            AssertionError: Something still is after ROUNDS_MAX runs.
        """
        self.books.interruption.disarm()
        self.fuse.left = None
        for target in self.targets().values():
            target.faults.clear()
        for _round in range(ROUNDS_MAX):
            self._resume_streams()
            for name in [*self.unfinished, ""]:
                self.run(name)
            self.end_leases()
            if not self.unfinished and waits_for_people_alone(self.ledger):
                return
        message = f"{self.ledger.conservation(PAIR.pair)} after {ROUNDS_MAX} runs"
        raise AssertionError(message)

    def _resume_streams(self) -> None:
        for stream in self.streams.streams(PAIR.pair):
            if stream.state is not StreamState.OPEN:
                self.streams.resume(stream.name, by="ann", reason="it is up again")

    # What people do at the desk.

    def open_letters(self) -> list[DeadLetterId]:
        """Return the open letters."""
        return [letter.dead_letter_id for letter in self.ledger.dead_letters(PAIR.pair)]

    def _note_letters(self) -> None:
        self.letters |= set(self.open_letters())

    def replay(self, letter: DeadLetterId) -> bool:
        """Replay one letter, open or closed; say whether it was this call that did it."""
        try:
            self.ledger.replay(letter)
        except RejectedError as error:
            if error.cause != "already_settled":
                raise
            return False
        return True

    def exhaust(self) -> None:
        """Bring in all there is and replay all that is open: what can go on has gone on."""
        self.run(reads=True)
        self.settle()
        for letter in self.open_letters():
            self.replay(letter)
        self.settle()

    def offences(self) -> list[str]:
        """Return every broken promise up to now."""
        conservation = self.ledger.conservation(PAIR.pair)
        broken = list(self.books.offences)
        if not conservation.is_conserved:
            broken.append(f"not conserved: {conservation}")
        if conservation.received != self.fuse.received:
            broken.append(f"{self.fuse.received} landed, {conservation.received} are known")
        return broken


def _entry(topic: str, source_id: str, body: bytes, *, event_id: str = "") -> NewInboxEntry:
    return NewInboxEntry(
        pair=PAIR.pair,
        source=System.SHOPIFY,
        account=SHOP,
        topic=topic,
        event_id=event_id,
        resource_id=source_id,
        origin=Origin.WEBHOOK,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )
