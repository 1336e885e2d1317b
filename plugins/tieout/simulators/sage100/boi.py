"""The double of the Business Object Interface: ``dispatch`` is ``win32com.client.Dispatch`` here.

Written from the interface's public description (classes, methods, return codes, order of calls).
What no public source confirms was decided here:

* ``oTaxSummary`` of SO_SalesOrder_bus, SO_Invoice_bus and AR_Invoice_bus (public code names the
  classes SO_SalesOrderTaxSummary and SO_InvoiceTaxSummary, not their use): after the lines and the
  freight, ``nSetKeyValue("TaxCode$", code)``, ``nSetKey()``, ``nSetValue("SalesTaxAmt", 7.21)``,
  ``nWrite()``; a later change of a line, the freight or the schedule recalculates and drops the
  override.
* AR_CashReceiptsDeposit_bus and AR_CashReceipts_bus: a selected batch, then the deposit
  (BankCode$, DepositDate$, DepositNo$, DepositType$), then a receipt per customer and check
  (DepositNo$, ARDivisionNo$, CustomerNo$, CheckNo$) whose lines carry AccountKey$ or InvoiceNo$ and
  AmountPosted.

It may run in any process that sees the home folder. Registers are not updated here: people do that.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from tieout.simulators.sage100.business_objects.ap_invoice import ApInvoice
from tieout.simulators.sage100.business_objects.ap_manual_check import ManualCheck
from tieout.simulators.sage100.business_objects.ar_invoice import ArInvoice
from tieout.simulators.sage100.business_objects.base import BusinessObject
from tieout.simulators.sage100.business_objects.cash_receipts import CashDeposit, CashReceipt
from tieout.simulators.sage100.business_objects.customer import (
    Customer,
    CustomerContact,
    ShipToAddress,
)
from tieout.simulators.sage100.business_objects.item import Item
from tieout.simulators.sage100.business_objects.masters import (
    GlAccount,
    PostedInvoice,
    ReadOnlyApInvoiceHistory,
    ReadOnlyApOpenInvoice,
    ReadOnlyContact,
    ReadOnlyCustomer,
    ReadOnlyItem,
    ReadOnlyReceiptHistory,
    ReadOnlySalesOrder,
    ReadOnlyShipToAddress,
    ReadOnlyVendor,
)
from tieout.simulators.sage100.business_objects.po_receipt import Receipt
from tieout.simulators.sage100.business_objects.purchase_order import PurchaseOrder
from tieout.simulators.sage100.business_objects.sales_invoice import SalesInvoice
from tieout.simulators.sage100.business_objects.sales_order import SalesOrder
from tieout.simulators.sage100.business_objects.vendor import Vendor
from tieout.simulators.sage100.com import (
    DISPATCH_EXCEPTION,
    Apartment,
    ComError,
    ComObject,
    Exposed,
)
from tieout.simulators.sage100.seed import is_created
from tieout.simulators.sage100.session import Session

PROG_ID = "ProvideX.Script"
_CLASS_NOT_REGISTERED = -2147221005

_CLASSES: Mapping[str, Callable[[Session], BusinessObject]] = {
    "AR_Customer_bus": Customer,
    "AR_Customer_svc": ReadOnlyCustomer,
    "AR_CustomerContact_bus": CustomerContact,
    "AR_CustomerContact_svc": ReadOnlyContact,
    "SO_ShipToAddress_bus": ShipToAddress,
    "SO_ShipToAddress_svc": ReadOnlyShipToAddress,
    "SO_SalesOrder_bus": SalesOrder,
    "SO_SalesOrder_svc": ReadOnlySalesOrder,
    "SO_Invoice_bus": SalesInvoice,
    "AR_Invoice_bus": ArInvoice,
    "AR_InvoiceHistoryInquiry_svc": PostedInvoice,
    "AR_CashReceiptsDeposit_bus": CashDeposit,
    "AR_CashReceipts_bus": CashReceipt,
    "AP_Invoice_bus": ApInvoice,
    "AP_ManualCheck_bus": ManualCheck,
    "AP_OpenInvoice_svc": ReadOnlyApOpenInvoice,
    "AP_InvoiceHistoryHeader_svc": ReadOnlyApInvoiceHistory,
    "AP_Vendor_bus": Vendor,
    "AP_Vendor_svc": ReadOnlyVendor,
    "PO_PurchaseOrder_bus": PurchaseOrder,
    "PO_Receipt_bus": Receipt,
    "PO_ReceiptHistory_svc": ReadOnlyReceiptHistory,
    "CI_ItemCode_bus": Item,
    "CI_ItemCode_svc": ReadOnlyItem,
    "GL_Account_bus": GlAccount,
    "GL_Account_svc": GlAccount,
}


class Script(Exposed):
    """``ProvideX.Script``: knows the home folder and makes objects."""

    METHODS: ClassVar[Mapping[str, str]] = {"Init": "init", "NewObject": "new_object"}

    def __init__(self) -> None:
        """Start without a home folder."""
        super().__init__()
        self._home: Path | None = None

    def init(self, home: str) -> int:
        """Open the home folder."""
        path = Path(home)
        if not is_created(path):
            raise ComError(DISPATCH_EXCEPTION, "Exception occurred.", "Error 12: no Sage 100 here")
        self._home = path
        return 1

    def new_object(self, class_name: str, session: Session | None = None) -> Exposed:
        """Make the session, or a business object of a session.

        Raises:
            ComError: Error 90, no such class; error 200, no session or no rights or context.
        """
        if self._home is None:
            raise _script_error(200, "Init was not called")
        if class_name == "SY_Session":
            return Session(self._home)
        if class_name not in _CLASSES:
            raise _script_error(90, f"class {class_name} is not on file")
        if session is None or not session.allows(class_name):
            raise _script_error(200, f"no security context for {class_name}")
        made = _CLASSES[class_name](session)
        made.class_name = class_name
        return made


def dispatch(prog_id: str, home: str) -> ComObject:
    """Return what ``win32com.client.Dispatch("ProvideX.Script")`` gives; call its ``Init`` next.

    ``home`` is where this Sage 100 is installed; ``Init`` names it again, as the interface wants.
    """
    del home
    if prog_id != PROG_ID:
        raise ComError(_CLASS_NOT_REGISTERED, "Invalid class string")
    return ComObject(Script(), Apartment())


def _script_error(number: int, text: str) -> ComError:
    return ComError(DISPATCH_EXCEPTION, "Exception occurred.", f"Error {number}: {text}")
