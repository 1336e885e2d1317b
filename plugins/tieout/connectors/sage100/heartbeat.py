"""The agent's heartbeat: its version, what it can write, how it is; and whether it fits Tieout."""

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict

PROTOCOL = 1
"""What this Tieout speaks: the number in the agent's paths."""


class CompanyStanding(BaseModel):
    """One company that the agent serves."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    is_alive: bool
    queued: int
    has_session: bool


class Heartbeat(BaseModel):
    """What an agent says of itself."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Literal["ok", "maintenance", "unwell"]
    version: str
    protocol: int
    kinds: frozenset[str]
    in_doubt: int
    closed_for_s: float | None = None
    companies: dict[str, CompanyStanding]

    def problems(self, company: str, kinds: Collection[str]) -> list[str]:
        """Return what is in the way of writing ``kinds`` into ``company``, with remedies."""
        found = []
        if self.protocol != PROTOCOL:
            spoken = f"it speaks protocol {self.protocol}, Tieout {PROTOCOL}"
            found.append(f"{spoken}: update the older of the two")
        missing = sorted(set(kinds) - self.kinds)
        if missing:
            found.append(f"it does not write {', '.join(missing)}: update the agent")
        standing = self.companies.get(company)
        if standing is None:
            found.append(f"it does not serve {company}: start it with --company {company}:...")
        elif not standing.is_alive:
            found.append(f"its thread for {company} has ended: restart the agent")
        return found

    def described(self) -> str:
        """Return the heartbeat in a line."""
        closed = "" if self.closed_for_s is None else f", closed for {self.closed_for_s:.0f} s yet"
        queued = sum(company.queued for company in self.companies.values())
        return (
            f"{self.status}{closed}: version {self.version}, protocol {self.protocol}, "
            f"{queued} queued, {self.in_doubt} in doubt"
        )
