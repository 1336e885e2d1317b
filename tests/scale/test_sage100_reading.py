"""Reading a large table of Sage 100: few statements, little memory, and as fast as the driver."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from figures.report import record
from sage100_sites import ClientServerSite, ProvidexSite, created
from tieout.connectors.sage100.catalog import DATE, NUMBER, TABLES

READER = Path(__file__).parent / "reading_sage100.py"
TABLE = TABLES["AR_Customer"]
FEW, SOME, MANY = 20_000, 100_000, 1_000_000
PAGE_ROWS = 5000
RSS_BYTES_MAX = 300 * 10**6
GROWTH_BYTES_MAX = 40 * 10**6
"""A page in hand more or less; the whole table would be gigabytes."""
SHARE_MIN = 0.7
"""Of the rows a second that pyodbc itself reads, in the same run."""
TEXTS_SHARE_MIN = 0.45
"""The same, with each of a row's 97 values made text as the inbox takes it; pyodbc makes none."""
TIMEOUT_S = 3600


@dataclass(frozen=True)
class Took:
    """What a process took."""

    rows: int
    seconds: float
    statements: int
    rss_bytes_max: int
    growth_bytes: int

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.seconds


def read(way: str, odbc: str, count: int) -> Took:
    """Read so many rows of the table in a process of its own."""
    root = READER.parents[2]
    done = subprocess.run(
        [sys.executable, str(READER), way, odbc, str(count)],
        env={**os.environ, "PYTHONPATH": f"{root / 'plugins'}"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=TIMEOUT_S,
    )
    return Took(**json.loads(done.stdout))


def values(number: str, day: str) -> str:
    """Return the values of a customer in SQL: text of common lengths, and no blanks."""
    chosen = []
    for name, column in TABLE.columns.items():
        if name == "ARDivisionNo":
            chosen.append("'00'")
        elif name == "CustomerNo":
            chosen.append(number)
        elif column.kind == DATE:
            chosen.append(day)
        elif column.kind == NUMBER:
            whole = 10 ** min((column.length or 1) - column.scale, 5)
            chosen.append(f"n % {whole} + {0.25 if column.scale > 1 else 0}")
        else:
            text = "Lotus Lane Trading Company of Hong Kong"
            chosen.append(f"'{text[: min(column.length or 10, 24)]}'")
    return ", ".join(chosen)


def fill_sqlite(site: ProvidexSite, count: int) -> None:
    """Let the table hold so many customers."""
    made = values("printf('%07d', n)", "'2026-01-31'")
    site.connection.execute(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"  # noqa: S608
        f" WHERE n < {count}) INSERT INTO AR_Customer SELECT {made} FROM numbers"
    )


def fill_postgres(site: ClientServerSite, count: int) -> None:
    """Let the table hold so many customers."""
    made = values("lpad(n::text, 7, '0')", "'2026-01-31'::timestamp")
    site.connection.execute(
        f"INSERT INTO AR_Customer SELECT {made} FROM generate_series(1, {count}) AS n"  # noqa: S608
    )
    site.connection.execute("VACUUM ANALYZE AR_Customer")


def check(took: Took, count: int) -> None:
    """Compare with the limits that are of no machine."""
    pages = -(-count // PAGE_ROWS)
    assert took.rows == count
    # A page each; behind the last one, what is left of the division and of later ones.
    assert pages <= took.statements <= pages + 2
    assert took.rss_bytes_max < RSS_BYTES_MAX
    assert took.growth_bytes < GROWTH_BYTES_MAX


def test_thousands_of_customers_take_few_statements_and_little_memory(tmp_path: Path) -> None:
    site = ProvidexSite(tmp_path / "sage.sqlite")
    fill_sqlite(site, FEW)
    check(read("values", site.odbc, FEW), FEW)


def measure(name: str, odbc: str) -> None:
    """Read the table by pyodbc and by us, in turn, and compare."""
    bare, rows = (read(way, odbc, MANY) for way in ("bare", "rows"))
    taken = read("values", odbc, SOME)
    assert bare.rows == MANY
    share = rows.rows_per_s / bare.rows_per_s
    record(
        f"a million customers of Sage 100 by {name}",
        rows_per_s=rows.rows_per_s,
        pyodbc_rows_per_s=bare.rows_per_s,
        share=share,
        rows_per_s_each_value_taken=taken.rows_per_s,
        share_each_value_taken=taken.rows_per_s / bare.rows_per_s,
        statements=rows.statements,
        rss_mb=rows.rss_bytes_max / 10**6,
        pyodbc_rss_mb=bare.rss_bytes_max / 10**6,
        growth_mb=rows.growth_bytes / 10**6,
    )
    check(rows, MANY)
    check(taken, SOME)
    assert share >= SHARE_MIN
    assert taken.rows_per_s / bare.rows_per_s >= TEXTS_SHARE_MIN


@pytest.mark.bench
def test_a_million_customers_by_sqlites_driver(tmp_path: Path) -> None:
    site = ProvidexSite(tmp_path / "sage.sqlite")
    fill_sqlite(site, MANY)
    measure("SQLite's driver", site.odbc)


@pytest.mark.bench
def test_a_million_customers_by_postgresqls_driver(postgres_url: str) -> None:
    site = ClientServerSite(created(make_url(postgres_url), "sage100_million"))
    fill_postgres(site, MANY)
    measure("PostgreSQL's driver", site.odbc)
    site.connection.close()
