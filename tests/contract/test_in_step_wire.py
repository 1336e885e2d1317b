"""Records kept in step over the wire: HTTP to Xero, ODBC and the agent to Sage 100.

Of a contact Xero tells by an event, which goes its way by the real receiver and ledger.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fake_ledger.ledger import FakeLedger
from fake_streams import FakeStreams
from fakes import FakeClock, ItemGate
from processes import running
from receivers import XERO_CURRENT, XERO_PATH, Started, configured
from sage100_places import record
from sage100_simulator import Sage, sage100
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.xero.connector import XeroConnector
from tieout.domain.base import System
from tieout.domain.clues import Clues
from tieout.domain.in_step.policy import ACTIVE
from tieout.domain.in_step.records import KeptConflict
from tieout.domain.ledger import Landed, NewBinding, NewInboxEntry, Origin
from tieout.domain.reading import START, SWEPT, Reading, Renumbered, SourceRecord, Tombstone
from tieout.errors import ConfigurationError, RejectedError
from tieout.ledger.wakeups import Waking, arrivals
from tieout.matching.matcher import ProbabilityMatcher
from tieout.ports.ledger import Ledger
from tieout.usecases.flow import Flow
from tieout.usecases.in_step.answers import answer
from tieout.usecases.in_step.bank_details import APPROVALS
from tieout.usecases.in_step.capture import capture_records
from tieout.usecases.in_step.entities import CUSTOMERS, IN_STEP, ITEMS, VENDORS, Entity
from tieout.usecases.in_step.renumbering import follow_renumbered
from tieout.usecases.in_step.steps import steps_of
from tieout.usecases.payees import check_payee
from two_ledgers import MAPPER, PAIR
from wire import SetClock
from xero_simulator import TENANT, XeroSimulator, xero_simulator

XERO, SAGE100 = System.XERO, System.SAGE100
TOLD_WITHIN_S = 10.0
PAYEES = iter(("Harrow Brickworks", "Quince Letterpress", "Ottoman Sailmakers"))
"""Names that nobody takes for one another."""


@dataclass
class Town:
    """Both simulators with their people, and what keeps one kind of record in step."""

    simulator: XeroSimulator
    sage: Sage
    xero: XeroConnector
    sage100: Sage100Connector
    clock: FakeClock = field(default_factory=FakeClock)
    ledger: Ledger = field(init=False)
    told: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        self.keep_in(FakeLedger(self.clock))

    def keep_in(self, ledger: Ledger) -> None:
        """Work with a ledger from now on."""
        self.ledger, clock = ledger, self.clock
        self.flow = Flow(
            pair=PAIR.model_copy(update={"flows": tuple(IN_STEP)}),
            ledger=ledger,
            streams=FakeStreams(clock),
            xero=self.xero,
            sage100=self.sage100,
            shops={},
            mapper=MAPPER,
            matcher=ProbabilityMatcher(),
            gate=ItemGate(),
            clock=clock,
        )

    def people(self, act: str, **body: Any) -> Any:
        """Let a person act in Xero."""
        return self.simulator.call("POST", f"/_people/{TENANT}/{act}", body)

    def create(self, table: str, key: dict[str, str], **values: str) -> None:
        """Let a person fill in a new record in Sage 100."""
        self.sage.do("create_record", {"table": table, "key": key, "values": values})

    def change(self, table: str, key: dict[str, str], **values: str) -> None:
        """Let a person change a row of Sage 100."""
        self.sage.do("change_record", {"table": table, "key": key, "values": values})

    def news(self, entity: Entity) -> list[NewInboxEntry]:
        """Return what both lists tell that they did not tell before."""
        found = []
        for system, side in entity.sides.items():
            lists = self.xero.lists if system is XERO else self.sage100.lists()
            for page in lists.pages(side.resource, START):
                for one in page.records:
                    digest = one.gist or hashlib.sha256(one.body).hexdigest()
                    key = (side.resource, one.record_id)
                    if self.told.get(key) != digest:
                        self.told[key] = digest
                        found.append(entry(system, side.resource, one))
        return found

    def sync(self, entity: Entity) -> int:
        """Bring in what changed, run the flow over it, and return how many writes that took."""
        self.ledger.land(self.news(entity))
        return self.run(entity)

    def run(self, entity: Entity) -> int:
        """Run the flow over what waits in the inbox, and return how many writes that took."""
        self.runs += 1
        follow_renumbered(self.flow, entity)
        batch = capture_records(
            self.flow,
            entity=entity,
            interval=None,
            origin=Origin.SWEEP,
            claimed_by=f"run {self.runs}",
        )
        if batch is None:
            return 0
        written = 0
        for name, step in steps_of(entity).items():
            fence = self.ledger.begin_step(batch, f"{self.runs} {name}", lease_s=900)
            report = step(replace(self.flow, fence=fence), batch)
            written += report.confirmed if "_to_" in name else 0
        return written

    def set_aside_renumbered(self, entity: Entity, old: str, new: str) -> None:
        """Set aside what is gone and what came under its name, as the landing does."""
        resource = entity.sides[SAGE100].resource
        reading = Reading(pair=PAIR.pair, source=SAGE100, account="HPS", resource=resource)
        records = [SourceRecord(old, b"{}", Tombstone.GONE), SourceRecord(new, b"{}")]
        self.ledger.land([entry(SAGE100, resource, one) for one in records])
        letter = Renumbered(old_id=old, new_id=new, named="").letter(reading)
        for waiting in self.ledger.pending_entries(PAIR.pair, limit=10):
            self.ledger.set_aside(letter.model_copy(update={"inbox_id": waiting.inbox_id}))

    def letters(self) -> list[str]:
        return [one.cause for one in self.ledger.dead_letters(PAIR.pair)]


def entry(system: System, resource: str, one: Any) -> NewInboxEntry:
    return NewInboxEntry(
        pair=PAIR.pair,
        source=system,
        account=f"account of {system}",
        topic=f"{resource}/{one.tombstone or SWEPT}",
        event_id="",
        resource_id=one.record_id,
        origin=Origin.SWEEP,
        body=one.body,
        body_sha256=hashlib.sha256(one.body).hexdigest(),
        body_size=len(one.body),
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with (
        xero_simulator(tmp_path_factory.mktemp("xero")) as simulator,
        sage100(tmp_path_factory.mktemp("sage100")) as sage,
    ):
        found = Town(simulator, sage, simulator.connector(SetClock()), sage.connector())
        for entity in (CUSTOMERS, ITEMS, VENDORS):
            found.news(entity)  # what both had before people linked it is not these tests' affair
        yield found
        found.sage100.close()


def row(town: Town, table: str, key: str) -> dict[str, Any]:
    return dict(town.sage100.shown(table, [key])[key].node)


def node(town: Town, resource: str, record_id: str) -> dict[str, Any]:
    return dict(town.xero.shown(resource, [record_id])[record_id].node)


def test_an_item_created_and_changed_on_either_side_arrives_on_the_other(town: Town) -> None:
    made = town.people(
        "create_item", Code="WIRE-01", Name="Wire lamp", SalesDetails={"UnitPrice": 19.5}
    )
    item_id = made["ItemID"]
    assert (town.sync(ITEMS), town.letters()) == (1, [])
    held = row(town, "CI_Item", "WIRE-01")
    assert (held["ItemCodeDesc"], held["StandardUnitPrice"]) == ("Wire lamp", "19.500000")
    assert (held["ProductLine"], held["StandardUnitOfMeasure"]) == ("LITE", "EACH")
    assert town.sync(ITEMS) == 0

    town.change("CI_Item", {"ItemCode": "WIRE-01"}, StandardUnitPrice="21.25")
    town.people("change_item", ItemID=item_id, Name="Wire lamp, small")
    assert town.sync(ITEMS) == 2
    assert node(town, "Items", item_id)["SalesDetails"]["UnitPrice"] == "21.25"
    assert row(town, "CI_Item", "WIRE-01")["ItemCodeDesc"] == "Wire lamp, small"
    assert town.sync(ITEMS) == 0


def test_an_item_that_ends_waits_for_a_person_and_its_quantity_is_never_written(
    town: Town,
) -> None:
    made = town.people("create_item", Code="WIRE-02", Name="Wire shade")
    town.sync(ITEMS)
    town.change("CI_Item", {"ItemCode": "WIRE-02"}, InactiveItem="Y")
    assert town.sync(ITEMS) == 0
    (conflict,) = town.ledger.conflicts(PAIR.pair, entity="item")
    assert (conflict.field, conflict.winner) == (ACTIVE, None)
    assert node(town, "Items", made["ItemID"])["IsSold"] is True


def test_an_item_of_a_code_that_the_other_ledger_has_is_parked(town: Town) -> None:
    town.people("create_item", Code="SHADE-02X", Name="A shade")
    town.sage100.target("item").send(
        [
            record(
                "item",
                "SHADE-02Y",
                {
                    "ItemCode": "SHADE-02Y",
                    "ItemType": "1",
                    "ProductLine": "LITE",
                    "ItemCodeDesc": "Theirs",
                    "StandardUnitOfMeasure": "EACH",
                },
                "ItemCodeDesc",
            )
        ]
    )
    town.news(ITEMS)
    town.people("create_item", Code="shade-02y", Name="Ours")
    assert town.sync(ITEMS) == 0
    assert town.letters() == ["possible_duplicate"]
    assert row(town, "CI_Item", "SHADE-02Y")["ItemCodeDesc"] == "Theirs"


def test_a_vendor_goes_its_way_through_both_ledgers(town: Town) -> None:
    key = {"APDivisionNo": "00", "VendorNo": "WIRECO"}
    made = record(
        "vendor", "WIRECO", {**key, "VendorName": "Wire & Co", "TermsCode": "30"}, "VendorName"
    )
    assert isinstance(town.sage100.target("vendor").send([made])[made.delivery_id], Landed)
    assert (town.sync(VENDORS), "target_refused" in town.letters()) == (1, False)
    (contact,) = town.xero.find_contacts(names=["Wire & Co"])
    shown = node(town, "Contacts", contact.external_id)
    assert (shown["AccountNumber"], shown["IsSupplier"]) == ("WIRECO", False)

    town.change("AP_Vendor", key, EmailAddress="office@wire.example", City="Dayton")
    assert town.sync(VENDORS) == 1
    shown = node(town, "Contacts", contact.external_id)
    assert shown["EmailAddress"] == "office@wire.example"

    town.simulator.overwrite("contacts", contact.external_id, IsSupplier=True)
    town.people("change_contact", ContactID=contact.external_id, Name="Wire Company")
    assert town.sync(VENDORS) == 1
    assert row(town, "AP_Vendor", "00-WIRECO")["VendorName"] == "Wire Company"
    town.people("archive_contact", ContactID=contact.external_id)
    assert town.sync(VENDORS) == 1
    assert row(town, "AP_Vendor", "00-WIRECO")["VendorStatus"] == "I"
    assert town.sync(VENDORS) == 0


def test_a_vendors_contact_becomes_no_customer_and_its_change_reaches_the_vendor(
    town: Town,
) -> None:
    key = {"APDivisionNo": "00", "VendorNo": "ONLYAP"}
    town.create("AP_Vendor", key, VendorName="Only Bills", TermsCode="30")
    assert town.sync(VENDORS) == 1
    town.sync(CUSTOMERS)
    assert town.ledger.conservation(PAIR.pair).skipped["another_kind"] >= 1

    (contact,) = town.xero.find_contacts(names=["Only Bills"])
    assert node(town, "Contacts", contact.external_id)["IsSupplier"] is False  # no list has it
    for email in ("due@bills.example", "new@bills.example"):
        town.people("change_contact", ContactID=contact.external_id, EmailAddress=email)
        assert (town.sync(CUSTOMERS), town.run(VENDORS)) == (0, 1)
        assert row(town, "AP_Vendor", "00-ONLYAP")["EmailAddress"] == email
    assert (town.sync(CUSTOMERS), town.sync(VENDORS)) == (0, 0)


POSTAL = {
    "AddressType": "POBOX",
    "AddressLine1": "12 Quay Street",
    "City": "Albany",
    "Region": "NY",
    "PostalCode": "12207",
    "Country": "US",
}


def phones(number: str) -> list[dict[str, str]]:
    return [{"PhoneType": "DEFAULT", "PhoneNumber": number}]


def test_a_customer_of_xero_goes_its_way_through_both_ledgers(town: Town) -> None:
    made = town.people(
        "create_contact",
        Name="Wire Traders",
        EmailAddress="buy@wire.example",
        Phones=phones("518 555 0170"),
        Addresses=[POSTAL],
    )
    contact_id = made["ContactID"]
    assert town.sync(CUSTOMERS) == 1
    (found,) = town.sage100.find_customers(emails=["buy@wire.example"])
    key = dict(zip(("ARDivisionNo", "CustomerNo"), found.external_id.split("-"), strict=True))
    held = row(town, "AR_Customer", found.external_id)
    shown = (held["CustomerName"], held["EmailAddress"], held["TelephoneNo"])
    assert shown == ("Wire Traders", "buy@wire.example", "518 555 0170")
    assert (held["AddressLine1"], held["City"], held["State"]) == ("12 Quay St", "Albany", "NY")
    assert town.sync(CUSTOMERS) == 0

    town.change("AR_Customer", key, TelephoneNo="518 555 0199", AddressLine1="14 Quay St")
    town.people("change_contact", ContactID=contact_id, EmailAddress="desk@wire.example")
    assert town.sync(CUSTOMERS) == 2
    contact = node(town, "Contacts", contact_id)
    assert "518 555 0199" in {one.get("PhoneNumber") for one in contact["Phones"]}
    postal = next(one for one in contact["Addresses"] if one["AddressType"] == "POBOX")
    assert (postal["AddressLine1"], postal["City"]) == ("14 Quay St", "Albany")
    assert row(town, "AR_Customer", found.external_id)["EmailAddress"] == "desk@wire.example"
    assert town.sync(CUSTOMERS) == 0

    town.people("archive_contact", ContactID=contact_id)
    assert town.sync(CUSTOMERS) == 1
    assert row(town, "AR_Customer", found.external_id)["CustomerStatus"] == "I"
    assert town.sync(CUSTOMERS) == 0


def test_a_customer_of_sage_100_goes_its_way_through_both_ledgers(town: Town) -> None:
    key = {"ARDivisionNo": "00", "CustomerNo": "0004711"}
    town.create(
        "AR_Customer",
        key,
        CustomerName="Cask & Keel",
        ZipCode="12207",
        AddressLine1="3 Pier Road",
        TelephoneNo="518 555 0130",
        EmailAddress="ahoy@keel.example",
        TermsCode="00",
    )
    assert town.sync(CUSTOMERS) == 1
    (contact,) = town.xero.find_contacts(emails=["ahoy@keel.example"])
    shown = node(town, "Contacts", contact.external_id)
    assert (shown["Name"], shown["EmailAddress"]) == ("Cask & Keel", "ahoy@keel.example")
    postal = next(one for one in shown["Addresses"] if one["AddressType"] == "POBOX")
    assert (postal["AddressLine1"], postal["PostalCode"]) == ("3 Pier Rd", "12207")

    town.people("change_contact", ContactID=contact.external_id, Phones=phones("518 555 0131"))
    assert town.sync(CUSTOMERS) == 1
    assert row(town, "AR_Customer", "00-0004711")["TelephoneNo"] == "518 555 0131"

    town.change("AR_Customer", key, CustomerStatus="I")
    assert town.sync(CUSTOMERS) == 1
    assert node(town, "Contacts", contact.external_id)["ContactStatus"] == "ARCHIVED"
    assert (town.sync(CUSTOMERS), town.letters().count("cannot_restore")) == (0, 0)


def test_an_event_of_a_contact_reaches_sage_100_without_any_sweep(
    town: Town, emptied_ledger_url: str, tmp_path: Path
) -> None:
    with configured(emptied_ledger_url, tmp_path, role="tieout_receiver_in_step") as receiver:
        program = ["-m", "tieout.web.receiver", *receiver.arguments]
        before = town.ledger
        town.keep_in(receiver.ledger)
        try:
            with running(program, ready_url=f"{receiver.url}/health"):
                target = {"Url": f"{receiver.url}{XERO_PATH}", "Key": XERO_CURRENT}
                town.simulator.call("POST", "/_webhooks", target)
                made = town.people("create_contact", Name="Swift & Son", EmailAddress="s@w.example")
                assert told(receiver) == ["contact/create"]
                asyncio.run(woken(receiver))
                lists = town.simulator.reads()["GET contacts"]
                assert (town.run(CUSTOMERS), waiting(receiver)) == (1, [])
                (customer,) = town.sage100.find_customers(emails=["s@w.example"])

                town.people("change_contact", ContactID=made["ContactID"], Phones=phones("0144"))
                assert told(receiver) == ["contact/update"]
                assert (town.run(CUSTOMERS), waiting(receiver)) == (1, [])
        finally:
            town.keep_in(before)
            town.simulator.call("DELETE", "/_webhooks")
    assert row(town, "AR_Customer", customer.external_id)["TelephoneNo"] == "0144"
    # By its id in either run, and once to see whether Sage 100 has such a customer: nothing else.
    assert town.simulator.reads()["GET contacts"] - lists == 2


def waiting(receiver: Started) -> list[str]:
    return [one.topic for one in receiver.ledger.pending_entries(PAIR.pair, limit=10)]


def told(receiver: Started) -> list[str]:
    """Return what the inbox has as soon as it has something: Xero tells a moment later."""
    deadline = time.monotonic() + TOLD_WITHIN_S
    while not waiting(receiver):
        assert time.monotonic() < deadline, "no event came"
        time.sleep(0.02)
    return waiting(receiver)


async def woken(receiver: Started) -> None:
    """See the wake-up of who keeps customers in step."""
    async with asyncio.timeout(TOLD_WITHIN_S):
        async for _newest in arrivals(receiver.admin_url, waking=Waking.CONTACTS, poll_s=0.05):
            return


def crowd(town: Town, start: int, count: int) -> None:
    """Let Xero have so many more contacts of whom nothing is new."""
    client = town.simulator.client(SetClock())
    bodies = [{"Name": f"Crowd {number:04d} Trading"} for number in range(start, start + count)]
    answer = client.write("PUT", "Contacts", body={"Contacts": bodies}, idempotency_key=f"{start}")
    assert answer.status == 200


def test_the_calls_that_look_for_suspects_grow_with_what_is_new_alone(town: Town) -> None:
    def calls(count: int) -> int:
        fields = (
            {"name": f"{chr(97 + n % 26)}x{n} Newcomer", "email": f"new{n}@example.com"}
            for n in range(count)
        )
        before = town.xero.calls_made
        assert town.xero.resembling("Contacts", Clues.of(fields)) == {}
        return town.xero.calls_made - before

    few = {count: calls(count) for count in (1, 10, 50)}
    crowd(town, 0, 400)
    many = {count: calls(count) for count in few}

    print(f"RESULT: new records -> calls of Xero: {few}; with 400 contacts more: {many}")  # noqa: T201
    assert many == few
    assert all(made <= 1 + count // 5 for count, made in few.items())


def test_contacts_are_found_by_what_they_have_in_common_with_a_new_record(town: Town) -> None:
    made = town.people("create_contact", Name="Quill & Ink, Ltd.", EmailAddress="q@ink.example")
    gone = town.people("create_contact", Name="Quill & Ink (old)", EmailAddress="o@ink.example")
    town.people("archive_contact", ContactID=gone["ContactID"])

    def found(**fields: str) -> set[str]:
        return set(town.xero.resembling("Contacts", Clues.of([fields])))

    assert found(name="INK QUILL") == {made["ContactID"]}
    assert found(name="Quill and Ink") == {made["ContactID"]}
    assert found(name='Somebody "Else"', email="Q@INK.example") == {made["ContactID"]}
    assert found(name="Quill Pens") == set()


def test_sage100_is_searched_by_phone_as_well_and_shows_whole_rows(town: Town) -> None:
    key = {"APDivisionNo": "00", "VendorNo": "PHONECO"}
    made = {**key, "VendorName": "Phone & Co", "TermsCode": "30", "TelephoneNo": "(503) 555-0177"}
    town.sage100.target("vendor").send([record("vendor", "PHONECO", made, "VendorName")])

    fields = {"name": "Another Name", "phone": "+1 503-555-0177"}
    found = town.sage100.resembling("AP_Vendor", Clues.of([fields]))

    assert list(found) == ["00-PHONECO"]
    assert found["00-PHONECO"].node == row(town, "AP_Vendor", "00-PHONECO")
    with pytest.raises(ConfigurationError, match="not searched"):
        town.sage100.resembling("GL_Account", Clues())


def test_a_vendor_that_is_written_otherwise_is_parked_with_the_reasons(town: Town) -> None:
    key = {"APDivisionNo": "00", "VendorNo": "REEDCO"}
    made = {**key, "VendorName": "Reed Basket Company", "TermsCode": "30"}
    made |= {"TelephoneNo": "(503) 555-0188"}
    town.news(VENDORS)
    town.people(
        "create_contact",
        Name="Reed Baskets Co.",
        Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "503.555.0188"}],
    )
    town.sage100.target("vendor").send([record("vendor", "REEDCO", made, "VendorName")])

    assert town.sync(VENDORS) == 0

    letter = town.ledger.dead_letters(PAIR.pair)[-1]
    assert letter.cause == "possible_duplicate"
    assert "same_phone" in letter.message
    assert "'Reed Baskets Co.'" in letter.message


def test_an_item_of_another_code_and_the_same_description_is_parked(town: Town) -> None:
    town.news(ITEMS)
    town.people("create_item", Code="WIRE-77", Name="Wicker hamper, large")
    assert town.sync(ITEMS) == 1
    town.people("create_item", Code="HMP-L", Name="Wicker Hamper Large")
    assert town.sync(ITEMS) == 0
    letter = town.ledger.dead_letters(PAIR.pair)[-1]
    assert "WIRE-77 'Wicker hamper, large'" in letter.message
    assert "same_description" in letter.message


def new_contact(town: Town, entity: Entity, name: str, **members: str) -> str:
    contact: str = town.people("create_contact", Name=name, **members)["ContactID"]
    if entity is VENDORS:
        town.simulator.overwrite("contacts", contact, IsSupplier=True)
    return contact


@pytest.mark.parametrize("entity", [CUSTOMERS, VENDORS], ids=["customer", "vendor"])
def test_a_contact_that_people_merge_is_followed_within_one_sweep(
    town: Town, entity: Entity
) -> None:
    town.news(CUSTOMERS)
    town.news(VENDORS)
    name = f"Merged {entity.name}"
    lost = new_contact(town, entity, name, EmailAddress=f"{entity.name}@old.example")
    assert town.sync(entity) == 1
    key = town.ledger.bindings_to(PAIR.pair, entity.name, [lost], XERO)[lost].key
    row_id = town.ledger.bindings(PAIR.pair, entity.name, [key], SAGE100)[key].external_id

    kept = new_contact(town, entity, f"{name} & Co")
    town.people("merge_contacts", FromContactID=lost, ToContactID=kept)
    town.people("change_contact", ContactID=kept, Name=f"{name} together")
    town.sync(entity)

    bound = town.ledger.bindings(PAIR.pair, entity.name, [key], XERO)[key]
    assert bound.external_id == kept
    table, column = (
        ("AR_Customer", "CustomerName") if entity is CUSTOMERS else ("AP_Vendor", "VendorName")
    )
    assert row(town, table, row_id)[column] == f"{name} together"[:30]
    assert node(town, "Contacts", kept)["EmailAddress"] == f"{entity.name}@old.example"
    assert town.sync(entity) == 0


@pytest.mark.parametrize(
    ("entity", "key", "to"),
    [
        (CUSTOMERS, ("ARDivisionNo", "CustomerNo"), "0077001"),
        (VENDORS, ("APDivisionNo", "VendorNo"), "RENUM02"),
        (ITEMS, ("ItemCode",), "RENUM-02"),
    ],
    ids=["customer", "vendor", "item"],
)
def test_another_number_in_sage100_is_followed_within_one_sweep(
    town: Town, entity: Entity, key: tuple[str, ...], to: str
) -> None:
    for one in (CUSTOMERS, VENDORS, ITEMS):
        town.news(one)
    contact_id = new_in_xero(town, entity)
    assert town.sync(entity) == 1
    table = entity.sides[SAGE100].resource
    known = town.ledger.bindings_to(PAIR.pair, entity.name, [contact_id], XERO)
    name = known[contact_id].key
    old_id = town.ledger.bindings(PAIR.pair, entity.name, [name], SAGE100)[name].external_id
    *division, number = old_id.split("-", 1) if len(key) > 1 else [old_id]
    old, new = ([*division, number], [*division, to])
    body = {"table": table, "key": dict(zip(key, old, strict=True))}
    town.sage.do("renumber_record", {**body, "to": dict(zip(key, new, strict=True))})
    town.set_aside_renumbered(entity, "/".join(old), "/".join(new))

    town.sync(entity)

    bound = town.ledger.bindings(PAIR.pair, entity.name, [name], SAGE100)[name]
    assert bound.external_id == "-".join(new)
    if entity is ITEMS:
        column, said = "ItemCodeDesc", "Told under the new code"
        town.people("change_item", ItemID=contact_id, Name=said)
    else:
        column, said = "EmailAddress", "new@number.example"
        town.people("change_contact", ContactID=contact_id, EmailAddress=said)
    assert town.sync(entity) == 1
    assert row(town, table, bound.external_id)[column] == said
    assert town.sync(entity) == 0


def new_in_xero(town: Town, entity: Entity) -> str:
    if entity is ITEMS:
        price = {"UnitPrice": 12.5}
        made = town.people("create_item", Code="RENUM-01", Name="Numbered", SalesDetails=price)
        return str(made["ItemID"])
    name = f"Numbered {entity.name} Works"
    return new_contact(town, entity, name, EmailAddress=f"{entity.name}@number.example")


@dataclass
class Payee:
    """A vendor in step, and people who change or approve its bank details."""

    town: Town
    contact_id: str
    key: str

    def is_held(self) -> bool:
        try:
            check_payee(self.town.flow, self.key)
        except RejectedError as error:
            return error.cause == "bank_details_unapproved"
        return False

    def asked(self) -> list[KeptConflict]:
        return [one for one in self.town.ledger.conflicts(PAIR.pair) if one.key == self.key]

    def change(self, details: str) -> None:
        """Change the details in Xero, and let the flow see it; it writes them nowhere."""
        self.town.people("change_contact", ContactID=self.contact_id, BankAccountDetails=details)
        assert self.town.sync(VENDORS) == 0

    def say(self, one: KeptConflict, winner: System, by: str) -> None:
        self.town.ledger.actor = by
        answer(self.town.ledger, one.conflict_id, winner, why="called back", by=by)


@pytest.fixture
def payee(town: Town) -> Payee:
    number = f"PAY{town.runs:03d}"
    name = next(PAYEES)
    columns = {"APDivisionNo": "00", "VendorNo": number, "VendorName": name, "TermsCode": "30"}
    town.sage100.target("vendor").send([record("vendor", number, columns, "VendorName")])
    town.sync(VENDORS)
    (contact,) = town.xero.find_contacts(names=[name])
    town.simulator.overwrite("contacts", contact.external_id, IsSupplier=True)
    bound = town.ledger.bindings_to(PAIR.pair, "vendor", [contact.external_id], XERO)
    return Payee(town, contact.external_id, bound[contact.external_id].key)


def test_a_change_of_bank_details_counts_once_two_people_have_said_so(payee: Payee) -> None:
    assert not payee.is_held()
    details = {"ContactID": payee.contact_id, "BankAccountDetails": "021000021 12345678"}
    payee.town.people("change_contact", **details)
    assert payee.is_held()  # before anybody has looked
    assert payee.town.sync(VENDORS) == 0
    first, second = payee.asked()
    assert (first.field, second.field) == APPROVALS
    payee.say(second, XERO, "ana")
    with pytest.raises(RejectedError, match="Ana changed these"):
        payee.say(first, XERO, "Ana")
    assert payee.town.sync(VENDORS) == 0
    assert payee.is_held()
    payee.say(first, XERO, "ben")
    assert payee.is_held()  # nobody has taken it up
    assert payee.town.sync(VENDORS) == 0
    assert (payee.is_held(), payee.asked()) == (False, [])
    assert payee.town.sync(VENDORS) == 0
    shown = node(payee.town, "Contacts", payee.contact_id)["BankAccountDetails"]
    assert shown.endswith("ending in 678")
    kept = repr(vars(payee.town.ledger))
    assert shown in kept
    assert "12345678" not in kept


def test_an_approval_is_of_one_change_and_void_with_it(payee: Payee) -> None:
    payee.change("021000021 12345678")
    payee.say(payee.asked()[0], XERO, "ana")
    # Changed again before the second one said so: the first word was on other details.
    payee.change("021000021 87654321")
    _third, fourth = payee.asked()
    payee.say(fourth, XERO, "ben")
    assert payee.town.sync(VENDORS) == 0
    assert payee.is_held()
    # Changed back: nothing is held, and who approved it meanwhile approved nothing of later ones.
    payee.change("")
    assert (payee.is_held(), payee.asked()) == (False, [])
    payee.change("021000021 87654321")
    third, fourth = payee.asked()
    payee.say(third, XERO, "ana")
    assert payee.town.sync(VENDORS) == 0
    assert payee.is_held()
    payee.say(fourth, SAGE100, "cem")
    assert payee.town.sync(VENDORS) == 0
    assert (payee.is_held(), payee.asked()) == (True, [])


def test_bank_details_are_approved_one_change_at_a_time(payee: Payee) -> None:
    payee.change("021000021 12345678")
    with pytest.raises(RejectedError) as refused:
        answer(
            payee.town.ledger,
            payee.asked()[0].conflict_id,
            XERO,
            why="always right",
            by="ana",
            is_standing=True,
        )
    assert refused.value.cause == "approval_cannot_stand"


def test_one_contact_is_a_customer_and_a_vendor(town: Town) -> None:
    town.news(CUSTOMERS)
    made = town.people("create_contact", Name="Both Ltd", EmailAddress="both@example.com")
    contact_id = made["ContactID"]
    town.simulator.overwrite("contacts", contact_id, IsCustomer=True, IsSupplier=True)
    assert town.sync(CUSTOMERS) == 1
    (customer,) = town.ledger.bindings_to(PAIR.pair, "customer", [contact_id], XERO).values()
    bound = town.ledger.bindings(PAIR.pair, "customer", [customer.key], SAGE100)
    customer_id = bound[customer.key].external_id

    # A vendor of the same name becomes no contact of its own: a person says that the two are one.
    key = {"APDivisionNo": "00", "VendorNo": "BOTHCO"}
    vendor = record(
        "vendor", "BOTHCO", {**key, "VendorName": "Both Ltd", "TermsCode": "30"}, "VendorName"
    )
    town.sage100.target("vendor").send([vendor])
    assert town.sync(VENDORS) == 0
    assert len(town.xero.find_contacts(names=["Both Ltd"])) == 1
    letters = [one for one in town.ledger.dead_letters(PAIR.pair) if "BOTH" in one.trace_key]
    assert {one.cause for one in letters} == {"possible_duplicate"}
    for system, external_id in ((XERO, contact_id), (SAGE100, "00-BOTHCO")):
        town.ledger.bind(
            NewBinding(
                pair=PAIR.pair,
                entity="vendor",
                key="S-00-BOTHCO",
                system=system,
                external_id=external_id,
                external_no="",
                provenance="a person",
            )
        )
    for letter in letters:
        town.ledger.replay(letter.dead_letter_id)
    town.sync(VENDORS)
    assert row(town, "AP_Vendor", "00-BOTHCO")["EmailAddress"] == "both@example.com"
    assert (town.sync(VENDORS), town.sync(CUSTOMERS)) == (0, 0)

    # What they share goes to both, whoever changed it.
    town.people("change_contact", ContactID=contact_id, EmailAddress="new@example.com")
    assert (town.sync(VENDORS), town.sync(CUSTOMERS)) == (1, 1)
    town.change("AP_Vendor", key, EmailAddress="payables@example.com")
    assert (town.sync(VENDORS), town.sync(CUSTOMERS)) == (1, 1)
    emails = {
        node(town, "Contacts", contact_id)["EmailAddress"],
        row(town, "AP_Vendor", "00-BOTHCO")["EmailAddress"],
        row(town, "AR_Customer", customer_id)["EmailAddress"],
    }
    assert emails == {"payables@example.com"}

    # One of the two ends: the contact stays while the other one needs it, and a person is asked.
    division, _dash, number = customer_id.partition("-")
    town.change("AR_Customer", {"ARDivisionNo": division, "CustomerNo": number}, CustomerStatus="I")
    assert town.sync(CUSTOMERS) == 0
    assert node(town, "Contacts", contact_id)["ContactStatus"] == "ACTIVE"
    (conflict,) = town.ledger.conflicts(PAIR.pair, entity="customer", keys={customer.key})
    assert (conflict.field, conflict.winner) == (ACTIVE, None)
    # Both have ended: nobody needs it any more.
    town.change("AP_Vendor", key, VendorStatus="I")
    assert town.sync(VENDORS) == 1
    assert node(town, "Contacts", contact_id)["ContactStatus"] == "ARCHIVED"
    assert (town.sync(CUSTOMERS), town.sync(VENDORS)) == (0, 0)
    assert town.ledger.conflicts(PAIR.pair, entity="customer", keys={customer.key}) == []
