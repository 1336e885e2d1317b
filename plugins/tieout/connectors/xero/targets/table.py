"""Every kind of record that Tieout writes to Xero, by its entity."""

from tieout.connectors.xero.client import XeroClient
from tieout.connectors.xero.targets.attachments import AttachmentTarget
from tieout.connectors.xero.targets.banking import BankTransactionTarget, BankTransferTarget
from tieout.connectors.xero.targets.base import XeroTarget
from tieout.connectors.xero.targets.changes import (
    ContactArchiveTarget,
    ContactUpdateTarget,
    ItemUpdateTarget,
)
from tieout.connectors.xero.targets.closings import InvoiceVoidTarget, PaymentDeletionTarget
from tieout.connectors.xero.targets.contacts import ContactTarget
from tieout.connectors.xero.targets.credit_notes import (
    CreditAllocationTarget,
    CreditNoteTarget,
    VendorCreditTarget,
)
from tieout.connectors.xero.targets.invoices import BillTarget, InvoiceTarget
from tieout.connectors.xero.targets.items import ItemTarget
from tieout.connectors.xero.targets.journals import ManualJournalTarget
from tieout.connectors.xero.targets.notes import InvoiceNoteTarget, PostingNoteTarget
from tieout.connectors.xero.targets.payments import (
    BatchPaymentTarget,
    PaymentTarget,
    RefundTarget,
)
from tieout.connectors.xero.targets.purchase_orders import PurchaseOrderTarget
from tieout.errors import ConfigurationError

TARGETS: dict[str, type[XeroTarget]] = {
    target.entity: target
    for target in (
        ContactTarget,
        ContactUpdateTarget,
        ContactArchiveTarget,
        ItemTarget,
        ItemUpdateTarget,
        InvoiceTarget,
        BillTarget,
        CreditNoteTarget,
        VendorCreditTarget,
        CreditAllocationTarget,
        PaymentTarget,
        RefundTarget,
        BatchPaymentTarget,
        BankTransactionTarget,
        BankTransferTarget,
        ManualJournalTarget,
        PurchaseOrderTarget,
        InvoiceVoidTarget,
        PaymentDeletionTarget,
        AttachmentTarget,
        InvoiceNoteTarget,
        PostingNoteTarget,
    )
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
