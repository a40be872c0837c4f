"""The bytes of a segment: a header, then frames, each one version of one record (``spec/vault.md``).

Whoever reads a segment without keys learns which record of which person stands where, on what basis and how
large it is, and that none of its headers was damaged. Everything in a frame's header is bound to its wrapped
data key, so none can be changed unnoticed by whoever lacks the person's key.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Self

from dongui.custody.vault.associated_data import RecordName
from dongui.custody.vault.envelope import NONCE_BYTES, TAG_BYTES, WRAPPED_BYTES
from dongui.errors import Misuse, Refused

__all__ = [
    "GAP_BYTES",
    "MAX_BASIS_BYTES",
    "MAX_CONTENT_BYTES",
    "MAX_HEADER_BYTES",
    "NO_WRAPPED",
    "SEGMENT_HEADER_BYTES",
    "Basis",
    "BasisKind",
    "Frame",
    "Gap",
    "SegmentHeader",
    "read_frame",
    "use_of",
    "with_wrapped",
]

MAX_CONTENT_BYTES = 64 * 1024 * 1024
"""A passport's portrait has some 15 kB; a whole scene of a studio camera some 30 MB."""

MAX_BASIS_BYTES = 200
_SEGMENT = Struct(">8sI16sI28xI")
_SEGMENT_MARK, _FORMAT = b"DONGUIVS", 1
SEGMENT_HEADER_BYTES = _SEGMENT.size
_FRAME = Struct(f">4sI36sIIBBBxq{NONCE_BYTES}s{WRAPPED_BYTES}s")
_FRAME_MARK, _GAP_MARK = b"DgR\x01", b"DgG\x01"
_GAP = Struct(">4sII")
_CHECK = Struct(">I")
_USE = b"dongui.vault.frame.1\0"
_WRAPPED_AT = _FRAME.size - WRAPPED_BYTES
GAP_BYTES = _GAP.size
MAX_HEADER_BYTES = _FRAME.size + MAX_BASIS_BYTES + _CHECK.size
NO_WRAPPED = bytes(WRAPPED_BYTES)
"""Stands in a header for a wrapped key that is yet to be made."""


class BasisKind(IntEnum):
    """What allows a record to be kept."""

    CONSENT = 1  # the person's own; the reference is the consent record's
    GROUND = 2  # one the law knows; the reference is the record of it


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a record may be kept: a kind, and a reference of 1 to 200 bytes by which it can be looked up."""

    kind: BasisKind
    reference: str

    def __post_init__(self) -> None:
        size = len(self.reference.encode("utf-8", "replace"))
        printable = self.reference.isprintable() and self.reference.strip() == self.reference
        if not printable or not 1 <= size <= MAX_BASIS_BYTES:
            detail = f"a reference is 1 to {MAX_BASIS_BYTES} bytes of printable text; this has {size}"
            raise Misuse("vault.basis-missing", detail)


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """The first 64 bytes of a segment: whose it is, and which."""

    vault: bytes
    number: int

    def encode(self) -> bytes:
        """Return its bytes."""
        return _checked(_SEGMENT.pack(_SEGMENT_MARK, _FORMAT, self.vault, self.number, 0)[: -_CHECK.size])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read it. Raises ``Refused`` (``vault.segment-malformed``)."""
        if len(data) != SEGMENT_HEADER_BYTES:
            raise Refused("vault.segment-malformed", f"{len(data)} bytes are no header of a segment")
        mark, form, vault, number, _ = _SEGMENT.unpack(data)
        found = cls(vault, number)
        if mark != _SEGMENT_MARK or form != _FORMAT or found.encode() != data:
            raise Refused("vault.segment-malformed", f"its first bytes are no segment's of format {_FORMAT}")
        return found


@dataclass(frozen=True, slots=True)
class Frame:
    """The header of one frame. ``content`` is the plaintext's size in bytes; numbers are below 2**32.

    ``person_number`` and ``record_number`` are the dense ones of the sorted layout; ``artefact`` is 1 for an
    image, 2 for a template; ``stored_us`` microseconds since 1970, UTC.
    """

    name: RecordName
    person_number: int
    record_number: int
    artefact: int
    basis: Basis
    content: int
    stored_us: int
    nonce: bytes
    wrapped: bytes

    @property
    def header_bytes(self) -> int:
        """The size of what comes before the ciphertext."""
        return _FRAME.size + len(self.basis.reference.encode()) + _CHECK.size

    @property
    def length(self) -> int:
        """The whole frame's size: header, ciphertext, tag."""
        return self.header_bytes + self.content + TAG_BYTES

    def use(self, vault: bytes) -> bytes:
        """Return what the data key is bound to: the vault (16 bytes), and all of the header but itself."""
        return use_of(self._packed(NO_WRAPPED), vault)

    def encode(self) -> bytes:
        """Return the header's bytes."""
        return self._packed(self.wrapped)

    def _packed(self, wrapped: bytes) -> bytes:
        reference = self.basis.reference.encode()
        return _checked(
            _FRAME.pack(
                _FRAME_MARK,
                _FRAME.size + len(reference) + _CHECK.size + self.content + TAG_BYTES,
                self.name.encode(),
                self.person_number,
                self.record_number,
                self.artefact,
                self.basis.kind,
                len(reference),
                self.stored_us,
                self.nonce,
                wrapped,
            )
            + reference
        )


def use_of(bare: bytes, vault: bytes) -> bytes:
    """Return what the data key is bound to whose frame's header, without it, is ``bare``."""
    return _USE + vault + bare


def with_wrapped(bare: bytes, wrapped: bytes) -> bytes:
    """Return a frame's header with its wrapped data key in the place of ``NO_WRAPPED``."""
    return _checked(bare[:_WRAPPED_AT] + wrapped + bare[_FRAME.size : -_CHECK.size])


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a frame of ``length`` bytes stood whose person is erased: this mark, and zeros."""

    length: int

    def encode(self) -> bytes:
        """Return the mark's bytes; zeros follow up to the length."""
        return _checked(_GAP.pack(_GAP_MARK, self.length, 0)[: -_CHECK.size])


def read_frame(data: bytes | bytearray | memoryview) -> Frame | Gap:
    """Read what stands at the beginning of ``data``: at least ``MAX_HEADER_BYTES``, or all there is.

    Raises ``Refused`` (``vault.frame-malformed``).
    """
    start = bytes(data[:MAX_HEADER_BYTES])
    found = _read_gap(start) if start[:4] == _GAP_MARK else _read_record(start)
    # Written again it must be the same bytes: nothing in it was passed over.
    encoded = found.encode()
    if start[: len(encoded)] != encoded:
        raise _malformed("its check does not fit, or it is not written as it must be")
    return found


def _read_gap(start: bytes) -> Gap:
    if len(start) < GAP_BYTES:
        raise _malformed(f"{len(start)} bytes are left")
    _, length, _ = _GAP.unpack(start[:GAP_BYTES])
    if length < GAP_BYTES:
        raise _malformed(f"a gap of {length} bytes")
    return Gap(length)


def _read_record(start: bytes) -> Frame:
    if len(start) < _FRAME.size:
        raise _malformed(f"{len(start)} bytes are left")
    mark, length, name, person_number, record_number, artefact, kind, size, stored_us, nonce, wrapped = (
        _FRAME.unpack(start[: _FRAME.size])
    )
    content = length - _FRAME.size - size - _CHECK.size - TAG_BYTES
    if mark != _FRAME_MARK or artefact not in (1, 2) or not 0 <= content <= MAX_CONTENT_BYTES:
        raise _malformed("it does not begin as one")
    try:
        basis = Basis(BasisKind(kind), start[_FRAME.size : _FRAME.size + size].decode())
        named = RecordName(name[:16], name[16:32], int.from_bytes(name[32:]))
    except (ValueError, Misuse):
        raise _malformed("its basis or its version is none") from None
    return Frame(named, person_number, record_number, artefact, basis, content, stored_us, nonce, wrapped)


def _checked(data: bytes) -> bytes:
    return data + _CHECK.pack(zlib.crc32(data))


def _malformed(why: str) -> Refused:
    return Refused("vault.frame-malformed", f"this is no frame: {why}")
