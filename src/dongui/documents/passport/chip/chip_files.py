"""Reading one file of a chip in pieces: ICAO 9303-10, 3.6.3."""

from __future__ import annotations

from collections.abc import Callable

from dongui.documents.passport.chip.apdu import FILE_NOT_FOUND, SHORT_ANSWER, SUCCESS, Command, Response
from dongui.documents.passport.chip.channel import Channel, unexpected
from dongui.documents.passport.tlv import header_length, read_fields, read_one, write
from dongui.errors import Refused, Undetermined

__all__ = ["MAX_CHIP_FILE_BYTES", "SHORT_PIECE", "largest_piece", "read_selected", "select"]

MAX_CHIP_FILE_BYTES = 256 * 1024  # the largest chips hold this much in all
SHORT_PIECE = 223  # protected in AES blocks, what the 256 bytes of a short answer hold
_LONG_PIECE = 2_000  # beyond it the commands are no longer what takes the time, and readers differ
_PROTECTION = 64  # bytes of a protected answer that are no data, rounded up
_HEADER = 6
# A chip with a small buffer may give less than was asked. Less than this is no reading but a way to hold us.
_LEAST_PIECE = 16
_END_OF_FILE = 0x6282
_FAR = 0x8000  # offsets from here on need the odd instruction,
_FAR_HEADER = 4  # whose answer has a tag and a length in it
_EF_ATR_INFO = 0x2F01

Progress = Callable[[int, int], None]


def select(channel: Channel, identifier: int) -> bool:
    """Select a file. ``False``: there is none. Raises as :meth:`.channel.Channel.require`."""
    response = channel.send(Command(0x00, 0xA4, 0x02, 0x0C, data=identifier.to_bytes(2, "big")))
    if response.status == FILE_NOT_FOUND:
        return False
    if response.status != SUCCESS:
        raise unexpected(response.status, f"selecting the file {identifier:04X}")
    return True


def read_selected(channel: Channel, *, what: str, piece: int, progress: Progress) -> bytes:
    """Read the selected file, as long as its own header says. ``progress`` is told bytes read and in all.

    Raises ``Undetermined``: ``chip.file-too-large``, ``chip.malformed-response``,
    ``chip.unexpected-status``; and what :meth:`.channel.Channel.send` raises.
    """
    data = bytearray(_read_at(channel, 0, _HEADER, what))
    size = _size(bytes(data), what)
    while len(data) < size:
        room = piece if len(data) < _FAR else piece - _FAR_HEADER
        wanted = min(room, size - len(data))
        got = _read_at(channel, len(data), wanted, what)
        if len(got) < min(wanted, _LEAST_PIECE):
            raise _malformed(f"{what}: {len(got)} bytes where {wanted} were asked for")
        data += got
        progress(len(data), size)
    return bytes(data[:size])


def largest_piece(channel: Channel) -> int:
    """Ask how long an answer may be (EF.ATR/INFO, ISO/IEC 7816-4, 12.7.1), and return a piece's size.

    Nobody signs that file: what it says decides about speed alone, and within bounds.
    """
    select_it = Command(0x00, 0xA4, 0x02, 0x0C, data=_EF_ATR_INFO.to_bytes(2, "big"))
    if channel.send(select_it).status != SUCCESS:
        return SHORT_PIECE
    content = channel.send(Command(0x00, 0xB0, 0x00, 0x00, expected=SHORT_ANSWER))
    return _piece_told(content) if content.status in (SUCCESS, _END_OF_FILE) else SHORT_PIECE


def _piece_told(content: Response) -> int:
    try:
        told = read_fields(content.data, what="EF.ATR/INFO").optional(0x7F66)
        sizes = () if told is None else read_fields(told, what="the lengths").every(0x02)
    except Refused:
        return SHORT_PIECE
    longest = int.from_bytes(sizes[1][:4], "big") if len(sizes) == 2 else 0
    return SHORT_PIECE if longest <= SHORT_ANSWER + _PROTECTION else min(longest - _PROTECTION, _LONG_PIECE)


def _size(start: bytes, what: str) -> int:
    try:
        _, header, length = header_length(start, what=what)
    except Refused as failure:
        raise _malformed(failure.detail) from None
    if header + length > MAX_CHIP_FILE_BYTES:
        raise Undetermined(
            "chip.file-too-large",
            f"{what} says it has {header + length} bytes; the limit is {MAX_CHIP_FILE_BYTES}",
        )
    return header + length


def _read_at(channel: Channel, offset: int, count: int, what: str) -> bytes:
    far = offset >= _FAR
    response = channel.send(_far(offset, count) if far else _near(offset, count))
    if response.status not in (SUCCESS, _END_OF_FILE):
        raise unexpected(response.status, f"reading {what} at {offset}")
    data = _unwrapped(response.data, what) if far else response.data
    if len(data) > count:
        raise _malformed(f"{what}: {len(data)} bytes where {count} were asked for")
    return data


def _near(offset: int, count: int) -> Command:
    return Command(0x00, 0xB0, offset >> 8, offset & 0xFF, expected=count)


def _far(offset: int, count: int) -> Command:
    """ISO/IEC 7816-4, 11.2.3: the odd READ BINARY takes its offset, and gives its data, in an object."""
    place = write(0x54, offset.to_bytes(3, "big") if offset > 0xFFFF else offset.to_bytes(2, "big"))
    return Command(0x00, 0xB1, 0x00, 0x00, data=place, expected=len(write(0x53, bytes(count))))


def _unwrapped(data: bytes, what: str) -> bytes:
    try:
        return read_one(data, 0x53, what=what)
    except Refused as failure:
        raise _malformed(failure.detail) from None


def _malformed(detail: str) -> Undetermined:
    return Undetermined("chip.malformed-response", detail)
