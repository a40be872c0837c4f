"""Faults in the holder's proof: who signed it, for whom, when, and over what."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.mdoc_certificates import key_for
from simulators.sd_jwt_drafting import NOW, Draft, Json, Shown, jwk
from simulators.sd_jwt_faults.structure import edit, text_edit
from simulators.sd_jwt_faults.vector import Vector, shown

__all__ = ["holder_faults"]

_STAGE = "key-binding"


def binding(**members: Json) -> Callable[[Draft], None]:
    """Members of the key-binding claims; ``None`` leaves one out."""

    def change(claims: dict[str, Json]) -> dict[str, Json]:
        return {name: value for name, value in {**claims, **members}.items() if value is not None}

    return edit("binding", change)


def binding_header(**members: Json) -> Callable[[Draft], None]:
    """Members of the key-binding header."""
    return lambda draft: draft.binding_header.update(members)


def holder_faults() -> Iterator[Vector]:
    """In the order of RFC 9901, 7.3."""
    yield from _keys()
    yield from _claims()
    yield from _hashes()


def _keys() -> Iterator[Vector]:
    def no_key(draft: Draft) -> None:
        del draft.claims["cnf"]

    yield shown("document-bound-to-no-key", "sd-jwt.holder-key-missing", _STAGE, no_key)
    for name, typ in (("jwt", "JWT"), ("missing", None), ("of-a-credential", "dc+sd-jwt")):
        yield shown(
            f"binding-type-{name}",
            "sd-jwt.key-binding-type",
            _STAGE,
            binding_header(typ=typ),
        )

    def another(draft: Draft) -> None:
        draft.binding_key = key_for("thief")

    yield shown("binding-by-another-key", "sd-jwt.key-binding-signature-invalid", _STAGE, another)

    def brought(draft: Draft) -> None:
        another(draft)
        draft.binding_header["jwk"] = jwk(key_for("thief"))

    yield shown("binding-by-a-key-it-brings-along", "sd-jwt.key-binding-signature-invalid", _STAGE, brought)
    for name in ("none", "HS256"):
        yield shown(
            f"binding-algorithm-{name.lower()}",
            "jose.algorithm-not-allowed",
            _STAGE,
            binding_header(alg=name),
        )
    yield shown(
        "binding-of-two-parts", "jose.malformed", _STAGE, text_edit(lambda text: text.rsplit(".", 1)[0])
    )


def _claims() -> Iterator[Vector]:
    malformed = "sd-jwt.key-binding-malformed"
    yield shown("binding-for-another-session", "sd-jwt.nonce-mismatch", _STAGE, binding(nonce="B" * 43))
    yield shown("binding-nonce-shortened", "sd-jwt.nonce-mismatch", _STAGE, binding(nonce="AAECAwQFBgcICQoL"))
    yield shown("binding-without-nonce", malformed, _STAGE, binding(nonce=None))
    yield shown(
        "binding-for-another-verifier",
        "sd-jwt.audience-mismatch",
        _STAGE,
        binding(aud="x509_san_dns:shop.example"),
    )
    yield shown(
        "binding-for-a-name-without-prefix", "sd-jwt.audience-mismatch", _STAGE, binding(aud="gate.example")
    )
    yield shown(
        "binding-for-several",
        malformed,
        _STAGE,
        binding(aud=["x509_san_dns:gate.example", "x509_san_dns:shop.example"]),
    )
    yield shown("binding-301-seconds-old", "sd-jwt.key-binding-too-old", _STAGE, binding(iat=NOW - 301))
    yield shown("binding-expired", "sd-jwt.key-binding-too-old", _STAGE, binding(exp=NOW))
    yield shown("binding-61-seconds-ahead", "sd-jwt.key-binding-from-future", _STAGE, binding(iat=NOW + 61))
    yield shown("binding-not-yet-valid", "sd-jwt.key-binding-from-future", _STAGE, binding(nbf=NOW + 61))
    yield shown("binding-without-time", malformed, _STAGE, binding(iat=None))
    yield shown("binding-time-a-text", malformed, _STAGE, binding(iat=str(NOW)))


def _hashes() -> Iterator[Vector]:
    mismatch = "sd-jwt.presentation-hash-mismatch"
    yield shown("binding-hash-of-something-else", mismatch, _STAGE, binding(sd_hash="A" * 43))
    yield shown("binding-without-hash", "sd-jwt.key-binding-malformed", _STAGE, binding(sd_hash=None))
    yield shown("disclosure-withheld-after-binding", mismatch, _STAGE, text_edit(_without_one))
    yield shown("disclosure-added-after-binding", mismatch, _STAGE, text_edit(_with_hidden))
    yield shown("disclosures-reordered-after-binding", mismatch, _STAGE, text_edit(_reordered))


def _without_one(text: str) -> str:
    jwt, _, *rest = text.split("~")
    return "~".join([jwt, *rest])


def _with_hidden(text: str) -> str:
    """Whoever carries the presentation knows another disclosure of the same document, from another time."""
    *parts, proof = text.split("~")
    return "~".join([*parts, Shown.of("birthdate", "1990-04-12").encoded, proof])


def _reordered(text: str) -> str:
    jwt, one, two, *rest = text.split("~")
    return "~".join([jwt, two, one, *rest])
