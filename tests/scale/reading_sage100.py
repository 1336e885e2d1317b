"""A process that reads AR_Customer one way, and says what it took.

``python reading_sage100.py WAY ODBC ROWS`` reads every column that we read, of so many rows. WAY
is *bare*: one statement, pyodbc's fetchmany and nothing else; *rows*: our reader; or *values*: our
reader, with each value taken as the inbox takes it. It prints one JSON object.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyodbc  # noqa: TID253 - a program of its own

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.dialect import Select
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.records import texts
from tieout.connectors.sage100.routes import OdbcRoute
from tieout.connectors.sage100.rows import Row

TABLE = TABLES["AR_Customer"]
COLUMNS = TABLE.readable
PAGE_ROWS = 5000
EARLY_PAGES = 5


def memory(name: str) -> int:
    """Return a figure of this process's memory, in bytes (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (one for one in lines if one.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def bare(odbc: str) -> Iterator[Sequence[Any]]:
    """Yield the pages of one statement."""
    connection = pyodbc.connect(odbc, autocommit=True)
    cursor = connection.cursor()
    sql, _none = Select(TABLE.name, COLUMNS).statement()
    cursor.execute(sql)
    while page := cursor.fetchmany(PAGE_ROWS):
        yield page


def ours(odbc: str, made: list[Sage100Reader]) -> Iterator[Row]:
    """Yield the rows of our reader."""
    route = OdbcRoute(lambda: pyodbc.connect(odbc, autocommit=True))
    made.append(Sage100Reader(route, page_rows_max=PAGE_ROWS))
    return made[0].rows(TABLE.name, " ".join(COLUMNS))


def main(way: str, odbc: str, rows_max: str) -> None:
    """Read, and print what it took."""
    readers: list[Sage100Reader] = []
    held: list[int] = []
    started_s, count = time.perf_counter(), 0
    if way == "bare":
        for page in bare(odbc):
            count += len(page)
            held.append(memory("VmRSS"))
    else:
        for row in islice(ours(odbc, readers), int(rows_max)):
            if way == "values":
                texts(row, COLUMNS)
            count += 1
            if count % PAGE_ROWS == 0:
                held.append(memory("VmRSS"))
    took = {
        "rows": count,
        "seconds": time.perf_counter() - started_s,
        "statements": readers[0].queries_made if readers else 1,
        "rss_bytes_max": memory("VmHWM"),
        "growth_bytes": held[-1] - held[min(EARLY_PAGES, len(held) - 1)],
    }
    print(json.dumps(took))  # noqa: T201 - printing is what this program does


if __name__ == "__main__":
    main(*sys.argv[1:])
