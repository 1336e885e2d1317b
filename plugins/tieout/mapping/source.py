"""Reading the data files of include/: YAML and CSV, with errors that name the file and the fix.

Only reading belongs here; what the content means is for the module that asked.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import yaml
from typing_extensions import override

from tieout.errors import ConfigurationError


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, where YAML would keep the last silently."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            message = f"{', '.join(repeated)} is given twice"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}


def read_yaml(path: Path) -> Mapping[str, object]:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigurationError: The file is missing, is no YAML, or holds something else.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise ConfigurationError(
            message, remedy="Create the file, or correct its rights."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"{path} is not valid YAML: {' '.join(str(error).split())}."
        raise ConfigurationError(message, remedy="Correct the file at that place.") from error
    if not isinstance(content, dict):
        message = f"{path} holds no fields."
        raise ConfigurationError(message, remedy="Write it as 'name: value' lines.")
    return content


def read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV file that must have exactly these columns.

    Raises:
        ConfigurationError: The file is missing, or a header or row differs from ``columns``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, strict=True))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise ConfigurationError(
            message, remedy="Create the file, or correct its rights."
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        message = f"{path} is not valid CSV in UTF-8: {error}."
        raise ConfigurationError(message, remedy="Save it as CSV, UTF-8.") from error
    if not rows or tuple(rows[0]) != columns:
        message = f"{path} does not begin with the header {','.join(columns)}."
        raise ConfigurationError(message, remedy="Make that its first line.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            message = f"{path}, line {number}: {len(row)} values for {len(columns)} columns."
            raise ConfigurationError(message, remedy=f"Give {', '.join(columns)}.")
    return [dict(zip(columns, (cell.strip() for cell in row), strict=True)) for row in rows[1:]]
