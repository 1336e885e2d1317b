"""What the agent refuses before Sage sees it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.calls import cash_receipt, customer, sales_order
from sage100_agent.documents import check_document, fields_of, with_own
from sage100_agent.errors import RefusedError

AGENT = Path(__file__).parents[2] / "sage100_agent"
DICTIONARY = Path(__file__).parents[3] / "shared/domain/sage100/dictionary.json"


def refusal(command: dict[str, Any]) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        check_document(command["kind"], command["document"])
    return refused.value


def test_a_good_order_passes_with_its_dates_in_sage_form() -> None:
    command = sales_order("one")
    checked = check_document(command["kind"], command["document"])
    assert checked.header["OrderDate"] == "20261129"
    assert checked.tax == {"STATE": "7.21"}


def test_columns_are_set_in_the_order_of_the_field_table_customer_first() -> None:
    command = sales_order("one")
    checked = check_document(command["kind"], command["document"])
    assert list(checked.header)[:2] == ["ARDivisionNo", "CustomerNo"]
    assert next(iter(checked.lines[0])) == "ItemCode"


def test_a_sites_own_fields_pass_under_their_boi_names_behind_all_others() -> None:
    command = sales_order("one")
    own = {"UDF_ROUTE$": "N-3", "UDF_REBATE_PCT": "2.50"}
    header = {**own, **command["document"]["header"]}
    checked = check_document(command["kind"], {**command["document"], "header": header})
    assert list(checked.header)[-2:] == list(own)
    fields = with_own(fields_of(command["kind"], "header"), checked.header)
    assert [fields[name].column for name in own] == ["UDF_ROUTE$", "UDF_REBATE_PCT"]
    assert [fields[name].is_numeric for name in own] == [False, True]


@pytest.mark.parametrize(
    ("own", "cause"),
    [
        ({"UDF_REBATE_PCT": "two"}, "not_in_form"),
        ({"UDF_ROUTE$": "a\u0160b"}, "not_cp1252"),
        ({"UDF_route$": "a"}, "unknown_field"),
        ({"ROUTE$": "a"}, "unknown_field"),
    ],
)
def test_what_no_such_field_can_be_is_refused(own: dict[str, str], cause: str) -> None:
    command = sales_order("one")
    header = {**command["document"]["header"], **own}
    with pytest.raises(RefusedError) as refusal:
        check_document(command["kind"], {**command["document"], "header": header})
    assert refusal.value.cause == cause


def test_string_columns_end_in_a_dollar_sign_and_numeric_ones_do_not() -> None:
    fields = fields_of("sales_order.create", "header")
    assert fields["CustomerPONo"].column == "CustomerPONo$"
    assert fields["OrderDate"].column == "OrderDate$"
    assert fields["FreightAmt"].column == "FreightAmt"


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ({"CreditLimit": "5"}, "unknown_field"),
        ({"CustomerName": "x" * 51}, "too_long"),
        ({"CustomerName": ""}, "missing_field"),
        ({"CustomerName": "Ša"}, "not_cp1252"),
        ({"CustomerName": "東京"}, "not_cp1252"),
        ({"CustomerName": "two\nlines"}, "not_cp1252"),
        ({"CustomerNo": "lower"}, "wrong_key_form"),
        ({"CustomerNo": "1234"}, "wrong_key_form"),
        ({"ARDivisionNo": "0"}, "wrong_key_form"),
    ],
)
def test_a_customer_is_refused_that_sage_could_not_hold(header: dict[str, str], cause: str) -> None:
    assert refusal(customer("one", **header)).cause == cause


def test_names_that_cp1252_has_pass() -> None:
    command = customer("one", CustomerName="Zoë Müller-Peña “Söhne” €")
    checked = check_document(command["kind"], command["document"])
    assert checked.header["CustomerName"] == "Zoë Müller-Peña “Söhne” €"


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ({"FreightAmt": "8.001"}, "not_in_form"),
        ({"FreightAmt": "NaN"}, "not_in_form"),
        ({"FreightAmt": "1e3"}, "not_in_form"),
        ({"FreightAmt": "1000000000.00"}, "too_long"),
        ({"OrderDate": "29.11.2026"}, "not_in_form"),
        ({"OrderDate": "20261329"}, "not_in_form"),
    ],
)
def test_an_order_is_refused_whose_numbers_or_dates_are_none(
    header: dict[str, str], cause: str
) -> None:
    assert refusal(sales_order("one", **header)).cause == cause


def test_a_number_that_came_as_a_json_number_is_refused() -> None:
    command = sales_order("one")
    command["document"]["header"]["FreightAmt"] = 8.0
    assert refusal(command).cause == "not_in_form"


def test_an_order_without_lines_is_refused() -> None:
    command = sales_order("one")
    command["document"]["lines"] = []
    assert refusal(command).cause == "missing_field"


def test_a_receipt_whose_lines_do_not_add_up_is_refused() -> None:
    command = cash_receipt("one", "000000230", PostingAmt="110.13")
    command["document"]["lines"][0]["AmountPosted"] = "110.12"
    assert "110.12" in refusal(command).message


def test_a_formatted_account_number_is_refused_as_key() -> None:
    assert refusal(cash_receipt("one", "230-00")).cause == "wrong_key_form"


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs the Sage 100 data dictionary")
def test_the_committed_field_table_is_what_the_dictionary_says() -> None:
    derived = subprocess.run(
        [sys.executable, AGENT / "tools/derive_fields.py", DICTIONARY],
        check=True,
        capture_output=True,
    )
    committed = (AGENT / "src/sage100_agent/fields.json").read_text()
    assert json.loads(derived.stdout) == json.loads(committed)
