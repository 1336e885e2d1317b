"""Xero's tiers: what an app pays a month, how much it may read for that, and how often it may call.

https://developer.xero.com/pricing, since March 2026; prices in Australian dollars. Custom
connections and bespoke integrations of one client are exempt from them.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from tieout.domain.budget import Allowed, Tariff

CURRENCY = "AUD"
OVERAGE_PER_GB = Decimal("2.40")
GB = 10**9
SMALL_DAY, LARGE_DAY = 1000, 5000
"""Calls of an organization's day: on the Starter tier, and on all others."""


class Tier(StrEnum):
    """What the app subscribes to."""

    CUSTOM = "custom"
    """None: a custom connection, which pays by itself. Which day holds for it is not documented."""
    STARTER = "starter"
    CORE = "core"
    PLUS = "plus"
    ADVANCED = "advanced"


def _tariff(tier: Tier, price: int, gb: int | None = None) -> Tariff:
    return Tariff(
        name=tier,
        currency=CURRENCY,
        price=Decimal(price),
        egress_bytes=None if gb is None else gb * GB,
        overage_per_gb=OVERAGE_PER_GB if gb is not None else Decimal(0),
    )


TARIFFS: Mapping[Tier, Tariff] = {
    Tier.CUSTOM: _tariff(Tier.CUSTOM, 0),
    Tier.STARTER: _tariff(Tier.STARTER, 0),  # what it includes is not documented
    Tier.CORE: _tariff(Tier.CORE, 35, gb=10),
    Tier.PLUS: _tariff(Tier.PLUS, 245, gb=50),
    Tier.ADVANCED: _tariff(Tier.ADVANCED, 1445, gb=250),
}
_DAYS: Mapping[Tier, tuple[int, ...]] = {
    Tier.CUSTOM: (SMALL_DAY, LARGE_DAY),
    Tier.STARTER: (SMALL_DAY,),
    Tier.CORE: (LARGE_DAY,),
    Tier.PLUS: (LARGE_DAY,),
    Tier.ADVANCED: (LARGE_DAY,),
}


def allowed_by(tier: Tier) -> Allowed:
    """Return Xero's limits (https://developer.xero.com/documentation/guides/oauth2/limits)."""
    return Allowed(concurrent=5, per_minute=60, per_day=_DAYS[tier], app_per_minute=10_000)
