"""Signed messages (CMS, RFC 5652) as EF.SOD and master lists are: one signer, signed attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest

from dongui.documents.trust.country_certificate import CountryCertificate, read_country_certificate
from dongui.documents.trust.distinguished_names import DistinguishedName, read_name
from dongui.documents.trust.signature_checks import verifies
from dongui.documents.trust.signature_schemes import (
    SignatureScheme,
    UnknownScheme,
    read_digest,
    read_scheme,
)
from dongui.encoding.der import DerError, Node, encode, read
from dongui.errors import Refused

__all__ = ["SignedData", "Signer", "check_signed_data", "read_signed_data"]

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_MAX_CERTIFICATES = 16


@dataclass(frozen=True, slots=True)
class Signer:
    """The one SignerInfo. ``named``: its certificate, by issuer and serial number or by key identifier."""

    named: tuple[DistinguishedName, int] | bytes
    digest: str
    scheme: SignatureScheme
    attributes: bytes = field(repr=False)  # the content of the SET, as received
    content_type: str
    message_digest: bytes = field(repr=False)
    signing_time: datetime | None
    signature: bytes = field(repr=False)

    def is_named(self, certificate: CountryCertificate) -> bool:
        """Whether this is the certificate the message says it was signed with."""
        if isinstance(self.named, bytes):
            return certificate.extensions.subject_key == self.named
        return (certificate.issuer, certificate.serial_number) == self.named


@dataclass(frozen=True, slots=True)
class SignedData:
    """A signed message taken apart. Nothing of it is proved before :func:`check_signed_data`."""

    content_type: str
    content: bytes = field(repr=False)
    digests: frozenset[str]
    certificates: tuple[bytes, ...] = field(repr=False)
    signer: Signer


def read_signed_data(data: bytes, *, max_bytes: int, what: str) -> SignedData:
    """Take a ContentInfo with SignedData apart. ``what`` names it in messages.

    Raises ``Refused``: ``cms.malformed``, ``cms.several-signers``, ``cms.attribute-missing``,
    ``cms.algorithm-unknown``.
    """
    try:
        kind, wrapped = read(data, max_bytes=max_bytes, what=what).sequence(what)
        return _signed_data(kind, wrapped.expect(0xA0, "signed message").inner("signed message"), what)
    except UnknownScheme as error:
        raise Refused("cms.algorithm-unknown", f"{what} uses {error}") from None
    except (ValueError, IndexError) as error:
        raise Refused("cms.malformed", f"{what} cannot be read: {error}") from None


def check_signed_data(message: SignedData, *, what: str) -> CountryCertificate:
    """Prove that the certificate the message names signed its content; return that certificate.

    Whether the certificate may be trusted is another question. Raises ``Refused``: ``cms.signer-unknown``,
    ``cms.algorithms-disagree``, ``cms.content-type-mismatch``, ``cms.digest-mismatch``,
    ``cms.signature-invalid``, and as :func:`~.country_certificate.read_country_certificate`.
    """
    signer = message.signer
    # 1. RFC 5652, 5.3: the certificate is the one signer identifier names. Others in the message are
    #    not looked at: they prove nothing.
    certificate = _named_certificate(message, what)
    # 2. One digest for content and signature, and announced: otherwise a weaker one could be slipped in.
    if signer.scheme.digest != signer.digest or signer.digest not in message.digests:
        raise Refused(
            "cms.algorithms-disagree",
            f"{what} is digested with {signer.digest} and signed with {signer.scheme}",
        )
    # 3. 11.1: the content is of the kind that was signed.
    if signer.content_type != message.content_type:
        raise Refused("cms.content-type-mismatch", f"the signed attributes of {what} name another content")
    # 4. 11.2: the content is the one that was signed.
    if not compare_digest(hashlib.new(signer.digest, message.content).digest(), signer.message_digest):
        raise Refused("cms.digest-mismatch", f"the content of {what} is not the one signed")
    # 5. 5.4: the signature is over the attributes, as a SET and not under the tag they travel with.
    if not any(
        verifies(certificate.key, signer.scheme, signature=signer.signature, data=form)
        for form in _signed_forms(signer.attributes)
    ):
        raise Refused("cms.signature-invalid", f"{certificate.subject.text} did not sign {what}")
    return certificate


def _signed_data(message_kind: Node, node: Node, what: str) -> SignedData:
    if message_kind.oid("kind of message") != _SIGNED_DATA:
        raise DerError(f"{what} is no signed message")
    version, digests, content, *rest = node.sequence("signed message")
    version.integer("version")
    kind, wrapped = content.sequence("content")
    infos = rest.pop().set("signers")
    if len(infos) != 1:
        # Two signers: a verifier that takes the first it can verify lets anybody add one.
        raise Refused("cms.several-signers", f"{what} has {len(infos)} signers; one is needed")
    return SignedData(
        content_type=kind.oid("kind of content"),
        content=wrapped.expect(0xA0, "content").inner("content").octets("content"),
        digests=frozenset(_known(digests.set("digest algorithms"))),
        certificates=_certificates(rest),
        signer=_signer(infos[0], what),
    )


def _known(algorithms: Iterable[Node]) -> Iterable[str]:
    for algorithm in algorithms:
        try:
            yield read_digest(algorithm)
        except UnknownScheme:
            continue  # announced, and used by nobody: the one signer's digest is judged by itself


def _certificates(rest: list[Node]) -> tuple[bytes, ...]:
    for node in rest:
        if node.tag == 0xA0:
            found = tuple(child.encoded for child in node.children() if child.tag == 0x30)
            if len(found) > _MAX_CERTIFICATES:
                raise DerError(f"{len(found)} certificates; the limit is {_MAX_CERTIFICATES}")
            return found
        node.expect(0xA1, "revocation lists")
    return ()


def _signer(node: Node, what: str) -> Signer:
    version, named, digest_algorithm, attributes, algorithm, signature, *_ = node.sequence("signer")
    version.integer("version")
    digest = read_digest(digest_algorithm)
    # RFC 5652, 5.3: attributes must be there, because the content is not plain data.
    values = _attributes(attributes.expect(0xA0, "signed attributes"))
    for oid, name in ((_CONTENT_TYPE, "content type"), (_MESSAGE_DIGEST, "message digest")):
        if oid not in values:
            raise Refused("cms.attribute-missing", f"the signed attributes of {what} lack the {name}")
    time = values.get(_SIGNING_TIME)
    return Signer(
        named=_signer_name(named),
        digest=digest,
        scheme=read_scheme(algorithm, digest=digest),
        attributes=attributes.content,
        content_type=values[_CONTENT_TYPE].oid("content type"),
        message_digest=values[_MESSAGE_DIGEST].octets("message digest"),
        signing_time=time.moment("signing time") if time is not None else None,
        signature=signature.octets("signature"),
    )


def _signer_name(node: Node) -> tuple[DistinguishedName, int] | bytes:
    if node.tag == 0x80:
        return node.content
    issuer, serial = node.sequence("signer identifier")
    return read_name(issuer), serial.integer("serial number")


def _attributes(node: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for attribute in node.children():
        kind, values = attribute.sequence("attribute")
        oid = kind.oid("attribute")
        if oid in found:
            raise DerError("an attribute that stands twice")
        found[oid] = values.expect(0x31, "attribute's values").inner("attribute's values")
    return found


def _signed_forms(attributes: bytes) -> Iterable[bytes]:
    """The SET as received, and in DER order: RFC 5652 signs the latter, some issuers send another one."""
    yield encode(0x31, attributes)
    ordered = sorted(child.encoded for child in Node(0x31, b"", attributes).children())
    if b"".join(ordered) != attributes:
        yield encode(0x31, *ordered)


def _named_certificate(message: SignedData, what: str) -> CountryCertificate:
    found = [
        certificate
        for certificate in map(read_country_certificate, dict.fromkeys(message.certificates))
        if message.signer.is_named(certificate)
    ]
    if len(found) != 1:
        raise Refused("cms.signer-unknown", f"{what} holds {len(found)} certificates of the signer it names")
    return found[0]
