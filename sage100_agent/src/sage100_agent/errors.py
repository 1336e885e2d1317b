"""What can go wrong in the agent, by what is known about the write.

    AgentError
    ├── BadCommandError      the envelope is no command; nothing was done
    │   └── UnknownKindError     its kind is one that a newer agent writes, perhaps
    ├── RefusedError         the document is refused, by us or by Sage; nothing was written
    │   └── NumberTakenError     the record number belongs to somebody else's document
    ├── LockedError          another session holds a record; nothing was written
    ├── NotReadyError        no BOI session can be had; nothing was written
    │   └── MaintenanceError     none is to be had now; nothing was written
    ├── JournalError         the journal's file cannot be written, for a full disk perhaps
    └── ComError             a COM call died; whether it took effect is not known here

Nothing else belongs here.
"""


class AgentError(Exception):
    """Something the agent anticipated went wrong."""


class BadCommandError(AgentError):
    """The request is not a command."""


class RefusedError(AgentError):
    """The document cannot be written as it is."""

    def __init__(self, cause: str, message: str) -> None:
        """Keep the ``cause`` code beside the message."""
        super().__init__(message)
        self.cause = cause
        self.message = message


class NumberTakenError(RefusedError):
    """The key is in use by a document that is not ours."""

    def __init__(self, message: str) -> None:
        """Set the cause."""
        super().__init__("number_taken", message)


class LockedError(AgentError):
    """Another session has the record open; the same call may work in a moment."""


class NotReadyError(AgentError):
    """Nothing was written because Sage could not be reached or did not let us in."""

    retry_after_s: float | None = None
    """When to ask again, where that is known."""


class MaintenanceError(NotReadyError):
    """Nothing was written because Sage's files are wanted by somebody else."""

    def __init__(self, retry_after_s: float) -> None:
        """Keep how long it lasts yet."""
        super().__init__("Sage is left alone for maintenance.")
        self.retry_after_s = retry_after_s


class UnknownKindError(BadCommandError):
    """The command is of a kind that this agent does not write."""


class JournalError(AgentError):
    """The journal did not record the step, which is therefore not to be taken."""


class ComError(AgentError):
    """A COM call ended in an exception: the session behind it is not to be trusted any more."""
