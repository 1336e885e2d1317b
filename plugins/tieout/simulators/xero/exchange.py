"""One authorised call and its answer, between the web layer and the resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json

_UNIT_PLACES_MORE = 4


@dataclass(frozen=True)
class Call:
    """A call to the accounting API of one organisation."""

    method: str
    resource: str
    record_id: str
    action: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client_id: str
    books: Books
    part_id: str = ""

    @property
    def unit_places(self) -> int:
        """Return the decimal places of unit amounts: 2, or 4 when the caller opted in."""
        return _UNIT_PLACES_MORE if self.query.get("unitdp") == str(_UNIT_PLACES_MORE) else 2

    @property
    def creates_only(self) -> bool:
        """Say whether the call may only create; a POST creates or updates."""
        return self.method == "PUT"

    @property
    def summarizes_errors(self) -> bool:
        """Say whether one bad element fails the request: true unless the caller says false.

        The specification gives false as the default; recordings show true (README, 1.1).
        A write to one record's own address always fails as a whole.
        """
        return bool(self.record_id) or self.query.get("summarizeerrors", "").lower() != "false"

    @property
    def modified_since(self) -> datetime | None:
        """Return ``If-Modified-Since``, to the second; one that cannot be read is ignored."""
        text = self.headers.get("if-modified-since", "").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            try:
                moment = parsedate_to_datetime(text)
            except ValueError:
                return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)

    def flag(self, name: str) -> bool:
        """Say whether a query parameter is true."""
        return self.query.get(name.lower(), "").lower() == "true"

    def names(self, name: str) -> list[str]:
        """Return a comma-separated query parameter's parts."""
        parts = self.query.get(name.lower(), "").split(",")
        return [part.strip().strip('"') for part in parts if part.strip()]


@dataclass(frozen=True)
class Answer:
    """An answer without its envelope; ``content`` None is an empty body, unless there are bytes."""

    status: int = 200
    content: Json | None = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
