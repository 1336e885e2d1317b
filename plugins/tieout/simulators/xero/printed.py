"""Documents as PDF: one page of text, enough to see that it is one, and of which document.

The specification has a path for it; xero-python, and the page of the vendor on invoices, ask the
document itself to be ``application/pdf``.
"""

from collections.abc import Sequence
from typing import Final

from tieout.simulators.xero.document_records import DocumentMembers
from tieout.simulators.xero.exchange import Answer
from tieout.simulators.xero.store import Books

PART: Final = "pdf"
TYPE: Final = "application/pdf"


def printed(books: Books, title: str, document: DocumentMembers, contact_id: str) -> Answer:
    """Return a document as a PDF."""
    contact = books.contacts.get(contact_id)
    texts = [
        f"{title} of {books.organisation().name}",
        f"to {contact.name if contact else contact_id}",
        *(f"{line.description or ''}  {line.line_amount or ''}" for line in document.line_items),
        f"Total {document.currency_code} {document.total}",
    ]
    return Answer(raw=_pdf(texts), headers={"Content-Type": TYPE})


def _pdf(texts: Sequence[str]) -> bytes:
    """Return a PDF of one page (ISO 32000-1, 7.5: header, objects, table of them, trailer)."""
    shown = "".join(f"({_escaped(text)}) Tj T* " for text in texts)
    content = f"BT /F1 12 Tf 72 770 Td 16 TL {shown}ET".encode("latin-1", errors="replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources 6 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Font << /F1 4 0 R >> >>",
    )
    body = b"%PDF-1.4\n"
    table = b"0000000000 65535 f \n"
    for number, one in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n" % size + table + end


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
