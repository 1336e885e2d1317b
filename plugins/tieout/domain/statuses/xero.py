"""The statuses of Xero's documents: the words of its specification (xero_accounting.yaml).

Which moves there are is said in domain/xero README, 1.3, 1.4 and 2.8, partly by recordings of a
real organization. What other than a status is in the way of a move, such as a payment or a locked
period, is Xero's to say.
"""

from tieout.domain.base import System
from tieout.domain.statuses.machine import By, Move, Phase, Status, Statuses

RULES = "Xero's rules of statuses"
SPEC = "Xero's API specification"
RECORDED = "recorded answers of Xero"

_ANEW = "It stays so for good: enter a new one."
_DRAFT = Status(
    "DRAFT", Phase.NOT_YET, "written down, not in the books yet", "Approve it, or delete it."
)
_SUBMITTED = Status(
    "SUBMITTED",
    Phase.NOT_YET,
    "waiting for approval, not in the books yet",
    "Approve it, send it back to draft, or delete it.",
)
_VOIDED = Status("VOIDED", Phase.GONE, "taken out of the books", _ANEW)
_DELETED = Status("DELETED", Phase.GONE, "it counts for nothing any more", _ANEW)

_TO_APPROVE = (
    Move("DRAFT", "SUBMITTED", By.ASKED, "it is sent for approval", RULES),
    Move("SUBMITTED", "DRAFT", By.ASKED, "it is sent back to draft", RULES),
    Move("DRAFT", "AUTHORISED", By.ASKED, "it is approved", RULES),
    Move("SUBMITTED", "AUTHORISED", By.ASKED, "it is approved", RULES),
    Move("DRAFT", "DELETED", By.ASKED, "it is deleted", RULES),
    Move("SUBMITTED", "DELETED", By.ASKED, "it is deleted", RULES),
)


def _owed(name: str, entities: tuple[str, ...], settled: str, unsettle: str) -> Statuses:
    """Return the statuses of a document that is owed and settled."""
    return Statuses(
        system=System.XERO,
        entities=entities,
        name=name,
        statuses=(
            _DRAFT,
            _SUBMITTED,
            Status(
                "AUTHORISED",
                Phase.LIVE,
                "approved: in the books",
                f"It is in the books: void it, and enter a new {name}.",
            ),
            Status(
                "PAID",
                Phase.LIVE,
                f"in the books and {settled} in full",
                f"{unsettle} first; then it is AUTHORISED again, and can be voided.",
            ),
            _VOIDED,
            _DELETED,
        ),
        first=("DRAFT", "SUBMITTED", "AUTHORISED"),
        moves=(
            *_TO_APPROVE,
            Move("AUTHORISED", "PAID", By.SYSTEM, f"nothing of it is left, it is {settled}", RULES),
            Move("PAID", "AUTHORISED", By.SYSTEM, f"something of it is not {settled} now", RULES),
            Move("AUTHORISED", "VOIDED", By.ASKED, "it is voided, with nothing set on it", RULES),
        ),
    )


INVOICE = _owed(
    "invoice", ("invoice", "invoice_void"), "paid", "Delete its payments and take credits off it"
)
BILL = _owed("bill", ("bill",), "paid", "Delete its payments and take credits off it")
CREDIT_NOTE = _owed(
    "credit note",
    ("credit_note", "vendor_credit"),
    "used up",
    "Delete its refunds and take it off what it is set against",
)


def _money(name: str, entities: tuple[str, ...], gone: tuple[Status, ...]) -> Statuses:
    """Return the statuses of money that moved: it is in the books from the first on."""
    return Statuses(
        system=System.XERO,
        entities=entities,
        name=name,
        statuses=(
            Status(
                "AUTHORISED",
                Phase.LIVE,
                "in the books",
                f"It is in the books: delete it, and enter a new {name}.",
            ),
            *gone,
        ),
        first=("AUTHORISED",),
        moves=tuple(
            Move("AUTHORISED", status.word, By.ASKED, "it is deleted, not being reconciled", SPEC)
            for status in gone
        ),
    )


PAYMENT = _money("payment", ("payment", "refund", "payment_deletion"), (_DELETED,))
BATCH_PAYMENT = _money("batch payment", ("batch_payment",), (_DELETED,))
BANK_TRANSFER = _money("bank transfer", ("bank_transfer",), (_DELETED,))
BANK_TRANSACTION = _money("bank transaction", ("bank_transaction",), (_DELETED, _VOIDED))

MANUAL_JOURNAL = Statuses(
    system=System.XERO,
    entities=("manual_journal",),
    name="manual journal",
    statuses=(
        _DRAFT,
        Status(
            "POSTED",
            Phase.LIVE,
            "in the books",
            "It is in the books: void it, and enter a new journal.",
        ),
        _VOIDED,
        _DELETED,
        Status("ARCHIVED", Phase.GONE, "put away, never posted", _ANEW),
    ),
    first=("DRAFT", "POSTED"),
    moves=(
        Move("DRAFT", "POSTED", By.ASKED, "it is posted", SPEC),
        Move("DRAFT", "DELETED", By.ASKED, "it is deleted", SPEC),
        Move("DRAFT", "ARCHIVED", By.ASKED, "it is archived", SPEC),
        Move("POSTED", "VOIDED", By.ASKED, "it is voided", SPEC),
    ),
)

PURCHASE_ORDER = Statuses(
    system=System.XERO,
    entities=("purchase_order",),
    name="purchase order",
    statuses=(
        Status("DRAFT", Phase.NOT_YET, "written down, not ordered yet", "Approve or delete it."),
        Status(
            "SUBMITTED",
            Phase.NOT_YET,
            "waiting for approval, not ordered yet",
            "Approve it, send it back to draft, or delete it.",
        ),
        Status(
            "AUTHORISED",
            Phase.LIVE,
            "approved: ordered",
            "Bill it, delete it, or send it back for approval.",
        ),
        Status("BILLED", Phase.LIVE, "ordered and billed", "Mark it as not billed first."),
        _DELETED,
    ),
    first=("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED"),
    moves=(
        *_TO_APPROVE,
        Move("AUTHORISED", "SUBMITTED", By.ASKED, "it is sent back for approval", SPEC),
        Move("AUTHORISED", "BILLED", By.ASKED, "it is marked as billed", SPEC),
        Move("BILLED", "AUTHORISED", By.ASKED, "it is marked as not billed", SPEC),
        Move("AUTHORISED", "DELETED", By.ASKED, "it is deleted, for good", RECORDED),
    ),
)

XERO = (
    INVOICE,
    BILL,
    CREDIT_NOTE,
    PAYMENT,
    BATCH_PAYMENT,
    BANK_TRANSACTION,
    BANK_TRANSFER,
    MANUAL_JOURNAL,
    PURCHASE_ORDER,
)
