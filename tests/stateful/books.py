"""The books of both systems and the shop as fakes keep them: what was written, once, and the hash.

Every target remembers what it holds and what it was sent, so that a second copy, a version that
goes back and a change by a replay all show. An
``Interruption`` acts in the middle of a send.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from typing_extensions import override

from fakes import EMPTY_SAGE100, EMPTY_XERO, FakeSage100, FakeShop, FakeTarget, FakeXero
from tieout.domain.base import DeliveryId, DocumentId, Json, System
from tieout.domain.hashing import content_hash
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.pair import Pair
from tieout.ports.systems import Party, StockLevel
from tieout.usecases.catalog import WRITE_KINDS, OnChange, WriteKind

if TYPE_CHECKING:
    from datetime import datetime

ON_HAND = Decimal(1000)
LOOKED_UP_FIRST = frozenset({"payment", "cash_receipt", "invoice_note"})
"""Entities of which the real target refuses no second copy."""
OF_ONE_ORDER = frozenset({"invoice", "sales_order", "order_deposit", "order_status"})
ITEMS = frozenset({"LAMP-01", "SHADE-02"})

Key = tuple[str, str, str]
"""System, entity and document key."""


class KilledError(BaseException):
    """The worker is gone at once: no handler of the product may see it as an error."""


class Interruption:
    """Something that happens once, in the middle of the n-th send from when it is armed."""

    def __init__(self) -> None:
        self.hits = 0
        self._act: Callable[[FakeTarget], None] | None = None
        self._sends_left = 0
        self._is_written = False

    def arm(self, act: Callable[[FakeTarget], None], *, nth: int, is_written: bool = False) -> None:
        """Let ``act`` happen before the n-th send writes, or when it has written."""
        self._act, self._sends_left, self._is_written = act, nth, is_written

    def disarm(self) -> None:
        """Let nothing happen any more."""
        self._act = None

    def before_send(self, target: FakeTarget) -> None:
        """Count a send, and act if it is the one."""
        self._sends_left -= 1
        if not self._is_written:
            self._strike(target)

    def after_send(self, target: FakeTarget) -> None:
        """Act if the send that has just written is the one."""
        if self._is_written:
            self._strike(target)

    def _strike(self, target: FakeTarget) -> None:
        act = self._act
        if act is not None and self._sends_left <= 0:
            self._act = None
            self.hits += 1
            act(target)


class Books:
    """What the targets of one pair hold, by key, and every offence against the promises."""

    def __init__(self) -> None:
        self.held: dict[Key, Json] = {}
        self.offences: list[str] = []
        self.interruption = Interruption()
        self.versions: dict[DocumentId, datetime] = {}
        """When each known document's version was made at the shop."""
        self.written_through: dict[Key, datetime] = {}
        self.lock = threading.RLock()

    def book(self, delivery: Delivery, kind: WriteKind) -> None:
        """Keep what was written; a second creation or an older version is an offence."""
        key = (str(delivery.target), delivery.entity, delivery.document_key)
        if kind.on_change is not OnChange.SEND and key in self.held:
            self.offences.append(f"a second {delivery.entity} of {delivery.document_key}")
        if delivery.entity in OF_ONE_ORDER:
            version = self.versions[delivery.document_id]
            if version < self.written_through.get(key, version):
                self.offences.append(f"{delivery.entity} of {delivery.document_key} went back")
            self.written_through[key] = version
        if delivery.entity == "order_deposit":
            self._raise_deposit(delivery)
        else:
            self.held[key] = delivery.payload

    def _raise_deposit(self, delivery: Delivery) -> None:
        """A deposit is a field of its sales order, so that is where it shows."""
        key = (str(System.SAGE100), "sales_order", delivery.document_key)
        order, change = self.held[key], delivery.payload
        header, new = order["header"], change["header"]
        if not isinstance(header, dict) or not isinstance(new, dict):
            raise TypeError(delivery.payload)
        self.held[key] = {**order, "header": {**header, "DepositAmt": new["DepositAmt"]}}

    def content(self, *, without: Collection[str] = ()) -> list[Json]:
        """Return every target document in an order of its own, without some entities."""
        with self.lock:
            return [
                {"system": key[0], "entity": key[1], "key": key[2], "content": self.held[key]}
                for key in sorted(self.held)
                if key[1] not in without
            ]

    def state_hash(self, *, without: Collection[str] = ()) -> str:
        """Return the hash over the content of all targets."""
        return content_hash({"documents": list(self.content(without=without))})


class BookedTarget(FakeTarget):
    """A fake target that books what it takes; what it holds has the same id in every world."""

    def __init__(
        self, kind: WriteKind, books: Books, on_written: Callable[[Delivery, Landed], None]
    ) -> None:
        is_bare = kind.entity in LOOKED_UP_FIRST
        guard = "" if is_bare or kind.on_change is OnChange.SEND else "the number"
        super().__init__(kind.target, kind.entity, guard=guard, looks_up_first=is_bare)
        self.sets_state = kind.on_change is OnChange.SEND
        self._kind = kind
        self._books = books
        self._on_written = on_written

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        self._books.interruption.before_send(self)
        with self._books.lock:
            outcomes = super().send(deliveries)
        self._books.interruption.after_send(self)
        return outcomes

    @override
    def _write(self, delivery: Delivery, *, lie: bool) -> Outcome:
        outcome = super()._write(delivery, lie=lie)
        if isinstance(outcome, Refused):
            if outcome.cause == "number_taken":
                self._books.offences.append(f"{self.entity} {delivery.document_key} sent again")
            return outcome
        landed = outcome.model_copy(
            update={"external_id": f"{self.entity}-{delivery.document_key}"}
        )
        self.held[delivery.document_key] = landed
        self._books.book(delivery, self._kind)
        self._on_written(delivery, landed)
        return landed


class BookedSage100(FakeSage100):
    """A Sage 100 company whose stock is what its booked sales orders leave."""

    def __init__(self, books: Books, accounts: frozenset[str]) -> None:
        super().__init__(
            EMPTY_SAGE100.model_copy(update={"accounts": accounts, "item_codes": ITEMS})
        )
        self._books = books

    @override
    def stock(self, item_codes: Collection[str]) -> list[StockLevel]:
        committed: dict[str, Decimal] = defaultdict(Decimal)
        with self._books.lock:
            orders = [doc for key, doc in self._books.held.items() if key[1] == "sales_order"]
        for order in orders:
            lines = order["lines"]
            for line in lines if isinstance(lines, list) else []:
                if isinstance(line, dict):
                    committed[str(line["ItemCode"])] += Decimal(str(line["QuantityOrdered"]))
        return [
            StockLevel(
                item_code=code,
                warehouse_code="000",
                on_hand=ON_HAND,
                committed=committed[code],
                available=ON_HAND - committed[code],
            )
            for code in sorted(ITEMS & set(item_codes))
        ]


def make_systems(pair: Pair, books: Books, shop: FakeShop) -> tuple[FakeXero, BookedSage100]:
    """Return both systems, every target of them and of the shop writing to the books."""
    xero = FakeXero(
        EMPTY_XERO.model_copy(
            update={"account_codes": _accounts(pair, "xero"), "item_codes": ITEMS}
        )
    )
    sage100 = BookedSage100(books, _accounts(pair, "sage100"))
    house = Party(external_id="house", external_no="WEB-GUEST", name="Web Guest", email="")
    xero.held_contacts.append(house)
    sage100.held_customers.append(house.model_copy(update={"external_no": "WEBGUEST"}))
    known = {"contact": xero.held_contacts, "customer": sage100.held_customers}

    def meet(delivery: Delivery, landed: Landed) -> None:
        """A buyer that was written is found by e-mail and name from now on."""
        if delivery.entity in known:
            known[delivery.entity].append(_party(delivery, landed))

    systems = {System.XERO: xero, System.SAGE100: sage100, System.SHOPIFY: shop}
    for kind in WRITE_KINDS:
        systems[kind.target].targets[kind.entity] = BookedTarget(kind, books, meet)
    return xero, sage100


def _party(delivery: Delivery, landed: Landed) -> Party:
    header = delivery.payload.get("header")
    fields = header if isinstance(header, dict) else delivery.payload
    return Party(
        external_id=landed.external_id,
        external_no=landed.external_no,
        name=str(fields.get("Name", fields.get("CustomerName", ""))),
        email=str(fields.get("EmailAddress", "")),
    )


def _accounts(pair: Pair, side: str) -> frozenset[str]:
    return frozenset(getattr(account, side) for account in pair.accounts) - {""}
