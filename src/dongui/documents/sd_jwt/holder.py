"""The holder's side: a credential with the key it is bound to, presented to a verifier (RFC 9901, 4.3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dongui.documents.sd_jwt.disclosures import Resolved, resolve
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation, read_holder_key
from dongui.documents.sd_jwt.reading import PresentedSdJwt, read_presented
from dongui.encoding import strict_json
from dongui.encoding.cose import PrivateKey
from dongui.encoding.jose import sign_jws
from dongui.environment import Clock
from dongui.errors import Misuse, Refused

__all__ = ["SdJwtHolder"]


@dataclass(frozen=True, slots=True)
class SdJwtHolder:
    """One credential and the key it is bound to. ``repr`` shows neither.

    On a phone the key stays in secure hardware; here it is in memory, for tests and demonstrations.
    """

    key: PrivateKey = field(repr=False)
    _document: PresentedSdJwt = field(repr=False)
    _resolved: Resolved = field(repr=False)

    @classmethod
    def receive(cls, credential: bytes, *, key: PrivateKey) -> SdJwtHolder:
        """Take a credential the issuer bound to ``key``. Does not judge the issuer.

        Raises ``Misuse``: ``issuing.not-a-document``, ``issuing.other-device-key``.
        """
        try:
            document = read_presented(credential)
            resolved = resolve(document.payload, document.disclosures)
            bound_to = read_holder_key(resolved.claims)
        except Refused as refusal:
            raise Misuse(
                "issuing.not-a-document", f"this is no credential a holder can use: {refusal}"
            ) from None
        if bound_to != key.public_key():
            raise Misuse("issuing.other-device-key", "the credential is bound to another key")
        return cls(key, document, resolved)

    def everything(self) -> frozenset[str]:
        """The names of every claim that can be shown or held back: a value for ``disclose``."""
        return frozenset(self._resolved.used.values())

    def present(
        self, disclose: Collection[str], *, expectation: KeyBindingExpectation | None, clock: Clock
    ) -> bytes:
        """Return a presentation showing these claims, each with all that is nested in it.

        ``expectation`` is the request's nonce and audience; ``None`` binds the presentation to nothing.
        Raises ``Misuse``: ``issuing.element-not-held``; ``Trouble``: ``clock.implausible``.
        """
        for name in disclose:
            if name not in self.everything():
                raise Misuse("issuing.element-not-held", f"no claim {name!r} that can be disclosed")
        jwt = self._document.hashed.split(b"~", 1)[0]
        chosen = [
            disclosure.encoded.encode("ascii")
            for disclosure in self._document.disclosures
            if self._resolved.used[disclosure.digest] in disclose
        ]
        hashed = b"".join(part + b"~" for part in (jwt, *chosen))
        return hashed if expectation is None else hashed + self._bind(hashed, expectation, clock)

    def _bind(self, hashed: bytes, expectation: KeyBindingExpectation, clock: Clock) -> bytes:
        claims = {
            "iat": int(clock.now().timestamp()),
            "aud": expectation.audience,
            "nonce": expectation.nonce,
            "sd_hash": self._document.digest(hashed),
        }
        return sign_jws(strict_json.dumps(claims), key=self.key, header={"typ": "kb+jwt"}).encode("ascii")
