"""The only SQL we send to Sage 100: one SELECT form, and a checker that lets nothing else through.

ProvideX knows no CTE, no window functions, no brackets and no semicolon; joins are slow or wrong in
older builds, and TOP, LIMIT, UNION and subqueries may be missing. So: one table, named columns,
comparisons and IN lists that must all hold, ORDER BY. Dates are ``{d '2026-01-31'}``; text is
bound, but for plain keys, and a quote in a literal is doubled. What to ask belongs in reader.py
and above.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tieout.connectors.sage100.catalog import DATE, TABLES, Table

TOKEN = re.compile(
    r"\s*(?:(?P<date>\{d '[0-9]{4}-[0-9]{2}-[0-9]{2}'\})|(?P<string>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<mark>\?)|(?P<compare><>|<=|>=|=|<|>)"
    r"|(?P<punctuation>[(),]))"
)
PLAIN = re.compile(r"[A-Za-z0-9 ._/+#&-]*")
"""Text that means nothing to any database inside quotes."""
KEYWORDS = {"SELECT", "FROM", "WHERE", "AND", "OR", "IN", "ORDER", "BY"}
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
"""What a build is asked at connect, by name: the only statements outside the form, and they are
constants. None of our readings needs any but the last; the rest tells what build a site has."""

Key = tuple[str | date, ...]
"""The key of one row; dates where the key column is a date."""


class DialectError(ValueError):
    """A statement is not in the form that we may send. Always a defect of ours."""


@dataclass
class Select:
    """Rows of one table in key order, narrowed by column values and by where the last page ended.

    ``among`` holds the allowed values by column, dates as ISO text; ``since`` the first date.
    ``after`` is a key or its beginning: all of it the same but its last column, which is greater.
    """

    table: str
    columns: Sequence[str]
    among: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: Mapping[str, date] = field(default_factory=dict)
    after: Key | None = None

    def statement(self) -> tuple[str, list[str]]:
        """Return the statement and its parameters.

        Raises:
            DialectError: The table or a column is not one that we read.
        """
        table = TABLES.get(self.table)
        if table is None:
            raise DialectError(f"We do not read a table {self.table!r}.")
        parameters: list[str] = []
        conditions = [
            *(_among(table, name, values, parameters) for name, values in self.among.items()),
            *(f"{_column(table, name)} >= {literal(first)}" for name, first in self.since.items()),
            *(_after(table, self.after, parameters) if self.after is not None else ()),
        ]
        columns = ", ".join(_column(table, name) for name in self.columns)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"SELECT {columns} FROM {table.name}{where} ORDER BY {', '.join(table.key)}"  # noqa: S608 - names come from the catalog, values are bound
        check_dialect(sql)
        return sql, parameters


def literal(value: str | date) -> str:
    """Write a value into SQL the way ProvideX reads it."""
    if isinstance(value, date):
        return f"{{d '{value.isoformat()}'}}"
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _column(table: Table, name: str) -> str:
    column = table.column(name)
    if column is None or column.is_withheld:
        raise DialectError(f"We do not read a column {name!r} of {table.name}.")
    return name


def _among(table: Table, name: str, values: Sequence[str], parameters: list[str]) -> str:
    if not values:
        raise DialectError(f"An empty list for {name} selects nothing: do not ask.")
    column = table.columns.get(_column(table, name))
    if column is not None and column.kind == DATE:
        days = ", ".join(literal(date.fromisoformat(value)) for value in values)
        return f"{name} IN ({days})"
    parameters.extend(values)
    return f"{_column(table, name)} IN ({', '.join('?' for _ in values)})"


def _after(table: Table, key: Key, parameters: list[str]) -> Iterator[str]:
    """Compare the first columns of the key: all the same but the last, which is greater."""
    if not 0 < len(key) <= len(table.key):
        raise DialectError(f"{table.name} has no key of {len(key)} columns.")
    for place, value in enumerate(key, start=1):
        name = table.key[place - 1]
        compare = ">" if place == len(key) else "="
        yield f"{name} {compare} {_operand(table, name, value, parameters)}"


def _operand(table: Table, name: str, value: str | date, parameters: list[str]) -> str:
    if table.columns[name].kind == DATE:
        if not isinstance(value, date):
            raise DialectError(f"{name} is compared with dates.")
        return literal(value)
    # Some drivers read a whole result before they give its first row, if a value is bound; a page
    # ends long before its result does. What is not plain is bound all the same.
    if PLAIN.fullmatch(str(value)):
        return literal(str(value))
    parameters.append(str(value))
    return "?"


def check_dialect(sql: str) -> None:
    """Let through the one form of SELECT that every ProvideX build runs.

    Raises:
        DialectError: The statement is anything else.
    """
    _Statement(list(_tokens(sql))).check()


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = sql.strip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise DialectError(f"Not in our dialect: {text[position : position + 20]!r}.")
        kind = match.lastgroup or ""
        word = match[kind]
        is_keyword = kind == "name" and word.upper() in KEYWORDS
        yield ("keyword", word.upper()) if is_keyword else (kind, word)
        position = match.end()


class _Statement:
    """A reader of the one form, word by word."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0

    def check(self) -> None:
        self._take("keyword", "SELECT")
        columns = self._names()
        self._take("keyword", "FROM")
        name = self._take("name")
        table = TABLES.get(name)
        if table is None:
            raise DialectError(f"We do not read a table {name!r}.")
        if self._is_next("keyword", "WHERE"):
            self._take("keyword")
            columns += self._conditions()
        self._take("keyword", "ORDER")
        self._take("keyword", "BY")
        columns += self._names()
        self._take("end")
        for column in columns:
            _column(table, column)

    def _conditions(self) -> list[str]:
        columns = [self._condition()]
        while self._is_next("keyword", "AND"):
            self._take("keyword")
            columns.append(self._condition())
        return columns

    def _condition(self) -> str:
        column = self._take("name")
        if self._is_next("keyword", "IN"):
            self._take("keyword")
            self._take("punctuation", "(")
            self._operand()
            while self._is_next("punctuation", ","):
                self._take("punctuation")
                self._operand()
            self._take("punctuation", ")")
        else:
            self._take("compare")
            self._operand()
        return column

    def _operand(self) -> None:
        kind, word = self._tokens[self._at]
        if kind not in ("mark", "string", "date"):
            raise DialectError(f"Not in our dialect: {word!r} where a value belongs.")
        self._at += 1

    def _names(self) -> list[str]:
        names = [self._take("name")]
        while self._is_next("punctuation", ","):
            self._take("punctuation")
            names.append(self._take("name"))
        return names

    def _is_next(self, kind: str, word: str) -> bool:
        return self._tokens[self._at] == (kind, word)

    def _take(self, kind: str, word: str | None = None) -> str:
        found_kind, found = self._tokens[self._at]
        if found_kind != kind or word not in (None, found):
            raise DialectError(f"Not in our dialect: {found!r} where {word or kind} belongs.")
        self._at += 1
        return found
