"""Commands on Sage 100's agents: agents."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show
from tieout.errors import TieoutError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.base import Json
    from tieout.wiring.installation import Tieout


def add(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser("agents", help="ask the agent of every pair how it is")
    add_report(parser, run=_agents)


def _agents(given: argparse.Namespace) -> int:
    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    found = {pair: _heard(tieout, pair) for pair in pairs}
    is_good = all(not problems for _said, problems in found.values())
    text = "\n".join(
        "\n  ".join([f"{pair}: {said}", *(f"problem: {one}" for one in problems)])
        for pair, (said, problems) in found.items()
    )
    report: Json = {
        "is_good": is_good,
        "agents": [
            {"pair": pair, "heartbeat": said, "problems": [*problems]}
            for pair, (said, problems) in found.items()
        ],
    }
    show(given, report, text)
    return OK if is_good else NOT_GOOD


def _heard(tieout: "Tieout", pair: str) -> tuple[str, list[str]]:
    """Return what the pair's agent says, and what is in the way of writing through it."""
    try:
        heartbeat, problems = tieout.heartbeat(pair)
    except TieoutError as error:
        return "not heard", [str(error)]
    return heartbeat.described(), problems
