"""An element's value as whoever looks at it wants it."""

from __future__ import annotations

from dongui.encoding.cbor import CborValue, Tagged

__all__ = ["plain"]

_DATE_TAGS = frozenset({0, 1004})  # date-time and full-date: their text is the value


def plain(value: CborValue) -> object:
    """Return dates as the text that was signed; everything else as it is."""
    if isinstance(value, Tagged) and value.number in _DATE_TAGS:
        return plain(value.value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
