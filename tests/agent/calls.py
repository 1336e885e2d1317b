"""A caller of the agent for tests: signs like Tieout does, written from the agent's README."""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

from processes import UNTRUSTING, free_port, running

KEY = "a key that is long enough for a test"
DOUBLE = "tieout.simulators.sage100.boi:dispatch"


@dataclass
class Agent:
    """A running agent."""

    url: str
    home: Path
    folder: Path
    """Where its journal is."""
    process: Popen[bytes]

    def post(self, command: object) -> tuple[int, Any]:
        """Send a signed command."""
        return self.call("POST", "/v1/commands", json.dumps(command).encode())

    def get(self, command_id: str) -> tuple[int, Any]:
        """Ask for a command."""
        return self.call("GET", f"/v1/commands/{command_id}", b"")

    def call(
        self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send a request, signed unless ``headers`` are given."""
        connection = connected(self.url)
        try:
            connection.request(method, path, body, headers or signed(method, path, body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def connected(url: str) -> http.client.HTTPConnection:
    """Return a connection to a server on the loopback address, whatever certificate it shows."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.netloc, timeout=30, context=UNTRUSTING)
    return http.client.HTTPConnection(parts.netloc, timeout=30)


def signed(
    method: str, path: str, body: bytes, *, key: str = KEY, age_s: float = 0
) -> dict[str, str]:
    """Return the headers that sign a request."""
    timestamp = str(int(time.time() - age_s))
    text = f"{timestamp}.{method}.{path}.".encode() + body
    signature = hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Tieout-Timestamp": timestamp, "X-Tieout-Signature": signature}


@contextmanager
def running_agent(home: Path, folder: Path, *more: str) -> Iterator[Agent]:
    """Run the agent on the Sage double of ``home``, with its journal in ``folder``.

    ``more`` are further arguments.
    """
    port = free_port()
    scheme = "https" if "--tls-certificate" in more else "http"
    url = f"{scheme}://127.0.0.1:{port}"
    arguments = [*agent_arguments(home, folder), "--port", str(port), *more]
    with running(arguments, ready_url=f"{url}/v1/health", env=agent_environment()) as process:
        yield Agent(url, home, folder, process)


def agent_arguments(home: Path, folder: Path) -> list[str]:
    """Return what every agent of the tests is told."""
    key_file = folder / "agent.key"
    key_file.write_text(KEY)
    return [
        *("-m", "sage100_agent", "--journal", str(folder / "journal.sqlite")),
        *("--com", DOUBLE, "--home", str(home), "--key-file", str(key_file)),
        *("--company", "HPS:tieout:secret", "--company", "LLT:tieout:secret"),
        *("--settle-after-s", "0"),
    ]


def agent_environment() -> dict[str, str]:
    """Return where the agent and the double of COM are imported from."""
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": f"{root / 'sage100_agent/src'}:{root / 'plugins'}"}


def customer(command_id: str, **header: str) -> dict[str, Any]:
    """Return a customer command."""
    values = {
        "ARDivisionNo": "00",
        "CustomerName": "Ada Lovelace",
        "AddressLine1": "12 St James's Square",
        "City": "London",
        "ZipCode": "SW1Y 4JH",
        "CountryCode": "GBR",
        "EmailAddress": "ada@example.com",
        "TermsCode": "00",
        "TaxSchedule": "EXEMPT",
        "UDF_TIEOUT_ID": command_id[:30],
        **header,
    }
    document = {"header": values}
    return {
        "command_id": command_id,
        "company": "HPS",
        "kind": "customer.create",
        "document": document,
    }


def sales_order(command_id: str, **header: str) -> dict[str, Any]:
    """Return the command for order 1042 of the accounting examples."""
    values = {
        "ARDivisionNo": "00",
        "CustomerNo": "WEBGUEST",
        "OrderDate": "2026-11-29",
        "CustomerPONo": f"PO-{command_id}"[:30],
        "UDF_TIEOUT_ID": command_id[:30],
        "TaxSchedule": "STATE",
        "WarehouseCode": "000",
        "ShipToName": "Ada Lovelace",
        "FreightAmt": "8.00",
        "DepositAmt": "110.13",
        **header,
    }
    document = {
        "header": values,
        "lines": [
            {"ItemCode": "LAMP-01", "QuantityOrdered": "3", "UnitPrice": "17.990000"},
            {"ItemCode": "SHADE-02", "QuantityOrdered": "1", "UnitPrice": "40.950000"},
        ],
        "tax": {"STATE": "7.21"},
    }
    return {
        "command_id": command_id,
        "company": "HPS",
        "kind": "sales_order.create",
        "document": document,
    }


def deposit(command_id: str, number: str, amount: str) -> dict[str, Any]:
    """Return a command that sets an order's deposit."""
    document = {"header": {"SalesOrderNo": number, "DepositAmt": amount}}
    kind = "sales_order.set_deposit"
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def cash_receipt(command_id: str, account_key: str, **header: str) -> dict[str, Any]:
    """Return a cash receipt to an account."""
    values = {
        "BankCode": "S",
        "DepositDate": "2026-11-29",
        "ARDivisionNo": "00",
        "CustomerNo": "WEBGUEST",
        "CheckNo": "T1A2B3C4D",
        "PostingAmt": "110.13",
        **header,
    }
    lines = [{"AccountKey": account_key, "AmountPosted": values["PostingAmt"]}]
    document = {"header": values, "lines": lines}
    kind = "cash_receipt.create"
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def saved(
    kind: str, command_id: str, header: dict[str, str], expected: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return a command that states a master record."""
    document: dict[str, Any] = {"header": header}
    if expected is not None:
        document["expected"] = expected
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def sales_invoice(command_id: str, order_no: str, **header: str) -> dict[str, Any]:
    """Return the command that ships the lamps of order 1042: step 8 of the accounting examples."""
    values = {
        "SalesOrderNo": order_no,
        "InvoiceDate": "2026-11-30",
        "Comment": command_id,
        "FreightAmt": "8.00",
        "DepositAmt": "66.31",
        **header,
    }
    lines = [{"OrderLineKey": "000001", "QuantityShipped": "3"}]
    document = {"header": values, "lines": lines, "tax": {"STATE": "4.34"}}
    kind = "sales_invoice.create"
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def credit_memo(command_id: str, **header: str) -> dict[str, Any]:
    """Return the command that takes one lamp back: step 11 of the accounting examples."""
    values = {
        "ARDivisionNo": "00",
        "CustomerNo": "WEBGUEST",
        "InvoiceDate": "2026-12-04",
        "TaxSchedule": "STATE",
        "Comment": command_id,
        **header,
    }
    lines = [{"ItemCode": "LAMP-01", "QuantityShipped": "1", "UnitPrice": "17.990000"}]
    document = {"header": values, "lines": lines, "tax": {"STATE": "1.26"}}
    kind = "credit_memo.create"
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}


def ar_invoice(command_id: str, account_key: str, **header: str) -> dict[str, Any]:
    """Return the command of an A/R invoice of one taxed line."""
    values = {
        "InvoiceType": "IN",
        "ARDivisionNo": "00",
        "CustomerNo": "WEBGUEST",
        "InvoiceDate": "2026-11-30",
        "TaxSchedule": "STATE",
        "Comment": command_id,
        **header,
    }
    line = {"SalesAcctKey": account_key, "TaxClass": "TX", "ExtensionAmt": "50.00"}
    document = {"header": values, "lines": [line], "tax": {"STATE": "3.51"}}
    kind = "ar_invoice.create"
    return {"command_id": command_id, "company": "HPS", "kind": kind, "document": document}
