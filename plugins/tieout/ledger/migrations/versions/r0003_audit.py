"""The audit: seals, salted hashes, redaction of personal data."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create seals, salts and redactions, and salt what audit rows say of content."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: seals that are gone cannot be verified."""
    message = "The ledger's third revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
