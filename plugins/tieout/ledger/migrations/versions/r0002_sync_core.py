"""The sync core: states by name, steps with fences, crashes counted, fresh before history."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename states, add columns and the steps of batches."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: states that the first revision does not know would be lost."""
    message = "The ledger's second revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
