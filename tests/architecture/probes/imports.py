"""Probe: import the modules named on the command line, print all modules then loaded as JSON."""

import importlib
import json
import sys


def main() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    sys.stdout.write(f"\n{json.dumps(sorted(sys.modules))}\n")


main()
