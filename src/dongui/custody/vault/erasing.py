"""Erasing people: noted, logged, and only then destroyed; killed at any instant, it is finished later.

A person's key is destroyed, which ends every copy of what is encrypted under it wherever it lies; the frames
are overwritten; the index forgets them. Copies of the *keys'* store end at the next rotation of the master
key, and what a recipient of a release decrypted is beyond erasure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dongui.custody.vault.stores import Erasure
from dongui.custody.vault.vault import Vault
from dongui.encoding import cbor
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Trouble
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.interface import Log

__all__ = ["Erased", "erase", "finish_erasures"]

_FORMAT = "dongui/vault-erasure/1"
_LIMITS = cbor.Limits(max_bytes=256, max_depth=2, max_items=8)
_VERSIONS_AT = 3


@dataclass(frozen=True, slots=True)
class Erased:
    """What is handed to the person: with ``content`` and ``blind`` they show that entry ``index`` is theirs.

    ``versions`` is how many versions of records were destroyed. Not kept by the vault.
    """

    person: bytes
    versions: int
    index: int
    content: bytes = field(repr=False)
    blind: bytes = field(repr=False)


def erase(people: Sequence[bytes], *, vault: Vault, log: Log, clock: Clock, entropy: Entropy) -> list[Erased]:
    """Destroy everything kept of people (ids of 16 bytes), and their keys; what was begun before, too.

    On return it is durable. A key that other things than images are encrypted under is destroyed with them:
    whoever keeps such things takes them back first. Raises ``Misuse`` (``vault.no-such-person``; then nothing
    was done); ``Trouble``: ``log.*``, ``storage.*``, ``vault.*`` (then the next call finishes it).
    """
    begun = {one.person for one in vault.index.erasures()}
    fresh = sorted(set(people) - begun)
    kept = {person: len(vault.index.of_person(person)) for person in fresh}
    if not all(kept.values()):
        # To whoever asks this is the same for somebody erased and somebody never known.
        raise Misuse("vault.no-such-person", "nothing is kept of a person with this id")
    size = log.checkpoint().size
    moment = clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    vault.index.begin_erasures(
        [
            Erasure(
                person,
                cbor.dumps([_FORMAT, vault.id, person, versions, moment]),
                entropy.draw(BLIND_BYTES),
                size,
            )
            for person, versions in kept.items()
        ]
    )
    return finish_erasures(vault=vault, log=log)


def finish_erasures(*, vault: Vault, log: Log) -> list[Erased]:
    """Finish every erasure that was begun; return what came of each. Raises as :func:`erase`."""
    begun = vault.index.erasures()
    if not begun:
        return []
    # 1. In the log before anything is destroyed.
    places = _log(begun, log)
    # 2. The keys: from here on nothing of theirs can be read by anybody.
    people = [one.person for one in begun]
    vault.keys.destroy(people)
    # 3. What was encrypted under them, and who it was of.
    kept = {person: vault.index.of_person(person) for person in people}
    vault.segments.scrub([row.place for rows in kept.values() for row in rows])
    # 4. Last, that there was something to erase.
    vault.index.finish_erasures(people)
    return [
        Erased(one.person, _versions(one), place, one.content, one.blind)
        for one, place in zip(begun, places, strict=True)
    ]


def _versions(erasure: Erasure) -> int:
    """Return how many versions there were when it was begun: a crash may have come after their end."""
    content = cbor.loads(erasure.content, limits=_LIMITS)
    versions = content[_VERSIONS_AT] if isinstance(content, list) else None
    if not isinstance(versions, int):
        raise Trouble("storage.damaged", "what was noted of an erasure is not what is noted")
    return versions


def _log(begun: Sequence[Erasure], log: Log) -> list[int]:
    """Return each erasure's place in the log, entering those that a crash kept out of it."""
    entries = [Entry(EntryKind.ERASURE, commitment(one.content, blind=one.blind)) for one in begun]
    first = min(one.log_size for one in begun)
    wanted = {entry.commitment for entry in entries}
    found = {
        entry.commitment: index
        for index in range(first, log.checkpoint().size)
        if (entry := log.entry(index)).commitment in wanted
    }
    missing = [entry for entry in entries if entry.commitment not in found]
    if missing:
        placed = zip(missing, log.append(missing), strict=True)
        found.update({entry.commitment: index for entry, index in placed})
    return [found[entry.commitment] for entry in entries]
