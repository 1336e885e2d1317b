"""The Business Object Interface: return codes, sessions and business objects, in its own idiom.

What a lock is, what a refusal is and what a warning is, is decided here. Which columns a document
sets, and in which order, belongs in writers/.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from sage100_agent.com import Com, ComObject
from sage100_agent.documents import Field, with_own
from sage100_agent.errors import ComError, LockedError, NotReadyError, RefusedError
from sage100_agent.messages import Messages, Policy, When

FAILED = 0
WARNING = -1
SEPARATOR = "\u0160"
"""chr(138) in cp1252, which ends every value of a result set."""


class KeyState(IntEnum):
    """What nSetKey found."""

    EXISTING = 1
    NEW = 2


@dataclass(frozen=True)
class Task:
    """Where a business object lives: its module, and the task whose rights it needs."""

    module: str
    task: str
    business_object: str


@dataclass(frozen=True)
class Login:
    """One company's credentials."""

    company: str
    user: str
    password: str


def failure(owner: ComObject, action: str) -> Exception:
    """Return the error for a return code of 0, by the message on the same object."""
    message = str(owner.read("sLastErrorMsg") or "Sage gave no message.")
    rule = Messages().rule(When.FAILURE, message)
    if rule.policy is Policy.RETRY:
        return LockedError(f"{action}: {message}")
    return RefusedError(rule.cause, f"{action}: {message}")


class BusinessObject:
    """One ``_bus`` object, or the lines of one; collects the warnings that Sage gave."""

    def __init__(self, raw: ComObject, com: Com, warnings: list[str]) -> None:
        """Wrap a COM object."""
        self._object = raw
        self._com = com
        self.warnings = warnings

    def next_number(self, method: str) -> str:
        """Return the next number of a series; it is used up by asking.

        Raises:
            RefusedError: Sage gave none.
        """
        reference = self._com.text_reference()
        if self._object.number(method, reference) == FAILED or not reference.value:
            raise failure(self._object, method)
        return str(reference.value)

    def select_new_batch(self, comment: str) -> str:
        """Open a private batch and return its number."""
        reference = self._com.text_reference()
        arguments = (reference, "Y", comment)
        if self._object.number("nSelectNewBatch", *arguments) == FAILED or not reference.value:
            raise failure(self._object, "nSelectNewBatch")
        return str(reference.value)

    def select_batch(self, batch_no: str) -> None:
        """Enter the batch ``batch_no``."""
        self._checked("nSelectBatch", batch_no, action=f"batch {batch_no}")

    def set_key(self, key: Mapping[str, str]) -> KeyState:
        """Set the record key; say whether the record exists.

        Raises:
            LockedError: Another session has the record.
            RefusedError: Sage does not accept the key.
        """
        for column, value in key.items():
            self.set_key_part(column, value)
        code = self._object.number("nSetKey")
        if code not in (KeyState.EXISTING, KeyState.NEW):
            raise failure(self._object, "nSetKey")
        return KeyState(code)

    def set_key_part(self, column: str, value: str) -> None:
        """Set one part of the record key."""
        self._checked("nSetKeyValue", column, value, action=f"key {column}")

    def set_values(self, values: Mapping[str, str], fields: Mapping[str, Field]) -> None:
        """Set columns in the order of ``fields``, the site's own after them.

        Numbers go as doubles, as BOI takes them.
        """
        for name, field in with_own(fields, values).items():
            if name in values:
                text = values[name]
                self.set_value(field.column, float(text) if field.is_numeric else text)

    def set_value(self, column: str, value: str | float) -> None:
        """Set one column by its BOI name.

        Raises:
            LockedError: A record it refers to is held by another session.
            RefusedError: Sage does not accept the value.
        """
        self._checked("nSetValue", column, value, action=column)

    def text(self, column: str) -> str:
        """Return a string column."""
        reference = self._com.text_reference()
        if self._object.number("nGetValue", column, reference) == FAILED:
            raise failure(self._object, f"reading {column}")
        return str(reference.value or "")

    def amount(self, column: str, scale: int = 2) -> str:
        """Return a numeric column as text with ``scale`` decimals."""
        reference = self._com.number_reference()
        if self._object.number("nGetValue", column, reference) == FAILED:
            raise failure(self._object, f"reading {column}")
        return f"{float(reference.value or 0):.{scale}f}"

    def listing(self, first: str, second: str) -> list[tuple[str, str]]:
        """Return two expressions over every record of the file; columns are joined by ``+``.

        Raises:
            RefusedError: Sage does not list them.
        """
        firsts, seconds = self._com.text_reference(), self._com.text_reference()
        arguments = (first, second, firsts, seconds, "", "", "")
        if self._object.number("nGetResultSets", *arguments) == FAILED:
            raise failure(self._object, "nGetResultSets")
        values = [str(one.value or "").split(SEPARATOR)[:-1] for one in (firsts, seconds)]
        return list(zip(*values, strict=True))

    def is_on_file(self, key: Mapping[str, str]) -> bool:
        """Read the record of the key; say whether there is one."""
        for column, value in key.items():
            self.set_key_part(column, value)
        return self._object.number("nFind") != FAILED

    def records(self) -> Iterator["BusinessObject"]:
        """Go through the records or lines; each in turn is the current one, and may be written."""
        self._object.number("nMoveFirst")
        while not self._object.read("nEOF"):
            yield self
            self._object.number("nMoveNext")

    def write_line(self) -> None:
        """Put the current line back into the document, which is not stored by that."""
        self._checked("nWrite", action="line")

    def part(self, name: str) -> "BusinessObject":
        """Return an object that this one holds, such as ``oLines``; it shares the warnings."""
        return BusinessObject(ComObject(self._object.read(name)), self._com, self.warnings)

    def copy_lines_from_order(self, order_no: str) -> None:
        """Take over an order's lines, with all that is left of each."""
        self._checked("nCopyLinesFromSalesOrder", order_no, "Y", action=f"order {order_no}")

    def add_line(self, values: Mapping[str, str], fields: Mapping[str, Field]) -> None:
        """Add one line and write it into the document, which is not stored by that."""
        self._checked("nAddLine", action="nAddLine")
        self.set_values(values, fields)
        self.write_line()

    def write(self) -> None:
        """Store the document.

        Raises:
            LockedError: A record is held by another session; nothing was stored.
            RefusedError: Sage refused it; nothing was stored.
            ComError: The call died; what was stored is not known.
        """
        self._checked("nWrite", action="nWrite")

    def delete(self) -> bool:
        """Delete the record that the key names; say whether Sage did."""
        return self._object.number("nDelete") != FAILED

    def drop(self) -> None:
        """Release the object."""
        self._object.call("DropObject")

    def _checked(self, method: str, *arguments: object, action: str) -> None:
        code = self._object.number(method, *arguments)
        if code == FAILED:
            raise failure(self._object, action)
        if code == WARNING:
            self.warnings.append(f"{action}: {self._object.read('sLastErrorMsg')}")


class BoiSession:
    """One logged-on session of one company; only the thread that opened it may use it."""

    def __init__(self, com: Com, *, home: str, login: Login) -> None:
        """Log on.

        Raises:
            NotReadyError: Sage is not there, or does not let this user into this company.
        """
        self._com = com
        self._objects: list[BusinessObject] = []
        try:
            self._script = ComObject(com.dispatch("ProvideX.Script"))
            self._script.call("Init", home)
            self._session = ComObject(self._script.call("NewObject", "SY_Session"))
            self._log_on(login)
        except NotReadyError:
            raise
        except Exception as error:  # dispatch raises whatever the binding does
            message = f"no BOI session for {login.company}: {type(error).__name__}"
            raise NotReadyError(message) from error

    def _log_on(self, login: Login) -> None:
        steps: Sequence[tuple[str, tuple[str, ...]]] = (
            ("nSetUser", (login.user, login.password)),
            ("nSetCompany", (login.company,)),
        )
        logged_on = self._session.number("nLogon") != FAILED
        for method, arguments in steps[1:] if logged_on else steps:
            if self._session.number(method, *arguments) == FAILED:
                said = self._session.read("sLastErrorMsg")
                message = f"no BOI session for {login.company}: {method}: {said}"
                raise NotReadyError(message)

    def open(self, task: Task, today: date, warnings: list[str]) -> BusinessObject:
        """Enter a task and return its business object; a task must be entered before.

        Raises:
            NotReadyError: The user has no right to the task.
        """
        self._enter(task, today)
        raw = self._script.call("NewObject", task.business_object, self._session.raw)
        if raw is None:
            message = f"Sage gives no {task.business_object}: does the role allow {task.task}?"
            raise NotReadyError(message)
        created = BusinessObject(ComObject(raw), self._com, warnings)
        self._objects.append(created)
        return created

    def _enter(self, task: Task, today: date) -> None:
        session = self._session
        if session.number("nSetDate", task.module, today.strftime("%Y%m%d")) == FAILED:
            raise NotReadyError(f"nSetDate: {session.read('sLastErrorMsg')}")
        if session.number("nSetModule", task.module) == FAILED:
            raise NotReadyError(f"nSetModule: {session.read('sLastErrorMsg')}")
        handle = session.number("nSetProgram", session.number("nLookupTask", task.task))
        if handle == FAILED:
            raise NotReadyError(f"nSetProgram {task.task}: {session.read('sLastErrorMsg')}")

    def drop_objects(self) -> None:
        """Release every business object, last first."""
        while self._objects:
            self._objects.pop().drop()

    def close(self) -> None:
        """Log off and release everything; a session that died is released as far as it goes."""
        try:
            self.drop_objects()
            self._session.number("nCleanup")
            self._session.call("DropObject")
        except ComError:
            # The server behind the session is gone: there is nothing left to release.
            self._objects.clear()
