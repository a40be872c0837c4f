"""Strict, bounded JSON (RFC 8259, with the demands of I-JSON, RFC 7493, that matter to a signature).

Reading takes two passes. A scan over the text counts what it opens and separates, without making a value of
it; only then does the standard library's parser run. So ten thousand nested arrays, a number of a million
digits, or two members of one name that two readers would resolve differently are refused by name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from dongui.errors import Refused

__all__ = ["JsonLimits", "JsonObject", "JsonValue", "dumps", "loads", "loads_object"]

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

# One string, however it ends: where the closing quote is missing the match takes the rest of the text, or
# every quote inside it would begin a search of its own.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_MAX_NUMBER_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """What a reader is willing to look at. ``max_depth`` counts nested objects and arrays, ``max_items``
    their members together."""

    max_bytes: int
    max_depth: int
    max_items: int


def loads(data: bytes, *, limits: JsonLimits) -> JsonValue:
    """Return the one value of a JSON text in UTF-8.

    Each member name once in its object, no NaN and no infinity, no lone surrogates, numbers of at most 32
    characters. Raises ``Refused``: ``jose.json-too-large``, ``jose.json-too-deep``,
    ``jose.json-too-many-items``, ``jose.json-duplicate-key``, ``jose.json-malformed``.
    """
    if len(data) > limits.max_bytes:
        _refuse("jose.json-too-large", f"{len(data)} bytes; the limit is {limits.max_bytes}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("jose.json-malformed", "the text is not UTF-8")
    _scan(text, limits)
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        _refuse("jose.json-malformed", f"the text is not JSON: {reason}")
    for part in _texts(value):
        if not part.isascii() and any("\ud800" <= character <= "\udfff" for character in part):
            _refuse("jose.json-malformed", "a text holds half of a surrogate pair")
    return value


def loads_object(data: bytes, *, limits: JsonLimits) -> JsonObject:
    """Like :func:`loads`, for a text that must be an object: ``jose.json-malformed`` otherwise."""
    value = loads(data, limits=limits)
    if not isinstance(value, dict):
        _refuse("jose.json-malformed", "the text is not an object")
    return value


def dumps(value: object) -> bytes:
    """Return the text of a value, without spaces, in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _scan(text: str, limits: JsonLimits) -> None:
    depth = items = 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth, items = depth + 1, items + 1
            if depth > limits.max_depth:
                _refuse("jose.json-too-deep", f"more than {limits.max_depth} nested objects and arrays")
        elif mark in "]}":
            depth -= 1
        elif mark == ",":
            items += 1
        if items > limits.max_items:
            _refuse("jose.json-too-many-items", f"more than {limits.max_items} members")


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        # The attack: one reader takes the first member of a name and another the last.
        _refuse("jose.json-duplicate-key", "an object has two members of one name")
    return found


def _integer(text: str) -> int:
    return int(_short(text))


def _float(text: str) -> float:
    number = float(_short(text))
    if not math.isfinite(number):
        _refuse("jose.json-malformed", "a number is beyond the range of a double")
    return number


def _short(text: str) -> str:
    if len(text) > _MAX_NUMBER_CHARACTERS:
        _refuse("jose.json-malformed", f"a number of more than {_MAX_NUMBER_CHARACTERS} characters")
    return text


def _constant(name: str) -> NoReturn:
    _refuse("jose.json-malformed", f"{name} is no JSON")


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text in a value, member names included; with a stack of our own."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.values())
            yield from item


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)
