"""The Streams port in memory, by the same contract as the real one (tests/contract)."""

from typing_extensions import override

from tieout.domain.ledger import AuditEvent
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
            return seen
        stream, now = seen.stream, self._clock.now()
        self.probes.append((name, now.timestamp()))
        probed = self._keep(stream.model_copy(update={"probed_at": now}))
        return Admission(stream=probed, is_admitted=True, is_probe=True)

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
        if stream.state is not self.stream(stream.name).state:
            self.audit.append(
                AuditEvent(
                    pair=stream.pair,
                    actor=actor,
                    action=f"stream.{stream.state}",
                    subject=f"stream/{stream.name}",
                )
            )
        self._streams[stream.name] = stream
        return stream
