"""What can go wrong, grouped by what the caller should do about it (ADR 0005).

    TieoutError
    ├── FatalError              stop the flow; a person must change something first
    │   ├── ConfigurationError      a file, a connection or a setting is wrong
    │   ├── AuthenticationError     a system no longer accepts our credentials
    │   ├── StreamHeldError         a double was found; a person looks first
    │   └── WebhooksMissedError     events of a source never came, or belong to nobody
    ├── RetryableError          nothing is known to be written; try again later
    │   ├── RateLimitedError        the system asked us to wait
    │   └── UnavailableError        the system did not take the request
    │       ├── StreamPausedError       we did not even ask it
    │       └── UnsettledError          what was sent before may yet land; only time settles it
    ├── OutcomeUnknownError     sent, and no trustworthy answer: only reading the target settles it
    └── RejectedError           this one record is refused; its neighbors go on

Every error says what happened and, in ``remedy``, what to do next. Nothing else belongs here.
"""

from typing_extensions import override


class TieoutError(Exception):
    """Something Tieout anticipated went wrong."""

    def __init__(self, message: str, *, remedy: str) -> None:
        """Keep what happened (``message``) and what a person or program should do (``remedy``)."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    @override
    def __str__(self) -> str:
        """Return both sentences."""
        return f"{self.message} {self.remedy}"


class FatalError(TieoutError):
    """Trying again without a change cannot help."""


class ConfigurationError(FatalError):
    """A file, a connection or a setting is wrong or missing."""


class AuthenticationError(FatalError):
    """A system refused our credentials or our rights."""


class StreamHeldError(FatalError):
    """A person holds this work, or a double does; nothing was sent."""


class WebhooksMissedError(FatalError):
    """Events that a source numbered never came, or belong to no pair: a person looks why."""


class ConsentError(AuthenticationError):
    """No refresh token that we hold is accepted any more: a person must connect the app anew."""


class RetryableError(TieoutError):
    """Nothing was written; the same call may work later."""

    def __init__(self, message: str, *, remedy: str, retry_after_s: float | None = None) -> None:
        """Also keep how long the system asked us to wait, in seconds, if it said so."""
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class RateLimitedError(RetryableError):
    """The system's request budget is used up for now."""


class UnavailableError(RetryableError):
    """The system could not be reached, or refused before doing any work."""


class StreamPausedError(UnavailableError):
    """This work pauses; nothing was sent, and nothing else is to be sent now."""

    def __init__(
        self, message: str, *, remedy: str, retry_after_s: float | None = None, stream: str = ""
    ) -> None:
        """Also keep which stream pauses."""
        super().__init__(message, remedy=remedy, retry_after_s=retry_after_s)
        self.stream = stream


class UnsettledError(UnavailableError):
    """An earlier send may yet land, and nothing would refuse a second one: wait it out."""


class OutcomeUnknownError(TieoutError):
    """A write was sent and its answer was lost: look it up at the target before sending again."""


class RejectedError(TieoutError):
    """One record cannot be processed as it is."""

    def __init__(
        self, message: str, *, remedy: str, cause: str, field: str = "", value: str = ""
    ) -> None:
        """Also keep the ``cause`` code and, where one field is at fault, its name and value."""
        super().__init__(message, remedy=remedy)
        self.cause = cause
        self.field = field
        self.value = value
