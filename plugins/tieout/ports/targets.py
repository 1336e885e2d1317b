"""What deliveries are written to."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tieout.domain.base import DeliveryId, System
from tieout.domain.ledger import Delivery, Landed, Outcome


class Target(Protocol):
    """One entity at one system that deliveries are written to."""

    system: System
    entity: str
    batch_max: int
    guard: str
    """What at the target refuses a second copy, in words; '' when nothing does."""
    looks_up_first: bool
    """Whether a look-up precedes a first send, because nothing at the target refuses copies."""
    key_window_s: float | None
    """How long the target surely remembers an idempotency key, in seconds; None = for ever."""
    settle_s: float
    """How long after it was sent a write may still land, in seconds."""

    updates_known: bool = False
    """Whether a create whose key is taken already updates the record that has it."""

    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what the target already holds for the deliveries, found by their keys."""

    def present(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what stands now where each delivery would go, whosever and whatever it is.

        For plans: what a write would meet or change. Where a key cannot be taken by somebody else,
        it is what ``find`` finds.
        """
        return self.find(deliveries)

    def calls(self, count: int) -> int:
        """Return how many calls a send of so many takes, its look-ups and read-back included."""
        return 2 * -(-count // self.batch_max)

    def copies_held(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Sequence[str]]:
        """Return the external ids of every live copy that the target holds of each delivery.

        Where the target refuses a second copy this is what ``find`` finds.
        """
        return {key: (landed.external_id,) for key, landed in self.find(deliveries).items()}

    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        """Write at most ``batch_max`` deliveries and return one outcome for each.

        Raises:
            RetryableError: Certainly nothing was written.
            OutcomeUnknownError: Something may have been written.
        """
