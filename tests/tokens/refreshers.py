"""Workers that want a token at the same moment: threads of a process of their own.

``python refreshers.py IDENTITY_URL LEDGER_URL KEY HOW WORKERS``: at each line on stdin every worker
asks for a token; the answers go to stdout as one line of JSON.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from tieout.connectors.http import HttpClient
from tieout.connectors.tokens import Grant, TokenSource
from tieout.errors import TieoutError
from tieout.ledger.session import Database
from tieout.ledger.tokens import PostgresTokenStore
from tieout.wiring.clock import SystemClock

NAME = "xero tieout-app"
APP = ("tieout-app", "xero-secret-app")


class Unlocked(PostgresTokenStore):
    """The seeded bug: nothing keeps two workers from refreshing at once."""

    @override
    def _lock(self, connection: Any, name: str) -> None:
        return


class Dying(PostgresTokenStore):
    """Its process is killed when the answer is there and nothing is committed yet."""

    @override
    def _store(self, *_arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


STORES = {"good": PostgresTokenStore, "unlocked": Unlocked, "dying": Dying}


def ask(url: str, store: PostgresTokenStore) -> str:
    """Ask as a worker does that has just begun; return the token, or the error's kind."""
    client = HttpClient(system="Xero", sleep=time.sleep)
    source = TokenSource(
        client,
        Grant(f"{url}/connect/token", basic=APP, needs_consent=True),
        clock=SystemClock(),
        store=store,
        name=NAME,
    )
    try:
        return source.token()
    except TieoutError as error:
        return type(error).__name__


def at_once(workers: int, act: Callable[[], str]) -> list[str]:
    """Let so many threads act at the same moment."""
    barrier = threading.Barrier(workers)
    answers: list[str] = []

    def work() -> None:
        barrier.wait()
        answers.append(act())

    threads = [threading.Thread(target=work) for _worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def main() -> None:
    """Serve one round for each line."""
    url, ledger_url, key, how, workers = sys.argv[1:]
    database = Database(ledger_url, pool_size=int(workers), application_name="refreshers")
    store = STORES[how](database, [key])
    for _line in sys.stdin:
        answers = at_once(int(workers), lambda: ask(url, store))
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
