"""Stock levels in the shop: read, decide, write from the quantity read, read back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from typing_extensions import override

from tieout.connectors.http import after_write
from tieout.connectors.shopify.client import ShopifyClient, member
from tieout.connectors.shopify.targets import refused, user_errors
from tieout.domain.base import DeliveryId, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome
from tieout.errors import ConfigurationError, FatalError, OutcomeUnknownError, RetryableError
from tieout.ports.targets import Target

LEVELS_MAX = 50
CALLS_PER_BATCH = 3
"""Look at the levels, change them, read them back."""
STALE = "CHANGE_FROM_QUANTITY_STALE"
CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"
ITEM = "gid://shopify/InventoryItem/"
LOCATION = "gid://shopify/Location/"
SET_LEVELS = """\
mutation SetLevels($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
"""


@dataclass(frozen=True)
class Level:
    """One delivery's wish: this much available of that item at that location."""

    delivery: Delivery
    item_id: str
    location_id: str
    available: int


class InventoryLevelTarget(Target):
    """Available quantities at the shop's locations."""

    system = System.SHOPIFY
    entity = "inventory_level"
    batch_max = LEVELS_MAX
    guard = "changeFromQuantity: Shopify refuses to change a quantity other than the one read"
    looks_up_first = False
    key_window_s: float | None = None
    """What sets a state may be sent again at any time."""
    settle_s = 0.0

    def __init__(self, client: ShopifyClient) -> None:
        """Take the shop's client."""
        self._client = client

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        levels = [_level(delivery) for delivery in deliveries]
        held = self._read(levels)
        return {
            level.delivery.delivery_id: _landed(level, level.available)
            for level in levels
            if held.get(level.delivery.delivery_id) == level.available
        }

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        levels = [_level(delivery) for delivery in deliveries]
        held = self._read(levels)
        return {
            level.delivery.delivery_id: _landed(level, held[level.delivery.delivery_id])
            for level in levels
            if level.delivery.delivery_id in held
        }

    @override
    def calls(self, count: int) -> int:
        return CALLS_PER_BATCH * -(-count // LEVELS_MAX)

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return self._send([_level(delivery) for delivery in deliveries])

    def _send(self, levels: Sequence[Level]) -> dict[DeliveryId, Outcome]:
        held = self._read(levels)
        outcomes: dict[DeliveryId, Outcome] = {}
        changes: list[Level] = []
        for level in levels:
            quantity = held.get(level.delivery.delivery_id)
            if quantity is None:
                outcomes[level.delivery.delivery_id] = refused(
                    "the item is not stocked at this location; stock it there in the shop"
                )
            elif quantity == level.available:
                outcomes[level.delivery.delivery_id] = _landed(level, quantity)
            else:
                changes.append(level)
        return outcomes | (self._change(changes, held) if changes else {})

    def _change(
        self, levels: Sequence[Level], held: Mapping[DeliveryId, int]
    ) -> dict[DeliveryId, Outcome]:
        data = self._client.mutate(SET_LEVELS, _set_levels(levels, held))
        complaints = user_errors(data)
        if not complaints:
            with after_write():
                return self._read_back(levels)
        codes = {code for code, _ in complaints}
        if CONCURRENT in codes:
            message = "Shopify is still at work on the same change."
            raise OutcomeUnknownError(message, remedy="Look the levels up in a minute.")
        if len(levels) > 1:
            return self._one_by_one(levels)
        if STALE in codes:
            message = "The stock level changed in the shop between our look and our change."
            raise RetryableError(message, remedy="Nothing was written; it is tried again.")
        said = "; ".join(message for _, message in complaints)
        return {levels[0].delivery.delivery_id: refused(said, answer=data)}

    def _one_by_one(self, levels: Sequence[Level]) -> dict[DeliveryId, Outcome]:
        """Send each level alone: one that is refused takes its whole batch with it."""
        outcomes: dict[DeliveryId, Outcome] = {}
        for level in levels:
            try:
                outcomes |= self._send([level])
            except (RetryableError, FatalError) as error:
                if not outcomes:
                    raise
                message = f"Of {len(levels)} stock levels, {len(outcomes)} went out."
                remedy = "Look them up before sending them again."
                raise OutcomeUnknownError(message, remedy=remedy) from error
        return outcomes

    def _read_back(self, levels: Sequence[Level]) -> dict[DeliveryId, Outcome]:
        held = self._read(levels)
        if len(held) < len(levels):
            message = "Shopify took stock levels that it does not show."
            raise OutcomeUnknownError(message, remedy="Look them up again.")
        return {
            level.delivery.delivery_id: _landed(level, held[level.delivery.delivery_id])
            for level in levels
        }

    def _read(self, levels: Sequence[Level]) -> dict[DeliveryId, int]:
        """Return the available quantity of each level that exists."""
        data = self._client.query(_read_levels(len(levels)), _ids(levels))
        found: dict[DeliveryId, int] = {}
        for index, level in enumerate(levels):
            quantity = _quantity(member(data, f"level{index}"))
            if quantity is not None:
                found[level.delivery.delivery_id] = quantity
        return found


def _read_levels(count: int) -> str:
    """Return the query for so many levels, each by its own item and location."""
    indexes = range(count)
    variables = ", ".join(f"$item{index}: ID!, $location{index}: ID!" for index in indexes)
    level = '{ quantities(names: ["available"]) { name quantity } }'
    fields = "\n".join(
        f"  level{index}: inventoryItem(id: $item{index}) "
        f"{{ inventoryLevel(locationId: $location{index}) {level} }}"
        for index in indexes
    )
    return f"query Levels({variables}) {{\n{fields}\n}}"


def _ids(levels: Sequence[Level]) -> Json:
    ids: Json = {}
    for index, level in enumerate(levels):
        ids[f"item{index}"] = ITEM + level.item_id
        ids[f"location{index}"] = LOCATION + level.location_id
    return ids


def _set_levels(levels: Sequence[Level], held: Mapping[DeliveryId, int]) -> Json:
    quantities: list[JsonValue] = [
        {
            "inventoryItemId": ITEM + level.item_id,
            "locationId": LOCATION + level.location_id,
            "quantity": level.available,
            "changeFromQuantity": held[level.delivery.delivery_id],
        }
        for level in levels
    ]
    # Shopify ties a key to its parameters for a day, so the quantity changed from is part of it.
    parts = sorted(
        f"{level.delivery.idempotency_key} {held[level.delivery.delivery_id]}" for level in levels
    )
    return {
        "input": {"name": "available", "reason": "correction", "quantities": quantities},
        "key": hashlib.sha256("\n".join(parts).encode()).hexdigest(),
    }


def _quantity(item: JsonValue) -> int | None:
    level = item.get("inventoryLevel") if isinstance(item, dict) else None
    quantities = level.get("quantities") if isinstance(level, dict) else None
    for quantity in quantities if isinstance(quantities, list) else []:
        if isinstance(quantity, dict) and quantity.get("name") == "available":
            found = quantity.get("quantity")
            return found if isinstance(found, int) else None
    return None


def _level(delivery: Delivery) -> Level:
    payload = delivery.payload
    try:
        return Level(
            delivery,
            str(payload["inventory_item_id"]).removeprefix(ITEM),
            str(payload["location_id"]).removeprefix(LOCATION),
            int(str(payload["available"])),
        )
    except (KeyError, ValueError) as error:
        message = f"The payload of inventory_level {delivery.document_key} has another form."
        remedy = "It needs inventory_item_id, location_id and available, a whole number."
        raise ConfigurationError(message, remedy=remedy) from error


def _landed(level: Level, available: int) -> Landed:
    return Landed(
        external_id=f"{level.location_id}/{level.item_id}",
        external_no="",
        figures={"available": str(available)},
    )
