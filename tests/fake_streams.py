"""The Streams port in memory, by the same contract as the real one (tests/contract)."""

from typing_extensions import override

from fake_audit import AuditEvent
from tieout.domain.ramps import (
    after_return,
    after_turn,
    is_back,
    is_news,
    rate,
    system_row,
    tells_by_system,
)
from tieout.domain.streams import (
    PROBE_EVERY_S,
    Admission,
    Stream,
    StreamState,
    after_access_refused,
    after_failure,
    after_judging,
    after_success,
    held,
    resumed,
    untouched,
)
from tieout.errors import RejectedError
from tieout.ports.clock import Clock
from tieout.ports.streams import Streams


class FakeStreams(Streams):
    """The streams in memory; ``audit`` has every change of a state, ``probes`` counts them."""

    def __init__(self, clock: Clock) -> None:
        self.audit: list[AuditEvent] = []
        self.probes: list[tuple[str, float]] = []
        self._clock = clock
        self._streams: dict[str, Stream] = {}

    @override
    def stream(self, name: str) -> Stream:
        return self._streams.get(name, untouched(name))

    @override
    def streams(self, pair: str | None = None) -> list[Stream]:
        known = [self._streams[name] for name in sorted(self._streams)]
        return [one for one in known if pair in {None, one.pair}]

    @override
    def peek(self, name: str) -> Admission:
        stream = self.stream(name)
        if stream.state is not StreamState.PAUSED:
            return Admission(stream=stream, is_admitted=stream.state is StreamState.OPEN)
        now = self._clock.now()
        since_s = (now - (stream.probed_at or now)).total_seconds()
        if since_s < PROBE_EVERY_S:
            return Admission(stream=stream, is_admitted=False, wait_s=PROBE_EVERY_S - since_s)
        return Admission(stream=stream, is_admitted=True, is_probe=True)

    @override
    def admit(self, name: str) -> Admission:
        seen = self.peek(name)
        if not seen.is_probe:
            return seen.model_copy(update={"is_ramping": self._is_ramping(name)})
        stream, now = seen.stream, self._clock.now()
        self.probes.append((name, now.timestamp()))
        probed = self._keep(stream.model_copy(update={"probed_at": now}))
        return Admission(stream=probed, is_admitted=True, is_probe=True)

    @override
    def turn(self, name: str, count: int) -> float:
        row_name = system_row(name)
        if row_name is None:
            return 0.0
        row, wait_s = after_turn(self.stream(row_name), self._clock.now(), count)
        if row != self.stream(row_name):
            self._keep(row)
        return wait_s

    @override
    def tell(self, name: str) -> bool:
        stream = self.stream(name)
        row_name = system_row(name) if tells_by_system(stream) else None
        row = self.stream(row_name or name)
        if not is_news(stream, row):
            return False
        self._keep(row.model_copy(update={"told_at": self._clock.now()}))
        return True

    def _is_ramping(self, name: str) -> bool:
        row_name = system_row(name)
        return row_name is not None and rate(self.stream(row_name), self._clock.now()) is not None

    @override
    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        after = after_judging(self.stream(name), self._clock.now(), good=good, is_bad=is_bad)
        return self._keep(after).state is StreamState.OPEN

    @override
    def failed(self, name: str, *, reason: str) -> Stream:
        return self._keep(after_failure(self.stream(name), self._clock.now(), reason=reason))

    @override
    def access_refused(self, name: str, *, reason: str) -> Stream:
        return self._keep(after_access_refused(self.stream(name), self._clock.now(), reason=reason))

    @override
    def succeeded(self, name: str) -> None:
        self._keep(after_success(self.stream(name), self._clock.now()))

    @override
    def hold(self, name: str, *, reason: str) -> None:
        self._keep(held(self.stream(name), self._clock.now(), reason=reason))

    @override
    def resume(self, name: str, *, by: str, reason: str) -> None:
        stream = self.stream(name)
        if stream.state is StreamState.OPEN:
            raise RejectedError(f"{name} is open", remedy="Leave it.", cause="stream_open")
        self._keep(resumed(stream, self._clock.now(), reason=reason), actor=by)

    def _keep(self, stream: Stream, *, actor: str = "fake") -> Stream:
        before = self.stream(stream.name)
        if stream.state is not before.state:
            self.audit.append(
                AuditEvent(
                    pair=stream.pair,
                    actor=actor,
                    action=f"stream.{stream.state}",
                    subject=f"stream/{stream.name}",
                )
            )
        self._streams[stream.name] = stream
        row_name = system_row(stream.name)
        if row_name is not None and is_back(before, stream):
            row = self.stream(row_name)
            self._streams[row_name] = after_return(row, self._clock.now(), before=before)
        return stream
