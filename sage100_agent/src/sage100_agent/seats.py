"""Seats: how many sessions of Sage may be open at a time, over all companies.

A session is taken to hold a user licence, of which a site may have one to spare. Whoever holds a
seat and is asked for it gives it up between two commands, never within one.
"""

import threading
import time

SEAT_TIMEOUT_S = 20.0
"""Shorter than what a request waits for its reply."""


class Seats:
    """The seats of one agent."""

    def __init__(self, count: int = 1) -> None:
        """Start with all of them free."""
        self._free = count
        self._waiting = 0
        self._changed = threading.Condition()

    def take(self, timeout_s: float = SEAT_TIMEOUT_S) -> bool:
        """Take a seat, waiting for one; say whether there was one."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._waiting += 1
            try:
                while not self._free:
                    left_s = deadline_s - time.monotonic()
                    if left_s <= 0 or not self._changed.wait(left_s):
                        return False
                self._free -= 1
                return True
            finally:
                self._waiting -= 1

    def give_back(self) -> None:
        """Free a seat."""
        with self._changed:
            self._free += 1
            self._changed.notify()

    @property
    def is_wanted(self) -> bool:
        """Say whether somebody waits for a seat."""
        with self._changed:
            return self._waiting > 0
