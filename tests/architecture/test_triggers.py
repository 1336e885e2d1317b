"""The table of triggers is the code's, and no event is claimed that Xero does not send."""

from architecture.probing import ROOT
from tieout.connectors.xero.events import EVENT_CATEGORIES
from tieout.connectors.xero.resources import RESOURCES
from tieout.connectors.xero.scopes import missing_scopes, scopes_of
from tieout.domain.pair import FlowName, Pair
from tieout.stack.trigger_reference import NONE, PASSED_ON, calls_per_day, rows, table
from tieout.usecases.hints import EVENTS, LISTS

PAGE = (ROOT / "docs/reference/triggers.md").read_text("utf-8")
SMALLEST_DAY = 1000
SHARE_MAX = 0.25


def test_the_table_is_the_codes() -> None:
    assert table() in PAGE
    assert f"{calls_per_day()} calls a day" in PAGE


def test_every_list_has_a_row_and_what_has_no_event_says_so() -> None:
    webhooks = {row.records.strip("`"): row.webhook for row in rows() if row.system == "Xero"}
    assert webhooks.keys() == {resource.name for resource in RESOURCES}
    silent = {path for path, webhook in webhooks.items() if webhook == NONE}
    assert silent >= {"Payments", "Items", "PurchaseOrders", "BankTransactions", "Accounts"}
    assert silent == webhooks.keys() - EVENT_CATEGORIES.keys() - PASSED_ON
    assert all(EVENT_CATEGORIES["Contacts"] in webhooks[name] for name in PASSED_ON)


def test_what_a_flow_cares_for_and_no_event_tells_of_is_polled() -> None:
    polled = Pair.model_fields["polls"].default
    assert set(LISTS) <= set(polled)
    assert set(EVENTS) <= {category.lower() for category in EVENT_CATEGORIES.values()}


def test_what_is_polled_by_default_is_within_the_budget_and_the_scopes() -> None:
    assert calls_per_day() <= SHARE_MAX * SMALLEST_DAY
    granted = " ".join(scopes_of(list(FlowName)))
    polled = Pair.model_fields["polls"].default
    wanted = [resource.scope for resource in RESOURCES if resource.name in polled]
    assert missing_scopes([f"{scope}.read" for scope in wanted], granted) == ()
