"""Webhooks of Xero apps: which events of an app's sequence were heard."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of what was heard, and the audit of what a person gave up."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: what was missed would be forgotten."""
    message = "The ledger's eighth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
