"""Every answer that the tests get, judged by the specifications as it comes in."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import requests

from simulators.xero import deviations
from simulators.xero.client import Json
from simulators.xero.specification import Operation, Specification

PREFIX: Final = "/api.xro/2.0"


class Judge:
    """What the tests did, and what of it the specifications allow."""

    def __init__(self, shared: Path) -> None:
        """Read the specifications."""
        self.accounting = Specification(
            shared / "xero_accounting.yaml",
            extra_members=deviations.extra_members(),
            envelope=deviations.ENVELOPE,
        )
        self.identity = Specification(
            shared / "xero-identity.yaml", not_formats=deviations.NOT_A_FORMAT
        )
        self.seen: set[tuple[str, int]] = set()
        """The operations that were answered, with the status."""

    def __call__(self, answer: requests.Response) -> None:
        """Judge an answer.

        Raises:
            AssertionError: Neither the specification nor a known deviation allows it.
        """
        problems = self.problems(answer)
        request = answer.request
        assert not problems, f"{request.method} {request.url} -> {answer.status_code}: {problems}"

    def problems(self, answer: requests.Response) -> list[str]:
        """Return what is wrong with an answer."""
        path = unquote(urlsplit(answer.request.url or "").path)
        method, status = answer.request.method or "", answer.status_code
        if not path.startswith(PREFIX):
            return self._identity_problems(self.identity.operation(method, path), answer)
        asks_for_pdf = answer.request.headers.get("Accept") == deviations.PDF
        if asks_for_pdf and not path.endswith("/pdf"):
            path += "/pdf"
        operation = self.accounting.operation(method, path.removeprefix(PREFIX))
        if operation is not None:
            self.seen.add((operation.operation_id, status))
        if status in deviations.STATUSES:
            return deviations.STATUSES[status].problems(answer)
        if operation is None:
            return ["the specification has no such operation"]
        if status == requests.codes.bad_request:
            return self._refusal_problems(operation, answer)
        problems = self._body_problems(operation, answer)
        if not operation.exact.fullmatch(path.removeprefix(PREFIX)):
            keys = [f"{{{name}}}" for name in deviations.KEYS_BESIDE_IDS]
            is_known = any(key in operation.path for key in keys)
            problems += [] if is_known else ["the path names no id"]
        return problems

    def _identity_problems(
        self, operation: Operation | None, answer: requests.Response
    ) -> list[str]:
        if operation is None:
            return ["the specification has no such operation"]
        self.seen.add((operation.operation_id, answer.status_code))
        if answer.status_code == requests.codes.unauthorized:
            return deviations.STATUSES[answer.status_code].problems(answer)
        return _body_problems(self.identity, operation, answer)

    def _refusal_problems(self, operation: Operation, answer: requests.Response) -> list[str]:
        if _is_xml(answer):
            return []
        body = answer.json()
        problems = self.accounting.violations(_ERROR, {**body, "Elements": []})
        problems += [f"{name} is missing" for name in _ERROR_MEMBERS if name not in body]
        for element in body.get("Elements", []):
            problems += self._echo_problems(operation, element)
        return problems

    def _body_problems(self, operation: Operation, answer: requests.Response) -> list[str]:
        """Return what is wrong with a good answer, whose elements may be refused nevertheless."""
        plural, _ = self._elements(operation)
        if answer.status_code != requests.codes.ok or not plural or not _says_json(answer):
            return _body_problems(self.accounting, operation, answer)
        content = answer.json()
        elements = content.get(plural, [])
        refused = [e for e in elements if e.get("StatusAttributeString") == "ERROR"]
        others = {**content, plural: [e for e in elements if e not in refused]}
        problems = self.accounting.violations(operation.schema(200) or {}, others)
        problems += [f"{name} is missing" for name in deviations.ENVELOPE if name not in content]
        for element in refused:
            problems += self._echo_problems(operation, element)
        return problems

    def _echo_problems(self, operation: Operation, element: Json) -> list[str]:
        """Return what is wrong with a refused element: it says what was sent, and why not."""
        said = {"ValidationErrors": element.get("ValidationErrors")}
        echo = {name: value for name, value in element.items() if name not in said}
        _, form = self._elements(operation)
        return self.accounting.violations(_ELEMENT, said) + self.accounting.violations(
            form, echo, ignoring=deviations.NOT_ASKED_OF_ECHOES
        )

    def _elements(self, operation: Operation) -> tuple[str, Json]:
        """Return the name and the schema of the elements of an operation's good answer."""
        members = self.accounting.followed(operation.schema(200) or {}).get("properties", {})
        lists = ((n, m["items"]) for n, m in members.items() if "items" in m and n != "Warnings")
        return next(lists, ("", _ELEMENT))


_ERROR_MEMBERS: Final = ("ErrorNumber", "Type", "Message")
_ERROR: Final[Json] = {"$ref": "#/components/schemas/Error"}
_ELEMENT: Final[Json] = {"$ref": "#/components/schemas/Element"}


def _says_json(answer: requests.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/json")


def _is_xml(answer: requests.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/xml")


def _body_problems(
    rules: Specification, operation: Operation, answer: requests.Response
) -> list[str]:
    named = operation.answers.get(str(answer.status_code))
    if named is None:
        return [f"{operation.operation_id} answers {sorted(operation.answers)} only"]
    if "content" not in named:
        return ["an answer without a body has one"] if answer.content else []
    schema = operation.schema(answer.status_code)
    if schema is None or _is_xml(answer):
        return [] if answer.content else ["the body is missing"]
    if not _says_json(answer):
        return [f"the content type is {answer.headers.get('content-type')}"]
    return rules.violations(schema, answer.json())
