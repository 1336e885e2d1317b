"""What rows are computed against, and the facts that rows of several kinds share.

A fact that lists what is wrong is a text, '' when nothing is; one that is so or not is yes or no.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieout.domain.account_rules import Tracking
from tieout.domain.closing import Closing, closing_of
from tieout.domain.money import ZERO
from tieout.domain.pair import Pair
from tieout.domain.records import Accounts, KnownBill, Record
from tieout.domain.suggestions import Suggestion
from tieout.ports.systems import Credit, Sage100Reference, XeroReference

Row = dict[str, object]


@dataclass(frozen=True)
class Known:
    """What the rows of a batch are computed against: the pair, and what its ledgers hold."""

    pair: Pair
    xero: XeroReference
    sage100: Sage100Reference
    today: date
    """The present day in the pair's time zone."""
    nearest: Mapping[str, Sequence[Suggestion]] = field(default_factory=dict)
    """Items of Xero that look like one that it does not have, by that one's name."""
    tracking: Collection[Tracking] = frozenset()
    """The tracking options that Xero has active."""
    owing: Mapping[str, str] = field(default_factory=dict)
    """The Sage 100 customer who is to owe something for a record, by the record's id."""
    rounded: Mapping[str, Decimal] = field(default_factory=dict)
    """What an order's day sends to the rounding account with it, by the order's id."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """What refunds of an order take in both ledgers, in words, by the order's id."""
    credits: Mapping[str, Credit] = field(default_factory=dict)
    """What those customers owe and may owe, by number."""
    vendor_nos: Collection[str] = frozenset()
    """Of the vendors that Sage 100 has active, those that a batch's records name."""
    vendor_terms_codes: Collection[str] = frozenset()
    bills: Mapping[str, Sequence[KnownBill]] = field(default_factory=dict)
    """Bills of those vendors, in either ledger or on their way there, by the vendor's number."""
    mismatches: Mapping[str, str] = field(default_factory=dict)
    """Why a bill is not what was ordered and came, in words, by the bill's source id."""
    due: Mapping[str, Decimal] = field(default_factory=dict)
    """What is open on invoices and bills, by number; without one the document is unknown."""

    @property
    def closing(self) -> Closing | None:
        """Return what is closed by now."""
        return closing_of(self.pair, self.xero.lock_date)


def dating(day: date, known: Known) -> Row:
    """Return what is to be said of the day on which a record is booked."""
    closing = known.closing
    taken = known.pair.policies.plausible_dates
    days_ahead = (day - known.today).days
    return {
        "book_date": day.isoformat(),
        "closed_through": closing.through.isoformat() if closing else "",
        "closed_by": closing.by if closing else "",
        "period_closed": yes_no(closing is not None and day <= closing.through),
        "days_ahead": days_ahead,
        "days_implausible": max(days_ahead - taken.days_ahead, -days_ahead - taken.days_back, 0),
    }


def identity(key: str, record: Record) -> Row:
    """Return what tells a record from others."""
    return {"row_key": key, "source_id": record.source_id, "number": record.number}


def denomination(currency: str, known: Known) -> Row:
    """Return what is to be said of the currency of a record."""
    used = known.xero.currencies | {known.xero.base_currency}
    return {
        "currency": currency,
        "company_currency": known.pair.currency,
        "currency_in_xero": yes_no(currency in used),
    }


def owing(customer_no: str, unpaid: Decimal, known: Known) -> Row:
    """Return what a sale on account does to what its customer owes; without one it does nothing."""
    credit = known.credits.get(customer_no)
    asks = credit is not None and unpaid > ZERO
    limit = credit.limit if credit else ZERO
    owed = (credit.owed + credit.on_order if credit else ZERO) + unpaid
    return {
        "customer_no": customer_no,
        "credit_limit": limit,
        "owed_then": owed,
        "beyond_credit": max(owed - limit, ZERO) if asks and limit else ZERO,
        "on_credit_hold": yes_no(asks and credit is not None and credit.is_on_hold),
    }


def off_by_tax(tax: Decimal, net: Decimal, rate: Decimal) -> Decimal:
    """Return how far a charged tax is from rate times base; the charge stays the fact."""
    return abs(tax - net * rate)


def unusable_accounts(accounts: Iterable[Accounts], known: Known) -> Iterator[str]:
    """Yield what of accounts is missing or not active, in either ledger."""
    for one in accounts:
        if not (one.xero and one.sage100):
            there, here = ("Xero", "Sage 100") if one.xero else ("Sage 100", "Xero")
            number = one.xero or one.sage100
            yield f"{there} {number} (none in {here})" if number else "a line without account"
        else:
            if one.xero not in known.xero.account_codes:
                yield f"Xero {one.xero}"
            if one.sage100 not in known.sage100.accounts:
                yield f"Sage 100 {one.sage100}"


def without_blanks(codes: Iterable[str]) -> Iterator[str]:
    """Yield codes, and words where there is none."""
    return (code or "a line without item" for code in codes)


def unless_known(code: str, codes: Collection[str]) -> str:
    """Return the code when nobody knows it, else nothing."""
    return "" if code in codes else code


def joined(names: Iterable[str]) -> str:
    """Return what is wrong as one text, each once."""
    return ", ".join(sorted(set(names)))


def yes_no(is_so: object) -> str:
    """Write a fact that is so or not as suites read it."""
    return "yes" if is_so else "no"
