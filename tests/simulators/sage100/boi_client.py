"""A COM client as an agent on Windows would be one: it knows the interface, not the double."""

from pathlib import Path
from typing import Any

from tieout.simulators.sage100.boi import dispatch
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.store import CompanyFile


class Reference:
    """A by-reference argument."""

    value = ""


class Boi:
    """One logged-on session in one company."""

    def __init__(self, home: Path, company: str = "HPS") -> None:
        self.home = home
        self.script = dispatch("ProvideX.Script", str(home))
        assert self.script.Init(str(home)) == 1
        self.session = self.script.NewObject("SY_Session")
        assert self.session.nLogon() == 0
        assert self.session.nSetUser("tieout", "secret") == 1
        assert self.session.nSetCompany(company) == 1
        assert self.session.nSetDate("S/O", "20261129") == 1
        assert self.session.nSetModule("S/O") == 1

    def open(self, class_name: str, task: str) -> Any:
        assert self.session.nSetProgram(self.session.nLookupTask(task)) != 0
        return self.script.NewObject(class_name, self.session)

    def sales_orders(self) -> Any:
        return self.open("SO_SalesOrder_bus", "SO_SalesOrder_ui")

    def customers(self) -> Any:
        return self.open("AR_Customer_bus", "AR_Customer_ui")

    def sales_invoices(self) -> Any:
        return self.open("SO_Invoice_bus", "SO_Invoice_ui")

    def ar_invoices(self) -> Any:
        return self.open("AR_Invoice_bus", "AR_Invoice_ui")


def next_number(bus: Any, method: str = "nGetNextSalesOrderNo") -> str:
    reference = Reference()
    assert getattr(bus, method)(reference) == 1
    return reference.value


def value_of(bus: Any, column: str) -> Any:
    reference = Reference()
    assert bus.nGetValue(column, reference) == 1
    return reference.value


def set_all(bus: Any, **values: object) -> None:
    """Set columns by dictionary name; text gets its ``$``."""
    for name, value in values.items():
        column = f"{name}$" if isinstance(value, str) else name
        assert bus.nSetValue(column, value) in {1, -1}, (column, bus.sLastErrorMsg)


def start_order(orders: Any, **header: object) -> str:
    """Start a new order for customer 0001001 and return its number."""
    number = next_number(orders)
    assert orders.nSetKeyValue("SalesOrderNo$", number) == 1
    assert orders.nSetKey() == 2
    set_all(orders, ARDivisionNo="00", CustomerNo="0001001", **header)
    return number


def add_line(orders: Any, item: str, quantity: float, **values: object) -> None:
    lines = orders.oLines
    assert lines.nAddLine() != 0
    set_all(lines, ItemCode=item, QuantityOrdered=quantity, **values)
    assert lines.nWrite() == 1, lines.sLastErrorMsg


def override_tax(orders: Any, code: str, amount: float) -> None:
    summary = orders.oTaxSummary
    assert summary.nSetKeyValue("TaxCode$", code) == 1
    assert summary.nSetKey() == 1, summary.sLastErrorMsg
    assert summary.nSetValue("SalesTaxAmt", amount) == 1
    assert summary.nWrite() == 1


def write_order_1042(boi: Boi, *, deposit: float = 110.13) -> str:
    """Write the worked order: two lines, shipping 8.00, the shop's tax of 7.21, prepaid."""
    orders = boi.sales_orders()
    number = start_order(orders, OrderDate="20261129", CustomerPONo="HP-1042", TaxSchedule="STATE")
    add_line(orders, "LAMP-01", 3, UnitPrice=17.99)
    add_line(orders, "SHADE-02", 1, UnitPrice=40.95)
    set_all(orders, FreightAmt=8.0, DepositAmt=deposit)
    override_tax(orders, "STATE", 7.21)
    assert orders.nWrite() == 1, orders.sLastErrorMsg
    orders.DropObject()
    return number


def start_invoice(invoices: Any, **header: object) -> str:
    """Start a new S/O invoice in a batch of its own; return its number."""
    assert invoices.nSelectNewBatch(Reference(), "Y", "test") == 1
    number = next_number(invoices, "nGetNextInvoiceNo")
    assert invoices.nSetKeyValue("InvoiceNo$", number) == 1
    assert invoices.nSetKey() == 2, invoices.sLastErrorMsg
    set_all(invoices, **header)
    return number


def ship(invoices: Any, quantities: dict[str, float]) -> None:
    """Set what ships of each line of an order, as public code does: a loop over the lines."""
    lines = invoices.oLines
    lines.nMoveFirst()
    while not lines.nEOF:
        set_all(lines, QuantityShipped=quantities.get(value_of(lines, "OrderLineKey$"), 0.0))
        assert lines.nWrite() == 1, lines.sLastErrorMsg
        lines.nMoveNext()


def add_item(boi: Boi, code: str, item_type: str, account: str = "400-00") -> None:
    """Put an item of a type into the file, as its maintenance would."""
    file = CompanyFile(boi.home, "HPS")
    row = {"ItemCode": code, "ItemType": item_type, "ItemCodeDesc": code, "TaxClass": "TX"}
    file.insert("CI_Item", row | {"SalesAcctKey": account_keys(file)[account]})
    file.close()


def enter_receipt(
    boi: Boi, *, amount: float, check_no: str, account_key: str, bank_code: str = "S"
) -> str:
    """Enter a receipt to an account in a deposit of its own; return the deposit number."""
    line = {"AccountKey": account_key, "AmountPosted": amount}
    return enter_lines(boi, line, amount=amount, check_no=check_no, bank_code=bank_code)


def enter_lines(
    boi: Boi, *lines: dict[str, object], amount: float, check_no: str, bank_code: str = "S"
) -> str:
    """Enter a receipt with lines in a deposit of its own; return the deposit number."""
    receipts, number = start_receipt(boi, amount=amount, check_no=check_no, bank_code=bank_code)
    for line in lines:
        receipts.oLines.nAddLine()
        set_all(receipts.oLines, **line)
        assert receipts.oLines.nWrite() == 1, receipts.oLines.sLastErrorMsg
    assert receipts.nWrite() == 1, receipts.sLastErrorMsg
    return number


def start_receipt(
    boi: Boi, *, amount: float, check_no: str, bank_code: str = "S"
) -> tuple[Any, str]:
    """Start a receipt of customer 0001001 in a deposit of its own."""
    deposits = boi.open("AR_CashReceiptsDeposit_bus", "AR_CashReceipts_ui")
    batch = Reference()
    assert deposits.nSelectNewBatch(batch, "Y", "test") == 1
    number = next_number(deposits, "nGetNextDepositNo")
    deposits.nSetKeyValue("BankCode$", bank_code)
    deposits.nSetKeyValue("DepositDate$", "20261129")
    deposits.nSetKeyValue("DepositNo$", number)
    deposits.nSetKeyValue("DepositType$", "C")
    assert deposits.nSetKey() == 2, deposits.sLastErrorMsg
    set_all(deposits, CashDepositAmt=amount)
    assert deposits.nWrite() == 1, deposits.sLastErrorMsg
    receipts = boi.open("AR_CashReceipts_bus", "AR_CashReceipts_ui")
    assert receipts.nSelectBatch(batch.value) == 1
    receipts.nSetKeyValue("DepositNo$", number)
    receipts.nSetKeyValue("ARDivisionNo$", "00")
    receipts.nSetKeyValue("CustomerNo$", "1001")
    receipts.nSetKeyValue("CheckNo$", check_no)
    assert receipts.nSetKey() == 2, receipts.sLastErrorMsg
    set_all(receipts, PostingAmt=amount)
    return receipts, number
