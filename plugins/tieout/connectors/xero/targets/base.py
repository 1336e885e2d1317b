"""What all targets at Xero do alike: check, write, split what is refused as a whole, read back.

A record is found again by its key, which the payload names; a kind of record says which that is,
how Xero shows what has it, and what marks it as ours. Every figure in a ``Landed`` is read with a
GET after the write; an answer to a write only tells whether it was taken. No mapping and no
accounting here: payloads come ready.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date

from typing_extensions import override

from tieout.connectors.http import after_write
from tieout.connectors.xero.answers import warnings_of
from tieout.connectors.xero.check import element_of
from tieout.connectors.xero.client import FILTER_TERMS_MAX, Row, XeroClient
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.refusals import FROZEN, Refusal, Then, unfit
from tieout.connectors.xero.writes import Element, Resource, write_elements
from tieout.domain.base import DeliveryId, Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.domain.statuses.table import STATUSES
from tieout.errors import FatalError, OutcomeUnknownError, RetryableError
from tieout.ports.targets import Target

BATCH_MAX = 50
"""What Xero recommends; a request may have 10 MB (domain/xero README, 1.1)."""
KEY_WINDOW_S = 240.0
"""Xero remembers an Idempotency-Key for six minutes; this leaves room for a request and answer."""
ONE_BY_ONE = {"summarizeErrors": "false"}
"""Judge each element alone; left to itself, Xero refuses a whole batch for one bad element."""

Key = tuple[str, ...]
"""What names one record: a number, or ids and a reference."""


@dataclass(frozen=True)
class Found:
    """One record at Xero that has a key.

    ``is_live`` says whether it counts: what is void or deleted does not. ``mark`` is what it says
    of whose it is, to be compared with ours.
    """

    key: Key
    landed: Landed
    is_live: bool = True
    mark: str = ""


@dataclass(frozen=True)
class _Checked:
    """A delivery, and the element that it is to be written as."""

    delivery: Delivery
    element: Element


class XeroTarget(Target, ABC):
    """One kind of record at Xero."""

    system = System.XERO
    batch_max = BATCH_MAX
    looks_up_first = False
    key_window_s: float | None = KEY_WINDOW_S
    settle_s = 0.0
    """Where Xero refuses a second copy nothing waits: what lands late is refused by then."""
    model: str
    """The model of xero-python that elements are checked against."""
    resource: Resource
    echoed: tuple[str, ...] = ()
    """Members of the payload that an answer repeats as they were sent."""

    def __init__(self, client: XeroClient, *, settle_s: float = SETTLE_S) -> None:
        """Take the organization's client and how late a write may land, in seconds."""
        self.client = client
        if self.settle_s:
            self.settle_s = settle_s

    @abstractmethod
    def _key(self, payload: Json) -> Key:
        """Return what names the payload's record.

        Raises:
            ValueError: A part of it is missing.
        """

    @abstractmethod
    def _shown(self, keys: Sequence[Key]) -> Iterable[Found]:
        """Read the records that have the keys, whosever and whatever they are; others do no harm.

        Of several with one key the first is the one to go by.
        """

    def _mark(self, payload: Json) -> str:  # noqa: ARG002 - a hook
        """Return what the payload's record says of whose it is; '' where the key says it all."""
        return ""

    def _content(self, payload: Json) -> Json:
        """Return the part of the payload that is the element's content."""
        return payload

    def _unfit(self, payload: Json) -> str:  # noqa: ARG002 - a hook
        """Return why the payload must not go although its form is right; '' = it may."""
        return ""

    def _why_frozen(self, payload: Json, found: Found) -> str:
        """Say why what is there cannot get the status that was sent; '' = that is not why."""
        statuses, answer = STATUSES.get((self.system, self.entity)), found.landed.answer
        if statuses is None or not isinstance(answer, dict) or "Status" not in payload:
            return ""
        return statuses.why_not(str(answer.get("Status")), str(payload["Status"]))

    def _echoes(self, payload: Json, row: Row) -> bool:
        """Say whether an element of an answer speaks of the payload: what it repeats is the same.

        An element that was refused repeats less, and may repeat nothing.
        """
        repeated = [name for name in self.echoed if name in payload and name in row]
        return all(row[name] == payload[name] for name in repeated)

    @override
    def calls(self, count: int) -> int:
        reads = -(-count // FILTER_TERMS_MAX)
        return 1 + reads * (2 if self.looks_up_first or self.updates_known else 1)

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        ours = self._ours(deliveries)
        return {mine: _first(self.entity, found) for mine, found in ours.items() if found}

    @override
    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        held = self.held(deliveries)
        live = {mine: [one for one in found if one.is_live] for mine, found in held.items()}
        return {mine: (live[mine] or found)[0].landed for mine, found in held.items() if found}

    @override
    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        ours = self._ours(deliveries)
        return {mine: [one.landed.external_id for one in found] for mine, found in ours.items()}

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        return self.sent(deliveries, self.resource)

    def sent(self, deliveries: Sequence[Delivery], resource: Resource) -> dict[DeliveryId, Outcome]:
        """Check, write and read back."""
        outcomes: dict[DeliveryId, Outcome] = {}
        checked: list[_Checked] = []
        for delivery in sorted(deliveries, key=lambda one: one.idempotency_key):
            try:
                checked.append(self._checked(delivery))
            except ValueError as error:
                outcomes[delivery.delivery_id] = unfit(error).outcome()
        if not checked:
            return outcomes
        written = self._written(checked, resource)
        with after_write():
            return outcomes | self._settled([one.delivery for one in checked], written)

    def _checked(self, delivery: Delivery) -> _Checked:
        payload = delivery.payload
        self._key(payload)
        if problem := self._unfit(payload):
            raise ValueError(problem)
        content = element_of(self.model, self._content(payload))
        echoes = lambda row: self._echoes(payload, row)  # noqa: E731 - bound to this payload
        return _Checked(delivery, Element(content, delivery.idempotency_key, echoes))

    def _written(
        self, batch: Sequence[_Checked], resource: Resource
    ) -> dict[DeliveryId, Row | Refusal | Landed]:
        """Write a batch in one request, or in halves when Xero refuses it as a whole."""
        answered = write_elements(self.client, resource, [one.element for one in batch])
        if not isinstance(answered, Refusal):
            by_element = zip(batch, answered, strict=True)
            return {one.delivery.delivery_id: row for one, row in by_element}
        if len(batch) == 1:
            return {batch[0].delivery.delivery_id: answered}
        with _after_whole_refusal(len(batch), resource):
            return self._in_halves(batch, resource)

    def _in_halves(
        self, batch: Sequence[_Checked], resource: Resource
    ) -> dict[DeliveryId, Row | Refusal | Landed]:
        """Find the bad element of a refused batch, so that it does not stop its neighbors.

        Each half is a request of its own, with a key of its own. There are reports of batches that
        were refused and whose good elements were written all the same (domain RELIABILITY, 4.2): so
        where Xero refuses no copy, what is there already is not sent again.
        """
        found = self.find([one.delivery for one in batch]) if self.looks_up_first else {}
        written: dict[DeliveryId, Row | Refusal | Landed] = dict(found)
        rest = [one for one in batch if one.delivery.delivery_id not in found]
        middle = len(rest) // 2
        for half in (rest[:middle], rest[middle:]):
            if half:
                written |= self._written(half, resource)
        return written

    def _settled(
        self, sent: Sequence[Delivery], written: Mapping[DeliveryId, Row | Refusal | Landed]
    ) -> dict[DeliveryId, Outcome]:
        """Read back what was taken, and look into what was not."""
        taken = [one for one in sent if isinstance(written[one.delivery_id], dict)]
        shown = self._read_back(taken) if taken else {}
        outcomes: dict[DeliveryId, Outcome] = {}
        for delivery in sent:
            mine = delivery.delivery_id
            match written[mine]:
                case Refusal() as refusal:
                    outcomes[mine] = self.refused(delivery, refusal)
                case Landed() as landed:
                    outcomes[mine] = landed
                case row:
                    outcomes[mine] = self.landed(delivery, row, shown.get(mine))
        return outcomes

    def _read_back(self, taken: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        return self.find(taken)

    def landed(self, delivery: Delivery, row: Row, shown: Landed | None) -> Landed:
        """Return what was taken, as it was read back, with the warnings of the answer.

        Raises:
            OutcomeUnknownError: It is not shown.
        """
        if shown is None:
            message = f"Xero took {self.entity} {delivery.document_key} but does not show it."
            raise OutcomeUnknownError(message, remedy="Look it up again in a minute.")
        note = "; ".join(filter(None, [shown.note, *warnings_of(row)]))
        return shown.model_copy(update={"note": note})

    def refused(self, delivery: Delivery, refusal: Refusal) -> Outcome:
        """Return what a refusal amounts to: what stands in the way may be our own first copy."""
        if refusal.row.then is not Then.LOOK_UP:
            return refusal.outcome()
        held = self.held([delivery])[delivery.delivery_id]
        ours = [one for one in held if self.is_ours(delivery, one)]
        if ours and _agrees(ours[0].landed, delivery):
            return ours[0].landed
        if not held:
            return refusal.outcome()
        found = (ours or held)[0]
        why = self._why_frozen(delivery.payload, found) if refusal.row.cause == FROZEN else ""
        return in_the_way(self.entity, refusal, found, why=why)

    def is_ours(self, delivery: Delivery, one: Found) -> bool:
        """Say whether a record that has the delivery's key is the delivery's, and counts."""
        try:
            return one.is_live and one.mark == self._mark(delivery.payload)
        except ValueError:  # a payload that cannot be sent has no record
            return False

    def _ours(self, deliveries: Sequence[Delivery]) -> dict[DeliveryId, list[Found]]:
        """Return the live records of each delivery."""
        held = self.held(deliveries)
        return {
            mine.delivery_id: [one for one in held[mine.delivery_id] if self.is_ours(mine, one)]
            for mine in deliveries
        }

    def held(self, deliveries: Sequence[Delivery]) -> dict[DeliveryId, list[Found]]:
        """Return every record that has a delivery's key; without a key there can be none."""
        keys: dict[DeliveryId, Key] = {}
        for delivery in deliveries:
            with suppress(ValueError):
                keys[delivery.delivery_id] = self._key(delivery.payload)
        by_key: dict[Key, list[Found]] = {}
        for one in self._shown(sorted(set(keys.values()))) if keys else ():
            by_key.setdefault(one.key, []).append(one)
        none: list[Found] = []
        return {
            one.delivery_id: by_key.get(keys[one.delivery_id], none)
            if one.delivery_id in keys
            else none
            for one in deliveries
        }


def text(payload: Json, *path: str) -> str:
    """Return a text of a payload that must be there.

    Raises:
        ValueError: It is missing.
    """
    value: object = payload
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        message = f"it lacks {'.'.join(path)}"
        raise ValueError(message)
    return value


def day(payload: Json, member: str) -> str:
    """Return a calendar day of a payload that must be there, as YYYY-MM-DD.

    Raises:
        ValueError: It is missing, or no day.
    """
    return date.fromisoformat(text(payload, member)).isoformat()


def _first(entity: str, copies: Sequence[Found]) -> Landed:
    landed = copies[0].landed
    if len(copies) == 1:
        return landed
    note = f"Xero holds {len(copies)} copies of this {entity}"
    return landed.model_copy(update={"note": "; ".join(filter(None, [landed.note, note]))})


def _agrees(landed: Landed, delivery: Delivery) -> bool:
    return all(landed.figures.get(name) == value for name, value in delivery.expected.items())


def in_the_way(entity: str, refusal: Refusal, found: Found, *, why: str = "") -> Refused:
    """Return a refusal that says what stands in the way, and why it does if that is known."""
    landed = found.landed
    shows = [f"{name} {value}" for name, value in landed.figures.items()]
    marked = [f"marked {found.mark!r}"] if found.mark else []
    standing = ", ".join([*shows, *marked, *([] if found.is_live else ["not live"])])
    number = landed.external_no or landed.external_id
    said = f"{refusal.said.rstrip('.')}. Xero has {entity} {number}: {standing}. {why}".rstrip()
    return replace(refusal, said=said, answer=landed.answer).outcome()


@contextmanager
def _after_whole_refusal(count: int, resource: Resource) -> Iterator[None]:
    """Say of any failure inside that some of the batch may have been written before it."""
    try:
        yield
    except (RetryableError, FatalError) as error:
        message = f"Of {count} {resource.member} not all went out: {error.message}"
        remedy = "Look them up before sending them again."
        raise OutcomeUnknownError(message, remedy=remedy) from error
