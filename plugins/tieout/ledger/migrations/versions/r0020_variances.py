"""The queue of variances: what no settlement explains, and what people say of it."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; the first run fills it."""
    op.get_bind().exec_driver_sql(
        Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"),
        execution_options={"no_parameters": True},
    )


def downgrade() -> None:
    """Drop it: the audit has who said what when."""
    op.get_bind().exec_driver_sql(
        "DROP TABLE tieout.variances; DROP FUNCTION tieout.audit_variance()",
        execution_options={"no_parameters": True},
    )
