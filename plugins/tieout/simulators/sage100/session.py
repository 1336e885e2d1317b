"""SY_Session: who is at work, in which company, on which date, with which task."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.company import COMPANIES
from tieout.simulators.sage100.com import ByRef, Exposed, RefusedError
from tieout.simulators.sage100.store import CompanyFile

_PASSWORDS = {"admin": "admin", "tieout": "secret"}
_MODULES = {
    "A/R": "Accounts Receivable",
    "A/P": "Accounts Payable",
    "P/O": "Purchase Order",
    "S/O": "Sales Order",
    "C/I": "Common Information",
    "I/M": "Inventory Management",
    "G/L": "General Ledger",
}
_TASKS = {
    "AR_Customer_ui": 101,
    "AR_CashReceipts_ui": 102,
    "AR_CustomerContact_ui": 103,
    "AP_Invoice_ui": 151,
    "AP_ManualCheck_ui": 152,
    "AP_Vendor_ui": 153,
    "PO_PurchaseOrder_ui": 171,
    "PO_Receipt_ui": 172,
    "AR_Invoice_ui": 104,
    "SO_SalesOrder_ui": 201,
    "SO_ShipToAddress_ui": 202,
    "SO_Invoice_ui": 203,
    "CI_ItemCode_ui": 301,
    "GL_Account_ui": 401,
}
# The entry objects open only in the context of their own task.
_TASK_OF_CLASS = {
    "AR_Customer_bus": "AR_Customer_ui",
    "AR_CustomerContact_bus": "AR_CustomerContact_ui",
    "SO_ShipToAddress_bus": "SO_ShipToAddress_ui",
    "CI_ItemCode_bus": "CI_ItemCode_ui",
    "SO_SalesOrder_bus": "SO_SalesOrder_ui",
    "AP_Invoice_bus": "AP_Invoice_ui",
    "AP_ManualCheck_bus": "AP_ManualCheck_ui",
    "AP_Vendor_bus": "AP_Vendor_ui",
    "PO_PurchaseOrder_bus": "PO_PurchaseOrder_ui",
    "PO_Receipt_bus": "PO_Receipt_ui",
    "SO_Invoice_bus": "SO_Invoice_ui",
    "AR_Invoice_bus": "AR_Invoice_ui",
    "AR_CashReceiptsDeposit_bus": "AR_CashReceipts_ui",
    "AR_CashReceipts_bus": "AR_CashReceipts_ui",
}
_DATE = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


class Session(Exposed):
    """A session of one user in one company."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **Exposed.METHODS,
        "nLogon": "logon",
        "nSetUser": "set_user",
        "nSetCompany": "set_company",
        "nSetDate": "set_date",
        "nSetModule": "set_module",
        "nLookupTask": "lookup_task",
        "nSetProgram": "set_program",
        "nGetModuleInfo": "get_module_info",
        "nCleanup": "cleanup",
    }
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        **Exposed.PROPERTIES,
        "sModuleDate": "module_date",
        "sCompanyCode": "company_code",
    }

    def __init__(self, home: Path) -> None:
        """Start outside any company."""
        super().__init__()
        self.module_date = ""
        self.company_code = ""
        self._home = home
        self._user = ""
        self._program = ""
        self._file: CompanyFile | None = None

    @classmethod
    def at_screen(cls, file: CompanyFile) -> "Session":
        """Return the session of somebody who sits at a screen of a company."""
        session = cls(Path())
        session._file, session.company_code = file, file.code
        return session

    @property
    def file(self) -> CompanyFile:
        """Return the files of the session's company."""
        if self._file is None:
            message = "No company has been selected."
            raise RefusedError(message)
        return self._file

    def allows(self, class_name: str) -> bool:
        """Say whether user, company and task give the context that a class needs."""
        needed = _TASK_OF_CLASS.get(class_name, self._program)
        has_task = self._program != "" and self._program == needed
        return has_task and self._user != "" and self._file is not None

    def logon(self) -> int:
        """Log on without asking: never possible here, so call nSetUser."""
        return 0

    def set_user(self, user: str, password: str) -> int:
        """Log on as a user."""
        if _PASSWORDS.get(user.lower()) != password:
            message = "The user logon or password is invalid."
            raise RefusedError(message)
        self._user = user.lower()
        self._stamp_user()
        return 1

    def set_company(self, code: str) -> int:
        """Enter a company."""
        if code not in COMPANIES:
            message = f"Company {code} is not on file."
            raise RefusedError(message)
        self.cleanup()
        self._file = CompanyFile(self._home, code)
        self.company_code = code
        self._stamp_user()
        if not self.module_date:
            self.module_date = f"{self._file.local_now():%Y%m%d}"
        return 1

    def set_date(self, module: str, day: str) -> int:
        """Set the date of a module."""
        self._check_module(module)
        if not _DATE.fullmatch(day):
            message = f"The date {day} is invalid."
            raise RefusedError(message)
        self.module_date = day
        return 1

    def set_module(self, module: str) -> int:
        """Enter a module."""
        self._check_module(module)
        return 1

    def lookup_task(self, name: str) -> int:
        """Return the task's id, or 0."""
        return _TASKS.get(name, 0)

    def set_program(self, task_id: int) -> int:
        """Take on a task's security context; 0 without rights."""
        names = {number: name for name, number in _TASKS.items()}
        if task_id not in names or not self._user or self._file is None:
            message = "The user has no rights to the task."
            raise RefusedError(message)
        self._program = names[task_id]
        return task_id

    def get_module_info(self, module: str, name: ByRef, day: ByRef) -> int:
        """Tell a module's name and date."""
        self._check_module(module)
        name.value, day.value = _MODULES[module], self.module_date
        return 1

    def cleanup(self) -> int:
        """Close the company's files."""
        if self._file is not None:
            self._file.close()
        self._file, self._program = None, ""
        return 1

    @override
    def drop(self) -> int:
        self.cleanup()
        return super().drop()

    def _check_module(self, module: str) -> None:
        if module not in _MODULES:
            message = f"Module {module} is not installed."
            raise RefusedError(message)

    def _stamp_user(self) -> None:
        if self._file is None or not self._user:
            return
        user = self._file.row("SY_User", UserLogon=self._user)
        self._file.user_key = user.text("UserKey") if user else "0000000001"
