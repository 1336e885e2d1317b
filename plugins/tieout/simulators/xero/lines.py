"""The money of an invoice: lines, discounts, tax and totals.

Half-up everywhere; tax per line, rounded to two places, then summed (domain/xero README, 2.7). A
line that names an amount which quantity, unit amount and discount do not give is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tieout.simulators.xero.charts import account_of, active_tax_rate, effective_rate, may_apply
from tieout.simulators.xero.document_records import LineItem
from tieout.simulators.xero.setting_records import Account, Item
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.tracking import tracked

_HUNDRED: Final = Decimal(100)
_ZERO: Final = Decimal("0.00")
_LINE_AMOUNT_MAX: Final = Decimal("9999999999.99")
_DESCRIPTION_LENGTH_MAX: Final = 4000
_QUANTITY_PLACES: Final = 4
_NO_LINE_SYSTEM_ACCOUNTS: Final = {"DEBTORS", "CREDITORS", "GST", "RETAINEDEARNINGS"}


@dataclass(frozen=True)
class Terms:
    """What the document says about all of its lines."""

    invoice_type: str
    line_amount_types: str
    status: str
    unit_places: int
    may_name_control_accounts: bool = False
    """Whether lines may name receivables or payables: those of overpayments do."""

    @property
    def is_approved(self) -> bool:
        """Say whether the lines must be complete."""
        return self.status in ("SUBMITTED", "AUTHORISED")


@dataclass(frozen=True)
class Totals:
    """The totals of a document."""

    sub_total: Decimal
    total_tax: Decimal
    total: Decimal


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Round half up."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def with_rounded_price(line: LineItem, unit_places: int) -> LineItem:
    """Return a line of a request with its unit amount at the places that the caller opted for."""
    if line.unit_amount is None:
        return line
    return line.model_copy(update={"unit_amount": rounded(line.unit_amount, unit_places)})


def priced(
    books: Books, line: LineItem, terms: Terms, *, prior: LineItem | None
) -> tuple[LineItem, list[str]]:
    """Return the line as the vendor stores it, and what is wrong with it."""
    item, messages = _item(books, line)
    line = _with_defaults(line, item, terms)
    account, account_messages = _account(books, line, terms)
    messages += account_messages + _text_problems(line, terms)
    # A stored unit amount can come from a line amount that no longer divides evenly.
    line_amount, amount_messages = _line_amount(line, is_stored=prior is not None and line == prior)
    messages += amount_messages
    tax_type, tax_messages = _tax_type(books, line, account, terms)
    messages += tax_messages
    tracking, tracking_messages = tracked(books, line.tracking, prior.tracking if prior else ())
    messages += tracking_messages
    values: dict[str, object] = {
        "tracking": tracking,
        "line_item_id": prior.line_item_id if prior else books.new_id(),
        "account_code": account.code if account else line.account_code,
        "account_id": account.account_id if account else None,
        "tax_type": tax_type,
    }
    if line_amount is not None:
        values |= {
            "quantity": rounded(line.quantity or Decimal(1), _QUANTITY_PLACES),
            "unit_amount": _unit_amount(line, line_amount, terms),
            "line_amount": line_amount,
            "tax_amount": _tax_amount(books, line, line_amount, tax_type, terms),
        }
    return line.model_copy(update=values), messages


def totals(lines: Sequence[LineItem], line_amount_types: str) -> Totals:
    """Add up the lines of a document."""
    amounts = sum((line.line_amount or _ZERO for line in lines), _ZERO)
    tax = sum((line.tax_amount or _ZERO for line in lines), _ZERO)
    sub_total = amounts - tax if line_amount_types == "Inclusive" else amounts
    return Totals(sub_total, tax, sub_total + tax)


def _item(books: Books, line: LineItem) -> tuple[Item | None, list[str]]:
    if not line.item_code:
        return None, []
    item = next(iter(books.items.find("code", line.item_code)), None)
    return item, [] if item else [f"Item code '{line.item_code}' is not valid"]


def _with_defaults(line: LineItem, item: Item | None, terms: Terms) -> LineItem:
    if item is None:
        return line
    sells = terms.invoice_type == "ACCREC"
    details = item.sales_details if sells else item.purchase_details
    description = item.description if sells else item.purchase_description
    defaults: dict[str, object] = {"item_code": item.code}
    if line.description is None and description:
        defaults["description"] = description
    if details:
        price = details.unit_price
        if price is not None:
            price = rounded(price, terms.unit_places)
        named = {
            "unit_amount": price if line.line_amount is None else None,
            "account_code": details.account_code if line.account_id is None else None,
            "tax_type": details.tax_type,
        }
        defaults |= {
            name: value
            for name, value in named.items()
            if value is not None and getattr(line, name) is None
        }
    return line.model_copy(update=defaults)


def _account(books: Books, line: LineItem, terms: Terms) -> tuple[Account | None, list[str]]:
    if not (line.account_code or line.account_id):
        missing = terms.is_approved and line.line_amount is not None
        missing = missing or (terms.is_approved and line.unit_amount is not None)
        return None, ["Account code or ID must be specified"] if missing else []
    name = line.account_code or line.account_id
    account = account_of(books, code=line.account_code, account_id=line.account_id)
    if account is None:
        return None, [f"Account code '{name}' is not a valid code for this document."]
    if account.status != "ACTIVE":
        text = (
            f"Account code '{name}' has been archived, or has been deleted. "
            "Each line item must reference a valid account."
        )
        return account, [text]
    is_control = account.system_account in _NO_LINE_SYSTEM_ACCOUNTS
    if account.type == "BANK" or (is_control and not terms.may_name_control_accounts):
        return account, [f"Account code '{name}' is not a valid code for this document."]
    return account, []


def _text_problems(line: LineItem, terms: Terms) -> list[str]:
    messages = []
    if terms.is_approved and not (line.description or "").strip():
        messages.append("The description field is mandatory for each line item.")
    if len(line.description or "") > _DESCRIPTION_LENGTH_MAX:
        messages.append(f"Description must not be longer than {_DESCRIPTION_LENGTH_MAX} characters")
    discounted = line.discount_rate or line.discount_amount
    if discounted and terms.invoice_type == "ACCPAY":
        messages.append("Discounts may not be applied to ACCPAY invoices.")
    if line.discount_rate is not None and not 0 <= line.discount_rate <= _HUNDRED:
        messages.append("DiscountRate must be between 0 and 100")
    return messages


def _line_amount(line: LineItem, *, is_stored: bool) -> tuple[Decimal | None, list[str]]:
    """Return the amount of a line; None for one that is text alone."""
    if line.unit_amount is None or is_stored:
        return (None if line.line_amount is None else rounded(line.line_amount)), []
    quantity = rounded(line.quantity if line.quantity is not None else Decimal(1), _QUANTITY_PLACES)
    gross = quantity * line.unit_amount
    if abs(gross) > _LINE_AMOUNT_MAX:
        return None, [f"The line total must not be larger than {_LINE_AMOUNT_MAX}"]
    if line.discount_amount is not None:
        expected = rounded(gross - line.discount_amount)
    else:
        expected = rounded(gross * (1 - (line.discount_rate or Decimal(0)) / _HUNDRED))
    if line.line_amount is not None and rounded(line.line_amount) != expected:
        text = (
            f"The line total {rounded(line.line_amount)} does not match "
            f"the expected line total {expected}"
        )
        return expected, [text]
    return expected, []


def _unit_amount(line: LineItem, line_amount: Decimal, terms: Terms) -> Decimal:
    if line.unit_amount is not None:
        return line.unit_amount
    quantity = line.quantity or Decimal(1)
    return rounded(line_amount / quantity, terms.unit_places)


def _tax_type(
    books: Books, line: LineItem, account: Account | None, terms: Terms
) -> tuple[str | None, list[str]]:
    if terms.line_amount_types == "NoTax":
        return "NONE", []
    tax_type = line.tax_type or (account.tax_type if account else None)
    if tax_type is None:
        return None, []
    rate = active_tax_rate(books, tax_type)
    if rate is None:
        text = (
            f"The TaxType code '{tax_type}' does not exist "
            "or cannot be used for this type of transaction."
        )
        return tax_type, [text]
    if account is not None and not may_apply(rate, account):
        code = account.code
        return tax_type, [
            f"The TaxType code '{tax_type}' cannot be used with account code '{code}'"
        ]
    return rate.tax_type, []


def _tax_amount(
    books: Books, line: LineItem, line_amount: Decimal, tax_type: str | None, terms: Terms
) -> Decimal:
    if terms.line_amount_types == "NoTax":
        return _ZERO
    if line.tax_amount is not None:
        return rounded(line.tax_amount)
    rate = effective_rate(active_tax_rate(books, tax_type or ""))
    base = _HUNDRED + rate if terms.line_amount_types == "Inclusive" else _HUNDRED
    return rounded(line_amount * rate / base)
