"""Small shapes that the whole simulator shares: JSON objects, global ids, times, tags.

No shop's state and no rule of an order belongs here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLResolveInfo

Json = dict[str, Any]
"""One JSON object as the vendor sends or receives it."""

Info = GraphQLResolveInfo[None]
"""What a resolver is told of its field; the simulator uses no context of its own."""

Clock = Callable[[], datetime]

GID_PREFIX = "gid://shopify/"


def gid(kind: str, number: object) -> str:
    """Return the global id of a numbered thing."""
    return f"{GID_PREFIX}{kind}/{number}"


def gid_kind(identifier: str) -> str:
    """Return what kind of thing a global id names, or an empty string."""
    if not identifier.startswith(GID_PREFIX):
        return ""
    return identifier.removeprefix(GID_PREFIX).partition("/")[0]


def gid_number(identifier: str) -> str:
    """Return the number at the end of a global id, or of a bare number."""
    return identifier.rpartition("/")[2].partition("?")[0]


def moment(text: str) -> datetime:
    """Read an ISO time; one without a zone is UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def zulu(at: datetime) -> str:
    """Write a time as GraphQL does: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zulu_or_none(text: str | None) -> str | None:
    """Turn a REST time into a GraphQL one."""
    return zulu(moment(text)) if text else None


def tags_of(text: str | None) -> list[str]:
    """Split REST's one string of tags."""
    return [tag.strip() for tag in (text or "").split(",") if tag.strip()]
