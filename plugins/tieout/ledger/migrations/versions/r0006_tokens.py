"""Tokens of the systems that are called, shared by all processes of an installation."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of tokens."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: a rotated refresh token exists nowhere else."""
    message = "The ledger's sixth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
