"""How contacts look: alone, on a page, after a write, inside documents, and refused.

Each form has the members of its recording (``GET``, ``PUT`` and ``POST Contacts``).
"""

from typing import Final

from tieout.simulators.xero import attachments
from tieout.simulators.xero.contact_records import Address, Contact, Phone
from tieout.simulators.xero.refusals import InvalidError, validation_errors
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import ZERO_GUID, Json, members, rendered

_HEAD: Final = (
    *("contact_id", "contact_number", "account_number", "contact_status", "name", "first_name"),
    *("last_name", "company_number", "email_address"),
)
_DETAIL: Final = (
    *("bank_account_details", "tax_number", "accounts_receivable_tax_type"),
    *("accounts_payable_tax_type",),
)
_DEFAULTS: Final = (
    *("merged_to_contact_id", "default_currency", "payment_terms", "sales_default_account_code"),
    *("purchases_default_account_code", "sales_default_line_amount_type"),
)


def shown(books: Books, contact: Contact, *, written: bool = False, full: bool = True) -> Json:
    """Return a contact as the vendor shows it alone, on a page, or after a write."""
    content = members(contact, *_HEAD, *_DETAIL) if full else members(contact, *_HEAD)
    addresses, phones = contact.addresses, contact.phones
    if not written:
        if not contact.bank_account_details:
            content.pop("BankAccountDetails", None)
        addresses = tuple(sorted(addresses, key=lambda slot: slot.address_type))
        phones = tuple(sorted(phones, key=lambda slot: slot.phone_type))
    content["Addresses"] = [_address(slot, blanks=written) for slot in addresses]
    content["Phones"] = [_phone(slot, blanks=written) for slot in phones]
    content |= members(contact, "updated") and {"UpdatedDateUTC": rendered(contact.updated)}
    content["ContactGroups"] = _groups(books, contact) if full and not written else []
    content |= {"IsSupplier": bool(contact.is_supplier), "IsCustomer": bool(contact.is_customer)}
    if written:
        content |= {"SalesTrackingCategories": [], "PurchasesTrackingCategories": []}
    if full:
        content |= members(contact, *_DEFAULTS)
    content["ContactPersons"] = rendered(contact.contact_persons) if full else []
    if not written:
        content["HasAttachments"] = attachments.are_on(books, contact.contact_id)
    content["HasValidationErrors"] = False
    return content


def _groups(books: Books, contact: Contact) -> list[Json]:
    """Return the active groups that a contact is in."""
    return [
        {**members(group, "contact_group_id", "name", "status"), "Contacts": []}
        for group in books.contact_groups.all()
        if group.status == "ACTIVE" and contact.contact_id in group.contact_ids
    ]


def summary(books: Books, contact: Contact) -> Json:
    """Return a contact as ``summaryOnly`` shows it."""
    content = shown(books, contact, full=False)
    return {key: value for key, value in content.items() if key not in ("IsSupplier", "IsCustomer")}


def reference(contact: Contact) -> Json:
    """Return a contact as lists of documents show it."""
    return {
        **members(contact, "contact_id", "name"),
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def _address(slot: Address, *, blanks: bool) -> Json:
    blank: Json = {"City": "", "Region": "", "PostalCode": "", "Country": ""} if blanks else {}
    named = [name for name in Address.model_fields if getattr(slot, name) not in (None, "")]
    return {"AddressType": slot.address_type, **blank, **members(slot, *named)}


def _phone(slot: Phone, *, blanks: bool) -> Json:
    blank: Json = {"PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""} if blanks else {}
    named = [name for name in Phone.model_fields if getattr(slot, name) not in (None, "")]
    return {"PhoneType": slot.phone_type, **blank, **members(slot, *named)}


def echoed(request: Contact, refusal: InvalidError) -> Json:
    """Return a refused contact as the vendor echoes it."""
    named = request.model_fields_set - {"contact_id", "contact_status", "updated"}
    status = refusal.stored_status or request.contact_status
    content: Json = {
        "ContactID": refusal.stored_id or ZERO_GUID,
        **({"ContactStatus": status} if status else {}),
        **members(request, *(name for name in (*_HEAD, *_DETAIL) if name in named)),
    }
    for plural, slots in (("Addresses", request.addresses), ("Phones", request.phones)):
        content[plural] = [
            {
                **members(slot, *type(slot).model_fields),
                "ValidationErrors": validation_errors(refusal.slots.get((plural, index), ())),
            }
            for index, slot in enumerate(slots)
        ]
    content["ContactGroups"] = []
    flags = ("is_supplier", "is_customer", *_DEFAULTS)
    content |= members(request, *(name for name in flags if name in named))
    return {**content, "ContactPersons": rendered(request.contact_persons)}
