"""The Landing port on PostgreSQL: a page and the position after it, all or nothing.

A page is one statement, whatever its size. Uniqueness is the inbox's own.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import distinct_on
from typing_extensions import override

from tieout.domain.base import InboxId, System
from tieout.domain.ledger import NewDeadLetter, NewInboxEntry
from tieout.domain.reading import (
    OWN_WRITE,
    START,
    Page,
    PageLanded,
    Position,
    Reading,
    Renumbered,
    Tombstone,
    Writer,
    topic_of,
)
from tieout.errors import RetryableError
from tieout.ledger import dead_letters
from tieout.ledger import inbox as inbox_statements
from tieout.ledger.schema import inbox, watermarks
from tieout.ledger.session import Database
from tieout.ports.landing import Landing

_SAID = """
    SELECT * FROM unnest(%(topics)b::text[], %(ids)b::text[], %(bodies)b::bytea[],
        %(hashes)b::text[], %(heirs)b::text[], %(writers)b::text[], %(gists)b::text[],
        %(names)b::text[]) AS said (topic, id, body, body_sha256, heir, writer, gist, named)"""
_INSERTED = """
    INSERT INTO tieout.inbox (pair, source, account, topic, event_id, resource_id, origin, body,
        body_sha256, body_size, headers, occurrence, state, rule)
    SELECT %(pair)s, %(source)s, %(account)s, topic, '', id, %(origin)s, body, body_sha256,
        length(body), CASE heir || gist || named WHEN '' THEN '{}' ELSE jsonb_strip_nulls(
            jsonb_build_object('merged_to', nullif(heir, ''), 'gist', nullif(gist, ''),
                'named', nullif(named, ''))) END,
        occurrence, CASE WHEN is_echo THEN 'skipped' ELSE 'pending' END,
        CASE WHEN is_echo THEN %(own_write)s ELSE '' END
    FROM news
    ON CONFLICT DO NOTHING RETURNING topic, state"""
_COUNTED = """
    SELECT count(*) FILTER (WHERE state <> 'skipped'), count(*) FILTER (WHERE topic <> %(live)s),
        count(*) FILTER (WHERE state = 'skipped') FROM landed"""
_LAND_PAGE = f"""
WITH news AS (SELECT said.*, 0 AS occurrence, FALSE AS is_echo FROM ({_SAID}) AS said),
landed AS ({_INSERTED})
{_COUNTED}"""  # noqa: S608 - made of constants
# What is said of a record for the second time, after something else, differs from the first time by
# its occurrence alone.
_COMPARED = f"""
WITH said AS ({_SAID}),
listed AS (SELECT * FROM unnest(%(listed)b::text[]) AS listed (id)),
latest AS (
    SELECT DISTINCT ON (resource_id) resource_id, topic, body_sha256, headers ->> 'gist' AS gist
    FROM tieout.inbox
    WHERE source = %(source)s AND account = %(account)s AND topic = ANY(%(resource_topics)s)
        AND considered
    ORDER BY resource_id, inbox_id DESC),
present AS (
    SELECT * FROM said
    UNION ALL
    SELECT %(gone)s, resource_id, %(nothing)b::bytea, %(nothing_sha256)s, '', '', '', ''
    FROM latest
    WHERE topic = ANY(%(leaving)s) AND EXISTS (SELECT FROM listed)
        AND NOT EXISTS (SELECT FROM listed WHERE listed.id = latest.resource_id)),
news AS (
    SELECT present.*, (
        SELECT count(*) FROM tieout.inbox AS before
        WHERE before.source = %(source)s AND before.account = %(account)s
            AND before.topic = present.topic AND before.resource_id = present.id
            AND before.body_sha256 = present.body_sha256) AS occurrence,
        writer = %(alone)s OR (writer = %(last)s AND latest.topic = present.topic
            AND latest.gist = present.gist) IS TRUE AS is_echo
    FROM present LEFT JOIN latest ON latest.resource_id = present.id
    WHERE (latest.topic, latest.body_sha256)
        IS DISTINCT FROM (present.topic, present.body_sha256)),
landed AS ({_INSERTED})
{_COUNTED}"""  # noqa: S608 - made of constants
_LAND_COMPARED = _COMPARED.replace("considered", "resource_id = ANY(%(ids)b::text[])")
_LAND_WHOLE = _COMPARED.replace("considered", "TRUE")
# Entries that wait: one of a record that is gone, one of a record that came since the list was last
# gone through, and both are called the same.
_RENUMBERED = """
SELECT gone.inbox_id, gone.resource_id, came.inbox_id, came.resource_id, came.headers ->> 'named'
FROM tieout.inbox AS gone
CROSS JOIN LATERAL (
    SELECT headers ->> 'named' AS named FROM tieout.inbox AS old
    WHERE old.source = %(source)s AND old.account = %(account)s AND old.topic = %(live)s
        AND old.resource_id = gone.resource_id
    ORDER BY inbox_id DESC LIMIT 1) AS old
JOIN tieout.inbox AS came ON came.headers ->> 'named' = old.named
WHERE gone.source = %(source)s AND gone.pair = %(pair)s AND gone.state = 'pending'
    AND gone.account = %(account)s AND gone.topic = %(gone)s
    AND came.source = %(source)s AND came.pair = %(pair)s AND came.state = 'pending'
    AND came.account = %(account)s AND came.topic = %(live)s
    AND came.received_at >= %(listed_before)s AND came.resource_id <> gone.resource_id
    AND NOT EXISTS (
        SELECT FROM tieout.inbox AS earlier
        WHERE earlier.source = %(source)s AND earlier.account = %(account)s
            AND earlier.topic = ANY(%(resource_topics)s)
            AND earlier.resource_id = came.resource_id AND earlier.inbox_id < came.inbox_id)"""
_MOVE = """
INSERT INTO tieout.watermarks (pair, source, resource, read_through, position)
VALUES (%(pair)s, %(source)s, %(name)s, %(through)s, %(position)s)
ON CONFLICT ON CONSTRAINT watermarks_pkey DO UPDATE SET
    read_through = excluded.read_through, position = excluded.position,
    changed_at = clock_timestamp()
WHERE jsonb_strip_nulls(watermarks.position)
    IS NOT DISTINCT FROM jsonb_strip_nulls(%(before)s::jsonb)"""
"""Nulls do not count: a position that was stored before it got a new member is still the same."""
_NOTHING = b"{}"
"""The body of a tombstone that only says that the record is gone."""
_NOTHING_SHA256 = hashlib.sha256(_NOTHING).hexdigest()


class PostgresLanding(Landing):
    """The inbox of one ledger."""

    def __init__(self, database: Database) -> None:
        """Take the ledger's database; nothing is read before the first call."""
        self._database = database

    @override
    def position(self, reading: Reading) -> Position:
        statement = select(watermarks.c.position).where(
            watermarks.c.pair == reading.pair,
            watermarks.c.source == reading.source,
            watermarks.c.resource == reading.name,
        )
        with self._database.transaction() as connection:
            found = connection.execute(statement).scalar_one_or_none()
        return START if found is None else Position.model_validate(found)

    @override
    def told(
        self, source: System, account: str, resource: str, record_ids: Collection[str]
    ) -> dict[str, bytes]:
        topics = [topic_of(resource, tombstone) for tombstone in (None, *Tombstone)]
        newest = (
            select(inbox.c.resource_id, inbox.c.topic, inbox.c.body)
            .ext(distinct_on(inbox.c.resource_id))
            .where(
                inbox.c.source == source,
                inbox.c.account == account,
                inbox.c.topic.in_(topics),
                inbox.c.resource_id.in_(record_ids),
            )
            .order_by(inbox.c.resource_id, inbox.c.inbox_id.desc())
        )
        with self._database.transaction() as connection:
            found = connection.execute(newest).all()
        return {record_id: body for record_id, topic, body in found if topic == topics[0] and body}

    @override
    def land(
        self,
        reading: Reading,
        page: Page,
        *,
        before: Position,
        set_aside: Sequence[tuple[NewInboxEntry, NewDeadLetter]] = (),
    ) -> PageLanded:
        with self._database.transaction() as connection:
            _move(connection, reading, before, page.position)
            new, tombstones, echoes = _land(connection, reading, page)
            aside = sum(_set_aside(connection, entry, letter) for entry, letter in set_aside)
            stopped = _stop_renumbered(connection, reading, page) if tombstones else 0
        return PageLanded(
            new=new + aside, tombstones=tombstones, set_aside=aside + stopped, echoes=echoes
        )


def _move(connection: Connection, reading: Reading, before: Position, after: Position) -> None:
    """Move the reading on; whoever comes second from the same place is stopped here."""
    moved = connection.exec_driver_sql(
        _MOVE,
        {
            "pair": reading.pair,
            "source": reading.source,
            "name": reading.name,
            "through": after.through,
            "position": _stored(after),
            "before": _stored(before),
        },
    )
    if moved.rowcount != 1:
        raise RetryableError(
            f"Another run has gone on with reading {reading.resource}.",
            remedy="Nothing of this page was stored; read on from the present position.",
        )


def _stored(position: Position) -> Jsonb | None:
    return None if position == START else Jsonb(position.model_dump(mode="json"))


def _land(connection: Connection, reading: Reading, page: Page) -> tuple[int, int, int]:
    """Insert what is new of a page; return how many entries were, tombstones, and echoes."""
    topics = {tombstone: reading.topic(tombstone) for tombstone in (None, *Tombstone)}
    given: Mapping[str, object] = {
        "pair": reading.pair,
        "source": reading.source,
        "account": reading.account,
        "origin": reading.origin,
        "topics": [topics[record.tombstone] for record in page.records],
        "ids": [record.record_id for record in page.records],
        "bodies": [record.body for record in page.records],
        "hashes": [hashlib.sha256(record.body).hexdigest() for record in page.records],
        "heirs": [record.merged_to for record in page.records],
        "writers": [record.writer for record in page.records],
        "gists": [record.gist for record in page.records],
        "names": [record.named for record in page.records],
        "own_write": OWN_WRITE,
        "live": topics[None],
    }
    if page.is_whole or page.may_return:
        compared = {
            "listed": page.present,
            "resource_topics": list(topics.values()),
            "gone": topics[Tombstone.GONE],
            "leaving": [
                topic
                for tombstone, topic in topics.items()
                if tombstone is None or (page.is_whole and tombstone is not Tombstone.GONE)
            ],
            "last": Writer.US,
            "alone": Writer.US_ALONE,
            "nothing": _NOTHING,
            "nothing_sha256": _NOTHING_SHA256,
        }
        statement = _LAND_WHOLE if page.present else _LAND_COMPARED
        landed = connection.exec_driver_sql(statement, {**given, **compared}).one()
    else:
        landed = connection.exec_driver_sql(_LAND_PAGE, {**given}).one()
    new, tombstones, echoes = map(int, landed)
    return new, tombstones, echoes


def _stop_renumbered(connection: Connection, reading: Reading, page: Page) -> int:
    """Set aside what is gone and what came under the same name; return how many entries."""
    if not page.listed or page.listed_before is None:
        return 0
    topics = [reading.topic(tombstone) for tombstone in (None, *Tombstone)]
    found = connection.exec_driver_sql(
        _RENUMBERED,
        {
            "pair": reading.pair,
            "source": reading.source,
            "account": reading.account,
            "live": reading.topic(),
            "gone": reading.topic(Tombstone.GONE),
            "resource_topics": topics,
            "listed_before": page.listed_before,
        },
    ).all()
    entries: dict[int, NewDeadLetter] = {}
    for old, old_id, new, new_id, named in found:
        letter = Renumbered(old_id=old_id, new_id=new_id, named=named).letter(reading)
        entries |= {old: letter, new: letter}
    for number, letter in entries.items():
        of_entry = letter.model_copy(update={"inbox_id": InboxId(number)})
        dead_letters.set_aside(connection, of_entry)
    return len(entries)


def _set_aside(connection: Connection, entry: NewInboxEntry, letter: NewDeadLetter) -> bool:
    """Land an odd record with its dead letter; False when it was known."""
    if not inbox_statements.land(connection, [entry]):
        return False
    landed = connection.execute(
        select(inbox.c.inbox_id).where(
            inbox.c.source == entry.source,
            inbox.c.account == entry.account,
            inbox.c.topic == entry.topic,
            inbox.c.resource_id == entry.resource_id,
            inbox.c.body_sha256 == entry.body_sha256,
        )
    ).scalar_one()
    with_entry = letter.model_copy(update={"inbox_id": InboxId(landed)})
    dead_letters.set_aside(connection, with_entry)
    return True
