"""Switches that no vendor has: counts, the clock, and records changed from outside.

They bypass every rule; tests and the demonstration use them, a client never does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tieout.simulators.xero import people
from tieout.simulators.xero.contact_records import Contact
from tieout.simulators.xero.limits import Meter
from tieout.simulators.xero.refusals import InvalidError, MalformedError, NotFoundError
from tieout.simulators.xero.setting_records import (
    Account,
    Currency,
    Item,
    Organisation,
    TaxRate,
    TrackingCategory,
)
from tieout.simulators.xero.store import Books, Journal, Record, Shelf
from tieout.simulators.xero.webhooks import Target, Webhooks
from tieout.simulators.xero.wire import Json, Wire, parsed_body, read_as, rendered


@dataclass(frozen=True)
class Controls:
    """The switches."""

    books: Mapping[str, Books]
    meter: Meter
    journal: Journal
    advance: Callable[[timedelta], None]
    webhooks: Webhooks

    async def health(self, _request: Request) -> Response:
        """Say that the simulator runs."""
        return JSONResponse({"status": "ok"})

    async def calls(self, request: Request) -> Response:
        """Return how many calls each organisation took; DELETE begins again at zero."""
        if request.method == "DELETE":
            self.meter.calls.clear()
            self.meter.refused.clear()
        return JSONResponse(
            {
                tenant_id: {
                    "count": counter.total(),
                    "by_path": dict(counter),
                    "refused": self.meter.refused[tenant_id],
                }
                for tenant_id, counter in self.meter.calls.items()
            }
        )

    async def clock(self, request: Request) -> Response:
        """Set the clock forward by ``advance_seconds``."""
        body = _object(parsed_body(await request.body()))
        self.advance(timedelta(seconds=float(str(body["advance_seconds"]))))
        self.webhooks.woken()
        return JSONResponse({"status": "ok"})

    async def webhook(self, request: Request) -> Response:
        """Configure where webhooks go (``Url``, ``Key``, ``PaymentsFire``), show, or forget it."""
        if request.method == "DELETE":
            self.webhooks.forget()
        elif request.method == "POST":
            body = _object(parsed_body(await request.body()))
            if not (body.get("url") and body.get("key")):
                return Response("Url and Key must be given", 400)
            fires = body.get("paymentsfire") is True
            self.webhooks.configure(Target(str(body["url"]), str(body["key"]), fires))
        return JSONResponse(self.webhooks.state())

    async def overwrite(self, request: Request) -> Response:
        """Overwrite figures of a stored record, whatever the rules say; null takes one away."""
        shelf = self._shelf(request)
        record = shelf.get(request.path_params["record_id"]) if shelf else None
        if shelf is None or record is None:
            return Response(status_code=404)
        return await self._stored(shelf, record, request)

    async def upsert(self, request: Request) -> Response:
        """Create a settings record, an item or a contact, or change the one with the same key."""
        resource = _shelf_name(request)
        books = self.books.get(request.path_params["tenant_id"])
        if books is None or resource not in _KEYS:
            return Response(status_code=404)
        body = _object(parsed_body(await request.body()))
        shelf: Shelf[Wire] = getattr(books, resource)
        prior = _prior(books, resource, body)
        if prior is None:
            model, key_field = _KEYS[resource]
            identified = {key_field: books.new_id(), "updated": books.clock(), **body}
            prior = read_as(model, identified)
        return await self._stored(shelf, prior, request)

    async def person(self, request: Request) -> Response:
        """Do what a person does at the vendor's screens (people.py)."""
        books = self.books.get(request.path_params["tenant_id"])
        if books is None:
            return Response(status_code=404)
        mark = self.journal.mark()
        try:
            body = _object(parsed_body(await request.body()))
            content = people.act(books, request.path_params["act"], body)
        except (NotFoundError, InvalidError, MalformedError) as error:
            self.journal.rollback(mark)
            return _not_done(error)
        self.journal.commit()
        return JSONResponse(_plain(content))

    async def _stored(self, shelf: Shelf[Record], record: Record, request: Request) -> Response:
        try:
            body = _object(parsed_body(await request.body(), keep_nulls=True))
            changed = _changed(record, body)
        except MalformedError as error:
            return Response(str(error), 400)
        shelf.put(changed)
        self.journal.commit()
        content = rendered(changed)
        return JSONResponse(_plain(content))

    def _shelf(self, request: Request) -> Shelf[Wire] | None:
        books = self.books.get(request.path_params["tenant_id"])
        shelf = getattr(books, _shelf_name(request), None)
        return shelf if isinstance(shelf, Shelf) else None


def _not_done(error: Exception) -> Response:
    """Return why an act was not done, in the words that the screen shows."""
    match error:
        case InvalidError():
            return JSONResponse({"message": "; ".join(error.messages)}, 409)
        case NotFoundError():
            return JSONResponse({"message": "There is no such act or record."}, 404)
        case _:
            return JSONResponse({"message": str(error)}, 400)


def _shelf_name(request: Request) -> str:
    name = str(request.path_params["resource"]).lower()
    return {"taxrates": "tax_rates", "trackingcategories": "tracking_categories"}.get(name, name)


_KEYS: Mapping[str, tuple[type[Wire], str]] = {
    "accounts": (Account, "accountid"),
    "contacts": (Contact, "contactid"),
    "currencies": (Currency, "code"),
    "items": (Item, "itemid"),
    "organisations": (Organisation, "organisationid"),
    "tax_rates": (TaxRate, "taxtype"),
    "tracking_categories": (TrackingCategory, "trackingcategoryid"),
}


def _prior(books: Books, resource: str, body: Json) -> Wire | None:
    if resource == "organisations":
        return books.organisation()
    if resource == "currencies":
        return books.currencies.get(str(body.get("code")))
    if resource == "tax_rates":
        return books.tax_rates.get(str(body.get("taxtype")))
    index, field = {
        "accounts": ("code", "code"),
        "items": ("code", "code"),
        "contacts": ("number", "contactnumber"),
        "tracking_categories": ("name", "name"),
    }[resource]
    shelf: Shelf[Wire] = getattr(books, resource)
    return next(iter(shelf.find(index, str(body.get(field, "")))), None)


def _changed(record: Record, body: Json) -> Record:
    """Return the record with the members that the body names."""
    names = {name.replace("_", ""): name for name in type(record).model_fields}
    unknown = set(body) - set(names)
    if unknown:
        message = f"unknown members: {', '.join(sorted(unknown))}"
        raise MalformedError(message)
    named = read_as(type(record), {**record.model_dump(), **{names[k]: v for k, v in body.items()}})
    return record.model_copy(update={names[key]: getattr(named, names[key]) for key in body})


def _object(body: object) -> Json:
    if not isinstance(body, dict):
        message = "a JSON object is expected"
        raise MalformedError(message)
    return body


def _plain(content: object) -> object:
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    return content if isinstance(content, (str, bool, int, type(None))) else str(content)
