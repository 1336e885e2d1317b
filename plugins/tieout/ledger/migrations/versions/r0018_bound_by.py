"""Bindings, and words that two are not the same, say who said so, who took it back, and why."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ACTOR = "coalesce(nullif(current_setting('tieout.actor', true), ''), session_user::text)"


def upgrade() -> None:
    """Add them; of what there is already the audit alone says who."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.bindings ADD COLUMN bound_by text NOT NULL DEFAULT '',"
        " ADD COLUMN ended_by text NOT NULL DEFAULT '';"
        f" ALTER TABLE tieout.bindings ALTER COLUMN bound_by SET DEFAULT {ACTOR};"
        " ALTER TABLE tieout.not_same ADD COLUMN said_by text NOT NULL DEFAULT '',"
        " ADD COLUMN why text NOT NULL DEFAULT '', ADD COLUMN ended_by text NOT NULL DEFAULT '';"
        f" ALTER TABLE tieout.not_same ALTER COLUMN said_by SET DEFAULT {ACTOR}",
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop them: the audit has who said what when."""
    op.get_bind().exec_driver_sql(
        "ALTER TABLE tieout.bindings DROP COLUMN bound_by, DROP COLUMN ended_by;"
        " ALTER TABLE tieout.not_same DROP COLUMN said_by, DROP COLUMN why, DROP COLUMN ended_by"
    )
