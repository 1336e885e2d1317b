"""Two ledgers' customers in memory, with people who edit them: for tests of keeping them in step.

Each behaves as its connector's target does: a change names its record, is compared with what was
expected, and is refused where a person was faster. Each writes values in its own way. What changes
is told as its polled list tells it.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from fake_ledger.ledger import FakeLedger
from fake_streams import FakeStreams
from fakes import FakeClock, FakeSage100, FakeXero, ItemGate
from tieout.domain.base import DeliveryId, Json, System
from tieout.domain.clues import Clues
from tieout.domain.in_step.policy import Policy
from tieout.domain.ledger import Delivery, Landed, NewInboxEntry, Origin, Outcome, Refused
from tieout.domain.matching import profile_of
from tieout.domain.pair import FlowName
from tieout.errors import OutcomeUnknownError, RetryableError, UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.ledger import Ledger
from tieout.ports.systems import Party, Shown
from tieout.ports.targets import Target
from tieout.settings import load_pairs
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.capture import capture_records
from tieout.usecases.in_step.entities import CUSTOMERS
from tieout.usecases.in_step.renumbering import follow_renumbered
from tieout.usecases.in_step.writing import put_back_refused
from tieout.usecases.steps import FLOWS, run_step

INCLUDE = Path(__file__).parents[1] / "include"
PAIR = load_pairs(INCLUDE)["harbor_and_pine"]
MAPPER = YamlMapper(INCLUDE, PAIR)
XERO, SAGE100 = System.XERO, System.SAGE100
RESOURCES = {XERO: "Contacts", SAGE100: "AR_Customer"}
SLOTS = {"Addresses": "AddressType", "Phones": "PhoneType"}
SAGE_ADDRESS = ("AddressLine1", "AddressLine2", "AddressLine3", "City", "State", "ZipCode")


class Crash(BaseException):
    """The worker is gone."""


class Book:
    """One ledger's records by their ids, who changed them when, and what is to be told."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.nodes: dict[str, Json] = {}
        self.changed: dict[str, tuple[datetime, str]] = {}
        self.news: list[tuple[str, Json]] = []
        """What is to be told: of which record, and what it said then."""
        self.sends = 0
        """Every call that would write."""
        self.is_unreadable = False
        """Whether the next look at it fails."""
        self.writes: list[tuple[str, str]] = []
        """Every write that we made: its kind, and of which record."""
        self.crash_in: int | None = None
        """After how many more writes the worker dies, its answer lost."""
        self.faults: list[str] = []
        """What becomes of the next sends.

        ``away`` writes nothing, ``lost`` writes all, at ``gone`` the worker dies before it writes.
        """
        self.meanwhile: list[Callable[[str], None]] = []
        """What people do with a record right before we write it."""
        self.journal: set[str] = set()
        """The keys of the commands that were entered, which Sage 100's agent never forgets."""
        self.uncertain: set[str] = set()
        """Of which records a write whose answer was lost was looked up, and stood otherwise."""
        self.history: dict[str, list[tuple[Json, str]]] = {}
        """What a record said, one after another, and by whom."""

    def put(self, record_id: str, node: Json, *, by: str) -> None:
        """Store a record as somebody left it."""
        self.clock.advance(1)
        self.nodes[record_id] = node
        self.changed[record_id] = (self.clock.now(), by)
        said = {**node, "at": self.clock.now().isoformat()}
        self.news.append((record_id, said))
        self.history.setdefault(record_id, []).append((node, by))

    def wrote(self, kind: str, record_id: str) -> None:
        """Note a write of ours, and die if it is time."""
        self.writes.append((kind, record_id))
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crash_in = None
                raise Crash

    def shown(self, ids: Collection[str]) -> dict[str, Shown]:
        if self.is_unreadable:
            self.is_unreadable = False
            raise UnavailableError("the ledger is away", remedy="Try again later.")
        return {
            one: Shown(
                node=dict(self.nodes[one]),
                changed_at=self.changed[one][0],
                changed_by=self.changed[one][1],
            )
            for one in ids
            if one in self.nodes
        }

    def resembling(self, clues: Clues, system: System) -> dict[str, Shown]:
        """Return the active records that have a clue in common."""
        records = {one: MAPPER.customer_from(system, node) for one, node in self.nodes.items()}
        return self.shown(
            [
                one
                for one, record in records.items()
                if record.is_active and clues.fit(profile_of(record).fields)
            ]
        )


class _BookTarget(Target):
    """What is alike in all kinds of writes: one record in one call."""

    batch_max = 50
    looks_up_first = False
    key_window_s: float | None = None
    settle_s = 0.0
    guard = "the record's id"
    updates_known = True

    def __init__(self, system: System, entity: str, book: Book) -> None:
        self.system = system
        self.entity = entity
        self.book = book

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        found = ((one.delivery_id, self.holds(one)) for one in deliveries)
        return {mine: landed for mine, landed in found if landed is not None}

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        found = ((one.delivery_id, self.stands(one)) for one in deliveries)
        return {mine: landed for mine, landed in found if landed is not None}

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        self.book.sends += 1
        while self.book.meanwhile and self.entity in CHANGES:
            self.book.meanwhile.pop()(changed_by(deliveries[0]))
        fault = self.book.faults.pop(0) if self.book.faults else ""
        if fault == "away":
            raise UnavailableError(f"{self.system} is away", remedy="Try again later.")
        if fault == "gone":
            raise Crash
        outcomes = {one.delivery_id: self.write(one) for one in deliveries}
        if fault == "lost":
            raise OutcomeUnknownError("the answer was lost", remedy="Look it up.")
        return outcomes

    def holds(self, delivery: Delivery) -> Landed | None:
        """Return the record if it says what the delivery states."""
        raise NotImplementedError

    def stands(self, delivery: Delivery) -> Landed | None:
        return self.holds(delivery)

    def write(self, delivery: Delivery) -> Outcome:
        raise NotImplementedError


def refused(cause: str, message: str) -> Refused:
    return Refused(cause=cause, message=message, remedy="Look.")


class NewContacts(_BookTarget):
    guard = "ContactNumber and Name"

    @override
    def holds(self, delivery: Delivery) -> Landed | None:
        number = delivery.payload["ContactNumber"]
        for one, node in self.book.nodes.items():
            if node.get("ContactNumber") == number and node["ContactStatus"] == "ACTIVE":
                return Landed(external_id=one, external_no=str(number), figures={})
        return None

    @override
    def write(self, delivery: Delivery) -> Outcome:
        held = self.holds(delivery)
        if held is not None:
            return held
        name = str(delivery.payload["Name"])
        if any(
            str(node["Name"]).casefold() == name.casefold() and node["ContactStatus"] == "ACTIVE"
            for node in self.book.nodes.values()
        ):
            return refused("number_taken", f"there is a contact {name}")
        record_id = guid(delivery.document_key)
        self.book.put(record_id, contact(record_id, delivery.payload), by="us")
        self.book.wrote(self.entity, record_id)
        return Landed(
            external_id=record_id, external_no=delivery.payload["ContactNumber"], figures={}
        )


class ContactChanges(_BookTarget):
    @override
    def holds(self, delivery: Delivery) -> Landed | None:
        stated = flat(stated_of(delivery.payload))
        shown = self._shown(delivery)
        if shown is None or any(shown.get(path, "") != value for path, value in stated.items()):
            return None
        return self._landed(delivery, stated)

    @override
    def stands(self, delivery: Delivery) -> Landed | None:
        return self._landed(delivery, self._shown(delivery) or {})

    def _landed(self, delivery: Delivery, figures: dict[str, str]) -> Landed:
        return Landed(
            external_id=str(delivery.payload["ContactID"]), external_no="", figures=figures
        )

    def _shown(self, delivery: Delivery) -> dict[str, str] | None:
        node = self.book.nodes.get(str(delivery.payload["ContactID"]))
        return None if node is None else flat(node)

    @override
    def write(self, delivery: Delivery) -> Outcome:
        shown = self._shown(delivery)
        if shown is None:
            return refused("target_refused", "there is no such contact")
        if self.holds(delivery) is not None:
            return self.stands(delivery) or refused("target_refused", "it is gone")
        if shown["ContactStatus"] == "ARCHIVED":
            return refused("contact_archived", "an archived contact cannot be changed")
        stated = flat(stated_of(delivery.payload))
        expected = flat(delivery.payload.get("expected", {"ContactStatus": "ACTIVE"}))
        edited = [
            path
            for path, value in stated.items()
            if shown.get(path, "") not in {value, expected.get(path, "")}
        ]
        if edited:
            return refused("record_differs", f"{edited} were edited")
        record_id = str(delivery.payload["ContactID"])
        node = changed_node(self.book.nodes[record_id], stated_of(delivery.payload))
        self.book.put(record_id, node, by="us")
        self.book.wrote(self.entity, record_id)
        return self._landed(delivery, stated)


class NewCustomers(_BookTarget):
    looks_up_first = True
    guard = ""

    @override
    def holds(self, delivery: Delivery) -> Landed | None:
        mark = delivery.payload["header"]["UDF_TIEOUT_ID"]
        for one, node in self.book.nodes.items():
            if node.get("UDF_TIEOUT_ID") == mark:
                return Landed(external_id=one, external_no=one[3:], figures={})
        return None

    @override
    def write(self, delivery: Delivery) -> Outcome:
        number = f"{len(self.book.nodes) + 1:07d}"
        node = sages({**blank_customer(number), **delivery.payload["header"]})
        self.book.put(f"00-{number}", node, by="us")
        self.book.wrote(self.entity, f"00-{number}")
        return Landed(external_id=f"00-{number}", external_no=number, figures={})


class CustomerChanges(_BookTarget):
    @override
    def holds(self, delivery: Delivery) -> Landed | None:
        header = delivery.payload["header"]
        node = self.book.nodes.get(record_of(header))
        if node is None:
            return None
        standing = {name: value for name, value in header.items() if node.get(name) == value}
        if delivery.idempotency_key not in self.book.journal and standing != header:
            return None
        # Of what stands there otherwise nobody can say whether a person changed it since.
        if standing != header:
            self.book.uncertain.add(record_of(header))
        return Landed(external_id=record_of(header), external_no="", figures=standing)

    @override
    def stands(self, delivery: Delivery) -> Landed | None:
        return Landed(external_id=record_of(delivery.payload["header"]), external_no="", figures={})

    @override
    def write(self, delivery: Delivery) -> Outcome:
        header, expected = delivery.payload["header"], delivery.payload["expected"]
        record_id = record_of(header)
        node = self.book.nodes.get(record_id)
        if node is None:
            return refused("target_refused", "there is no such customer")
        edited = [
            name
            for name, value in header.items()
            if node.get(name) not in {value, expected.get(name, node.get(name))}
        ]
        if edited:
            return refused("record_differs", f"{edited} were edited")
        self.book.journal.add(delivery.idempotency_key)
        kept = sages({**node, **header})
        self.book.put(record_id, kept, by="us")
        self.book.wrote(self.entity, record_id)
        figures = {name: str(kept[name]) for name in header}
        return Landed(external_id=record_id, external_no="", figures=figures)


CHANGES = {"contact_update", "customer_update"}


def changed_by(delivery: Delivery) -> str:
    """Return the id of the record that a change names."""
    payload = delivery.payload
    return str(payload.get("ContactID") or record_of(payload["header"]))


def record_of(header: Mapping[str, Any]) -> str:
    return f"{header['ARDivisionNo']}-{header['CustomerNo']}"


def sages(node: Json) -> Json:
    """Return a row as this company keeps it: a program of its own shortens towns."""
    return {**node, "City": str(node.get("City", "")).replace("Saint ", "St ")}


def guid(text: str) -> str:
    digits = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def contact(record_id: str, stated: Json) -> Json:
    return {"ContactStatus": "ACTIVE", **stated, "ContactID": record_id}


def blank_customer(number: str) -> Json:
    empty = ("EmailAddress", "TelephoneNo", "CountryCode", *SAGE_ADDRESS)
    return {
        "ARDivisionNo": "00",
        "CustomerNo": number,
        "CustomerStatus": "A",
        **dict.fromkeys(empty, ""),
    }


def stated_of(payload: Json) -> Json:
    return {name: value for name, value in payload.items() if name not in {"ContactID", "expected"}}


def flat(node: Any, above: str = "") -> dict[str, str]:
    """Return a contact's values by their paths, its parts by their types."""
    found: dict[str, str] = {}
    for name, value in node.items():
        if isinstance(value, list):
            for part in value:
                kind = part[SLOTS[name]]
                found |= flat(
                    {k: v for k, v in part.items() if k != SLOTS[name]}, f"{above}{name}.{kind}."
                )
        else:
            found[above + name] = "" if value is None else str(value)
    return found


def changed_node(node: Json, stated: Json) -> Json:
    made = dict(node)
    for name, value in stated.items():
        if isinstance(value, list):
            parts = {part[SLOTS[name]]: part for part in made.get(name, [])}
            for part in value:
                kind = part[SLOTS[name]]
                parts[kind] = {**parts.get(kind, {}), **part}
            made[name] = list(parts.values())
        else:
            made[name] = value
    return made


class XeroBook(FakeXero):
    """A Xero organization with contacts."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book
        self.reads = 0

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        self.reads += 1
        return self.book.shown(external_ids)

    @override
    def find_contacts(
        self,
        *,
        numbers: Collection[str] = (),
        emails: Collection[str] = (),
        names: Collection[str] = (),
    ) -> list[Party]:
        self.held_contacts = [
            Party(
                external_id=one,
                external_no=str(node.get("ContactNumber", "")),
                name=str(node["Name"]),
                email=str(node.get("EmailAddress", "")),
            )
            for one, node in self.book.nodes.items()
            if node["ContactStatus"] == "ACTIVE"
        ]
        return super().find_contacts(numbers=numbers, emails=emails, names=names)

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        self.reads += 1
        return self.book.resembling(clues, XERO)

    @override
    def target(self, entity: str) -> Any:
        kind = NewContacts if entity == "contact" else ContactChanges
        return kind(XERO, entity, self.book)


class SageBook(FakeSage100):
    """A Sage 100 company with customers."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book
        self.reads = 0

    @override
    def shown(self, resource: str, external_ids: Collection[str]) -> dict[str, Shown]:
        self.reads += 1
        return self.book.shown(external_ids)

    @override
    def find_customers(
        self, *, numbers: Collection[str] = (), emails: Collection[str] = ()
    ) -> list[Party]:
        self.held_customers = [
            Party(
                external_id=one,
                external_no=str(node["CustomerNo"]),
                name=str(node["CustomerName"]),
                email=str(node["EmailAddress"]),
            )
            for one, node in self.book.nodes.items()
            if node["CustomerStatus"] != "I"
        ]
        return super().find_customers(numbers=numbers, emails=emails)

    @override
    def resembling(self, resource: str, clues: Clues) -> dict[str, Shown]:
        self.reads += 1
        return self.book.resembling(clues, SAGE100)

    @override
    def target(self, entity: str) -> Any:
        kind = NewCustomers if entity == "customer" else CustomerChanges
        return kind(SAGE100, entity, self.book)


class TwoLedgers:
    """Both ledgers with their people, and the flow that keeps their customers in step."""

    def __init__(self, policy: Policy | None = None, ledger: Ledger | None = None) -> None:
        self.clock = FakeClock(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))
        self.ledger = ledger or FakeLedger(self.clock)
        self.xero, self.sage100 = Book(self.clock), Book(self.clock)
        self.runs = self.hints = 0
        pair = PAIR
        if policy is not None:
            pair = pair.model_copy(update={"in_step": {"customer": policy}})
        self.flow = Flow(
            pair=pair,
            ledger=self.ledger,
            streams=FakeStreams(self.clock),
            xero=XeroBook(self.xero),
            sage100=SageBook(self.sage100),
            shops={},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=self.clock,
        )

    def book(self, system: System) -> Book:
        return self.xero if system is XERO else self.sage100

    def add_contact(self, name: str, **members: Any) -> str:
        record_id = guid(name + str(len(self.xero.nodes)))
        self.xero.put(record_id, contact(record_id, {"Name": name, **members}), by="Ann")
        return record_id

    def add_customer(self, name: str, **columns: str) -> str:
        number = f"{len(self.sage100.nodes) + 1:07d}"
        node = sages({**blank_customer(number), "CustomerName": name, **columns})
        self.sage100.put(f"00-{number}", node, by="Bob")
        return f"00-{number}"

    def edit(self, system: System, record_id: str, **members: Any) -> None:
        """Let a person change a record."""
        book = self.book(system)
        node = {**book.nodes[record_id], **members}
        book.put(record_id, node if system is XERO else sages(node), by="Ann")

    def merge_contacts(self, lost: str, kept: str) -> None:
        """Let a person merge a contact into another one, who has its documents from then on."""
        self.edit(XERO, lost, ContactStatus="ARCHIVED", MergedToContactID=kept)

    def tell(self, *, only: System | None = None, twice: bool = False) -> None:
        """Land what both lists would bring, in their order."""
        for system in (XERO, SAGE100):
            if only in {None, system}:
                told = self.told(system)
                self.ledger.land([*told, *told[::-1]] if twice else told)

    def told(self, system: System) -> list[NewInboxEntry]:
        """Return what a list tells, each record as it was then; it is told no more."""
        book = self.book(system)
        told = [self.entry(system, one, said) for one, said in book.news if one in book.nodes]
        book.news = []
        return told

    @staticmethod
    def entry(system: System, record_id: str, said: Json) -> NewInboxEntry:
        """Return what a list tells of a record."""
        body = json.dumps(said).encode()
        return NewInboxEntry(
            pair=PAIR.pair,
            source=system,
            account=f"account of {system}",
            topic=f"{RESOURCES[system]}/sweep",
            event_id="",
            resource_id=record_id if system is XERO else record_id.replace("-", "/", 1),
            origin=Origin.SWEEP,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            body_size=len(body),
        )

    def tell_anew(self) -> None:
        """Land a hint of every record, as if anything might have become of it."""
        self.hints += 1
        for system in (XERO, SAGE100):
            hint = {"topic": f"{RESOURCES[system]}/hint"}
            hints = [self.entry(system, one, {}) for one in self.book(system).nodes]
            named = [
                one.model_copy(update={**hint, "event_id": f"{self.hints} {one.resource_id}"})
                for one in hints
            ]
            self.ledger.land(named)

    def steps(self) -> Iterator[tuple[str, Any]]:
        """Yield the steps of one run, to be called one by one."""
        self.runs += 1
        put_back_refused(self.flow, CUSTOMERS)
        follow_renumbered(self.flow, CUSTOMERS)
        batch = capture_records(
            self.flow,
            entity=CUSTOMERS,
            interval=None,
            origin=Origin.SWEEP,
            claimed_by=f"run {self.runs}",
        )
        if batch is not None:
            for step in FLOWS[FlowName.CUSTOMER_SYNC].steps:
                yield step, lambda step=step: run_step(self.flow, step, batch)

    def sync(self, *, told: bool = True) -> int:
        """Bring in what changed and run the flow over it; return how many writes that took."""
        before = self.writes
        if told:
            self.tell()
        for _step, run in self.steps():
            run()
        return self.writes - before

    @property
    def writes(self) -> int:
        return len(self.xero.writes) + len(self.sage100.writes)

    @property
    def sends(self) -> int:
        """How many calls would have written, whatever came of them."""
        return self.xero.sends + self.sage100.sends

    def settle(self, *, runs_max: int = 8) -> int:
        """Sync until nothing is left to do; return how many runs that took."""
        for run in range(1, runs_max + 1):
            self.clock.advance(1000)
            try:
                wrote = self.sync()
            except (RetryableError, OutcomeUnknownError):
                continue
            waiting = self.ledger.conservation(PAIR.pair).pending
            if not wrote and not waiting and not self.xero.news and not self.sage100.news:
                return run
        message = f"after {runs_max} runs there is still something to do"
        raise AssertionError(message)
