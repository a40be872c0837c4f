"""What a vector is: the bytes, how they are to be judged, what must come of it, and by which rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec

from simulators.mdoc_drafting import Draft

__all__ = ["AT", "FEW", "Judging", "Vector", "shown"]

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# Two hundred documents stay small: name, country, authority, number, portrait and one age.
FEW = 7


@dataclass(frozen=True)
class Judging:
    """With what the document is judged: everything a verifier brings itself."""

    anchors: tuple[bytes, ...]
    at: datetime
    transcript: bytes | None
    reader_key: ec.EllipticCurvePrivateKey | None
    revocation_lists: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Vector:
    """One document with one fault, or with none. ``stage`` is where the fault is found."""

    name: str
    expect: str
    stage: str
    document: bytes
    judging: Judging


def shown(
    name: str,
    expect: str,
    stage: str,
    change: Callable[[Draft], object] | None = None,
    *,
    draft: Draft | None = None,
    judge: Callable[[Draft, Judging], Judging] | None = None,
) -> Vector:
    """Build a draft with ``change`` in it, to be judged as everything else is, or as ``judge`` says."""
    made = draft or Draft(elements=FEW)
    if change is not None:
        change(made)
    document = made.build()
    judging = Judging(
        anchors=(made.root.sign(),),
        at=AT,
        transcript=made.transcript,
        reader_key=made.reader_key if made.method == "mac" else None,
    )
    return Vector(name, expect, stage, document, judge(made, judging) if judge else judging)
