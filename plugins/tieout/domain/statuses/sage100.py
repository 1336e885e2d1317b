"""The statuses of Sage 100's documents.

An order has a letter, in OrderStatus. What a register posts has none: where it stands is told by
the table that it is in, and our words for that are *entered*, *updated* and *in_gl* (accounting).
Only people move those on: no write of ours posts anything.
"""

from tieout.domain.base import System
from tieout.domain.statuses.machine import By, Move, Phase, Status, Statuses

GUIDE = "public code on Sage 100's order entry"
FILES = "where Sage 100 keeps a document before and after its register"
OURS = "our reading, which no public source confirms"

ENTERED, UPDATED, IN_GL, DELETED = "entered", "updated", "in_gl", "deleted"
COMPLETED_ORDER, DELETED_ORDER, OPEN_IN_HISTORY = "C", "X", "A"
COMPLETED_PURCHASE = "X"

_ENTRY = Status(
    ENTERED,
    Phase.NOT_YET,
    "typed in, in no ledger yet",
    "People update its register, or delete it from entry.",
)
_IN_SUBLEDGER = Status(
    UPDATED,
    Phase.LIVE,
    "its register is updated: in the sub-ledger and in stock",
    "What is posted stays posted: correct it by a document of its own.",
)
_POSTED = Status(
    IN_GL,
    Phase.LIVE,
    "in the general ledger too",
    "What is posted stays posted: correct it by a document of its own.",
)
_NOWHERE = Status(
    DELETED,
    Phase.GONE,
    "deleted from entry, without a trace",
    "It is gone: enter it anew.",
)
_POSTING = (
    Move(ENTERED, UPDATED, By.PEOPLE, "its register is printed and updated", FILES),
    Move(UPDATED, IN_GL, By.PEOPLE, "the Daily Transaction Register is updated", FILES),
    Move(ENTERED, DELETED, By.PEOPLE, "it is deleted before its register is updated", FILES),
)

REGISTERED = Statuses(
    system=System.SAGE100,
    entities=(
        "sales_invoice",
        "credit_memo",
        "ar_invoice",
        "cash_receipt",
        "payout_receipt",
        "ap_invoice",
        "manual_check",
        "check_reversal",
        "goods_receipt",
        "invoice_receipt",
    ),
    name="document that a register posts",
    statuses=(_ENTRY, _IN_SUBLEDGER, _POSTED, _NOWHERE),
    first=(ENTERED,),
    moves=_POSTING,
)
"""An invoice, a receipt, a bill, a check: entry, then sub-ledger, then general ledger."""

INVOICED_ORDER = Statuses(
    system=System.SAGE100,
    entities=("sales_order",),
    name="order, by its invoices",
    statuses=(_ENTRY, _IN_SUBLEDGER, _POSTED, _NOWHERE),
    first=(ENTERED,),
    moves=(
        *_POSTING,
        # No order posts: it stands where the last of its invoices does.
        Move(UPDATED, ENTERED, By.PEOPLE, "a further invoice of it is entered", FILES),
        Move(IN_GL, ENTERED, By.PEOPLE, "a further invoice of it is entered", FILES),
    ),
)
"""A sales order never posts itself: what people invoice of it does."""

_KEEP = "It is closed for good: enter a new order."

SALES_ORDER = Statuses(
    system=System.SAGE100,
    entities=(),
    name="sales order",
    statuses=(
        Status("N", Phase.LIVE, "new", "Ship and invoice it, hold it, or cancel it."),
        Status("O", Phase.LIVE, "open, in part shipped", "Ship the rest, hold it, or cancel it."),
        Status("H", Phase.LIVE, "on hold", "Release it first."),
        Status(COMPLETED_ORDER, Phase.LIVE, "completed: all of it invoiced", _KEEP),
        Status(DELETED_ORDER, Phase.GONE, "deleted or cancelled", _KEEP),
    ),
    first=("N", "O", "H"),
    moves=(
        Move("N", "O", By.SYSTEM, "part of it is invoiced", GUIDE),
        Move("N", "H", By.PEOPLE, "it is put on hold", GUIDE),
        Move("O", "H", By.PEOPLE, "it is put on hold", GUIDE),
        Move("H", "N", By.PEOPLE, "it is released", GUIDE),
        Move("H", "O", By.PEOPLE, "it is released", GUIDE),
        Move("N", COMPLETED_ORDER, By.SYSTEM, "all of it is invoiced and updated", GUIDE),
        Move("O", COMPLETED_ORDER, By.SYSTEM, "the rest is invoiced and updated", GUIDE),
        Move("N", DELETED_ORDER, By.PEOPLE, "it is deleted", GUIDE),
        Move("O", DELETED_ORDER, By.PEOPLE, "the rest is cancelled", GUIDE),
        Move("H", DELETED_ORDER, By.PEOPLE, "it is deleted", GUIDE),
    ),
)
"""By OrderStatus; the history of orders has the letter A while one is open (N, O or H)."""

PURCHASE_ORDER = Statuses(
    system=System.SAGE100,
    entities=("purchase_order",),
    name="purchase order",
    statuses=(
        Status("N", Phase.LIVE, "new", "Receive its goods, or delete it."),
        Status("O", Phase.LIVE, "open: all received, not all billed", "Enter the vendor's bill."),
        Status("B", Phase.LIVE, "open: some of it not received", "Receive the rest."),
        Status(
            COMPLETED_PURCHASE,
            Phase.LIVE,
            "completed: all received and billed",
            "It is closed for good: enter a new order.",
        ),
    ),
    first=("N",),
    moves=(
        Move("N", "B", By.SYSTEM, "part of its goods is received and updated", OURS),
        Move("N", "O", By.SYSTEM, "all of its goods is received and updated", OURS),
        Move("B", "O", By.SYSTEM, "the rest of its goods is received and updated", OURS),
        Move("O", COMPLETED_PURCHASE, By.SYSTEM, "the rest is billed and updated", OURS),
        Move("B", COMPLETED_PURCHASE, By.SYSTEM, "the rest is received and billed", OURS),
        Move("N", COMPLETED_PURCHASE, By.SYSTEM, "it is received and billed at once", OURS),
    ),
)

SAGE100 = (SALES_ORDER, INVOICED_ORDER, REGISTERED, PURCHASE_ORDER)
