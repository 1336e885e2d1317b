"""The References port on PostgreSQL: one row for each organization."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from typing_extensions import override

from tieout.ledger.schema import kept_references
from tieout.ledger.session import Database
from tieout.ports.references import KeptReference, References


class PostgresReferences(References):
    """The references of one organization."""

    def __init__(self, database: Database, name: str) -> None:
        """Take the database and the organization's name; nothing is read yet."""
        self._database = database
        self._name = name

    @override
    def kept(self) -> KeptReference | None:
        columns = (kept_references.c.content, kept_references.c.read_at)
        statement = select(*columns).where(kept_references.c.name == self._name)
        with self._database.transaction() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else KeptReference.model_validate(dict(row))

    @override
    def keep(self, reference: KeptReference) -> None:
        values = {"content": reference.content, "read_at": reference.read_at}
        statement = (
            insert(kept_references)
            .values(name=self._name, **values)
            .on_conflict_do_update(
                constraint=kept_references.primary_key,
                set_=values,
                where=kept_references.c.read_at <= reference.read_at,
            )
        )
        with self._database.transaction() as connection:
            connection.execute(statement)
