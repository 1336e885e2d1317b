"""Contacts: rules of the resource, and of contacts in documents; contact_forms shows them."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeVar

from tieout.simulators.xero import batch, history, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.contact_forms import echoed, shown, summary
from tieout.simulators.xero.contact_records import Address, Contact, Phone
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check, too_long
from tieout.simulators.xero.store import Books, Shelf
from tieout.simulators.xero.wire import Json, given, wire_name

_LENGTHS: Final = {
    **dict.fromkeys(("name", "first_name", "last_name", "email_address"), 255),
    **dict.fromkeys(("contact_number", "account_number", "company_number", "tax_number"), 50),
}
_ADDRESS_LENGTHS: Final = {
    **{f"address_line{number}": 500 for number in range(1, 5)},
    **dict.fromkeys(("city", "region", "attention_to"), 255),
    **dict.fromkeys(("postal_code", "country"), 50),
}
_PHONE_LENGTHS: Final = {"phone_number": 50, "phone_area_code": 10, "phone_country_code": 20}
_PERSONS_MAX: Final = 5
_EMAIL: Final = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_COUNTRY: Final = re.compile(r"^[^\W\d_]+(?:[ .,'()-]+[^\W\d_]+)*[.)]?$")
_ADDRESS_TYPES: Final = ("STREET", "POBOX")
_PHONE_TYPES: Final = ("DEFAULT", "DDI", "FAX", "MOBILE")
_READ_ONLY: Final = {"contact_id", "merged_to_contact_id", "updated"}
_ARCHIVED_TEXT: Final = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
_IDENTITY_TEXT: Final = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)

LISTING: Final = Listing[Contact](
    plural="Contacts",
    singular="Contact",
    fields={
        "contactid": lambda c: c.contact_id,
        "contactnumber": lambda c: c.contact_number,
        "accountnumber": lambda c: c.account_number,
        "contactstatus": lambda c: c.contact_status,
        "name": lambda c: c.name,
        "firstname": lambda c: c.first_name,
        "lastname": lambda c: c.last_name,
        "emailaddress": lambda c: c.email_address,
        "taxnumber": lambda c: c.tax_number,
        "iscustomer": lambda c: bool(c.is_customer),
        "issupplier": lambda c: bool(c.is_supplier),
        "updateddateutc": lambda c: c.updated,
    },
    paged=True,
    optimised=frozenset(("name", "emailaddress", "contactid", "updateddateutc")),
)


def answer(call: Call) -> Answer:
    """Serve /Contacts."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    if call.action or call.method == "GET":
        contact = _by_id_or_number(call.books, call.record_id)
        if call.action:
            return history.answer(call, contact.contact_id or "")
        return Answer(content={"Contacts": [shown(call.books, contact)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    changed = call.books.contacts.changed_since(call.modified_since)
    contacts = lists.named(call, changed, ids=lambda c: c.contact_id)
    if not call.flag("includeArchived"):
        contacts = [c for c in contacts if c.contact_status != "ARCHIVED"]
    if term := call.query.get("searchterm", "").casefold():
        contacts = [c for c in contacts if term in _searched(c)]
    chosen = lists.selected(call, contacts, LISTING)
    if call.flag("summaryOnly"):
        return Answer(
            content=lists.paged(
                call, chosen, LISTING, render=partial(summary, call.books), force=True
            )
        )
    return Answer(
        content=lists.paged(
            call,
            chosen,
            LISTING,
            render=partial(shown, call.books),
            render_short=partial(shown, call.books, full=False),
        )
    )


def merged(books: Books, lost: Contact, kept: Contact) -> Contact:
    """Merge a contact into another, as people do at the vendor's screen: the API cannot.

    The lost one is archived and names the other (specification: MergedToContactID); its documents
    are the other's from now on. That this does not touch the documents' UpdatedDateUTC is ours.
    """
    shelves: tuple[Shelf[Any], ...] = (
        *(books.invoices, books.credit_notes, books.overpayments, books.prepayments),
        *(books.bank_transactions, books.purchase_orders),
    )
    for shelf in shelves:
        for one in shelf.all():
            if one.contact_id == lost.contact_id:
                shelf.put(one.model_copy(update={"contact_id": kept.contact_id}))
    history.recorded(books, kept.contact_id, "Merged", f"{lost.name} merged into this contact")
    update = {"contact_status": "ARCHIVED", "merged_to_contact_id": kept.contact_id}
    return books.contacts.put(lost.model_copy(update={**update, "updated": books.clock()}))


def restored(books: Books, contact: Contact) -> Contact:
    """Bring an archived contact back, as people do: the API refuses (domain/xero README, 2.8).

    Raises:
        InvalidError: An active contact has its name by now. Whether the vendor checks so is ours.
    """
    named = [one for one in books.contacts.find("name", contact.name) if is_active(one)]
    check([_taken_name(contact.name)] if any(one is not contact for one in named) else [])
    update = {"contact_status": "ACTIVE", "merged_to_contact_id": None, "updated": books.clock()}
    history.recorded(books, contact.contact_id, "Restored", f"Contact {contact.name} restored")
    return books.contacts.put(contact.model_copy(update=update))


def _searched(contact: Contact) -> str:
    texts = (
        *(contact.name, contact.first_name, contact.last_name),
        *(contact.contact_number, contact.email_address),
    )
    return "\n".join(text for text in texts if text).casefold()


def _by_id_or_number(books: Books, key: str) -> Contact:
    found = books.contacts.get(key) or next(iter(books.contacts.find("number", key)), None)
    if found is None:
        raise NotFoundError
    return found


def _apply(call: Call, request: Contact) -> Json:
    contact = upserted(call.books, request, creates_only=call.creates_only)
    return shown(call.books, contact, written=True)


def upserted(books: Books, request: Contact, *, creates_only: bool) -> Contact:
    """Create the contact, or update the one that the request matches.

    Matching is by ContactID, then ContactNumber, then Name among active contacts (unverified:
    domain/xero README, 2.8).

    Raises:
        NotFoundError: The ContactID is unknown.
        InvalidError: The request breaks a rule.
    """
    matched = _matched(books, request)
    if matched is not None and matched.contact_status == "ARCHIVED":
        raise InvalidError(
            [_ARCHIVED_TEXT], stored_id=matched.contact_id or "", stored_status="ARCHIVED"
        )
    if matched is not None and creates_only:
        check(_collisions(books, request, None) or [_taken_name(matched.name)])
    slots = _slot_problems(request)
    of_slots = [text for texts in slots.values() for text in texts]
    messages = of_slots + _problems(books, request, matched)
    if messages:
        raise InvalidError(messages, slots=slots)
    return _updated(books, matched, request) if matched else _created(books, request)


def _matched(books: Books, request: Contact) -> Contact | None:
    if request.contact_id:
        contact = books.contacts.get(request.contact_id)
        if contact is None:
            raise NotFoundError
        return contact
    numbered = books.contacts.find("number", request.contact_number)
    active = [c for c in books.contacts.find("name", request.name) if is_active(c)]
    return next(iter([*numbered, *active]), None)


def is_active(contact: Contact) -> bool:
    """Say whether a contact counts."""
    return contact.contact_status == "ACTIVE"


def _taken_name(name: str | None) -> str:
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


def _collisions(books: Books, request: Contact, own: Contact | None) -> list[str]:
    named = [c for c in books.contacts.find("name", request.name) if is_active(c)]
    numbered = books.contacts.find("number", request.contact_number)
    messages = []
    if any(contact is not own for contact in named):
        messages.append(_taken_name(request.name))
    if any(contact is not own for contact in numbered):
        messages.append(
            f"The contact number {request.contact_number} is already assigned to another contact. "
            "The contact number must be unique across all contacts."
        )
    return messages


def _problems(books: Books, request: Contact, matched: Contact | None) -> list[str]:
    messages = too_long(request, _LENGTHS, _names(_LENGTHS))
    if matched is None and not (request.name or request.contact_number):
        messages.append(_IDENTITY_TEXT)
    elif matched is None and not request.name:
        messages.append("The Contact Name must be specified.")
    name = request.name or ""
    if "<" in name or ">" in name:
        messages.append("The Contact Name cannot contain the characters < or >")
    if name != name.strip() or "  " in name:
        messages.append("The Contact Name cannot contain leading, trailing or double spaces")
    if request.email_address and not _EMAIL.match(request.email_address):
        messages.append("Email address must be valid.")
    if len(request.contact_persons) > _PERSONS_MAX:
        messages.append(f"A contact can have at most {_PERSONS_MAX} contact persons")
    return messages + _collisions(books, request, matched)


def _slot_problems(request: Contact) -> dict[tuple[str, int], list[str]]:
    """Return what is wrong with each address and phone."""
    found: dict[tuple[str, int], list[str]] = {}
    for index, address in enumerate(request.addresses):
        messages = too_long(address, _ADDRESS_LENGTHS, _names(_ADDRESS_LENGTHS))
        if address.country and not _COUNTRY.match(address.country):
            messages.append("The Country field must contain letters only")
        found["Addresses", index] = messages
    for index, phone in enumerate(request.phones):
        found["Phones", index] = too_long(phone, _PHONE_LENGTHS, _names(_PHONE_LENGTHS))
    return found


def _names(limits: Mapping[str, int]) -> dict[str, str]:
    return {field: wire_name(field) for field in limits}


def _created(books: Books, request: Contact) -> Contact:
    values = {
        **{name: value for name, value in given(request).items() if name not in _READ_ONLY},
        "contact_id": books.new_id(),
        "contact_status": request.contact_status or "ACTIVE",
        "bank_account_details": request.bank_account_details or "",
        "addresses": _slots(Address, "address_type", _ADDRESS_TYPES, (), request.addresses),
        "phones": _slots(Phone, "phone_type", _PHONE_TYPES, (), request.phones),
        "is_customer": bool(request.is_customer),
        "is_supplier": bool(request.is_supplier),
        "updated": books.clock(),
    }
    contact = books.contacts.put(Contact.model_validate(values))
    history.recorded(books, contact.contact_id, "Created", f"Contact {contact.name} created")
    return contact


def _updated(books: Books, prior: Contact, request: Contact) -> Contact:
    changes = {name: value for name, value in given(request).items() if name not in _READ_ONLY}
    if not changes:
        return prior
    if "addresses" in changes:
        changes["addresses"] = _slots(
            Address, "address_type", _ADDRESS_TYPES, prior.addresses, request.addresses
        )
    if "phones" in changes:
        changes["phones"] = _slots(Phone, "phone_type", _PHONE_TYPES, prior.phones, request.phones)
    contact = prior.model_copy(update={**changes, "updated": books.clock()})
    history.recorded(books, contact.contact_id, "Edited", f"Contact {contact.name} edited")
    return books.contacts.put(contact)


Slot = TypeVar("Slot", Address, Phone)


def _slots(
    model: type[Slot],
    kind: str,
    kinds: tuple[str, ...],
    prior: tuple[Slot, ...],
    named: tuple[Slot, ...],
) -> tuple[Slot, ...]:
    """Return every slot: posting fills the slots it names and leaves the others."""
    filled: dict[str, Slot] = {getattr(slot, kind): slot for slot in prior}
    for slot in named:
        old = filled.get(getattr(slot, kind))
        filled[getattr(slot, kind)] = old.model_copy(update=given(slot)) if old else slot
    more: list[str] = [name for name in filled if name not in kinds]
    return tuple(filled.get(name) or model.model_validate({kind: name}) for name in (*kinds, *more))


def resolved(books: Books, request: Contact | None) -> Contact:
    """Return the contact of a document, creating or updating it as the vendor does.

    A bare ContactID refers; any other member creates a contact or changes the one it matches, and
    contact persons that are not named are removed.

    Raises:
        InvalidError: There is no such contact, or it cannot be used.
    """
    if request is None or not (request.contact_id or request.contact_number or request.name):
        raise InvalidError(["A Contact must be specified for this type of transaction"])
    references = {"contact_id", "contact_number", "name"}
    try:
        matched = _matched(books, request)
    except NotFoundError as error:
        # The vendor's text for an unknown ContactID inside a document is not in our documents.
        raise InvalidError(["The Contact could not be found"]) from error
    if matched is not None and request.model_fields_set <= references:
        unchanged = request.name is None or request.name == matched.name
        if unchanged and matched.contact_status == "ACTIVE":
            return matched
    if matched is not None and "contact_persons" not in request.model_fields_set:
        request = request.model_copy(update={"contact_persons": ()})
    return upserted(books, request, creates_only=False)


def of_edited(books: Books, request: Contact | None, prior_id: str) -> str:
    """Return the id of the contact that a document has after an update."""
    return prior_id if request is None else resolved(books, request).contact_id or ""


def marked(books: Books, contact: Contact, invoice_type: str) -> Contact:
    """Note that the contact has an invoice; the vendor does not bump UpdatedDateUTC for it."""
    field = "is_customer" if invoice_type == "ACCREC" else "is_supplier"
    if getattr(contact, field):
        return contact
    return books.contacts.put(contact.model_copy(update={field: True}))


WRITING: Final = Writing[Contact](
    plural="Contacts",
    singular="Contact",
    model=Contact,
    id_field="contactid",
    id_key="ContactID",
    apply=_apply,
    echo=echoed,
)
