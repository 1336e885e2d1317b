"""How to reach one Sage 100 company. Its secrets come in from the connection."""

from pydantic import SecretStr

from tieout.domain.base import Frozen


class Sage100Config(Frozen):
    """One company, its agent and the way we read it."""

    company: str
    division: str = "00"
    account: str = ""
    """What the inbox calls the company, '' for its code: two servers may have the same code."""
    time_zone: str = "UTC"
    """Where the clocks of its machines hang."""
    agent_url: str
    agent_key: SecretStr
    has_tieout_udf: bool = True
    """Whether the site added UDF_TIEOUT_ID to AR_Customer and SO_SalesOrderHeader for us."""
    page_rows_max: int = 5000
    odbc_encoding: str = ""
    """The encoding of 8-bit text, where the ODBC driver of this machine does not say it."""
