"""A mapper that keeps what each mapping was given and made, for whoever explains or tries one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from tieout.domain.base import Json
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.mapping.engine import Mapped
from tieout.mapping.mapper import YamlMapper


@dataclass(frozen=True)
class Applied:
    """One application of a mapping: the whole record that its rules saw, and what they made of it.

    ``payload`` is None where they refused it, and ``refused`` says why.
    """

    mapping: str
    record: Mapping[str, object]
    payload: Json | None
    refused: str = ""


class RecordingMapper(YamlMapper):
    """Maps as the mapper does, and remembers."""

    def __init__(self, include: Path, pair: Pair) -> None:
        """Read the mapping files under ``include``, with nothing applied yet."""
        super().__init__(include, pair)
        self.applied: list[Applied] = []

    @override
    def mapped(self, mapping: str, record: Mapping[str, object]) -> Mapped:
        whole = {"pair": self._pair, **record}
        try:
            made = super().mapped(mapping, record)
        except RejectedError as error:
            self.applied.append(Applied(mapping, whole, None, refused=error.message))
            raise
        self.applied.append(Applied(mapping, whole, made.payload))
        return made
