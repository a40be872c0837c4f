"""A passport's files drafted by hand: no code of Dongui's own writer, reader or check digits is used.

The pictures are headers alone: enough for whoever reads sizes, nothing for whoever decodes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

__all__ = [
    "TD1",
    "TD2",
    "TD3",
    "archive",
    "com",
    "dg1",
    "dg2",
    "fac",
    "jpeg",
    "jpeg2000",
    "modern",
    "oid",
    "placed",
    "sealed",
    "template",
    "tlv",
]

# The person of ICAO 9303-4 to -6, appendix B, with a passport that is valid longer; not yet sealed.
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F3204150ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F3204150<<<<<<<0"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F3204150UTO<<<<<<<<<<<0ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
# Field, then the place of its check digit; the last is the composite one over all the stretches before it.
_DIGITS = {
    88: (
        ((44, 53), 53), ((57, 63), 63), ((65, 71), 71), ((72, 86), 86),
        (((44, 54), (57, 64), (65, 87)), 87),
    ),
    72: (((36, 45), 45), ((49, 55), 55), ((57, 63), 63), (((36, 46), (49, 56), (57, 71)), 71)),
    90: (((5, 14), 14), ((30, 36), 36), ((38, 44), 44), (((5, 30), (30, 37), (38, 45), (48, 59)), 59)),
}  # fmt: skip


def tlv(tag: str, *values: bytes) -> bytes:
    """A data object; ``tag`` in hex."""
    value = b"".join(values)
    size = len(value)
    if size < 128:
        length = bytes([size])
    else:
        octets = 1 if size < 256 else 2 if size < 65_536 else 3
        length = bytes([0x80 + octets]) + size.to_bytes(octets, "big")
    return bytes.fromhex(tag) + length + value


def placed(zone: str, position: int, letters: str) -> str:
    """The zone with other letters at a position, digits left as they were."""
    return zone[:position] + letters + zone[position + len(letters) :]


def sealed(zone: str, *, number_runs_on: bool = False) -> str:
    """The zone with every check digit made to hold; a number that runs on keeps the one it has."""
    for field, place in _DIGITS[len(zone)][number_runs_on:]:
        stretches = field if isinstance(field[0], tuple) else (field,)
        text = "".join(zone[start:end] for start, end in stretches)
        total = 0
        for number, letter in enumerate(text):
            value = 0 if letter == "<" else int(letter, 36)
            total += value * (7, 3, 1)[number % 3]
        zone = placed(zone, place, str(total % 10))
    return zone


def dg1(zone: str) -> bytes:
    """DG1 around a zone."""
    return tlv("61", tlv("5f1f", zone.encode()))


def com(lds: bytes = b"0107", unicode: bytes = b"040000", tags: str = "6175") -> bytes:
    """EF.COM."""
    return tlv("60", tlv("5f01", lds), tlv("5f36", unicode), tlv("5c", bytes.fromhex(tags)))


def jpeg(width: int = 413, height: int = 531) -> bytes:
    """The frame header of a JPEG, and no picture."""
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes.fromhex("012200021101031101")
    scan = bytes.fromhex("000c03010002110311003f00")
    return b"\xff\xd8\xff\xc0" + frame + b"\xff\xda" + scan + b"\xff\xd9"


def jpeg2000(
    width: int = 413,
    height: int = 531,
    *,
    tile: tuple[int, int] = (4_096, 4_096),
    depth: int = 7,
    colours: int = 3,
    coding: str = "00000001010504040001",
    boxed: tuple[int, int] | None = (413, 531),
) -> bytes:
    """A JPEG 2000 code stream with an empty tile, in the box of a JP2 file unless ``boxed`` is ``None``."""
    size = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, *tile, 0, 0, colours)
    size += bytes([depth, 1, 1]) * colours
    stream = b"\xff\x4f"
    for marker, content in (("ff51", size), ("ff52", bytes.fromhex(coding)), ("ff5c", b"\x40" + bytes(16))):
        stream += bytes.fromhex(marker) + struct.pack(">H", len(content) + 2) + content
    stream += struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 0, 1) + b"\xff\x93\xff\xd9"
    if boxed is None:
        return stream
    header = _box(b"ihdr", struct.pack(">IIHBBBB", boxed[1], boxed[0], colours, 7, 7, 0, 0))
    header += _box(b"colr", b"\x01\0\0" + struct.pack(">I", 16))
    start = bytes.fromhex("0000000c6a5020200d0a870a") + _box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return start + _box(b"jp2h", header) + _box(b"jp2c", stream)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def fac(
    images: Sequence[bytes],
    *,
    identifier: bytes = b"FAC\0",
    version: bytes = b"010\0",
    count: int | None = None,
    longer: int = 0,
    face_longer: int = 0,
    encoding: int = 0,
    points: int = 0,
    size: tuple[int, int] = (413, 531),
) -> bytes:
    """A record of ISO/IEC 19794-5:2005."""
    faces = b""
    for image in images:
        body = (
            bytes(14) + bytes(8) * points + struct.pack(">BBHHBBHH", 1, encoding, *size, 1, 2, 0, 0) + image
        )
        faces += struct.pack(">IH", len(body) + 6 + face_longer, points) + body
    number = len(images) if count is None else count
    return identifier + version + struct.pack(">IH", 14 + len(faces) + longer, number) + faces


def modern(
    images: Sequence[bytes],
    *,
    generation: str = "03",
    code: str = "02",
    size: str = "a7088002019d81020213",
    outer: str = "65",
    extra: bytes = b"",
) -> bytes:
    """A record of ISO/IEC 39794-5."""
    blocks = []
    for number, image in enumerate(images):
        information = tlv("a1", tlv("a0", tlv("80", bytes.fromhex(code))), bytes.fromhex("a103800100" + size))
        pixels = tlv("a0", tlv("80", image), information)
        blocks.append(tlv("30", tlv("80", bytes([number])), tlv("a1", tlv("a0", pixels)), extra))
    version = tlv("a0", tlv("80", bytes.fromhex(generation)), bytes.fromhex("810207e3"))
    return tlv("a1", tlv(outer, version, tlv("a1", *blocks)))


def template(
    block: bytes, *, tag: str = "5f2e", header: str = "800201018101028702010188020008", extra: bytes = b""
) -> bytes:
    """One biometric template."""
    return tlv("7f60", tlv("a1", bytes.fromhex(header)), tlv(tag, block), extra)


def dg2(*templates: bytes, count: bytes | None = None) -> bytes:
    """DG2 around templates."""
    number = bytes([len(templates)]) if count is None else count
    return tlv("75", tlv("7f61", tlv("02", number), *templates))


def oid(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *arcs):
        groups = [(arc >> shift) & 0x7F for shift in range(28, -1, -7)]
        while len(groups) > 1 and groups[0] == 0:
            groups.pop(0)
        content += bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])
    return tlv("06", content)


def archive(files: Mapping[str, bytes], *, flag: int = 0) -> bytes:
    """A zip without compression and of one fixed date, so that it is the same everywhere."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name, content in files.items():
            opened.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    data = bytearray(stream.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= flag
    return bytes(data)
