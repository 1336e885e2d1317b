"""Which scopes Xero must grant for what a pair has switched on: granular ones, and no more.

Broad scopes are refused to apps made since March 2026, and end for all in September 2027
(domain/xero README, 2.2). A scope to write opens reading too.
"""

from collections.abc import Collection, Mapping
from typing import Final

from tieout.connectors.xero.resources import resource_of
from tieout.domain.pair import FlowName

OFFLINE: Final = "offline_access"
"""Without it a consent brings no refresh token, and ends after half an hour."""
_READ: Final = ".read"

PROVING: Final = (
    "accounting.contacts.read",
    "accounting.invoices.read",
    "accounting.manualjournals.read",
    "accounting.payments.read",
    "accounting.reports.trialbalance.read",
    "accounting.settings.read",
)
"""What every pair needs, whatever is on: for references, the tie-out, the search for doubles."""

FLOW_SCOPES: Mapping[FlowName, tuple[str, ...]] = {
    FlowName.ORDER_TO_CASH: (
        "accounting.contacts",
        "accounting.invoices",
        "accounting.payments",
    ),
    FlowName.POSTINGS: ("accounting.invoices",),
    FlowName.CUSTOMER_SYNC: ("accounting.contacts",),
    FlowName.ITEM_SYNC: ("accounting.invoices",),
    FlowName.VENDOR_SYNC: ("accounting.contacts",),
    FlowName.STOCK_SYNC: (),
    FlowName.PURCHASE_ORDERS: ("accounting.invoices",),
    FlowName.PAYMENT_RECONCILIATION: ("accounting.banktransactions",),
    FlowName.PROCURE_TO_PAY: (),
    FlowName.BILL_PAYMENTS: ("accounting.payments",),
}
"""What each flow writes; items and notes come with ``accounting.invoices``. Stock is no affair of
Xero's.
"""


def scopes_of(flows: Collection[FlowName], *, polls: Collection[str] = ()) -> tuple[str, ...]:
    """Return the least that lets these flows run and be proven, and these lists be polled.

    Raises:
        ConfigurationError: Xero has no such list.
    """
    written = {scope for flow in flows for scope in FLOW_SCOPES[flow]}
    read = {resource_of(path).scope.removesuffix(_READ) + _READ for path in polls}
    wanted = written.union(read, PROVING)
    return tuple(sorted(one for one in wanted if not _is_covered(one, wanted - {one})))


def missing_scopes(wanted: Collection[str], granted: str) -> tuple[str, ...]:
    """Return what is wanted and not granted; ``granted`` is space-separated, as Xero says it."""
    held = set(granted.split())
    return tuple(sorted(one for one in wanted if not _is_covered(one, held)))


def _is_covered(scope: str, held: Collection[str]) -> bool:
    return scope in held or (scope.endswith(_READ) and scope.removesuffix(_READ) in held)
