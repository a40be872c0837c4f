"""Was my face used? Asked with a key or an authenticated document, never with a picture.

All releases since the beginning are answered for. Whoever asks with a key is handed a proof; whoever asks
with a document is told what stands in the register. Nobody learns from an answer whether *somebody* is known
here: a key nobody was given, and a document nobody registered, are looked up in every tree like any other,
with the same work and an answer of the same form and length, and what is not found is "not in".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dongui.custody.membership_proof import MembershipAnswer, SealProof
from dongui.custody.person_keys import PersonKey
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.release_files import dump, write_durably
from dongui.custody.release_seal import Register, SealedRelease
from dongui.log.entry import Entry, EntryKind
from dongui.log.interface import Log
from dongui.log.proofs import InclusionProof

__all__ = ["LogRows", "Told", "answer", "decisions", "tell"]


class LogRows(Protocol):
    """A log's entries as they are stored, in order."""

    def rows(self, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (index, entry as stored, nodes as stored) from ``begin`` up to ``end``."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the register says of one release, to whoever asks with a document. No proof."""

    sealed: SealedRelease
    found: bool


def decisions(log: LogRows, size: int, *, note: Path | None = None) -> list[int]:
    """Return the places of all decisions among the log's first ``size`` entries.

    What was found is kept in ``note``, so that a log of millions is read once and then from where the last
    reading ended. Raises ``Trouble``: ``release.not-written``, ``release.no-room``.
    """
    # The kind stands at a fixed place before the commitment.
    head = Entry(EntryKind.RELEASE, bytes(32)).encode()[:-32]
    begin, found = _noted(note, size)
    found += [index for index, entry, _ in log.rows(begin, size) if entry.startswith(head)]
    if note is not None and begin < size:
        write_durably(note, dump({"size": size, "decisions": found}))
    return found


def _noted(note: Path | None, size: int) -> tuple[int, list[int]]:
    """Return how much of the log was read before, and what was in it; nothing if it was longer then."""
    if note is None or not note.is_file():
        return 0, []
    try:
        match json.loads(note.read_bytes()):
            case {"size": int() as read, "decisions": list() as found} if read <= size:
                return read, [int(place) for place in found]
    except (ValueError, TypeError):
        pass  # It only saves time: what cannot be read is read anew from the log.
    return 0, []


def answer(key: PersonKey, *, register: Register, log: Log, decided: list[int]) -> MembershipAnswer:
    """Return the answer for whoever holds ``key``, whether it is anybody's or not.

    ``decided`` are the places of all decisions in the log (:func:`decisions`). Raises ``Trouble``:
    ``membership.register-damaged``, ``membership.tree-damaged``, ``log.*``.
    """
    checkpoint = log.checkpoint()
    sealed = [one for one in register.sealed() if one.index < checkpoint.size]
    # An entry is no secret: whether the key fits it, only who holds the key can tell.
    place = log.inclusion(key.index, checkpoint.size) if key.index < checkpoint.size else None
    covered = {one.seal.decided for one in sealed}
    return MembershipAnswer(
        key_logged=place,
        note=checkpoint.note,
        seals=tuple(_prove(one, key, log, checkpoint.size) for one in sealed),
        unsealed=tuple(index for index in decided if index < checkpoint.size and index not in covered),
    )


def tell(key: PersonKey, *, register: Register) -> list[Told]:
    """Return for every sealed release whether the key's pseudonym is in it. Raises as :func:`answer`."""
    told = []
    for one in register.sealed():
        name = pseudonym(key.secret.key, one.seal.release)
        path = one.tree().path(name)
        told.append(Told(one, _is_shown(name, path.bucket)))
    return told


def _prove(sealed: SealedRelease, key: PersonKey, log: Log, size: int) -> SealProof:
    logged: InclusionProof = log.inclusion(sealed.index, size)
    path = sealed.tree().path(pseudonym(key.secret.key, sealed.seal.release))
    return SealProof(sealed.seal.encode(), logged, path)


def _is_shown(name: bytes, bucket: bytes) -> bool:
    return any(bucket[begin : begin + len(name)] == name for begin in range(0, len(bucket), len(name)))
