"""Whose credentials count, and by which key: SD-JWT VC, "Issuer Verification Key Discovery and Validation".

Two ways, both from what the verifier was given and neither from the network. *Inline X.509*: the certificate
chain in the header ends in one of the anchors, and ``iss`` is a name the signer's certificate may speak for.
*Issuer metadata*: the keys the verifier has on file for exactly this ``iss``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509

from dongui.documents.authenticated import TrustStep
from dongui.documents.sd_jwt.claims import label
from dongui.documents.trust import TrustAnchors, VerifiedSigner
from dongui.documents.trust.certificate import Certificate
from dongui.documents.trust.token_path import verify_token_path
from dongui.encoding import strict_json
from dongui.encoding.cose import PublicKey
from dongui.encoding.jose import JWS_ALGORITHMS, Jws, algorithms_of, verify_jws, x5c
from dongui.encoding.jwk import NamedKey, read_jwks, write_jwk
from dongui.encoding.strict_json import JsonLimits, JsonObject, JsonValue
from dongui.errors import Misuse, Refused

__all__ = ["MAX_METADATA_BYTES", "SdJwtIssuers", "VerifiedIssuer", "verify_issuer"]

MAX_METADATA_BYTES = 256 * 1024
_METADATA = JsonLimits(max_bytes=MAX_METADATA_BYTES, max_depth=8, max_items=4_000)
_KEY_SET_SUFFIX = ".jwks.json"
# SD-JWT VC, "JWT VC Issuer Metadata": scheme and host, optionally port and path, and nothing else.
_HTTPS_URI = re.compile(r"https://([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::[0-9]{1,5})?(?:/[!-\"$->@-~]*)?")


@dataclass(frozen=True, slots=True)
class SdJwtIssuers:
    """Whom a verifier believes: anchors for certificates, keys by issuer, and for which types.

    ``keys`` maps an ``iss`` to the keys its metadata holds. ``accepted_types`` are values of ``vct``.
    Raises ``Misuse``: ``sd-jwt.no-issuers`` (neither anchors nor keys), ``sd-jwt.no-types``.
    """

    anchors: TrustAnchors | None
    keys: Mapping[str, tuple[NamedKey, ...]] = field(repr=False)
    accepted_types: frozenset[str]

    def __post_init__(self) -> None:
        if self.anchors is None and not self.keys:
            # A verifier that believes nobody in particular would have to believe the document itself.
            raise Misuse("sd-jwt.no-issuers", "neither trust anchors nor issuer metadata were given")
        if not self.accepted_types:
            raise Misuse("sd-jwt.no-types", "at least one accepted vct is needed")

    @classmethod
    def from_files(
        cls, files: Mapping[str, bytes], *, anchors: TrustAnchors | None, accepted_types: Collection[str]
    ) -> SdJwtIssuers:
        """Take JWT VC Issuer Metadata, each file at most 256 KiB, by file name.

        A file's key set stands in it (``jwks``), or, where it names a ``jwks_uri``, in a file beside it:
        ``issuer.json`` and ``issuer.jwks.json``. Nothing is fetched. Raises ``Misuse``:
        ``sd-jwt.metadata-unreadable`` (naming the file), ``sd-jwt.no-issuers``, ``sd-jwt.no-types``.
        """
        keys: dict[str, tuple[NamedKey, ...]] = {}
        for name in sorted(files):
            if name.endswith(_KEY_SET_SUFFIX):
                continue
            issuer, found = _metadata(name, files)
            if issuer in keys:
                raise _unreadable(name, "another file speaks for the same issuer")
            keys[issuer] = found
        return cls(anchors, keys, frozenset(accepted_types))

    def metadata_files(self) -> dict[str, bytes]:
        """The keys as files that :meth:`from_files` reads back alike: for handing them to another process."""
        return {
            f"{number}.json": strict_json.dumps(
                {"issuer": issuer, "jwks": {"keys": list(map(_written, keys))}}
            )
            for number, (issuer, keys) in enumerate(self.keys.items())
        }


@dataclass(frozen=True, slots=True)
class VerifiedIssuer:
    """Who signed. Only :func:`verify_issuer` makes one.

    ``identity`` is ``iss``, or the signer's subject where the document names no ``iss``; ``trusted_by`` is
    the anchor's name, or ``iss`` where the keys came from metadata. ``keys`` are those proved to be this
    issuer's own; ``by`` is the header parameter the key was found by; ``signer`` the certificate's proved
    path, ``None`` where the key came from metadata.
    """

    identity: str
    trusted_by: str
    keys: tuple[PublicKey, ...] = field(repr=False)
    by: Literal["x5c", "kid"]
    signer: VerifiedSigner | None = field(default=None, repr=False)

    @property
    def steps(self) -> tuple[TrustStep, ...]:
        """The certificates' path; empty where bare keys are trusted."""
        return () if self.signer is None else self.signer.steps


def verify_issuer(jws: Jws, *, issuer: str | None, issuers: SdJwtIssuers, at: datetime) -> VerifiedIssuer:
    """Find the issuer's key, prove that it is the issuer's, and verify the signature with it.

    Raises ``Refused``: ``sd-jwt.issuer-unknown``, ``sd-jwt.issuer-not-certified``, ``sd-jwt.key-unknown``,
    ``sd-jwt.key-ambiguous``, ``sd-jwt.issuer-signature-invalid``, ``trust.*``, ``jose.*``.
    """
    chain = x5c(jws)
    if chain is not None and issuers.anchors is not None:
        return _by_certificate(jws, chain, issuer, issuers.anchors, at)
    if issuer is None or issuer not in issuers.keys:
        what = "has no certificate" if chain is None else "has a certificate, and no anchors were given"
        raise Refused("sd-jwt.issuer-unknown", f"the document {what}; its iss is not on file")
    named = issuers.keys[issuer]
    _verify(jws, _choose(jws, named))
    return VerifiedIssuer(issuer, issuer, tuple(key.key for key in named), "kid")


def _by_certificate(
    jws: Jws, chain: tuple[bytes, ...], issuer: str | None, anchors: TrustAnchors, at: datetime
) -> VerifiedIssuer:
    signer = verify_token_path(chain, anchors=anchors, at=at)
    _verify(jws, signer.key)
    if issuer is not None and not speaks_for(signer.certificate, issuer):
        # The attack: a signer of one authority under an anchor issues in the name of another.
        raise Refused("sd-jwt.issuer-not-certified", f"{signer.certificate.name} may not speak for this iss")
    return VerifiedIssuer(
        issuer or signer.certificate.name,
        signer.anchor.certificate.name,
        (signer.key,),
        "x5c",
        signer,
    )


def speaks_for(certificate: Certificate, issuer: str) -> bool:
    """Whether ``issuer`` is among the certificate's alternative names: the URI itself, or its host by DNS.

    No wildcard is read: one certificate would speak for issuers nobody has named.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if issuer in names.get_values_for_type(x509.UniformResourceIdentifier):
        return True
    host = _host(issuer)
    return host is not None and host in {name.lower() for name in names.get_values_for_type(x509.DNSName)}


def _host(issuer: str) -> str | None:
    """The host of an HTTPS URI without user, query or fragment, in lower case."""
    found = _HTTPS_URI.fullmatch(issuer)
    return None if found is None else found[1].lower()


def _choose(jws: Jws, named: tuple[NamedKey, ...]) -> PublicKey:
    identifier = jws.header.get("kid")
    if identifier is not None:
        for key in named:
            if key.identifier == identifier:
                return key.key
        raise Refused("sd-jwt.key-unknown", "the header's kid is not among the issuer's keys")
    fitting = [key.key for key in named if jws.header.get("alg") in algorithms_of(key.key)]
    if not fitting and len(named) == 1:
        return named[0].key
    if len(fitting) != 1:
        # Trying one after the other would leave it to chance which key, with which promises, has signed.
        raise Refused("sd-jwt.key-ambiguous", f"no kid is named, and {len(fitting)} keys would go with it")
    return fitting[0]


def _verify(jws: Jws, key: PublicKey) -> None:
    try:
        verify_jws(jws, key=key, algorithms=JWS_ALGORITHMS)
    except Refused as refusal:
        if refusal.name != "jose.signature-invalid":
            raise
        raise Refused("sd-jwt.issuer-signature-invalid", "the issuer did not sign this document") from None


def _metadata(name: str, files: Mapping[str, bytes]) -> tuple[str, tuple[NamedKey, ...]]:
    try:
        metadata = strict_json.loads_object(files[name], limits=_METADATA)
        issuer = metadata.get("issuer")
        if not isinstance(issuer, str) or _host(issuer) is None:
            raise _unreadable(name, "issuer is not an HTTPS URI")
        return issuer, read_jwks(_key_set(name, metadata, files))
    except Refused as error:
        raise _unreadable(name, error.detail) from None


def _key_set(name: str, metadata: Mapping[str, JsonValue], files: Mapping[str, bytes]) -> JsonValue:
    if ("jwks" in metadata) == ("jwks_uri" in metadata):
        raise _unreadable(name, "exactly one of jwks and jwks_uri must be there")
    if "jwks" in metadata:
        return metadata["jwks"]
    beside = name.removesuffix(".json") + _KEY_SET_SUFFIX
    if beside not in files:
        raise _unreadable(name, f"it names a jwks_uri; put what is there beside it as {label(beside)}")
    return strict_json.loads(files[beside], limits=_METADATA)


def _written(named: NamedKey) -> JsonObject:
    key = write_jwk(named.key)
    return key if named.identifier is None else {**key, "kid": named.identifier}


def _unreadable(name: str, why: str) -> Misuse:
    return Misuse("sd-jwt.metadata-unreadable", f"{label(name)} is no issuer metadata: {why}")
