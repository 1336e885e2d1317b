"""What was written of records, kept as long as nothing changes.

An answer of a thousand records is read again and again; writing it down is most of the work.
"""

from collections.abc import Callable, Hashable


class Renderings:
    """The texts of records in their forms, forgotten with the next change of any record."""

    def __init__(self, changes: Callable[[], int]) -> None:
        """Take what counts the changes; begin with nothing written."""
        self._count = changes
        self._counted = changes()
        self._texts: dict[Hashable, str] = {}

    def text(self, form: Hashable, write: Callable[[], str]) -> str:
        """Return what was written under this key since the last change, or write it now."""
        changes = self._count()
        if changes != self._counted:
            self._counted = changes
            self._texts.clear()
        text = self._texts.get(form)
        if text is None:
            text = self._texts[form] = write()
        return text
