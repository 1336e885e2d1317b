"""Statements that look deliveries up, and change none."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from tieout.domain.base import DocumentId, Json
from tieout.domain.ledger import Delivery
from tieout.ledger import rows
from tieout.ledger.schema import deliveries


def of_documents(
    connection: Connection, document_ids: Collection[DocumentId], entity: str | None
) -> list[Delivery]:
    """Return the deliveries of documents, oldest first."""
    of_these = deliveries.c.document_id.in_(document_ids)
    if entity is None:
        return _found(connection, of_these)
    return _found(connection, of_these, deliveries.c.entity == entity)


def of_keys(
    connection: Connection, pair: str, entity: str, document_keys: Collection[str]
) -> list[Delivery]:
    """Return the deliveries of one kind for the keys, oldest first."""
    return _of_kind(connection, pair, entity, deliveries.c.document_key.in_(document_keys))


def holding(connection: Connection, pair: str, entity: str, part: Json) -> list[Delivery]:
    """Return the deliveries of one kind whose payload contains a part, oldest first."""
    return _of_kind(connection, pair, entity, deliveries.c.payload.contains(part))


def resent(connection: Connection, pair: str, entity: str, since: datetime) -> list[Delivery]:
    """Return the deliveries of one kind sent more than once, the last time after ``since``."""
    return _of_kind(connection, pair, entity, deliveries.c.epoch > 1, deliveries.c.sent_at >= since)


def _of_kind(
    connection: Connection, pair: str, entity: str, *conditions: ColumnElement[bool]
) -> list[Delivery]:
    of_kind = (deliveries.c.pair == pair, deliveries.c.entity == entity)
    return _found(connection, *of_kind, *conditions)


def _found(connection: Connection, *conditions: ColumnElement[bool]) -> list[Delivery]:
    statement = select(*rows.DELIVERY).where(*conditions).order_by(deliveries.c.delivery_id)
    return [rows.delivery(row) for row in connection.execute(statement).mappings()]
