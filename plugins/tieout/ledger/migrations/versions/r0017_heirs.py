"""Heirs: by which other thing one goes that people merged into it."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; nothing was merged yet as far as is known."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop them: what went by another thing is bound to nothing there."""
    op.get_bind().exec_driver_sql(
        "DROP TABLE tieout.heirs; DROP FUNCTION tieout.audit_heir();"
        " DROP INDEX tieout.bindings_ended",
        execution_options={"no_parameters": True},
    )
