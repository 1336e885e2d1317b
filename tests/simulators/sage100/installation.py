"""The running simulator as tests reach it: HTTP controls, and real ODBC for reading."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyodbc  # noqa: TID253 - the driver is what these tests are about
import requests


@dataclass
class Sage100:
    """The running simulator."""

    home: Path
    url: str

    def act(self, name: str, **body: object) -> requests.Response:
        return requests.post(f"{self.url}/_people/HPS/{name}", json=body, timeout=10)

    def done(self, name: str, **body: object) -> dict[str, Any]:
        answer = self.act(name, **body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def arm(self, **fault: object) -> None:
        answer = requests.post(f"{self.url}/_boi_faults", json=fault, timeout=10)
        assert answer.status_code == 200, answer.text

    def move_clock(self, seconds: float) -> None:
        """Set the server's clock forward, or back."""
        url, body = f"{self.url}/_clock", {"advance_seconds": seconds}
        assert requests.post(url, json=body, timeout=10).status_code == 200

    def query(self, sql: str, *arguments: str, company: str = "HPS") -> list[Any]:
        path = self.home / f"MAS_{company}.sqlite"
        connection = pyodbc.connect(
            f"Driver=SQLite3;Database={path};Timeout=10000;", autocommit=True
        )
        rows: list[Any] = connection.cursor().execute(sql, *arguments).fetchall()
        connection.close()
        return rows

    def ledger(self) -> dict[str, Decimal]:
        """Return the GL balance (debit less credit) of each account with postings."""
        names = dict(self.query("SELECT AccountKey, Account FROM GL_Account"))
        balances: dict[str, Decimal] = {}
        for key, debit, credit in self.query(
            "SELECT AccountKey, DebitAmount, CreditAmount FROM GL_DetailPosting"
        ):
            balance = balances.get(names[key], Decimal(0))
            balances[names[key]] = balance + Decimal(debit) - Decimal(credit)
        return balances

    def stock(self, item: str) -> tuple[Decimal, Decimal]:
        """Return on hand and committed in the main warehouse."""
        found = self.query(
            "SELECT QuantityOnHand, QuantityOnSalesOrder FROM IM_ItemWarehouse"
            " WHERE ItemCode = ? AND WarehouseCode = '000'",
            item,
        )
        return Decimal(found[0][0]), Decimal(found[0][1])

    def account_key(self, account: str) -> str:
        found = self.query("SELECT AccountKey FROM GL_Account WHERE Account = ?", account)
        return str(found[0][0])

    def posted(self, day: str = "2026-11-30") -> dict[str, Decimal]:
        """Update every register; return the ledger, which balances and ties to the open items."""
        for act in ("post_cash_receipts", "post_sales_journal", "post_daily_transaction_register"):
            self.done(act, posting_date=day)
        ledger = self.ledger()
        assert sum(ledger.values()) == 0
        assert ledger.get("120-00", Decimal(0)) == sum(self.open_items().values())
        return ledger

    def open_items(self) -> dict[tuple[str, str], Decimal]:
        """Return the balance of each open item by type and number."""
        rows = self.query("SELECT InvoiceType, InvoiceNo, Balance FROM AR_OpenInvoice")
        return {(kind, number): Decimal(balance) for kind, number, balance in rows}
