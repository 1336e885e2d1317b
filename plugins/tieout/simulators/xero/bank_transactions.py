"""Bank transactions: money spent and received without an invoice, and the credits that it makes.

The types of overpayment and prepayment make a credit of that kind, in the same write; such a
transaction cannot be edited, an overpayment has one line and no tax (domain/xero README, 1.3).
Transfers are made by bank transfers alone.
"""

from dataclasses import replace
from typing import Final

from tieout.simulators.xero import (
    attachments,
    batch,
    contact_forms,
    contacts,
    crediting,
    documents,
    history,
    lists,
)
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import account_of
from tieout.simulators.xero.document_records import (
    BankTransaction,
    BankTransactionRequest,
    Overpayment,
    Prepayment,
)
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.invoice_forms import shown_line
from tieout.simulators.xero.lines import Terms
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, check
from tieout.simulators.xero.setting_records import Account
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, day_string, members, ms_date, rendered

_CREDIT_MEMBERS: Final = (
    *("reference", "date", "line_amount_types", "currency_code", "currency_rate", "line_items"),
    *("sub_total", "total_tax", "total", "contact_id", "type"),
)


def _listing(books: Books) -> Listing[BankTransaction]:
    def account(one: BankTransaction) -> Account | None:
        return books.accounts.get(one.account_id)

    return Listing[BankTransaction](
        plural="BankTransactions",
        singular="BankTransaction",
        fields={
            "banktransactionid": lambda t: t.bank_transaction_id,
            "type": lambda t: t.type,
            "status": lambda t: t.status,
            "date": lambda t: t.date,
            "total": lambda t: t.total,
            "reference": lambda t: t.reference,
            "isreconciled": lambda t: bool(t.is_reconciled),
            "contact.contactid": lambda t: t.contact_id or None,
            "bankaccount.accountid": lambda t: t.account_id,
            "bankaccount.code": lambda t: a.code if (a := account(t)) else None,
            "updateddateutc": lambda t: t.updated,
        },
        paged=True,
    )


def answer(call: Call) -> Answer:
    """Serve /BankTransactions."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    transaction = call.books.bank_transactions.get(call.record_id)
    if transaction is None:
        raise NotFoundError
    if call.action:
        return history.answer(call, transaction.document_id)
    if call.method == "GET":
        return Answer(content={"BankTransactions": [shown(call, transaction)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    listing = _listing(call.books)
    changed = call.books.bank_transactions.changed_since(call.modified_since)
    chosen = lists.selected(call, lists.named(call, changed, references=_reference), listing)
    return Answer(
        content=lists.paged(
            call,
            chosen,
            listing,
            render=lambda one: shown(call, one),
            render_short=lambda one: shown(call, one) | {"LineItems": []},
        )
    )


def _reference(transaction: BankTransaction) -> str | None:
    return transaction.reference


def _apply(call: Call, request: BankTransactionRequest) -> Json:
    if not request.bank_transaction_id:
        return shown(call, _created(call, request))
    prior = call.books.bank_transactions.get(request.bank_transaction_id)
    if prior is None:
        raise NotFoundError
    return shown(call, _updated(call, prior, request))


def _created(call: Call, request: BankTransactionRequest) -> BankTransaction:
    books = call.books
    kind = request.type or ""
    messages = _type_problems(request)
    account, account_messages = _bank_account(books, request)
    contact = contacts.resolved(books, request.contact)
    currency = account.currency_code if account else None
    values = documents.opened(
        call,
        request,
        line_amount_types=request.line_amount_types or _line_amount_types(kind),
        currency_code=request.currency_code or currency or books.organisation().base_currency,
        status="AUTHORISED",
        is_reconciled=bool(request.is_reconciled),
        bank_transaction_id=books.new_id(),
        contact_id=contact.contact_id,
        account_id=(account.account_id or "") if account else "",
    )
    draft = BankTransaction.model_validate(values)
    messages += account_messages + lock_problems(books, draft.date)
    messages += documents.currency_problems(books, draft)
    lines = documents.rounded_lines(call, request)
    transaction = documents.with_lines(call, draft, lines, _terms(call, draft), messages)
    return _stored(books, _with_credit(books, transaction), "Created")


def _line_amount_types(kind: str) -> str:
    return "NoTax" if kind.endswith("OVERPAYMENT") else "Exclusive"


def _type_problems(request: BankTransactionRequest) -> list[str]:
    kind = request.type or ""
    if not kind:
        return ["Type must be specified"]
    if kind.endswith("TRANSFER"):
        return ["Bank transfers cannot be created as bank transactions; use BankTransfers"]
    if kind.endswith("OVERPAYMENT"):
        messages = []
        if len(request.line_items) > 1:
            messages.append("An overpayment can have one line item only")
        if request.line_amount_types not in (None, "NoTax"):
            messages.append("The LineAmountTypes of an overpayment must be NoTax")
        return messages
    return []


def _bank_account(
    books: Books, request: BankTransactionRequest
) -> tuple[Account | None, list[str]]:
    link = request.bank_account
    if link is None or not (link.code or link.account_id):
        return None, ["A Bank Account must be specified for this type of transaction"]
    account = account_of(books, code=link.code, account_id=link.account_id)
    if account is None or account.type != "BANK" or account.status != "ACTIVE":
        return None, ["Invalid Bank Account"]
    return account, []


def _terms(call: Call, transaction: BankTransaction) -> Terms:
    kind = transaction.type or ""
    invoice_type = "ACCREC" if kind.startswith("RECEIVE") else "ACCPAY"
    return replace(
        documents.terms_of(call, transaction, invoice_type),
        may_name_control_accounts=kind.endswith("OVERPAYMENT"),
    )


def _with_credit(books: Books, transaction: BankTransaction) -> BankTransaction:
    """Make the overpayment or prepayment that a transaction of such a type stands for."""
    kind = (transaction.type or "").partition("-")[2]
    shared = {name: getattr(transaction, name) for name in _CREDIT_MEMBERS}
    values = {**shared, "status": "AUTHORISED", "updated": books.clock()}
    if kind == "OVERPAYMENT":
        over = Overpayment.model_validate({**values, "overpayment_id": books.new_id()})
        books.overpayments.put(over)
        return transaction.model_copy(update={"overpayment_id": over.overpayment_id})
    if kind == "PREPAYMENT":
        pre = Prepayment.model_validate({**values, "prepayment_id": books.new_id()})
        books.prepayments.put(pre)
        return transaction.model_copy(update={"prepayment_id": pre.prepayment_id})
    return transaction


def _updated(
    call: Call, prior: BankTransaction, request: BankTransactionRequest
) -> BankTransaction:
    books = call.books
    problems = lock_problems(books, prior.date, request.date)
    if prior.status != "AUTHORISED":
        problems = ["BankTransaction not of valid status for modification"]
    elif (prior.type or "").endswith("TRANSFER"):
        problems = ["Bank transfers cannot be edited as bank transactions; use BankTransfers"]
    elif request.status in ("DELETED", "VOIDED"):
        return _closed(books, prior, request.status)
    elif prior.overpayment_id or prior.prepayment_id:
        problems = ["An overpayment or prepayment cannot be edited"]
    if problems:
        raise InvalidError(problems, stored_id=prior.document_id)
    contact_id = contacts.of_edited(books, request.contact, prior.contact_id)
    changed = documents.edited(prior, request, contact_id=contact_id)
    lines = documents.with_all_lines(call, prior, request)
    terms = _terms(call, changed)
    transaction = documents.with_lines(call, changed, lines, terms, [], prior=prior)
    return _stored(books, transaction, "Edited")


def _closed(books: Books, prior: BankTransaction, status: str) -> BankTransaction:
    credit = crediting.find(books, prior.overpayment_id or prior.prepayment_id)
    if prior.is_reconciled:
        check(["This transaction has been reconciled and cannot be deleted"])
    if credit is not None and crediting.is_applied(books, credit):
        check([documents.APPLIED_TEXT])
    if isinstance(credit, Overpayment):
        books.overpayments.put(credit.model_copy(update={"status": "VOIDED"}))
    if isinstance(credit, Prepayment):
        books.prepayments.put(credit.model_copy(update={"status": "VOIDED"}))
    return _stored(books, prior.model_copy(update={"status": status}), status.title())


def _stored(books: Books, transaction: BankTransaction, change: str) -> BankTransaction:
    shelf = books.bank_transactions
    return documents.stored(books, shelf, transaction, change, f"{transaction.total}")


def shown(call: Call, transaction: BankTransaction) -> Json:
    """Return a bank transaction as the vendor shows it."""
    books = call.books
    contact = books.contacts.get(transaction.contact_id)
    account = books.accounts.get(transaction.account_id)
    head = ("bank_transaction_id", "type", "reference", "is_reconciled", "url", "currency_rate")
    content = members(transaction, *head, "overpayment_id", "prepayment_id")
    content |= {
        "BankAccount": members(account, "account_id", "code", "name") if account else {},
        "HasAttachments": attachments.are_on(books, transaction.document_id),
        "Contact": contact_forms.reference(contact) if contact else {},
    }
    if transaction.date is not None:
        content |= {"DateString": day_string(transaction.date), "Date": ms_date(transaction.date)}
    return {
        **content,
        **members(transaction, "status", "line_amount_types"),
        "LineItems": [
            shown_line(books, line, call.unit_places, written=False)
            for line in transaction.line_items
        ],
        **members(transaction, "sub_total", "total_tax", "total"),
        "UpdatedDateUTC": ms_date(transaction.updated),
        **members(transaction, "currency_code"),
    }


def _echo(request: BankTransactionRequest, _refusal: InvalidError) -> Json:
    content = members(request, "type", "reference", "date", "status", "line_amount_types")
    content["BankAccount"] = rendered(request.bank_account) if request.bank_account else {}
    content["LineItems"] = [rendered(line) for line in request.line_items]
    return content


WRITING: Final = Writing[BankTransactionRequest](
    plural="BankTransactions",
    singular="BankTransaction",
    model=BankTransactionRequest,
    id_field="banktransactionid",
    id_key="BankTransactionID",
    apply=_apply,
    echo=_echo,
    error_flag="",
)
