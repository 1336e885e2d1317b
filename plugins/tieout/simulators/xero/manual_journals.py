"""Manual journals: lines of debits (positive) and credits (negative) that add up to nothing.

A draft may be unbalanced, and loses account codes that it does not know with a warning (the
specification's example of createManualJournals); what is posted must balance. Ours, for want of a
document: which accounts a line may not name, which status follows which, and the texts for it.
"""

from decimal import Decimal
from functools import partial
from typing import Final

from tieout.simulators.xero import attachments, batch, history, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import account_of, active_tax_rate, effective_rate
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.locks import lock_problems
from tieout.simulators.xero.money_records import JournalLine, ManualJournal, ManualJournalRequest
from tieout.simulators.xero.refusals import InvalidError, NotFoundError, validation_errors
from tieout.simulators.xero.setting_records import Account
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.tracking import tracked
from tieout.simulators.xero.wire import Json, given, members, ms_date, rendered

_ZERO: Final = Decimal("0.00")
_HUNDRED: Final = Decimal(100)
_LINES_MIN: Final = 2
_CREATABLE: Final = ("DRAFT", "POSTED")
_NEXT_STATUSES: Final = {
    "DRAFT": ("DRAFT", "POSTED", "DELETED", "ARCHIVED"),
    "POSTED": ("POSTED", "VOIDED"),
}
_FROZEN_TEXT: Final = "Manual journal not of valid status for modification"
_NO_JOURNAL_SYSTEM_ACCOUNTS: Final = ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS")

LISTING: Final = Listing[ManualJournal](
    plural="ManualJournals",
    singular="ManualJournal",
    fields={
        "manualjournalid": lambda j: j.manual_journal_id,
        "narration": lambda j: j.narration,
        "date": lambda j: j.date,
        "status": lambda j: j.status,
        "lineamounttypes": lambda j: j.line_amount_types,
        "showoncashbasisreports": lambda j: bool(j.show_on_cash_basis_reports),
        "updateddateutc": lambda j: j.updated,
    },
    paged=True,
)


def answer(call: Call) -> Answer:
    """Serve /ManualJournals."""
    if not call.record_id:
        return _listed(call) if call.method == "GET" else batch.written(call, WRITING)
    journal = call.books.manual_journals.get(call.record_id)
    if journal is None:
        raise NotFoundError
    if call.action:
        return history.answer(call, journal.manual_journal_id or "")
    if call.method == "GET":
        return Answer(content={"ManualJournals": [shown(call.books, journal)]})
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    changed = call.books.manual_journals.changed_since(call.modified_since)
    chosen = lists.selected(call, changed, LISTING)
    return Answer(
        content=lists.paged(
            call,
            chosen,
            LISTING,
            render=partial(shown, call.books),
            render_short=lambda journal: shown(call.books, journal) | {"JournalLines": []},
        )
    )


def _apply(call: Call, request: ManualJournalRequest) -> Json:
    books = call.books
    if request.manual_journal_id:
        prior = books.manual_journals.get(request.manual_journal_id)
        if prior is None:
            raise NotFoundError
        return _updated(books, prior, request)
    values: dict[str, object] = {
        "line_amount_types": "NoTax",
        "show_on_cash_basis_reports": True,
        **given(request),
        "status": request.status or "DRAFT",
        "manual_journal_id": books.new_id(),
        "date": request.date or books.clock().date(),
        "updated": books.clock(),
    }
    journal = ManualJournal.model_validate(values)
    messages = lock_problems(books, journal.date)
    if journal.status not in _CREATABLE:
        messages.append("Manual journal not of valid status for creation")
    return _drawn_up(books, journal, messages, "Created")


def _updated(books: Books, prior: ManualJournal, request: ManualJournalRequest) -> Json:
    status = request.status or prior.status or "DRAFT"
    problems = lock_problems(books, prior.date, request.date)
    if status not in _NEXT_STATUSES.get(prior.status or "", ()):
        problems = [_FROZEN_TEXT]
    if problems:
        raise InvalidError(problems, stored_id=prior.manual_journal_id or "")
    if status not in _CREATABLE:
        closed = prior.model_copy(update={"status": status})
        return shown(books, _stored(books, closed, status.title()))
    named = {name: value for name, value in given(request).items() if name != "manual_journal_id"}
    return _drawn_up(books, prior.model_copy(update=named), [], "Edited", is_stored=True)


def _drawn_up(
    books: Books,
    journal: ManualJournal,
    messages: list[str],
    change: str,
    *,
    is_stored: bool = False,
) -> Json:
    """Store a journal with its lines complete, and show it with the warnings that it gave.

    Raises:
        InvalidError: It has no narration, a line breaks a rule, or it is posted out of balance.
    """
    warnings: list[str] = []
    lines = []
    line_messages: dict[int, list[str]] = {}
    for index, line in enumerate(journal.journal_lines):
        stored, problems = _line(books, journal, line, warnings)
        lines.append(stored)
        if problems:
            line_messages[index] = problems
    whole = journal.model_copy(update={"journal_lines": tuple(lines)})
    every = [*messages, *_problems(whole), *(m for ms in line_messages.values() for m in ms)]
    if every:
        stored_id = (journal.manual_journal_id or "") if is_stored else ""
        raise InvalidError(every, lines=line_messages, stored_id=stored_id)
    content = shown(books, _stored(books, whole, change))
    return {**content, "Warnings": validation_errors(warnings)} if warnings else content


def _problems(journal: ManualJournal) -> list[str]:
    messages = []
    if not (journal.narration or "").strip():
        messages.append("Narration must be specified")
    if journal.status != "POSTED":
        return messages
    if len(journal.journal_lines) < _LINES_MIN:
        messages.append("A posted manual journal must have at least two lines")
    amounts = [debit_of(journal, line) for line in journal.journal_lines]
    debits = sum((amount for amount in amounts if amount > 0), _ZERO)
    credit_total = sum((amount for amount in amounts if amount < 0), _ZERO)
    if debits + credit_total != 0:
        text = f"The total debits ({debits}) must equal total credits ({credit_total})"
        messages.append(text)
    return messages


def debit_of(journal: ManualJournal, line: JournalLine) -> Decimal:
    """Return what a line debits in all, tax included; a credit is negative."""
    amount = line.line_amount or _ZERO
    return amount + tax_of(line) if journal.line_amount_types == "Exclusive" else amount


def tax_of(line: JournalLine) -> Decimal:
    """Return the tax of a line, of the sign of its amount."""
    return line.tax_amount or _ZERO


def _line(
    books: Books, journal: ManualJournal, line: JournalLine, warnings: list[str]
) -> tuple[JournalLine, list[str]]:
    amount = rounded(line.line_amount if line.line_amount is not None else _ZERO)
    messages = [] if line.line_amount is not None else ["LineAmount must be specified"]
    account, account_messages = _account(books, journal, line, warnings)
    tax_type = line.tax_type or (account.tax_type if account else None) or "NONE"
    if journal.line_amount_types == "NoTax":
        tax_type = "NONE"
    rate = active_tax_rate(books, tax_type)
    if rate is None and tax_type != "NONE":
        messages.append(
            f"The TaxType code '{tax_type}' does not exist "
            "or cannot be used for this type of transaction."
        )
    percent = effective_rate(rate)
    base = _HUNDRED + percent if journal.line_amount_types == "Inclusive" else _HUNDRED
    is_taxed = journal.line_amount_types != "NoTax"
    tax = rounded(amount * percent / base) if is_taxed else _ZERO
    if is_taxed and line.tax_amount is not None:
        tax = rounded(line.tax_amount)
    options, tracking_messages = tracked(books, line.tracking, ())
    update = {
        "line_amount": amount,
        "account_code": account.code if account else None,
        "account_id": account.account_id if account else None,
        "tax_type": tax_type,
        "tax_amount": tax,
        "tracking": options,
    }
    return line.model_copy(update=update), messages + account_messages + tracking_messages


def _account(
    books: Books, journal: ManualJournal, line: JournalLine, warnings: list[str]
) -> tuple[Account | None, list[str]]:
    name = line.account_code or line.account_id
    account = account_of(books, code=line.account_code, account_id=line.account_id)
    if account is None and journal.status == "DRAFT":
        if name:
            warnings.append(
                f"Account code '{name}' has been removed as it does not match a recognised account."
            )
        return None, []
    if not name:
        return None, ["Account code or ID must be specified"]
    is_barred = account is None or account.status != "ACTIVE" or account.type == "BANK"
    if is_barred or (account and account.system_account in _NO_JOURNAL_SYSTEM_ACCOUNTS):
        return account, [f"Account code '{name}' is not a valid code for this document."]
    return account, []


def _stored(books: Books, journal: ManualJournal, change: str) -> ManualJournal:
    history.recorded(books, journal.manual_journal_id, change, journal.narration or "")
    return books.manual_journals.put(journal.model_copy(update={"updated": books.clock()}))


def shown(books: Books, journal: ManualJournal) -> Json:
    """Return a manual journal as the vendor shows it."""
    return {
        **members(journal, "date", "status", "line_amount_types"),
        "UpdatedDateUTC": ms_date(journal.updated),
        **members(journal, "manual_journal_id", "narration", "url"),
        "JournalLines": [_shown_line(line) for line in journal.journal_lines],
        **members(journal, "show_on_cash_basis_reports"),
        "HasAttachments": attachments.are_on(books, journal.manual_journal_id),
    }


def _shown_line(line: JournalLine) -> Json:
    return {
        **members(line, "description", "tax_type", "tax_amount", "line_amount", "account_code"),
        "Tracking": rendered(line.tracking),
        **members(line, "account_id"),
        "IsBlank": False,
    }


def _echo(request: ManualJournalRequest, refusal: InvalidError) -> Json:
    del refusal  # the specification's lines of a journal carry no errors of their own
    content = members(request, "date", "status", "line_amount_types", "narration", "url")
    content["JournalLines"] = [rendered(line) for line in request.journal_lines]
    return content


WRITING: Final = Writing[ManualJournalRequest](
    plural="ManualJournals",
    singular="ManualJournal",
    model=ManualJournalRequest,
    id_field="manualjournalid",
    id_key="ManualJournalID",
    apply=_apply,
    echo=_echo,
    error_flag="",
)
