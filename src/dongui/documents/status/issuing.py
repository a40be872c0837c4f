"""Signing a status list (Token Status List, "Status List Token"): for staff cards and test documents."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import timedelta

from dongui.encoding import strict_json
from dongui.encoding.cose import PrivateKey
from dongui.encoding.jose import base64url_encode, sign_jws
from dongui.environment import Clock

__all__ = ["REVOKED", "SUSPENDED", "sign_status_list"]

REVOKED, SUSPENDED = 1, 2
_BITS = 2


def sign_status_list(
    uri: str,
    statuses: Mapping[int, int],
    *,
    size: int,
    key: PrivateKey,
    lifetime: timedelta,
    clock: Clock,
) -> bytes:
    """Return a list of ``size`` documents as a JWT, signed by the documents' own issuer key.

    ``statuses`` are those that are not valid, by index: :data:`REVOKED` or :data:`SUSPENDED`. ``lifetime`` is
    how long the list claims to hold. Raises ``Trouble`` (``clock.implausible``).
    """
    packed = bytearray((size * _BITS + 7) // 8)
    for index, status in statuses.items():
        place, offset = divmod(index * _BITS, 8)
        packed[place] |= status << offset
    issued = clock.now()
    claims = {
        "sub": uri,
        "iat": int(issued.timestamp()),
        "exp": int((issued + lifetime).timestamp()),
        "status_list": {"bits": _BITS, "lst": base64url_encode(zlib.compress(bytes(packed), 9))},
    }
    return sign_jws(strict_json.dumps(claims), key=key, header={"typ": "statuslist+jwt"}).encode("ascii")
