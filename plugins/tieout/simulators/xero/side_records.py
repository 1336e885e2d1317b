"""Records that hang on others: groups of contacts, files attached to documents, and history."""

from datetime import datetime
from typing import Annotated

from tieout.simulators.xero.wire import Wire, one_of

GroupStatus = Annotated[str, one_of("ACTIVE", "DELETED")]


class ContactGroup(Wire):
    """A group of contacts; in a request, whatever of it was sent."""

    contact_group_id: str | None = None
    name: str | None = None
    status: GroupStatus | None = None
    contact_ids: tuple[str, ...] = ()


class ContactLink(Wire):
    """A contact as a group names it."""

    contact_id: str | None = None


class Attachment(Wire):
    """A file of a document; the bytes are in base 64."""

    attachment_id: str
    subject_id: str
    resource: str
    file_name: str
    mime_type: str
    include_online: bool | None = None
    content: str
    added: datetime


class Note(Wire):
    """A history record of a document."""

    note_id: str = ""
    subject_id: str = ""
    changes: str | None = None
    details: str | None = None
    user: str = "System Generated"
    at: datetime | None = None
