"""A tie-out as files for whoever signs it: HTML to read, CSV to work with, JSON with its hash."""

import csv
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tieout.domain.money import ZERO
from tieout.domain.tie_out import TieOut
from tieout.stack.reports import tie_out_text

STYLE = "body{font:14px sans-serif;margin:2em}td,th{padding:2px 8px;text-align:left}"


def save(proof: TieOut, folder: Path) -> list[Path]:
    """Write the three files of a proof and return their paths; the hash is of the JSON's proof."""
    folder.mkdir(parents=True, exist_ok=True)
    told = proof.model_dump(mode="json")
    sealed = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    digest = hashlib.sha256(sealed.encode("ascii")).hexdigest()
    stem = folder / f"tie-out-{proof.pair}-{proof.as_of}-{proof.known_at:%Y%m%dT%H%M%SZ}"
    paths = [stem.with_name(f"{stem.name}{suffix}") for suffix in (".json", ".csv", ".html")]
    whole = json.dumps({"proof": told, "sha256": digest}, indent=1, sort_keys=True)
    paths[0].write_text(whole + "\n", encoding="utf-8")
    with paths[1].open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("class", "document", "since", "role", "amount", "explanation"))
        writer.writerows(_rows(proof))
    paths[2].write_text(_page(proof, digest), encoding="utf-8")
    return paths


def _rows(proof: TieOut) -> Iterable[Sequence[str]]:
    for item in proof.items:
        amounts = {**item.amounts, **{f"customer {k}": v for k, v in item.parties.items()}}
        for role, amount in sorted(amounts.items()) or [("", ZERO)]:
            since = item.since.isoformat() if item.since else ""
            what = (str(item.difference_class), item.document, since)
            yield (*what, role, f"{amount:.2f}", item.explanation)


def _page(proof: TieOut, digest: str) -> str:
    """Return a page of its own: what was read, the proof as text, and every item's documents."""
    sources = [
        (one.name, str(one.count or ""), f"{one.total:.2f}", str(one.through or one.problem))
        for one in proof.sources
    ]
    items = [
        (str(one.difference_class), one.document, one.explanation, ", ".join(one.documents))
        for one in proof.items
    ]
    title = html.escape(f"Tie-out of {proof.pair} as of {proof.as_of}: {proof.light}")
    return "\n".join(
        (
            f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>",
            f"<h1>{title}</h1><p>Known {proof.known_at:%Y-%m-%d %H:%M} UTC. SHA-256 {digest}</p>",
            f"<pre>{html.escape(tie_out_text(proof))}</pre><h2>Differences</h2>",
            _table(("class", "document", "why", "documents"), items),
            "<h2>What was read</h2>",
            _table(("source", "count", "control total", "through"), sources),
            "",
        )
    )


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(one)}</th>" for one in headers)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(one)}</td>' for one in row)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
