"""The base of every domain model, and the scalar types they share."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NewType

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, SkipValidation

BatchId = NewType("BatchId", int)
DeadLetterId = NewType("DeadLetterId", int)
DeliveryId = NewType("DeliveryId", int)
DocumentId = NewType("DocumentId", int)
InboxId = NewType("InboxId", int)

Json = dict[str, JsonValue]
"""A JSON object as a system sent it or shall get it; amounts in it are strings, never floats."""
StoredJson = Annotated[Json, SkipValidation]
"""One out of the ledger: it was looked through when it came in, and is not again by every step."""


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        message = f"{amount} is not an amount"
        raise ValueError(message)
    return amount


Amount = Annotated[Decimal, AfterValidator(_finite)]
"""A finite decimal amount, in the currency that its document names."""


class Frozen(BaseModel):
    """A value: compared by content, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class System(StrEnum):
    """The systems that Tieout connects."""

    XERO = "xero"
    SAGE100 = "sage100"
    SHOPIFY = "shopify"
