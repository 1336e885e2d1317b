"""Purchase orders: rules and forms (recordings ``GET`` and ``POST PurchaseOrders``).

A number that a live order holds makes a *create* an update of that order, and the answer says
success; one that a deleted order holds is refused (domain/xero README, 2.8). Unit amounts have four
places without asking, lists are always paged and know no ``where`` (1.2).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, contacts, history, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import is_subscribed
from tieout.simulators.xero.documents import drawn_up, rounded_lines, with_all_lines
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import shown_line
from tieout.simulators.xero.lines import Terms
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.records import PurchaseOrder, PurchaseOrderRequest
from tieout.simulators.xero.refusals import (
    InvalidError,
    NotFoundError,
    too_long,
    validation_errors,
)
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import (
    Json,
    day_string,
    given,
    members,
    ms_date,
    parsed_date,
    rendered,
    wire_name,
)

_LENGTHS: Final = {"delivery_instructions": 500}
_DELETED_TEXTS: Final = (
    "PurchaseOrder status change is invalid",
    "Deleted PurchaseOrders cannot be updated",
)
_STATUS_TEXT: Final = "PurchaseOrder status change is invalid"
_NEXT_STATUSES: Final = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("SUBMITTED", "AUTHORISED", "BILLED", "DELETED"),
    "BILLED": ("AUTHORISED", "BILLED"),
}
_CREATABLE: Final = ("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED")
_KEPT: Final = ("purchase_order_id", "line_items", "sub_total", "total_tax", "total")

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
    updated=lambda o: o.updated,
    paged=True,
)


def answer(call: Call) -> Answer:
    """Serve /PurchaseOrders; an order answers to its id and to its number."""
    call = replace(call, query={**call.query, "unitdp": "4"})
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    order = _found(call.books, call.record_id)
    if call.action:
        return history.answer(call, order.purchase_order_id or "")
    if call.method == "GET":
        return Answer(content={"PurchaseOrders": [shown(call.books, order)]})
    return batch.written(call, WRITING)


def _found(books: Books, key: str | None) -> PurchaseOrder:
    numbered = books.purchase_orders.find("number", key)
    order = books.purchase_orders.get(key) or next(iter(numbered), None)
    if order is None:
        raise NotFoundError
    return order


def _listed(call: Call) -> Answer:
    unfiltered = {key: value for key, value in call.query.items() if key != "where"}
    chosen = lists.selected(
        replace(call, query=unfiltered), _filtered(call, call.books.purchase_orders.all()), LISTING
    )
    return Answer(
        content=lists.paged(
            call, chosen, LISTING, render=lambda order: shown(call.books, order), force=True
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
            raise InvalidError(_DELETED_TEXTS)
    order = _updated(call, prior, request) if prior else _created(call, request)
    return shown(books, order)


def _created(call: Call, request: PurchaseOrderRequest) -> PurchaseOrder:
    books = call.books
    status = request.status or "DRAFT"
    messages = [] if status in _CREATABLE else [_STATUS_TEXT]
    values: dict[str, object] = {
        "status": status,
        "sent_to_contact": False,
        "line_amount_types": "Exclusive",
        "currency_code": books.organisation().base_currency,
        "currency_rate": Decimal(1),
        **given(request),
        "purchase_order_id": books.new_id(),
        "purchase_order_number": request.purchase_order_number or _next_number(books),
        "contact_id": _known_contact(books, request),
        "date": request.date or books.clock().date(),
        "updated": books.clock(),
        "line_items": (),
    }
    draft = PurchaseOrder.model_validate(values)
    messages += _problems(books, draft)
    order = _with_lines(call, draft, rounded_lines(call, request), messages, None)
    return _stored(books, order, "Created")


def _known_contact(books: Books, request: PurchaseOrderRequest) -> str:
    """Return the id of the contact, which must exist already.

    Raises:
        InvalidError: It does not.
    """
    known = len(books.contacts.all())
    contact = contacts.resolved(books, request.contact)
    if len(books.contacts.all()) > known:
        raise InvalidError(["The contact of a purchase order must exist already"])
    return contact.contact_id or ""


def _next_number(books: Books) -> str:
    number = len(books.purchase_orders.all()) + 1
    while books.purchase_orders.find("number", f"PO-{number:04d}"):
        number += 1
    return f"PO-{number:04d}"


def _problems(books: Books, order: PurchaseOrder) -> list[str]:
    messages = too_long(order, _LENGTHS, {field: wire_name(field) for field in _LENGTHS})
    currency = (order.currency_code or "").upper()
    if not is_subscribed(books, currency):
        messages.append(f"Organisation is not subscribed to currency {currency}")
    return messages


def _with_lines(
    call: Call,
    order: PurchaseOrder,
    request: PurchaseOrderRequest,
    messages: list[str],
    prior: PurchaseOrder | None,
) -> PurchaseOrder:
    terms = Terms(
        invoice_type="ACCPAY",
        line_amount_types=order.line_amount_types or "Exclusive",
        status=order.status or "DRAFT",
        unit_places=call.unit_places,
    )
    drawn = drawn_up(call, request, terms, prior.line_items if prior else ())
    drawn.check(messages, stored_id=(prior.purchase_order_id or "") if prior else "")
    return order.model_copy(update=drawn.as_update())


def _updated(call: Call, prior: PurchaseOrder, request: PurchaseOrderRequest) -> PurchaseOrder:
    books = call.books
    status = request.status or prior.status or "DRAFT"
    if prior.status == "DELETED":
        raise InvalidError(_DELETED_TEXTS, stored_id=prior.purchase_order_id or "")
    if status not in _NEXT_STATUSES.get(prior.status or "", ()):
        raise InvalidError([_STATUS_TEXT], stored_id=prior.purchase_order_id or "")
    if status == "DELETED":
        return _stored(books, prior.model_copy(update={"status": status}), "Deleted")
    named = {n: v for n, v in given(request).items() if n in PurchaseOrder.model_fields}
    for kept in _KEPT:
        named.pop(kept, None)
    if request.contact is not None:
        named["contact_id"] = _known_contact(books, request)
    changed = prior.model_copy(update=named)
    whole = with_all_lines(call, prior, request)
    order = _with_lines(call, changed, whole, _problems(books, changed), prior)
    return _stored(books, order, "Edited")


def _stored(books: Books, order: PurchaseOrder, change: str) -> PurchaseOrder:
    history.recorded(books, order.purchase_order_id, change, f"{order.purchase_order_number}")
    return books.purchase_orders.put(order.model_copy(update={"updated": books.clock()}))


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
        "Contact": contacts.shown(contact, written=True) if contact else {},
        **members(order, "status", "line_amount_types"),
        "LineItems": [_line(books, order, index) for index in range(len(order.line_items))],
        **members(order, "sub_total", "total_tax", "total"),
        "UpdatedDateUTC": ms_date(order.updated),
    }
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
    content["LineItems"] = [
        {
            **_as_json(rendered(line)),
            "ValidationErrors": validation_errors(refusal.lines.get(n, ())),
        }
        for n, line in enumerate(request.line_items)
    ]
    return content


def _as_json(content: object) -> Json:
    return dict(content) if isinstance(content, dict) else {}


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
