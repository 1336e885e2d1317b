"""The vendor's specification as the judge of answers: operation, status and body of every one.

Schemas are read as OpenAPI 3.0 means them, references followed wherever they lead, and strictly: a
member that a schema does not name is a violation. Where reality is known to differ from the
specification, deviations says so, with its source.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from jsonschema import FormatChecker, ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator

from simulators.xero.client import Json

_MS_DATE = re.compile(r"/Date\(-?\d+(\+0000)?\)/")
_ID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_METHODS = ("get", "put", "post", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of a specification."""

    operation_id: str
    method: str
    path: str
    parameters: frozenset[str]
    answers: Mapping[str, Json]
    exact: re.Pattern[str]
    """Its paths, ids being ids."""
    loose: re.Pattern[str]
    """Its paths, ids being anything."""

    def schema(self, status: int) -> Json | None:
        """Return the schema of an answer in JSON, None where there is none."""
        content = self.answers.get(str(status), {}).get("content", {})
        schema: Json | None = content.get("application/json", {}).get("schema")
        return schema


class Specification:
    """One of the vendor's files, its schemas made strict."""

    def __init__(
        self,
        file: Path,
        *,
        extra_members: Mapping[str, Json] = MappingProxyType({}),
        envelope: Mapping[str, Json] = MappingProxyType({}),
        not_formats: Sequence[str] = (),
    ) -> None:
        """Read it, with members that its schemas lack, and those that every good answer has."""
        self._formats = FormatChecker(())
        checkers = OAS30Validator.FORMAT_CHECKER.checkers
        self._formats.checkers = {n: c for n, c in checkers.items() if n not in not_formats}
        with file.open(encoding="utf-8") as text:
            self._document: Json = yaml.load(text, yaml.CSafeLoader)
        self.operations = tuple(sorted(self._operations(), key=_breadth))
        for name, schema in self._document["components"]["schemas"].items():
            if "properties" in schema:
                schema["properties"] |= extra_members.get(name, {})
                schema["additionalProperties"] = False
        for operation in self.operations:
            good = self.followed(operation.schema(200) or {})
            good.setdefault("properties", {}).update(envelope)

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request is: by an id before any other key."""
        named = [o for o in self.operations if o.method == method]
        exact = (o for o in named if o.exact.fullmatch(path))
        loose = (o for o in named if o.loose.fullmatch(path))
        return next(exact, None) or next(loose, None)

    def violations(
        self, schema: Json, content: object, *, ignoring: Sequence[str] = ()
    ) -> list[str]:
        """Return what in a content breaks a schema, and where; some keywords may be ignored."""
        rules = {**schema, "components": self._document["components"]}
        errors = _Validator(rules, format_checker=self._formats).iter_errors(content)
        return [f"{e.json_path}: {e.message}" for e in errors if e.validator not in ignoring]

    def examples(self) -> Iterator[tuple[str, list[object]]]:
        """Yield the examples of answers by the operation, or the shared answer, that has them."""
        for operation in self.operations:
            yield operation.operation_id, [*map(_examples, operation.answers.values())]
        for name, answer in self._document["components"]["responses"].items():
            yield name, _examples(answer)

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self._document["paths"].items():
            for method in _METHODS:
                if method in methods:
                    yield self._operation(method, path, methods)

    def _operation(self, method: str, path: str, methods: Json) -> Operation:
        named = [self.followed(p) for p in methods[method].get("parameters", ())]
        ids = [p["name"] for p in named if p["schema"].get("format") == "uuid"]
        return Operation(
            methods[method]["operationId"],
            method.upper(),
            path,
            frozenset(p["name"] for p in named),
            {code: self.followed(one) for code, one in methods[method]["responses"].items()},
            _pattern(path, ids),
            _pattern(path, ()),
        )

    def followed(self, part: Json) -> Json:
        """Return what a reference leads to."""
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        found: Json = self._document["components"][kind][name]
        return found


def _examples(answer: Json) -> list[object]:
    """Return the examples of an answer; some are texts of JSON."""
    given = [media.get("example") for media in answer.get("content", {}).values()]
    return [yaml.safe_load(one) if isinstance(one, str) else one for one in given]


def _breadth(operation: Operation) -> tuple[int, int]:
    """Order words before ids, and ids before names, where a path could be either."""
    return operation.exact.pattern.count("[^/]+"), operation.path.count("{")


def _pattern(path: str, ids: Sequence[str]) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    texts = [re.escape(part) for part in parts[::2]]
    names = [_ID if name in ids else "[^/]+" for name in parts[1::2]]
    whole = "".join(text + name for text, name in zip(texts, [*names, ""], strict=True))
    return re.compile(whole, re.IGNORECASE)


def _is_ms_date(
    _validator: Any, wanted: object, instance: object, _schema: Json
) -> Iterator[ValidationError]:
    if wanted and isinstance(instance, str) and not _MS_DATE.fullmatch(instance):
        yield ValidationError(f"{instance!r} is not a /Date()/")


_Validator = extend(OAS30Validator, {"x-is-msdate": _is_ms_date, "x-is-msdate-time": _is_ms_date})
