"""What a verification takes out of the authenticated claims: the portrait and whom they are about."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from dongui.encoding import cbor
from dongui.encoding.jose import base64url_decode
from dongui.encoding.strict_json import JsonValue
from dongui.errors import Refused

__all__ = ["MAX_PORTRAIT_BYTES", "portrait_of", "subject_of"]

MAX_PORTRAIT_BYTES = 2 * 1024 * 1024
# ``portrait`` is ISO/IEC 18013-5's name, ``picture`` OpenID Connect's and that of the European PID.
_PORTRAITS = ("portrait", "picture")
_DATA_URI = re.compile(r"data:(image/(?:jpeg|jp2|png));base64,", re.IGNORECASE)
_BASE64URL_MARKS = re.compile("[-_]")
_MAX_HEAD_CHARACTERS = 64
# Which claim names a person to the issuer, the first that was shown: a document's number changes with the
# document, as it should (consent names one), and ``sub`` is what an issuer uses that has no number.
_SUBJECTS = ("document_number", "personal_administrative_number", "sub")


def portrait_of(claims: Mapping[str, JsonValue]) -> bytes | None:
    """The encoded portrait as the issuer signed it, undecoded: at most 2 MiB of JPEG, JPEG 2000 or PNG.

    A data URI (RFC 2397) in base64, or the picture's bytes in base64 or base64url. A ``picture`` that is a
    link is no portrait: what stands behind a link was not signed. Raises ``Refused``:
    ``sd-jwt.portrait-form``, ``sd-jwt.portrait-too-large``, ``sd-jwt.portrait-ambiguous``.
    """
    found = [portrait for name in _PORTRAITS if (portrait := _portrait(claims, name)) is not None]
    if len(set(found)) > 1:
        raise Refused("sd-jwt.portrait-ambiguous", "portrait and picture hold two different pictures")
    return found[0] if found else None


def subject_of(claims: Mapping[str, JsonValue], *, issuer: str) -> bytes | None:
    """The person by the issuer's own name for them: issuer, which claim, its value; encoded as CBOR."""
    for name in _SUBJECTS:
        value = claims.get(name)
        if isinstance(value, str) and value:
            return cbor.dumps(["sd-jwt", issuer, name, value])
    return None


def _portrait(claims: Mapping[str, JsonValue], name: str) -> bytes | None:
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, str) or not value:
        raise Refused("sd-jwt.portrait-form", f"{name} is neither a data URI nor base64")
    if name == "picture" and value.lower().startswith(("https://", "http://")):
        return None
    # Four characters hold three bytes: the limit is asked before anything is made.
    if len(value) > MAX_PORTRAIT_BYTES // 3 * 4 + _MAX_HEAD_CHARACTERS:
        raise Refused("sd-jwt.portrait-too-large", f"the limit is {MAX_PORTRAIT_BYTES} bytes")
    portrait = _decoded(value, name)
    if not portrait or len(portrait) > MAX_PORTRAIT_BYTES:
        raise Refused(
            "sd-jwt.portrait-too-large" if portrait else "sd-jwt.portrait-form",
            f"{name} has {len(portrait)} bytes; the limit is {MAX_PORTRAIT_BYTES}",
        )
    return portrait


def _decoded(value: str, name: str) -> bytes:
    head = _DATA_URI.match(value)
    try:
        if head is not None:
            return base64.b64decode(value[head.end() :], validate=True)
        if _BASE64URL_MARKS.search(value) or (not value.endswith("=") and len(value) % 4):
            return base64url_decode(value.rstrip("="))
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, Refused):
        raise Refused(
            "sd-jwt.portrait-form", f"{name} is neither a data URI of a JPEG, JPEG 2000 or PNG nor base64"
        ) from None
