"""The files of include/in_step: by which policy each kind of record is kept in step.

The JSON Schema beside this module is the authority on the form; what the words mean is in
tieout.domain.in_step.policy.
"""

from collections.abc import Iterator
from pathlib import Path

from tieout.domain.in_step.policy import Policy
from tieout.mapping.master_data import MOVED
from tieout.mapping.paths import CUSTOM
from tieout.mapping.schema import Fault, Place, did_you_mean, read_checked
from tieout.mapping.source import Located

FOLDER = "in_step"
PAIRS = "pairs"
"""The folder of include/in_step whose folders hold what one pair has of its own."""
SCHEMA = "in_step.schema.json"


def load_policies(include: Path, pair: str) -> dict[str, Policy]:
    """Return the policies of a pair by entity; its own file is used in place of the one for all.

    Raises:
        ConfigurationError: A file is wrong; names the file, the line, the path in it and the fix.
    """
    folder = include / FOLDER
    own = folder / PAIRS / pair
    found = {path.stem: path for base in (folder, own) for path in sorted(base.glob("*.yaml"))}
    return {entity: load_policy(path) for entity, path in found.items()}


def load_policy(path: Path) -> Policy:
    """Read one file.

    Raises:
        ConfigurationError: The file is wrong; names the file, the line, the path and the fix.
    """
    located = read_checked(path, SCHEMA)
    for fault in _faults(path, located):
        raise fault.error()
    return Policy.model_validate({"entity": path.stem, **located.content})


def _faults(path: Path, located: Located) -> Iterator[Fault]:
    """Yield what a schema cannot say: an entity or a field that there is not."""
    known = MOVED.get(path.stem)
    if known is None:
        fix = f"Call the file after one of {', '.join(MOVED)}."
        yield Fault(Place(path, 1, ()), f"there is no entity {path.stem!r}", fix)
        return
    fields = located.content["fields"]
    for name in fields if isinstance(fields, dict) else ():
        if name in known or name.startswith(f"{CUSTOM}."):
            continue
        at = ("fields", name)
        problem = f"a {path.stem} has no field {name!r} that is kept in step"
        yield Fault(Place(path, located.line(at), at), problem, did_you_mean(name, known))
