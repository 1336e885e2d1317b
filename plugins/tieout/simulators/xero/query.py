"""The query languages of lists: ``where`` and ``order``.

``where`` is the subset of the vendor's .NET-like expressions that its documents show: comparisons
of a field with a literal, ``Contains``/``StartsWith``/``EndsWith`` on texts, AND/OR, parentheses.
Texts compare without regard to case (README, 1.2). Resources decide which fields they have.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from tieout.simulators.xero.refusals import BadQueryError

T = TypeVar("T")
Value: TypeAlias = str | bool | Decimal | datetime | None
Fields: TypeAlias = Mapping[str, Callable[[T], object]]
Predicate: TypeAlias = Callable[[T], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?[mMdD]?)
      | (?P<operator>==|!=|>=|<=|>|<|=)
      | (?P<logic>&&|\|\|)
      | (?P<sign>[(),])
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda whole, part: part in whole,
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
}
_DATE_PARTS = 3


class _Guid(str):
    """A ``Guid("...")`` literal; it compares as text with an id field only."""

    __slots__ = ()


class _Parser(Generic[T]):
    """One parse of one expression."""

    def __init__(self, text: str, fields: Fields[T], type_name: str) -> None:
        self._fields = fields
        self._type_name = type_name
        self._tokens = _tokens(text)
        self._at = 0

    def parse(self) -> Predicate[T]:
        predicate = self._either()
        if self._at < len(self._tokens):
            message = f"Syntax error at '{self._tokens[self._at][1]}'"
            raise BadQueryError(message)
        return predicate

    def _either(self) -> Predicate[T]:
        branches = [self._both()]
        while self._take_logic("OR", "||"):
            branches.append(self._both())
        return lambda record: any(branch(record) for branch in branches)

    def _both(self) -> Predicate[T]:
        terms = [self._term()]
        while self._take_logic("AND", "&&"):
            terms.append(self._term())
        return lambda record: all(term(record) for term in terms)

    def _term(self) -> Predicate[T]:
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        name = self._next("word")
        parts = name.rsplit(".", 1)
        test = _TEXT_TESTS.get(parts[-1].lower()) if len(parts) > 1 else None
        if test:
            return self._text_test(self._field(parts[0]), test)
        return self._comparison(self._field(name), name)

    def _text_test(
        self, read: Callable[[T], object], test: Callable[[str, str], bool]
    ) -> Predicate[T]:
        self._expect("(")
        part = str(self._literal()).casefold()
        self._expect(")")
        return lambda record: test(str(read(record) or "").casefold(), part)

    def _comparison(self, read: Callable[[T], object], name: str) -> Predicate[T]:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "operator":
            return lambda record: read(record) is True
        operator = self._next("operator")
        literal = self._literal()
        is_id = name.lower().endswith("id")
        if isinstance(literal, str) and is_id != isinstance(literal, _Guid):
            left, right = ("Guid", "String") if is_id else ("String", "Guid")
            message = (
                f"Operator '{operator}' incompatible with operand types '{left}' and '{right}'"
            )
            raise BadQueryError(message)
        return lambda record: _holds(_value(read(record)), operator, literal)

    def _literal(self) -> Value:
        kind, token = self._pop()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if kind == "number":
            return Decimal(token.rstrip("mMdD"))
        word = token.lower()
        if word in ("true", "false"):
            return word == "true"
        if word == "null":
            return None
        if word in ("guid", "guid.parse"):
            self._expect("(")
            text = self._next("text")[1:-1]
            self._expect(")")
            return _Guid(text)
        if word in ("datetime", "datetime.parse"):
            return self._moment()
        message = f"No property or field '{token}' exists in type '{self._type_name}'"
        raise BadQueryError(message)

    def _moment(self) -> datetime:
        self._expect("(")
        parts: list[str] = []
        while not self._take(")"):
            parts.append(self._pop()[1].strip('"'))
            self._take(",")
        try:
            if len(parts) >= _DATE_PARTS:
                numbers = [int(part) for part in parts[:6]]
                hour, minute, second = (*numbers[_DATE_PARTS:], 0, 0, 0)[:_DATE_PARTS]
                at = time(hour, minute, second)
                return datetime.combine(date(*numbers[:_DATE_PARTS]), at, tzinfo=UTC)
            return _at_midnight(date.fromisoformat(parts[0][:10]))
        except (IndexError, ValueError) as error:
            message = f"'{','.join(parts)}' is no DateTime"
            raise BadQueryError(message) from error

    def _field(self, name: str) -> Callable[[T], object]:
        read = self._fields.get(name.lower())
        if read is None:
            message = f"No property or field '{name}' exists in type '{self._type_name}'"
            raise BadQueryError(message)
        return read

    def _pop(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            message = "Expression expected"
            raise BadQueryError(message)
        self._at += 1
        return self._tokens[self._at - 1]

    def _next(self, kind: str) -> str:
        found, token = self._pop()
        if found != kind:
            message = f"Syntax error at '{token}'"
            raise BadQueryError(message)
        return token

    def _take(self, sign: str) -> bool:
        taken = self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)
        self._at += taken
        return taken

    def _take_logic(self, word: str, sign: str) -> bool:
        token = self._tokens[self._at][1] if self._at < len(self._tokens) else ""
        taken = token.upper() == word or token == sign
        self._at += taken
        return taken

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            message = f"'{sign}' expected"
            raise BadQueryError(message)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            message = f"Syntax error at position {position}"
            raise BadQueryError(message)
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        position = match.end()
    return tokens


def _at_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _value(value: object) -> Value:
    if isinstance(value, date) and not isinstance(value, datetime):
        return _at_midnight(value)
    if isinstance(value, (str, bool, Decimal, datetime)):
        return value
    return None


def _holds(value: Value, operator: str, literal: Value) -> bool:
    if isinstance(value, str):
        value = value.casefold()
    if isinstance(literal, str):
        literal = literal.casefold()
    if operator in ("==", "="):
        return value == literal
    if operator == "!=":
        return value != literal
    if value is None or type(value) is not type(literal):
        return False
    sign = _sign(value, literal)
    return {">": sign > 0, ">=": sign >= 0, "<": sign < 0, "<=": sign <= 0}[operator]


def _sign(value: Value, literal: Value) -> int:
    """Compare two values of one type: 1 above, 0 equal, -1 below."""
    left, right = _sortable(value), _sortable(literal)
    return (left > right) - (left < right)


def names(text: str) -> set[str]:
    """Return every word that could be a field's name in ``where`` or ``order``, in lower case.

    Raises:
        BadQueryError: The text is not in the language.
    """
    words = {token.lower() for kind, token in _tokens(text) if kind == "word"}
    return words | {word.rpartition(".")[0] for word in words}


def where(text: str, fields: Fields[T], type_name: str) -> Predicate[T]:
    """Return the predicate that ``text`` says.

    Raises:
        BadQueryError: It names an unknown field, or is not in the language.
    """
    return _Parser(text, fields, type_name).parse()


def ordered(records: Sequence[T], text: str, fields: Fields[T], type_name: str) -> list[T]:
    """Return the records in the order that ``text`` (``Field [ASC|DESC], ...``) says.

    Raises:
        BadQueryError: It names an unknown field.
    """
    result = list(records)
    for clause in reversed([clause.split() for clause in text.split(",") if clause.strip()]):
        name, direction = clause[0], " ".join(clause[1:]).upper()
        read = fields.get(name.lower())
        if read is None or direction not in ("", "ASC", "DESC"):
            message = f"No property or field '{' '.join(clause)}' exists in type '{type_name}'"
            raise BadQueryError(message)
        result.sort(key=lambda record: _sortable(read(record)), reverse=direction == "DESC")
    return result


def _sortable(value: object) -> tuple[bool, Value]:
    """Return a key that orders values of one type; nothing comes first."""
    plain = value if isinstance(value, datetime) else _value(value)
    if isinstance(plain, str):
        plain = plain.casefold()
    return plain is not None, plain
