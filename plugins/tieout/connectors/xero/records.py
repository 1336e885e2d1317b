"""One answer's records, cut out of it as they are: only what reading needs is looked at.

Members and values that nobody knows are the affair of whoever works on the record. A record that
has no usable id or time, or is no JSON, is odd; its neighbors are not.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

import msgspec

from tieout.connectors.http import Answer, untrusted_answer
from tieout.connectors.xero.resources import CHANGED_AT, MERGED_TO, Resource, Way
from tieout.domain.reading import OddRecord, SourceRecord, Tombstone

Bytes = bytes | msgspec.Raw

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(r"/Date\((\d{1,14})(?:[+-]\d{4})?\)/")
"""A moment in Xero's JSON: milliseconds in UTC, whatever offset is named behind them."""
_SPACE = re.compile(r"[ \t\r\n]*")
_ID_LENGTH_MAX = 255
_JSON = "JSON"
_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class _Pagination(msgspec.Struct):
    pageCount: int  # noqa: N815 - Xero's name


_PAGINATION = msgspec.json.Decoder(_Pagination)
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one answer, in its order, and what it says of the list."""

    page_count: int | None
    answered_at: datetime | None
    """When Xero answered, by its own clock."""
    records: list[SourceRecord] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    """When the records changed; empty for a list whose records need not say so."""
    odd: list[OddRecord] = field(default_factory=list)


class RecordReader:
    """Takes the answers with one resource's records apart."""

    def __init__(self, resource: Resource) -> None:
        """Prepare to look at the members that this resource has."""
        self._resource = resource
        self._is_dated = resource.way is not Way.WHOLE
        self._tombstones = {one.upper(): one for one in resource.tombstones}
        named = (resource.id_member, CHANGED_AT, resource.status, MERGED_TO)
        head = msgspec.defstruct(
            "Head",
            [(f"member{number}", object, None) for number in range(len(named))],
            rename={f"member{number}": name for number, name in enumerate(named)},
        )
        self._head = msgspec.json.Decoder(head)

    def read(self, answer: Answer) -> Records:
        """Return the records of an answer.

        Raises:
            UnavailableError: It is no whole answer with such a list.
        """
        try:
            envelope, bodies = _opened(answer.body, self._resource.member)
            read = Records(page_count=_page_count(envelope), answered_at=_answered_at(envelope))
        except (LookupError, ValueError, RecursionError) as error:
            problem = f"Xero's answer has no list {self._resource.member!r}."
            raise untrusted_answer(problem, is_write=False) from error
        for body in bodies:
            self._add(body, read)
        return read

    def _add(self, body: Bytes, read: Records) -> None:
        try:
            head = self._head.decode(body)
        except (msgspec.DecodeError, RecursionError):
            read.odd.append(OddRecord("", bytes(body), _JSON))
            return
        record_id, changed_at, status, merged_to = msgspec.structs.astuple(head)
        if not _is_id(record_id):
            read.odd.append(OddRecord("", bytes(body), self._resource.id_member))
            return
        if self._is_dated:
            moment = moment_of(changed_at)
            if moment is None:
                read.odd.append(OddRecord(record_id, bytes(body), CHANGED_AT))
                return
            read.times.append(moment)
        if _is_id(merged_to):
            record = SourceRecord(record_id, bytes(body), Tombstone.MERGED, merged_to)
        elif isinstance(status, str):
            record = SourceRecord(record_id, bytes(body), self._tombstones.get(status))
        else:
            record = SourceRecord(record_id, bytes(body))
        read.records.append(record)


def _opened(body: bytes, member: str) -> tuple[Mapping[str, Bytes], Sequence[Bytes]]:
    """Return the envelope's members, and the records.

    Raises:
        LookupError, ValueError, RecursionError: There are none.
    """
    try:
        envelope = _ENVELOPE.decode(body)
        return envelope, _LIST.decode(envelope[member])
    except msgspec.DecodeError:
        return _opened_with_care(body, member)


def _opened_with_care(body: bytes, member: str) -> tuple[Mapping[str, Bytes], Sequence[Bytes]]:
    """Open an answer that has what is no JSON (NaN, half a character), if it is in its records."""
    text = body.decode("utf-8", "surrogateescape")
    opening = re.search(rf'"{re.escape(member)}"\s*:\s*\[', text)
    if opening is None:
        raise LookupError(member)
    decoder = json.JSONDecoder()
    records = []
    at = _after_space(text, opening.end())
    is_over = text[at] == "]"
    while not is_over:
        _record, end = decoder.raw_decode(text, at)
        records.append(text[at:end].encode("utf-8", "surrogateescape"))
        at = _after_space(text, end)
        is_over = text[at] == "]"
        if not is_over:
            at = _after_space(text, text.index(",", at, at + 1) + 1)
    around = (text[: opening.end()] + text[at:]).encode("utf-8", "surrogateescape")
    return _ENVELOPE.decode(around), records


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _page_count(envelope: Mapping[str, Bytes]) -> int | None:
    said = envelope.get("pagination")
    return None if said is None else _PAGINATION.decode(said).pageCount


def _answered_at(envelope: Mapping[str, Bytes]) -> datetime | None:
    said = envelope.get("DateTimeUTC")
    return None if said is None else moment_of(_TEXT.decode(said))


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _ID_LENGTH_MAX and "\x00" not in value


def moment_of(value: object) -> datetime | None:
    """Return a moment as Xero's JSON has it; None for what is none."""
    said = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    return _EPOCH + timedelta(milliseconds=int(said.group(1))) if said else None
