"""Purchase orders: rules and forms (recordings ``GET`` and ``POST PurchaseOrders``).

A number that a live order holds makes a *create* an update of that order, and the answer says
success; one that a deleted order holds is refused (domain/xero README, 2.8). Unit amounts have four
places without asking, lists are always paged and know no ``where`` (1.2).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import (
    batch,
    contact_forms,
    contacts,
    documents,
    history,
    lists,
    printed,
)
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.document_records import PurchaseOrder, PurchaseOrderRequest
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import shown_line
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.organisation import local_time
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, too_long
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import (
    ZERO_GUID,
    Json,
    day_string,
    members,
    ms_date,
    parsed_date,
    wire_name,
)

_LENGTHS: Final = {"delivery_instructions": 500}
_STATUS_TEXT: Final = "PurchaseOrder status change is invalid"
_DELETED_TEXTS: Final = (_STATUS_TEXT, "Deleted PurchaseOrders cannot be updated")
_NEXT_STATUSES: Final = {
    **documents.NEXT_STATUSES,
    "AUTHORISED": ("SUBMITTED", "AUTHORISED", "BILLED", "DELETED"),
    "BILLED": ("AUTHORISED", "BILLED"),
}
_CREATABLE: Final = (*documents.CREATABLE, "BILLED")

LISTING: Final = Listing[PurchaseOrder](
    plural="PurchaseOrders",
    singular="PurchaseOrder",
    fields={
        "purchaseorderid": lambda o: o.purchase_order_id,
        "purchaseordernumber": lambda o: o.purchase_order_number,
        "date": lambda o: o.date,
        "deliverydate": lambda o: o.delivery_date,
        "status": lambda o: o.status,
        "total": lambda o: o.total,
        "updateddateutc": lambda o: o.updated,
    },
    paged=True,
)


def answer(call: Call) -> Answer:
    """Serve /PurchaseOrders; an order answers to its id and to its number."""
    call = replace(call, query={**call.query, "unitdp": "4"})
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    order = _found(call.books, call.record_id)
    if call.action == printed.PART:
        title = f"Purchase order {order.purchase_order_number or ''}"
        return printed.printed(call.books, title, order, order.contact_id)
    if call.action:
        return history.answer(call, order.document_id)
    if call.method == "GET":
        return Answer(content={"PurchaseOrders": [_read(call.books, order)]})
    return batch.written(call, WRITING)


def _found(books: Books, key: str | None) -> PurchaseOrder:
    numbered = books.purchase_orders.find("number", key)
    order = books.purchase_orders.get(key) or next(iter(numbered), None)
    if order is None:
        raise NotFoundError
    return order


def _listed(call: Call) -> Answer:
    unfiltered = {key: value for key, value in call.query.items() if key != "where"}
    changed = _filtered(call, call.books.purchase_orders.changed_since(call.modified_since))
    chosen = lists.selected(replace(call, query=unfiltered), changed, LISTING)
    return Answer(
        content=lists.paged(
            call, chosen, LISTING, render=lambda order: _read(call.books, order), force=True
        )
    )


def _filtered(call: Call, orders: list[PurchaseOrder]) -> list[PurchaseOrder]:
    if status := call.query.get("status", "").casefold():
        orders = [order for order in orders if (order.status or "").casefold() == status]
    if since := call.query.get("datefrom", ""):
        orders = [order for order in orders if (order.date or date.min) >= _day(since)]
    if until := call.query.get("dateto", ""):
        orders = [order for order in orders if (order.date or date.max) <= _day(until)]
    return orders


def _day(text: str) -> date:
    return date.fromisoformat(str(parsed_date(text)))


def _apply(call: Call, request: PurchaseOrderRequest) -> Json:
    books = call.books
    if request.purchase_order_id:
        prior: PurchaseOrder | None = _found(books, request.purchase_order_id)
    else:
        prior = next(
            iter(books.purchase_orders.find("number", request.purchase_order_number)), None
        )
        if prior is not None and prior.status == "DELETED":
            draft = shown(books, _drafted(call, request))
            raise InvalidError(_DELETED_TEXTS, echo={**draft, "PurchaseOrderID": ZERO_GUID})
    order = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, order)


def _created(call: Call, request: PurchaseOrderRequest) -> PurchaseOrder:
    return _stored(call.books, _drafted(call, request), "Created")


def _drafted(call: Call, request: PurchaseOrderRequest) -> PurchaseOrder:
    books = call.books
    number = request.purchase_order_number
    values = documents.opened(
        call,
        request,
        purchase_order_id=books.new_id(),
        purchase_order_number=number or documents.next_number(books.purchase_orders, "PO"),
        contact_id=_known_contact(books, request),
    )
    draft = PurchaseOrder.model_validate(values)
    messages = [] if draft.status in _CREATABLE else [_STATUS_TEXT]
    messages += _problems(books, draft)
    terms = documents.terms_of(call, draft, "ACCPAY")
    lines = documents.rounded_lines(call, request)
    return documents.with_lines(call, draft, lines, terms, messages)


def _known_contact(books: Books, request: PurchaseOrderRequest) -> str:
    """Return the id of the contact, which must exist already.

    Raises:
        InvalidError: It does not.
    """
    known = len(books.contacts)
    contact = contacts.resolved(books, request.contact)
    if len(books.contacts) > known:
        raise InvalidError(["The contact of a purchase order must exist already"])
    return contact.contact_id or ""


def _problems(books: Books, order: PurchaseOrder) -> list[str]:
    messages = too_long(order, _LENGTHS, {field: wire_name(field) for field in _LENGTHS})
    return messages + documents.currency_problems(books, order)


def _updated(call: Call, prior: PurchaseOrder, request: PurchaseOrderRequest) -> PurchaseOrder:
    books = call.books
    status = request.status or prior.status or "DRAFT"
    if prior.status == "DELETED":
        raise InvalidError(_DELETED_TEXTS, stored_id=prior.document_id)
    if status not in _NEXT_STATUSES.get(prior.status or "", ()):
        raise InvalidError([_STATUS_TEXT], stored_id=prior.document_id)
    if status == "DELETED":
        return _stored(books, prior.model_copy(update={"status": status}), "Deleted")
    contact_id = prior.contact_id
    if request.contact is not None:
        contact_id = _known_contact(books, request)
    changed = documents.edited(prior, request, contact_id=contact_id)
    terms = documents.terms_of(call, changed, "ACCPAY")
    lines = documents.with_all_lines(call, prior, request)
    problems = _problems(books, changed)
    order = documents.with_lines(call, changed, lines, terms, problems, prior=prior)
    return _stored(books, order, "Edited")


def _stored(books: Books, order: PurchaseOrder, change: str) -> PurchaseOrder:
    return documents.stored(
        books, books.purchase_orders, order, change, f"{order.purchase_order_number}"
    )


def _read(books: Books, order: PurchaseOrder) -> Json:
    """Return a purchase order as it is read back: the recording has a status in its element."""
    return {**shown(books, order), "StatusAttributeString": "OK"}


def shown(books: Books, order: PurchaseOrder) -> Json:
    """Return a purchase order as the vendor shows it."""
    contact = books.contacts.get(order.contact_id)
    content = members(order, "purchase_order_id", "purchase_order_number")
    content |= _days(order)
    content |= {
        "HasErrors": False,
        "IsDiscounted": False,
        "TotalDiscount": Decimal("0.00"),
        "SentToContact": bool(order.sent_to_contact),
        "Type": "PURCHASEORDER",
        **members(order, "currency_rate", "currency_code", "reference", "branding_theme_id"),
        **members(order, "delivery_address", "attention_to", "telephone", "delivery_instructions"),
        "Contact": _contact(books, contact) if contact else {},
        **members(order, "status", "line_amount_types"),
        "LineItems": [_line(books, order, index) for index in range(len(order.line_items))],
        **members(order, "sub_total", "total_tax", "total"),
        "UpdatedDateUTC": ms_date(order.updated),
    }
    return content


def _contact(books: Books, contact: Contact) -> Json:
    """Return the contact of an order: when it changed is the organisation's time, labelled UTC.

    Two recordings show it (domain/xero README, 1.2, delta traps).
    """
    content = contact_forms.shown(books, contact, written=True)
    if contact.updated is not None:
        content["UpdatedDateUTC"] = ms_date(local_time(books.organisation(), contact.updated))
    return content


def _line(books: Books, order: PurchaseOrder, index: int) -> Json:
    shown_one = shown_line(books, order.line_items[index], 4, written=True)
    return {key: value for key, value in shown_one.items() if key != "ValidationErrors"}


def _days(order: PurchaseOrder | PurchaseOrderRequest) -> Json:
    content: Json = {}
    for name in ("date", "delivery_date", "expected_arrival_date"):
        day = getattr(order, name)
        if day is not None:
            key = wire_name(name)
            content |= {f"{key}String": day_string(day), key: ms_date(day)}
    return content


def _echo(request: PurchaseOrderRequest, refusal: InvalidError) -> Json:
    content = members(request, "purchase_order_number")
    content |= _days(request)
    content |= {
        "HasErrors": True,
        "IsDiscounted": False,
        "SentToContact": False,
        "Type": "PURCHASEORDER",
        **members(request, "currency_code", "status", "line_amount_types"),
    }
    if request.contact is not None:
        content["Contact"] = members(request.contact, "contact_id", "contact_number", "name")
    content["LineItems"] = documents.echoed_lines(request, refusal)
    return content


WRITING: Final = Writing[PurchaseOrderRequest](
    plural="PurchaseOrders",
    singular="PurchaseOrder",
    model=PurchaseOrderRequest,
    id_field="purchaseorderid",
    id_key="PurchaseOrderID",
    apply=_apply,
    echo=_echo,
    error_flag="HasErrors",
)
