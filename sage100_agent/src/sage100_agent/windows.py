"""Everything that runs on Windows alone: COM through pywin32.

No other module imports pywin32 or asks what system it runs on (tests/agent/test_windows.py), so
that the rest is tested on Linux, on a double of COM. Keep it short: nothing here is tested there.
"""

from typing import Any

import pythoncom
from win32com.client import VARIANT, dynamic

from sage100_agent.com import Reference


class Pywin32Com:
    """COM through pywin32, in a single-threaded apartment for each thread."""

    def initialize(self) -> None:
        """Enter the apartment."""
        pythoncom.CoInitialize()

    def uninitialize(self) -> None:
        """Leave the apartment."""
        pythoncom.CoUninitialize()

    def dispatch(self, prog_id: str) -> Any:  # noqa: ANN401 - a COM object has no Python type
        """Create the object with dynamic dispatch: there is no type library to generate from."""
        return dynamic.Dispatch(prog_id)

    def text_reference(self) -> Reference:
        """Return a VARIANT by reference that holds a BSTR."""
        reference: Reference = VARIANT(pythoncom.VT_BYREF | pythoncom.VT_BSTR, "")
        return reference

    def number_reference(self) -> Reference:
        """Return a VARIANT by reference that holds a double."""
        reference: Reference = VARIANT(pythoncom.VT_BYREF | pythoncom.VT_R8, 0.0)
        return reference
