"""What was consented to, and since when a consent counts no more; both are audited."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the trigger."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: what the audit says of it would be without its subject."""
    message = "The ledger's ninth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
