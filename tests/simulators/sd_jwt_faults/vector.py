"""What a vector is: the text, how it is to be judged, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from simulators.sd_jwt_drafting import AT, CLIENT_ID, NONCE, TYPE, Draft, Json

__all__ = ["Judging", "Vector", "changed", "shown"]


@dataclass(frozen=True)
class Judging:
    """With what the document is judged: everything a verifier brings itself."""

    anchors: tuple[bytes, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    accepted_types: tuple[str, ...] = (TYPE,)
    at: datetime = AT
    nonce: str | None = NONCE
    audience: str | None = CLIENT_ID
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
    judge: Callable[[Judging], Judging] | None = None,
) -> Vector:
    """Build a draft with ``change`` in it, to be judged as everything else is, or as ``judge`` says."""
    made = draft or Draft()
    if change is not None:
        change(made)
    judging = Judging(anchors=(made.root.sign(),))
    return Vector(name, expect, stage, made.build(), judge(judging) if judge else judging)


def changed(**fields: Json) -> Callable[[Judging], Judging]:
    """Judged with these fields changed."""
    return lambda judging: replace(judging, **fields)
