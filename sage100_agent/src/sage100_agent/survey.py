"""What stood in Sage before the journal began: a journal that was lost doubles nothing.

Everything that this journal's agent wrote is in the journal. Everything older is found by its mark,
which is read from Sage once for each kind, before the first write of that kind. What is done with
a record that is found belongs in worker.py.
"""

from sage100_agent.errors import NotReadyError, RefusedError
from sage100_agent.journal import Entry, Journal
from sage100_agent.writers.base import Surveyor, Work, Writer


def sighted(journal: Journal, entry: Entry, writer: Writer, work: Work) -> dict[str, str] | None:
    """Return the key under which the command's document may stand since before the journal.

    Raises:
        NotReadyError: Sage does not list its records, so nobody knows; nothing was written.
    """
    if not isinstance(writer, Surveyor):
        return None
    mark = writer.mark(work.document)
    if not mark:
        return None
    company, kind = entry.command.company, entry.command.kind
    if not journal.has_survey(company, kind):
        try:
            seen = list(writer.marked(work))
        except RefusedError as error:
            message = f"the journal is new, and what Sage holds cannot be listed: {error}"
            raise NotReadyError(message) from error
        finally:
            work.session.drop_objects()
        journal.keep_survey(company, kind, seen)
    key = journal.sighted(company, kind, mark)
    return None if key is None else key | writer.own_key(work.document)
