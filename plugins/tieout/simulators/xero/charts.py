"""Settings of an organisation: accounts, tax rates and currencies."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from tieout.simulators.xero import attachments, batch, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import InvalidError, MalformedError, NotFoundError, check
from tieout.simulators.xero.setting_records import Account, Currency, TaxRate
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, given, members, rendered

_CLASSES: Final = {
    **dict.fromkeys(("BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT"), "ASSET"),
    **dict.fromkeys(("CURRLIAB", "LIABILITY", "TERMLIAB", "PAYG"), "LIABILITY"),
    **dict.fromkeys(("DEPRECIATN", "DIRECTCOSTS", "EXPENSE", "OVERHEADS"), "EXPENSE"),
    **dict.fromkeys(("OTHERINCOME", "REVENUE", "SALES"), "REVENUE"),
    "EQUITY": "EQUITY",
}
_REPORTING: Final = {
    "ASSET": ("ASS", "Assets"),
    "EQUITY": ("EQU", "Equity"),
    "EXPENSE": ("EXP", "Expense"),
    "LIABILITY": ("LIA", "Liabilities"),
    "REVENUE": ("REV", "Revenue"),
}
_CODE_LENGTH_MAX: Final = 10
_NAME_LENGTH_MAX: Final = 150
# ISO 4217 codes with the vendor's descriptions; others are refused as unknown.
_CURRENCY_NAMES: Final = {
    "AUD": "Australian Dollar",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "CNY": "Chinese Yuan Renminbi",
    "EUR": "Euro",
    "GBP": "British Pound",
    "HKD": "Hong Kong Dollar",
    "JPY": "Japanese Yen",
    "NZD": "New Zealand Dollar",
    "SGD": "Singapore Dollar",
    "USD": "United States Dollar",
}


def account_class(account: Account) -> str:
    """Return the class that follows from the type of an account."""
    return _CLASSES[account.type or "EXPENSE"]


def effective_rate(rate: TaxRate | None) -> Decimal:
    """Return the rate in per cent; compound components apply to the others' sum."""
    if rate is None:
        return Decimal(0)
    simple = sum((c.rate for c in rate.tax_components if not c.is_compound), Decimal(0))
    for component in rate.tax_components:
        if component.is_compound:
            simple += component.rate * (1 + simple / 100)
    return simple


ACCOUNTS: Final = Listing[Account](
    plural="Accounts",
    singular="Account",
    fields={
        "accountid": lambda a: a.account_id,
        "code": lambda a: a.code,
        "name": lambda a: a.name,
        "type": lambda a: a.type,
        "status": lambda a: a.status,
        "class": account_class,
        "taxtype": lambda a: a.tax_type,
        "systemaccount": lambda a: a.system_account or "",
        "enablepaymentstoaccount": lambda a: bool(a.enable_payments_to_account),
        "currencycode": lambda a: a.currency_code,
        "updateddateutc": lambda a: a.updated,
    },
)
TAX_RATES: Final = Listing[TaxRate](
    plural="TaxRates",
    singular="TaxRate",
    fields={
        "name": lambda r: r.name,
        "taxtype": lambda r: r.tax_type,
        "status": lambda r: r.status,
        "reporttaxtype": lambda r: r.report_tax_type,
        "effectiverate": effective_rate,
    },
)
CURRENCIES: Final = Listing[Currency](
    plural="Currencies",
    singular="Currency",
    fields={"code": lambda c: c.code, "description": lambda c: c.description},
)


def account_of(books: Books, *, code: str | None, account_id: str | None) -> Account | None:
    """Return the account with this id, or else this code, whatever its status."""
    if account_id:
        return books.accounts.get(account_id)
    found = books.accounts.find("code", code)
    active = [account for account in found if account.status == "ACTIVE"]
    return next(iter([*active, *found]), None)


def active_tax_rate(books: Books, tax_type: str) -> TaxRate | None:
    """Return the tax rate if it may be used."""
    rate = books.tax_rates.get(tax_type)
    return rate if rate is not None and rate.status == "ACTIVE" else None


def may_apply(rate: TaxRate, account: Account) -> bool:
    """Say whether the rate may be used with the account's class."""
    flags = {
        "ASSET": rate.can_apply_to_assets,
        "EQUITY": rate.can_apply_to_equity,
        "EXPENSE": rate.can_apply_to_expenses,
        "LIABILITY": rate.can_apply_to_liabilities,
        "REVENUE": rate.can_apply_to_revenue,
    }
    return flags[account_class(account)] is not False


def is_subscribed(books: Books, currency: str) -> bool:
    """Say whether the organisation has the currency."""
    return books.currencies.get(currency) is not None


def accounts(call: Call) -> Answer:
    """Serve /Accounts; writes take one account each."""
    if call.method == "GET" and not call.record_id:
        changed = call.books.accounts.changed_since(call.modified_since)
        chosen = lists.selected(call, changed, ACCOUNTS)
        return _list_answer(call, chosen, ACCOUNTS, partial(shown_account, call.books))
    if call.method == "GET":
        account = call.books.accounts.get(call.record_id)
        if account is None:
            raise NotFoundError
        return Answer(content={"Accounts": [shown_account(call.books, account)]})
    if call.method == "DELETE":
        return _deleted_account(call)
    return batch.written(call, _ACCOUNT_WRITING)


def tax_rates(call: Call) -> Answer:
    """Serve /TaxRates; GET returns deleted rates too."""
    if call.method == "GET":
        rates = call.books.tax_rates.all()
        if call.record_id:
            rates = [r for r in rates if (r.tax_type or "").casefold() == call.record_id.casefold()]
            if not rates:
                raise NotFoundError
        chosen = lists.selected(call, rates, TAX_RATES)
        return _list_answer(call, chosen, TAX_RATES, shown_tax_rate)
    return batch.written(call, _TAX_RATE_WRITING)


def currencies(call: Call) -> Answer:
    """Serve /Currencies."""
    if call.method == "GET":
        chosen = lists.selected(call, call.books.currencies.all(), CURRENCIES)
        return _list_answer(call, chosen, CURRENCIES, shown_currency)
    return batch.written(call, _CURRENCY_WRITING)


def _list_answer(
    call: Call,
    chosen: Sequence[lists.T],
    listing: Listing[lists.T],
    show: Callable[[lists.T], Json],
) -> Answer:
    return Answer(content=lists.paged(call, chosen, listing, render=show))


def _write_account(call: Call, request: Account) -> Json:
    books = call.books
    prior = books.accounts.get(request.account_id) if request.account_id else None
    if request.account_id and prior is None:
        raise NotFoundError
    check(_account_problems(books, request, prior))
    if prior is None:
        defaults: dict[str, object] = {
            "account_id": books.new_id(),
            "status": "ACTIVE",
            "tax_type": "NONE",
            "enable_payments_to_account": False,
            "show_in_expense_claims": False,
            "add_to_watchlist": False,
        }
        values = {**defaults, **given(request), "updated": books.clock()}
        return shown_account(books, books.accounts.put(Account.model_validate(values)))
    changes = {name: value for name, value in given(request).items() if name != "account_id"}
    changed = prior.model_copy(update={**changes, "updated": books.clock()})
    return shown_account(books, books.accounts.put(changed))


def _account_problems(books: Books, request: Account, prior: Account | None) -> list[str]:
    messages = []
    if prior is None and not request.name:
        messages.append("Name must be specified")
    if prior is None and not request.type:
        messages.append("Account Type must be specified")
    if len(request.code or "") > _CODE_LENGTH_MAX:
        messages.append(f"Code must not be longer than {_CODE_LENGTH_MAX} characters")
    if len(request.name or "") > _NAME_LENGTH_MAX:
        messages.append(f"Name must not be longer than {_NAME_LENGTH_MAX} characters")
    if any(account is not prior for account in books.accounts.find("code", request.code)):
        messages.append("Please enter a unique Code.")
    if any(account is not prior for account in books.accounts.find("name", request.name)):
        messages.append("Please enter a unique Name.")
    if prior is not None and prior.system_account and request.status == "ARCHIVED":
        messages.append("You cannot archive a system account.")
    return messages


def _deleted_account(call: Call) -> Answer:
    account = call.books.accounts.get(call.record_id)
    if account is None:
        raise NotFoundError
    if account.system_account:
        raise InvalidError(["You cannot delete a system account."])
    if _is_used(call.books, account.account_id or ""):
        raise InvalidError(["This account is in use and cannot be deleted; archive it"])
    gone = account.model_copy(update={"status": "DELETED", "updated": call.books.clock()})
    call.books.accounts.drop(account)
    return Answer(content={"Accounts": [shown_account(call.books, gone)]})


def _is_used(books: Books, account_id: str) -> bool:
    """Say whether a document, or money that moved, names the account; the rule's text is ours."""
    documents = (*books.invoices.all(), *books.credit_notes.all(), *books.bank_transactions.all())
    named = [line.account_id for document in documents for line in document.line_items]
    named += [line.account_id for one in books.manual_journals.all() for line in one.journal_lines]
    named += [transaction.account_id for transaction in books.bank_transactions.all()]
    named += [payment.account_id for payment in books.payments.all()]
    return account_id in named


def _write_tax_rate(call: Call, request: TaxRate) -> Json:
    books = call.books
    named = next(iter(books.tax_rates.find("name", request.name)), None)
    prior = books.tax_rates.get(request.tax_type) or named
    if prior is not None and call.creates_only:
        check(["Please enter a unique Name."])
    if prior is None and not (request.name and request.tax_components):
        check(["Name and TaxComponents must be specified"])
    values: dict[str, object] = {"tax_type": _next_tax_type(books), "status": "ACTIVE"}
    if prior is not None:
        values = {name: getattr(prior, name) for name in TaxRate.model_fields}
    rate = TaxRate.model_validate({**values, **given(request), "tax_type": values["tax_type"]})
    return shown_tax_rate(books.tax_rates.put(rate))


def _next_tax_type(books: Books) -> str:
    number = 1
    while books.tax_rates.get(f"TAX{number:03d}"):
        number += 1
    return f"TAX{number:03d}"


def _write_currency(call: Call, request: Currency) -> Json:
    code = request.code.upper()
    if code not in _CURRENCY_NAMES:
        message = f"JSON for post data was invalid,Error converting value '{request.code}'"
        raise MalformedError(message)
    currency = Currency(code=code, description=_CURRENCY_NAMES[code])
    return shown_currency(call.books.currencies.put(currency))


def shown_account(books: Books, account: Account) -> Json:
    """Return an account as the vendor shows it."""
    head = ("account_id", "code", "name", "status", "type", "tax_type", "description")
    flags = ("system_account", "enable_payments_to_account", "show_in_expense_claims")
    bank = ("bank_account_number", "bank_account_type", "currency_code")
    reporting = dict(
        zip(("ReportingCode", "ReportingCodeName"), _REPORTING[account_class(account)], strict=True)
    )
    return {
        **members(account, *head),
        "Class": account_class(account),
        **members(account, *flags, *(bank if account.type == "BANK" else ())),
        **reporting,
        "HasAttachments": attachments.are_on(books, account.account_id),
        "UpdatedDateUTC": rendered(account.updated),
        "AddToWatchlist": bool(account.add_to_watchlist),
    }


def shown_tax_rate(rate: TaxRate) -> Json:
    """Return a tax rate as the vendor shows it."""
    kinds = ("assets", "equity", "expenses", "liabilities", "revenue")
    percent = effective_rate(rate)
    return {
        **members(rate, "name", "tax_type", "report_tax_type"),
        **{
            f"CanApplyTo{kind.title()}": getattr(rate, f"can_apply_to_{kind}") is not False
            for kind in kinds
        },
        "DisplayTaxRate": percent,
        "EffectiveRate": percent,
        **members(rate, "status"),
        "TaxComponents": rendered(rate.tax_components),
    }


def shown_currency(currency: Currency) -> Json:
    """Return a currency as the vendor shows it."""
    return members(currency, "code", "description")


def _echo_account(request: Account, _refusal: InvalidError) -> Json:
    return batch.plain_echo(request, without="account_id")


def _echo_tax_rate(request: TaxRate, _refusal: InvalidError) -> Json:
    return batch.plain_echo(request, without="")


def _echo_currency(request: Currency, _refusal: InvalidError) -> Json:
    return batch.plain_echo(request, without="")


_ACCOUNT_WRITING: Final = Writing[Account](
    plural="Accounts",
    singular="Account",
    model=Account,
    id_field="accountid",
    id_key="AccountID",
    apply=_write_account,
    echo=_echo_account,
    error_flag="",
    elements_max=1,
    element_wise=(),
)
_TAX_RATE_WRITING: Final = Writing[TaxRate](
    plural="TaxRates",
    singular="TaxRate",
    model=TaxRate,
    id_field="taxtype",
    id_key="",
    apply=_write_tax_rate,
    echo=_echo_tax_rate,
    error_flag="",
    elements_max=1,
    element_wise=(),
)
_CURRENCY_WRITING: Final = Writing[Currency](
    plural="Currencies",
    singular="Currency",
    model=Currency,
    id_field="code",
    id_key="",
    apply=_write_currency,
    echo=_echo_currency,
    error_flag="",
    element_wise=(),
)
