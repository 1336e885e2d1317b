"""Commands: the envelope of a request, and its identity.

What the document in it may contain belongs in documents.py; how it is written in writers/.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from sage100_agent.errors import BadCommandError, UnknownKindError

KINDS = (
    "customer.create",
    "customer.update",
    "customer_contact.save",
    "ship_to_address.save",
    "item.save",
    "vendor.save",
    "sales_order.create",
    "sales_order.set_deposit",
    "sales_invoice.create",
    "credit_memo.create",
    "ar_invoice.create",
    "cash_receipt.create",
    "ap_invoice.create",
    "manual_check.create",
    "manual_check.void",
    "manual_check.reverse",
    "purchase_order.create",
    "receipt.goods",
    "receipt.invoice",
)
RUN = re.compile(r"[A-Za-z0-9._:-]{0,23}")
COMMAND_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}")


@dataclass(frozen=True)
class Command:
    """One command; ``document`` as it came, ``epoch`` to fence a sender that lost its lease.

    ``run`` names the batch in which a person will find it; a later attempt may be of another run.
    """

    command_id: str
    company: str
    kind: str
    document: dict[str, Any]
    epoch: int = 0
    run: str = ""

    @property
    def payload_sha256(self) -> str:
        """Return the hash that tells whether two commands with one id ask for the same."""
        payload = [self.company, self.kind, self.document]
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def parse_command(body: bytes) -> Command:
    """Read a command from a request body.

    Raises:
        BadCommandError: The body is not a command; the message says what is missing.
    """
    try:
        envelope = json.loads(body.decode(), object_pairs_hook=_members)
    except (ValueError, RecursionError):
        message = "the body is not JSON in UTF-8 with each member named once"
        raise BadCommandError(message) from None
    if not isinstance(envelope, dict):
        message = "the body is not a JSON object"
        raise BadCommandError(message)
    unknown = set(envelope) - {"command_id", "company", "kind", "document", "epoch", "run"}
    if unknown:
        message = f"unknown members: {', '.join(sorted(unknown))}"
        raise BadCommandError(message)
    _check(envelope)
    return Command(
        command_id=envelope["command_id"],
        company=envelope["company"],
        kind=envelope["kind"],
        document=envelope["document"],
        epoch=envelope.get("epoch", 0),
        run=envelope.get("run", ""),
    )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a member named twice: readers of JSON differ in which of them counts."""
    members = dict(pairs)
    if len(members) < len(pairs):
        message = "a member is named twice"
        raise ValueError(message)
    return members


def _check(envelope: dict[str, Any]) -> None:
    for member, kind in (("command_id", str), ("company", str), ("kind", str), ("document", dict)):
        if not isinstance(envelope.get(member), kind):
            message = f"{member} must be a JSON {'object' if kind is dict else 'string'}"
            raise BadCommandError(message)
    if not COMMAND_ID.fullmatch(envelope["command_id"]):
        message = "command_id must be 1 to 128 letters, digits or . _ : / -"
        raise BadCommandError(message)
    if envelope["kind"] not in KINDS:
        message = f"this agent writes no {envelope['kind'][:40]!r}, only {', '.join(KINDS)}"
        raise UnknownKindError(message)
    epoch = envelope.get("epoch", 0)
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 0:
        message = "epoch must be a whole number of 0 or more"
        raise BadCommandError(message)
    run = envelope.get("run", "")
    if not isinstance(run, str) or not RUN.fullmatch(run):
        message = "run must be at most 23 letters, digits or . _ : -"
        raise BadCommandError(message)
