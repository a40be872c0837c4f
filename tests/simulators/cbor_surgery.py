"""Putting something else into one place of an encoded document, and leaving the rest as it was."""

from __future__ import annotations

from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue, EmbeddedCbor, Limits

__all__ = ["Path", "places", "put"]

Path = tuple[object, ...]
_LIMITS = Limits(max_bytes=1 << 20, max_depth=16, max_items=20_000)


def places(value: CborValue, path: Path = ()) -> list[Path]:
    """Every place of a decoded document, into embedded items too, the whole of it first."""
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    elif isinstance(value, EmbeddedCbor):
        found += places(cbor.loads(value.content, limits=_LIMITS), (*path, "embedded"))
    return found


def put(value: CborValue, path: Path, new: CborValue) -> CborValue:
    """The same document with ``new`` in the place ``path``."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: put(item, rest, new) if key == step else item for key, item in value.items()}
    if isinstance(value, list):
        return [put(item, rest, new) if index == step else item for index, item in enumerate(value)]
    if not isinstance(value, EmbeddedCbor):
        raise TypeError("a path leads into maps, arrays and embedded items alone")
    return cbor.embed(cbor.dumps(put(cbor.loads(value.content, limits=_LIMITS), rest, new)))
