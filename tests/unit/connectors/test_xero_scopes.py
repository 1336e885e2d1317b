"""Which scopes are asked for: granular, the least, and what is missing of them."""

import pytest

from tieout.connectors.xero.resources import RESOURCES
from tieout.connectors.xero.scopes import FLOW_SCOPES, missing_scopes, scopes_of
from tieout.domain.pair import FlowName
from tieout.errors import ConfigurationError
from tieout.simulators.xero.identity import SCOPES
from tieout.usecases.steps import FLOWS

BROAD = ("accounting.transactions", "accounting.transactions.read", "accounting.reports.read")
CONTACTS = "accounting.contacts"


def test_every_flow_has_its_scopes_and_its_name() -> None:
    assert set(FLOW_SCOPES) == set(FlowName) == set(FLOWS)


@pytest.mark.parametrize("flows", [(), *((flow,) for flow in FlowName), tuple(FlowName)])
def test_all_that_is_asked_for_is_granular(flows: tuple[FlowName, ...]) -> None:
    assert set(scopes_of(flows)) <= SCOPES
    assert set(scopes_of(flows)).isdisjoint(BROAD)


def test_with_everything_off_nothing_may_be_written() -> None:
    assert scopes_of(())
    assert all(scope.endswith(".read") for scope in scopes_of(()))


def test_a_polled_list_may_be_read_and_no_more() -> None:
    more = set(scopes_of((), polls=["BankTransactions", "BankTransfers"])) - set(scopes_of(()))
    assert more == {"accounting.banktransactions.read"}
    assert scopes_of((), polls=["Invoices", "Accounts", "Items"]) == scopes_of(())
    with pytest.raises(ConfigurationError, match="Payslips"):
        scopes_of((), polls=["Payslips"])


def test_every_list_that_is_read_can_be_polled_by_granular_scopes() -> None:
    assert set(scopes_of((), polls=[resource.name for resource in RESOURCES])) <= SCOPES


def test_a_scope_to_write_stands_for_the_one_to_read() -> None:
    scopes = scopes_of((FlowName.ORDER_TO_CASH,))
    assert CONTACTS in scopes
    assert f"{CONTACTS}.read" not in scopes
    assert "accounting.settings.read" in scopes


def test_missing_is_what_neither_itself_nor_its_writing_form_was_granted() -> None:
    wanted = (CONTACTS, "accounting.settings.read", "accounting.payments.read")
    granted = "openid accounting.contacts.read accounting.settings accounting.payments.read"
    assert missing_scopes(wanted, granted) == (CONTACTS,)
    assert missing_scopes(wanted, "") == tuple(sorted(wanted))
