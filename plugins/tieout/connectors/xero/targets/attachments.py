"""Files attached to records, told apart by record and file name, and compared by content.

A payload has the record's ``resource`` (such as Invoices) and ``record_id``, the ``file_name``, the
``mime_type`` and the ``content`` in base64.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from typing_extensions import override

from tieout.connectors.http import after_write
from tieout.connectors.xero.answers import SaidAttachment
from tieout.connectors.xero.client import rows_of
from tieout.connectors.xero.refusals import unfit, whole_refusal
from tieout.connectors.xero.targets.base import Found, Key, text
from tieout.connectors.xero.targets.kinds import UnaskedTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import DeliveryId, Json
from tieout.domain.ledger import Delivery, Landed, Outcome

FILE_BYTES_MAX = 3_500_000
"""The smaller of the two limits that Xero names for a request (domain/xero README, 1.1)."""
NAME_CHARACTERS_MAX = 255
BARRED = frozenset('<>:"/\\|?*+%&')
HOLDERS = (
    "BankTransactions",
    "Contacts",
    "CreditNotes",
    "Invoices",
    "PurchaseOrders",
)
"""Resources whose records take files, of those that we write."""


class AttachmentTarget(UnaskedTarget):
    """Files; one of the same name would replace the other, so another's name is not taken."""

    entity = "attachment"
    batch_max = 1
    guard = "FileName: Xero keeps one file of a name on a record, and the content is compared"
    model = "Attachment"
    resource = Resource("", "Attachments", "PUT", "AttachmentID", {})

    @override
    def calls(self, count: int) -> int:
        return 5 * count

    @override
    def _key(self, payload: Json) -> Key:
        resource = text(payload, "resource")
        if resource not in HOLDERS:
            message = f"files go to {', '.join(HOLDERS)}, not to {resource}"
            raise ValueError(message)
        name = text(payload, "file_name").casefold()
        return resource, text(payload, "record_id").lower(), name

    @override
    def _mark(self, payload: Json) -> str:
        return hashlib.sha256(_content(payload)).hexdigest()

    @override
    def _unfit(self, payload: Json) -> str:
        name = text(payload, "file_name")
        size = len(_content(payload))
        if BARRED & set(name) or not name.isprintable() or len(name) > NAME_CHARACTERS_MAX:
            return f"{name!r} is no name that Xero takes for a file"
        if not 0 < size <= FILE_BYTES_MAX:
            return f"a file has 1 to {FILE_BYTES_MAX} bytes, not {size}"
        return ""

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        """Read the files of the names, whole: Xero tells no hash of them."""
        for resource, record_id, name in keys:
            place = f"{resource}/{record_id}/Attachments"
            for row in self.client.rows(place, "Attachments"):
                file = SaidAttachment.of(row)
                if file.file_name.casefold() == name:
                    content = self.client.get(f"{place}/{file.attachment_id}", {}).body
                    digest = hashlib.sha256(content).hexdigest()
                    landed = Landed(
                        external_id=file.attachment_id,
                        external_no=file.file_name,
                        figures={"sha256": digest, "bytes": str(len(content))},
                    )
                    yield Found((resource, record_id, name), landed, mark=digest)

    @override
    def sent(self, deliveries: Sequence[Delivery], resource: Resource) -> dict[DeliveryId, Outcome]:
        """Put each file by itself: its body is the file, not a list of elements."""
        return {one.delivery_id: self._put(one) for one in deliveries}

    def _put(self, delivery: Delivery) -> Outcome:
        payload = delivery.payload
        try:
            if problem := self._key(payload) and self._unfit(payload):
                return unfit(problem).outcome()
            mime_type = text(payload, "mime_type")
        except ValueError as error:
            return unfit(error).outcome()
        place = f"{payload['resource']}/{payload['record_id']}/Attachments"
        answer = self.client.upload(
            f"{place}/{quote(text(payload, 'file_name'), safe='')}",
            content=_content(payload),
            content_type=mime_type,
            idempotency_key=delivery.idempotency_key,
        )
        if not answer.is_success:
            return self.refused(delivery, whole_refusal(answer))
        with after_write():
            rows_of(answer, "Attachments")
            return self.landed(delivery, {}, self.find([delivery]).get(delivery.delivery_id))


def _content(payload: Json) -> bytes:
    """Return a payload's file.

    Raises:
        ValueError: It is not in base64.
    """
    try:
        return base64.b64decode(text(payload, "content"), validate=True)
    except binascii.Error as error:
        message = "its content is not base64"
        raise ValueError(message) from error
