"""What the processes of an installation share of one Xero organization."""

from dataclasses import dataclass

from tieout.ports.budget import CallBudget
from tieout.ports.references import References
from tieout.ports.tokens import TokenStore


@dataclass(frozen=True)
class Shared:
    """Tokens, turns to call, and codes that were read; without one, a connector keeps its own."""

    tokens: TokenStore | None = None
    budget: CallBudget | None = None
    references: References | None = None


SHARING_NOTHING = Shared()
