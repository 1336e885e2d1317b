"""Every kind of record that Tieout writes into Sage 100, by its entity."""

from tieout.connectors.sage100.targets.base import AgentTarget, Company
from tieout.connectors.sage100.targets.cash_receipts import CashReceiptTarget, PayoutReceiptTarget
from tieout.connectors.sage100.targets.customers import CustomerTarget
from tieout.connectors.sage100.targets.imports import IMPORTED
from tieout.connectors.sage100.targets.invoices import (
    ArInvoiceTarget,
    CreditMemoTarget,
    SalesInvoiceTarget,
)
from tieout.connectors.sage100.targets.master_data import (
    CustomerContactTarget,
    CustomerUpdateTarget,
    ItemTarget,
    ItemUpdateTarget,
    ShipToAddressTarget,
    VendorTarget,
    VendorUpdateTarget,
)
from tieout.connectors.sage100.targets.payables import (
    ApInvoiceTarget,
    CheckReversalTarget,
    CheckVoidTarget,
    ManualCheckTarget,
)
from tieout.connectors.sage100.targets.purchasing import (
    GoodsReceiptTarget,
    InvoiceReceiptTarget,
    PurchaseOrderTarget,
)
from tieout.connectors.sage100.targets.sales_orders import OrderDepositTarget, SalesOrderTarget
from tieout.errors import ConfigurationError

TARGETS: dict[str, type[AgentTarget]] = {
    target.entity: target
    for target in (
        CustomerTarget,
        CustomerUpdateTarget,
        CustomerContactTarget,
        ShipToAddressTarget,
        ItemTarget,
        ItemUpdateTarget,
        VendorTarget,
        VendorUpdateTarget,
        SalesOrderTarget,
        OrderDepositTarget,
        SalesInvoiceTarget,
        CreditMemoTarget,
        ArInvoiceTarget,
        CashReceiptTarget,
        PayoutReceiptTarget,
        ApInvoiceTarget,
        ManualCheckTarget,
        CheckVoidTarget,
        CheckReversalTarget,
        PurchaseOrderTarget,
        GoodsReceiptTarget,
        InvoiceReceiptTarget,
    )
}


def target_of(entity: str, company: Company) -> AgentTarget:
    """Return the target of an entity.

    Raises:
        ConfigurationError: Nothing of that name is written into Sage 100.
    """
    if entity not in TARGETS:
        message = f"Sage 100 has no target {entity!r}."
        raise ConfigurationError(message, remedy=f"Use one of {', '.join(TARGETS)}.")
    by_file = entity in company.config.import_kinds
    return (IMPORTED if by_file else TARGETS)[entity](company)
