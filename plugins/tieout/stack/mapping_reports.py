"""What mappings do, as text for people and as plain values for programs; decides nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from tieout.mapping.coverage import Coverage, Side
from tieout.mapping.explain import Explained
from tieout.stack import account_reports
from tieout.stack.tables import text_table
from tieout.usecases.accounts import Coverage as AccountCoverage
from tieout.usecases.mapping_trial import Tried, TriedDocument

NOT_KNOWN = "-"


def problems_text(problems: Mapping[str, list[str]], *, against: str) -> str:
    """Return what is wrong with the mappings of each pair, and what they were held against."""
    lines = [f"{pair}: {problem}" for pair, found in problems.items() for problem in found]
    count = len(lines)
    said = "1 problem" if count == 1 else f"{count or 'no'} problems"
    return "\n".join([*lines, f"{said}, against {against}."])


def explained_json(explained: Sequence[Sequence[Explained]]) -> JsonValue:
    """Return how each payload came to be, field by field."""
    return {"payloads": [[one.model_dump(mode="json") for one in fields] for fields in explained]}


def explained_text(explained: Sequence[Sequence[Explained]]) -> str:
    """Return how each payload came to be, field by field, with the values that went in."""
    blocks = ["\n".join(line for one in fields for line in _field(one)) for fields in explained]
    return "\n\n".join(blocks)


def _field(one: Explained) -> Iterator[str]:
    if not one.rule:
        yield f"{one.field} is left out"
    elif one.problem:
        yield f"{one.field} cannot be made: {one.problem}"
    else:
        yield f"{one.field} = {_compact(one.value)}"
    if one.rule:
        yield f"    {one.rule}  ({one.file}, line {one.line})"
    for source in one.sources:
        yield f"    {source.path} = {_compact(source.value)}"
    for passed in one.passed_over:
        yield f"    passed over: {passed}"


def preview_json(tried: TriedDocument) -> JsonValue:
    """Return the payloads of a document."""
    return tried.model_dump(mode="json")


def preview_text(tried: TriedDocument) -> str:
    """Return the payloads that a document makes, each under what it is."""
    lines = [f"{tried.account} {tried.name}"]
    for one in tried.writes:
        lines.append(f"{_named(one)}:")
        lines.append(json.dumps(one.payload, indent=2, ensure_ascii=False))
    lines += [f"Set aside: {tried.problem}"] if tried.problem else []
    return "\n".join([*lines, "Nothing was written."])


def replay_json(tried: Mapping[str, Sequence[TriedDocument]]) -> JsonValue:
    """Return, by pair, the documents that would not come out as they were sent."""
    return {
        pair: {
            "documents": len(documents),
            "differing": [one.model_dump(mode="json") for one in documents if one.differs],
        }
        for pair, documents in tried.items()
    }


def replay_text(tried: Mapping[str, Sequence[TriedDocument]], *, days: int) -> str:
    """Return each document and field that would not come out as it was sent, and the counts."""
    lines = []
    for pair, documents in tried.items():
        differing = [one for one in documents if one.differs]
        lines += [line for one in differing for line in _document(one)]
        lines.append(
            f"{pair}: of {len(documents)} orders done in {days} days, {len(differing)} would come "
            "out otherwise. Nothing was written."
        )
    return "\n".join(lines)


def _document(document: TriedDocument) -> Iterator[str]:
    yield f"{document.account} {document.name}"
    if document.problem:
        yield f"  would be set aside: {document.problem}"
    for one in document.writes:
        if not one.changes:
            continue
        yield f"  {_named(one)}{'' if one.payload is not None else ' would not be written'}"
        if one.payload is None:
            continue
        for change in one.changes:
            yield f"    {change.path}: {_compact(change.was)} -> {_compact(change.now)}"


def _named(one: Tried) -> str:
    written = f"{one.target} {one.entity} {one.document_key}" if one.target else one.document_key
    return f"{one.mapping or 'no mapping'}: {written}"


def coverage_json(
    covered: Sequence[Coverage], moved_nowhere: Sequence[str], sold: AccountCoverage | None
) -> JsonValue:
    """Return what each mapping moves and leaves, what of an order goes nowhere, and the sales."""
    return {
        "mappings": [
            {
                "mapping": one.mapping,
                "source": {"percent": one.source.percent, **one.source.model_dump(mode="json")},
                "target": {"percent": one.target.percent, **one.target.model_dump(mode="json")},
            }
            for one in covered
        ],
        "moved_nowhere": list(moved_nowhere),
        "accounts": account_reports.coverage_json(sold),
    }


def coverage_text(
    covered: Sequence[Coverage], moved_nowhere: Sequence[str], *, with_fields: bool
) -> str:
    """Return the percents of each mapping, and with fields also what it leaves."""
    headers = ("mapping", "source", "of it", "target", "of it")
    rows = [(one.mapping, *_percent(one.source), *_percent(one.target)) for one in covered]
    lines = [text_table(headers, rows, right=" rrrr")]
    for one in covered if with_fields else ():
        lines += [f"\n{one.mapping}", *_left("source", one.source), *_left("target", one.target)]
    nowhere = ", ".join(moved_nowhere)
    return "\n".join([*lines, "", f"Of an order, no mapping moves: {nowhere or 'nothing'}."])


def _percent(side: Side) -> tuple[str, str]:
    if side.percent is None:
        return NOT_KNOWN, NOT_KNOWN
    return f"{side.percent} %", f"{len(side.moved)}/{len(side.moved) + len(side.left)}"


def _left(name: str, side: Side) -> list[str]:
    return [f"  {name} leaves: {', '.join(side.left)}"] if side.left else []


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
