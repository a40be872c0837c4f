"""Fields of JSON by name and kind: what is of another kind is not taken."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["Fields"]

_Kind = TypeVar("_Kind", str, int, bool, list[object], dict[str, object])


class Fields:
    """A JSON object, field by field; whatever else it holds is caught by writing it again.

    Every method raises ``KeyError`` where the field is absent and ``TypeError`` where it is of another kind.
    """

    def __init__(self, content: object) -> None:
        if not isinstance(content, dict):
            raise TypeError
        self._content = content

    def text(self, name: str) -> str:
        """Return a text."""
        return _typed(self._content[name], str)

    def whole(self, name: str) -> int:
        """Return a whole number."""
        return _typed(self._content[name], int)

    def number(self, name: str) -> float:
        """Return a number."""
        return _number(self._content[name])

    def maybe(self, name: str) -> float | None:
        """Return a number or ``None``."""
        value = self._content[name]
        return None if value is None else _number(value)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return _typed(self._content[name], bool)

    def optional_text(self, name: str) -> str | None:
        """Return a text or ``None``."""
        value = self._content[name]
        return None if value is None else _typed(value, str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(_typed(item, str) for item in _typed(self._content[name], list))

    def pair(self, name: str) -> tuple[float, float]:
        """Return two numbers."""
        low, high = _typed(self._content[name], list)
        return _number(low), _number(high)

    def fields(self, name: str) -> Fields:
        """Return an object."""
        return Fields(self._content[name])

    def is_null(self, name: str) -> bool:
        """Tell whether it is ``null``."""
        return self._content[name] is None

    def optional(self, name: str) -> Fields | None:
        """Return an object or ``None``."""
        return None if self._content[name] is None else self.fields(name)

    def several(self, name: str) -> list[Fields]:
        """Return a list of objects."""
        return [Fields(item) for item in _typed(self._content[name], list)]

    def counts(self, name: str) -> dict[str, int]:
        """Return whole numbers by name."""
        return {key: _typed(value, int) for key, value in _typed(self._content[name], dict).items()}


def _typed(value: object, kind: type[_Kind]) -> _Kind:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
