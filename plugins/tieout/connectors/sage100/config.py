"""How to reach one Sage 100 company. Its secrets come in from the connection."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from tieout.connectors.sage100.import_files import LAYOUTS
from tieout.domain.base import Frozen


def _fingerprint(given: str) -> str:
    """Return the SHA-256 of a certificate without the marks that tools print between its bytes."""
    plain = re.sub(r"[\s:]", "", given).lower()
    if not re.fullmatch(r"([0-9a-f]{64})?", plain):
        message = "agent_certificate_sha256 is the SHA-256 of a certificate: 64 hexadecimal digits"
        raise ValueError(message)
    return plain


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
    agent_certificate_sha256: Annotated[str, AfterValidator(_fingerprint)] = ""
    """Which certificate the agent, or its relay, must show; '' = one of a trusted authority."""
    has_tieout_udf: bool = True
    """Whether the site added UDF_TIEOUT_ID to AR_Customer and SO_SalesOrderHeader for us."""
    page_rows_max: int = 5000
    odbc_encoding: str = ""
    """The encoding of 8-bit text, where the ODBC driver of this machine does not say it."""
    import_folder: str = ""
    """The folder that the site's Visual Integrator jobs import from."""
    import_kinds: frozenset[str] = frozenset()
    """What goes into files there, instead of through the agent."""

    @model_validator(mode="after")
    def _importable(self) -> Self:
        stray = self.import_kinds - LAYOUTS.keys()
        if stray:
            message = f"import_kinds takes {', '.join(LAYOUTS)}, not {min(stray)}"
            raise ValueError(message)
        if self.import_kinds and not self.import_folder:
            message = "import_kinds needs an import_folder"
            raise ValueError(message)
        return self
