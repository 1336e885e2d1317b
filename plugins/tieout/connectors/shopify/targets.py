"""The order's status in the shop: metafields and tags, which may be set again without effect."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from typing_extensions import override

from tieout.connectors.exact_json import typed
from tieout.connectors.http import after_write, untrusted_answer
from tieout.connectors.shopify.client import SYSTEM, ShopifyClient, member
from tieout.connectors.shopify.documents import document
from tieout.connectors.shopify.orders import GID
from tieout.domain.base import DeliveryId, Frozen, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import ConfigurationError, OutcomeUnknownError
from tieout.ports.targets import Target

NAMESPACE = "tieout"
SHOWN_KEYS = ("status", "correlation_id")
"""The keys of the metafields that are compared with what was sent."""
METAFIELDS_MAX = 25
CALLS_PER_STATUS = 4
"""Look at the order, set metafields, add tags, read back."""


class Metafield(Frozen):
    """One metafield to set."""

    namespace: str
    key: str
    type: str
    value: str


class OrderStatus(Frozen):
    """The payload of an ``order_status`` delivery; ``order_id`` is numeric or a gid."""

    order_id: str
    metafields: tuple[Metafield, ...]
    tags: tuple[str, ...] = ()

    @property
    def gid(self) -> str:
        """Return the order's global id."""
        return self.order_id if self.order_id.startswith(GID) else GID + self.order_id


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _SaidMetafield(_Said):
    namespace: str
    key: str
    value: str


class _SaidMetafields(_Said):
    nodes: tuple[_SaidMetafield, ...]


class _SaidOrder(_Said):
    legacyResourceId: str  # noqa: N815 - Shopify's name
    name: str
    tags: frozenset[str]
    metafields: _SaidMetafields

    def values(self) -> dict[tuple[str, str], str]:
        """Return the metafields' values by namespace and key."""
        return {(field.namespace, field.key): field.value for field in self.metafields.nodes}

    def shows(self, status: OrderStatus) -> bool:
        """Say whether the order has all that the payload sets."""
        wanted = {(field.namespace, field.key): field.value for field in status.metafields}
        return wanted.items() <= self.values().items() and self.tags >= set(status.tags)

    def landed(self) -> Landed:
        """Return what the order shows, in the delivery's terms."""
        return Landed(
            external_id=self.legacyResourceId,
            external_no=self.name,
            figures={key: self.values().get((NAMESPACE, key), "") for key in SHOWN_KEYS},
            answer=self.model_dump(mode="json"),
        )


class OrderStatusTarget(Target):
    """Status metafields and tags on an order."""

    system = System.SHOPIFY
    entity = "order_status"
    batch_max = 1
    guard = "setting the same metafields and tags again changes nothing"
    looks_up_first = False
    key_window_s: float | None = None
    """What sets a state may be sent again at any time."""
    settle_s = 0.0

    def __init__(self, client: ShopifyClient) -> None:
        """Take the shop's client."""
        self._client = client

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        found: dict[DeliveryId, Landed] = {}
        for delivery in deliveries:
            status = _status(delivery)
            order = self._read(status)
            if order is not None and order.shows(status):
                found[delivery.delivery_id] = order.landed()
        return found

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        held = {delivery.delivery_id: self._read(_status(delivery)) for delivery in deliveries}
        return {mine: order.landed() for mine, order in held.items() if order is not None}

    @override
    def calls(self, count: int) -> int:
        return CALLS_PER_STATUS * count

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return {delivery.delivery_id: self._send(_status(delivery)) for delivery in deliveries}

    def _send(self, status: OrderStatus) -> Outcome:
        if self._read(status) is None:
            return refused("the order does not exist, or the app may not see it")
        metafields: list[JsonValue] = [
            {"ownerId": status.gid, **field.model_dump()} for field in status.metafields
        ]
        refusal = self._change("SetMetafields", {"metafields": metafields})
        if refusal is not None:
            return refusal
        with after_write():
            # The tag says that all went well, so it comes last and only then.
            tags: Json = {"id": status.gid, "tags": list(status.tags)}
            refusal = self._change("AddTags", tags) if status.tags else None
            return refusal or self._read_back(status)

    def _change(self, operation: str, variables: Json) -> Refused | None:
        data = self._client.mutate(document(operation), variables)
        complaints = "; ".join(message for _, message in user_errors(data))
        return refused(complaints, answer=data) if complaints else None

    def _read_back(self, status: OrderStatus) -> Landed:
        order = self._read(status)
        if order is None:
            message = f"Order {status.order_id} took its status but is not shown any more."
            raise OutcomeUnknownError(message, remedy="Look at the order in the shop.")
        return order.landed()

    def _read(self, status: OrderStatus) -> _SaidOrder | None:
        variables: Json = {"id": status.gid, "namespace": NAMESPACE}
        order = member(self._client.query(document("OrderStatus"), variables), "order")
        return None if order is None else typed(_SaidOrder, order, system=SYSTEM)


def user_errors(data: Json) -> list[tuple[str, str]]:
    """Return code and message of every user error in a mutation's data; some have no code.

    Raises:
        OutcomeUnknownError: The data does not say whether there were any.
    """
    payloads = [payload if isinstance(payload, dict) else {} for payload in data.values()]
    lists = [payload.get("userErrors") for payload in payloads]
    if not lists or not all(isinstance(errors, list) for errors in lists):
        problem = "Shopify's answer to a change does not say whether it was made."
        raise untrusted_answer(problem, is_write=True)
    errors = [error for errors in lists if isinstance(errors, list) for error in errors]
    return [
        (str(error.get("code") or ""), str(error.get("message")))
        for error in errors
        if isinstance(error, dict)
    ]


def refused(message: str, *, answer: JsonValue = None) -> Refused:
    """Return Shopify's no to one delivery, in Shopify's words."""
    return Refused(
        cause="target_refused",
        message=f"Shopify refused it: {message}",
        remedy="Correct the record in the shop or the mapping as the message says, then replay it.",
        answer=answer,
    )


def _status(delivery: Delivery) -> OrderStatus:
    try:
        status = OrderStatus.model_validate(delivery.payload)
    except ValidationError as error:
        message = f"The payload of order_status {delivery.document_key} has another form."
        remedy = "Correct include/mappings/to_shopify/order_status.yaml."
        raise ConfigurationError(message, remedy=remedy) from error
    if len(status.metafields) > METAFIELDS_MAX:
        message = f"Shopify sets at most {METAFIELDS_MAX} metafields at once."
        raise ConfigurationError(message, remedy="Shorten the order_status mapping.")
    return status
