"""The ways in which Xero says no, and the bodies that go with them (domain/xero README, 2.5).

Where a text is the vendor's, it is quoted where it is raised; when to refuse is not decided here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

VALIDATION_ERROR: Final = 10
MALFORMED_ERROR: Final = 14
QUERY_ERROR: Final = 16


class XeroRefusalError(Exception):
    """Any no; the whole request fails with it unless a batch catches it per element."""


class NotFoundError(XeroRefusalError):
    """The id or the resource is unknown: 404, empty body."""


class BadRequestError(XeroRefusalError):
    """400 without elements."""

    error_number: int = VALIDATION_ERROR
    type: str = "ValidationException"


class MalformedError(BadRequestError):
    """The body is not what the deserializer expects."""

    error_number = MALFORMED_ERROR
    type = "PostDataInvalidException"


class BadQueryError(BadRequestError):
    """``where`` or ``order`` names something unknown or cannot be parsed."""

    error_number = QUERY_ERROR
    type = "QueryParseException"


class InvalidError(XeroRefusalError):
    """One element breaks the vendor's rules."""

    def __init__(
        self,
        messages: Sequence[str],
        *,
        lines: Mapping[int, Sequence[str]] | None = None,
        slots: Mapping[tuple[str, int], Sequence[str]] | None = None,
        stored_id: str = "",
        stored_status: str = "",
        echo: Mapping[str, object] | None = None,
    ) -> None:
        """Keep the vendor's messages, and the record that the element named.

        ``lines`` are the messages of a line, ``slots`` those of an address or phone of a contact.
        ``echo`` is how the refused element is shown, where it is not as it was sent.
        """
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)
        self.lines = dict(lines or {})
        self.slots = dict(slots or {})
        self.stored_id = stored_id
        self.stored_status = stored_status
        self.echo = echo


def check(messages: Sequence[str]) -> None:
    """Refuse the element when there are messages.

    Raises:
        InvalidError: There are.
    """
    if messages:
        raise InvalidError(messages)


def validation_errors(messages: Sequence[str]) -> list[dict[str, object]]:
    """Return messages in the form of ``ValidationErrors``."""
    return [{"Message": message} for message in messages]


def too_long(subject: object, limits: Mapping[str, int], names: Mapping[str, str]) -> list[str]:
    """Return a message for every text longer than the specification allows; the text is ours."""
    return [
        f"The {names[field]} field must be a string with a maximum length of {limit}."
        for field, limit in limits.items()
        if len(getattr(subject, field) or "") > limit
    ]
