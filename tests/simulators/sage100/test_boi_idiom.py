"""The session's rules: order of calls, names, types, threads."""

import threading
from pathlib import Path

import pytest

from simulators.sage100.boi_client import Boi, Reference, start_order
from simulators.sage100.installation import Sage100
from tieout.simulators.sage100.boi import dispatch
from tieout.simulators.sage100.com import ComError


def test_an_unknown_method_is_an_attribute_error(boi: Boi) -> None:
    with pytest.raises(AttributeError):
        boi.sales_orders().nPost()


def test_an_unknown_property_cannot_be_set(boi: Boi) -> None:
    with pytest.raises(AttributeError):
        boi.sales_orders().CustomerNo = "0001001"


def test_a_new_object_without_a_program_ends_in_error_200(sage100: Sage100) -> None:
    script = dispatch("ProvideX.Script", str(sage100.home))
    script.Init(str(sage100.home))
    session = script.NewObject("SY_Session")
    session.nSetUser("tieout", "secret")
    session.nSetCompany("HPS")
    with pytest.raises(ComError) as caught:
        script.NewObject("SO_SalesOrder_bus", session)
    assert "Error 200" in caught.value.description


def test_another_tasks_program_does_not_open_an_entry_object(boi: Boi) -> None:
    boi.customers()
    with pytest.raises(ComError):
        boi.script.NewObject("SO_SalesOrder_bus", boi.session)


def test_init_wants_a_home_folder(tmp_path: Path) -> None:
    with pytest.raises(ComError):
        dispatch("ProvideX.Script", str(tmp_path)).Init(str(tmp_path))


def test_a_wrong_password_is_refused(sage100: Sage100) -> None:
    script = dispatch("ProvideX.Script", str(sage100.home))
    script.Init(str(sage100.home))
    session = script.NewObject("SY_Session")
    assert session.nSetUser("tieout", "guess") == 0
    assert session.sLastErrorMsg == "The user logon or password is invalid."


def test_an_unknown_task_has_no_id(boi: Boi) -> None:
    assert boi.session.nLookupTask("SO_Nothing_ui") == 0


@pytest.mark.parametrize(
    "column", ["CustomerPONo", "FreightAmt$", "NoSuchColumn$"], ids=["no $", "with $", "unknown"]
)
def test_the_name_of_a_column_must_be_exact(boi: Boi, column: str) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue(column, "1") == 0
    assert "is not in SO_SalesOrderHeader" in orders.sLastErrorMsg


@pytest.mark.parametrize(("column", "value"), [("FreightAmt", "8.00"), ("Comment$", 8)])
def test_a_value_of_the_wrong_type_is_a_type_mismatch(boi: Boi, column: str, value: object) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    with pytest.raises(ComError):
        orders.nSetValue(column, value)


def test_text_over_its_length_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("ShipToState$", "MAINE") == 0
    assert orders.sLastErrorMsg == "The value of ShipToState is longer than 2 characters."


def test_the_separator_is_refused(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    assert orders.nSetValue("ShipToName$", "Šibenik") == 0


def test_text_outside_the_code_page_arrives_as_question_marks(boi: Boi) -> None:
    orders = boi.sales_orders()
    start_order(orders)
    orders.nSetValue("ShipToName$", "陳 Café")
    assert orders.sValue("ShipToName$") == "? Café"


def test_an_object_belongs_to_its_thread(boi: Boi) -> None:
    caught: list[Exception] = []

    def use() -> None:
        try:
            boi.session.nLogon()
        except ComError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_a_dropped_object_is_gone(boi: Boi) -> None:
    orders = boi.sales_orders()
    orders.DropObject()
    with pytest.raises(ComError):
        orders.nClear()


def test_result_sets_are_separated_lists(boi: Boi) -> None:
    accounts = boi.open("GL_Account_bus", "GL_Account_ui")
    numbers, keys = Reference(), Reference()
    assert accounts.nGetResultSets("Account$", "AccountKey$", numbers, keys, "", "", "") == 1
    found = dict(zip(numbers.value.split("Š"), keys.value.split("Š"), strict=True))
    assert found["230-00"].isdecimal()


def test_items_can_be_browsed(boi: Boi) -> None:
    items = boi.open("CI_ItemCode_bus", "CI_ItemCode_ui")
    assert items.nMoveFirst() == 1
    assert items.nEOF == 0
    assert items.nMoveLast() == 1
    assert items.nMoveNext() == 0
    assert items.nEOF == 1


def test_an_item_can_be_found(boi: Boi) -> None:
    items = boi.open("CI_ItemCode_bus", "CI_ItemCode_ui")
    assert items.nFind("LAMP-01") == 1
    assert items.sValue("ItemCodeDesc$") == "Aluminium desk lamp"
    assert items.nFind("NO-SUCH") == 0


def test_two_sessions_work_side_by_side(sage100: Sage100, boi: Boi) -> None:
    other = Boi(sage100.home, "LLT")
    assert other.session.sCompanyCode == "LLT"
    assert boi.session.sCompanyCode == "HPS"
    other.session.nCleanup()
