"""Inbox, ledger and audit, read by SQL in one snapshot."""

from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tieout_oracle.connections import Connection
from tieout_oracle.sets import AuditRow, DeliveryRow, DocumentRow, InboxRow

INBOX = """
SELECT inbox_id, account, resource_id, state, event_id, body_sha256
FROM tieout.inbox WHERE pair = %(pair)s
"""
DOCUMENTS = """
SELECT document_id, inbox_id, account, source_id, version_no, state,
    coalesce((SELECT sum(c.amount_after - c.amount_before) FROM tieout.corrections AS c
              WHERE c.document_id = d.document_id), 0) AS corrected_by
FROM tieout.documents AS d WHERE pair = %(pair)s
"""
DELIVERIES = """
SELECT delivery_id, document_id, target, entity, document_key, operation, state, external_id,
       expected
FROM tieout.deliveries WHERE pair = %(pair)s
"""
AUDIT = """
SELECT DISTINCT ON (subject) subject, action FROM tieout.audit
WHERE pair = %(pair)s AND (subject LIKE 'document/%%' OR subject LIKE 'delivery/%%')
ORDER BY subject, audit_id DESC
"""
FIGURES = {
    "invoice": ("total",),
    "payment": ("amount",),
    "cash_receipt": ("amount",),
    "sales_order": ("lines", "tax", "freight"),
}
"""By entity, the expected figures that add up to what the document is worth."""


def read_ledger(
    connection: Connection, pair: str, currency: str
) -> tuple[list[InboxRow], list[DocumentRow], list[DeliveryRow], list[AuditRow]]:
    """Return inbox, documents, deliveries and the audit's last word on each, at one moment."""
    with psycopg.connect(
        host=connection.host or None,
        port=connection.port,
        user=connection.login or None,
        password=connection.password or None,
        dbname=connection.database,
        row_factory=dict_row,
        connect_timeout=10,
    ) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        database.read_only = True
        given = {"pair": pair}
        inbox = [InboxRow(**row) for row in database.execute(INBOX, given)]
        documents = [DocumentRow(**row) for row in database.execute(DOCUMENTS, given)]
        deliveries = [_delivery(row, currency) for row in database.execute(DELIVERIES, given)]
        audit = [AuditRow(**row) for row in database.execute(AUDIT, given)]
    return inbox, documents, deliveries, audit


def _delivery(row: dict[str, Any], currency: str) -> DeliveryRow:
    names = FIGURES.get(row["entity"], ())
    amount = sum((Decimal(row["expected"].get(name, "0")) for name in names), Decimal(0))
    return DeliveryRow(
        delivery_id=row["delivery_id"],
        document_id=row["document_id"],
        target=row["target"],
        entity=row["entity"],
        key=row["document_key"],
        operation=row["operation"],
        state=row["state"],
        external_id=row["external_id"],
        currency=currency if names else "",
        amount=amount if names else None,
    )
