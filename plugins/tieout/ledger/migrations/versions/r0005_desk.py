"""The desk of dead letters: corrections, how letters were closed, replays of many."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create corrections and replay jobs; let a closed letter say by whom and why."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Refuse: what people corrected and decided would be lost."""
    message = "The ledger's fifth revision cannot be undone; restore a backup instead."
    raise NotImplementedError(message)
