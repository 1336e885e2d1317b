"""Changes of what is there already: contacts, contacts archived, items; each named by its id.

A payload has the record's id, the members that it shall hold and, under ``expected``, what those
hold by the last agreed form ('' where it says nothing). The record is read right before the write:
what it holds as it shall be is left alone, what it holds as expected is changed, and anything else
is a person's edit, which is never undone. Xero compares nothing itself, so an edit within that
second is overwritten; Xero's history of the record has it.

An id is always sent, never a name to match by. A nested part, such as one address or the sales
details, is sent with what stands in it beside the change: how Xero treats what a part leaves out is
not documented.
"""

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import NO_ID, SaidContact, SaidItem
from tieout.connectors.xero.check import AMOUNT_MEMBERS
from tieout.connectors.xero.client import FILTER_TERMS_MAX, Row, any_of
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.refusals import DIFFERS, NAMES_UNKNOWN, Refusal, unfit
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, XeroTarget, text
from tieout.connectors.xero.targets.contacts import ACTIVE, contact_landed
from tieout.connectors.xero.targets.invoices import PLACES
from tieout.connectors.xero.targets.items import price_text
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed, Outcome

EXPECTED = "expected"
HELD = "held"
"""Where a payload on its way has the record as it was read right before."""
SLOTS = {"Addresses": "AddressType", "Phones": "PhoneType"}
"""The members that hold one part of each type, and what says which."""
ARCHIVED = "ARCHIVED"


class ChangeTarget(XeroTarget, ABC):
    """Records that are there, brought to what a payload states of them."""

    guard = "the record's id: a change names it, and nothing is written over a person's edit"
    updates_known = True
    settle_s = SETTLE_S
    """An older change that lands late would undo a newer one: it is waited for."""
    members: ClassVar[frozenset[str]]
    """What may be stated, by whole members or by parts of one: the rest is people's."""

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, self.resource.id_member).lower(),)

    @override
    def _echoes(self, payload: Json, row: Row) -> bool:
        """Go by the id; an element that was refused may have the zero one."""
        said = str(row.get(self.resource.id_member, NO_ID)).lower()
        return (said,) == self._key(payload) or said == NO_ID

    @override
    def _content(self, payload: Json) -> Json:
        content = {name: value for name, value in payload.items() if name not in {EXPECTED, HELD}}
        return filled(content, payload.get(HELD))

    @override
    def _unfit(self, payload: Json) -> str:
        stray = sorted(
            path
            for path in {**self._stated(payload), **self._expected(payload)}
            if path not in self.members and path.partition(".")[0] not in self.members
        )
        if stray:
            return f"{stray[0]} is not ours to change in a {self.model.lower()}"
        return "" if self._stated(payload) else "it states no change"

    def _stated(self, payload: Json) -> dict[str, str]:
        """Return what the payload states, by path.

        Raises:
            ValueError: It is of no form that a change has.
        """
        named = {EXPECTED, HELD, self.resource.id_member}
        return flat({name: value for name, value in payload.items() if name not in named})

    def _expected(self, payload: Json) -> dict[str, str]:
        """Return what the record holds by the last agreed form, by path."""
        expected = payload.get(EXPECTED)
        return flat(expected) if isinstance(expected, dict) else {}

    @override
    def held(self, deliveries: Sequence[Delivery]) -> dict[DeliveryId, list[Found]]:
        """Return each delivery's record, with what it holds where the delivery states something."""
        held = super().held(deliveries)
        return {
            one.delivery_id: [self._narrowed(one, found) for found in held[one.delivery_id]]
            for one in deliveries
        }

    def _narrowed(self, delivery: Delivery, found: Found) -> Found:
        stated = self._stated(delivery.payload)
        figures = {path: found.landed.figures.get(path, "") for path in stated}
        return replace(found, landed=found.landed.model_copy(update={"figures": figures}))

    @override
    def is_ours(self, delivery: Delivery, one: Found) -> bool:
        """Say whether the record holds all that is stated: then the change is done."""
        return one.landed.figures == self._stated(delivery.payload)

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return {mine: found[0].landed for mine, found in self.held(deliveries).items() if found}

    @override
    def _read_back(self, taken: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return self.present(taken)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        outcomes: dict[DeliveryId, Outcome] = {}
        sound: list[Delivery] = []
        for delivery in deliveries:
            try:
                self._key(delivery.payload)
                problem = self._unfit(delivery.payload)
            except ValueError as error:
                problem = str(error)
            if problem:
                outcomes[delivery.delivery_id] = unfit(problem).outcome()
            else:
                sound.append(delivery)
        changes: list[Delivery] = []
        held = self.held(sound)
        for delivery in sound:
            judged = self._judged(delivery, held[delivery.delivery_id])
            if isinstance(judged, Delivery):
                changes.append(judged)
            else:
                outcomes[delivery.delivery_id] = judged
        return outcomes | self.sent(changes, self.resource)

    def _judged(self, delivery: Delivery, held: Sequence[Found]) -> Outcome | Delivery:
        """Return the delivery as it is to be sent, or what becomes of it without."""
        if not held:
            return Refusal(NAMES_UNKNOWN, NAMES_UNKNOWN.says).outcome()
        landed = held[0].landed
        if self.is_ours(delivery, held[0]):
            return landed
        stated, expected = self._stated(delivery.payload), self._expected(delivery.payload)
        edited = {
            path: value
            for path, value in landed.figures.items()
            if value not in {stated[path], expected.get(path, "")}
        }
        if edited:
            shows = ", ".join(
                f"{path} is {value!r}, expected {expected.get(path, '')!r}"
                for path, value in edited.items()
            )
            said = (
                f"{self.model} {landed.external_no or landed.external_id} {DIFFERS.says}: {shows}."
            )
            return Refusal(DIFFERS, said, landed.answer).outcome()
        payload = {**delivery.payload, HELD: landed.answer}
        return delivery.model_copy(update={"payload": payload})

    @override
    def refused(self, delivery: Delivery, refusal: Refusal) -> Outcome:
        """Return Xero's words: what stands in the way of a change is another record."""
        return refusal.outcome()


class ContactUpdateTarget(ChangeTarget):
    """What a contact is called, and where it is reached; the rest of it is people's."""

    entity = "contact_update"
    model = "Contact"
    resource = Resource("Contacts", "Contacts", "POST", "ContactID", ONE_BY_ONE)
    members: ClassVar[frozenset[str]] = frozenset(
        {
            *("Name", "FirstName", "LastName", "EmailAddress", "Addresses", "Phones"),
            *("ContactNumber", "AccountNumber", "CompanyNumber"),
        }
    )
    """No tax number, bank details, terms or accounts (docs/reference/accounting.md)."""

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for start in range(0, len(keys), FILTER_TERMS_MAX):
            some = ",".join(key for (key,) in keys[start : start + FILTER_TERMS_MAX])
            params = {"IDs": some, "includeArchived": "true"}
            for row in self.client.all_rows("Contacts", params=params):
                said = SaidContact.of(row)
                landed = contact_landed(said, row).model_copy(update={"figures": flat_row(row)})
                yield Found((said.contact_id.lower(),), landed)


class ContactArchiveTarget(ContactUpdateTarget):
    """Contacts archived; nobody brings one back by the API (domain/xero README, 2.8)."""

    entity = "contact_archive"
    guard = "ContactStatus: an archived contact is changed by nothing any more"
    members: ClassVar[frozenset[str]] = frozenset({"ContactStatus"})

    @override
    def _unfit(self, payload: Json) -> str:
        if self._stated(payload) == {"ContactStatus": ARCHIVED}:
            return ""
        return "what archives a contact is its ContactID and the ContactStatus ARCHIVED alone"

    @override
    def _expected(self, payload: Json) -> dict[str, str]:
        return {"ContactStatus": ACTIVE}


class ItemUpdateTarget(ChangeTarget):
    """What an item is called and sold for; its stock, cost and accounts are never written."""

    entity = "item_update"
    model = "Item"
    resource = Resource("Items", "Items", "POST", "ItemID", {**ONE_BY_ONE, **PLACES})
    members: ClassVar[frozenset[str]] = frozenset(
        {
            *("Code", "Name", "Description", "PurchaseDescription", "IsSold", "IsPurchased"),
            "SalesDetails.UnitPrice",
        }
    )

    @override
    def _content(self, payload: Json) -> Json:
        """Send the code with every change: Xero demands it of an item (xero_accounting.yaml)."""
        held = payload.get(HELD)
        return {
            **({"Code": held.get("Code")} if isinstance(held, dict) else {}),
            **super()._content(payload),
        }

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for where in any_of("ItemID", [key for (key,) in keys], as_guid=True):
            for row in self.client.rows("Items", "Items", params={"where": where, **PLACES}):
                said = SaidItem.of(row)
                landed = Landed(
                    external_id=said.item_id,
                    external_no=said.code,
                    figures=flat_row(row),
                    answer=plain_json(row),
                )
                yield Found((said.item_id.lower(),), landed)


def flat(content: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return every value of a payload as text, by its path, such as ``Addresses.POBOX.City``.

    Raises:
        ValueError: A member is a list without types, or a null.
    """
    return dict(_flat(content, ""))


def flat_row(row: Row) -> dict[str, str]:
    """Return so what Xero shows of a record, as far as a payload could state it."""
    plain = plain_json(row)
    shown = plain if isinstance(plain, dict) else {}
    stateable = {
        name: value
        for name, value in shown.items()
        if value is not None and (name in SLOTS or not isinstance(value, list))
    }
    return flat(stateable)


def _flat(content: Mapping[str, JsonValue], above: str) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        path = f"{above}{name}"
        match value:
            case dict():
                yield from _flat(value, f"{path}.")
            case list() if name in SLOTS:
                for slot in _slots(name, value):
                    kind = str(slot[SLOTS[name]])
                    rest = {inner: item for inner, item in slot.items() if inner != SLOTS[name]}
                    yield from _flat(rest, f"{path}.{kind}.")
            case bool():
                yield path, "true" if value else "false"
            case str() | int():
                yield path, _text(name, str(value))
            case _:
                message = f"{path} is of no form that a change can state"
                raise ValueError(message)


def _text(name: str, said: str) -> str:
    """Return a value as it is compared: prices with their decimals, texts without outer blanks."""
    if name not in AMOUNT_MEMBERS or not said:
        return said.strip()
    try:
        return price_text(Decimal(said))
    except InvalidOperation as error:
        message = f"{name} {said!r} is not an amount"
        raise ValueError(message) from error


def _slots(name: str, parts: Iterable[JsonValue]) -> Iterator[Json]:
    for part in parts:
        if not isinstance(part, dict) or not part.get(SLOTS[name]):
            message = f"one of {name} has no {SLOTS[name]}"
            raise ValueError(message)
        yield part


def filled(payload: Json, held: JsonValue) -> Json:
    """Return a payload whose nested parts also say what the record holds in them."""
    shown = held if isinstance(held, dict) else {}
    return {name: _filled(name, value, shown.get(name)) for name, value in payload.items()}


def _filled(name: str, value: JsonValue, held: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {**(held if isinstance(held, dict) else {}), **value}
    if not isinstance(value, list) or name not in SLOTS:
        return value
    there = {
        str(slot[SLOTS[name]]): slot
        for slot in _slots(name, held if isinstance(held, list) else ())
    }
    return [{**there.get(str(slot[SLOTS[name]]), {}), **slot} for slot in _slots(name, value)]
