"""Budgets: calls that all workers share, and what each flow uses of them."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of budgets and of what was used."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop both: what a system allows is learnt anew, and what was used is no part of the books."""
    op.get_bind().exec_driver_sql("DROP TABLE tieout.call_usage, tieout.budgets")
