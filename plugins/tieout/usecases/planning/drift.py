"""What changed between a plan and the same plan made again, in words."""

from collections.abc import Sequence

from tieout.domain.ledger import Document, WriteKey
from tieout.domain.plan import Plan, PlannedDocument, PlannedWrite, Version


def drift(planned: Plan, now: Plan, known: Sequence[Document]) -> list[str]:
    """Return what changed; ``known`` are the flow's unsettled documents, to say what became of one.

    Empty only if both have the same hash.
    """
    found = _versions(planned, now)
    again = {document.version: document for document in now.documents}
    for document in planned.documents:
        same = again.get(document.version)
        if same is None:
            found.append(_gone(document, known))
        elif same != document:
            found += _changed(document, same)
    extra = set(again) - {document.version for document in planned.documents}
    found += [f"{again[one].name} is new" for one in sorted(extra, key=lambda one: one.source_id)]
    if not found and planned.plan_hash != now.plan_hash:
        found = [f"the plan made now has the hash {now.plan_hash}"]
    return found


def _versions(planned: Plan, now: Plan) -> list[str]:
    pairs = (
        ("mapping", planned.mapping_version, now.mapping_version),
        ("rule set of the gate", planned.rule_set, now.rule_set),
        ("pair's settings", planned.settings_hash, now.settings_hash),
    )
    return [
        f"the {what} changed: {before[:12]} then, {after[:12]} now"
        for what, before, after in pairs
        if before != after
    ]


def _gone(document: PlannedDocument, known: Sequence[Document]) -> str:
    """Say why a document is no longer to be had in the version that was planned."""
    version = document.version
    for one in reversed(known):
        if (one.account, one.source_id) != (version.account, version.source_id):
            continue
        if one.content_hash != version.content_hash:
            return f"{document.name} changed at its source, at {one.version_at:%Y-%m-%d %H:%M:%S}"
        if one.state in ("held", "dead_letter"):
            return f"{document.name} is a {one.state} document by now"
        return f"{document.name} is in the hands of another run"
    return f"{document.name} no longer waits: it was posted, skipped or replaced meanwhile"


def _changed(planned: PlannedDocument, now: PlannedDocument) -> list[str]:
    name = planned.name
    found = []
    if (planned.ending, planned.cause, planned.rule) != (now.ending, now.cause, now.rule):
        found.append(f"{name} would {_ends(planned)} then, and {_ends(now)} now")
    before, after = _by_key(planned), _by_key(now)
    for key in sorted(before.keys() | after.keys()):
        then, new = before.get(key), after.get(key)
        if then != new:
            found.append(f"{name}: {_write_changed(key, then, new)}")
    if planned.conflicts != now.conflicts:
        said = ", ".join(one.field for one in now.conflicts) or "nothing"
        found.append(f"{name}: the ledgers disagree otherwise by now, on {said}")
    return found or [f"{name} is planned otherwise"]


def _by_key(document: PlannedDocument) -> dict[WriteKey, PlannedWrite]:
    return {write.key: write for write in document.writes if not write.is_live}


def _ends(document: PlannedDocument) -> str:
    why = document.cause or document.rule
    return f"{document.ending} ({why}: {document.message})" if why else str(document.ending)


def _write_changed(key: WriteKey, then: PlannedWrite | None, now: PlannedWrite | None) -> str:
    what = f"{key[0]} {key[1]} {key[2]}"
    if then is None:
        return f"{what} was not planned"
    if now is None:
        return f"{what} would no longer be written"
    if then.action != now.action:
        return f"{what}: {then.action} then, {now.action} now"
    if then.changes != now.changes:
        return f"{what}: the target shows something else: {_shown(then)} then, {_shown(now)} now"
    return f"{what} would be written with other content"


def _shown(write: PlannedWrite) -> str:
    return (
        ", ".join(f"{one.field} {one.before or 'nothing'}" for one in write.changes) or "no change"
    )


def versions(plan: Plan) -> set[Version]:
    """Return the versions that a plan is made of."""
    return {document.version for document in plan.documents}
