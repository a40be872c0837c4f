"""Building a passport's data groups, for documents that are simulated: ICAO 9303-10 from the issuer's side.

Nothing here signs: whoever hashes these files and signs the hashes makes a document of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dongui.documents.passport.dg14 import ACTIVE_AUTHENTICATION
from dongui.documents.passport.face_image import FaceImage, ImageFormat, ImageKind, RecordFormat, face_image
from dongui.documents.passport.files import DATA_GROUP_TAGS
from dongui.documents.passport.mrz import LAYOUTS, Layout, MrzFormat, Sex, check_digit
from dongui.documents.passport.tlv import write
from dongui.errors import Misuse

__all__ = [
    "PassportHolder",
    "active_authentication_info",
    "build_com",
    "build_data_groups",
    "build_dg1",
    "build_dg2",
    "chip_authentication_info",
    "chip_authentication_public_key_info",
    "pace_info",
    "write_mrz",
    "write_object_identifier",
]

_YEAR_OF_39794 = 2019
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")


@dataclass(frozen=True, slots=True)
class PassportHolder:
    """What a zone says of its holder. ``repr`` shows nothing of the person.

    Names are A to Z with spaces or hyphens between words: transliteration (9303-3, 6) is the caller's.
    ``number`` has up to nine characters, in TD1 and TD2 also more; ``optional_data`` what the issuer likes.
    """

    format: MrzFormat
    document_code: str
    issuing_state: str = field(repr=False)
    number: str = field(repr=False)
    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    nationality: str = field(repr=False)
    birth: date = field(repr=False)
    sex: Sex = field(repr=False)
    expiry: date = field(repr=False)
    optional_data: str = field(default="", repr=False)


def write_mrz(holder: PassportHolder) -> str:
    """Return the zone, its lines joined by line breaks, every check digit in place.

    Names too long for their field are cut (9303-3, 4.6). Raises ``Misuse`` ``passport.not-writable`` for
    characters no zone can hold and for fields that do not fit.
    """
    layout = LAYOUTS[holder.format]
    count, width = layout.lines
    zone = ["<"] * (count * width)
    _put(zone, (0, 2), holder.document_code)
    _put(zone, (2, 5), holder.issuing_state)
    _put(zone, layout.names, _names(holder, layout))
    _put(zone, (layout.nationality, layout.nationality + 3), holder.nationality)
    _put(zone, (layout.sex, layout.sex + 1), holder.sex.value)
    for start, day in ((layout.birth, holder.birth), (layout.expiry, holder.expiry)):
        text = day.strftime("%y%m%d")
        _put(zone, (start, start + 7), text + check_digit(text))
    _put_number(zone, layout, holder)
    if layout.optional_check is not None:
        zone[layout.optional_check] = check_digit("".join(zone[slice(*layout.optional)]))
    composite = "".join("".join(zone[slice(*stretch)]) for stretch in layout.composite)
    zone[layout.composite_check] = check_digit(composite)
    return "\n".join("".join(zone[start : start + width]) for start in range(0, count * width, width))


def build_data_groups(
    holder: PassportHolder,
    portrait: bytes,
    *,
    record_format: RecordFormat = RecordFormat.ISO_19794_5,
    security_infos: Iterable[bytes] = (),
    active_authentication_key: bytes | None = None,
) -> dict[int, bytes]:
    """Return DG1 and DG2, DG14 where there are ``security_infos``, DG15 where there is a key, by number.

    ``portrait`` is JPEG or JPEG 2000, as encoded. ``active_authentication_key`` is the DER of a
    SubjectPublicKeyInfo. Raises ``Misuse`` ``passport.not-writable``; ``Refused`` ``passport.image-*`` for a
    portrait of another format.
    """
    groups = {1: build_dg1(holder), 2: build_dg2([portrait], record_format=record_format)}
    infos = sorted(security_infos)  # a SET OF in DER is sorted (ISO/IEC 8825-1, 11.6)
    if infos:
        groups[14] = write(DATA_GROUP_TAGS[14], write(0x31, *infos))
    if active_authentication_key is not None:
        groups[15] = write(DATA_GROUP_TAGS[15], active_authentication_key)
    return groups


def build_dg1(holder: PassportHolder) -> bytes:
    """Return DG1. Raises as :func:`write_mrz`."""
    return write(DATA_GROUP_TAGS[1], write(0x5F1F, write_mrz(holder).replace("\n", "").encode()))


def build_dg2(portraits: Iterable[bytes], *, record_format: RecordFormat) -> bytes:
    """Return DG2 with one template, and in it one record of these images, in their order.

    Raises ``Refused`` ``passport.image-format`` or ``passport.image-unreadable``.
    """
    images = [_image(portrait, record_format) for portrait in portraits]
    if record_format is RecordFormat.ISO_19794_5:
        block = write(0x5F2E, _record_19794(images))
        header = write(0x87, b"\x01\x01") + write(0x88, b"\x00\x08")
    else:
        block = write(0x7F2E, _record_39794(images))
        header = write(0x87, b"\x01\x01") + write(0x88, b"\x00\x2a")
    head = write(0xA1, write(0x80, b"\x01\x01"), write(0x81, b"\x02"), header)
    return write(DATA_GROUP_TAGS[2], write(0x7F61, write(0x02, b"\x01"), write(0x7F60, head, block)))


def build_com(groups: Iterable[int], *, lds_version: str = "0107") -> bytes:
    """Return EF.COM listing these data groups."""
    tags = bytes(DATA_GROUP_TAGS[number] for number in sorted(groups))
    return write(0x60, write(0x5F01, lds_version.encode()), write(0x5F36, b"040000"), write(0x5C, tags))


def chip_authentication_public_key_info(protocol: str, public_key: bytes, key_id: int | None = None) -> bytes:
    """Return the entry with a static key of the chip; ``public_key`` is DER of a SubjectPublicKeyInfo."""
    return _info(protocol, public_key, key_id)


def chip_authentication_info(protocol: str, key_id: int | None = None, *, version: int = 1) -> bytes:
    """Return the entry that offers chip authentication with ``protocol``."""
    return _info(protocol, _integer(version), key_id)


def pace_info(protocol: str, parameter_id: int) -> bytes:
    """Return the entry that offers PACE (version 2) with standardised domain parameters."""
    return _info(protocol, _integer(2), parameter_id)


def active_authentication_info(signature_algorithm: str) -> bytes:
    """Return the entry that names the algorithm of active authentication with elliptic curves."""
    named = write(0x06, write_object_identifier(signature_algorithm))
    return write(0x30, write(0x06, write_object_identifier(ACTIVE_AUTHENTICATION)), _integer(1), named)


def write_object_identifier(dotted: str) -> bytes:
    """Return the content of an object identifier (ISO/IEC 8825-1, 8.19)."""
    first, second, *rest = map(int, dotted.split("."))
    written = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        written += bytes(reversed(septets))
    return bytes(written)


def _info(protocol: str, required: bytes, number: int | None) -> bytes:
    optional = b"" if number is None else _integer(number)
    return write(0x30, write(0x06, write_object_identifier(protocol)), required, optional)


def _integer(value: int, tag: int = 0x02) -> bytes:
    return write(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _put(zone: list[str], place: tuple[int, int], text: str) -> None:
    start, end = place
    _require_letters(text)
    if len(text) > end - start:
        raise Misuse(
            "passport.not-writable", f"a field of {end - start} characters cannot hold what is given"
        )
    zone[start : start + len(text)] = text


def _require_letters(text: str) -> None:
    if not _LETTERS.issuperset(text):
        raise Misuse("passport.not-writable", "a zone holds A to Z, 0 to 9 and fillers, nothing else")


def _put_number(zone: list[str], layout: Layout, holder: PassportHolder) -> None:
    number = holder.number
    _require_letters(number)
    digit = check_digit(number.ljust(9, "<"))
    start, end = layout.optional
    if len(number) <= 9:
        _put(zone, (layout.number, layout.number + 9), number)
        zone[layout.number + 9] = digit
    elif layout.number_runs_on:
        rest = number[9:] + digit
        _put(zone, (layout.number, layout.number + 9), number[:9])
        _put(zone, (start, end), rest)
        start += len(rest) + 1
    else:
        raise Misuse("passport.not-writable", "a document number of this format has at most 9 characters")
    _put(zone, (min(start, end), end), holder.optional_data)


def _names(holder: PassportHolder, layout: Layout) -> str:
    surname, given = (_words(text) for text in (holder.surname, holder.given_names))
    if not surname or any(letter.isdigit() for letter in surname + given):
        raise Misuse("passport.not-writable", "a zone needs a surname, and names have no digits")
    written = f"{surname}<<{given}" if given else surname
    return written[: layout.names[1] - layout.names[0]].rstrip("<")


def _words(text: str) -> str:
    return "<".join(text.upper().replace("-", " ").split())


def _image(portrait: bytes, record_format: RecordFormat) -> FaceImage:
    return face_image(
        portrait,
        declared=None,
        declared_format=None,
        record_format=record_format,
        kind=ImageKind.FRONTAL,
    )


def _record_19794(images: list[FaceImage]) -> bytes:
    """ISO/IEC 19794-5:2005, 5.4 to 5.8: appearance and pose "unspecified", colours of 24 bits."""
    faces = b""
    for image in images:
        encoding = 0 if image.format is ImageFormat.JPEG else 1
        information = struct.pack(">BBHHBBHH", 1, encoding, image.width, image.height, 1, 2, 0, 0)
        faces += struct.pack(">IH", 32 + len(image.encoded), 0) + bytes(14) + information + image.encoded
    return struct.pack(">4s4sIH", b"FAC\x00", b"010\x00", 14 + len(faces), len(images)) + faces


def _record_39794(images: list[FaceImage]) -> bytes:
    """ISO/IEC 39794-5 in ICAO's application profile: version, then one block for each image."""
    version = write(0xA0, _integer(3, 0x80), _integer(_YEAR_OF_39794, 0x81))
    blocks = (_representation(number, image) for number, image in enumerate(images))
    return write(0xA1, write(0x65, version, write(0xA1, *blocks)))


def _representation(number: int, image: FaceImage) -> bytes:
    code = 2 if image.format is ImageFormat.JPEG else 3
    size = write(0xA7, _integer(image.width, 0x80), _integer(image.height, 0x81))
    information = write(0xA1, write(0xA0, _integer(code, 0x80)), write(0xA1, _integer(0, 0x80)), size)
    block = write(0xA0, write(0x80, image.encoded), information)
    return write(0x30, _integer(number, 0x80), write(0xA1, write(0xA0, block)))
