"""Handing a release over: its records as they lie encrypted, and their data keys for the recipient alone.

No entry, no use: only what :func:`dongui.custody.open_release` opened is handed over, and only the records
that are released now. The recipient's public key seals the data keys of this release (HPKE, RFC 9180, base
mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM), a block of some thousand at a time, each bound to
the vault, the release, its place and the recipient's id. People's keys and the master key never leave.

What a recipient has decrypted is beyond erasure: nothing here can take it back, and nothing can detect it.
The file's form is in ``spec/vault.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from dongui.custody.opening import OpenedRelease
from dongui.custody.question import Artefact
from dongui.custody.vault.associated_data import of_handed_key
from dongui.custody.vault.envelope import TAG_BYTES
from dongui.custody.vault.parcel_file import BLOCK_RECORDS, ParcelKey, write_block, write_head, write_whole
from dongui.custody.vault.recipient_key import read_public_key, seal_to
from dongui.custody.vault.record_file import MAX_HEADER_BYTES
from dongui.custody.vault.stores import Kept
from dongui.custody.vault.vault import Vault, require_agreement, require_cipher
from dongui.errors import Misuse, Refused, Trouble

__all__ = ["Handed", "Pair", "hand_over", "named"]

_ARTEFACTS = {"image": Artefact.IMAGE, "template": Artefact.TEMPLATE}
Pair: TypeAlias = "tuple[int | bytes, int | bytes]"
"""A released record: its person's and its own number, or id."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over: how many records, and how many bytes the parcel has."""

    records: int
    bytes: int


def hand_over(
    opened: OpenedRelease,
    *,
    vault: Vault,
    public_key: bytes,
    out: Path,
    progress: Callable[[int], None] | None = None,
) -> Handed:
    """Write a release's records, and their keys for ``public_key`` (32 bytes), to a new file.

    The release's recipient is in the sealed manifest; the caller has made sure that the key is theirs. The
    file appears whole or not at all. Raises ``Misuse``: ``vault.recipient-key-malformed``,
    ``vault.parcel-exists``; ``Refused``: ``vault.release-disagrees`` (a record is not kept here as what
    was decided about, or is another person's); what ``Vault.get`` raises; ``Trouble``: ``vault.no-room``.
    """
    artefact = _artefact(opened)
    recipient = read_public_key(public_key)
    if out.exists():
        raise Misuse("vault.parcel-exists", f"{out} exists; it is not written over")
    draft = out.with_name(f".{out.name}.draft")
    try:
        with draft.open("wb", buffering=0) as file:
            os.fchmod(file.fileno(), 0o600)
            count = _write_parcel(file, opened, vault, recipient, artefact, progress)
            os.fsync(file.fileno())
        os.link(draft, out)
        return Handed(count, out.stat().st_size)
    except FileExistsError:
        raise Misuse("vault.parcel-exists", f"{out} exists; it is not written over") from None
    except OSError as error:
        raise Trouble("vault.no-room", f"{out}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def named(opened: OpenedRelease) -> Iterator[Pair]:
    """Yield what a release releases now, sorted by person and record."""
    for batch in opened.records():
        people, records = batch.column("person").to_pylist(), batch.column("record").to_pylist()
        yield from zip(people, records, strict=True)


def _write_parcel(
    file: FileIO,
    opened: OpenedRelease,
    vault: Vault,
    recipient: X25519PublicKey,
    artefact: Artefact,
    progress: Callable[[int], None] | None,
) -> int:
    release, count, number = opened.release.id, 0, 0
    write_head(file, vault=vault.id, release=release)
    blocks = _blocks(named(opened))
    block = next(blocks, [])
    while True:
        following = next(blocks, None)
        last = following is None
        rows = _kept(block, vault, artefact)
        info = of_handed_key(vault.id, release, number, last, opened.seal.seal.recipient)
        sealed = seal_to(recipient, _data_keys(rows, vault), info=info)
        write_block(file, sealed, records=len(rows), last=last)
        for row in rows:
            write_whole(file, _ciphertext(row, vault))
        count, number = count + len(rows), number + 1
        if progress is not None:
            progress(count)
        if following is None:
            return count
        block = following


def _kept(block: Sequence[Pair], vault: Vault, artefact: Artefact) -> list[Kept]:
    """Return what is kept of each record that is released; its person must be the released one."""
    found = [*_find(block, vault)]
    for kept in found:
        if kept is None or kept.artefact != artefact:
            detail = f"a released record is not kept here as {artefact.name.lower()} of the same person"
            raise Refused("vault.release-disagrees", detail)
    return [kept for kept in found if kept is not None]


def _find(block: Sequence[Pair], vault: Vault) -> Iterator[Kept | None]:
    numbers = vault.index.latest_numbered([record for _, record in block if isinstance(record, int)])
    ids = vault.index.latest([record for _, record in block if isinstance(record, bytes)])
    for person, record in block:
        kept = numbers.get(record) if isinstance(record, int) else ids.get(record)
        yield kept if kept is not None and person in (kept.person_number, kept.name.person) else None


def _data_keys(rows: Sequence[Kept], vault: Vault) -> bytes:
    """Return one block's keys, in the clear: they are sealed before they go anywhere."""
    ciphers = vault.keys.ciphers({kept.name.person for kept in rows})
    keys: list[bytes] = []
    for kept in rows:
        head = bytearray(min(MAX_HEADER_BYTES, kept.place.length))
        vault.fetch(kept.place._replace(length=len(head)), memoryview(head))
        frame = require_agreement(kept, head, kept.tag)
        cipher = require_cipher(ciphers, kept.name.person)
        data_key = cipher.unwrap(frame.wrapped, use=frame.use(vault.id))
        numbers = (kept.person_number, kept.record_number)
        keys.append(ParcelKey(frame.name, *numbers, frame.nonce, data_key, frame.content).encode())
    return b"".join(keys)


def _ciphertext(kept: Kept, vault: Vault) -> memoryview:
    data = memoryview(bytearray(kept.place.length))
    vault.fetch(kept.place, data)
    frame = require_agreement(kept, bytearray(data[:MAX_HEADER_BYTES]), bytes(data[-TAG_BYTES:]))
    return data[frame.header_bytes :]


def _blocks(named: Iterator[Pair]) -> Iterator[list[Pair]]:
    while block := list(islice(named, BLOCK_RECORDS)):
        yield block


def _artefact(opened: OpenedRelease) -> Artefact:
    question = opened.release.manifest["question"]
    said = question.get("artefact") if isinstance(question, Mapping) else None
    if said not in _ARTEFACTS:
        raise Refused("vault.release-disagrees", "the release names no artefact that is kept here")
    return _ARTEFACTS[str(said)]
