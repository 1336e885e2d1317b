"""Contact groups and their members.

The limit and its text are the specification's; that active groups have different names, and the
text for it, is ours.
"""

from typing import Final

from tieout.simulators.xero import batch, contact_forms, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.side_records import ContactGroup, ContactLink
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, members

_GROUPS_MAX: Final = 100
_LIMIT_TEXT: Final = "You’ve reached the limit of 100 contact groups."  # noqa: RUF001 - theirs

LISTING: Final = Listing[ContactGroup](
    plural="ContactGroups",
    singular="ContactGroup",
    fields={
        "contactgroupid": lambda g: g.contact_group_id,
        "name": lambda g: g.name,
        "status": lambda g: g.status,
    },
)


def answer(call: Call) -> Answer:
    """Serve /ContactGroups and the members of one."""
    books = call.books
    if not call.record_id:
        if call.method != "GET":
            return batch.written(call, WRITING)
        chosen = lists.selected(call, _active(books), LISTING)
        return Answer(content=lists.paged(call, chosen, LISTING, render=shown))
    group = books.contact_groups.get(call.record_id)
    if group is None:
        raise NotFoundError
    if call.action:
        return _members(call, group)
    if call.method == "GET":
        named = [one for key in group.contact_ids if (one := books.contacts.get(key))]
        content = {**shown(group), "Contacts": [contact_forms.reference(one) for one in named]}
        return Answer(content={"ContactGroups": [content]})
    return batch.written(call, WRITING)


def _active(books: Books) -> list[ContactGroup]:
    return [group for group in books.contact_groups.all() if group.status == "ACTIVE"]


def _apply(call: Call, request: ContactGroup) -> Json:
    books = call.books
    prior = books.contact_groups.get(request.contact_group_id)
    if request.contact_group_id and prior is None:
        raise NotFoundError
    active = _active(books)
    name = request.name or (prior.name if prior else None) or ""
    named = [group for group in active if (group.name or "").casefold() == name.casefold()]
    messages = [] if name.strip() else ["Name must be specified"]
    if any(group is not prior for group in named):
        messages.append("A contact group with this name exists already")
    if prior is None and len(active) >= _GROUPS_MAX:
        messages.append(_LIMIT_TEXT)
    if prior is not None and prior.status == "DELETED":
        messages.append("A deleted contact group cannot be changed")
    check(messages)
    group = prior or ContactGroup(contact_group_id=books.new_id())
    status = request.status or "ACTIVE"
    return shown(
        books.contact_groups.put(group.model_copy(update={"name": name, "status": status}))
    )


def _members(call: Call, group: ContactGroup) -> Answer:
    """Add contacts to a group, or take out one or all."""
    if call.method == "PUT":
        return batch.written(_on_list(call), _adding(group))
    gone = {call.part_id.casefold()} if call.part_id else {c.casefold() for c in group.contact_ids}
    left = tuple(key for key in group.contact_ids if key.casefold() not in gone)
    if call.part_id and len(left) == len(group.contact_ids):
        raise NotFoundError
    call.books.contact_groups.put(group.model_copy(update={"contact_ids": left}))
    return Answer(204)


def _on_list(call: Call) -> Call:
    return Call(**{**vars(call), "record_id": ""})  # the id is the group's, not the contacts'


def _adding(group: ContactGroup) -> Writing[ContactLink]:
    def apply(call: Call, request: ContactLink) -> Json:
        contact = call.books.contacts.get(request.contact_id)
        if contact is None:
            raise InvalidError(["The Contact could not be found"])
        now = call.books.contact_groups.get(group.contact_group_id) or group
        ids = dict.fromkeys([*now.contact_ids, contact.contact_id or ""])
        call.books.contact_groups.put(now.model_copy(update={"contact_ids": tuple(ids)}))
        return {**contact_forms.reference(contact), "ValidationErrors": []}

    return Writing[ContactLink](
        plural="Contacts",
        singular="Contact",
        model=ContactLink,
        id_field="contactid",
        id_key="",
        apply=apply,
        echo=lambda request, _refusal: batch.plain_echo(request, without=""),
    )


def shown(group: ContactGroup) -> Json:
    """Return a contact group as lists and writes show it: without its members."""
    head = members(group, "contact_group_id", "name", "status")
    return {**head, "Contacts": [], "HasValidationErrors": False}


def _echo(request: ContactGroup, _refusal: InvalidError) -> Json:
    return {**members(request, "name", "status"), "Contacts": []}


WRITING: Final = Writing[ContactGroup](
    plural="ContactGroups",
    singular="ContactGroup",
    model=ContactGroup,
    id_field="contactgroupid",
    id_key="ContactGroupID",
    apply=_apply,
    echo=_echo,
    element_wise=(),
)
