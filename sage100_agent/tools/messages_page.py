# ruff: noqa: INP001 - a script, no part of the package
"""Print docs/reference/sage100-messages.md, from the agent's table of messages."""

from sage100_agent.messages import Policy, When, ours

HEAD = """# Messages of Sage 100

What Sage 100 says when it is written to, and what Tieout does. Made by
`python sage100_agent/tools/messages_page.py` from `sage100_agent/src/sage100_agent/messages.json`;
a test compares.

The Business Object Interface gives no codes, only words: a message is known by the words that it
contains, whatever their case, and the first row that fits counts. *Unconfirmed* wording is from
general knowledge and is to be compared on the first site, as is *our wording*, which is the
simulator's. A site corrects the table without waiting for us: `--messages FILE` of the agent puts
rows before these, as JSON: `[{"when": "warning", "pattern": "words of Sage", "policy": "accept"}]`.
"""
DOES = {
    Policy.ACCEPT: "**accept**: writes; the text stays with the document",
    Policy.HOLD: "**hold**: writes nothing; a dead letter waits for a person",
    Policy.REJECT: "**reject**: writes nothing; a dead letter",
    Policy.RETRY: "**retry**: writes nothing now, and tries again",
}
WARNINGS = """## Warnings (return code -1)
Sage has taken a value and warns of it. The agent judges all warnings of a document before the first
call that stores anything; a warning of that call itself comes too late to be held, and stays with
the document.
"""
FAILURES = """## Refusals (return code 0)
Sage has not taken a value, a key or the document. Nothing is stored; a number that was taken for it
stays a gap.
"""


def page() -> str:
    """Return the page."""
    lines = [HEAD]
    for when, text in ((When.WARNING, WARNINGS), (When.FAILURE, FAILURES)):
        lines += [text, "| words | meaning | what Tieout does | cause | then | wording |"]
        lines.append("|---|---|---|---|---|---|")
        for rule in ours():
            if rule.when is when:
                words = f"`{rule.pattern}`".replace("|", "\\|") if rule.pattern else "anything else"
                cause = f"`{rule.cause}`" if rule.cause else ""
                cells = (words, rule.meaning, DOES[rule.policy], cause, rule.remedy, rule.source)
                lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - printing is what this tool does
