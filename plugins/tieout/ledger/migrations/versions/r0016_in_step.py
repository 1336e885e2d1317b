"""Records in step: agreed records, conflicts, bindings that end, and what is not the same."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; nothing was agreed on yet, and every binding is one that lasts."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop them: what was in step is compared as at first sight, ended bindings are forgotten."""
    op.get_bind().exec_driver_sql(
        "DROP TABLE tieout.conflicts, tieout.agreed_records, tieout.not_same;"
        " DROP FUNCTION tieout.audit_conflict(), tieout.audit_agreed(), tieout.audit_not_same();"
        " DELETE FROM tieout.bindings WHERE ended_at IS NOT NULL;"
        " DROP INDEX tieout.bindings_key, tieout.bindings_external_id;"
        " ALTER TABLE tieout.bindings DROP COLUMN confidence, DROP COLUMN ended_at,"
        " DROP COLUMN ended_why, ADD COLUMN agreed jsonb,"
        " ADD CONSTRAINT bindings_key UNIQUE (pair, entity, system, key),"
        " ADD CONSTRAINT bindings_external_id UNIQUE (pair, entity, system, external_id);"
        " CREATE OR REPLACE FUNCTION tieout.audit_binding() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$ BEGIN"
        " PERFORM tieout.write_audit(NEW.pair, 'binding.bound', 'binding/' || NEW.binding_id,"
        " jsonb_build_object('entity', NEW.entity, 'key', NEW.key, 'system', NEW.system,"
        " 'external_id', NEW.external_id, 'provenance', NEW.provenance)); RETURN NULL;"
        " END $body$",
        execution_options={"no_parameters": True},
    )
