"""The command line: simulate, stack, demo, status, tie-out, dead-letters, replay.

It parses, calls one function, prints. Each command imports what it runs when it runs, so that
``tieout --help`` is quick and the simulators need no Airflow. Every command is
documented in docs/reference/cli.md.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.errors import ConfigurationError, RejectedError, TieoutError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.stack.configuration import StackConfiguration
    from tieout.wiring import Tieout

HOME_DEFAULT = Path("var")
CONNECTIONS_SETTING = "TIEOUT_CONNECTIONS"
INCLUDE_SETTING = "TIEOUT_INCLUDE"
OK, NOT_GOOD, FAILED = 0, 1, 2
SIMULATORS = ("xero", "shopify", "sage100")
NEXT_RUN = (
    "The next run of order_to_cash takes it from the start; the next sweep is at most 15 minutes "
    "away. Of an order that changed in the shop meanwhile, only the newest version is posted."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 = done and good, 1 = done and not good, 2 = could not be done."""
    given = build_parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except TieoutError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="tieout", description="Keeps Xero and Sage 100 in step.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_simulate(commands.add_parser("simulate", help="run the simulator of one system"))
    _add_stack(commands.add_parser("stack", help="start, stop or look at the embedded stack"))
    demo = commands.add_parser("demo", help="start the stack, post demo orders, prove the result")
    _add_configuration(demo)
    demo.set_defaults(run=_demo)
    for name, run, text in (
        ("status", _status, "count where every message from a shop is"),
        ("tie-out", _tie_out, "prove that both ledgers agree, naming every difference"),
        ("dead-letters", _dead_letters, "list what was set aside, why, and what to do"),
    ):
        _add_report(commands.add_parser(name, help=text), run=run)
    _add_replay(commands.add_parser("replay", help="put dead letters back for the next run"))
    return parser


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", choices=SIMULATORS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder the state is kept in")
    parser.add_argument("--now", help="start the clock at this ISO time instead of the present")
    parser.set_defaults(run=_simulate)


def _add_stack(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, text in (
        ("start", _stack_start, "start every process, or find them running"),
        ("stop", _stack_stop, "end what was started, by id"),
        ("status", _stack_status, "say what runs"),
    ):
        action = actions.add_parser(name, help=text)
        _add_configuration(action)
        action.set_defaults(run=run)
        if name == "status":
            action.add_argument("--json", action="store_true", help="print JSON")


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", type=Path, default=HOME_DEFAULT, help="where files are kept")
    parser.add_argument("--base-port", type=int, help="first of the ports, default 5400")
    parser.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="NAME=N",
        help="port of one process, such as airflow=8080; may be repeated",
    )


def _add_report(parser: argparse.ArgumentParser, *, run: object) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--pair", help="only this pair")
    _add_connections(parser)
    parser.set_defaults(run=run)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dead_letter_ids",
        type=int,
        nargs="+",
        metavar="ID",
        help="number of a dead letter, as dead-letters lists it",
    )
    _add_connections(parser)
    parser.set_defaults(run=_replay)


def _add_connections(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--connections",
        type=Path,
        help=f"connections file, default {HOME_DEFAULT}/connections.json",
    )
    parser.add_argument("--include", type=Path, help="folder of pairs and mappings")


def _simulate(given: argparse.Namespace) -> int:
    module = f"tieout.simulators.{given.system}"
    command = [sys.executable, "-m", module, "--port", str(given.port), "--state", str(given.state)]
    if given.now:
        command += ["--now", given.now]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - our own module takes this process's place


def _configuration(given: argparse.Namespace) -> "StackConfiguration":
    from tieout.stack.configuration import configure

    ports = {}
    for text in given.port:
        name, _, number = text.partition("=")
        if not number.isdigit():
            raise ConfigurationError(
                f"--port {text} is not NAME=N.", remedy="Write for example --port airflow=8080."
            )
        ports[name] = int(number)
    return configure(given.home, base_port=given.base_port, ports=ports)


def _stack_start(given: argparse.Namespace) -> int:
    from tieout.stack import control

    configuration = _configuration(given)
    control.start(configuration, _say)
    _say(control.login(configuration))
    return OK


def _stack_stop(given: argparse.Namespace) -> int:
    from tieout.stack import control

    control.stop(_configuration(given), _say)
    return OK


def _stack_status(given: argparse.Namespace) -> int:
    from tieout.stack import control
    from tieout.stack.tables import text_table

    status = control.status(_configuration(given))
    rows = [
        (
            one.name,
            str(one.pid or "-"),
            str(one.port or "-"),
            "ready" if one.is_ready else "alive" if one.is_alive else "down",
            str(one.restarts),
        )
        for one in status.processes
    ]
    table = text_table(("process", "pid", "port", "state", "restarts"), rows, right=" rr r")
    text = f"The stack is {status.phase}. Airflow: {status.ui}\n{table}"
    _show(given, status.model_dump(mode="json"), text)
    return OK if status.is_healthy else NOT_GOOD


def _demo(given: argparse.Namespace) -> int:
    from tieout.stack import demo

    return demo.run(_configuration(given), _say)


def _status(given: argparse.Namespace) -> int:
    from tieout.stack import reports

    pairs = [one for one in _open(given).status().pairs if given.pair in {None, one.pair}]
    _show(given, reports.conservation_json(pairs), reports.conservation_text(pairs))
    return OK if all(pair.is_conserved for pair in pairs) else NOT_GOOD


def _tie_out(given: argparse.Namespace) -> int:
    from tieout.stack import reports

    tieout = _open(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    proofs = [tieout.tie_out(pair) for pair in pairs]
    text = "\n\n".join(reports.tie_out_text(proof) for proof in proofs)
    _show(given, reports.tie_out_json(proofs), text)
    return OK if all(reports.is_good(proof) for proof in proofs) else NOT_GOOD


def _dead_letters(given: argparse.Namespace) -> int:
    from tieout.stack import reports

    letters = [one for one in _open(given).dead_letters() if given.pair in {None, one.pair}]
    _show(given, reports.dead_letters_json(letters), reports.dead_letters_text(letters))
    return OK


def _replay(given: argparse.Namespace) -> int:
    """Put back each dead letter by itself: one that cannot be does not hold up the others."""
    tieout = _open(given)
    names = {letter.dead_letter_id: letter.trace_key for letter in tieout.dead_letters()}
    rejected = 0
    for number in given.dead_letter_ids:
        try:
            tieout.replay(number)
        except RejectedError as error:
            sys.stderr.write(f"{error}\n")
            rejected += 1
        else:
            _say(f"{number}  {names.get(number, '')}  put back")
    if rejected < len(given.dead_letter_ids):
        _say(NEXT_RUN)
    return FAILED if rejected else OK


def _open(given: argparse.Namespace) -> "Tieout":
    from tieout.stack.configuration import checkout
    from tieout.wiring import open_tieout

    connections = given.connections or Path(
        os.environ.get(CONNECTIONS_SETTING, str(HOME_DEFAULT / "connections.json"))
    )
    include = given.include or Path(os.environ.get(INCLUDE_SETTING, str(checkout() / "include")))
    return open_tieout(connections, include)


def _show(given: argparse.Namespace, value: "JsonValue", text: str) -> None:
    _say(json.dumps(value, indent=2, ensure_ascii=False) if given.json else text)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
