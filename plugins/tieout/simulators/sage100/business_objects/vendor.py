"""AP_Vendor_bus: vendors, whose numbers the client chooses.

boi.json, AP_Vendor_bus: name and terms are required; "auto numbering of vendors is not generally
available: the integration must choose VendorNo (7 chars, upper case)", so nGetNextVendorNo, which
no public code calls, is not offered here.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100.business_objects.master_data import (
    TAX_SCHEDULE,
    MasterData,
    OnFile,
)
from tieout.simulators.sage100.store import Row

_COMPUTED = (
    "LastPurchaseDate LastPaymentDate LastCheckNo LastCheckAmt AverageDaysToPay AverageDaysOverDue"
)


class Vendor(MasterData):
    """A vendor; what was last bought and paid belongs to the registers."""

    TABLE: ClassVar[str] = "AP_Vendor"
    CALLED: ClassVar[str] = "Vendor"
    COMPUTED: ClassVar[frozenset[str]] = frozenset(_COMPUTED.split())
    PARENT: ClassVar[OnFile | None] = OnFile(
        "AP_Division", "A/P Division", {"APDivisionNo": "APDivisionNo"}
    )
    REQUIRED: ClassVar[Mapping[str, str]] = {
        "VendorName": "Vendor Name",
        "TermsCode": "Terms Code",
    }
    ON_FILE: ClassVar[Mapping[str, OnFile]] = {
        "TermsCode": OnFile("AP_TermsCode", "Terms Code", {"TermsCode": "TermsCode"}),
        "TaxSchedule": TAX_SCHEDULE,
        "AccountKey": OnFile("GL_Account", "G/L Account", {"AccountKey": "AccountKey"}),
    }
    CHOICES: ClassVar[Mapping[str, frozenset[str]]] = {
        "VendorStatus": frozenset("AIT"),
        "HoldPayment": frozenset("YN"),
        "UsePOReceiptOfInvForVendor": frozenset("YN"),
    }

    @override
    def defaults(self) -> Row:
        values = Row(VendorStatus="A", HoldPayment="N", SeparateCheck="N", TemporaryVendor="N")
        return Row(values | {"UsePOReceiptOfInvForVendor": "N"})
