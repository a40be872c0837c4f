"""The vault: images in, encrypted before they reach a disk; images out, into a buffer that is overwritten.

It stores only when told to, and each record on a basis that is named: a consent, or the record of a legal
ground. A record's data key encrypts exactly one version of it, once, under a nonce drawn with the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.person_keys import Person
from dongui.custody.question import Artefact
from dongui.custody.vault.associated_data import ID_BYTES, RecordName, of_record
from dongui.custody.vault.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from dongui.custody.vault.person_wrapping_keys import PersonCipher, PersonKeys
from dongui.custody.vault.record_file import (
    MAX_CONTENT_BYTES,
    MAX_HEADER_BYTES,
    NO_WRAPPED,
    Basis,
    Frame,
    Gap,
    read_frame,
    use_of,
    with_wrapped,
)
from dongui.custody.vault.stores import Index, Kept, Place, Segments
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.memory import SecretBuffer
from dongui.undoing import on_failure

__all__ = [
    "MAX_BATCH_BYTES",
    "MAX_BATCH_RECORDS",
    "NewRecord",
    "Record",
    "Vault",
    "require_agreement",
    "require_cipher",
]

MAX_BATCH_RECORDS = 65_536
MAX_BATCH_BYTES = 1 << 30
_BUFFER_BYTES = 2 << 20  # large enough for few calls, small enough to stay near the processor
_NUMBERS = 2**32
_READ_TOGETHER = 1_024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewRecord:
    """What is to be kept. ``content`` stays the caller's, who overwrites it afterwards.

    ``record`` has 16 bytes; ``number`` is the record's in the sorted layout; ``version`` is 1 for a new
    record, and one more than the latest for a new version of it.
    """

    person: Person
    record: bytes
    number: int
    basis: Basis
    content: memoryview = field(repr=False)
    artefact: Artefact = Artefact.IMAGE
    version: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a record, read. ``content`` is overwritten when the next one is asked for."""

    kept: Kept
    content: SecretBuffer = field(repr=False)


class Vault:
    """An open vault. ``dongui.storage.vault_folder`` opens one on a disk."""

    def __init__(
        self, *, index: Index, segments: Segments, keys: PersonKeys, clock: Clock, entropy: Entropy
    ) -> None:
        self.index, self.segments, self.keys = index, segments, keys
        self._clock, self._entropy = clock, entropy
        self.id = index.vault()

    def put(self, records: Sequence[NewRecord]) -> int:
        """Encrypt and keep records, all or none, durable on return; return how many bytes were written.

        At most MAX_BATCH_RECORDS records and MAX_BATCH_BYTES bytes at once. Raises ``Misuse``:
        ``vault.batch-too-large``, ``vault.record-too-large``, ``vault.record-exists``,
        ``vault.version-out-of-order``; ``Trouble``: ``vault.no-room``, ``vault.erasure-unfinished``,
        ``storage.*``. Then nothing was kept.
        """
        if not records:
            return 0
        self._check(records)
        people = {one.person.id for one in records}
        self.keys.draw(people)
        ciphers = self.keys.ciphers(people)
        # Whatever reached a segment was never confirmed.
        with on_failure(lambda: self.segments.cut(self.index.ends())):
            rows = list(self._write(records, ciphers))
            self.index.add(rows, self.segments.sync())
        return sum(row.place.length for row in rows)

    def get(self, record: bytes, version: int | None = None) -> SecretBuffer:
        """Return a record's content, by default of its latest version; overwrite it when done.

        Raises ``Misuse`` (``vault.no-such-record``); ``Refused``: ``vault.no-person-key``,
        ``vault.wrapped-key-altered``, ``vault.content-altered``, ``vault.frame-malformed``,
        ``vault.record-disagrees``; ``Trouble``: ``vault.segment-missing``, ``vault.segment-truncated``.
        """
        kept = self.index.latest((record,)).get(record)
        if kept is not None and version is not None:
            kept = self.index.version(record, version)
        if kept is None:
            raise Misuse("vault.no-such-record", "nothing is kept under this id and version")
        return self.open(kept, self.keys.cipher(kept.name.person))

    def read(self, records: Iterable[bytes]) -> Iterator[Record]:
        """Yield the latest version of each record, some thousand at a time in the order of the disk.

        Each content is overwritten when the next is asked for. Raises as :meth:`get`.
        """
        pending = iter(records)
        while chunk := list(islice(pending, _READ_TOGETHER)):
            found = self.index.latest(chunk)
            if len(found) != len(set(chunk)):
                raise Misuse("vault.no-such-record", f"{len(set(chunk)) - len(found)} of those asked for")
            ciphers = self.keys.ciphers({kept.name.person for kept in found.values()})
            for kept in sorted(found.values(), key=lambda one: one.place):
                with self.open(kept, require_cipher(ciphers, kept.name.person)) as content:
                    yield Record(kept, content)

    def open(self, kept: Kept, cipher: PersonCipher) -> SecretBuffer:
        """Read one frame and decrypt it. Raises as :meth:`get`."""
        data = bytearray(kept.place.length)
        self.fetch(kept.place, memoryview(data))
        frame = require_agreement(kept, data, bytes(data[-TAG_BYTES:]))
        data_key = cipher.unwrap(frame.wrapped, use=frame.use(self.id))
        content = SecretBuffer(bytearray(frame.content))
        sealed = memoryview(data)[frame.header_bytes :]
        try:
            AESGCM(data_key).decrypt_into(frame.nonce, sealed, of_record(self.id, frame.name), content.view)
        except InvalidTag:
            content.wipe()
            raise Refused(
                "vault.content-altered", f"segment {kept.place.segment}, byte {kept.place.offset}"
            ) from None
        return content

    def fetch(self, place: Place, into: memoryview) -> None:
        """Read a whole frame. Raises ``Trouble``: ``vault.segment-missing``, ``vault.segment-truncated``."""
        if self.segments.read(place.segment, place.offset, into) != place.length:
            detail = f"segment {place.segment} ends before byte {place.offset + place.length}"
            raise Trouble("vault.segment-truncated", detail)

    def _check(self, records: Sequence[NewRecord]) -> None:
        size = sum(one.content.nbytes for one in records)
        if len(records) > MAX_BATCH_RECORDS or size > MAX_BATCH_BYTES:
            limits = f"{MAX_BATCH_RECORDS} records and {MAX_BATCH_BYTES} bytes"
            raise Misuse("vault.batch-too-large", f"{len(records)} records, {size} bytes; at most {limits}")
        if self.index.erasures():
            raise Trouble("vault.erasure-unfinished", "an erasure was begun; finish it first")
        latest = self.index.latest({one.record for one in records})
        for one in records:
            _check_record(one, latest.get(one.record))
        if len({one.record for one in records}) != len(records):
            raise Misuse("vault.record-exists", "one batch names a record twice")

    def _write(self, records: Sequence[NewRecord], ciphers: Mapping[bytes, PersonCipher]) -> Iterator[Kept]:
        """Encrypt into a buffer of many frames; append it when it is full, and meanwhile fill the other."""
        buffer, other = _buffers(records)
        stored_us = (self._clock.now() - _EPOCH) // timedelta(microseconds=1)
        filled, frames = 0, list[tuple[Frame, int]]()
        for one in records:
            frame, data_key = self._frame(one, stored_us)
            length = frame.length
            if filled + length > len(buffer):
                yield from self._append(buffer[:filled], frames)
                buffer, other = other, buffer
                filled, frames = 0, []
            header = self._header(frame, data_key, require_cipher(ciphers, one.person.id))
            self._seal(frame, data_key, header, one.content, buffer[filled : filled + length])
            filled += length
            frames.append((frame, length))
        yield from self._append(buffer[:filled], frames)

    def _frame(self, one: NewRecord, stored_us: int) -> tuple[Frame, bytes]:
        """Return a record's frame, its data key not wrapped yet, and the key."""
        drawn = self._entropy.draw(KEY_BYTES + NONCE_BYTES)
        frame = Frame(
            name=RecordName(one.person.id, one.record, one.version),
            person_number=one.person.number,
            record_number=one.number,
            artefact=one.artefact,
            basis=one.basis,
            content=one.content.nbytes,
            stored_us=stored_us,
            nonce=drawn[KEY_BYTES:],
            wrapped=NO_WRAPPED,
        )
        return frame, drawn[:KEY_BYTES]

    def _header(self, frame: Frame, data_key: bytes, cipher: PersonCipher) -> bytes:
        bare = frame.encode()
        wrapped = cipher.wrap(data_key, use=use_of(bare, self.id), entropy=self._entropy)
        return with_wrapped(bare, wrapped)

    def _seal(
        self, frame: Frame, data_key: bytes, header: bytes, content: memoryview, into: memoryview
    ) -> None:
        head = len(header)
        into[:head] = header
        AESGCM(data_key).encrypt_into(frame.nonce, content, of_record(self.id, frame.name), into[head:])

    def _append(self, data: memoryview, frames: Sequence[tuple[Frame, int]]) -> Iterator[Kept]:
        segment, begin = self.segments.append(data)
        offset = 0
        for frame, length in frames:
            end = offset + length
            yield Kept(
                name=frame.name,
                person_number=frame.person_number,
                record_number=frame.record_number,
                artefact=frame.artefact,
                basis=frame.basis,
                place=Place(segment, begin + offset, length),
                tag=bytes(data[end - TAG_BYTES : end]),
            )
            offset = end


def _buffers(records: Sequence[NewRecord]) -> tuple[memoryview, memoryview]:
    """Return two buffers for the largest record at least; the second is empty where one is enough."""
    sizes = [one.content.nbytes + MAX_HEADER_BYTES + TAG_BYTES for one in records]
    total = sum(sizes)
    size = max(max(sizes), min(total, _BUFFER_BYTES))
    return memoryview(bytearray(size)), memoryview(bytearray(size if total > size else 0))


def require_cipher(ciphers: Mapping[bytes, PersonCipher], person: bytes) -> PersonCipher:
    """Return a person's key of those read. Raises ``Refused`` (``vault.no-person-key``)."""
    cipher = ciphers.get(person)
    if cipher is None:
        raise Refused("vault.no-person-key", "none is kept for this person: it was destroyed")
    return cipher


def require_agreement(kept: Kept, head: bytearray, tag: bytes) -> Frame:
    """Return the frame that begins ``head``, if it is the one the index names and ends with ``tag``.

    Raises ``Refused``: ``vault.frame-malformed``, ``vault.record-disagrees``.
    """
    frame = read_frame(head)
    if isinstance(frame, Gap) or not _agree(kept, frame) or tag != kept.tag:
        detail = f"segment {kept.place.segment}, byte {kept.place.offset}: another frame than the index names"
        raise Refused("vault.record-disagrees", detail)
    return frame


def _check_record(one: NewRecord, latest: Kept | None) -> None:
    if len(one.person.id) != ID_BYTES or len(one.record) != ID_BYTES:
        raise Misuse("vault.id-malformed", f"ids of people and records have {ID_BYTES} bytes")
    if not (0 <= one.number < _NUMBERS and 0 <= one.person.number < _NUMBERS):
        raise Misuse("vault.id-malformed", "numbers of people and records lie below 2**32")
    if not 1 <= one.content.nbytes <= MAX_CONTENT_BYTES:
        detail = f"{one.content.nbytes} bytes; 1 to {MAX_CONTENT_BYTES} are kept"
        raise Misuse("vault.record-too-large", detail)
    if latest is not None and latest.name.person != one.person.id:
        raise Misuse("vault.record-exists", "it is another person's")
    expected = 1 if latest is None else latest.name.version + 1
    if one.version != expected:
        name = "vault.record-exists" if one.version < expected else "vault.version-out-of-order"
        raise Misuse(name, f"version {one.version} was given; the next is {expected}")


def _agree(kept: Kept, frame: Frame) -> bool:
    said = (frame.person_number, frame.record_number, frame.artefact, frame.basis, frame.length)
    known = (kept.person_number, kept.record_number, kept.artefact, kept.basis, kept.place.length)
    return frame.name == kept.name and said == known
