"""``python -m sage100_agent``: the agent in the foreground, or ``service`` for that of Windows."""

import sys
from importlib import import_module

from sage100_agent.arguments import parse_arguments
from sage100_agent.program import Program, log_to

SERVICE = "service"


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop; ``service install`` and the like are Windows's."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == [SERVICE]:
        import_module("sage100_agent.windows").manage(given)
        return
    parsed = parse_arguments(given)
    log_to(parsed)
    Program(parsed).run()


if __name__ == "__main__":
    main()
