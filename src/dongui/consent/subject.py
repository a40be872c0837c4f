"""The keyed handle by which a consent record names its person."""

from __future__ import annotations

import hashlib
import hmac

from dongui.errors import Refused

__all__ = ["HANDLE_KEY_BYTES", "require_same_handle", "subject_handle"]

HANDLE_KEY_BYTES = 32
"""The length of a purpose's handle key."""

# Keeps a handle from being the value of some other HMAC made under the same key.
_LABEL = b"dongui subject handle 1\x00"


def subject_handle(handle_key: bytes, subject: bytes) -> bytes:
    """Return HMAC-SHA-256 over ``subject`` (the issuer's canonical name for the person): 32 bytes.

    ``handle_key`` has 32 random bytes, one key a purpose: without it a document number cannot be tried out,
    and handles of two purposes cannot be matched.
    """
    if len(handle_key) != HANDLE_KEY_BYTES:
        raise ValueError(f"the handle key has {len(handle_key)} bytes; it needs {HANDLE_KEY_BYTES}")
    if not subject:
        raise ValueError("the subject is empty; everybody without a number would be one person")
    return hmac.new(handle_key, _LABEL + subject, hashlib.sha256).digest()


def require_same_handle(agreed: bytes, presented: bytes) -> None:
    """Refuse a document of anybody but the person who consented: ``consent.other-person``.

    ``agreed`` is the consent record's handle, ``presented`` the one made from the document held out now, 32
    bytes each. Compares in constant time: how many bytes agree is not to be learned from how long it takes.
    """
    if not hmac.compare_digest(agreed, presented):
        raise Refused("consent.other-person", "the document's holder is not the person who gave this consent")
