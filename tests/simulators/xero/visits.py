"""A good request to every operation of the specification that the simulator is to serve.

Whatever a request needs is made anew for it, so that the visits know no order.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import requests

from simulators.xero.client import Json, XeroClient, line, unique

PDF: Final = b"%PDF-1.4"
NOTE: Final[Json] = {"HistoryRecords": [{"Details": "looked at"}]}
DELETED: Final[Json] = {"Status": "DELETED"}


class World:
    """Makes records of every kind; each method named after one returns the path of a new one."""

    def __init__(self, xero: XeroClient, other: XeroClient) -> None:
        self.xero = xero
        self.other = other

    def made(self, resource: str, key: str, body: Json) -> str:
        answer = self.xero.put(resource, body)
        answer.raise_for_status()
        return f"{resource}/{answer.json()[resource][0][key]}"

    def account(self) -> str:
        return self.made("Accounts", "AccountID", account())

    def item(self) -> str:
        return self.made("Items", "ItemID", {"Items": [{"Code": unique("I")}]})

    def contact(self) -> str:
        return f"Contacts/{self.xero.contact(EmailAddress='a@b.example')['ContactID']}"

    def invoice(self) -> str:
        contact = {"ContactID": self.contact().partition("/")[2]}
        return f"Invoices/{self.xero.invoice(Contact=contact)['InvoiceID']}"

    def note(self) -> str:
        return self.made("CreditNotes", "CreditNoteID", {"CreditNotes": [note()]})

    def order(self) -> str:
        return self.made("PurchaseOrders", "PurchaseOrderID", {"PurchaseOrders": [order()]})

    def transaction(self, kind: str = "RECEIVE") -> str:
        body = {"BankTransactions": [transaction(kind)]}
        return self.made("BankTransactions", "BankTransactionID", body)

    def advance(self, kind: str) -> str:
        """Return the path of a new overpayment or prepayment."""
        made = self.xero.get(self.transaction(f"RECEIVE-{kind.upper()}")).json()
        return f"{kind}s/{made['BankTransactions'][0][f'{kind}ID']}"

    def payment(self) -> str:
        invoice = {"InvoiceID": self.invoice().partition("/")[2]}
        return f"Payments/{self.xero.pay(invoice, 5).json()['Payments'][0]['PaymentID']}"

    def batch(self) -> str:
        return self.made("BatchPayments", "BatchPaymentID", self.batch_body())

    def batch_body(self) -> Json:
        paid = {"Invoice": {"InvoiceID": self.invoice().partition("/")[2]}, "Amount": 5}
        return {"BatchPayments": [{"Account": {"Code": "090"}, "Payments": [paid]}]}

    def transfer(self) -> str:
        return self.made("BankTransfers", "BankTransferID", {"BankTransfers": [transfer()]})

    def journal(self) -> str:
        return self.made("ManualJournals", "ManualJournalID", {"ManualJournals": [journal()]})

    def group(self) -> str:
        body = {"ContactGroups": [{"Name": unique("Group")}]}
        return self.made("ContactGroups", "ContactGroupID", body)

    def grouped(self) -> str:
        """Return the path of a contact in a new group."""
        group, contact = self.group(), self.contact()
        body = {"Contacts": [{"ContactID": contact.partition("/")[2]}]}
        self.xero.put(f"{group}/Contacts", body).raise_for_status()
        return f"{group}/{contact}"

    def category(self) -> str:
        """Return the path of the one tracking category: only two may be active."""
        known = self.xero.get("TrackingCategories", where='Name=="Visits"').json()
        if known["TrackingCategories"]:
            category_id = known["TrackingCategories"][0]["TrackingCategoryID"]
            return f"TrackingCategories/{category_id}"
        return self.made("TrackingCategories", "TrackingCategoryID", {"Name": "Visits"})

    def option(self) -> str:
        path = f"{self.category()}/Options"
        made = self.xero.put(path, {"Name": unique("Option")}).json()
        return f"{path}/{made['Options'][0]['TrackingOptionID']}"

    def tax_rate(self) -> str:
        return self.made("TaxRates", "TaxType", tax_rate())

    def allocation(self, credit: str) -> str:
        """Return the path of what is set against an invoice of a new credit's contact."""
        path = f"{credit}/Allocations"
        made = self.xero.put(path, self.allocation_body()).json()
        return f"{path}/{made['Allocations'][0]['AllocationID']}"

    def allocation_body(self) -> Json:
        invoice = {"InvoiceID": self.xero.invoice()["InvoiceID"]}
        return {"Allocations": [{"Invoice": invoice, "Amount": 1, "Date": "2026-11-21"}]}

    def file(self, record: str) -> Json:
        """Attach a file to a record, and return it as the answer names it."""
        made: Json = self.upload("PUT", record).json()["Attachments"][0]
        return made

    def upload(self, method: str, record: str) -> requests.Response:
        headers = {"Content-Type": "application/pdf"}
        return self.xero.send(method, f"{record}/Attachments/a.pdf", data=PDF, headers=headers)

    def number(self, record: str, key: str) -> str:
        """Return a record's number."""
        plural = record.partition("/")[0]
        return str(self.xero.get(record).json()[plural][0][key])

    def disconnect(self) -> requests.Response:
        """Take away the only connection of the app of the other organisation."""
        connected = self.other.connections().json()[0]["id"]
        return self.other.connections("DELETE", f"/{connected}")


def account() -> Json:
    return {"Code": unique("9"), "Name": unique("Account"), "Type": "EXPENSE"}


def tax_rate() -> Json:
    return {"Name": unique("Tax"), "TaxComponents": [{"Name": "State", "Rate": 2.25}]}


def note() -> Json:
    contact = {"ContactNumber": "WEB-GUEST"}
    return {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": contact,
        "LineItems": [line()],
    }


def order() -> Json:
    contact = {"ContactNumber": "WEB-GUEST"}
    return {"PurchaseOrderNumber": unique("PO"), "Contact": contact, "LineItems": [line()]}


def transaction(kind: str = "RECEIVE") -> Json:
    return {
        "Type": kind,
        "Contact": {"ContactNumber": "WEB-GUEST"},
        "BankAccount": {"Code": "090"},
        "LineItems": [line()],
    }


def transfer() -> Json:
    return {"FromBankAccount": {"Code": "091"}, "ToBankAccount": {"Code": "090"}, "Amount": 5}


def journal() -> Json:
    lines = [{"LineAmount": amount, "AccountCode": "200"} for amount in (5, -5)]
    return {"Narration": "deferral", "Status": "POSTED", "JournalLines": lines}


Visit = Callable[[World], requests.Response]


def _files(name: str, record: Callable[[World], str]) -> Iterator[tuple[str, Visit]]:
    """Yield the five operations on the files of a kind of record."""

    def by_name(w: World) -> requests.Response:
        path = record(w)
        return w.xero.get(f"{path}/Attachments/{w.file(path)['FileName']}")

    def by_id(w: World) -> requests.Response:
        path = record(w)
        return w.xero.get(f"{path}/Attachments/{w.file(path)['AttachmentID']}")

    yield f"get{name}Attachments", lambda w: w.xero.get(f"{record(w)}/Attachments")
    yield f"create{name}AttachmentByFileName", lambda w: w.upload("PUT", record(w))
    yield f"update{name}AttachmentByFileName", lambda w: w.upload("POST", record(w))
    yield f"get{name}AttachmentByFileName", by_name
    yield f"get{name}AttachmentById", by_id


def _history(read: str, add: str, record: Callable[[World], str]) -> Iterator[tuple[str, Visit]]:
    """Yield the two operations on the history of a kind of record."""
    yield read, lambda w: w.xero.get(f"{record(w)}/History")
    yield add, lambda w: w.xero.put(f"{record(w)}/History", NOTE)


def _allocations(name: str, record: Callable[[World], str]) -> Iterator[tuple[str, Visit]]:
    """Yield how a kind of credit is allocated, and how that is taken back."""
    creates = "createCreditNoteAllocation" if name == "CreditNote" else f"create{name}Allocations"
    yield creates, lambda w: w.xero.put(f"{record(w)}/Allocations", w.allocation_body())
    yield f"delete{name}Allocations", lambda w: w.xero.send("DELETE", w.allocation(record(w)))


def _overpayment(w: World) -> str:
    return w.advance("Overpayment")


def _prepayment(w: World) -> str:
    return w.advance("Prepayment")


VISITS: Final[Mapping[str, Visit]] = {
    "getAccounts": lambda w: w.xero.get("Accounts"),
    "createAccount": lambda w: w.xero.put("Accounts", account()),
    "getAccount": lambda w: w.xero.get(w.account()),
    "updateAccount": lambda w: w.xero.post(w.account(), {"Description": "seldom used"}),
    "deleteAccount": lambda w: w.xero.send("DELETE", w.account()),
    **dict(_files("Account", World.account)),
    "getBankTransactions": lambda w: w.xero.get("BankTransactions?page=1"),
    "createBankTransactions": lambda w: w.xero.put("BankTransactions", transaction()),
    "updateOrCreateBankTransactions": lambda w: w.xero.post("BankTransactions", transaction()),
    "getBankTransaction": lambda w: w.xero.get(w.transaction()),
    "updateBankTransaction": lambda w: w.xero.post(w.transaction(), {"Reference": "found"}),
    **dict(_files("BankTransaction", World.transaction)),
    **dict(
        _history(
            "getBankTransactionsHistory", "createBankTransactionHistoryRecord", World.transaction
        )
    ),
    "getBankTransfers": lambda w: w.xero.get("BankTransfers?includeDeleted=true"),
    "createBankTransfer": lambda w: w.xero.put("BankTransfers", transfer()),
    "deleteBankTransfers": lambda w: w.xero.post(
        "BankTransfers", {"BankTransferID": w.transfer().partition("/")[2], **DELETED}
    ),
    "getBankTransfer": lambda w: w.xero.get(w.transfer()),
    "deleteBankTransfer": lambda w: w.xero.post(w.transfer(), DELETED),
    **dict(_files("BankTransfer", World.transfer)),
    **dict(_history("getBankTransferHistory", "createBankTransferHistoryRecord", World.transfer)),
    "getBatchPayments": lambda w: w.xero.get("BatchPayments"),
    "createBatchPayment": lambda w: w.xero.put("BatchPayments", w.batch_body()),
    "deleteBatchPayment": lambda w: w.xero.post(
        "BatchPayments", {"BatchPaymentID": w.batch().partition("/")[2], **DELETED}
    ),
    "getBatchPayment": lambda w: w.xero.get(w.batch()),
    "deleteBatchPaymentByUrlParam": lambda w: w.xero.post(w.batch(), DELETED),
    **dict(_history("getBatchPaymentHistory", "createBatchPaymentHistoryRecord", World.batch)),
    "getContacts": lambda w: w.xero.get("Contacts?page=1&pageSize=1000&includeArchived=true"),
    "createContacts": lambda w: w.xero.put("Contacts", {"Name": unique("Visitor")}),
    "updateOrCreateContacts": lambda w: w.xero.post("Contacts", {"Name": unique("Visitor")}),
    "getContactByContactNumber": lambda w: w.xero.get("Contacts/WEB-GUEST"),
    "getContact": lambda w: w.xero.get(w.contact()),
    "updateContact": lambda w: w.xero.post(w.contact(), {"FirstName": "Ada"}),
    **dict(_files("Contact", World.contact)),
    **dict(_history("getContactHistory", "createContactHistory", World.contact)),
    "getContactGroups": lambda w: w.xero.get("ContactGroups"),
    "createContactGroup": lambda w: w.xero.put("ContactGroups", {"Name": unique("Group")}),
    "getContactGroup": lambda w: w.xero.get(w.grouped().partition("/Contacts/")[0]),
    "updateContactGroup": lambda w: w.xero.post(w.group(), {"Name": unique("Group")}),
    "createContactGroupContacts": lambda w: w.xero.put(
        f"{w.group()}/Contacts", {"ContactID": w.contact().partition("/")[2]}
    ),
    "deleteContactGroupContacts": lambda w: w.xero.send("DELETE", f"{w.group()}/Contacts"),
    "deleteContactGroupContact": lambda w: w.xero.send("DELETE", w.grouped()),
    "getCreditNotes": lambda w: w.xero.get("CreditNotes?page=1"),
    "createCreditNotes": lambda w: w.xero.put("CreditNotes", note()),
    "updateOrCreateCreditNotes": lambda w: w.xero.post("CreditNotes", note()),
    "getCreditNote": lambda w: w.xero.get(w.note()),
    "updateCreditNote": lambda w: w.xero.post(w.note(), {"Reference": "goods back"}),
    "getCreditNoteAsPdf": lambda w: w.xero.get(f"{w.note()}/pdf"),
    **dict(_files("CreditNote", World.note)),
    **dict(_allocations("CreditNote", World.note)),
    **dict(_history("getCreditNoteHistory", "createCreditNoteHistory", World.note)),
    "getCurrencies": lambda w: w.xero.get("Currencies"),
    "createCurrency": lambda w: w.xero.put("Currencies", {"Code": "USD"}),
    "getInvoices": lambda w: w.xero.get("Invoices?page=1&pageSize=1000"),
    "createInvoices": lambda w: w.xero.put("Invoices", w.xero.invoice_body()),
    "updateOrCreateInvoices": lambda w: w.xero.post("Invoices", w.xero.invoice_body()),
    "getInvoice": lambda w: w.xero.get(w.invoice()),
    "updateInvoice": lambda w: w.xero.post(w.invoice(), {"Reference": "second try"}),
    "getInvoiceAsPdf": lambda w: w.xero.get(f"{w.invoice()}/pdf"),
    "getOnlineInvoice": lambda w: w.xero.get(f"{w.invoice()}/OnlineInvoice"),
    "emailInvoice": lambda w: w.xero.post(f"{w.invoice()}/Email", {}),
    **dict(_files("Invoice", World.invoice)),
    **dict(_history("getInvoiceHistory", "createInvoiceHistory", World.invoice)),
    "getItems": lambda w: w.xero.get("Items?unitdp=4"),
    "createItems": lambda w: w.xero.put("Items", {"Code": unique("I")}),
    "updateOrCreateItems": lambda w: w.xero.post("Items", {"Code": unique("I")}),
    "getItem": lambda w: w.xero.get(w.item()),
    "updateItem": lambda w: w.xero.post(w.item(), {"Name": "Renamed"}),
    "deleteItem": lambda w: w.xero.send("DELETE", w.item()),
    **dict(_history("getItemHistory", "createItemHistory", World.item)),
    "getManualJournals": lambda w: w.xero.get("ManualJournals?page=1"),
    "createManualJournals": lambda w: w.xero.put("ManualJournals", journal()),
    "updateOrCreateManualJournals": lambda w: w.xero.post("ManualJournals", journal()),
    "getManualJournal": lambda w: w.xero.get(w.journal()),
    "updateManualJournal": lambda w: w.xero.post(w.journal(), {"Narration": "other words"}),
    **dict(_files("ManualJournal", World.journal)),
    **dict(_history("getManualJournalsHistory", "createManualJournalHistoryRecord", World.journal)),
    "getOrganisations": lambda w: w.xero.get("Organisation"),
    "getOrganisationActions": lambda w: w.xero.get("Organisation/Actions"),
    "getOverpayments": lambda w: w.xero.get("Overpayments?page=1"),
    "getOverpayment": lambda w: w.xero.get(_overpayment(w)),
    **dict(_allocations("Overpayment", _overpayment)),
    **dict(_history("getOverpaymentHistory", "createOverpaymentHistory", _overpayment)),
    "getPayments": lambda w: w.xero.get("Payments?page=1"),
    "createPayments": lambda w: w.xero.pay(w.xero.invoice(), 5),
    "createPayment": lambda w: w.xero.pay(w.xero.invoice(), 5, method="POST"),
    "getPayment": lambda w: w.xero.get(w.payment()),
    "deletePayment": lambda w: w.xero.post(w.payment(), DELETED),
    **dict(_history("getPaymentHistory", "createPaymentHistory", World.payment)),
    "getPrepayments": lambda w: w.xero.get("Prepayments?page=1"),
    "getPrepayment": lambda w: w.xero.get(_prepayment(w)),
    **dict(_allocations("Prepayment", _prepayment)),
    **dict(_history("getPrepaymentHistory", "createPrepaymentHistory", _prepayment)),
    "getPurchaseOrders": lambda w: w.xero.get("PurchaseOrders"),
    "createPurchaseOrders": lambda w: w.xero.put("PurchaseOrders", order()),
    "updateOrCreatePurchaseOrders": lambda w: w.xero.post("PurchaseOrders", order()),
    "getPurchaseOrder": lambda w: w.xero.get(w.order()),
    "getPurchaseOrderByNumber": lambda w: w.xero.get(
        f"PurchaseOrders/{w.number(w.order(), 'PurchaseOrderNumber')}"
    ),
    "updatePurchaseOrder": lambda w: w.xero.post(w.order(), {"AttentionTo": "Stores"}),
    "getPurchaseOrderAsPdf": lambda w: w.xero.get(f"{w.order()}/pdf"),
    **dict(_files("PurchaseOrder", World.order)),
    **dict(_history("getPurchaseOrderHistory", "createPurchaseOrderHistory", World.order)),
    "getReportBankSummary": lambda w: w.xero.get("Reports/BankSummary"),
    "getReportTrialBalance": lambda w: w.xero.get("Reports/TrialBalance?date=2026-11-30"),
    "getTaxRates": lambda w: w.xero.get("TaxRates"),
    "createTaxRates": lambda w: w.xero.put("TaxRates", tax_rate()),
    "updateTaxRate": lambda w: w.xero.post(
        "TaxRates", {"TaxType": w.tax_rate().partition("/")[2], **DELETED}
    ),
    "getTaxRateByTaxType": lambda w: w.xero.get(w.tax_rate()),
    "getTrackingCategories": lambda w: w.xero.get("TrackingCategories?includeArchived=true"),
    "createTrackingCategory": lambda w: w.xero.put("TrackingCategories", {"Name": "Other"}),
    "getTrackingCategory": lambda w: w.xero.get(w.category()),
    "updateTrackingCategory": lambda w: w.xero.post(w.category(), {"Name": "Visits"}),
    "deleteTrackingCategory": lambda w: w.xero.send("DELETE", w.category()),
    "createTrackingOptions": lambda w: w.xero.put(
        f"{w.category()}/Options", {"Name": unique("Option")}
    ),
    "updateTrackingOptions": lambda w: w.xero.post(w.option(), {"Name": unique("Option")}),
    "deleteTrackingOptions": lambda w: w.xero.send("DELETE", w.option()),
    "getConnections": lambda w: w.xero.connections(),
    "deleteConnection": World.disconnect,
}
