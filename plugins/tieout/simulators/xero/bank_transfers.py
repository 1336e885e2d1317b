"""Bank transfers: money from one bank account to another, as a pair of bank transactions.

Deleting a transfer deletes both, and lists leave it out unless ``includeDeleted=true`` (soft
deletion since 2026-07-14: domain/xero README, 2.8). The texts of refusals are ours, and so is that
the two accounts must have one currency.
"""

from decimal import Decimal
from typing import Final

from tieout.simulators.xero import attachments, batch, history, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import account_of
from tieout.simulators.xero.document_records import BankTransaction
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.money_records import BankTransfer, BankTransferRequest
from tieout.simulators.xero.payment_records import AccountLink
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.setting_records import Account
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.tracking import tracked
from tieout.simulators.xero.wire import Json, members, ms_date, rendered

_ZERO: Final = Decimal("0.00")
_RECONCILED_TEXT: Final = "This transfer has been reconciled and cannot be deleted"

LISTING: Final = Listing[BankTransfer](
    plural="BankTransfers",
    singular="BankTransfer",
    fields={
        "banktransferid": lambda t: t.bank_transfer_id,
        "date": lambda t: t.date,
        "amount": lambda t: t.amount,
        "reference": lambda t: t.reference,
        "status": lambda t: t.status,
        "frombankaccount.accountid": lambda t: t.from_account_id,
        "tobankaccount.accountid": lambda t: t.to_account_id,
        "createddateutc": lambda t: t.created,
    },
)


def answer(call: Call) -> Answer:
    """Serve /BankTransfers; a POST deletes."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    transfer = call.books.bank_transfers.get(call.record_id)
    if transfer is None:
        raise NotFoundError
    if call.action:
        return history.answer(call, transfer.bank_transfer_id)
    if call.method == "GET":
        return Answer(content={"BankTransfers": [shown(call.books, transfer)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    transfers = call.books.bank_transfers.changed_since(call.modified_since)
    if not call.flag("includeDeleted"):
        transfers = [transfer for transfer in transfers if transfer.status != "DELETED"]
    chosen = lists.selected(call, transfers, LISTING)
    return Answer(content=lists.paged(call, chosen, LISTING, render=lambda t: shown(call.books, t)))


def _apply(call: Call, request: BankTransferRequest) -> Json:
    write = _created if call.method == "PUT" else _deleted
    return {**shown(call.books, write(call.books, request)), "ValidationErrors": []}


def _created(books: Books, request: BankTransferRequest) -> BankTransfer:
    source, messages = _account(books, request.from_bank_account, "FromBankAccount")
    target, more = _account(books, request.to_bank_account, "ToBankAccount")
    messages += more
    amount = rounded(request.amount) if request.amount is not None else _ZERO
    day = request.date or books.clock().date()
    if amount <= 0:
        messages.append("The transfer amount must be greater than 0")
    if source and target and source.account_id == target.account_id:
        messages.append("A transfer must be between two different bank accounts")
    if source and target and source.currency_code != target.currency_code:
        messages.append("A transfer must be between bank accounts of one currency")
    from_tracking, from_messages = tracked(books, request.from_tracking, ())
    to_tracking, to_messages = tracked(books, request.to_tracking, ())
    check(messages + from_messages + to_messages + lock_problems(books, day))
    if source is None or target is None:
        raise NotFoundError
    now = books.clock()
    transfer = BankTransfer(
        bank_transfer_id=books.new_id(),
        from_account_id=source.account_id or "",
        to_account_id=target.account_id or "",
        from_bank_transaction_id=books.new_id(),
        to_bank_transaction_id=books.new_id(),
        amount=amount,
        date=day,
        reference=request.reference,
        from_is_reconciled=bool(request.from_is_reconciled),
        to_is_reconciled=bool(request.to_is_reconciled),
        from_tracking=from_tracking,
        to_tracking=to_tracking,
        created=now,
        updated=now,
    )
    _put_side(books, transfer, source, is_spent=True)
    _put_side(books, transfer, target, is_spent=False)
    history.recorded(books, transfer.bank_transfer_id, "Created", f"{amount}")
    return books.bank_transfers.put(transfer)


def _account(books: Books, link: AccountLink | None, name: str) -> tuple[Account | None, list[str]]:
    if link is None or not (link.code or link.account_id):
        return None, [f"{name} must be specified"]
    account = account_of(books, code=link.code, account_id=link.account_id)
    if account is None or account.type != "BANK" or account.status != "ACTIVE":
        return None, [f"{name} is not a valid bank account"]
    return account, []


def _put_side(books: Books, transfer: BankTransfer, account: Account, *, is_spent: bool) -> None:
    spent_id, received_id = transfer.from_bank_transaction_id, transfer.to_bank_transaction_id
    spent_is, received_is = transfer.from_is_reconciled, transfer.to_is_reconciled
    transaction = BankTransaction(
        bank_transaction_id=spent_id if is_spent else received_id,
        type="SPEND-TRANSFER" if is_spent else "RECEIVE-TRANSFER",
        status="AUTHORISED",
        reference=transfer.reference,
        is_reconciled=spent_is if is_spent else received_is,
        date=transfer.date,
        line_amount_types="NoTax",
        currency_code=account.currency_code or books.organisation().base_currency,
        currency_rate=transfer.currency_rate,
        account_id=account.account_id or "",
        sub_total=transfer.amount,
        total_tax=_ZERO,
        total=transfer.amount,
        updated=transfer.updated,
    )
    books.bank_transactions.put(transaction)


def _deleted(books: Books, request: BankTransferRequest) -> BankTransfer:
    transfer = books.bank_transfers.get(request.bank_transfer_id)
    if transfer is None:
        raise NotFoundError
    sides = [
        side
        for side_id in (transfer.from_bank_transaction_id, transfer.to_bank_transaction_id)
        if (side := books.bank_transactions.get(side_id))
    ]
    problems = lock_problems(books, transfer.date)
    if request.status != "DELETED":
        problems = ["Bank transfers cannot be edited; delete the transfer and create another"]
    elif transfer.status == "DELETED":
        problems = ["BankTransfer not of valid status for modification"]
    elif any(side.is_reconciled for side in sides):
        problems = [_RECONCILED_TEXT]
    if problems:
        raise InvalidError(problems, stored_id=transfer.bank_transfer_id)
    gone = {"status": "DELETED", "updated": books.clock()}
    for side in sides:
        books.bank_transactions.put(side.model_copy(update=gone))
    history.recorded(books, transfer.bank_transfer_id, "Deleted", f"{transfer.amount}")
    return books.bank_transfers.put(transfer.model_copy(update=gone))


def shown(books: Books, transfer: BankTransfer) -> Json:
    """Return a bank transfer as the vendor shows it."""
    content: Json = {
        **members(transfer, "bank_transfer_id"),
        "CreatedDateUTCString": f"{transfer.created:%Y-%m-%d %H:%M:%S}",
        "CreatedDateUTC": ms_date(transfer.created),
        "DateString": f"{transfer.date:%Y-%m-%d} 00:00:00",
        **members(transfer, "date", "status"),
    }
    for side, account_id in (("From", transfer.from_account_id), ("To", transfer.to_account_id)):
        account = books.accounts.get(account_id)
        keys = ("account_id", "code", "name")
        content[f"{side}BankAccount"] = members(account, *keys) if account else {}
    return {
        **content,
        **members(transfer, "amount", "from_bank_transaction_id", "to_bank_transaction_id"),
        **members(transfer, "from_is_reconciled", "to_is_reconciled", "reference"),
        **members(transfer, "currency_rate", "from_tracking", "to_tracking"),
        "HasAttachments": attachments.are_on(books, transfer.bank_transfer_id),
    }


def _echo(request: BankTransferRequest, _refusal: InvalidError) -> Json:
    content = members(request, "amount", "date", "reference", "status")
    for name, link in (
        ("FromBankAccount", request.from_bank_account),
        ("ToBankAccount", request.to_bank_account),
    ):
        content[name] = rendered(link) if link is not None else {}
    return content


WRITING: Final = Writing[BankTransferRequest](
    plural="BankTransfers",
    singular="BankTransfer",
    model=BankTransferRequest,
    id_field="banktransferid",
    id_key="BankTransferID",
    apply=_apply,
    echo=_echo,
    error_flag="",
    element_wise=("POST",),
)
