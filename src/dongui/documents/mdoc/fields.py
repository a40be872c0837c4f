"""Taking a CBOR map apart, field by field, until nothing is left that nobody looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, TypeVar

from dongui.encoding.cbor import CborKey, CborValue
from dongui.errors import Refused

__all__ = ["Fields", "label"]

_Kind = TypeVar("_Kind", int, str, bytes, list[CborValue], dict[CborKey, CborValue])
_MAX_LABEL_CHARACTERS = 64


class Fields:
    """The fields of one map, each taken once. What :meth:`finish` still finds is refused."""

    __slots__ = ("_failure", "_left", "_where")

    def __init__(self, value: CborValue, *, where: str, failure: str) -> None:
        """``failure`` is the name a missing field or a wrong type is refused with."""
        self._where = where
        self._failure = failure
        if not isinstance(value, dict):
            self._refuse("is not a map")
        self._left: dict[CborKey, CborValue] = dict(value)

    def has(self, key: str) -> bool:
        """Whether the field is there and not taken yet."""
        return key in self._left

    def take(self, key: str) -> CborValue:
        """The field of any type. Raises ``Refused`` where it is missing."""
        if key not in self._left:
            self._refuse(f"has no {key}")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        """A text string that is not empty."""
        value = self.take(key)
        if not isinstance(value, str) or not value:
            self._refuse(f"has a {key} that is not a text")
        return value

    def unsigned(self, key: str) -> int:
        """An unsigned integer."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._refuse(f"has a {key} that is not an unsigned integer")
        return value

    def bytes(self, key: str) -> bytes:
        """A byte string."""
        value = self.take(key)
        if not isinstance(value, bytes):
            self._refuse(f"has a {key} that is not a byte string")
        return value

    def array(self, key: str) -> list[CborValue]:
        """An array."""
        value = self.take(key)
        if not isinstance(value, list):
            self._refuse(f"has a {key} that is not an array")
        return value

    def map(self, key: str) -> dict[CborKey, CborValue]:
        """A map."""
        value = self.take(key)
        if not isinstance(value, dict):
            self._refuse(f"has a {key} that is not a map")
        return value

    def texts(self, key: str) -> dict[str, CborValue]:
        """A map whose keys are texts."""
        return text_keys(self.map(key), where=f"{self._where}.{key}", failure=self._failure)

    def fields(self, key: str) -> Fields:
        """A map, to be taken apart in turn under the same failure."""
        return Fields(self.take(key), where=f"{self._where}.{key}", failure=self._failure)

    def finish(self) -> None:
        """Refuse (``mdoc.unknown-field``) what was not taken: nobody has judged it."""
        for key in self._left:
            raise Refused("mdoc.unknown-field", f"{self._where} holds {label(key)}")

    def _refuse(self, reason: str) -> NoReturn:
        raise Refused(self._failure, f"{self._where} {reason}")


def text_keys(value: Mapping[CborKey, CborValue], *, where: str, failure: str) -> dict[str, CborValue]:
    """The same map, once every key is known to be a text that is not empty."""
    found: dict[str, CborValue] = {}
    for key, item in value.items():
        if not isinstance(key, str) or not key:
            raise Refused(failure, f"{where} has a key that is not a text")
        found[key] = item
    return found


def label(key: CborKey) -> str:
    """A name out of a document, fit for a message: short, and no control characters."""
    return ascii(key[:_MAX_LABEL_CHARACTERS] if isinstance(key, (str, bytes)) else key)
