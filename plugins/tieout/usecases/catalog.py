"""What Tieout writes, one row per kind: where, by which mapping, and what a repeated key means.

A new kind of document joins every flow, report and test by one row here.
"""

from enum import StrEnum

from tieout.domain.base import Frozen, System


class OnChange(StrEnum):
    """What to do when a delivered record turns up with other content."""

    KEEP = "keep"
    """What the target holds stays; keeping it in step is another flow's work."""
    SEND = "send"
    """The write sets a state: the newest content is sent, whatever was sent before."""
    SET_ASIDE = "set_aside"
    """A posted document is never rewritten: a person decides."""


class Posting(StrEnum):
    """How a record of one kind reaches the general ledger of its system."""

    NEVER = "never"
    """Master data, notes, stock levels: nothing of it is money in the books."""
    AT_ONCE = "at_once"
    ON_UPDATE = "on_update"
    """When people update its register: entered, updated, in the GL."""
    BY_INVOICE = "by_invoice"
    """A sales order never posts itself: what people invoice of it does, as its register is."""


class WriteKind(Frozen):
    """One kind of write; ``unhashed`` members of its header change without making a new version.

    ``number`` is the path in the payload to the number that we give the record ('' = the target
    gives it). ``is_live``: what is written is another system's present state, read anew each time.
    ``parent`` says as what others wait for a record that was refused ('' = none does).
    """

    entity: str
    target: System
    operation: str
    mapping: str
    on_change: OnChange
    final_state: str
    """What *done* means at the target for this kind."""
    posting: Posting = Posting.NEVER
    number: str = ""
    is_live: bool = False
    unhashed: tuple[str, ...] = ()
    parent: str = ""


CONTACT = WriteKind(
    entity="contact",
    target=System.XERO,
    operation="create",
    mapping="to_xero/contact",
    on_change=OnChange.KEEP,
    final_state="active",
    number="ContactNumber",
    parent="customer",
)
CUSTOMER = WriteKind(
    entity="customer",
    target=System.SAGE100,
    operation="create",
    mapping="to_sage100/customer",
    on_change=OnChange.KEEP,
    final_state="active",
    parent="customer",
)
INVOICE = WriteKind(
    entity="invoice",
    target=System.XERO,
    operation="create",
    mapping="to_xero/invoice",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="InvoiceNumber",
)
SALES_ORDER = WriteKind(
    entity="sales_order",
    target=System.SAGE100,
    operation="create",
    mapping="to_sage100/sales_order",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    unhashed=("DepositAmt",),
    posting=Posting.BY_INVOICE,
)
ORDER_DEPOSIT = WriteKind(
    entity="order_deposit",
    target=System.SAGE100,
    operation="set",
    mapping="to_sage100/order_deposit",
    on_change=OnChange.SEND,
    final_state="entered",
)
PAYMENT = WriteKind(
    entity="payment",
    target=System.XERO,
    operation="create",
    mapping="to_xero/payment",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="Reference",
)
CASH_RECEIPT = WriteKind(
    entity="cash_receipt",
    target=System.SAGE100,
    operation="create",
    mapping="to_sage100/cash_receipt",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.CheckNo",
)
INVENTORY_LEVEL = WriteKind(
    entity="inventory_level",
    target=System.SHOPIFY,
    operation="set",
    mapping="to_shopify/inventory_level",
    on_change=OnChange.SEND,
    final_state="set",
    is_live=True,
)
INVOICE_NOTE = WriteKind(
    entity="invoice_note",
    target=System.XERO,
    operation="create",
    mapping="to_xero/invoice_note",
    on_change=OnChange.KEEP,
    final_state="noted",
)
POSTING_NOTE = WriteKind(
    entity="posting_note",
    target=System.XERO,
    operation="create",
    mapping="to_xero/posting_note",
    on_change=OnChange.KEEP,
    final_state="noted",
)
ORDER_STATUS = WriteKind(
    entity="order_status",
    target=System.SHOPIFY,
    operation="set",
    mapping="to_shopify/order_status",
    on_change=OnChange.SEND,
    final_state="set",
)

ITEM = WriteKind(
    entity="item",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.KEEP,
    final_state="active",
    number="Code",
)
BILL = WriteKind(
    entity="bill",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="in the status sent",
    posting=Posting.AT_ONCE,
    number="InvoiceNumber",
)
CREDIT_NOTE = WriteKind(
    entity="credit_note",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="CreditNoteNumber",
)
VENDOR_CREDIT = WriteKind(
    entity="vendor_credit",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="in the status sent",
    posting=Posting.AT_ONCE,
    number="CreditNoteNumber",
)
CREDIT_ALLOCATION = WriteKind(
    entity="credit_allocation",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="allocated",
)
REFUND = WriteKind(
    entity="refund",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="Reference",
)
BATCH_PAYMENT = WriteKind(
    entity="batch_payment",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
)
BANK_TRANSACTION = WriteKind(
    entity="bank_transaction",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="Reference",
)
BANK_TRANSFER = WriteKind(
    entity="bank_transfer",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="made",
    posting=Posting.AT_ONCE,
    number="Reference",
)
MANUAL_JOURNAL = WriteKind(
    entity="manual_journal",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="posted",
    posting=Posting.AT_ONCE,
)
PURCHASE_ORDER = WriteKind(
    entity="purchase_order",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="in the status sent",
    number="PurchaseOrderNumber",
)
INVOICE_VOID = WriteKind(
    entity="invoice_void",
    target=System.XERO,
    operation="set",
    mapping="",
    on_change=OnChange.SEND,
    final_state="void or deleted",
    posting=Posting.AT_ONCE,
)
PAYMENT_DELETION = WriteKind(
    entity="payment_deletion",
    target=System.XERO,
    operation="set",
    mapping="",
    on_change=OnChange.SEND,
    final_state="deleted",
    posting=Posting.AT_ONCE,
)
ATTACHMENT = WriteKind(
    entity="attachment",
    target=System.XERO,
    operation="create",
    mapping="",
    on_change=OnChange.KEEP,
    final_state="attached",
)
CUSTOMER_UPDATE = WriteKind(
    entity="customer_update",
    target=System.SAGE100,
    operation="set",
    mapping="",
    on_change=OnChange.SEND,
    final_state="as sent",
    number="header.CustomerNo",
)
CUSTOMER_CONTACT = WriteKind(
    entity="customer_contact",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SEND,
    final_state="as sent",
    number="header.ContactCode",
)
SHIP_TO_ADDRESS = WriteKind(
    entity="ship_to_address",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SEND,
    final_state="as sent",
    number="header.ShipToCode",
)
SAGE100_ITEM = WriteKind(
    entity="item",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SEND,
    final_state="as sent",
    number="header.ItemCode",
)
VENDOR = WriteKind(
    entity="vendor",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SEND,
    final_state="as sent",
    number="header.VendorNo",
)
SALES_INVOICE = WriteKind(
    entity="sales_invoice",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
)
CREDIT_MEMO = WriteKind(
    entity="credit_memo",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
)
AR_INVOICE = WriteKind(
    entity="ar_invoice",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
)
AP_INVOICE = WriteKind(
    entity="ap_invoice",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.InvoiceNo",
)
MANUAL_CHECK = WriteKind(
    entity="manual_check",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.CheckNo",
)
CHECK_VOID = WriteKind(
    entity="check_void",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    number="header.CheckNo",
)
CHECK_REVERSAL = WriteKind(
    entity="check_reversal",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.CheckNo",
)
SAGE100_PURCHASE_ORDER = WriteKind(
    entity="purchase_order",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
)
GOODS_RECEIPT = WriteKind(
    entity="goods_receipt",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
)
INVOICE_RECEIPT = WriteKind(
    entity="invoice_receipt",
    target=System.SAGE100,
    operation="create",
    mapping="",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.InvoiceNo",
)

ORDER_TO_CASH = (
    CONTACT,
    CUSTOMER,
    INVOICE,
    SALES_ORDER,
    ORDER_DEPOSIT,
    PAYMENT,
    CASH_RECEIPT,
    INVENTORY_LEVEL,
    INVOICE_NOTE,
    ORDER_STATUS,
)
"""What the flow order_to_cash writes."""
WRITE_KINDS = (
    *ORDER_TO_CASH,
    POSTING_NOTE,
    ITEM,
    BILL,
    CREDIT_NOTE,
    VENDOR_CREDIT,
    CREDIT_ALLOCATION,
    REFUND,
    BATCH_PAYMENT,
    BANK_TRANSACTION,
    BANK_TRANSFER,
    MANUAL_JOURNAL,
    PURCHASE_ORDER,
    INVOICE_VOID,
    PAYMENT_DELETION,
    ATTACHMENT,
    CUSTOMER_UPDATE,
    CUSTOMER_CONTACT,
    SHIP_TO_ADDRESS,
    SAGE100_ITEM,
    VENDOR,
    SALES_INVOICE,
    CREDIT_MEMO,
    AR_INVOICE,
    AP_INVOICE,
    MANUAL_CHECK,
    CHECK_VOID,
    CHECK_REVERSAL,
    SAGE100_PURCHASE_ORDER,
    GOODS_RECEIPT,
    INVOICE_RECEIPT,
)
"""Whatever can be written. Of what no flow writes yet the record is the payload: no mapping."""


def kind_of(target: System, entity: str) -> WriteKind:
    """Return the row of an entity at a system: both have items and purchase orders."""
    return next(kind for kind in WRITE_KINDS if (kind.target, kind.entity) == (target, entity))
