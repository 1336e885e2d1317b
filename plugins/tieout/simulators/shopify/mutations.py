"""The fields of ``Mutation`` about orders: shipping, tags, metafields, notes.

Problems of the request come back as ``userErrors``, most of them without a code, as at the vendor.
None of these is idempotent there, nor here.
"""

from collections.abc import Callable

from tieout.simulators.shopify import acts
from tieout.simulators.shopify.nodes_people import digest_of, metafield_node, metafields_of
from tieout.simulators.shopify.nodes_shipping import OPEN_STATUSES, fulfillment_node
from tieout.simulators.shopify.queries import Queries
from tieout.simulators.shopify.shapes import Info, Json, gid_kind, gid_number, tags_of
from tieout.simulators.shopify.site import Site
from tieout.simulators.shopify.webhooks import Courier

NOTE_CHARACTERS_MAX = 5000
METAFIELDS_MAX = 25
TAG_CHARACTERS_MAX = 40
OWNER_TYPES = {
    "Order": "ORDER",
    "Customer": "CUSTOMER",
    "Product": "PRODUCT",
    "ProductVariant": "PRODUCTVARIANT",
    "Location": "LOCATION",
}
TEXT_FIELDS = {"note": "note", "email": "email", "phone": "phone", "poNumber": "po_number"}


def user_error(field: list[str], message: str) -> Json:
    """Return a plain UserError: the vendor's has no code."""
    return {"field": field, "message": message}


class OrderMutations:
    """Resolvers of the mutations about orders for one request."""

    def __init__(self, site: Site, courier: Courier, queries: Queries) -> None:
        """Change ``site``; announce changes through ``courier``."""
        self._site = site
        self._courier = courier
        self._queries = queries

    def fields(self) -> dict[str, Callable[..., Json]]:
        """Return one callable per mutation."""
        return {
            "fulfillmentCreate": self._fulfillment_create,
            "fulfillmentTrackingInfoUpdate": self._tracking_update,
            "tagsAdd": lambda _info, id, tags: self._tags(id, tags, add=True),  # noqa: A006 - the vendor's argument
            "tagsRemove": lambda _info, id, tags: self._tags(id, tags, add=False),  # noqa: A006 - the vendor's argument
            "orderUpdate": self._order_update,
            "metafieldsSet": self._metafields_set,
        }

    def _announce(self, notices: acts.Notices) -> None:
        for topic, payload in notices:
            self._courier.announce(self._site, topic, payload)

    def _fulfillment_create(
        self,
        _info: Info,
        fulfillment: Json,
        message: str | None = None,  # noqa: ARG002 - the vendor's argument
    ) -> Json:
        groups = fulfillment["lineItemsByFulfillmentOrder"]
        with self._site.store.together():
            record, wanted, errors = self._shipment(groups)
            if record is None or errors:
                return {"fulfillment": None, "userErrors": errors}
            tracking = _tracking(fulfillment.get("trackingInfo") or {})
            shipment = acts.ship(self._site, record, wanted, tracking)
        whole = record["rest"]["fulfillment_status"] == "fulfilled"
        self._announce(
            [
                ("fulfillments/create", acts.shipment_payload(record, shipment)),
                ("orders/fulfilled" if whole else "orders/partially_fulfilled", record["rest"]),
                ("orders/updated", record["rest"]),
            ]
        )
        return {"fulfillment": fulfillment_node(self._site, record, shipment), "userErrors": []}

    def _shipment(self, groups: list[Json]) -> tuple[Json | None, dict[int, int], list[Json]]:
        """Return the order, the quantity per fulfillment order line, and what is wrong."""
        found = [self._fulfillment_order(one["fulfillmentOrderId"]) for one in groups]
        where = ["fulfillment"]
        if not found or any(record is None for record, _ in found):
            return None, {}, [user_error(where, "Fulfillment order does not exist.")]
        if len({record["rest"]["id"] for record, _ in found if record}) > 1:
            message = "All fulfillment orders must belong to the same order."
            return None, {}, [user_error(where, message)]
        wanted: dict[int, int] = {}
        for group, (_, opened) in zip(groups, found, strict=True):
            if opened["status"] not in OPEN_STATUSES:
                message = (
                    f"Fulfillment order {opened['id']} has an unfulfillable status="
                    f" {opened['status'].lower()}."
                )
                return None, {}, [user_error(where, message)]
            error = _choose(group, opened, wanted)
            if error:
                return None, {}, [user_error(where, error)]
        return found[0][0], wanted, []

    def _fulfillment_order(self, identifier: str) -> tuple[Json | None, Json]:
        for listed in self._site.orders():
            if any(
                str(one["id"]) == gid_number(identifier) for one in listed["fulfillment_orders"]
            ):
                record = self._site.order(str(listed["rest"]["id"])) or listed
                one = next(
                    one
                    for one in record["fulfillment_orders"]
                    if str(one["id"]) == gid_number(identifier)
                )
                return record, one
        return None, {}

    def _tracking_update(
        self,
        _info: Info,
        fulfillmentId: str,  # noqa: N803 - the vendor's argument
        trackingInfoInput: Json,  # noqa: N803 - the vendor's argument
        notifyCustomer: bool | None = None,  # noqa: ARG002, FBT001, N803 - the vendor's argument
    ) -> Json:
        number = gid_number(fulfillmentId)
        with self._site.store.together():
            record = self._order_of_shipment(number)
            if record is None:
                message = "Fulfillment does not exist."
                return {"fulfillment": None, "userErrors": [user_error(["fulfillmentId"], message)]}
            shipment = next(one for one in record["fulfillments"] if str(one["id"]) == number)
            shipment["tracking"] = _tracking(trackingInfoInput)
            shipment["updated_at"] = self._site.now_text()
            self._announce(acts.touch(self._site, record))
        return {"fulfillment": fulfillment_node(self._site, record, shipment), "userErrors": []}

    def _order_of_shipment(self, number: str) -> Json | None:
        for listed in self._site.orders():
            if any(str(one["id"]) == number for one in listed["fulfillments"]):
                return self._site.order(str(listed["rest"]["id"]))
        return None

    def _tags(self, identifier: str, tags: list[str], *, add: bool) -> Json:
        kind, number = gid_kind(identifier), gid_number(identifier)
        wanted = [tag.strip() for text in tags for tag in text.split(",") if tag.strip()]
        if any(len(tag) > TAG_CHARACTERS_MAX for tag in wanted):
            message = f"Tags can't be more than {TAG_CHARACTERS_MAX} characters"
            return {"node": None, "userErrors": [user_error(["tags"], message)]}
        with self._site.store.together():
            record = self._site.order(number) if kind == "Order" else None
            customer = self._site.customer(number) if kind == "Customer" else None
            owner = record["rest"] if record else customer
            if owner is None:
                message = f"{kind or 'Node'} does not exist"
                return {"node": None, "userErrors": [user_error(["id"], message)]}
            before = tags_of(owner.get("tags"))
            after = _added(before, wanted) if add else _without(before, wanted)
            owner["tags"] = ", ".join(after)
            if record and after != before:
                self._announce(acts.touch(self._site, record))
            elif customer and after != before:
                self._site.store.put(self._site.domain, "customer", number, customer)
        return {"node": self._queries.node(identifier), "userErrors": []}

    def _order_update(self, _info: Info, input: Json) -> Json:  # noqa: A002 - the vendor's argument
        with self._site.store.together():
            record = self._site.order(gid_number(input["id"]))
            if record is None:
                message = "Order does not exist"
                return {"order": None, "userErrors": [user_error(["id"], message)]}
            if len(input.get("note") or "") > NOTE_CHARACTERS_MAX:
                message = f"Note is too long (maximum is {NOTE_CHARACTERS_MAX} characters)"
                return {"order": None, "userErrors": [user_error(["note"], message)]}
            rest = record["rest"]
            rest.update({key: input[name] for name, key in TEXT_FIELDS.items() if name in input})
            if "tags" in input:
                rest["tags"] = ", ".join(_added([], input["tags"] or []))
            if "customAttributes" in input:
                rest["note_attributes"] = [
                    {"name": one["key"], "value": one["value"]}
                    for one in input["customAttributes"] or []
                ]
            if input.get("shippingAddress"):
                rest["shipping_address"] = _address(input["shippingAddress"])
            for one in input.get("metafields") or []:
                self._write_metafield(input["id"], one)
            self._announce(acts.touch(self._site, record))
        return {"order": self._queries.node(input["id"]), "userErrors": []}

    def _metafields_set(self, _info: Info, metafields: list[Json]) -> Json:
        if len(metafields) > METAFIELDS_MAX:
            message = f"Exceeded the maximum metafields input limit of {METAFIELDS_MAX}."
            return _refused_metafields([_metafield_error(None, message, "LESS_THAN_OR_EQUAL_TO")])
        with self._site.store.together():
            errors = [
                error
                for index, one in enumerate(metafields)
                if (error := self._metafield_problem(index, one))
            ]
            if errors:
                return _refused_metafields(errors)
            bodies = [self._write_metafield(one["ownerId"], one) for one in metafields]
            for identifier in dict.fromkeys(one["ownerId"] for one in metafields):
                record = (
                    self._site.order(gid_number(identifier))
                    if gid_kind(identifier) == "Order"
                    else None
                )
                if record:
                    self._announce(acts.touch(self._site, record))
        return {"metafields": [metafield_node(body) for body in bodies], "userErrors": []}

    def _metafield_problem(self, index: int, one: Json) -> Json | None:
        known = self._metafield(one["ownerId"], one)
        if gid_kind(one["ownerId"]) not in OWNER_TYPES or not self._queries.node(one["ownerId"]):
            return _metafield_error(index, "Owner does not exist.", "INVALID", "ownerId")
        if not one.get("type") and known is None:
            return _metafield_error(index, "Type can't be blank", "BLANK", "type")
        if not one["value"]:
            return _metafield_error(index, "Value can't be blank", "BLANK", "value")
        if "compareDigest" in one:
            expected = digest_of(known["value"]) if known else None
            if one["compareDigest"] != expected:
                message = (
                    "The resource has been updated since it was loaded."
                    " Try again with an updated `compareDigest` value."
                )
                return _metafield_error(index, message, "STALE_OBJECT")
        return None

    def _metafield(self, owner: str, one: Json) -> Json | None:
        namespace = one.get("namespace") or "$app"
        return next(
            (
                body
                for body in metafields_of(self._site, owner)
                if body["namespace"] == namespace and body["key"] == one["key"]
            ),
            None,
        )

    def _write_metafield(self, owner: str, one: Json) -> Json:
        store, domain, now = self._site.store, self._site.domain, self._site.now_text()
        known = self._metafield(owner, one)
        body = known or {
            "id": store.next_number(domain, "metafield", 31_000_000_000_000),
            "owner": owner,
            "owner_type": OWNER_TYPES[gid_kind(owner)],
            "namespace": one.get("namespace") or "$app",
            "key": one["key"],
            "created_at": now,
        }
        kind = one.get("type") or body.get("type") or "single_line_text_field"
        written = {**body, "type": kind, "value": one["value"], "updated_at": now}
        store.put(domain, "metafield", str(written["id"]), written)
        return written


def _choose(group: Json, opened: Json, wanted: dict[int, int]) -> str:
    """Add what a group ships to ``wanted``: its lines, or all that remains; return a problem."""
    parts = {str(part["id"]): part for part in opened["lines"]}
    chosen = group.get("fulfillmentOrderLineItems")
    if not chosen:
        wanted.update({part["id"]: part["remaining"] for part in opened["lines"]})
        return "" if any(wanted.values()) else "Fulfillment order has nothing left to fulfill."
    for one in chosen:
        part = parts.get(gid_number(one["id"]))
        if part is None:
            return "Fulfillment order line item does not exist."
        if one["quantity"] < 1 or one["quantity"] > part["remaining"]:
            return "Invalid fulfillment order line item quantity requested."
        wanted[part["id"]] = one["quantity"]
    return ""


def _tracking(given: Json) -> list[Json]:
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    padded = [*urls, *[None] * len(numbers)]
    return [
        {"company": given.get("company"), "number": number, "url": url}
        for number, url in zip(numbers, padded, strict=False)
    ]


def _added(before: list[str], wanted: list[str]) -> list[str]:
    known = {tag.lower() for tag in before}
    after = list(before)
    for tag in wanted:
        if tag.lower() not in known:
            known.add(tag.lower())
            after.append(tag)
    return sorted(after, key=str.lower)


def _without(before: list[str], unwanted: list[str]) -> list[str]:
    gone = {tag.lower() for tag in unwanted}
    return [tag for tag in before if tag.lower() not in gone]


def _address(given: Json) -> Json:
    return {
        "first_name": given.get("firstName"),
        "last_name": given.get("lastName"),
        "name": f"{given.get('firstName') or ''} {given.get('lastName') or ''}".strip(),
        "company": given.get("company"),
        "address1": given.get("address1"),
        "address2": given.get("address2"),
        "city": given.get("city"),
        "zip": given.get("zip"),
        "province_code": given.get("provinceCode"),
        "country_code": given.get("countryCode"),
        "phone": given.get("phone"),
    }


def _metafield_error(index: int | None, message: str, code: str, field: str = "") -> Json:
    where = ["metafields"] + ([] if index is None else [str(index)]) + ([field] if field else [])
    return {"field": where, "message": message, "code": code, "elementIndex": index}


def _refused_metafields(errors: list[Json]) -> Json:
    return {"metafields": [], "userErrors": errors}
