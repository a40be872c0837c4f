"""The tree of failures, and their one table of names.

Every failure has one name (``mdoc.digest-mismatch``). The same string is the exception's ``name``, the
``type`` of an HTTP problem, the ``name`` in the CLI's JSON, a test vector's ``expect`` and a heading in
``docs/reference/failures.md``. The names live in ``dongui/failures/*.toml``, one file a room, and each name
belongs to exactly one branch of this tree::

    DonguiError
    ├── Misuse            the caller is wrong; nothing was judged                     exit 2
    └── Unanswered        no "verified" can be given
        ├── Refused       a proof failed: the document, the binding, the consent      exit 1
        └── Undetermined  it cannot be told: poor light, a tiny portrait              exit 3
            └── Trouble   the world around failed: disk, clock, a stale list          exit 3

*Refused* says something about the evidence; *Undetermined* says nothing about anybody and leads to the other
way; *Trouble* is kept apart so that a full disk is never read as a forged document.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import ClassVar, Literal

Family = Literal["misuse", "refused", "undetermined", "trouble"]

__all__ = [
    "DonguiError",
    "Failure",
    "Misuse",
    "Refused",
    "Trouble",
    "Unanswered",
    "Undetermined",
    "failure_named",
    "failures",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """One name with its meaning and its way out, in English and Korean.

    ``meaning`` says what happened without any value in it; ``next_step`` says what to do now.
    """

    name: str
    family: Family
    meaning: str
    meaning_ko: str
    next_step: str
    next_step_ko: str


@cache
def failures() -> dict[str, Failure]:
    """Return every failure by its name, sorted.

    Raises ``ValueError`` if two rooms claim one name: a table that cannot be trusted must not load.
    """
    found: dict[str, Failure] = {}
    for text in _tables():
        for prefix, entries in tomllib.loads(text).items():
            for suffix, fields in entries.items():
                name = f"{prefix}.{suffix}"
                if name in found:
                    raise ValueError(f"the failure {name} is defined twice")
                found[name] = Failure(name=name, **fields)
    return dict(sorted(found.items()))


@lru_cache(maxsize=256)
def failure_named(name: str) -> Failure | None:
    """Return one of :func:`failures`, or ``None``: read by itself, as most processes need one or none.

    Each entry begins with its name in brackets on a line of its own and ends where the next begins.
    """
    if "\n" in name:
        return None
    for text in _tables():
        _, found, rest = f"\n{text}".partition(f"\n[{name}]\n")
        if found:
            return Failure(name=name, **tomllib.loads(rest.partition("\n[")[0]))
    return None


@cache
def _tables() -> Sequence[str]:
    files = sorted(resources.files("dongui.failures").iterdir(), key=lambda entry: entry.name)
    return [file.read_text(encoding="utf-8") for file in files if file.name.endswith(".toml")]


class DonguiError(Exception):
    """The root of every failure Dongui raises on purpose.

    ``name`` is one of :func:`failures`; ``detail`` says which value and which limit. A detail never holds
    an image, a template, a comparison score or a field of the person's document.
    """

    family: ClassVar[Family]
    exit_code: ClassVar[int]

    def __init__(self, name: str, detail: str) -> None:
        entry = failure_named(name)
        if entry is None or entry.family != self.family:
            raise LookupError(f"{name!r} is not a failure of the family {self.family!r}")
        self.name = name
        self.detail = detail
        self._failure = entry
        super().__init__(name, detail)

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"

    @property
    def failure(self) -> Failure:
        """The table's entry: the meaning and the next step, in both languages."""
        return self._failure


class Misuse(DonguiError):
    """The caller is wrong: an unknown purpose, an unreadable file, a missing permission."""

    family: ClassVar[Family] = "misuse"
    exit_code = 2


class Unanswered(DonguiError):
    """No positive answer can be given; the subclass says whether that is a *refusal* or nobody's fault."""


class Refused(Unanswered):
    """A proof failed. The name says which."""

    family: ClassVar[Family] = "refused"
    exit_code = 1


class Undetermined(Unanswered):
    """It cannot be told. Nobody's fault: the other way is offered, nothing is counted against a person."""

    family: ClassVar[Family] = "undetermined"
    exit_code = 3


class Trouble(Undetermined):
    """Infrastructure failed: storage, clock, a list out of date. Says nothing about document or person."""

    family: ClassVar[Family] = "trouble"
    exit_code = 3
