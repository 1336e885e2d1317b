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


CONTACT = WriteKind(
    entity="contact",
    target=System.XERO,
    operation="create",
    mapping="xero/contact",
    on_change=OnChange.KEEP,
    final_state="active",
    number="ContactNumber",
)
CUSTOMER = WriteKind(
    entity="customer",
    target=System.SAGE100,
    operation="create",
    mapping="sage100/customer",
    on_change=OnChange.KEEP,
    final_state="active",
)
INVOICE = WriteKind(
    entity="invoice",
    target=System.XERO,
    operation="create",
    mapping="xero/invoice",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="InvoiceNumber",
)
SALES_ORDER = WriteKind(
    entity="sales_order",
    target=System.SAGE100,
    operation="create",
    mapping="sage100/sales_order",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    unhashed=("DepositAmt",),
    posting=Posting.BY_INVOICE,
)
ORDER_DEPOSIT = WriteKind(
    entity="order_deposit",
    target=System.SAGE100,
    operation="set",
    mapping="",
    on_change=OnChange.SEND,
    final_state="entered",
)
PAYMENT = WriteKind(
    entity="payment",
    target=System.XERO,
    operation="create",
    mapping="xero/payment",
    on_change=OnChange.SET_ASIDE,
    final_state="authorised",
    posting=Posting.AT_ONCE,
    number="Reference",
)
CASH_RECEIPT = WriteKind(
    entity="cash_receipt",
    target=System.SAGE100,
    operation="create",
    mapping="sage100/cash_receipt",
    on_change=OnChange.SET_ASIDE,
    final_state="entered",
    posting=Posting.ON_UPDATE,
    number="header.CheckNo",
)
INVENTORY_LEVEL = WriteKind(
    entity="inventory_level",
    target=System.SHOPIFY,
    operation="set",
    mapping="",
    on_change=OnChange.SEND,
    final_state="set",
    is_live=True,
)
INVOICE_NOTE = WriteKind(
    entity="invoice_note",
    target=System.XERO,
    operation="create",
    mapping="xero/invoice_note",
    on_change=OnChange.KEEP,
    final_state="noted",
)
ORDER_STATUS = WriteKind(
    entity="order_status",
    target=System.SHOPIFY,
    operation="set",
    mapping="shopify/order_status",
    on_change=OnChange.SEND,
    final_state="set",
)

WRITE_KINDS = (
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


def kind_of(entity: str) -> WriteKind:
    """Return the row of an entity."""
    return next(kind for kind in WRITE_KINDS if kind.entity == entity)
