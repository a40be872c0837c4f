"""Status lists drafted piece by piece, in both forms, with whatever wrong in them.

It shares no line with Dongui's own reader. Signatures are deterministic (RFC 6979).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from simulators.mdoc_certificates import CertificatePlan, Key, key_for
from simulators.mdoc_drafting import raw_signature
from simulators.plain_cbor import Tag, plain
from simulators.sd_jwt_drafting import NOW, Json, algorithm_of, base64url, token

__all__ = ["LIST_URI", "STATUSES", "ListDraft", "pack"]

LIST_URI = "https://identity.example/statuslists/1"
# One of each: valid, revoked, suspended, and two values that mean nothing here.
STATUSES = {3: 1, 5: 2, 8: 3, 13: 11}
_COSE_ALGORITHMS = {"ES256": -7, "ES384": -35, "ES512": -36, "EdDSA": -8}


def pack(statuses: dict[int, int], *, bits: int, count: int) -> bytes:
    """Status values by index, the least significant bits of each byte first."""
    packed = bytearray(count * bits // 8)
    for index, value in statuses.items():
        place, offset = divmod(index * bits, 8)
        packed[place] |= (value & (1 << bits) - 1) << offset
    return bytes(packed)


@dataclass
class ListDraft:
    """A list before it is written. ``edits`` change a finished part: ``claims``, ``header``, ``whole``."""

    form: Literal["jwt", "cwt"] = "jwt"
    bits: int = 4
    count: int = 1024
    statuses: dict[int, int] = field(default_factory=lambda: dict(STATUSES))
    uri: Json = LIST_URI
    issued: Json = NOW - 3_600
    expires: Json = NOW + 86_400
    ttl: Json = 43_200
    key: Key = field(default_factory=lambda: key_for("sd-jwt signer"))
    chain: list[CertificatePlan] = field(default_factory=list)
    compressed: bytes | None = None
    edits: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def build(self) -> bytes:
        """The token."""
        whole = self._jwt() if self.form == "jwt" else self._cwt()
        return bytes(self._edited("whole", whole))

    def _compressed(self) -> bytes:
        if self.compressed is not None:
            return self.compressed
        return zlib.compress(pack(self.statuses, bits=self.bits, count=self.count), 9)

    def _jwt(self) -> bytes:
        claims = {
            "sub": self.uri,
            "iat": self.issued,
            "exp": self.expires,
            "ttl": self.ttl,
            "status_list": {"bits": self.bits, "lst": base64url(self._compressed())},
        }
        header: dict[str, Any] = {"alg": algorithm_of(self.key), "typ": "statuslist+jwt"}
        if self.chain:
            header["x5c"] = [base64.b64encode(plan.sign()).decode() for plan in self.chain]
        present = {name: value for name, value in claims.items() if value is not None}
        return token(self._edited("header", header), self._edited("claims", present), self.key).encode()

    def _cwt(self) -> bytes:
        claims = {
            2: self.uri,
            6: self.issued,
            4: self.expires,
            65534: self.ttl,
            65533: {"bits": self.bits, "lst": self._compressed()},
        }
        algorithm = _COSE_ALGORITHMS[algorithm_of(self.key)]
        header: dict[Any, Any] = {1: algorithm, 16: "application/statuslist+cwt"}
        unprotected: dict[Any, Any] = {33: [plan.sign() for plan in self.chain]} if self.chain else {}
        present = {name: value for name, value in claims.items() if value is not None}
        protected = plain(self._edited("header", header))
        payload = plain(self._edited("claims", present))
        signature = raw_signature(self.key, plain(["Signature1", protected, b"", payload]))
        message: Any = Tag(18, [protected, unprotected, payload, signature])
        return plain(self._edited("message", message))

    def _edited(self, what: str, value: Json) -> Json:
        return self.edits[what](value) if what in self.edits else value
