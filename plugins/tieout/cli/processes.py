"""Commands that run processes: simulate, stack, demo."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import HOME_DEFAULT, NOT_GOOD, OK, say, show
from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.stack.configuration import StackConfiguration

SIMULATORS = ("xero", "shopify", "sage100")


def add(commands: "Commands") -> None:
    """Add the commands."""
    _add_simulate(commands.add_parser("simulate", help="run the simulator of one system"))
    _add_stack(commands.add_parser("stack", help="start, stop or look at the embedded stack"))
    demo = commands.add_parser("demo", help="start the stack, post demo orders, prove the result")
    _add_configuration(demo)
    demo.set_defaults(run=_demo)


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
        if name != "status":
            action.add_argument(
                "--only", metavar="PROCESS", help="one process, such as agent, by its name"
            )
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
    if given.only:
        control.let_go(configuration, given.only, say)
        return OK
    control.start(configuration, say)
    say(control.login(configuration))
    return OK


def _stack_stop(given: argparse.Namespace) -> int:
    from tieout.stack import control

    configuration = _configuration(given)
    if given.only:
        control.hold(configuration, given.only, say)
    else:
        control.stop(configuration, say)
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
    show(given, status.model_dump(mode="json"), text)
    return OK if status.is_healthy else NOT_GOOD


def _demo(given: argparse.Namespace) -> int:
    from tieout.stack import demo

    return demo.run(_configuration(given), say)
