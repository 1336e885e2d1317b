"""The breakers between flows and systems."""

from typing import Protocol

from tieout.domain.streams import Admission, Stream


class Streams(Protocol):
    """The breakers: one for each pair and direction of work, named by domain.streams.

    Every method is one transaction; every change of a state writes an audit row in it. Times are
    the ledger's.
    """

    def stream(self, name: str) -> Stream:
        """Return a stream as it stands; one that nothing ever happened to is open."""

    def streams(self, pair: str | None = None) -> list[Stream]:
        """Return the streams that anything ever happened to, by name."""

    def admit(self, name: str) -> Admission:
        """Ask whether work may go on now.

        A paused stream admits one probe each PROBE_EVERY_S, whoever asks first; the asking counts.
        """

    def peek(self, name: str) -> Admission:
        """Say what ``admit`` would answer, without asking: no probe is taken."""

    def turn(self, name: str, count: int) -> float:
        """Give ``count`` records their turn to be sent, or return in how many seconds to ask again.

        A system that was away takes more from minute to minute (domain.ramps); all streams of it
        share that. 0.0 = send now.
        """

    def tell(self, name: str) -> bool:
        """Say whether people are to be told of what stops the stream, and note that they are.

        Of two that ask at once one is told yes. Of a system that is away it is yes once.
        """

    def judged(self, name: str, *, good: int, is_bad: bool) -> bool:
        """Count ``good`` good records and, after them, one bad one if ``is_bad``.

        Returns whether the stream is open: if not, the bad one is not to be set aside.
        """

    def failed(self, name: str, *, reason: str) -> Stream:
        """Count a call that the system did not answer, and return the stream after it."""

    def access_refused(self, name: str, *, reason: str) -> Stream:
        """Pause because the system refused our access, and return the stream after it."""

    def succeeded(self, name: str) -> None:
        """Forget the failures; a paused stream goes on, a held one stays held."""

    def hold(self, name: str, *, reason: str) -> None:
        """Hold the stream until a person resumes it; held again, it says the newest reason."""

    def resume(self, name: str, *, by: str, reason: str) -> None:
        """Let a paused or held stream go on, on the word of the person ``by``.

        Raises:
            RejectedError: It is open (``stream_open``).
        """
