"""Statements on parents: what documents and dead letters wait for, and letting them go on.

A document waits when its parent was refused and another record has the dead letter. A dead letter
waits when what it lacks may come to be there by itself.
"""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from tieout.domain.base import DeadLetterId, DocumentId
from tieout.domain.desk import Resolution
from tieout.domain.ledger import UNFINISHED, DocumentState, Parent
from tieout.ledger.dead_letters import replay
from tieout.ledger.documents import move
from tieout.ledger.schema import dead_letters, documents


def wait(connection: Connection, document_id: DocumentId, parent: str) -> None:
    """Move an unfinished document back to ``received``, held by no batch, waiting for a parent."""
    values: dict[str, object] = {"batch_id": None, "canonical": None, "waits_for": [parent]}
    move(connection, document_id, DocumentState.RECEIVED, values=values)


def waited_for(connection: Connection, pair: str) -> list[Parent]:
    """Return what is waited for, by name, with how many wait and which dead letters do."""
    waits = union_all(
        select(func.unnest(documents.c.waits_for).label("name"), null().label("letter")).where(
            _waiting_documents(pair)
        ),
        select(func.unnest(dead_letters.c.waits_for), dead_letters.c.dead_letter_id).where(
            _waiting_letters(pair)
        ),
    ).subquery()
    letters = func.array_agg(waits.c.letter).filter(waits.c.letter.is_not(None))
    found = connection.execute(
        select(waits.c.name, func.count() - func.count(waits.c.letter), letters)
        .group_by(waits.c.name)
        .order_by(waits.c.name)
    ).all()
    tried = _tried(connection, pair) if found else set()
    return [
        Parent(
            name=name,
            documents=count,
            dead_letters=tuple(sorted(numbers or ())),
            is_tried=name in tried,
        )
        for name, count, numbers in found
    ]


def _tried(connection: Connection, pair: str) -> set[str]:
    """Return the parents of records that were put back and are under way."""
    found = connection.execute(
        select(func.unnest(dead_letters.c.waits_for))
        .join(documents, documents.c.document_id == dead_letters.c.document_id)
        .where(
            documents.c.pair == pair,
            documents.c.state.in_(UNFINISHED),
            documents.c.waits_for == literal([], ARRAY(Text)),
            dead_letters.c.resolution == Resolution.REPLAYED,
        )
        .distinct()
    )
    return set(found.scalars())


def let_on(connection: Connection, pair: str, there: Collection[str]) -> int:
    """Let go on whatever waits for nothing but what is there by now."""
    names = cast(sorted(there), ARRAY(Text))
    released = connection.execute(
        update(documents)
        .where(_waiting_documents(pair), documents.c.waits_for.contained_by(names))
        .values(waits_for=[], changed_at=func.clock_timestamp())
    ).rowcount
    letters = connection.execute(
        select(dead_letters.c.dead_letter_id, dead_letters.c.waits_for)
        .where(_waiting_letters(pair), dead_letters.c.waits_for.contained_by(names))
        .order_by(dead_letters.c.dead_letter_id)
        .with_for_update()
    ).all()
    for letter in letters:
        reason = f"{', '.join(letter.waits_for)} is there"
        replay(connection, DeadLetterId(letter.dead_letter_id), reason=reason)
    return released + len(letters)


def _waiting_documents(pair: str) -> ColumnElement[bool]:
    return and_(
        documents.c.pair == pair,
        documents.c.waits_for != literal([], ARRAY(Text)),
        documents.c.state.in_(UNFINISHED),
    )


def _waiting_letters(pair: str) -> ColumnElement[bool]:
    return and_(
        dead_letters.c.pair == pair,
        dead_letters.c.waits_for != literal([], ARRAY(Text)),
        dead_letters.c.closed_at.is_(None),
    )
