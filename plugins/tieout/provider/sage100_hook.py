"""The hook of Sage 100 with its *Test* button; its form is in info.py."""

from contextlib import closing

from typing_extensions import override

from tieout.errors import TieoutError
from tieout.provider.runtime import open_runtime
from tieout.provider.sage100_odbc import Sage100OdbcHook


class Sage100Hook(Sage100OdbcHook):
    """A Sage 100 company, with a check of what it is."""

    @override
    def test_connection(self) -> tuple[bool, str]:  # type: ignore[override]  # the base has no result
        """Compare the company's tables, and the dialect of its driver, with what flows need."""
        try:
            with (
                closing(open_runtime()) as tieout,
                closing(tieout.sage100_by(self.sage100_conn_id)) as company,
            ):
                found = company.check()
        except TieoutError as error:
            return False, str(error)
        return found.is_good, found.described()
