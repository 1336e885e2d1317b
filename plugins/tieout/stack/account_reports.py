"""Which sales the account rules decide, as text for people and as plain values for programs."""

from pydantic import JsonValue

from tieout.domain.suggestions import listed
from tieout.stack.tables import text_table
from tieout.usecases.accounts import Coverage, Gap, described

NO_INSTALLATION = (
    "Which sales have an account is known where orders are: give an installation by --connections."
)


def coverage_json(sold: Coverage | None) -> JsonValue:
    """Return the shares of the account rules, and the sales that none names; None = not known."""
    if sold is None:
        return None
    percents = {"percent": str(sold.percent), "rules_percent": str(sold.rules_percent)}
    return {**sold.model_dump(mode="json"), **percents}


def coverage_text(sold: Coverage | None, *, days: int) -> str:
    """Return how many percent of the sold lines have an account, and what could be a rule."""
    if sold is None:
        return NO_INSTALLATION
    if not sold.lines:
        return f"Accounts: nothing was sold in {days} days."
    nowhere = sold.lines - sold.by_rule - sold.by_default
    shares = (
        f"Accounts: of {sold.lines} lines sold in {days} days, {sold.percent} % have one: "
        f"{sold.by_rule} by a rule ({sold.rules_percent} %), {sold.by_default} by the default "
        f"'sales', and {nowhere} have none, whose orders are set aside."
    )
    if not sold.gaps:
        return shares
    headers = ("no rule names", "lines", "net", "goes to", "nearest")
    table = text_table(headers, [_gap(gap) for gap in sold.gaps], right=" rr  ")
    return f"{shares}\n\n{table}"


def _gap(gap: Gap) -> tuple[str, ...]:
    goes_to = "sales" if gap.has_account else "nowhere"
    month = f"{gap.sale.book_date:%Y-%m}"
    nearest = listed(gap.suggestions) or "-"
    return (f"{month}: {described(gap.sale)}", str(gap.lines), f"{gap.net:f}", goes_to, nearest)
