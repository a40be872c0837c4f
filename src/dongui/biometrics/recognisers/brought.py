"""A recogniser its user brings: an ONNX file of the ArcFace kind and a card that says what is known of it.

The card is a TOML file, spec/recogniser-card.md. Nothing on it has a default: who does not know what a model
was trained on writes ``unknown``, and everybody who uses it reads that.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from dongui.biometrics.cards import ModelCard, cards
from dongui.biometrics.recognisers.input_form import ChannelOrder, InputForm
from dongui.biometrics.recognisers.published import YUNET
from dongui.errors import Misuse

__all__ = [
    "DETECTORS",
    "DLIB_DETECTOR",
    "MAX_CARD_BYTES",
    "MAX_MODEL_BYTES",
    "BroughtCard",
    "read_brought_card",
]

MAX_MODEL_BYTES: Final = 384 * 2**20
MAX_CARD_BYTES: Final = 64 * 1024
DLIB_DETECTOR: Final = "dlib-frontal-detector"
#: What may find the faces. Marks come from YuNet, or, with dlib's detector, from Dongui's landmarker.
DETECTORS: Final = (DLIB_DETECTOR, YUNET)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_TEXT: Final = 4000


@dataclass(frozen=True, slots=True)
class BroughtCard:
    """The model card, the file's size in bytes, what the network takes and gives, and what finds the face."""

    card: ModelCard
    file_bytes: int
    form: InputForm
    detector: str


def read_brought_card(data: bytes) -> BroughtCard:
    """Read a card, at most 64 KiB. Raises ``Misuse``: ``recogniser.card-malformed``, ``.name-taken``."""
    if len(data) > MAX_CARD_BYTES:
        raise _malformed(f"it has {len(data)} bytes; the limit is {MAX_CARD_BYTES}")
    try:
        content = tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        raise _malformed("it is no TOML in UTF-8") from None
    described = _card(_members(content, "model", {field.name: str for field in fields(ModelCard)}))
    file = _members(content, "file", {"bytes": int})
    took = _members(
        content, "input", {"side_pixels": int, "channel_order": str, "mean": float, "scale": float}
    )
    gave = _members(content, "output", {"numbers": int})
    finder = _members(content, "pipeline", {"detector": str})
    others = set(content) - {"model", "file", "input", "output", "pipeline"}
    if others:
        raise _malformed(f"it holds what no card holds: {', '.join(sorted(others))[:100]}")
    size, detector = int(str(file["bytes"])), str(finder["detector"])
    if not 0 < size <= MAX_MODEL_BYTES:
        raise _malformed(f"file.bytes is 1 to {MAX_MODEL_BYTES}")
    if detector not in DETECTORS:
        raise _malformed(f"pipeline.detector is one of {', '.join(DETECTORS)}")
    return BroughtCard(described, size, _form(took, gave), detector)


def _card(members: Mapping[str, object]) -> ModelCard:
    texts = {name: str(value) for name, value in members.items()}
    if any(len(text) > _MAX_TEXT or not text.replace("\n", " ").isprintable() for text in texts.values()):
        raise _malformed(f"a text is longer than {_MAX_TEXT} characters or holds control characters")
    try:
        described = ModelCard(**texts)
    except ValueError as error:
        raise _malformed(str(error)) from None
    if not _NAME.fullmatch(described.name):
        raise _malformed("model.name is 1 to 64 of a-z, 0-9 and hyphens: it stands on receipts and in paths")
    if not _SHA256.fullmatch(described.weights_sha256):
        raise _malformed("model.weights_sha256 is 64 of 0-9 and a-f")
    if described.name in cards():
        raise Misuse("recogniser.name-taken", f"a model that ships is called {described.name}")
    return described


def _form(took: Mapping[str, object], gave: Mapping[str, object]) -> InputForm:
    # One size: the marks' places are published for it, and for no other.
    if took["side_pixels"] != 112:
        raise _malformed("input.side_pixels is 112: no other size is cut here")
    mean, scale = float(str(took["mean"])), float(str(took["scale"]))
    try:
        return InputForm(ChannelOrder(str(took["channel_order"])), mean, scale, int(str(gave["numbers"])))
    except ValueError as error:
        raise _malformed(f"input or output: {error}") from None


def _members(content: Mapping[str, object], table: str, wanted: Mapping[str, type]) -> dict[str, object]:
    """Return a table with exactly these members, each of its kind; a whole number may stand for a float."""
    given = content.get(table)
    if not isinstance(given, dict):
        raise _malformed(f"it has no table [{table}]")
    if set(given) != set(wanted):
        wrong = sorted(set(given) ^ set(wanted))
        raise _malformed(f"[{table}] lacks, or holds too many: {', '.join(map(str, wrong))[:200]}")
    for name, kind in wanted.items():
        value = given[name]
        fits = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise _malformed(f"{table}.{name} is no {kind.__name__}")
    return given


def _malformed(detail: str) -> Misuse:
    return Misuse("recogniser.card-malformed", detail)
