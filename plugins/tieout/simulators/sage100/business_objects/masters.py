"""Objects that only read: accounts, which no integration changes, and the ``_svc`` forms."""

from typing import ClassVar

from tieout.simulators.sage100.business_objects.base import BusinessObject


class ReadOnlyItem(BusinessObject):
    """CI_ItemCode_svc; its key is the item code."""

    TABLE: ClassVar[str] = "CI_Item"


class GlAccount(BusinessObject):
    """GL_Account_bus for reading; its key is the AccountKey, not the account number."""

    TABLE: ClassVar[str] = "GL_Account"


class ReadOnlyCustomer(BusinessObject):
    """AR_Customer_svc."""

    TABLE: ClassVar[str] = "AR_Customer"


class ReadOnlySalesOrder(BusinessObject):
    """SO_SalesOrder_svc."""

    TABLE: ClassVar[str] = "SO_SalesOrderHeader"


class ReadOnlyContact(BusinessObject):
    """AR_CustomerContact_svc."""

    TABLE: ClassVar[str] = "AR_CustomerContact"


class ReadOnlyShipToAddress(BusinessObject):
    """SO_ShipToAddress_svc."""

    TABLE: ClassVar[str] = "SO_ShipToAddress"


class ReadOnlyVendor(BusinessObject):
    """AP_Vendor_svc."""

    TABLE: ClassVar[str] = "AP_Vendor"


class ReadOnlyApOpenInvoice(BusinessObject):
    """AP_OpenInvoice_svc."""

    TABLE: ClassVar[str] = "AP_OpenInvoice"


class ReadOnlyApInvoiceHistory(BusinessObject):
    """AP_InvoiceHistoryHeader_svc: keyed by invoice number and sequence, whoever the vendor is."""

    TABLE: ClassVar[str] = "AP_InvoiceHistoryHeader"


class PostedInvoice(BusinessObject):
    """AR_InvoiceHistoryInquiry_svc: posted invoices and credit memos."""

    TABLE: ClassVar[str] = "AR_InvoiceHistoryHeader"


class ReadOnlyReceiptHistory(BusinessObject):
    """PO_ReceiptHistory_svc."""

    TABLE: ClassVar[str] = "PO_ReceiptHistoryHeader"
