"""Custody: a face is used only as its person agreed, and can prove it.

The public names are loaded when first used: checking a proof needs neither Arrow nor a database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dongui.custody.corrections import Correction
    from dongui.custody.membership_proof import CheckedAnswer, MembershipAnswer, Outcome, check_answer
    from dongui.custody.opening import OpenedRelease, open_release
    from dongui.custody.person_keys import Person, PersonKey
    from dongui.custody.release_seal import Register, SealedRelease, seal_release

_HOMES = {
    "CheckedAnswer": "membership_proof",
    "Correction": "corrections",
    "MembershipAnswer": "membership_proof",
    "OpenedRelease": "opening",
    "Outcome": "membership_proof",
    "Person": "person_keys",
    "PersonKey": "person_keys",
    "Register": "release_seal",
    "SealedRelease": "release_seal",
    "check_answer": "membership_proof",
    "open_release": "opening",
    "seal_release": "release_seal",
}

__all__ = [
    "CheckedAnswer",
    "Correction",
    "MembershipAnswer",
    "OpenedRelease",
    "Outcome",
    "Person",
    "PersonKey",
    "Register",
    "SealedRelease",
    "check_answer",
    "open_release",
    "seal_release",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"dongui.custody.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
