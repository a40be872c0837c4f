"""A vault on a disk: made, opened for reading by anybody who may, and for writing by one process at a time.

::

    VAULT/index.sqlite         what is kept, and where
    VAULT/segments/*.segment   the encrypted records
    VAULT/lock                 held by whoever writes; it ends with the process
    KEYS/                      the people's keys, in another place, out of ordinary back-ups
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.custody.vault.associated_data import ID_BYTES
from dongui.custody.vault.keys import MasterKeys
from dongui.custody.vault.vault import Vault
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse
from dongui.storage.sqlite.troubles import system_troubles
from dongui.storage.sqlite.vault_index import SqliteVaultIndex
from dongui.storage.sqlite.vault_person_keys import SqliteVaultPersonKeys
from dongui.storage.vault_files import SEGMENT_BYTES, SegmentFiles, require_whole

__all__ = ["VaultPlaces", "create_vault", "open_vault"]

_INDEX, _SEGMENTS, _LOCK = "index.sqlite", "segments", "lock"


@dataclass(frozen=True, slots=True)
class VaultPlaces:
    """Where a vault is: the folder of its records, the folder of its people's keys, its master keys."""

    vault: Path
    keys: Path
    master: MasterKeys


def create_vault(places: VaultPlaces, *, clock: Clock, entropy: Entropy) -> bytes:
    """Make an empty vault and an empty store of keys; return the vault's id.

    Raises ``Misuse``: ``vault.exists``, ``vault.keys-inside``; and what the stores and master keys raise.
    """
    records, keys = places.vault.absolute(), places.keys.absolute()
    if records == keys or records in keys.parents or keys in records.parents:
        # One back-up would take both, and an erased person would come back with it.
        raise Misuse("vault.keys-inside", f"{keys} and {records}: neither may lie in the other")
    if (places.vault / _INDEX).exists():
        raise Misuse("vault.exists", f"{places.vault} holds a vault already")
    SqliteVaultPersonKeys.create(places.keys, master=places.master, clock=clock, entropy=entropy).close()
    with system_troubles(places.vault):
        (places.vault / _SEGMENTS).mkdir(mode=0o700, parents=True, exist_ok=True)
    identity = entropy.draw(ID_BYTES)
    SqliteVaultIndex.create(places.vault / _INDEX, vault=identity).close()
    return identity


@contextmanager
def open_vault(
    places: VaultPlaces,
    *,
    clock: Clock,
    entropy: Entropy,
    write: bool,
    damaged: bool = False,
    segment_bytes: int = SEGMENT_BYTES,
) -> Iterator[Vault]:
    """Open a vault; to write, alone, and after cutting off what a crash left unconfirmed.

    ``damaged``: to read, also one whose segments are cut off or gone, to see what is left.

    Raises ``Misuse``: ``vault.not-a-vault``, ``vault.busy``, ``vault.no-keys-here``, ``vault.no-master-key``;
    ``Refused`` (``vault.wrong-master-key``); ``Trouble``: ``vault.segment-missing``,
    ``vault.segment-truncated``, ``storage.*``.
    """
    index = SqliteVaultIndex.open(places.vault / _INDEX)
    try:
        segments = SegmentFiles(places.vault / _SEGMENTS, vault=index.vault(), segment_bytes=segment_bytes)
        with (
            SqliteVaultPersonKeys.open(places.keys, master=places.master, entropy=entropy) as keys,
            _locked(places.vault, write),
        ):
            try:
                if write:
                    segments.cut(index.ends())
                elif not damaged:
                    require_whole(segments.sizes(), index.ends())
                yield Vault(index=index, segments=segments, keys=keys, clock=clock, entropy=entropy)
            finally:
                segments.close()
    finally:
        index.close()


@contextmanager
def _locked(folder: Path, write: bool) -> Iterator[None]:
    if not write:
        yield
        return
    with system_troubles(folder):
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misuse("vault.busy", f"another process writes to {folder}") from None
        yield
    finally:
        os.close(descriptor)
