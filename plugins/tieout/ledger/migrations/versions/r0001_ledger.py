"""The ledger, first version: inbox to audit."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, rule and trigger."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: going back would lose what was recorded."""
    message = "The ledger's first revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
