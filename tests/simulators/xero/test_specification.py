"""Every operation that the simulator is to serve, against the official specification.

Every answer to any test in this folder is judged by it too: conftest sees to that.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
import requests

from simulators.xero.client import LLT, Json, XeroClient, line
from simulators.xero.conftest import simulator
from simulators.xero.judge import Judge
from simulators.xero.specification import Operation
from simulators.xero.visits import VISITS, World, order, transaction

# The resources that issue and domain page put in scope (domain/xero README, 1.3).
LISTED: Final = (
    *("Accounts", "BankTransactions", "BankTransfers", "BatchPayments", "ContactGroups"),
    *("Contacts", "CreditNotes", "Currencies", "Invoices", "Items", "ManualJournals"),
    *("Organisation", "Overpayments", "Payments", "Prepayments", "PurchaseOrders", "TaxRates"),
    *("TrackingCategories", "Reports/BankSummary", "Reports/TrialBalance", "Connections"),
)
NOT_LISTED: Final = {
    "getContactCISSettings": "the construction industry scheme is of the United Kingdom alone",
    "getOrganisationCISSettings": "the same",
}
ALWAYS_REFUSED: Final = {
    "createPaymentHistory": "the specification: not able to create HistoryRecord for Payments",
    "createOverpaymentHistory": "the same of Overpayments",
}
NOWHERE: Final = "00000000-0000-0000-0000-00000000dead"
# What in a path is no id.
KEYS: Final = {"FileName": "a.pdf", "TaxType": "TAX999"} | dict.fromkeys(
    ("ContactNumber", "PurchaseOrderNumber"), "NOBODY"
)
# An element that breaks a rule, per operation that takes elements, and how else it is refused.
REFUSED: Final[dict[str, tuple[str, Json]]] = {
    "createAccount": ("Accounts", {"Name": ""}),
    "createBankTransactions": ("BankTransactions", {**transaction(), "Type": "SPEND-TRANSFER"}),
    "createBankTransfer": ("BankTransfers", {"Amount": 1}),
    "createBatchPayment": ("BatchPayments", {"Payments": [{"Amount": 1}]}),
    "createContactGroup": ("ContactGroups", {"Status": "ACTIVE"}),
    "createContacts": ("Contacts", {"Name": "Web Guest", "Phones": [{"PhoneType": "DEFAULT"}]}),
    "createCreditNotes": ("CreditNotes", {"Type": "ACCRECCREDIT", "Status": "PAID"}),
    "createInvoices": ("Invoices", {"Type": "ACCREC", "Status": "PAID", "LineItems": [line()]}),
    "createItems": ("Items", {"Code": "LAMP-01"}),
    "createManualJournals": ("ManualJournals", {"JournalLines": [{"LineAmount": 1}]}),
    "createPayments": ("Payments", {"Amount": 1}),
    "createPurchaseOrders": ("PurchaseOrders", {**order(), "Status": "DELETED"}),
    "createTaxRates": ("TaxRates", {"Name": "Nothing"}),
    "createTrackingCategory": ("TrackingCategories", {"Name": "n" * 101}),
}
WHOLE: Final = {
    *("createAccount", "createBankTransfer", "createContactGroup", "createTaxRates"),
    "createTrackingCategory",
}
REFUSED_PARTS: Final[dict[str, tuple[Callable[[World], str], str, Json]]] = {
    "createContactGroupContacts": (World.group, "Contacts", {"ContactID": NOWHERE}),
    "createCreditNoteAllocation": (World.note, "Allocations", {"Amount": 1}),
    "createInvoiceHistory": (World.invoice, "History", {"Details": ""}),
    "createTrackingOptions": (World.category, "Options", {"Name": ""}),
}


def listed(judge: Judge) -> dict[str, Operation]:
    """Return the operations of the specification that the simulator is to serve."""
    every = (*judge.accounting.operations, *judge.identity.operations)
    return {
        operation.operation_id: operation
        for operation in every
        if any(f"{operation.path}/".startswith(f"/{name}/") for name in LISTED)
        and operation.operation_id not in NOT_LISTED
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, judge: Judge) -> Iterator[World]:
    """Return a world of its own: the visits fill and disconnect it."""
    del judge
    options = ("--minute-limit", "100000", "--day-limit", "100000")
    with simulator(tmp_path_factory.mktemp("visited"), *options) as base:
        lotus = XeroClient(
            base,
            tenant_id=LLT,
            client_id="tieout-lotus_lane",
            secret="xero-secret-lotus_lane",  # noqa: S106 - the simulator's own
        )
        yield World(XeroClient(base), lotus)


def test_every_listed_operation_is_visited(judge: Judge) -> None:
    assert set(VISITS) == set(listed(judge))


@pytest.mark.parametrize("operation_id", sorted(set(VISITS) - set(ALWAYS_REFUSED)))
def test_a_good_request_is_answered_as_specified(
    judge: Judge, world: World, operation_id: str
) -> None:
    answer = VISITS[operation_id](world)
    assert answer.status_code in (200, 204)
    assert (operation_id, answer.status_code) in judge.seen


@pytest.mark.parametrize("operation_id", sorted(ALWAYS_REFUSED))
def test_what_the_specification_says_cannot_be_done_is_refused(
    judge: Judge, world: World, operation_id: str
) -> None:
    assert VISITS[operation_id](world).status_code == 400
    assert (operation_id, 400) in judge.seen


@pytest.mark.parametrize("operation_id", REFUSED)
def test_an_element_that_breaks_a_rule_is_refused_as_specified(
    judge: Judge, world: World, operation_id: str
) -> None:
    resource, element = REFUSED[operation_id]
    answer = world.xero.put(resource, {resource: [element]})
    assert (answer.status_code, len(answer.json()["Elements"])) == (400, 1)
    assert (operation_id, 400) in judge.seen


@pytest.mark.parametrize("operation_id", sorted(set(REFUSED) - WHOLE))
def test_an_element_may_be_refused_alone(judge: Judge, world: World, operation_id: str) -> None:
    resource, element = REFUSED[operation_id]
    answer = world.xero.put(resource, {resource: [element]}, summarizeErrors="false")
    refused = answer.json()[resource][0]
    assert (answer.status_code, refused["StatusAttributeString"]) == (200, "ERROR")
    assert "summarizeErrors" in listed(judge)[operation_id].parameters


@pytest.mark.parametrize("operation_id", sorted(WHOLE))
def test_what_does_not_take_summarize_errors_is_refused_as_a_whole(
    judge: Judge, world: World, operation_id: str
) -> None:
    resource, element = REFUSED[operation_id]
    answer = world.xero.put(resource, {resource: [element]}, summarizeErrors="false")
    assert answer.status_code == 400
    assert "summarizeErrors" not in listed(judge)[operation_id].parameters


@pytest.mark.parametrize("operation_id", REFUSED_PARTS)
def test_a_part_that_breaks_a_rule_is_refused_as_specified(
    judge: Judge, world: World, operation_id: str
) -> None:
    record, part, element = REFUSED_PARTS[operation_id]
    answer = world.xero.put(f"{record(world)}/{part}", {part: [element]})
    assert (answer.status_code, (operation_id, 400) in judge.seen) == (400, True)


def test_without_a_token_every_operation_is_unauthorised(judge: Judge, world: World) -> None:
    headers = {"Authorization": "Bearer none"}
    statuses = {
        operation_id: asked(world, operation, headers).status_code
        for operation_id, operation in listed(judge).items()
    }
    assert statuses == dict.fromkeys(VISITS, 401)
    assert {(operation_id, 401) for operation_id in VISITS} <= judge.seen


def test_a_record_that_is_not_there_is_not_found_by_any_operation(
    judge: Judge, world: World
) -> None:
    on_records = {i: o for i, o in listed(judge).items() if "{" in o.path}
    statuses = {i: asked(world, one, {}).status_code for i, one in on_records.items()}
    assert statuses == dict.fromkeys(on_records, 404)
    assert {(operation_id, 404) for operation_id in on_records} <= judge.seen


def asked(world: World, operation: Operation, headers: dict[str, str]) -> requests.Response:
    """Ask for an operation on a record that is not there, if it is on one."""
    path = operation.path.removeprefix("/")
    path = re.sub(r"\{(\w+)\}", lambda name: KEYS.get(name[1], NOWHERE), path)
    if operation.path.startswith("/Connections"):
        return world.xero.connections(operation.method, path.removeprefix("Connections"), headers)
    body = None if operation.method in ("GET", "DELETE") else {"Status": "DELETED"}
    return world.xero.send(operation.method, path, json=body, headers=headers)
