"""AR_Customer_bus: customers, numbered by the client or by the next free number."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.base import NEW, OK, BusinessObject
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.store import Row, Value

_NUMBER_WIDTH = 7
_ON_FILE = {
    "TermsCode": ("AR_TermsCode", "Terms Code"),
    "TaxSchedule": ("SY_SalesTaxSchedule", "Tax Schedule"),
}


class Customer(BusinessObject):
    """A customer; balances and activity dates belong to the registers."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **BusinessObject.METHODS,
        "nGetNextCustomerNo": "get_next_customer_no",
    }
    TABLE: ClassVar[str] = "AR_Customer"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"CurrentBalance", "OpenOrderAmt", "LastPaymentAmt", "DateLastActivity", "DateLastPayment"}
    )

    def get_next_customer_no(self, into: ByRef) -> int:
        """Burn and give the next customer number that nobody has."""
        while True:
            number = self.file.next_number("customer", _NUMBER_WIDTH)
            if self.file.row("AR_Customer", CustomerNo=number) is None:
                into.value = number
                return OK

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        if self.file.row("AR_Division", ARDivisionNo=key["ARDivisionNo"]) is None:
            message = f"The A/R Division {key['ARDivisionNo']} is not on file."
            raise RefusedError(message)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        if found is None:
            first_schedule = self.file.rows("SY_SalesTaxSchedule")[0].text("TaxSchedule")
            self.values.update(TermsCode="00", TaxSchedule=first_schedule, OpenItemCustomer="Y")
            self.values.update(CustomerStatus="A", CreditHold="N")
            self.values["DateEstablished"] = self.file.local_now().date().isoformat()

    @override
    def accept(self, name: str, value: Value) -> int:
        if name in _ON_FILE and value:
            table, called = _ON_FILE[name]
            if self.file.row(table, **{name: str(value)}) is None:
                message = f"The {called} {value} is not on file."
                raise RefusedError(message)
        return super().accept(name, value)

    @override
    def write(self) -> int:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        required = (("CustomerName", "Customer Name"), ("TermsCode", "Terms Code"))
        for name, called in required:
            if not self.values.text(name).strip():
                message = f"The {called} is required."
                raise RefusedError(message)
        key = {name: self.values.text(name) for name in self.table.key}
        with self.file.transaction():
            taken_meanwhile = self.file.row(self.TABLE, **key) is not None
            if self.state == NEW and taken_meanwhile:
                message = f"The Customer {key['CustomerNo']} is already on file."
                raise RefusedError(message)
            if self.state == NEW:
                self.file.insert(self.TABLE, self.values)
            else:
                self.file.update(self.TABLE, key, self.values)
        self.clear()
        return OK
