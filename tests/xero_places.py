"""Where Xero's targets are written to in the tests of their contract, and what is written there.

A place is a real client on a running Xero (the simulator, or a Demo Company), or a fake. A case is
one kind of record: how to make one of it, what it needs there, and one that is refused.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from typing_extensions import override

from deliveries import make_delivery
from fakes import FakeTarget, FakeXero
from tieout.connectors.xero.connector import XeroConnector
from tieout.connectors.xero.targets.base import XeroTarget
from tieout.connectors.xero.targets.changes import flat
from tieout.connectors.xero.targets.kinds import UnaskedTarget
from tieout.connectors.xero.targets.table import TARGETS
from tieout.domain.base import Json, System
from tieout.domain.ledger import Delivery, Landed, Outcome
from tieout.errors import OutcomeUnknownError
from tieout.ports.systems import Xero
from tieout.ports.targets import Target
from wire import SetClock
from xero_simulator import XeroSimulator

UNWELL_PAGE = "<html><body>Xero is down for maintenance</body></html>"
LATE_S = 0.8
"""How long a late write takes to land, in seconds."""


class Place(ABC):
    """Somewhere to write to. ``run`` sets this run's records apart from all others'."""

    xero: Xero
    run: str
    day = "2026-11-29"
    sales = "200"
    bank = "091"
    other_bank = "090"
    liability = "850"
    currency = "USD"

    def __init__(self) -> None:
        self._numbers = count(1)

    def number(self) -> str:
        """Return a number that no record has."""
        return f"{self.run}-{next(self._numbers)}"

    def target(self, entity: str) -> Target:
        return self.xero.target(entity)

    def send(self, delivery: Delivery) -> Outcome:
        return self.target(delivery.entity).send([delivery])[delivery.delivery_id]

    def landed(self, delivery: Delivery) -> Landed:
        outcome = self.send(delivery)
        assert isinstance(outcome, Landed), outcome
        return outcome

    @abstractmethod
    def refuse(self, delivery: Delivery) -> None:
        """See to it that a delivery that Xero refuses is refused here."""

    @abstractmethod
    def double(self, delivery: Delivery) -> None:
        """Let somebody else enter a second copy, if Xero takes one."""


class FaultyPlace(Place):
    """A place whose next write can be made to go wrong."""

    @abstractmethod
    def lose_answer(self, entity: str) -> None:
        """Do the next write, and drop its answer."""

    @abstractmethod
    def be_unwell(self, entity: str) -> None:
        """Answer the next write with a page that says 503."""

    @abstractmethod
    def send_late(self, delivery: Delivery) -> Callable[[], None]:
        """Send a delivery whose answer does not come in time; what is returned lets it land."""


class RealPlace(Place):
    """A real client on a running Xero."""

    def __init__(self, xero: XeroConnector, *, run: str) -> None:
        super().__init__()
        self.xero: XeroConnector = xero
        self.run = run

    @override
    def refuse(self, delivery: Delivery) -> None:
        """Xero does so by itself."""

    @override
    def double(self, delivery: Delivery) -> None:
        twin = delivery.model_copy(update={"idempotency_key": f"{delivery.idempotency_key[:50]} 2"})
        target = self.xero.target(delivery.entity)
        assert isinstance(target, XeroTarget)
        if isinstance(target, UnaskedTarget):
            target.sent([twin], target.resource)  # past our own look-up
        else:
            target.send([twin])


class SimulatedPlace(RealPlace, FaultyPlace):
    """A real client on the simulator."""

    def __init__(self, simulator: XeroSimulator, *, run: str) -> None:
        super().__init__(simulator.connector(SetClock()), run=run)
        self.simulator = simulator

    @override
    def lose_answer(self, entity: str) -> None:
        self.simulator.arm("", kind="drop_answer", method=TARGETS[entity].resource.method)

    @override
    def be_unwell(self, entity: str) -> None:
        headers = {"Content-Type": "text/html"}
        method = TARGETS[entity].resource.method
        self.simulator.arm(
            "", kind="status", status=503, method=method, headers=headers, body=UNWELL_PAGE
        )

    @override
    def send_late(self, delivery: Delivery) -> Callable[[], None]:
        method = TARGETS[delivery.entity].resource.method
        self.simulator.arm("", kind="latency", method=method, seconds=LATE_S)
        sender = self.simulator.connector(SetClock()).target(delivery.entity)
        thread = threading.Thread(target=sender.send, args=([delivery],))
        thread.start()
        while not any(fault["hits"] for fault in self.simulator.faults()):
            time.sleep(0.01)
        self.simulator.disarm()  # the one under way stays late; those after it do not
        return thread.join


class FakePlace(FaultyPlace):
    """A fake that makes the promises of the product's targets."""

    def __init__(self) -> None:
        super().__init__()
        self.run = "fake"
        self.xero: FakeXero = FakeXero()
        for entity, kind in TARGETS.items():
            target = FakeTarget(
                System.XERO,
                entity,
                batch_max=kind.batch_max,
                guard=kind.guard,
                looks_up_first=kind.looks_up_first,
            )
            target.settle_s = kind.settle_s
            target.key_window_s = kind.key_window_s
            target.updates_known = kind.updates_known
            target.looks_before_sending = issubclass(kind, UnaskedTarget)
            self.xero.targets[entity] = target

    def fake(self, entity: str) -> FakeTarget:
        return self.xero.targets[entity]

    @override
    def refuse(self, delivery: Delivery) -> None:
        self.fake(delivery.entity).refused_keys.add(delivery.document_key)

    @override
    def double(self, delivery: Delivery) -> None:
        target = self.fake(delivery.entity)
        if not target.guard:
            target.copy(delivery)

    @override
    def lose_answer(self, entity: str) -> None:
        self.fake(entity).faults.append("drop_after_write")

    @override
    def be_unwell(self, entity: str) -> None:
        self.fake(entity).faults.append("unwell")

    @override
    def send_late(self, delivery: Delivery) -> Callable[[], None]:
        self.fake(delivery.entity).faults.append("late")
        try:
            self.send(delivery)
        except OutcomeUnknownError:
            return self.fake(delivery.entity).land_late
        raise AssertionError


Make = Callable[[Place], Delivery]


@dataclass(frozen=True)
class Case:
    """One kind of record: one that Xero takes, and one that it refuses."""

    entity: str
    good: Make
    bad: Make


def twin(delivery: Delivery) -> Delivery:
    """Return the delivery under another idempotency key, as a later attempt would have it."""
    return delivery.model_copy(update={"idempotency_key": f"{delivery.idempotency_key[:50]} later"})


def contact(place: Place, name: str = "") -> Delivery:
    number = place.number()
    payload: Json = {"Name": name or f"Buyer {number}", "ContactNumber": number}
    return make_delivery("contact", payload, key=number, expected={"name": str(payload["Name"])})


def contact_of_a_taken_name(place: Place) -> Delivery:
    taken = contact(place)
    place.landed(taken)
    return contact(place, str(taken.payload["Name"]))


def contact_id(place: Place) -> str:
    return place.landed(contact(place)).external_id


def contact_update(place: Place, name: str = "") -> Delivery:
    """Rename a contact, and give it an address and a telephone, which it has not."""
    made = contact(place)
    held = str(made.payload["Name"])
    stated: Json = {
        "Name": name or f"{held} & Sons",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "614-555-0142"}],
        "Addresses": [{"AddressType": "POBOX", "AddressLine1": "1 High St", "City": "Columbus"}],
    }
    payload: Json = {
        "ContactID": place.landed(made).external_id,
        **stated,
        "expected": {"Name": held},
    }
    shown = flat(stated)
    return changing(make_delivery("contact_update", payload, key=place.number(), expected=shown))


def update_to_a_taken_name(place: Place) -> Delivery:
    taken = contact(place)
    place.landed(taken)
    return contact_update(place, str(taken.payload["Name"]))


def contact_archive(place: Place, contact_no: str = "") -> Delivery:
    payload: Json = {"ContactID": contact_no or contact_id(place), "ContactStatus": "ARCHIVED"}
    expected = {"ContactStatus": "ARCHIVED"}
    return changing(
        make_delivery("contact_archive", payload, key=place.number(), expected=expected)
    )


def item_update(place: Place, price: str = "21.5000") -> Delivery:
    made = item(place)
    stated: Json = {"Name": "Lamp, brass", "SalesDetails": {"UnitPrice": price}}
    before: Json = {"Name": made.payload["Name"], "SalesDetails": {"UnitPrice": "19.1234"}}
    payload: Json = {"ItemID": place.landed(made).external_id, **stated, "expected": before}
    expected = {"Name": "Lamp, brass", "SalesDetails.UnitPrice": price}
    return changing(make_delivery("item_update", payload, key=place.number(), expected=expected))


def changing(delivery: Delivery) -> Delivery:
    """Return a delivery that sets a state."""
    return delivery.model_copy(update={"operation": "set"})


def item(place: Place, account: str = "") -> Delivery:
    code = place.number()
    details: Json = {"UnitPrice": "19.1234", "AccountCode": account or place.sales}
    payload: Json = {"Code": code, "Name": f"Lamp {code}", "SalesDetails": details}
    return make_delivery(
        "item",
        payload,
        key=code,
        expected={"name": f"Lamp {code}", "sales_price": "19.1234", "purchase_price": ""},
    )


def line(place: Place, account: str = "") -> Json:
    return {
        "Description": "Lamp",
        "Quantity": "3",
        "UnitAmount": "6.1234",
        "AccountCode": account or place.sales,
    }


def totals(place: Place) -> dict[str, str]:
    """Return 3 x 6.1234 = 18.3702 as Xero rounds it; at two decimals of the price it is 18.36."""
    return {"total": "18.37", "tax": "0.00", "currency": place.currency}


def document(place: Place, account: str = "", **members: str) -> Json:
    return {
        "Contact": {"ContactID": contact_id(place)},
        "Date": place.day,
        "Status": "AUTHORISED",
        "LineAmountTypes": "NoTax",
        "LineItems": [line(place, account)],
        **members,
    }


NO_ACCOUNT = "NONESUCH"
NOBODY = "00000000-0000-4000-8000-000000000001"
"""The id of no record."""


def invoice(place: Place, account: str = "") -> Delivery:
    number = place.number()
    payload = document(
        place, account, Type="ACCREC", InvoiceNumber=number, Reference=f"{number} #1"
    )
    payload["DueDate"] = place.day
    return make_delivery("invoice", payload, key=number, expected=totals(place))


def invoice_id(place: Place) -> str:
    return place.landed(invoice(place)).external_id


def bill(place: Place, account: str = "") -> Delivery:
    number = place.number()
    url = f"https://tieout.example/bills/{number}"
    payload = document(place, account, Type="ACCPAY", InvoiceNumber=number, Url=url)
    payload["DueDate"] = place.day
    return make_delivery("bill", payload, key=number, expected=totals(place))


def credit_note(place: Place, account: str = "") -> Delivery:
    number = place.number()
    payload = document(
        place, account, Type="ACCRECCREDIT", CreditNoteNumber=number, Reference=f"{number} #1"
    )
    return make_delivery("credit_note", payload, key=number, expected=totals(place))


def vendor_credit(place: Place, account: str = "") -> Delivery:
    number = place.number()
    payload = document(place, account, Type="ACCPAYCREDIT", CreditNoteNumber=number)
    return make_delivery("vendor_credit", payload, key=number, expected=totals(place))


def credit_allocation(place: Place, amount: str = "5.00") -> Delivery:
    credited, owed = credit_note(place), invoice(place)
    owed.payload["Contact"] = credited.payload["Contact"]
    payload: Json = {
        "CreditNote": {"CreditNoteID": place.landed(credited).external_id},
        "Invoice": {"InvoiceID": place.landed(owed).external_id},
        "Amount": amount,
        "Date": place.day,
    }
    return make_delivery(
        "credit_allocation", payload, key=place.number(), expected={"amount": "5.00"}
    )


def payment(place: Place, amount: str = "5.00") -> Delivery:
    reference = place.number()
    payload: Json = {
        "Invoice": {"InvoiceID": invoice_id(place)},
        "Account": {"Code": place.bank},
        "Date": place.day,
        "Amount": amount,
        "Reference": reference,
    }
    expected = {"amount": "5.00", "account": place.bank}
    return make_delivery("payment", payload, key=reference, expected=expected)


def refund(place: Place, amount: str = "5.00") -> Delivery:
    reference = place.number()
    payload: Json = {
        "CreditNote": {"CreditNoteID": place.landed(credit_note(place)).external_id},
        "Account": {"Code": place.bank},
        "Date": place.day,
        "Amount": amount,
        "Reference": reference,
    }
    expected = {"amount": "5.00", "account": place.bank}
    return make_delivery("refund", payload, key=reference, expected=expected)


def batch_payment(place: Place, amount: str = "5.00") -> Delivery:
    mark = place.number()
    payload: Json = {
        "Account": {"Code": place.bank},
        "Date": place.day,
        "Details": mark,
        "Payments": [
            {"Invoice": {"InvoiceID": invoice_id(place)}, "Amount": one} for one in ("5.00", amount)
        ],
    }
    expected = {"amount": "10.00", "payments": "2"}
    return make_delivery("batch_payment", payload, key=mark, expected=expected)


def bank_transaction(place: Place, bank: str = "") -> Delivery:
    reference = place.number()
    payload = document(place, Type="RECEIVE", Reference=reference)
    payload["BankAccount"] = {"Code": bank or place.bank}
    expected = {**totals(place), "account": place.bank}
    return make_delivery("bank_transaction", payload, key=reference, expected=expected)


def bank_transfer(place: Place, to: str = "") -> Delivery:
    reference = place.number()
    payload: Json = {
        "FromBankAccount": {"Code": place.bank},
        "ToBankAccount": {"Code": to or place.other_bank},
        "Amount": "106.64",
        "Date": place.day,
        "Reference": reference,
    }
    expected = {"amount": "106.64", "from": place.bank, "to": place.other_bank}
    return make_delivery("bank_transfer", payload, key=reference, expected=expected)


def manual_journal(place: Place, credit: str = "-61.97") -> Delivery:
    narration = f"Deferred revenue {place.number()}"
    payload: Json = {
        "Narration": narration,
        "Date": place.day,
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "JournalLines": [
            {"AccountCode": place.liability, "LineAmount": "61.97"},
            {"AccountCode": place.sales, "LineAmount": credit},
        ],
    }
    accounts = sorted([f"{place.liability} 61.97", f"{place.sales} -61.97"])
    expected = {"status": "POSTED", "accounts": ", ".join(accounts)}
    return make_delivery("manual_journal", payload, key=narration, expected=expected)


def purchase_order(place: Place) -> Delivery:
    number = place.number()
    payload = document(place, PurchaseOrderNumber=number, Reference=f"{number} #1")
    return make_delivery("purchase_order", payload, key=number, expected=totals(place))


def purchase_order_of_nobody(place: Place) -> Delivery:
    order = purchase_order(place)
    order.payload["Contact"] = {"ContactID": NOBODY}
    return order


def invoice_void(place: Place, target_id: str = "") -> Delivery:
    payload: Json = {"InvoiceID": target_id or invoice_id(place), "Status": "VOIDED"}
    return make_delivery("invoice_void", payload, key=place.number(), expected={"status": "VOIDED"})


def void_of_a_paid_invoice(place: Place) -> Delivery:
    paying = payment(place)
    place.landed(paying)
    paid = paying.payload["Invoice"]
    return invoice_void(place, str(paid["InvoiceID"]) if isinstance(paid, dict) else "")


def payment_deletion(place: Place, payment_id: str = "") -> Delivery:
    payload: Json = {"PaymentID": payment_id or place.landed(payment(place)).external_id}
    return make_delivery(
        "payment_deletion", payload, key=place.number(), expected={"status": "DELETED"}
    )


def deletion_of_no_payment(place: Place) -> Delivery:
    return payment_deletion(place, NOBODY)


def attachment(place: Place, name: str = "") -> Delivery:
    payload: Json = {
        "resource": "Invoices",
        "record_id": invoice_id(place),
        "file_name": name or "packing slip.txt",
        "mime_type": "text/plain",
        "content": "TGFtcHM6IDMK",
    }
    return make_delivery("attachment", payload, key=place.number(), expected={"bytes": "9"})


def attachment_of_a_barred_name(place: Place) -> Delivery:
    return attachment(place, "slip?.txt")


def invoice_note(place: Place, details: str = "", *, entity: str = "invoice_note") -> Delivery:
    payload: Json = {
        "invoice_id": invoice_id(place),
        "details": details or f"Sage 100 sales order {place.number()}",
    }
    return make_delivery(entity, payload, key=place.number())


def posting_note(place: Place, details: str = "") -> Delivery:
    return invoice_note(place, details, entity="posting_note")


TOO_LONG = "x" * 2501
"""More than a note may have."""


CASES = (
    Case("contact", contact, contact_of_a_taken_name),
    Case("contact_update", contact_update, update_to_a_taken_name),
    Case("contact_archive", contact_archive, lambda place: contact_archive(place, NOBODY)),
    Case("item", item, lambda place: item(place, NO_ACCOUNT)),
    Case("item_update", item_update, lambda place: item_update(place, "a lot")),
    Case("invoice", invoice, lambda place: invoice(place, NO_ACCOUNT)),
    Case("bill", bill, lambda place: bill(place, NO_ACCOUNT)),
    Case("credit_note", credit_note, lambda place: credit_note(place, NO_ACCOUNT)),
    Case("vendor_credit", vendor_credit, lambda place: vendor_credit(place, NO_ACCOUNT)),
    Case("credit_allocation", credit_allocation, lambda place: credit_allocation(place, "99.00")),
    Case("payment", payment, lambda place: payment(place, "99.00")),
    Case("refund", refund, lambda place: refund(place, "99.00")),
    Case("batch_payment", batch_payment, lambda place: batch_payment(place, "99.00")),
    Case(
        "bank_transaction",
        bank_transaction,
        lambda place: bank_transaction(place, place.sales),
    ),
    Case("bank_transfer", bank_transfer, lambda place: bank_transfer(place, place.sales)),
    Case("manual_journal", manual_journal, lambda place: manual_journal(place, "-60.00")),
    Case("purchase_order", purchase_order, purchase_order_of_nobody),
    Case("invoice_void", invoice_void, void_of_a_paid_invoice),
    Case("payment_deletion", payment_deletion, deletion_of_no_payment),
    Case("attachment", attachment, attachment_of_a_barred_name),
    Case("invoice_note", invoice_note, lambda place: invoice_note(place, TOO_LONG)),
    Case("posting_note", posting_note, lambda place: posting_note(place, TOO_LONG)),
)
"""One for each target; a test sees to that."""


def later(delivery: Delivery, change: Json, shown: dict[str, str]) -> Delivery:
    """Return a newer version of a delivery's record, and the figures that it must show."""
    payload = {**delivery.payload, **change}
    expected = {**delivery.expected, **shown}
    return make_delivery(delivery.entity, payload, key=delivery.document_key, expected=expected)
