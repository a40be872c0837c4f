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
from dataclasses import dataclass, field
from io import FileIO
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import Self, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from dongui.custody.opening import OpenedRelease
from dongui.custody.question import Artefact
from dongui.custody.vault.associated_data import ID_BYTES, RecordName, of_handed_key, of_record
from dongui.custody.vault.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from dongui.custody.vault.record_file import MAX_CONTENT_BYTES, MAX_HEADER_BYTES
from dongui.custody.vault.stores import Kept
from dongui.custody.vault.vault import Vault, require_agreement, require_cipher
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.memory import SecretBuffer

__all__ = ["Handed", "HandedRecord", "RecipientKey", "hand_over", "read_parcel"]

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MARK = b"DONGUIVP"
_FORMAT = 1
_HEAD = Struct(">8sI16s16s")  # mark, format, vault, release
_BLOCK = Struct(">IIB")  # records, bytes of the sealed keys, whether it is the last
_KEY = Struct(f">36sII{NONCE_BYTES}s{KEY_BYTES}sI")  # name, numbers, nonce, data key, content's bytes
_BLOCK_RECORDS = 4_096
_SEALED_MORE = 32 + TAG_BYTES  # HPKE's encapsulated key, and its tag
_ARTEFACTS = {"image": Artefact.IMAGE, "template": Artefact.TEMPLATE}
_Pair: TypeAlias = "tuple[int | bytes, int | bytes]"
"""A released record: its person's and its own number, or id."""


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """A recipient's own private key, 32 bytes, X25519. ``repr`` does not show it."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise Misuse("vault.recipient-key-malformed", f"a recipient's key has {KEY_BYTES} bytes")

    @classmethod
    def draw(cls, entropy: Entropy) -> Self:
        """Draw a new one."""
        return cls(entropy.draw(KEY_BYTES))

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes, for whoever hands releases over."""
        return self._private().public_key().public_bytes_raw()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what was sealed to this key. Raises ``Refused`` (``vault.not-for-this-key``)."""
        try:
            return _SUITE.decrypt(sealed, self._private(), info)
        except (InvalidTag, ValueError):
            detail = "the keys were sealed to another key, for another recipient or release, or changed"
            raise Refused("vault.not-for-this-key", detail) from None

    def _private(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over: how many records, and how many bytes the parcel has."""

    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class HandedRecord:
    """One record as a recipient reads it; ``content`` is overwritten when the next one is asked for."""

    name: RecordName
    person_number: int
    record_number: int
    content: SecretBuffer = field(repr=False)


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
    recipient = _public(public_key)
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


def read_parcel(path: Path, *, opened: OpenedRelease, key: RecipientKey) -> Iterator[HandedRecord]:
    """Yield the records of a parcel that the release, as it is opened now, still releases.

    Each content is overwritten when the next is asked for. Raises ``Misuse`` (``vault.parcel-malformed``: it
    is no parcel, or cut off); ``Refused``: ``vault.parcel-of-another`` (release), ``vault.not-for-this-key``,
    ``vault.content-altered``.
    """
    recipient = opened.seal.seal.recipient
    released = _Released(_named(opened))
    try:
        with path.open("rb", buffering=0) as file:
            vault, release = _read_head(file)
            if release != opened.release.id:
                raise Refused("vault.parcel-of-another", "the parcel was made for another release")
            number, last = 0, False
            while not last:
                _, size, last = _read_block(file)
                sealed = bytes(_exactly(file, size))
                keys = key.open(sealed, of_handed_key(vault, release, number, last, recipient))
                yield from _read_records(file, _keys(keys), vault, released)
                number += 1
            if file.read(1):
                raise Misuse("vault.parcel-malformed", "something follows its last block")
    except OSError as error:
        raise Misuse("vault.parcel-malformed", f"{path}: {error.strerror}") from None


def _write_parcel(
    file: FileIO,
    opened: OpenedRelease,
    vault: Vault,
    recipient: X25519PublicKey,
    artefact: Artefact,
    progress: Callable[[int], None] | None,
) -> int:
    release, count, number = opened.release.id, 0, 0
    _write(file, _HEAD.pack(_MARK, _FORMAT, vault.id, release))
    blocks = _blocks(_named(opened))
    block = next(blocks, [])
    while True:
        following = next(blocks, None)
        last = following is None
        rows = _kept(block, vault, artefact)
        info = of_handed_key(vault.id, release, number, last, opened.seal.seal.recipient)
        sealed = _SUITE.encrypt(_data_keys(rows, vault), recipient, info)
        _write(file, _BLOCK.pack(len(rows), len(sealed), last) + sealed)
        for row in rows:
            _write(file, _ciphertext(row, vault))
        count, number = count + len(rows), number + 1
        if progress is not None:
            progress(count)
        if following is None:
            return count
        block = following


def _kept(block: Sequence[_Pair], vault: Vault, artefact: Artefact) -> list[Kept]:
    """Return what is kept of each record that is released; its person must be the released one."""
    found = [*_find(block, vault)]
    for kept in found:
        if kept is None or kept.artefact != artefact:
            detail = f"a released record is not kept here as {artefact.name.lower()} of the same person"
            raise Refused("vault.release-disagrees", detail)
    return [kept for kept in found if kept is not None]


def _find(block: Sequence[_Pair], vault: Vault) -> Iterator[Kept | None]:
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
        keys.append(_KEY.pack(frame.name.encode(), *numbers, frame.nonce, data_key, frame.content))
    return b"".join(keys)


def _ciphertext(kept: Kept, vault: Vault) -> memoryview:
    data = memoryview(bytearray(kept.place.length))
    vault.fetch(kept.place, data)
    frame = require_agreement(kept, bytearray(data[:MAX_HEADER_BYTES]), bytes(data[-TAG_BYTES:]))
    return data[frame.header_bytes :]


def _read_records(
    file: FileIO, keys: Iterator[_Key], vault: bytes, released: _Released
) -> Iterator[HandedRecord]:
    for one in keys:
        sealed = _exactly(file, one.content + TAG_BYTES)
        if not released.holds(one):
            continue
        with SecretBuffer(bytearray(one.content)) as content:
            try:
                bound_to = of_record(vault, one.name)
                AESGCM(one.data_key).decrypt_into(one.nonce, sealed, bound_to, content.view)
            except InvalidTag:
                raise Refused("vault.content-altered", "a record of the parcel does not verify") from None
            yield HandedRecord(one.name, one.person_number, one.record_number, content)


@dataclass(frozen=True, slots=True)
class _Key:
    name: RecordName
    person_number: int
    record_number: int
    nonce: bytes
    data_key: bytes = field(repr=False)
    content: int = 0


class _Released:
    """What is released now, walked through beside a parcel: both are sorted by person and record."""

    def __init__(self, named: Iterator[_Pair]) -> None:
        self._named = named
        self._next = next(named, None)

    def holds(self, key: _Key) -> bool:
        """Tell whether the record of ``key`` is released; keys are asked about in rising order."""
        place = -1
        while self._next is not None and (place := _compare(self._next, key)) < 0:
            self._next = next(self._named, None)
        return place == 0


def _compare(pair: _Pair, key: _Key) -> int:
    """Return below 0, 0 or above 0: whether a released record comes before, is, or comes after ``key``'s."""
    person, record = pair
    if isinstance(person, int):
        mine, other = (person, record), (key.person_number, key.record_number)
        return (mine > other) - (mine < other)
    ids, others = (person, record), (key.name.person, key.name.record)
    return (ids > others) - (ids < others)


def _named(opened: OpenedRelease) -> Iterator[_Pair]:
    for batch in opened.records():
        people, records = batch.column("person").to_pylist(), batch.column("record").to_pylist()
        yield from zip(people, records, strict=True)


def _blocks(named: Iterator[_Pair]) -> Iterator[list[_Pair]]:
    while block := list(islice(named, _BLOCK_RECORDS)):
        yield block


def _artefact(opened: OpenedRelease) -> Artefact:
    question = opened.release.manifest["question"]
    said = question.get("artefact") if isinstance(question, Mapping) else None
    if said not in _ARTEFACTS:
        raise Refused("vault.release-disagrees", "the release names no artefact that is kept here")
    return _ARTEFACTS[str(said)]


def _public(raw: bytes) -> X25519PublicKey:
    if len(raw) != KEY_BYTES:
        raise Misuse("vault.recipient-key-malformed", f"a recipient's public key has {KEY_BYTES} bytes")
    key = X25519PublicKey.from_public_bytes(raw)
    try:
        # RFC 7748, 6.1: to a point of small order everybody could open what is sealed.
        X25519PrivateKey.generate().exchange(key)
    except ValueError:
        raise Misuse("vault.recipient-key-malformed", "the public key is a point of small order") from None
    return key


def _read_head(file: FileIO) -> tuple[bytes, bytes]:
    mark, form, vault, release = _HEAD.unpack(_exactly(file, _HEAD.size))
    if mark != _MARK or form != _FORMAT:
        raise Misuse("vault.parcel-malformed", f"it does not begin as a parcel of format {_FORMAT}")
    return vault, release


def _read_block(file: FileIO) -> tuple[int, int, bool]:
    count, size, last = _BLOCK.unpack(_exactly(file, _BLOCK.size))
    if count > _BLOCK_RECORDS or size != count * _KEY.size + _SEALED_MORE or last > 1:
        raise Misuse("vault.parcel-malformed", f"a block of {count} records with {size} bytes of keys")
    return count, size, bool(last)


def _keys(data: bytes) -> Iterator[_Key]:
    for name, person, record, nonce, data_key, content in _KEY.iter_unpack(data):
        if content > MAX_CONTENT_BYTES:
            raise Misuse("vault.parcel-malformed", f"a record of {content} bytes")
        named = RecordName(name[:ID_BYTES], name[ID_BYTES : 2 * ID_BYTES], int.from_bytes(name[-4:]))
        yield _Key(named, person, record, nonce, data_key, content)


def _exactly(file: FileIO, size: int) -> bytearray:
    data = bytearray(size)
    view, filled = memoryview(data), 0
    while filled < size:
        count = file.readinto(view[filled:])
        if not count:
            raise Misuse("vault.parcel-malformed", "it ends before it should")
        filled += count
    return data


def _write(file: FileIO, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
