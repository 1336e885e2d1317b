"""Typed, strict reading of a GraphQL node's members.

Knows JSON and Shopify's scalars (money bags), not what an order means.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from tieout.errors import RejectedError
from tieout.mapping.scalars import MisreadError, read_flag, read_number, read_text

Value = TypeVar("Value")


class Node:
    """One JSON object and where in the answer it stood, so that errors can name the place."""

    def __init__(self, members: Mapping[str, object], place: str = "order") -> None:
        """Wrap ``members``, found at ``place``."""
        self.members = members
        self.place = place

    def unreadable(self, name: str, problem: str) -> RejectedError:
        """Return the error for a member that is missing or makes no sense."""
        field = f"{self.place}.{name}"
        return RejectedError(
            f"{field} {problem}.",
            remedy="Correct the record where it comes from, and replay.",
            cause="order_incomplete",
            field=field,
            value=str(self.members.get(name, ""))[:200],
        )

    def has(self, name: str) -> bool:
        """Say whether the member is there and not null."""
        return self.members.get(name) is not None

    def text(self, name: str) -> str:
        """Return a text, '' when it is absent or null."""
        return self._read(name, read_text)

    def choice(self, name: str, known: frozenset[str]) -> str:
        """Return a text out of a closed list; one that is new may mean anything, so it is none."""
        if (value := self.needed_text(name)) not in known:
            raise self.unreadable(name, "is a value that Tieout does not know")
        return value

    def needed_text(self, name: str) -> str:
        """Return a text that must be there."""
        if not (value := self.text(name)):
            raise self.unreadable(name, "is missing")
        return value

    def is_true(self, name: str) -> bool:
        """Return a flag, False when it is absent or null."""
        return self._read(name, read_flag)

    def number(self, name: str) -> Decimal:
        """Return a number given as JSON integer or text."""
        return self._read(name, read_number)

    def money(self, name: str) -> Decimal:
        """Return the shop-money amount of a money bag."""
        return self.node(name).node("shopMoney").number("amount")

    def optional_money(self, name: str) -> Decimal:
        """Return the shop-money amount, 0 when the bag is absent or null."""
        return self.money(name) if self.has(name) else Decimal(0)

    def node(self, name: str) -> "Node":
        """Return an object that must be there."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self.unreadable(name, "is missing")
        return Node(value, f"{self.place}.{name}")

    def optional(self, name: str) -> "Node | None":
        """Return an object, None when it is absent or null."""
        return self.node(name) if self.has(name) else None

    def list_of(self, name: str) -> list["Node"]:
        """Return a plain list of objects, empty when it is absent or null."""
        value = self.members.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.unreadable(name, "is not a list")
        return [self._element(name, number, element) for number, element in enumerate(value)]

    def connection(self, name: str) -> list["Node"]:
        """Return all nodes of a connection, empty when it is absent or null.

        Raises:
            RejectedError: There are more nodes than these: a part of an order is no order.
        """
        if (connection := self.optional(name)) is None:
            return []
        page = connection.optional("pageInfo")
        if page is not None and page.is_true("hasNextPage"):
            raise self.unreadable(name, "was not read to its end")
        return connection.list_of("nodes")

    def _read(self, name: str, read: Callable[[object], Value]) -> Value:
        try:
            return read(self.members.get(name))
        except MisreadError as error:
            raise self.unreadable(name, str(error)) from error

    def _element(self, name: str, number: int, element: object) -> "Node":
        if not isinstance(element, dict):
            raise self.unreadable(name, f"holds something else at {number}")
        return Node(element, f"{self.place}.{name}[{number}]")
