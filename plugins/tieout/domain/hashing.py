"""Hashes over content: the same content, however it is spelled in JSON, has the same hash."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from tieout.domain.base import Json


def content_hash(content: Json, *, without: Collection[str] = ()) -> str:
    """Return the SHA-256 of ``content`` as sorted, compact JSON, leaving out top-level members."""
    kept = {name: value for name, value in content.items() if name not in without}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def folder_hash(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of all files below ``folder``."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def base36(number: int) -> str:
    """Write a non-negative integer in the digits 0-9 and A-Z."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
        if number == 0:
            return text
