"""A contact that is a customer and a vendor at once: one record in Xero, two in Sage 100.

Each of the two is bound by itself and kept in step by itself, so what they share goes to both. The
contact ends when neither of the two needs it any more; before that a person is asked.
"""

from tieout.domain.base import System
from tieout.domain.in_step.policy import ACTIVE, Fate, Policy
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.in_step.entities import ENTITIES, Entity
from tieout.usecases.in_step.reading import Thing

FATES = ("archived", "deleted", "merged")


def while_needed(flow: Flow, entity: Entity, policy: Policy, thing: Thing) -> Policy:
    """Return the policy for a thing: its end is asked about while its contact is somebody else's.

    Raises:
        RetryableError: Sage 100 cannot be read now.
    """
    contact, in_sage100 = thing.halves.get(System.XERO), thing.halves.get(System.SAGE100)
    has_ended = in_sage100 is None or not in_sage100.side.is_active
    if contact is None or not contact.side.is_active or not has_ended:
        return policy
    if not _is_needed(flow, entity, contact.external_id):
        return policy
    followed = [fate for fate in FATES if getattr(policy, fate) is Fate.FOLLOW]
    return policy.model_copy(update=dict.fromkeys(followed, Fate.ASK))


def _is_needed(flow: Flow, entity: Entity, contact_id: str) -> bool:
    """Say whether a record of another kind in Sage 100 is the contact's as well, and counts."""
    pair, ledger = flow.pair.pair, flow.ledger
    for other in ENTITIES.values():
        if other is entity:
            continue
        bound = ledger.bindings_to(pair, other.name, [contact_id], System.XERO).get(contact_id)
        keys = [bound.key] if bound else []
        for theirs in ledger.bindings(pair, other.name, keys, System.SAGE100).values():
            if _counts(flow, other, theirs.external_id):
                return True
    return False


def _counts(flow: Flow, entity: Entity, external_id: str) -> bool:
    resource = entity.sides[System.SAGE100].resource
    shown = guarded_read(
        flow, System.SAGE100, lambda: flow.sage100.shown(resource, [external_id])
    ).get(external_id)
    if shown is None:
        return False
    record = entity.read(flow.mapper, System.SAGE100, shown.node)
    return record.model_dump(mode="json").get(ACTIVE) is not False
