"""Biometric templates: CBEFF as ISO/IEC 7816-11 writes it and ICAO 9303-10, 4.7.2 uses it."""

from __future__ import annotations

from dataclasses import dataclass, field

from dongui.documents.passport.tlv import Fields, read_fields, read_one
from dongui.errors import Refused

__all__ = ["DATA_BLOCK", "DATA_BLOCK_CONSTRUCTED", "BiometricTemplate", "read_templates"]

DATA_BLOCK, DATA_BLOCK_CONSTRUCTED = 0x5F2E, 0x7F2E
_GROUP, _TEMPLATE, _COUNT, _HEADER = 0x7F61, 0x7F60, 0x02, 0xA1
_TYPE, _OWNER, _FORMAT = 0x81, 0x87, 0x88
# Header version, type, subtype, creation, integrity, validity, creator, owner and type of the format.
_HEADER_TAGS = range(0x80, 0x89)
_FACE = 2  # ISO/IEC 19785-3; 8 is a finger, 16 an iris
_MAX_TEMPLATES = 9  # ICAO 9303-10, 4.7.2


@dataclass(frozen=True, slots=True)
class BiometricTemplate:
    """One template: the owner and type of its format as its header has them, and its data.

    ``tag`` is :data:`DATA_BLOCK` (ISO/IEC 19794) or :data:`DATA_BLOCK_CONSTRUCTED` (ISO/IEC 39794).
    """

    format_owner: int
    format_type: int
    tag: int
    data: bytes = field(repr=False)


def read_templates(data: bytes, *, what: str) -> tuple[BiometricTemplate, ...]:
    """Read the group of templates ``data`` consists of, which must be of faces.

    Raises ``Refused``: ``passport.biometric-count`` (none, more than nine, or not as many as are announced),
    ``passport.biometric-type`` (no face), ``passport.tlv-*``, ``passport.field-*``.
    """
    group = read_fields(read_one(data, _GROUP, what=what), what=what)
    group.require_known({_COUNT, _TEMPLATE})
    announced, templates = group.one(_COUNT), group.every(_TEMPLATE)
    if len(announced) != 1 or announced[0] != len(templates) or not 1 <= len(templates) <= _MAX_TEMPLATES:
        detail = f"{what} announces {announced.hex() or 'nothing'} templates; {len(templates)} are there"
        raise Refused("passport.biometric-count", detail)
    return tuple(_read_template(template, what=what) for template in templates)


def _read_template(data: bytes, *, what: str) -> BiometricTemplate:
    fields = read_fields(data, what=f"a template of {what}")
    fields.require_known({_HEADER, DATA_BLOCK, DATA_BLOCK_CONSTRUCTED})
    header = read_fields(fields.one(_HEADER), what=f"a template's header in {what}")
    header.require_known(_HEADER_TAGS)
    kind = header.optional(_TYPE)
    if kind is not None and int.from_bytes(kind, "big") != _FACE:
        raise Refused("passport.biometric-type", f"{what} holds a template of another kind than a face")
    tag = _data_tag(fields)
    return BiometricTemplate(_number(header, _OWNER), _number(header, _FORMAT), tag, fields.one(tag))


def _data_tag(fields: Fields) -> int:
    there = [tag for tag in (DATA_BLOCK, DATA_BLOCK_CONSTRUCTED) if fields.every(tag)]
    if len(there) > 1:
        raise Refused("passport.field-twice", f"{fields.what} has its data in both forms")
    return there[0] if there else DATA_BLOCK


def _number(header: Fields, tag: int) -> int:
    """Return a number of the header; demanded by the standard, of any length."""
    return int.from_bytes(header.one(tag)[:4], "big")
