"""Versions of one record: of those that wait, the newest counts."""

from collections.abc import Sequence

from tieout.domain.ledger import UNFINISHED, Document, DocumentState
from tieout.usecases.flow import Flow


def newest_versions(flow: Flow, documents: Sequence[Document]) -> list[Document]:
    """Skip the unfinished versions that a newer one supersedes, whichever run holds them.

    Of a record that a person holds, a newer version is held as well: the word is on the record.
    """
    newest = {(document.account, document.source_id): document for document in documents}
    given = [document.document_id for document in newest.values()]
    for document in flow.ledger.other_versions(given):
        record = (document.account, document.source_id)
        newer = newest.get(record)
        if newer is None or document.document_id >= newer.document_id:
            continue
        if document.state in UNFINISHED:
            flow.ledger.skip_document(document.document_id, rule="superseded")
        elif document.state is DocumentState.HELD:
            flow.ledger.hold(newer.document_id, reason=document.held_for)
            del newest[record]
    return list(newest.values())
