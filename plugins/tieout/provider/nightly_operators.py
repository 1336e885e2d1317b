"""Operators of the DAG ``nightly``: compare, ask the oracle, seal the audit."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import task_group
from typing_extensions import override

from tieout.errors import ConfigurationError, RetryableError
from tieout.provider.operators import MAP_INDEX_TEMPLATE, DoublesSweepOperator, ListPairsOperator
from tieout.provider.posting_operators import FollowPostingsOperator
from tieout.provider.replay_operators import ResolveProvenOperator
from tieout.provider.runtime import (
    INCLUDE_VARIABLE,
    Deferrable,
    airflow_errors,
    folder_of,
    open_runtime,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

CONNECTIONS_VARIABLE = "TIEOUT_CONNECTIONS"
ORACLE = "tieout_oracle"
ORACLE_TOKEN_VARIABLE = "TIEOUT_ORACLE_XERO_TOKEN"  # noqa: S105 - where it is given
ORACLE_TIMEOUT = timedelta(hours=2)
ORACLE_RETRY_DELAY = timedelta(minutes=2)
"""What is written while the oracle reads looks wrong to it; it is asked again when that is over."""
ORACLE_RETRIES = 3
CLEAN, WRONG = 0, 1
"""The oracle's exit codes; any other means that it could not read something."""


class CompareSourceOperator(Deferrable):
    """Compare every order of the pair's shops with the ledger, and land what is not the same.

    Args:
        pair: The pair's name.

    Returns:
        Counts: what was read, missing, changed and passed over.

    Raises:
        AirflowFailException: A shop no longer lets us in, or a file or a connection is wrong.
        RetryableError: A shop does not answer now.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> dict[str, Any]:
        """Return what was read and found."""
        with airflow_errors():
            compared = open_runtime().compare_source(self.pair)
        self.log.info("%s", compared)
        return compared.model_dump(mode="json")


class SealAuditOperator(Deferrable):
    """Seal the audit's new rows and note the seals in the anchor file.

    Returns:
        Counts: rows sealed, anchors written.

    Raises:
        AirflowFailException: The environment does not say where the anchors are.
    """

    @override
    def execute(self, context: "Context") -> dict[str, int]:
        """Return how many rows were sealed, and how many anchors written."""
        with airflow_errors():
            sealed = open_runtime().seal_audit(connections_file().parent)
        self.log.info("%s rows sealed, %s anchors", sealed.rows, sealed.anchors)
        return {"rows": sealed.rows, "anchors": sealed.anchors}


class AskOracleOperator(Deferrable):
    """Let the independent oracle judge the pair.

    Args:
        pair: The pair's name.

    Returns:
        The first line of a clean verdict.

    Raises:
        AirflowFailException: The oracle is not installed, or not told where to read.
        RetryableError: The verdict is not clean, or something could not be read; the error has it.
    """

    template_fields: Sequence[str] = ("pair",)

    def __init__(self, *, pair: str, **kwargs: Any) -> None:
        """Store the pair's name."""
        super().__init__(map_index_template=MAP_INDEX_TEMPLATE, **kwargs)
        self.pair = pair

    @override
    def execute(self, context: "Context") -> str:
        """Return the verdict's first line."""
        with airflow_errors():
            tieout = open_runtime()
            connection_id = tieout.pair(self.pair).xero_connection
            verdict = ask_oracle(
                connections_file(),
                folder_of(INCLUDE_VARIABLE) / "pairs.yaml",
                pair=self.pair,
                xero_token=tieout.xero_connections.consented_token(connection_id),
            )
        self.log.info("%s", verdict)
        return verdict.partition("\n")[0]


def nightly() -> None:
    """Build the tasks of the night: each by itself, so that none hides what another found."""

    @task_group(group_id="pair")
    def look_after(pair: str) -> None:
        CompareSourceOperator(task_id="compare_source", pair=pair)
        DoublesSweepOperator(task_id="sweep_doubles", pair=pair, is_whole=True)
        FollowPostingsOperator(task_id="follow_postings", pair=pair, is_whole=True)
        ResolveProvenOperator(task_id="resolve_dead_letters", pair=pair)
        AskOracleOperator(
            task_id="ask_oracle", pair=pair, retries=ORACLE_RETRIES, retry_delay=ORACLE_RETRY_DELAY
        )

    look_after.expand(pair=ListPairsOperator(task_id="list_pairs").output)
    SealAuditOperator(task_id="seal_audit")


def connections_file() -> Path:
    """Return the connections file, which the oracle reads and beside which the anchors are.

    Raises:
        ConfigurationError: The environment does not say where it is, or it is not there.
    """
    path = Path(os.environ.get(CONNECTIONS_VARIABLE, ""))
    if not path.is_file():
        raise ConfigurationError(
            f"The environment variable {CONNECTIONS_VARIABLE} names no file: {str(path)!r}.",
            remedy="Set it for Airflow to the file that the command line uses.",
        )
    return path


def ask_oracle(connections: Path, pairs: Path, *, pair: str, xero_token: str = "") -> str:
    """Run the oracle, a program of its own, over one pair and return its clean verdict.

    It reads Xero by ``xero_token`` if there is one, else by a token that it fetches itself.

    Raises:
        RetryableError: It is not clean, or something could not be read; its words are in the error.
        ConfigurationError: The oracle is not installed.
    """
    if importlib.util.find_spec(ORACLE) is None:
        raise ConfigurationError(
            "The oracle is not installed.", remedy="Install the distribution tieout-oracle."
        )
    options = ("--connections", str(connections), "--pairs", str(pairs), "--pair", pair)
    ended = subprocess.run(  # noqa: S603 - a fixed command with our own paths
        [sys.executable, "-m", ORACLE, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=ORACLE_TIMEOUT.total_seconds(),
        env={**os.environ, ORACLE_TOKEN_VARIABLE: xero_token},
    )
    if ended.returncode == CLEAN:
        return ended.stdout
    if ended.returncode == WRONG:
        raise RetryableError(
            f"The oracle's verdict on {pair} is not clean:\n{ended.stdout.strip()}",
            remedy="It is asked again in case something moved meanwhile; docs/reference/oracle.md.",
        )
    raise RetryableError(
        f"The oracle could not judge {pair}: {ended.stderr.strip()}",
        remedy="It is asked again; if that lasts, look at what it could not read.",
    )
