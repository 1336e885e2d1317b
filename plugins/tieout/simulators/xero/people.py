"""What people do to contacts and items at the vendor's own screens: ``/_people/{tenant}/{act}``.

They obey the rules that the API obeys, and are refused in the same words; only they can restore an
archived contact or merge two. The texts of what a screen alone refuses are ours.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tieout.simulators.xero import contacts, items
from tieout.simulators.xero.contact_forms import shown as contact_shown
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.setting_records import Item
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, read_as

_PLACES: Final = 4
_NOT_ACTIVE: Final = "Only active contacts can be merged."
_CODE_IS_KEPT: Final = "The Contact Code is read only on the contact screen"


def act(books: Books, name: str, body: Json) -> Json:
    """Do one act and return the record as it is now.

    Raises:
        NotFoundError: There is no such act or record.
        InvalidError: The vendor does not let the person do that.
    """
    if name not in _ACTS:
        raise NotFoundError
    return _ACTS[name](books, body)


def _create_contact(books: Books, body: Json) -> Json:
    return _shown(books, contacts.upserted(books, read_as(Contact, body), creates_only=True))


def _change_contact(books: Books, body: Json) -> Json:
    _contact(books, body, "contactid")
    if body.keys() & {"contactnumber", "contactstatus"}:
        raise InvalidError([_CODE_IS_KEPT])
    return _shown(books, contacts.upserted(books, read_as(Contact, body), creates_only=False))


def _archive_contact(books: Books, body: Json) -> Json:
    contact = _contact(books, body, "contactid")
    request = Contact(contact_id=contact.contact_id, contact_status="ARCHIVED")
    return _shown(books, contacts.upserted(books, request, creates_only=False))


def _restore_contact(books: Books, body: Json) -> Json:
    return _shown(books, contacts.restored(books, _contact(books, body, "contactid")))


def _merge_contacts(books: Books, body: Json) -> Json:
    lost, kept = _contact(books, body, "fromcontactid"), _contact(books, body, "tocontactid")
    are_two = lost.contact_id != kept.contact_id
    check(
        [] if are_two and contacts.is_active(lost) and contacts.is_active(kept) else [_NOT_ACTIVE]
    )
    return _shown(books, contacts.merged(books, lost, kept))


def _save_item(books: Books, body: Json, *, creates_only: bool) -> Json:
    return items.shown(items.saved(books, read_as(Item, body), creates_only=creates_only), _PLACES)


def _create_item(books: Books, body: Json) -> Json:
    return _save_item(books, body, creates_only=True)


def _change_item(books: Books, body: Json) -> Json:
    _item(books, body)
    return _save_item(books, body, creates_only=False)


def _delete_item(books: Books, body: Json) -> Json:
    item = _item(books, body)
    books.items.drop(item)
    return items.shown(item, _PLACES)


def _contact(books: Books, body: Json, member: str) -> Contact:
    found = books.contacts.get(str(body.get(member)))
    if found is None:
        raise NotFoundError
    return found


def _item(books: Books, body: Json) -> Item:
    found = books.items.get(str(body.get("itemid")))
    if found is None:
        raise NotFoundError
    return found


def _shown(books: Books, contact: Contact) -> Json:
    return contact_shown(books, contact)


_ACTS: Final[Mapping[str, Callable[[Books, Json], Json]]] = {
    "create_contact": _create_contact,
    "change_contact": _change_contact,
    "archive_contact": _archive_contact,
    "restore_contact": _restore_contact,
    "merge_contacts": _merge_contacts,
    "create_item": _create_item,
    "change_item": _change_item,
    "delete_item": _delete_item,
}
