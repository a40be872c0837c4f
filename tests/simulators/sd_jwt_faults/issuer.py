"""Faults in who signed, and in the claims the document is judged by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.mdoc_certificates import CertificatePlan, key_for, root_plan, usage
from simulators.sd_jwt_drafting import DAY, ISSUER, NOW, Draft, Json, Shown, base64url, jwk, signer_of
from simulators.sd_jwt_faults.structure import jwt_edit
from simulators.sd_jwt_faults.vector import Vector, changed, shown

__all__ = ["authority", "claims", "header", "issuer_faults", "metadata", "without"]

_HEADER, _CERTIFICATES, _METADATA, _CLAIMS = (
    "issuer-header",
    "issuer-certificates",
    "issuer-metadata",
    "claims",
)


def header(**members: Json) -> Callable[[Draft], None]:
    """Members of the issuer's header; ``None`` leaves one out."""
    return lambda draft: draft.header.update(members)


def claims(**members: Json) -> Callable[[Draft], None]:
    return lambda draft: draft.claims.update(members)


def without(name: str) -> Callable[[Draft], None]:
    def drop(draft: Draft) -> None:
        del draft.claims[name]

    return drop


def issuer_faults() -> Iterator[Vector]:
    """In the order in which a verifier finds them."""
    yield from _headers()
    yield from _signatures()
    yield from _certificates()
    yield from _paths()
    yield from _issuer_names()
    yield from _keys_on_file()
    yield from _types_and_dates()
    yield from _holder_keys()
    yield from _portraits()


def _headers() -> Iterator[Vector]:
    stage, refused = _HEADER, "jose.algorithm-not-allowed"
    for name, algorithm in (
        ("none", "none"),
        ("hs256", "HS256"),
        ("rs256", "RS256"),
        ("es256k", "ES256K"),
        ("in-lower-case", "es256"),
    ):
        yield shown(f"algorithm-{name}", refused, stage, header(alg=algorithm))
    yield shown("shared-secret-is-the-public-key", refused, stage, _shared_secret)
    yield shown("algorithm-missing", "jose.algorithm-missing", stage, header(alg=None))
    yield shown("algorithm-a-number", "jose.algorithm-missing", stage, header(alg=-7))
    yield shown("algorithm-of-another-curve", "jose.key-mismatch", stage, header(alg="ES384"))
    yield shown("critical-extension", "jose.critical-header", stage, header(crit=["b64"], b64=True))
    for name, typ in (
        ("jwt", "JWT"),
        ("missing", None),
        ("of-a-key-binding", "kb+jwt"),
        ("of-a-list", "statuslist+jwt"),
    ):
        yield shown(f"type-{name}", "sd-jwt.token-type", stage, header(typ=typ))


def _shared_secret(draft: Draft) -> None:
    """The oldest of all: HMAC under the public key, which everybody has."""
    draft.header["alg"] = "HS256"
    secret = draft.signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(jwt: Json) -> Json:
        covered = jwt.rsplit(".", 1)[0]
        return f"{covered}.{base64url(hmac.digest(secret, covered.encode(), 'sha256'))}"

    draft.edits["jwt"] = sign


def _signatures() -> Iterator[Vector]:
    stage, invalid = _HEADER, "sd-jwt.issuer-signature-invalid"

    def by_another(draft: Draft) -> None:
        chain = draft.chain()
        draft.signer.key = key_for("somebody else")
        draft.header["x5c"] = chain

    yield shown("signed-by-another", invalid, stage, by_another)
    yield shown(
        "signature-one-bit",
        invalid,
        stage,
        jwt_edit(lambda jwt: _signature(jwt, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))),
    )
    yield shown("signature-in-der", invalid, stage, jwt_edit(lambda jwt: _signature(jwt, _in_der)))
    yield shown(
        "signature-of-zeros",
        invalid,
        stage,
        jwt_edit(lambda jwt: _signature(jwt, lambda raw: bytes(len(raw)))),
    )
    yield shown("claims-changed-after-signing", invalid, stage, jwt_edit(_changed_claims))


def _signature(jwt: str, change: Callable[[bytes], bytes]) -> str:
    covered, signature = jwt.rsplit(".", 1)
    return f"{covered}.{base64url(change(base64.urlsafe_b64decode(signature + '==')))}"


def _in_der(raw: bytes) -> bytes:
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def _changed_claims(jwt: str) -> str:
    head, payload, signature = jwt.split(".")
    changed_payload = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed_payload["exp"] += DAY
    return f"{head}.{base64url(json.dumps(changed_payload).encode())}.{signature}"


def _certificates() -> Iterator[Vector]:
    stage, malformed = _CERTIFICATES, "jose.certificate-chain-malformed"
    for name, chain in (
        ("empty", []),
        ("a-text", "AAAA"),
        ("not-base64", ["***"]),
        ("of-nine", ["AAAA"] * 9),
    ):
        yield shown(f"chain-{name}", malformed, stage, header(x5c=chain))
    yield shown("certificate-garbage", "trust.certificate-malformed", stage, header(x5c=["AAAA"]))

    def signer(change: Callable[[CertificatePlan], object]) -> Callable[[Draft], None]:
        return lambda draft: (change(draft.signer), None)[1]

    def extension(
        name: str, value: x509.ExtensionType, critical: bool
    ) -> Callable[[CertificatePlan], object]:
        return lambda plan: plan.extensions.update({name: (value, critical)})

    yield shown(
        "signer-is-an-authority",
        "trust.signer-is-authority",
        stage,
        signer(extension("basicConstraints", x509.BasicConstraints(ca=True, path_length=None), True)),
    )
    yield shown(
        "signer-may-not-sign",
        "trust.signer-key-usage",
        stage,
        signer(extension("keyUsage", usage("key_agreement"), True)),
    )
    yield shown(
        "signer-with-a-critical-extension",
        "trust.extension-not-understood",
        stage,
        signer(
            extension(
                "unknown", x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True
            )
        ),
    )
    for name, expect, first, last in (
        (
            "expired",
            "trust.signer-expired",
            datetime(2026, 6, 1, tzinfo=UTC),
            datetime(2026, 7, 1, tzinfo=UTC),
        ),
        (
            "not-yet-valid",
            "trust.signer-not-yet-valid",
            datetime(2026, 12, 1, tzinfo=UTC),
            datetime(2027, 7, 1, tzinfo=UTC),
        ),
    ):
        yield shown(
            f"signer-{name}",
            expect,
            stage,
            signer(partial(_lasting, first=first, last=last)),
        )


def portrait(value: Json) -> Callable[[Draft], None]:
    """Another value for the portrait."""
    return lambda draft: draft.shown.__setitem__(2, Shown.of("portrait", value))


def _lasting(plan: CertificatePlan, first: datetime, last: datetime) -> None:
    plan.not_before, plan.not_after = first, last


def authority(root: CertificatePlan, label: str, *, ca: bool = True) -> CertificatePlan:
    plan = signer_of(root, label)
    plan.extensions["basicConstraints"] = (x509.BasicConstraints(ca=ca, path_length=None), True)
    plan.extensions["keyUsage"] = (usage("key_cert_sign"), True)
    return plan


def _paths() -> Iterator[Vector]:
    stage = _CERTIFICATES
    stranger = root_plan("stranger")
    yield shown(
        "root-unknown",
        "trust.unknown-issuer",
        stage,
        judge=lambda judging: changed(anchors=(signed_name(stranger),))(judging),
    )

    def expired_root(draft: Draft) -> None:
        _lasting(draft.root, datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))

    yield shown("root-expired", "trust.anchor-expired", stage, expired_root)

    def early_root(draft: Draft) -> None:
        _lasting(draft.root, datetime(2026, 12, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC))

    yield shown("root-not-yet-valid", "trust.anchor-not-yet-valid", stage, early_root)

    def forged(draft: Draft) -> None:
        draft.signer.signed_by = key_for("forger")

    yield shown("signer-under-a-forged-root", "trust.signature-invalid", stage, forged)
    yield shown(
        "authority-below-a-root-that-may-have-none", "trust.anchor-path-length", stage, _under(ca=True)
    )
    yield shown("signer-issued-by-a-signer", "trust.anchor-not-authority", stage, _under(ca=False))
    yield shown("chain-in-disorder", "trust.chain-unexpected", stage, _disorder)


def signed_name(plan: CertificatePlan) -> bytes:
    """A root of another name."""
    plan.subject = plan.issuer = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "ZZ"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger"),
        ]
    )
    return plan.sign()


def _under(*, ca: bool) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        between = authority(draft.root, "authority", ca=ca)
        if ca:
            draft.root.extensions["basicConstraints"] = (x509.BasicConstraints(ca=True, path_length=0), True)
        draft.between = [between]
        draft.signer.issuer, draft.signer.signed_by = between.subject, between.key

    return change


def _disorder(draft: Draft) -> None:
    draft.between = [authority(draft.root, "bystander")]


def _issuer_names() -> Iterator[Vector]:
    stage, refused = _CERTIFICATES, "sd-jwt.issuer-not-certified"
    for name, issuer in (
        ("another", "https://other.example"),
        ("longer-by-a-path", f"{ISSUER}/2"),
        ("with-the-host-as-a-prefix", "https://identity.example.attacker.example/issuer"),
        ("with-the-host-as-a-user", "https://identity.example@attacker.example/issuer"),
        ("not-https", "http://identity.example/issuer"),
    ):
        yield shown(f"issuer-{name}", refused, stage, claims(iss=issuer))

    def nameless(draft: Draft) -> None:
        del draft.signer.extensions["subjectAltName"]

    yield shown("signer-without-names", refused, stage, nameless)

    def wildcard(draft: Draft) -> None:
        names = x509.SubjectAlternativeName([x509.DNSName("*.example")])
        draft.signer.extensions["subjectAltName"] = (names, False)

    yield shown("signer-for-a-wildcard", refused, stage, wildcard)
    for name, value in (("a-number", 7), ("empty", "")):
        yield shown(f"issuer-{name}", "sd-jwt.claim-malformed", stage, claims(iss=value))


def metadata(*keys: dict[str, Json], issuer: str = ISSUER) -> dict[str, str]:
    """Issuer metadata as a file."""
    return {"issuer.json": json.dumps({"issuer": issuer, "jwks": {"keys": list(keys)}})}


def _keys_on_file() -> Iterator[Vector]:
    stage = _METADATA
    draft = Draft()
    own, other = jwk(draft.signer.key), jwk(key_for("another of the issuer's"))
    bare = {"x5c": None}
    yield shown("no-certificate-and-not-on-file", "sd-jwt.issuer-unknown", stage, header(**bare))
    yield shown("key-in-its-own-header", "sd-jwt.issuer-unknown", stage, header(**bare, jwk=own))
    yield shown(
        "issuer-not-on-file",
        "sd-jwt.issuer-unknown",
        stage,
        header(**bare),
        judge=changed(metadata=metadata(own, issuer="https://other.example")),
    )
    yield shown(
        "key-identifier-unknown",
        "sd-jwt.key-unknown",
        stage,
        header(**bare, kid="third"),
        judge=changed(metadata=metadata({**own, "kid": "first"}, {**other, "kid": "second"})),
    )
    yield shown(
        "key-of-two-unnamed",
        "sd-jwt.key-ambiguous",
        stage,
        header(**bare),
        judge=changed(metadata=metadata(own, other)),
    )
    yield shown(
        "key-of-another",
        "sd-jwt.issuer-signature-invalid",
        stage,
        header(**bare),
        judge=changed(metadata=metadata(other)),
    )


def _types_and_dates() -> Iterator[Vector]:
    stage = _CLAIMS
    yield shown("type-of-credential-missing", "sd-jwt.type-missing", stage, without("vct"))
    yield shown("type-of-credential-a-number", "sd-jwt.type-missing", stage, claims(vct=1))
    yield shown(
        "type-of-credential-another", "sd-jwt.type-not-accepted", stage, claims(vct="urn:library:card")
    )
    yield shown("expiry-missing", "sd-jwt.expiry-missing", stage, without("exp"))
    yield shown("expired-this-second", "sd-jwt.expired", stage, claims(exp=NOW))
    yield shown("valid-from-the-next-second", "sd-jwt.not-yet-valid", stage, claims(nbf=NOW + 1))
    yield shown("issued-in-the-next-second", "sd-jwt.issued-in-future", stage, claims(iat=NOW + 1))
    for name, value in (
        ("a-text", str(NOW + DAY)),
        ("true", True),
        ("before-1970", -1),
        ("after-9999", 253_402_300_800),
    ):
        yield shown(f"expiry-{name}", "sd-jwt.claim-malformed", stage, claims(exp=value))


def _holder_keys() -> Iterator[Vector]:
    stage, malformed = _CLAIMS, "sd-jwt.holder-key-malformed"
    key = jwk(key_for("sd-jwt holder"))
    odd = jwk(key_for("sd-jwt holder", "secp256k1"))
    for name, confirmation in (
        ("by-name-alone", {"kid": "holder"}),
        ("a-text", "holder"),
        ("with-its-private-part", {"jwk": {**key, "d": "AAAA"}}),
        ("on-another-curve", {"jwk": odd}),
        ("off-the-curve", {"jwk": {**key, "y": key["x"]}}),
        ("with-a-short-coordinate", {"jwk": {**key, "x": "AAAA"}}),
        ("for-encryption", {"jwk": {**key, "use": "enc"}}),
        ("a-shared-secret", {"jwk": {"kty": "oct", "k": "AAAA"}}),
    ):
        yield shown(f"holder-key-{name}", malformed, stage, claims(cnf=confirmation))


def _portraits() -> Iterator[Vector]:
    stage, form = _CLAIMS, "sd-jwt.portrait-form"
    for name, value in (
        ("a-number", 7),
        ("empty", ""),
        ("a-link", "https://attacker.example/face.jpg"),
        ("a-drawing", "data:image/svg+xml;base64,PHN2Zy8+"),
        ("without-base64", "data:image/jpeg,%FF%D8"),
        ("not-base64", "data:image/jpeg;base64,***"),
        ("of-no-bytes", "data:image/jpeg;base64,"),
    ):
        yield shown(
            f"portrait-{name}",
            form,
            stage,
            portrait(value),
        )
    second = "data:image/jpeg;base64," + base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    yield shown(
        "two-portraits",
        "sd-jwt.portrait-ambiguous",
        stage,
        lambda draft: draft.shown.append(Shown.of("picture", second)),
    )
