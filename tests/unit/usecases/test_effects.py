"""What planned writes do to the ledgers: foreign ones in the base currency."""

from decimal import Decimal
from typing import Any

from tieout.domain.base import System
from tieout.usecases.planning.effects import effects_of
from unit.usecases.test_steps import PAIR


def of_xero(entity: str, payload: Any) -> dict[str, tuple[str, str]]:
    """Return role and amount, debit less credit, by account."""
    effects = effects_of(PAIR, entity, System.XERO, payload)
    assert {one.currency for one in effects} == {"USD"}
    assert sum(one.debit - one.credit for one in effects) == Decimal(0)
    return {one.account: (one.role, f"{one.debit - one.credit:.2f}") for one in effects}


def line(account: str, amount: str, tax: str) -> dict[str, str]:
    return {"AccountCode": account, "LineAmount": amount, "TaxAmount": tax}


def test_a_foreign_invoice_is_shown_in_base_with_what_xero_rounds() -> None:
    payload = {
        "CurrencyCode": "EUR",
        "CurrencyRate": "0.921659",
        "LineAmountTypes": "Exclusive",
        "LineItems": [line("200", "59.97", "4.20"), line("260", "33.49", "2.34")],
    }
    assert of_xero("invoice", payload) == {
        "610": ("receivables", "108.50"),
        "200": ("sales", "-65.07"),
        "260": ("freight", "-36.34"),
        "820": ("sales_tax", "-7.10"),
        "860": ("rounding", "0.01"),
    }


def test_a_foreign_payment_is_shown_by_what_is_banked() -> None:
    payload = {
        "Account": {"Code": "091"},
        "Amount": "100.00",
        "CurrencyRate": "0.926784",
        "BankAmount": "107.90",
    }
    assert of_xero("payment", payload) == {
        "091": ("clearing_shopify_payments", "107.90"),
        "610": ("receivables", "-107.90"),
    }
