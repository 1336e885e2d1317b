"""Payment reconciliation of an installation: who is asked, and since when."""

from datetime import timedelta

from tieout.usecases.payment_reconciliation import (
    GATEWAY,
    PairPayments,
    reconcile_payments,
)
from tieout.wiring.systems import ConnectedSystems


def reconciled(systems: ConnectedSystems, name: str, *, days: int) -> PairPayments:
    """Put together what is known of a pair's money, with the payouts of so many days."""
    pair = systems.pair(name)
    known_at = systems.clock.now()
    has_payouts = any(one.gateway == GATEWAY for one in pair.gateways)
    return reconcile_payments(
        pair,
        systems.xero(name),
        systems.sage100(name),
        {one.domain: systems.shop(name, one.domain) for one in pair.shops if has_payouts},
        since=known_at - timedelta(days=days),
        known_at=known_at,
    )
