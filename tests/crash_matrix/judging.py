"""What a world looks like after its kills: the oracle's verdict, and what the oracle cannot see."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import psycopg

from crash_matrix.copies import copies_unread
from tieout.domain.ledger import Conservation
from tieout.wiring.connections import LEDGER_CONNECTION, connections_in, ledger_url
from tieout_oracle.judge import Verdict
from world import HARBOR, World

IN_DOUBT_MOST = """
    SELECT coalesce(max(extract(epoch FROM told.landed - told.sent)), 0)::float
    FROM (
        SELECT subject,
               min(at) FILTER (WHERE action = 'delivery.sent') AS sent,
               max(at) FILTER (WHERE action = 'delivery.entered') AS landed
        FROM tieout.audit GROUP BY subject
    ) AS told
    JOIN tieout.deliveries AS delivery ON told.subject = 'delivery/' || delivery.delivery_id
    WHERE delivery.operation = 'create'
"""


class Judged(NamedTuple):
    """The findings about one world."""

    verdict: Verdict
    conservation: Conservation
    copies: list[str]
    in_doubt_most_s: float
    """The longest that a document was sent and not yet known to be there, in seconds."""


def judged(world: World) -> Judged:
    """Read everything, by the oracle and beside it."""
    with psycopg.connect(ledger_address(world)) as database:
        (in_doubt_most_s,) = database.execute(IN_DOUBT_MOST).fetchone() or (0.0,)
    return Judged(
        world.verdict(),
        world.tieout.ledger.conservation(HARBOR),
        copies_unread(world),
        round(in_doubt_most_s, 1),
    )


def ledger_address(world: World) -> str:
    """Return the address of a world's ledger, for psycopg."""
    connection = connections_in(world.configuration.connections)(LEDGER_CONNECTION)
    return ledger_url(connection).replace("+psycopg", "")


def refuse_faults(found: Judged, where: str) -> None:
    """Fail when anything was lost or doubled, or waits."""
    assert found.verdict.is_clean, f"{where}\n{found.verdict.text()}"
    assert found.copies == [], where
    refuse_leftovers(found, where)


def refuse_leftovers(found: Judged, where: str) -> None:
    """Fail when an entry is in no state or in two, or anything waits."""
    waiting = found.conservation
    assert waiting.is_conserved, where
    assert (waiting.pending, waiting.in_doubt, waiting.dead_letter) == (0, 0, 0), where


def gaps(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return the money gap by currency, over all kinds."""
    total: Counter[str] = Counter()
    for verdict in verdicts:
        for kind, gap in verdict.gaps.items():
            total[kind.split(" ")[0]] += gap
    return {currency: f"{gap:.2f}" for currency, gap in total.items()}
