"""Reading our own canonical CBOR: each field once, of the right type, none left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Limits
from dongui.errors import Refused

__all__ = ["Fields", "malformed", "read_canonical"]

_Value = TypeVar("_Value")
_Made = TypeVar("_Made")


def malformed(why: str) -> Refused:
    """Return ``receipt.malformed``, to be raised."""
    return Refused("receipt.malformed", f"this is no receipt: {why}")


def read_canonical(data: bytes | bytearray | memoryview, *, limits: Limits) -> CborValue:
    """Read one canonical item. Raises ``Refused``: ``receipt.too-large``, ``receipt.malformed``."""
    if len(data) > limits.max_bytes:
        raise Refused("receipt.too-large", f"it has {len(data)} bytes; the limit is {limits.max_bytes}")
    try:
        return cbor.loads_canonical(data, limits=limits)
    except Refused as error:
        raise malformed(f"{error.name}: {error.detail}") from None


class Fields:
    """The fields of one map or array, taken one by one. Raises ``Refused`` (``receipt.malformed``)."""

    def __init__(self, value: CborValue, *, what: str, size: int | None = None) -> None:
        """Take over a map, or with ``size`` an array of that many items, whose keys are then 0, 1, 2..."""
        self._what = what
        if size is not None and isinstance(value, list) and len(value) == size:
            self._left: dict[CborKey, CborValue] = dict(enumerate(value))
        elif size is None and isinstance(value, dict):
            self._left = dict(value)
        else:
            raise malformed(f"the {what} is not {'a map' if size is None else f'an array of {size}'}")

    def required(self, key: int, kind: type[_Value]) -> _Value:
        """Take the field ``key``, which must be there and be a ``kind``."""
        value = self._left.pop(key, None)
        # In Python True is an int; on the wire it is not.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise malformed(f"field {key} of the {self._what} is not {kind.__name__}")
        return value

    def optional(self, key: int, kind: type[_Value]) -> _Value | None:
        """Take a map's field ``key`` if it is there."""
        return self.required(key, kind) if key in self._left else None

    def nullable(self, key: int, kind: type[_Value]) -> _Value | None:
        """Take an array's item ``key``, which may be null."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return None
        return self.required(key, kind)

    def part(self, key: int, make: Callable[[CborValue], _Made]) -> _Made | None:
        """Take the field ``key``, if it is there, and make something of it."""
        return make(self._left.pop(key)) if key in self._left else None

    def done(self) -> None:
        """Check that nothing is left: what nobody reads, nobody may sign."""
        if self._left:
            raise malformed(f"the {self._what} holds {len(self._left)} unknown field(s)")
