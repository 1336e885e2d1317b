"""The statements that the agent sends to the ODBC driver: one form of SELECT, and fixed probes.

Whoever holds the signing key may read, and can do nothing else: no write, no second statement, no
function, no join, no literal but a date or a plain key leaves here, whatever Tieout sends. The form
is exactly what Tieout's own builder makes, down to its blanks.
"""

import re

from sage100_agent.errors import BadCommandError

_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_NAMES = rf"{_NAME}(?:, {_NAME})*"
_VALUE = r"(?:\?|'[A-Za-z0-9 ._/+#&-]*'|\{d '[0-9]{4}-[0-9]{2}-[0-9]{2}'\})"
_CONDITION = rf"{_NAME} (?:(?:=|<>|<=|>=|<|>) {_VALUE}|IN \({_VALUE}(?:, {_VALUE})*\))"
_FORM = re.compile(
    rf"SELECT {_NAMES} FROM {_NAME}"  # noqa: S608 - what is let through, not what is sent
    rf"(?: WHERE {_CONDITION}(?: AND {_CONDITION})*)? ORDER BY {_NAMES}"
)
PROBES = {
    "TOP": "SELECT TOP 1 BankCode FROM GL_Bank",
    "LIMIT before ORDER BY": "SELECT BankCode FROM GL_Bank LIMIT 1 ORDER BY BankCode",
    "LIMIT after ORDER BY": "SELECT BankCode FROM GL_Bank ORDER BY BankCode LIMIT 1",
    "UNION": "SELECT BankCode FROM GL_Bank UNION SELECT BankCode FROM GL_Bank",
    "subquery": (
        "SELECT BankCode FROM GL_Bank WHERE CashAccountKey IN"
        " (SELECT AccountKey FROM GL_Account WHERE AccountKey = '000000000')"
    ),
    "CASE": "SELECT CASE WHEN BankCode = 'A' THEN 'B' ELSE BankCode END FROM GL_Bank",
    "outer join": (
        "SELECT GL_Bank.BankCode FROM {oj GL_Bank LEFT OUTER JOIN GL_Account"
        " ON GL_Bank.CashAccountKey = GL_Account.AccountKey}"
    ),
    "date literal": "SELECT AccountKey FROM GL_Account WHERE DateUpdated >= {d '2026-01-31'}",
    "our form": (
        "SELECT AccountKey FROM GL_Account WHERE AccountKey >= '0' AND Status IN ('A', 'I')"
        " AND DateUpdated >= {d '2026-01-31'} ORDER BY AccountKey"
    ),
}
"""What a build of the driver is asked when Tieout connects, by name."""


def check_statement(sql: str, parameters: list[str]) -> None:
    """Let through a SELECT of our form with a value for each of its marks.

    Raises:
        BadCommandError: It is anything else.
    """
    if _FORM.fullmatch(sql) is None:
        message = "the statement is not one SELECT of our form"
        raise BadCommandError(message)
    if sql.count("?") != len(parameters):
        message = "the statement has another number of marks than of values"
        raise BadCommandError(message)
