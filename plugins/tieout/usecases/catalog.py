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

    ``mapping`` makes the payload ('' = the record is the payload). ``number`` is the path in it to
    the number that we give the record ('' = the target gives it). ``is_live``: what is written is
    another system's present state, read anew each time. ``pays``: money goes to a vendor by it, so
    it waits while the vendor's bank details are not approved. ``parent`` says as what others wait
    for a record that was refused ('' = none does).
    """

    entity: str
    target: System
    operation: str
    on_change: OnChange
    final_state: str
    """What *done* means at the target for this kind."""
    posting: Posting = Posting.NEVER
    mapping: str = ""
    number: str = ""
    is_live: bool = False
    pays: bool = False
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


def _document(
    target: System,
    entity: str,
    final_state: str,
    *,
    posting: Posting = Posting.NEVER,
    number: str = "",
) -> WriteKind:
    """Return the row of a document of the books, which only people change once it is made."""
    return WriteKind(
        entity=entity,
        target=target,
        operation="create",
        on_change=OnChange.SET_ASIDE,
        final_state=final_state,
        posting=posting,
        number=number,
    )


def _state(
    target: System,
    entity: str,
    final_state: str,
    *,
    operation: str = "set",
    posting: Posting = Posting.NEVER,
    number: str = "",
) -> WriteKind:
    """Return the row of a write that may come again with newer content, and makes it stand."""
    return WriteKind(
        entity=entity,
        target=target,
        operation=operation,
        on_change=OnChange.SEND,
        final_state=final_state,
        posting=posting,
        number=number,
    )


def _once(entity: str, final_state: str, *, number: str = "") -> WriteKind:
    """Return the row of what Xero gets once, and which is left as it is when it changes here."""
    return WriteKind(
        entity=entity,
        target=System.XERO,
        operation="create",
        on_change=OnChange.KEEP,
        final_state=final_state,
        number=number,
    )


def _mapped(kind: WriteKind, mapping: str) -> WriteKind:
    """Return the row of a write whose payload a mapping file makes."""
    return kind.model_copy(update={"mapping": mapping})


def _paying(kind: WriteKind) -> WriteKind:
    """Return the row of a document by which money goes to a vendor."""
    return kind.model_copy(update={"pays": True})


XERO, SAGE100 = System.XERO, System.SAGE100
AT_ONCE, ON_UPDATE = Posting.AT_ONCE, Posting.ON_UPDATE

AP_INVOICE = _mapped(
    _paying(
        _document(SAGE100, "ap_invoice", "entered", posting=ON_UPDATE, number="header.InvoiceNo")
    ),
    "to_sage100/ap_invoice",
)
MANUAL_CHECK = _mapped(
    _paying(
        _document(SAGE100, "manual_check", "entered", posting=ON_UPDATE, number="header.CheckNo")
    ),
    "to_sage100/manual_check",
)
PAYMENT_DELETION = _state(XERO, "payment_deletion", "deleted", posting=AT_ONCE)
INVOICE_RECEIPT = _document(
    SAGE100, "invoice_receipt", "entered", posting=ON_UPDATE, number="header.InvoiceNo"
)
PURCHASE_ORDER = _mapped(
    _state(XERO, "purchase_order", "as sent", operation="create", number="PurchaseOrderNumber"),
    "to_xero/purchase_order",
)
BANK_TRANSACTION = _mapped(
    _document(XERO, "bank_transaction", "authorised", posting=AT_ONCE, number="Reference"),
    "to_xero/bank_transaction",
)
BANK_TRANSFER = _mapped(
    _document(XERO, "bank_transfer", "made", posting=AT_ONCE, number="Reference"),
    "to_xero/bank_transfer",
)
PAYOUT_RECEIPT = _mapped(
    _document(SAGE100, "payout_receipt", "entered", posting=ON_UPDATE, number="header.CheckNo"),
    "to_sage100/payout_receipt",
)
PAYOUTS = (BANK_TRANSACTION, BANK_TRANSFER, PAYOUT_RECEIPT)
"""What the posting of a payout writes."""

MORE_KINDS = (
    _mapped(_once("item", "active", number="Code"), "to_xero/item"),
    _paying(_document(XERO, "bill", "in the status sent", posting=AT_ONCE, number="InvoiceNumber")),
    _document(XERO, "credit_note", "authorised", posting=AT_ONCE, number="CreditNoteNumber"),
    _document(
        XERO, "vendor_credit", "in the status sent", posting=AT_ONCE, number="CreditNoteNumber"
    ),
    _document(XERO, "credit_allocation", "allocated"),
    _document(XERO, "refund", "authorised", posting=AT_ONCE, number="Reference"),
    _paying(_document(XERO, "batch_payment", "authorised", posting=AT_ONCE)),
    _document(XERO, "manual_journal", "posted", posting=AT_ONCE),
    PURCHASE_ORDER,
    _state(XERO, "invoice_void", "void or deleted", posting=AT_ONCE),
    PAYMENT_DELETION,
    _once("attachment", "attached"),
    _state(XERO, "contact_update", "as sent", number="ContactID"),
    _state(XERO, "contact_archive", "archived", number="ContactID"),
    _state(XERO, "item_update", "as sent", number="ItemID"),
    _state(SAGE100, "customer_update", "as sent", number="header.CustomerNo"),
    _state(SAGE100, "customer_contact", "as sent", operation="create", number="header.ContactCode"),
    _state(SAGE100, "ship_to_address", "as sent", operation="create", number="header.ShipToCode"),
    _mapped(
        _state(SAGE100, "item", "as sent", operation="create", number="header.ItemCode"),
        "to_sage100/item",
    ),
    _state(SAGE100, "item_update", "as sent", number="header.ItemCode"),
    _mapped(
        _state(SAGE100, "vendor", "as sent", operation="create", number="header.VendorNo"),
        "to_sage100/vendor",
    ),
    _state(SAGE100, "vendor_update", "as sent", number="header.VendorNo"),
    _document(SAGE100, "sales_invoice", "entered", posting=ON_UPDATE),
    _document(SAGE100, "credit_memo", "entered", posting=ON_UPDATE),
    _document(SAGE100, "ar_invoice", "entered", posting=ON_UPDATE),
    AP_INVOICE,
    MANUAL_CHECK,
    _document(SAGE100, "check_void", "entered", number="header.CheckNo"),
    _document(SAGE100, "check_reversal", "entered", posting=ON_UPDATE, number="header.CheckNo"),
    _document(SAGE100, "purchase_order", "entered"),
    _document(SAGE100, "goods_receipt", "entered", posting=ON_UPDATE),
    INVOICE_RECEIPT,
)
"""What keeps records in step, and what no flow writes yet."""

WRITE_KINDS = (*ORDER_TO_CASH, POSTING_NOTE, *PAYOUTS, *MORE_KINDS)
"""Whatever can be written."""


def kind_of(target: System, entity: str) -> WriteKind:
    """Return the row of an entity at a system: both have items and purchase orders."""
    return next(kind for kind in WRITE_KINDS if (kind.target, kind.entity) == (target, entity))
