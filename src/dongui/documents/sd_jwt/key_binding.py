"""Key binding (RFC 9901, 4.3 and 7.3): the holder's key signed this presentation, for us, in this session."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dongui.documents.sd_jwt.claims import moment, text
from dongui.documents.sd_jwt.reading import PresentedSdJwt
from dongui.encoding.cose import PublicKey
from dongui.encoding.jose import JWS_ALGORITHMS, base64url_encode, verify_jws
from dongui.encoding.jwk import read_jwk
from dongui.encoding.strict_json import JsonObject, JsonValue
from dongui.errors import Misuse, Refused

__all__ = [
    "CHECKED_CLAIMS",
    "KEY_BINDING_AGE",
    "KEY_BINDING_LEAD",
    "KeyBindingExpectation",
    "openid4vp_expectation",
    "read_holder_key",
    "verify_key_binding",
]

KEY_BINDING_AGE = timedelta(minutes=5)
"""How old a key-binding JWT may be: as long as a session waits for its presentation."""

KEY_BINDING_LEAD = timedelta(minutes=1)
"""How far a phone's clock may run ahead of the verifier's."""

CHECKED_CLAIMS = frozenset({"iat", "aud", "nonce", "sd_hash", "exp", "nbf"})
_MALFORMED = "sd-jwt.key-binding-malformed"
_MIN_NONCE_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class KeyBindingExpectation:
    """What this session's presentation must be bound to, both as they stood in the request.

    Raises ``Misuse`` (``sd-jwt.expectation-malformed``): an empty audience, a nonce of fewer than 16
    characters (a nonce that can be guessed binds to nothing).
    """

    nonce: str = field(repr=False)
    audience: str

    def __post_init__(self) -> None:
        if len(self.nonce) < _MIN_NONCE_CHARACTERS or not self.audience:
            raise Misuse(
                "sd-jwt.expectation-malformed",
                f"a nonce of at least {_MIN_NONCE_CHARACTERS} characters and an audience are needed",
            )


def openid4vp_expectation(*, nonce: bytes, client_id: str) -> KeyBindingExpectation:
    """What OpenID for Verifiable Presentations 1.0, B.3.6, asks of the key-binding JWT in a session.

    ``nonce`` are the session's bytes, which stand in the request as base64url without padding; ``client_id``
    is the verifier's with its prefix, for example ``x509_san_dns:gate.example``.
    """
    return KeyBindingExpectation(nonce=base64url_encode(nonce), audience=client_id)


def read_holder_key(claims: JsonObject) -> PublicKey | None:
    """The key of ``cnf`` (RFC 7800, 3.2), or ``None`` where the document is bound to no key.

    Raises ``Refused`` (``sd-jwt.holder-key-malformed``): no JWK in it, or none that can be used.
    """
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    if not isinstance(confirmation, dict) or "jwk" not in confirmation:
        raise Refused("sd-jwt.holder-key-malformed", "cnf holds no jwk; no other way to name a key is read")
    try:
        return read_jwk(confirmation["jwk"])
    except Refused as refusal:
        raise Refused("sd-jwt.holder-key-malformed", refusal.detail) from None


def verify_key_binding(
    presented: PresentedSdJwt,
    *,
    holder_key: PublicKey | None,
    expectation: KeyBindingExpectation,
    at: datetime,
) -> None:
    """Follow RFC 9901, 7.3, step 5, for a presentation that has a key-binding JWT.

    Raises ``Refused``: ``sd-jwt.holder-key-missing``, ``sd-jwt.key-binding-malformed``,
    ``sd-jwt.key-binding-type``, ``sd-jwt.key-binding-signature-invalid``, ``sd-jwt.nonce-mismatch``,
    ``sd-jwt.audience-mismatch``, ``sd-jwt.key-binding-too-old``, ``sd-jwt.key-binding-from-future``,
    ``sd-jwt.presentation-hash-mismatch``, ``jose.*``.
    """
    binding, claims = presented.key_binding, presented.key_binding_claims
    if binding is None:
        raise Refused("sd-jwt.holder-not-bound", "the presentation has no key-binding JWT")
    # 5 a: the key is the one the issuer signed, never one the presentation brings along.
    if holder_key is None:
        raise Refused("sd-jwt.holder-key-missing", "the document names no key in cnf")
    # 5 d: another kind of token the same key has signed must not pass for this one.
    if binding.type != "kb+jwt":
        raise Refused("sd-jwt.key-binding-type", "typ is not kb+jwt")
    # 5 b and c: the algorithm is allowed and the signature verifies.
    try:
        verify_jws(binding, key=holder_key, algorithms=JWS_ALGORITHMS)
    except Refused as refusal:
        if refusal.name != "jose.signature-invalid":
            raise
        raise Refused(
            "sd-jwt.key-binding-signature-invalid", "the holder's key did not sign the presentation"
        ) from None
    # 5 f: the verifier's own nonce, and this verifier.
    if not _same(text(claims, "nonce", failure=_MALFORMED), expectation.nonce):
        raise Refused("sd-jwt.nonce-mismatch", "the nonce is another session's")
    if not _same(text(claims, "aud", failure=_MALFORMED), expectation.audience):
        raise Refused("sd-jwt.audience-mismatch", "the presentation was made for another verifier")
    # 5 e, h: made within the window, and valid by its own dates where it has any.
    _check_moments(claims, at)
    # 5 g: over the document and exactly the disclosures that came with it.
    expected = presented.digest(presented.hashed)
    if not _same(text(claims, "sd_hash", failure=_MALFORMED), expected):
        raise Refused("sd-jwt.presentation-hash-mismatch", "disclosures were added or removed on the way")


def _check_moments(claims: dict[str, JsonValue], at: datetime) -> None:
    issued = moment(claims, "iat", failure=_MALFORMED)
    if issued is None:
        raise Refused(_MALFORMED, "iat is missing")
    if issued - at > KEY_BINDING_LEAD:
        raise Refused("sd-jwt.key-binding-from-future", f"made more than {KEY_BINDING_LEAD} from now")
    expires = moment(claims, "exp", failure=_MALFORMED)
    if at - issued > KEY_BINDING_AGE or (expires is not None and at >= expires):
        raise Refused("sd-jwt.key-binding-too-old", f"made more than {KEY_BINDING_AGE} ago, or expired")
    begins = moment(claims, "nbf", failure=_MALFORMED)
    if begins is not None and begins - at > KEY_BINDING_LEAD:
        raise Refused("sd-jwt.key-binding-from-future", "its nbf lies ahead")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8"), expected.encode("utf-8"))
