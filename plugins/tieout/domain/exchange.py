"""Exchange rates, and how the one of a document is frozen on it.

A rate is what one of the base currency buys (Xero's CurrencyRate: base = foreign / rate). The rate
that a document is converted by is frozen on it with its source, the rule that chose its day and the
rounding, so that every base amount can be computed again from what is stored, to the cent.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from tieout.domain.base import Frozen
from tieout.domain.money import to_currency

RATE_AGE_MAX = timedelta(days=4)
"""How old the newest rate may be on the day it is for: banks make none over a long weekend."""
DATE_RULE = f"the newest on or before the day, at most {RATE_AGE_MAX.days} days old"
ROUNDING = "half up to the base currency; lines by largest remainder"


class ExchangeRate(Frozen):
    """One row of include/exchange_rates.csv: what one ``base`` buys in ``currency`` on a day."""

    base: str
    currency: str
    day: date
    rate: Decimal = Field(gt=0, max_digits=18, decimal_places=6)
    """Xero keeps six decimals of a CurrencyRate (xero_accounting.yaml: 18.6)."""
    source: str = Field(min_length=1)


class Exchange(ExchangeRate):
    """The rate that a document or payment is converted by, as it is frozen there."""

    date_rule: str = DATE_RULE
    rounding: str = ROUNDING

    def to_base(self, amount: Decimal) -> Decimal:
        """Return a foreign amount in the base currency."""
        return to_currency(amount / self.rate, self.base)


def exchange_on(
    rates: Iterable[ExchangeRate], *, base: str, currency: str, day: date
) -> Exchange | None:
    """Return the rate for a day, or None when there is none that is recent enough."""
    usable = [
        one
        for one in rates
        if (one.base, one.currency) == (base, currency) and day - RATE_AGE_MAX <= one.day <= day
    ]
    if not usable:
        return None
    newest = max(usable, key=lambda one: one.day)
    return Exchange.model_validate(newest.model_dump())
