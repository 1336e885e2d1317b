"""How COM is reached: the interface that pywin32 (windows.py) and a double both serve.

ProvideX objects carry no type information, so pywin32 would run a method when its attribute is
merely read; every method is therefore flagged on every object (``_FlagAsMethod``). By-reference
arguments are objects with a ``value``. What the methods mean belongs in boi.py.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from sage100_agent.errors import ComError

METHODS = (
    "Init",
    "NewObject",
    "DropObject",
    "nAddLine",
    "nCleanup",
    "nCopyLinesFromSalesOrder",
    "nDelete",
    "nFind",
    "nGetNextCustomerNo",
    "nGetNextDepositNo",
    "nGetNextInvoiceNo",
    "nGetNextPurchaseOrderNo",
    "nGetNextReceiptNo",
    "nGetNextSalesOrderNo",
    "nGetResultSets",
    "nGetValue",
    "nLogon",
    "nLookupTask",
    "nMoveFirst",
    "nMoveNext",
    "nSelectBatch",
    "nSelectNewBatch",
    "nSetCompany",
    "nSetDate",
    "nSetKey",
    "nSetKeyValue",
    "nSetModule",
    "nSetProgram",
    "nSetUser",
    "nSetValue",
    "nWrite",
)


class Reference(Protocol):
    """A by-reference argument; the callee sets ``value``."""

    value: Any


class Com(Protocol):
    """How one thread reaches the COM server."""

    def initialize(self) -> None:
        """Enter COM on the calling thread."""

    def uninitialize(self) -> None:
        """Leave COM on the calling thread."""

    def dispatch(self, prog_id: str) -> Any:  # noqa: ANN401 - a COM object has no Python type
        """Create the automation object ``prog_id``."""

    def text_reference(self) -> Reference:
        """Return a new by-reference string."""

    def number_reference(self) -> Reference:
        """Return a new by-reference number."""


class PlainReference:
    """What a double takes for a by-reference argument."""

    def __init__(self, value: object) -> None:
        """Start with ``value``."""
        self.value = value


class DoubleCom:
    """A double in this process: ``dispatch(prog_id, home)`` gives what COM would."""

    def __init__(self, dispatch: Callable[[str, str], Any], home: str) -> None:
        """Dispatch through ``dispatch``."""
        self._dispatch = dispatch
        self._home = home

    def initialize(self) -> None:
        """Do nothing: a double has no apartment."""

    def uninitialize(self) -> None:
        """Do nothing."""

    def dispatch(self, prog_id: str) -> Any:  # noqa: ANN401 - a COM object has no Python type
        """Create the double."""
        return self._dispatch(prog_id, self._home)

    def text_reference(self) -> Reference:
        """Return an empty string by reference."""
        return PlainReference("")

    def number_reference(self) -> Reference:
        """Return a zero by reference."""
        return PlainReference(0.0)


def load_com(name: str, home: str) -> Com:
    """Return pywin32's COM for ``pywin32``, else the double at ``module:function``."""
    if name == "pywin32":
        windows: Com = import_module("sage100_agent.windows").Pywin32Com()
        return windows
    module, _, function = name.partition(":")
    return DoubleCom(getattr(import_module(module), function), home)


class ComObject:
    """One COM object: calls and properties, with every exception turned into ComError."""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 - a COM object has no Python type
        """Wrap ``raw`` and flag its methods where the binding wants that."""
        self.raw = raw
        flag = getattr(raw, "_FlagAsMethod", None)
        if flag is not None:
            flag(*METHODS)

    def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - as COM returns it
        """Call a method.

        Raises:
            ComError: The call ended in an exception.
        """
        try:
            return getattr(self.raw, method)(*arguments)
        except Exception as error:  # pywintypes.com_error exists on Windows only
            message = f"{method} ended in {type(error).__name__}"
            raise ComError(message) from error

    def number(self, method: str, *arguments: object) -> int:
        """Call a method that returns a number; COM may hand back None or '' for 0."""
        returned = self.call(method, *arguments)
        return int(returned or 0)

    def read(self, name: str) -> Any:  # noqa: ANN401 - as COM returns it
        """Read a property.

        Raises:
            ComError: The read ended in an exception.
        """
        try:
            return getattr(self.raw, name)
        except Exception as error:  # pywintypes.com_error exists on Windows only
            message = f"reading {name} ended in {type(error).__name__}"
            raise ComError(message) from error
