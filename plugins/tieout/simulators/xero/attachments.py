"""Files attached to documents and contacts: listed, uploaded by name, and read back byte for byte.

Ours, for want of a document: at most ten files per document, which names are refused, and that a
name that is there already is overwritten. A file is as large as a body may be.
"""

import base64
import mimetypes
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tieout.simulators.xero import history
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.refusals import NotFoundError, check
from tieout.simulators.xero.side_records import Attachment
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import Json, members

PART: Final = "attachments"
_FILES_MAX: Final = 10
_NAME_LENGTH_MAX: Final = 255
_BARRED: Final = re.compile(r'[<>:"/\\|?*+%&\x00-\x1f]')
_URL: Final = "https://api.xero.com/api.xro/2.0"
_UNKNOWN_TYPE: Final = "application/octet-stream"


def attached(serve: Callable[[Call], Answer], plural: str, id_key: str) -> Callable[[Call], Answer]:
    """Return how to serve a resource whose records take files."""

    def answer(call: Call) -> Answer:
        if call.action != PART:
            return serve(call)
        alone = replace(call, method="GET", action="", part_id="", query={}, body=b"")
        content = serve(alone).content or {}
        found = content.get(plural)
        element = found[0] if isinstance(found, list) else {}
        return _files(call, plural, str(element[id_key]))

    return answer


def are_on(books: Books, record_id: str | None) -> bool:
    """Say whether a record has files."""
    return bool(books.attachments.find("subject", record_id))


def _files(call: Call, plural: str, subject_id: str) -> Answer:
    files = call.books.attachments.find("subject", subject_id)
    if not call.part_id:
        return Answer(content={"Attachments": [_shown(file) for file in files]})
    key = call.part_id.casefold()
    known = (file for file in files if key in (file.file_name.casefold(), file.attachment_id))
    prior = next(known, None)
    if call.method == "GET":
        if prior is None:
            raise NotFoundError
        return Answer(
            raw=base64.b64decode(prior.content), headers={"Content-Type": prior.mime_type}
        )
    check(_problems(call, len(files) if prior is None else 0))
    file = Attachment(
        attachment_id=prior.attachment_id if prior else call.books.new_id(),
        subject_id=subject_id,
        resource=plural,
        file_name=prior.file_name if prior else call.part_id,
        mime_type=_mime_type(call),
        include_online=call.flag("includeOnline") if "includeonline" in call.query else None,
        content=base64.b64encode(call.body).decode(),
        added=call.books.clock(),
    )
    history.recorded(call.books, subject_id, "Attached a file", file.file_name)
    return Answer(content={"Attachments": [_shown(call.books.attachments.put(file))]})


def _problems(call: Call, others: int) -> list[str]:
    messages = []
    if not call.body:
        messages.append("The attachment is empty")
    if _BARRED.search(call.part_id) or len(call.part_id) > _NAME_LENGTH_MAX:
        messages.append("The file name is not valid")
    if others >= _FILES_MAX:
        messages.append(f"A document can have at most {_FILES_MAX} attachments")
    return messages


def _mime_type(call: Call) -> str:
    named = call.headers.get("content-type", "").partition(";")[0].strip()
    guessed, _ = mimetypes.guess_type(call.part_id)
    if named and named != _UNKNOWN_TYPE:
        return named
    return guessed or _UNKNOWN_TYPE


def _shown(file: Attachment) -> Json:
    return {
        **members(file, "attachment_id", "file_name"),
        "Url": f"{_URL}/{file.resource}/{file.subject_id}/Attachments/{file.file_name}",
        **members(file, "mime_type"),
        "ContentLength": len(base64.b64decode(file.content)),
        **members(file, "include_online"),
    }
