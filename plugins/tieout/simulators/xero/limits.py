"""The vendor's request limits and their headers (domain/xero README, 2.3).

Windows are fixed and begin at another second for each organisation. Counts are kept in memory: a
restart opens new windows.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_MINUTE_S: Final = 60
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class Limits:
    """How many calls an app may make: per organisation, and per minute over all of them."""

    per_minute: int = 60
    per_day: int = 5000
    concurrent: int = 5
    app_per_minute: int = 10_000


@dataclass
class _Window:
    number: int = -1
    count: int = 0


@dataclass
class Meter:
    """Counts calls against the limits."""

    limits: Limits
    clock: Callable[[], datetime]
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _running: Counter[tuple[str, str]] = field(default_factory=Counter)

    def enter(self, client_id: str, tenant_id: str, path: str) -> dict[str, str]:
        """Count a call in; return the headers of a 429 when it is one too many, else nothing."""
        problem, retry_after = self._problem(client_id, tenant_id)
        if problem:
            self.refused[tenant_id] += 1
            headers = {"X-Rate-Limit-Problem": problem}
            if retry_after:
                headers["Retry-After"] = str(retry_after)
            return headers
        for name, seconds in (("minute", _MINUTE_S), ("day", _DAY_S)):
            self._window(f"{client_id} {name}", tenant_id, seconds).count += 1
        self._window(client_id, "app", _MINUTE_S).count += 1
        self.calls.setdefault(tenant_id, Counter())[path] += 1
        self._running[client_id, tenant_id] += 1
        return {}

    def leave(self, client_id: str, tenant_id: str) -> None:
        """Count a call out."""
        self._running[client_id, tenant_id] -= 1

    def headers(self, client_id: str, tenant_id: str) -> dict[str, str]:
        """Return what every answer says about the limits."""
        day = self._window(f"{client_id} day", tenant_id, _DAY_S).count
        minute = self._window(f"{client_id} minute", tenant_id, _MINUTE_S).count
        app = self._window(client_id, "app", _MINUTE_S).count
        return {
            "X-DayLimit-Remaining": str(max(self.limits.per_day - day, 0)),
            "X-MinLimit-Remaining": str(max(self.limits.per_minute - minute, 0)),
            "X-AppMinLimit-Remaining": str(max(self.limits.app_per_minute - app, 0)),
        }

    def _problem(self, client_id: str, tenant_id: str) -> tuple[str, int]:
        if self._running[client_id, tenant_id] >= self.limits.concurrent:
            return "concurrent", 0
        if self._window(f"{client_id} day", tenant_id, _DAY_S).count >= self.limits.per_day:
            return "day", self._left(tenant_id, _DAY_S)
        minute = self._window(f"{client_id} minute", tenant_id, _MINUTE_S)
        if minute.count >= self.limits.per_minute:
            return "minute", self._left(tenant_id, _MINUTE_S)
        if self._window(client_id, "app", _MINUTE_S).count >= self.limits.app_per_minute:
            return "appminute", self._left("app", _MINUTE_S)
        return "", 0

    def _window(self, owner: str, tenant_id: str, seconds: int) -> _Window:
        number = (int(self.clock().timestamp()) + _offset(tenant_id)) // seconds
        window = self._windows.setdefault((owner, tenant_id), _Window())
        if window.number != number:
            window.number, window.count = number, 0
        return window

    def _left(self, tenant_id: str, seconds: int) -> int:
        return seconds - (int(self.clock().timestamp()) + _offset(tenant_id)) % seconds


def _offset(tenant_id: str) -> int:
    """Return the organisation's own shift of the windows, in seconds."""
    return sum(tenant_id.encode()) * 7
