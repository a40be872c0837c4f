"""The bytes of a parcel: a head, then blocks of sealed keys and ciphertexts (``spec/vault.md``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from struct import Struct

from dongui.custody.vault.associated_data import ID_BYTES, RecordName
from dongui.custody.vault.envelope import KEY_BYTES, NONCE_BYTES
from dongui.custody.vault.recipient_key import SEALED_MORE
from dongui.custody.vault.record_file import MAX_CONTENT_BYTES
from dongui.errors import Misuse

__all__ = [
    "BLOCK_RECORDS",
    "ParcelKey",
    "read_block",
    "read_exactly",
    "read_head",
    "read_keys",
    "write_block",
    "write_head",
    "write_whole",
]

BLOCK_RECORDS = 4_096
_MARK = b"DONGUIVP"
_FORMAT = 1
_HEAD = Struct(">8sI16s16s")  # mark, format, vault, release
_BLOCK = Struct(">IIB")  # records, bytes of the sealed keys, whether it is the last
_KEY = Struct(f">36sII{NONCE_BYTES}s{KEY_BYTES}sI")  # name, numbers, nonce, data key, content's bytes


@dataclass(frozen=True, slots=True)
class ParcelKey:
    """What a recipient is given of one record besides its ciphertext; ``content`` is its size in bytes."""

    name: RecordName
    person_number: int
    record_number: int
    nonce: bytes
    data_key: bytes = field(repr=False)
    content: int

    def encode(self) -> bytes:
        """Return its bytes, in the clear: they are sealed before they go anywhere."""
        numbers = (self.person_number, self.record_number)
        return _KEY.pack(self.name.encode(), *numbers, self.nonce, self.data_key, self.content)


def read_keys(data: bytes) -> Iterator[ParcelKey]:
    """Yield the keys of one block. Raises ``Misuse`` (``vault.parcel-malformed``)."""
    for name, person, record, nonce, data_key, content in _KEY.iter_unpack(data):
        if content > MAX_CONTENT_BYTES:
            raise Misuse("vault.parcel-malformed", f"a record of {content} bytes")
        named = RecordName(name[:ID_BYTES], name[ID_BYTES : 2 * ID_BYTES], int.from_bytes(name[-4:]))
        yield ParcelKey(named, person, record, nonce, data_key, content)


def write_head(file: FileIO, *, vault: bytes, release: bytes) -> None:
    """Begin a parcel with both ids."""
    write_whole(file, _HEAD.pack(_MARK, _FORMAT, vault, release))


def read_head(file: FileIO) -> tuple[bytes, bytes]:
    """Return the vault's and the release's id. Raises ``Misuse`` (``vault.parcel-malformed``)."""
    mark, form, vault, release = _HEAD.unpack(read_exactly(file, _HEAD.size))
    if mark != _MARK or form != _FORMAT:
        raise Misuse("vault.parcel-malformed", f"it does not begin as a parcel of format {_FORMAT}")
    return vault, release


def write_block(file: FileIO, sealed: bytes, *, records: int, last: bool) -> None:
    """Begin a block with its sealed keys; the ciphertexts follow."""
    write_whole(file, _BLOCK.pack(records, len(sealed), last) + sealed)


def read_block(file: FileIO) -> tuple[bytes, bool]:
    """Return a block's sealed keys, and whether it is the last. Raises as :func:`read_head`."""
    count, size, last = _BLOCK.unpack(read_exactly(file, _BLOCK.size))
    if count > BLOCK_RECORDS or size != count * _KEY.size + SEALED_MORE or last > 1:
        raise Misuse("vault.parcel-malformed", f"a block of {count} records with {size} bytes of keys")
    return bytes(read_exactly(file, size)), bool(last)


def read_exactly(file: FileIO, size: int) -> bytearray:
    """Read so many bytes. Raises ``Misuse`` (``vault.parcel-malformed``) where there are fewer."""
    data = bytearray(size)
    view, filled = memoryview(data), 0
    while filled < size:
        count = file.readinto(view[filled:])
        if not count:
            raise Misuse("vault.parcel-malformed", "it ends before it should")
        filled += count
    return data


def write_whole(file: FileIO, data: bytes | memoryview) -> None:
    """Write everything, however many calls that takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
