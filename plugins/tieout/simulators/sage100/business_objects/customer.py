"""AR_Customer_bus, and what hangs on a customer: AR_CustomerContact_bus, SO_ShipToAddress_bus.

Classes, keys and required columns are those of boi.json (crgolden, crmt, uaf; the ship-to class of
public C#). Balances, agings and activity dates are the registers' (dictionary.json, AR_Customer).
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import options
from tieout.simulators.sage100.business_objects.base import OK, BusinessObject
from tieout.simulators.sage100.business_objects.master_data import (
    CUSTOMER,
    SALESPERSON,
    TAX_SCHEDULE,
    TERMS,
    WAREHOUSE,
    MasterData,
    OnFile,
)
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.store import Row

_NUMBER_WIDTH = 7
_COMPUTED = (
    "CurrentBalance BalanceForward OpenOrderAmt LastPaymentAmt LastInvoiceAmt HighestStmntBalance "
    "UnpaidServiceChrg AgingCategory1 AgingCategory2 AgingCategory3 AgingCategory4 "
    "RetentionCurrent RetentionAging1 RetentionAging2 RetentionAging3 RetentionAging4 "
    "DateLastActivity DateLastPayment DateLastStatement DateLastFinanceChrg DateLastAging "
    "LastInvoiceDate NumberOfInvToUseInCalc AvgDaysPaymentInvoice AvgDaysOverDue"
)


class Customer(MasterData):
    """A customer, numbered by the client or by the next free number."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **BusinessObject.METHODS,
        "nGetNextCustomerNo": "get_next_customer_no",
    }
    TABLE: ClassVar[str] = "AR_Customer"
    CALLED: ClassVar[str] = "Customer"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(_COMPUTED.split())
    PARENT: ClassVar[OnFile | None] = OnFile(
        "AR_Division", "A/R Division", {"ARDivisionNo": "ARDivisionNo"}
    )
    ON_FILE: ClassVar[Mapping[str, OnFile]] = {
        "TermsCode": TERMS,
        "TaxSchedule": TAX_SCHEDULE,
        "SalespersonNo": SALESPERSON,
        "PrimaryShipToCode": OnFile(
            "SO_ShipToAddress", "Ship To Code", {**CUSTOMER.key, "ShipToCode": "PrimaryShipToCode"}
        ),
        "ContactCode": OnFile(
            "AR_CustomerContact", "Contact Code", {**CUSTOMER.key, "ContactCode": "ContactCode"}
        ),
    }
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {
        "CustomerStatus": frozenset("AIT"),
        "CreditHold": frozenset("YN"),
        "ResidentialAddress": frozenset({"Y", "N", ""}),
    }

    def get_next_customer_no(self, into: ByRef) -> int:
        """Burn and give the next customer number that nobody has (boi.json: "when on")."""
        if not options.is_on(self.file, options.NUMBERS_CUSTOMERS):
            message = "Automatic customer numbering is not turned on in A/R Options."
            raise RefusedError(message)
        while True:
            number = self.file.next_number("customer", _NUMBER_WIDTH)
            if self.file.row("AR_Customer", CustomerNo=number) is None:
                into.value = number
                return OK

    @override
    def defaults(self) -> Row:
        values = Row(TermsCode="00", OpenItemCustomer="Y", CustomerStatus="A", CreditHold="N")
        values["DateEstablished"] = self.file.local_now().date().isoformat()
        if options.is_on(self.file, options.REPORTS_SALES_TAX):
            schedules = self.file.rows("SY_SalesTaxSchedule")
            values["TaxSchedule"] = schedules[0]["TaxSchedule"]
        return values

    @override
    def required(self) -> Mapping[str, str]:
        """Return the name and terms; by options the salesperson and the tax schedule too.

        boi.json, AR_Customer_bus: "when options require a salesperson", "when sales tax reporting
        is on".
        """
        required = {"CustomerName": "Customer Name", "TermsCode": "Terms Code"}
        if options.is_on(self.file, options.REQUIRES_SALESPERSON):
            required["SalespersonNo"] = "Salesperson"
        if options.is_on(self.file, options.REPORTS_SALES_TAX):
            required["TaxSchedule"] = "Tax Schedule"
        return required


class CustomerContact(MasterData):
    """A person at a customer."""

    TABLE: ClassVar[str] = "AR_CustomerContact"
    CALLED: ClassVar[str] = "Contact"
    PARENT: ClassVar[OnFile | None] = CUSTOMER
    REQUIRED: ClassVar[Mapping[str, str]] = {"ContactName": "Contact Name"}


class ShipToAddress(MasterData):
    """An address that a customer's orders are shipped to; of module S/O, keyed by the customer."""

    TABLE: ClassVar[str] = "SO_ShipToAddress"
    CALLED: ClassVar[str] = "Ship To Code"
    PARENT: ClassVar[OnFile | None] = CUSTOMER
    REQUIRED: ClassVar[Mapping[str, str]] = {"ShipToName": "Ship To Name"}
    ON_FILE: ClassVar[Mapping[str, OnFile]] = {
        "TaxSchedule": TAX_SCHEDULE,
        "WarehouseCode": WAREHOUSE,
        "SalespersonNo": SALESPERSON,
        "ContactCode": OnFile(
            "AR_CustomerContact", "Contact Code", {**CUSTOMER.key, "ContactCode": "ContactCode"}
        ),
    }
