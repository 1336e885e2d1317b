"""Every kind of record that Tieout writes to Xero, by its entity."""

from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.targets.base import XeroTarget
from tieout.connectors.xero.targets.contacts import ContactTarget
from tieout.connectors.xero.targets.invoices import InvoiceTarget
from tieout.connectors.xero.targets.notes import InvoiceNoteTarget
from tieout.connectors.xero.targets.payments import PaymentTarget
from tieout.errors import ConfigurationError

TARGETS: dict[str, type[XeroTarget]] = {
    target.entity: target
    for target in (ContactTarget, InvoiceTarget, PaymentTarget, InvoiceNoteTarget)
}


def target_of(entity: str, client: XeroClient, *, settle_s: float) -> XeroTarget:
    """Return the target of an entity; ``settle_s`` is how late a write may land, in seconds.

    Raises:
        ConfigurationError: Nothing of that name is written to Xero.
    """
    if entity not in TARGETS:
        message = f"Xero has no target {entity!r}."
        raise ConfigurationError(message, remedy=f"Use one of {', '.join(TARGETS)}.")
    return TARGETS[entity](client, settle_s=settle_s)
