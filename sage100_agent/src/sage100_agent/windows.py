"""Everything that runs on Windows alone: COM through pywin32, and the service.

No other module imports pywin32 or asks what system it runs on (tests/agent/test_windows.py), so
that the rest is tested on Linux, on a double of COM. Keep it short: nothing here is tested there.
"""

import os
from pathlib import Path
from typing import Any

import pythoncom
from win32com.client import VARIANT, dynamic
from win32service import SERVICE_STOP_PENDING
from win32serviceutil import HandleCommandLine, ServiceFramework

from sage100_agent.arguments import parse_arguments
from sage100_agent.com import Reference
from sage100_agent.program import Program, log_to

ARGUMENTS = Path("Tieout", "agent.args")
"""Under ProgramData: the service's arguments, one a line."""
STOP_WAIT_HINT_MS = 30_000
"""A command at hand is finished first."""


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


class AgentService(ServiceFramework):  # type: ignore[misc]  # known on Windows only
    """The agent as a service; Windows's service control names these methods."""

    _svc_name_ = "TieoutAgent"
    _svc_display_name_ = "Tieout agent for Sage 100"
    _svc_description_ = "Writes Tieout's documents into Sage 100, each once."

    def __init__(self, args: Any) -> None:  # noqa: ANN401 - pywin32 has no types
        """Read the arguments."""
        super().__init__(args)
        given = parse_arguments([f"@{Path(os.environ['PROGRAMDATA']) / ARGUMENTS}"])
        log_to(given)
        self._program = Program(given)

    def SvcDoRun(self) -> None:  # noqa: N802 - pywin32's name
        """Serve until told to stop."""
        self._program.run()

    def SvcStop(self) -> None:  # noqa: N802 - pywin32's name
        """Stop, when the command at hand is done."""
        self.ReportServiceStatus(SERVICE_STOP_PENDING, waitHint=STOP_WAIT_HINT_MS)
        self._program.stop()

    SvcShutdown = SvcStop


def manage(arguments: list[str]) -> None:
    """Install, start, stop or remove the service, as pywin32's own command line does."""
    HandleCommandLine(AgentService, argv=arguments)
