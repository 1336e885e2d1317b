"""The vendor's own client, xero-python 15.2.0, on a simulator: its overrides and nothing else.

Its hosts are moved by what it offers for that: a base address per API, and class attributes for
those of the token service (domain/xero README, section 3).
"""

# mypy: disable-error-code="no-untyped-call"
# The vendor ships no types.

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import urllib3

from simulators.xero.client import HPS, Json, XeroClient, unique

DAY = date(2026, 11, 20)


class Sdk:
    """The vendor's accounting client for one organisation, and the models that it takes.

    Every other attribute is an operation of the client, given the organisation already.
    """

    def __init__(self, base: str, client: Any, tenant_id: str = HPS) -> None:
        from xero_python import accounting

        self.client = client
        self.models: Any = accounting
        self._api = accounting.AccountingApi(client, base_url=f"{base}/api.xro/2.0")
        self._tenant_id = tenant_id

    def __getattr__(self, operation: str) -> Any:
        return partial(getattr(self._api, operation), self._tenant_id)

    def line(self, **values: Any) -> Any:
        plain = {
            "description": "Desk lamp",
            "quantity": 1.0,
            "unit_amount": 100.0,
            "account_code": "200",
            "tax_type": "NONE",
        }
        return self.models.LineItem(**{**plain, **values})

    def contact(self, **values: Any) -> Any:
        wanted = self.models.Contact(name=unique("Python"), **values)
        return self.create_contacts(self.models.Contacts(contacts=[wanted])).contacts[0]

    def of(self, contact: Any) -> Any:
        """Return the contact as documents name it."""
        return self.models.Contact(contact_id=contact.contact_id)

    def sale(self, **values: Any) -> Any:
        """Return an invoice to be created."""
        plain = {
            "type": "ACCREC",
            "contact": self.models.Contact(contact_number="WEB-GUEST"),
            "date": DAY,
            "due_date": date(2026, 12, 20),
            "status": "AUTHORISED",
            "line_items": [self.line()],
        }
        return self.models.Invoice(**{**plain, **values})

    def invoice(self, **values: Any) -> Any:
        wanted = self.models.Invoices(invoices=[self.sale(**values)])
        return self.create_invoices(wanted).invoices[0]

    def pay(self, amount: float, **document: Any) -> Any:
        account = self.models.Account(code="091")
        wanted = self.models.Payment(account=account, date=DAY, amount=amount, **document)
        return self.create_payments(self.models.Payments(payments=[wanted])).payments[0]

    def note(self, words: str) -> Any:
        """Return a note to be added to the history of a record."""
        records = [self.models.HistoryRecord(details=words)]
        return self.models.HistoryRecords(history_records=records)


def client_with(
    token: Json, app: XeroClient, *, save: Callable[[Json], None] = lambda _token: None
) -> Any:
    """Return the vendor's client with a token, and with the credentials of the token's app."""
    from xero_python.api_client import ApiClient
    from xero_python.api_client.configuration import Configuration
    from xero_python.api_client.oauth2 import OAuth2Token

    held = {"token": {**token, "scope": str(token["scope"]).split()}}

    def saved(new: Json) -> None:
        held["token"] = new
        save(new)

    client = ApiClient(
        Configuration(),
        oauth2_token_getter=lambda: held["token"],
        oauth2_token_saver=saved,
    )
    # Given to the constructor, the first client's credentials would serve every later one too.
    client.configuration.oauth2_token = OAuth2Token(app.client_id, app.secret)
    return client


def calm(client: Any) -> None:
    """Take the client's own retries away: it repeats a PUT three times, and adds no key."""
    client.rest_client.pool_manager.clear()
    client.rest_client.pool_manager = urllib3.PoolManager(retries=False)
