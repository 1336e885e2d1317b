"""The checklist of a close as text for people and as plain values for programs."""

from pydantic import JsonValue

from tieout.domain.checklist import Answer, Checklist
from tieout.stack.tables import text_table

WORDS = {Answer.DONE: "done", Answer.OPEN: "OPEN", Answer.PERSON: "for a person"}


def checklist_json(found: Checklist) -> JsonValue:
    """Return the checklist, and whether no fact speaks against closing."""
    shown: JsonValue = {**found.model_dump(mode="json"), "is_done": found.is_done}
    return shown


def checklist_text(found: Checklist) -> str:
    """Return the checklist, a line for each of its lines."""
    rows = [(one.asked, WORDS[one.answer], one.said) for one in found.lines]
    title = f"{found.pair}, to be closed through {found.through}"
    return f"{title}\n{text_table(('line', 'answer', 'by what'), rows)}"
