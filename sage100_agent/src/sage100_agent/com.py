"""The one place that knows how COM is reached from Python: pywin32, or a double with its idiom.

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
    "nDelete",
    "nFind",
    "nGetNextCustomerNo",
    "nGetNextDepositNo",
    "nGetNextSalesOrderNo",
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


class Pywin32Com:
    """COM through pywin32; importable on Windows only, so it is imported on first use."""

    def initialize(self) -> None:
        """Enter a single-threaded apartment."""
        import_module("pythoncom").CoInitialize()

    def uninitialize(self) -> None:
        """Leave the apartment."""
        import_module("pythoncom").CoUninitialize()

    def dispatch(self, prog_id: str) -> Any:  # noqa: ANN401 - a COM object has no Python type
        """Create the object with dynamic dispatch: there is no type library to generate from."""
        return import_module("win32com.client.dynamic").Dispatch(prog_id)

    def text_reference(self) -> Reference:
        """Return a VARIANT by reference that holds a BSTR."""
        return self._variant("VT_BSTR", "")

    def number_reference(self) -> Reference:
        """Return a VARIANT by reference that holds a double."""
        return self._variant("VT_R8", 0.0)

    def _variant(self, kind: str, value: object) -> Reference:
        pythoncom = import_module("pythoncom")
        flags = pythoncom.VT_BYREF | getattr(pythoncom, kind)
        reference: Reference = import_module("win32com.client").VARIANT(flags, value)
        return reference


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
        return Pywin32Com()
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
