"""``tieout-oracle``: judge an installation; exit 0 clean, 1 something wrong, 2 not readable."""

import argparse
import json
import sys
from pathlib import Path

import psycopg
import pyodbc
import requests

from tieout_oracle.judge import Verdict
from tieout_oracle.reading import judge_installation

CLEAN, WRONG, UNREAD = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Read, judge, print."""
    parser = argparse.ArgumentParser(prog="tieout-oracle", description=__doc__)
    parser.add_argument("--connections", type=Path, default=Path("var/connections.json"))
    parser.add_argument("--pairs", type=Path, default=Path("include/pairs.yaml"))
    parser.add_argument("--pair", default="", help="only this pair")
    parser.add_argument("--acked", type=Path, help="file of acknowledged event ids, one a line")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    acked = frozenset(given.acked.read_text().split()) if given.acked else frozenset[str]()
    try:
        verdicts = judge_installation(given.connections, given.pairs, pair=given.pair, acked=acked)
    except (OSError, KeyError, psycopg.Error, pyodbc.Error, requests.RequestException) as error:
        sys.stderr.write(f"Something could not be read: {type(error).__name__}: {error}\n")
        return UNREAD
    sys.stdout.write(_json(verdicts) if given.json else _text(verdicts))
    return CLEAN if all(verdict.is_clean for verdict in verdicts.values()) else WRONG


def _text(verdicts: dict[str, Verdict]) -> str:
    return "".join(f"{pair}\n{verdict.text()}\n" for pair, verdict in verdicts.items())


def _json(verdicts: dict[str, Verdict]) -> str:
    return (
        json.dumps(
            {
                pair: {
                    "is_clean": verdict.is_clean,
                    "lost": verdict.lost,
                    "doubled": verdict.doubled,
                    "phantom": verdict.phantom,
                    "acked_not_done": verdict.acked_not_done,
                    "unaudited": verdict.unaudited,
                    "regressed": verdict.regressed,
                    "gaps": {kind: str(gap) for kind, gap in verdict.gaps.items()},
                    "counts": verdict.counts,
                }
                for pair, verdict in verdicts.items()
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
