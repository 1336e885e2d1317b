"""The streams of a pair as a plan sees them: it passes through them all, and counts nothing."""

from typing_extensions import override

from tieout.domain.streams import Admission, Stream, StreamState
from tieout.ports.streams import Streams
from tieout.usecases.planning.targets import Notes
from tieout.usecases.planning.unplanned import unplanned


class PlanningStreams(Streams):
    """Streams that let a plan through and count nothing; those that are not open are noted."""

    def __init__(self, real: Streams, notes: Notes) -> None:
        """Take the real streams."""
        self._real = real
        self._notes = notes

    @override
    def stream(self, name: str) -> Stream:
        return self._real.stream(name)

    @override
    def streams(self, pair: str | None = None) -> list[Stream]:
        return self._real.streams(pair)

    @override
    def admit(self, name: str) -> Admission:
        stream = self._real.stream(name)
        if stream.state is not StreamState.OPEN:
            self._notes.blocked[name] = f"{name} is {stream.state}: {stream.reason}"
        return Admission(stream=stream, is_admitted=True)

    @override
    def peek(self, name: str) -> Admission:
        return self.admit(name)

    @override
    def turn(self, name: str, count: int) -> float:
        return 0.0

    @override
    def tell(self, name: str) -> bool:
        return False

    @override
    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        return True

    @override
    def failed(self, name: str, *, reason: str) -> Stream:
        return self._real.stream(name)

    @override
    def access_refused(self, name: str, *, reason: str) -> Stream:
        return self._real.stream(name)

    @override
    def succeeded(self, name: str) -> None:
        """Nothing was sent."""

    @override
    def hold(self, name: str, *, reason: str) -> None:
        unplanned("held")

    @override
    def resume(self, name: str, *, by: str, reason: str) -> None:
        unplanned("resumed")
