"""Identity data in a CBOR Web Token: MOSIP's Claim 169, version 1.2.0.

Every attribute of the specification has its name and its type here; a number it does not define is carried
unverified by that number, and never used. All attributes are optional in the specification.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from dongui.encoding.cbor import CborValue
from dongui.errors import Refused

__all__ = ["CLAIM", "FACE", "IMAGE", "TEMPLATE", "Attribute", "Biometric", "IdentityData", "read_identity"]

CLAIM = 169  # IANA, CWT claims: identity-data
ID, VERSION, LANGUAGE, FULL_NAME, FACE = 1, 2, 3, 4, 62
IMAGE, TEMPLATE = 0, 1  # "Data formats"

_TEXTS = (
    {ID: "id", VERSION: "version", LANGUAGE: "language", FULL_NAME: "full_name", 5: "first_name"}
    | {6: "middle_name", 7: "last_name", 8: "date_of_birth", 10: "address", 11: "email", 12: "phone"}
    | {13: "nationality", 15: "guardian", 19: "secondary_full_name", 20: "secondary_language"}
    | {21: "location_code", 22: "legal_status", 23: "country_of_issuance"}
)
_NUMBERS = {9: "gender", 14: "marital_status", 17: "binary_image_format"}
_BINARY_IMAGE, _BEST_FINGERS = 16, 18
_BIOMETRICS = (
    {50: "right_thumb", 51: "right_pointer_finger", 52: "right_middle_finger", 53: "right_ring_finger"}
    | {54: "right_little_finger", 55: "left_thumb", 56: "left_pointer_finger", 57: "left_middle_finger"}
    | {58: "left_ring_finger", 59: "left_little_finger", 60: "right_iris", 61: "left_iris", FACE: "face"}
    | {63: "right_palm", 64: "left_palm", 65: "voice"}
)
_MAX_BIOMETRICS = 8


@dataclass(frozen=True, slots=True)
class Biometric:
    """One biometric sample or template. ``sub_format`` counts within ``form``; ``repr`` shows no data."""

    data: bytes = field(repr=False)
    form: int | None
    sub_format: int | None
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its name, its value, and whether the specification defines it."""

    name: str
    value: object = field(repr=False)
    defined: bool


@dataclass(frozen=True, slots=True)
class IdentityData:
    """The identity data of one person. ``repr`` shows none of it."""

    attributes: tuple[Attribute, ...] = field(repr=False)
    id: str | None = field(repr=False)
    full_name: str | None = field(repr=False)
    faces: tuple[Biometric, ...] = field(repr=False)


def read_identity(value: CborValue) -> IdentityData:
    """Read the value of claim 169. Raises ``Refused`` (``staff-card.identity-malformed``)."""
    if not isinstance(value, dict) or not value:
        _malformed("claim 169 is not a map with an attribute in it")
    attributes = []
    for label, item in value.items():
        if not isinstance(label, int):
            _malformed("an attribute of claim 169 has a label that is no number")
        attributes.append(_attribute(label, item))
    faces = value.get(FACE)
    return IdentityData(
        tuple(attributes),
        _optional_text(value.get(ID)),
        _optional_text(value.get(FULL_NAME)),
        () if faces is None else _biometrics(faces, "face"),
    )


def _attribute(label: int, value: CborValue) -> Attribute:
    if label in _TEXTS:
        return Attribute(_TEXTS[label], _text(value, _TEXTS[label]), defined=True)
    if label in _NUMBERS:
        return Attribute(_NUMBERS[label], _number(value, _NUMBERS[label]), defined=True)
    if label in _BIOMETRICS:
        return Attribute(_BIOMETRICS[label], _biometrics(value, _BIOMETRICS[label]), defined=True)
    if label == _BINARY_IMAGE:
        # A text in the specification's table, bytes in its examples.
        image = value if isinstance(value, str) else _bytes(value, "binary_image")
        return Attribute("binary_image", image, defined=True)
    if label == _BEST_FINGERS:
        return Attribute("best_quality_fingers", _numbers(value), defined=True)
    return Attribute(str(label), value, defined=False)


def _biometrics(value: CborValue, name: str) -> tuple[Biometric, ...]:
    # The specification's own examples write a single one with and without its array.
    items = value if isinstance(value, list) else [value]
    if not 1 <= len(items) <= _MAX_BIOMETRICS:
        _malformed(f"{name} holds {len(items)} entries; 1 to {_MAX_BIOMETRICS} are read")
    return tuple(_biometric(item, name) for item in items)


def _biometric(value: CborValue, name: str) -> Biometric:
    if not isinstance(value, dict) or value.keys() - {0, 1, 2, 3}:
        _malformed(f"an entry of {name} is not a map of the attributes 0 to 3")
    form, sub_format, issuer = value.get(1), value.get(2), value.get(3)
    return Biometric(
        _bytes(value.get(0), name),
        None if form is None else _number(form, name),
        None if sub_format is None else _number(sub_format, name),
        None if issuer is None else _text(issuer, name),
    )


def _optional_text(value: CborValue) -> str | None:
    return value if isinstance(value, str) else None


def _text(value: CborValue, name: str) -> str:
    return value if isinstance(value, str) else _malformed(f"{name} is not a text")


def _bytes(value: CborValue, name: str) -> bytes:
    return value if isinstance(value, bytes) and value else _malformed(f"{name} holds no bytes")


def _number(value: CborValue, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _malformed(f"{name} is not a number")
    return value


def _numbers(value: CborValue) -> tuple[int, ...]:
    if not isinstance(value, list):
        _malformed("best_quality_fingers is not a list")
    return tuple(_number(item, "best_quality_fingers") for item in value)


def _malformed(why: str) -> NoReturn:
    raise Refused("staff-card.identity-malformed", why)
