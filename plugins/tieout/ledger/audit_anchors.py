"""The anchor file: one line of JSON per seal, kept where the database's people cannot write.

A line counts once its newline is there. A last line without one is what a crash left of a write:
readers pass over it, and the next append replaces it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from tieout.errors import ConfigurationError
from tieout.ledger.audit_chain import Anchor

ANCHORS_NAME = "audit_anchors.jsonl"
"""The file's name beside the connections file, unless somebody names another."""


def read_anchors(path: Path) -> list[Anchor]:
    """Return the anchors in the file, oldest first.

    Raises:
        ConfigurationError: There is no such file, or a line of it is no anchor.
    """
    lines = _whole(_content(path)).splitlines()
    return [_anchor(path, number, line) for number, line in enumerate(lines, start=1)]


def append_anchors(path: Path, anchors: Sequence[Anchor]) -> None:
    """Append the anchors, and return only when the disk has them.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    if not anchors:
        return
    lines = "".join(f"{anchor.model_dump_json()}\n" for anchor in anchors).encode()
    try:
        _append(path, lines)
    except OSError as error:
        raise ConfigurationError(
            f"The anchors cannot be appended to {path}: {error.strerror}.",
            remedy="Give a file that this account may append to; the seals wait for their anchors.",
        ) from error


def _append(path: Path, lines: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        present = path.read_bytes()
        if present != _whole(present):
            os.ftruncate(descriptor, len(_whole(present)))
        while lines:
            lines = lines[os.write(descriptor, lines) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The anchors in {path} cannot be read: {error.strerror}.",
            remedy="Name the file that 'tieout audit seal' writes. If it is lost, a cut-off tail "
            "can no longer be found.",
        ) from error


def _whole(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _anchor(path: Path, number: int, line: bytes) -> Anchor:
    try:
        return Anchor.model_validate_json(line)
    except ValidationError as error:
        raise ConfigurationError(
            f"Line {number} of {path} is no anchor.",
            remedy="Somebody changed the file: compare it with its copy.",
        ) from error
