"""What COM looks like from Python: late-bound objects, by-reference arguments, ``ComError``.

``ComObject`` shows exactly the names that its inner object lists in METHODS and PROPERTIES; any
other raises AttributeError, as late binding does. An object works only on the thread that made its
``ProvideX.Script`` (a single-threaded apartment), and never again after a ComError. Armed faults
strike here, between the client and the object. What the business objects do does not belong here.
"""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, Protocol

from typing_extensions import override

RPC_SERVER_UNAVAILABLE = -2147023174
RPC_WRONG_THREAD = -2147417842
DISPATCH_EXCEPTION = -2147352567
DISPATCH_TYPE_MISMATCH = -2147352571
EXIT_STATUS_KILLED = 137

Scalar = str | int | float


class ComError(Exception):
    """A failed COM call; ``args`` are laid out as those of ``pywintypes.com_error``."""

    def __init__(self, hresult: int, text: str, description: str = "") -> None:
        """Say what failed; ``description`` is the server's own text."""
        source = (0, "ProvideX.Script", description, None, 0, hresult) if description else None
        super().__init__(hresult, text, source, None)
        self.hresult = hresult
        self.description = description


class RefusedError(Exception):
    """The object answers 0 and shows this message as sLastErrorMsg."""


class ByRef(Protocol):
    """An argument that the server fills, such as ``win32com.client.VARIANT``."""

    value: Scalar


class Fault(Protocol):
    """One blow of an armed fault."""

    @property
    def kind(self) -> str:
        """Return what happens."""

    @property
    def ends_process(self) -> bool:
        """Say whether the client's own process ends, too."""


class Apartment:
    """The thread and the life that all objects of one ``ProvideX.Script`` share."""

    def __init__(self) -> None:
        """Belong to the calling thread."""
        self._thread_id = threading.get_ident()
        self._is_dead = False

    def check(self) -> None:
        """Raise ComError on another thread, or when the server is gone."""
        if threading.get_ident() != self._thread_id:
            text = "The application called an interface that was marshalled for a different thread."
            raise ComError(RPC_WRONG_THREAD, text)
        if self._is_dead:
            raise ComError(RPC_SERVER_UNAVAILABLE, "The RPC server is unavailable.")

    def die(self, *, ends_process: bool = False) -> NoReturn:
        """Lose the server, or the whole process with it."""
        if ends_process:
            os._exit(EXIT_STATUS_KILLED)
        self._is_dead = True
        raise ComError(RPC_SERVER_UNAVAILABLE, "The RPC server is unavailable.")


class Exposed:
    """An object of the server: what it shows, and its last error."""

    METHODS: ClassVar[Mapping[str, str]] = {"DropObject": "drop"}
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        "sLastErrorMsg": "last_error_message",
        "nLastErrorNum": "last_error_number",
        "sLastErrorNum": "last_error_number",
    }

    def __init__(self) -> None:
        """Start without an error."""
        self.last_error_message = ""
        self.last_error_number = 0
        self.is_dropped = False

    def take_fault(self, method: str) -> Fault | None:
        """Return the fault that strikes this call."""
        del method
        return None

    def drop(self) -> int:
        """Let go of the object."""
        self.is_dropped = True
        return 1


class ComObject:
    """A late-bound reference to an object of the server."""

    def __init__(self, inner: Exposed, apartment: Apartment) -> None:
        """Refer to ``inner``."""
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_apartment", apartment)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a COM object has no Python type
        """Bind a name late, as IDispatch does."""
        if name == "_FlagAsMethod":
            return _flag_as_method
        inner, apartment = unwrap(self), _apartment(self)
        if name in inner.PROPERTIES:
            apartment.check()
            value = getattr(inner, inner.PROPERTIES[name])
            return ComObject(value, apartment) if isinstance(value, Exposed) else value
        if name in inner.METHODS:
            return _Method(name, inner, apartment)
        message = f"{type(inner).__name__}.{name}"
        raise AttributeError(message)

    @override
    def __setattr__(self, name: str, value: object) -> None:
        message = f"Property '{type(unwrap(self)).__name__}.{name}' can not be set."
        raise AttributeError(message)


class _Method:
    """One method of one object, ready to be called."""

    def __init__(self, name: str, inner: Exposed, apartment: Apartment) -> None:
        self._name = name
        self._inner = inner
        self._apartment = apartment

    def __call__(self, *arguments: object) -> object:
        """Call the server: 0 and a message when it refuses."""
        self._apartment.check()
        inner = self._inner
        if inner.is_dropped:
            raise ComError(DISPATCH_EXCEPTION, "Exception occurred.", "Object has been dropped")
        fault = inner.take_fault(self._name)
        inner.last_error_message, inner.last_error_number = "", 0
        if fault is not None and fault.kind == "lock":
            inner.last_error_message = "The record is in use by another workstation."
            return 0
        if fault is not None and fault.kind != "drop_after_write":
            self._apartment.die(ends_process=fault.ends_process)
        result = self._answer(arguments)
        if fault is not None:
            self._apartment.die(ends_process=fault.ends_process)
        return ComObject(result, self._apartment) if isinstance(result, Exposed) else result

    def _answer(self, arguments: tuple[object, ...]) -> object:
        method: Callable[..., object] = getattr(self._inner, self._inner.METHODS[self._name])
        unwrapped = [
            unwrap(given) if isinstance(given, ComObject) else given for given in arguments
        ]
        try:
            return method(*unwrapped)
        except RefusedError as refused:
            self._inner.last_error_message = str(refused)
            return 0
        except TypeError as error:
            raise ComError(DISPATCH_TYPE_MISMATCH, "Type mismatch.", str(error)) from error


def unwrap(reference: ComObject) -> Exposed:
    """Return the object behind a reference."""
    inner = object.__getattribute__(reference, "_inner")
    if not isinstance(inner, Exposed):
        message = "a ComObject refers to an object of the server"
        raise TypeError(message)
    return inner


def _apartment(reference: ComObject) -> Apartment:
    apartment = object.__getattribute__(reference, "_apartment")
    if not isinstance(apartment, Apartment):
        message = "a ComObject lives in an apartment"
        raise TypeError(message)
    return apartment


def _flag_as_method(*_names: str) -> None:
    """Accept what pywin32 needs to be told; nothing to do here."""
