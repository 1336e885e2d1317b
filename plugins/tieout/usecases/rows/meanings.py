"""What each fact of a row means, for whoever writes or reads a suite.

docs/reference/rules.md is made from it; a test holds it against the rows. A fact that lists what is
wrong is empty when nothing is.
"""

from collections.abc import Mapping

FACTS: Mapping[str, str] = {
    "row_key": "what tells the row from the others of its batch",
    "source_id": "the record's id at its source",
    "number": "the record's number, code or reference",
    "order_name": "what people call the order, such as #1042",
    "invoice_number": "the number that its invoice in Xero gets",
    "name": "the name of the customer or vendor",
    "name_length": "its length in characters",
    "email": "the e-mail address, empty when there is none",
    "is_email_plausible": "yes when the address has the form of one, or there is none",
    "description": "what the item is called",
    "unit": "the item's standard unit of measure",
    "price": "what the item is sold for",
    "cost": "what the item costs",
    "is_code_fit": (
        "yes when the code is an item code in both ledgers: 1 to 30 characters, upper case, no "
        "/ in front"
    ),
    "is_number_fit": (
        "yes when the number is a vendor number in Sage 100: 1 to 7 characters, upper case"
    ),
    "is_tracked_in_xero": "yes when Xero keeps stock of the item, or would",
    "lacks_tax_id": "yes when the vendor is on form 1099 and has no tax number",
    "currency": "the record's currency",
    "company_currency": "the currency of the pair's books",
    "rejected_currency": "the order's currency, when the pair takes none but that of its books",
    "missing_rates": "the days for which a foreign order lacks an exchange rate",
    "currency_in_xero": "yes when the Xero organization uses the record's currency",
    "book_date": "the day on which the record is booked",
    "closed_through": (
        "the last closed day: the latest of Xero's lock dates and the pair's "
        "`sage100_closed_through` and `closed_through`; empty when nothing is closed"
    ),
    "closed_by": "which of them that is, in words",
    "period_closed": (
        "yes when the day on which it would be posted is closed; no for an order that a ledger "
        "holds already, of which only what is new is asked when it is written"
    ),
    "days_ahead": "the record's day counted from today; the past is negative",
    "days_implausible": (
        "by how many days the record's day is earlier or later than the pair takes one to be right "
        "(policy `plausible_dates`); zero when it is not"
    ),
    "due_after_days": "days from the record's day to its due date",
    "required_after_days": "days from the order's day to the day when the goods are required",
    "customer_no": (
        "the Sage 100 customer who will owe what is not paid yet; of an order empty when nobody"
        " will, or Sage 100 does not know the buyer yet"
    ),
    "credit_limit": "the customer's credit limit in Sage 100; zero is none",
    "owed_then": "what the customer owes, has on order, and would owe for this record",
    "beyond_credit": "how much of that is beyond the limit",
    "on_credit_hold": "yes when the record is on account and the customer is on credit hold",
    "vendor_no": "the vendor's number",
    "vendor_and_number": (
        "the vendor and the bill's number in upper case, without blanks, punctuation and "
        "leading zeros"
    ),
    "same_number": (
        "bills of the vendor, in either ledger or on their way there, with the same number so "
        "written"
    ),
    "alike": (
        "bills of the vendor of the same amount within 7 days, save those that a person named "
        "as others"
    ),
    "mismatch": "where the bill is not what its purchase order says and what came, line by line",
    "line_count": "how many lines there are; of an order, how many sell items",
    "min_quantity": "the smallest quantity of a line",
    "min_line_amount": "the smallest amount of a line",
    "min_unit_cost": "the smallest cost of a line",
    "lines_of_other_sign": (
        "how many lines of a bill take off what the bill adds up, or the other way round"
    ),
    "signed_total": "the total, negative for a credit",
    "lines_total": "what the lines come to, with freight and tax where the record has them",
    "total": "what the record says it comes to",
    "total_difference": "the lines' total less the record's",
    "lines_tax": "what the taxes of the lines come to",
    "tax": "what the record says its tax is",
    "tax_difference": "the lines' tax less the record's",
    "tax_max_deviation": (
        "the largest distance of a line's tax from its rate times its net; of an order zero when "
        "no line is further away than the smallest amount of the currency"
    ),
    "tax_beyond_rounding": (
        "by the policy `rounding`: what Sage 100 computes less than the shop charged, when that "
        "is more than may be rounding"
    ),
    "tax_rounding_of_day": (
        "by the policy `rounding`: what the orders of its day send to the rounding account, signs "
        "aside, up to this one"
    ),
    "missing_charges": "amounts beside the goods for which Sage 100 has no item",
    "unknown_items": "items that the ledgers do not have, or not active",
    "nearest_items": (
        "which items that both ledgers have look most like those that they do not have, best "
        "first; empty when none does"
    ),
    "too_long_items": "item codes of more than 30 characters, which no ledger can hold",
    "other_units": (
        "items that an alias counts by another unit of measure than Sage 100 sells them by"
    ),
    "unsold_items": "items that a ledger has marked as not for sale",
    "tracked_items": "items of which Xero keeps stock",
    "unknown_warehouse": "the warehouse, when Sage 100 does not have it, or not active",
    "unknown_terms": "the terms code, when Sage 100 does not have it",
    "unknown_tax_codes": "the tax schedule of Sage 100 or tax rate of Xero that is not there",
    "unknown_vendor": "the vendor, when Sage 100 does not have it, or not active",
    "unmapped_taxes": "taxes that no tax of the books stands for",
    "unmapped_gateways": "payment gateways without a clearing account",
    "lines_without_account": "items that no account rule and no default gives an account",
    "unknown_tracking": "tracking options of the lines that Xero lacks, or has archived",
    "missing_accounts": "accounts of the pair that are not active in their ledger",
    "unusable_accounts": "accounts of the lines that are not active in both ledgers",
    "control_accounts": "accounts of the lines whose balance a sub-ledger explains",
    "is_refunded": "yes when the order was refunded, in part or in full",
    "order_changes": "the documents that its refunds take in both ledgers, in words",
    "document": "the number of the invoice or bill that is paid",
    "is_document_known": "yes when it is open in a ledger",
    "amount": "what is paid",
    "due": "what is open on it",
    "beyond_due": "how much of the amount is beyond that",
    "unknown_account": "the Xero account of the money, when it is not active",
    "unknown_bank": "the Sage 100 bank code of the money, when there is none",
    "narration": "what the journal is for",
    "debits": "what its debits come to",
    "credits": "what its credits come to",
    "unclear_lines": "how many lines are neither a debit nor a credit of a positive amount",
}
