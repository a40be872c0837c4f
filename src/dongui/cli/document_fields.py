"""A document's fields as the command line shows them: every value but pictures and other bytes."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Sequence

from dongui.cli.output import JsonValue, choose
from dongui.documents.authenticated import Element, Treatment
from dongui.encoding.cbor import EmbeddedCbor, Tagged

__all__ = ["field_columns", "field_rows", "fields_result", "summary", "treatment_words"]

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_DATA_URI = re.compile(r"data:[^,]{0,100},(?P<data>.*)", re.DOTALL)
_LONG_BASE64 = re.compile(r"(?P<data>[A-Za-z0-9+/]{400,}={0,2})")


def treatment_words(treatment: Treatment) -> str:
    """Return how a field was treated, in the language of this run."""
    return {
        Treatment.VERIFIED: choose("verified", "확인됨"),
        Treatment.UNVERIFIED: choose("carried unverified", "확인되지 않음"),
        Treatment.REFUSED: choose("refused", "거부됨"),
    }[treatment]


def summary(elements: Sequence[Element]) -> str:
    """Return how many fields were treated how: ``14 verified, 1 carried unverified``."""
    counts = {treatment: sum(one.treatment is treatment for one in elements) for treatment in Treatment}
    told = [f"{count} {treatment_words(treatment)}" for treatment, count in counts.items() if count]
    return ", ".join(told) or choose("none", "없음")


def fields_result(elements: Sequence[Element], *, values: bool) -> list[dict[str, JsonValue]]:
    """Return the fields for ``--json``, with or without their values. Bytes appear as kind and size."""
    return [
        {
            "namespace": one.namespace,
            "identifier": one.identifier,
            "treatment": one.treatment.value,
            **({"value": _json(one.value)} if values else {}),
        }
        for one in elements
    ]


def field_columns() -> tuple[str, str, str, str]:
    """Return the headings over :func:`field_rows`."""
    return (
        choose("namespace", "네임스페이스"),
        choose("field", "항목"),
        choose("value", "값"),
        choose("treatment", "처리"),
    )


def field_rows(elements: Sequence[Element]) -> list[tuple[str, str, str, str]]:
    """Return one row a field. No value can begin a row of its own: line breaks in it are written out."""
    return [
        (
            _line(one.namespace),
            _line(one.identifier),
            _line(_text(one.value)),
            treatment_words(one.treatment),
        )
        for one in elements
    ]


def _line(text: str) -> str:
    return text.replace("\n", "\\n")


def _text(value: object) -> str:
    if isinstance(value, str):
        return _told(value)
    if isinstance(value, bytes):
        return _size(value)
    return json.dumps(_json(value), ensure_ascii=False)


def _json(value: object) -> JsonValue:
    if isinstance(value, str):
        return _told(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return _object([(_key(key), _json(item)) for key, item in value.items()])
    if isinstance(value, Tagged):
        return {f"tag {value.number}": _json(value.value)}
    if isinstance(value, EmbeddedCbor):
        return {"tag 24": _size(value.content)}
    return _size(value) if isinstance(value, bytes) else type(value).__name__


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    """Return a JSON object; pairs where two keys are written alike, so that none hides the other."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else [list(pair) for pair in pairs]


def _key(key: object) -> str:
    return _size(key) if isinstance(key, bytes) else str(key)


def _told(text: str) -> str:
    """A text as it is; of a picture written as text (RFC 2397, or base64) kind and size."""
    written = _DATA_URI.fullmatch(text) or _LONG_BASE64.fullmatch(text)
    if written is None:
        return text
    try:
        return _size(base64.b64decode(written["data"], validate=True))
    except binascii.Error:
        return choose(f"{len(text):,} characters", f"{len(text):,}자")


def _size(data: bytes) -> str:
    """Say what bytes are, not which: a portrait does not belong on a screen or in a shell's history."""
    kind = next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
    if kind is None:
        return choose(f"{len(data):,} bytes", f"{len(data):,}바이트")
    return choose(f"{kind} picture, {len(data):,} bytes", f"{kind} 사진, {len(data):,}바이트")
