"""Writing vectors to files: JSON of ASCII, each certificate in full once and by a short name from then on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

__all__ = ["LICENCE", "dumped", "short", "with_certificates"]

LICENCE = "Apache-2.0"


class Anchored(Protocol):
    """What a vector is judged with, as far as it is written apart."""

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """Certificates."""


class Judged(Protocol):
    """A vector that brings what it is judged with."""

    @property
    def judging(self) -> Anchored:
        """With what."""


OneJudged = TypeVar("OneJudged", bound=Judged)


def short(content: bytes) -> str:
    """Return the name by which bytes are spoken of in their file."""
    return hashlib.sha256(content).hexdigest()[:16]


def dumped(content: dict[str, object]) -> str:
    """Return a file's whole text."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def with_certificates(
    form: str, vectors: Sequence[OneJudged], *, entry: Callable[[OneJudged], dict[str, object]]
) -> str:
    """Return the text of a file of vectors that name their anchors by :func:`short`."""
    certificates = {short(anchor): anchor.hex() for vector in vectors for anchor in vector.judging.anchors}
    return dumped(
        {
            "format": form,
            "certificates": dict(sorted(certificates.items())),
            "vectors": [entry(vector) for vector in vectors],
        }
    )
