"""Private batches: one for each run of Tieout's and kind of document, named after the run.

A person posts or deletes a batch as a whole, and so decides about one run at a time. A command
without a run gets a batch for itself.
"""

from dataclasses import dataclass

from sage100_agent.boi import BusinessObject
from sage100_agent.errors import RefusedError
from sage100_agent.journal import Journal

COMMENT_LENGTH_MAX = 30


@dataclass(frozen=True)
class Batches:
    """The batches of one kind of document in one run."""

    journal: Journal
    company: str
    kind: str
    run: str

    def open(self, entry: BusinessObject, reference: str) -> str:
        """Enter the run's batch, a new one when it has none, and return its number.

        ``reference`` names the document where there is no run to be named.
        """
        if not self.run:
            return entry.select_new_batch(f"Tieout {reference}"[:COMMENT_LENGTH_MAX])
        known = self.journal.batch(self.company, self.kind, self.run)
        if known:
            try:
                entry.select_batch(known)
            except RefusedError:
                pass  # people have posted or deleted it: the rest of the run gets another
            else:
                return known
        number = entry.select_new_batch(f"Tieout {self.run}"[:COMMENT_LENGTH_MAX])
        self.journal.keep_batch(self.company, self.kind, self.run, number)
        return number
