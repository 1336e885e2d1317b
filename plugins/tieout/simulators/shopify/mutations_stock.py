"""Setting stock and subscribing to webhooks: ``inventorySetQuantities``, ``webhookSubscription*``.

``inventorySetQuantities`` follows 2026-04 and later: ``@idempotent`` is mandatory, its key is kept
for 24 hours, and every quantity says what it changes from (null skips the check).
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from graphql import GraphQLError
from graphql.execution.values import get_directive_values

from tieout.simulators.shopify import acts, stock
from tieout.simulators.shopify.mutations import user_error
from tieout.simulators.shopify.nodes_stock import location_node, stock_item_node, variant_of
from tieout.simulators.shopify.queries import subscription_node
from tieout.simulators.shopify.shapes import Info, Json, gid, gid_kind, gid_number, moment
from tieout.simulators.shopify.site import Site
from tieout.simulators.shopify.webhooks import Courier

KEY_LIFETIME = timedelta(hours=24)
QUANTITY_LIMIT = 1_000_000_000
SETTABLE = ("available", "on_hand")
REASONS = (
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class StockMutations:
    """Resolvers of the mutations about stock and subscriptions for one request."""

    def __init__(self, site: Site, courier: Courier, client_id: str) -> None:
        """Change ``site`` for the app ``client_id``; announce changes through ``courier``."""
        self._site = site
        self._courier = courier
        self._client_id = client_id

    def fields(self) -> dict[str, Callable[..., Json]]:
        """Return one callable per mutation."""
        return {
            "inventorySetQuantities": self._set_quantities,
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": self._unsubscribe,
        }

    def _set_quantities(self, info: Info, input: Json) -> Json:  # noqa: A002 - the vendor's argument
        key = _idempotency_key(info)
        if any("changeFromQuantity" not in one for one in input["quantities"]):
            message = (
                "InventoryQuantityInput must include the following argument: changeFromQuantity."
            )
            raise GraphQLError(message, extensions={"code": "INVALID_FIELD_ARGUMENTS"})
        fingerprint = hashlib.sha256(json.dumps(input, sort_keys=True).encode()).hexdigest()
        with self._site.store.together():
            earlier = self._earlier(key)
            if earlier and earlier["fingerprint"] != fingerprint:
                message = (
                    "The same idempotency key cannot be used with different operation parameters."
                )
                return _refused([(["input"], message, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")])
            if earlier:
                return self._answer(earlier["outcome"])
            outcome = self._outcome(input)
            kept = {"fingerprint": fingerprint, "at": self._site.now_text(), "outcome": outcome}
            self._site.store.put(self._site.domain, "idempotency", key, kept)
        return self._answer(outcome)

    def _earlier(self, key: str) -> Json | None:
        kept = self._site.store.get(self._site.domain, "idempotency", key)
        if kept and self._site.clock() - moment(kept["at"]) < KEY_LIFETIME:
            return kept
        return None

    def _outcome(self, input: Json) -> Json:  # noqa: A002 - the vendor's argument
        errors = _header_problems(input) + self._quantity_problems(input)
        if errors:
            return {"errors": errors}
        changes = []
        for one in input["quantities"]:
            level = self._level(one)
            if level is None:
                continue
            change = stock.set_quantity(self._site, level, input["name"], one["quantity"])
            place = {"item": level["item"], "location": level["location"], "delta": change}
            if change:
                on_hand = level["available"] + level["committed"]
                changes.append({**place, "name": "available", "after": level["available"]})
                changes.append({**place, "name": "on_hand", "after": on_hand})
                self._courier.announce(
                    self._site, "inventory_levels/update", acts.level_payload(level)
                )
        return {
            "errors": [],
            "group": {
                "id": self._site.store.next_number(self._site.domain, "adjustment", 41_000_000),
                "at": self._site.now_text(),
                "reason": input["reason"],
                "document": input.get("referenceDocumentUri"),
                "changes": changes,
            },
        }

    def _level(self, one: Json) -> Json | None:
        return self._site.level(gid_number(one["inventoryItemId"]), gid_number(one["locationId"]))

    def _quantity_problems(self, input: Json) -> list[Json]:  # noqa: A002 - the vendor's argument
        errors, seen = [], set()
        for index, one in enumerate(input["quantities"]):
            problem = self._quantity_problem(one, input["name"])
            place = (one["inventoryItemId"], one["locationId"])
            if not problem and place in seen:
                message = "The combination of inventoryItemId and locationId must be unique."
                problem = ("locationId", message, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR")
            seen.add(place)
            if problem:
                field, message, code = problem
                where = ["input", "quantities", str(index), field]
                errors.append({"field": where, "message": message, "code": code})
        return errors

    def _quantity_problem(self, one: Json, name: str) -> tuple[str, str, str] | None:
        item, location = one["inventoryItemId"], one["locationId"]
        number = gid_number(item)
        sold = number.isdigit() and int(number) in self._site.items_by_stock_id
        if gid_kind(item) != "InventoryItem" or not sold:
            message = "The specified inventory item could not be found."
            return "inventoryItemId", message, "INVALID_INVENTORY_ITEM"
        if gid_kind(location) != "Location" or gid_number(location) not in self._site.locations:
            message = "The specified location could not be found."
            return "locationId", message, "INVALID_LOCATION"
        if one["quantity"] > QUANTITY_LIMIT:
            message = f"The quantity can't be higher than {QUANTITY_LIMIT:,}."
            return "quantity", message, "INVALID_QUANTITY_TOO_HIGH"
        if one["quantity"] < -QUANTITY_LIMIT:
            message = f"The quantity can't be lower than {-QUANTITY_LIMIT:,}."
            return "quantity", message, "INVALID_QUANTITY_TOO_LOW"
        level = self._level(one) or {"available": 0, "committed": 0}
        current = level["available"] + (level["committed"] if name == "on_hand" else 0)
        if one["changeFromQuantity"] not in (None, current):
            message = "The specified change from quantity does not match the current quantity."
            return "changeFromQuantity", message, "CHANGE_FROM_QUANTITY_STALE"
        return None

    def _answer(self, outcome: Json) -> Json:
        if outcome["errors"]:
            return {"inventoryAdjustmentGroup": None, "userErrors": outcome["errors"]}
        group = outcome["group"]

        def changes(
            _info: object,
            inventoryItemIds: list[str] | None = None,  # noqa: N803 - the vendor's argument
            locationIds: list[str] | None = None,  # noqa: N803 - the vendor's argument
            quantityNames: list[str] | None = None,  # noqa: N803 - the vendor's argument
        ) -> list[Json]:
            return [
                self._change_node(one, group["document"])
                for one in group["changes"]
                if (not inventoryItemIds or gid("InventoryItem", one["item"]) in inventoryItemIds)
                and (not locationIds or gid("Location", one["location"]) in locationIds)
                and (not quantityNames or one["name"] in quantityNames)
            ]

        node = {
            "__typename": "InventoryAdjustmentGroup",
            "id": gid("InventoryAdjustmentGroup", group["id"]),
            "createdAt": group["at"],
            "reason": group["reason"],
            "referenceDocumentUri": group["document"],
            "changes": changes,
        }
        return {"inventoryAdjustmentGroup": node, "userErrors": []}

    def _change_node(self, one: Json, document: str | None) -> Json:
        item = self._site.items_by_stock_id[int(one["item"])]
        return {
            "name": one["name"],
            "delta": one["delta"],
            "quantityAfterChange": one["after"],
            "ledgerDocumentUri": None if one["name"] == "on_hand" else document,
            "item": stock_item_node(self._site, variant_of(self._site, item)),
            "location": location_node(self._site, self._site.locations[one["location"]]),
        }

    def _subscribe(
        self,
        _info: Info,
        topic: str,
        webhookSubscription: Json,  # noqa: N803 - the vendor's argument
    ) -> Json:
        uri = webhookSubscription.get("uri") or ""
        where = ["webhookSubscription", "uri"]
        problem = _uri_problem(uri)
        with self._site.store.together():
            known = self._site.store.all(self._site.domain, "subscription")
            if any(one["topic"] == topic and one["uri"] == uri for one in known):
                problem = "Address for this topic has already been taken"
            if problem:
                error = user_error(where, problem)
                return {"webhookSubscription": None, "userErrors": [error]}
            body = {
                "id": self._site.store.next_number(self._site.domain, "subscription", 1_400_000),
                "topic": topic,
                "uri": uri,
                "format": webhookSubscription.get("format") or "JSON",
                "include_fields": webhookSubscription.get("includeFields") or [],
                "metafield_namespaces": webhookSubscription.get("metafieldNamespaces") or [],
                "filter": webhookSubscription.get("filter"),
                "name": webhookSubscription.get("name"),
                "client_id": self._client_id,
                "created_at": self._site.now_text(),
            }
            self._site.store.put(self._site.domain, "subscription", str(body["id"]), body)
        return {"webhookSubscription": subscription_node(body), "userErrors": []}

    def _unsubscribe(self, _info: Info, id: str) -> Json:  # noqa: A002 - the vendor's argument
        if self._site.store.drop(self._site.domain, "subscription", gid_number(id)):
            return {"deletedWebhookSubscriptionId": id, "userErrors": []}
        error = user_error(["id"], "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}


def _idempotency_key(info: Info) -> str:
    directive = info.schema.get_directive("idempotent")
    given = directive and get_directive_values(directive, info.field_nodes[0], info.variable_values)
    key = str(given["key"]) if given else ""
    if not key.strip():
        message = "The @idempotent directive is required for this mutation but was not provided."
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
    return key


def _header_problems(input: Json) -> list[Json]:  # noqa: A002 - the vendor's argument
    found = []
    if input["name"] not in SETTABLE:
        message = "The quantity name must be either 'available' or 'on_hand'."
        found.append((["input", "name"], message, "INVALID_NAME"))
    if input["reason"] not in REASONS:
        message = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
        found.append((["input", "reason"], message, "INVALID_REASON"))
    document = input.get("referenceDocumentUri")
    if document is not None and not urlsplit(document).scheme:
        message = "The specified reference document is invalid."
        where = ["input", "referenceDocumentUri"]
        found.append((where, message, "INVALID_REFERENCE_DOCUMENT"))
    return list(_refused(found)["userErrors"])


def _refused(errors: list[tuple[list[str], str, str]]) -> Json:
    shown = [{"field": where, "message": text, "code": code} for where, text, code in errors]
    return {"inventoryAdjustmentGroup": None, "userErrors": shown}


def _uri_problem(uri: str) -> str:
    """Say what is wrong with an address; unlike the vendor's, http on the loopback is fine."""
    parts = urlsplit(uri)
    if parts.scheme == "https" and parts.hostname:
        return ""
    if parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS:
        return ""
    if not uri:
        return "Address can't be blank"
    if parts.scheme in ("pubsub", "arn"):
        return "Address is of a kind that this simulator does not deliver to"
    return "Address protocol http:// is not supported"
