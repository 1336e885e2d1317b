"""What a system can hold: the fields of each kind of record, as they may be written there."""

from typing import Protocol

from tieout.domain.base import Frozen


class SchemaField(Frozen):
    """One field of a kind of record, at its path in a payload; ``[]`` stands for every element.

    ``length`` is how many characters it holds, ``decimals`` how many a number keeps; None where
    nobody says.
    """

    path: str
    type: str
    length: int | None = None
    decimals: int | None = None


class Schemas(Protocol):
    """The fields of one system's records, by the entity that deliveries name."""

    def fields(self, entity: str) -> list[SchemaField]:
        """Return what a payload of the entity may hold; nothing where that is not known."""
