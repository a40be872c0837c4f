"""Trust anchors: whose signatures count. Always given, never assumed: there is no built-in list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.trust.certificate import Certificate, read_certificate
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

if TYPE_CHECKING:
    from dongui.documents.trust.revocation_list import RevocationLists

__all__ = [
    "MAX_ANCHORS",
    "MAX_ANCHOR_FILE_BYTES",
    "PINNED_FOLDER",
    "AnchorKind",
    "TrustAnchor",
    "TrustAnchors",
]

MAX_ANCHOR_FILE_BYTES = 256 * 1024
MAX_ANCHORS = 2_000
PINNED_FOLDER = "pinned-document-signers"
_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der"})


class AnchorKind(StrEnum):
    """What an anchor stands for. The second is a smaller promise and must be asked for by name."""

    ISSUING_AUTHORITY = "issuing-authority"  # an IACA root: signs document signers' certificates
    # One signer's own certificate, trusted without its authority: what it signs is authentic, but nobody
    # vouches for it, and who does not hold its authority hears of no withdrawal. For issuers who publish no
    # root, and for tests.
    PINNED_DOCUMENT_SIGNER = "pinned-document-signer"


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """One trusted certificate and what it is trusted as."""

    certificate: Certificate
    kind: AnchorKind


class TrustAnchors:
    """A non-empty set of anchors, and what they withdrew. Immutable; shared between verifications.

    ``revocation`` are the anchors' revocation lists on file; ``None``: none was given, and every document
    that rests on a certificate says so (``mdoc.revocation-not-checked``, ``sd-jwt.revocation-not-checked``).
    """

    __slots__ = ("_anchors", "revocation")

    def __init__(self, anchors: Iterable[TrustAnchor], *, revocation: RevocationLists | None = None) -> None:
        """Raises ``Misuse``: ``trust.no-anchors``, ``trust.too-many-anchors`` (limit 2,000)."""
        self._anchors = tuple(anchors)
        self.revocation = revocation
        if not self._anchors:
            # A verifier without anchors must not run: skipping the path is how a self-made licence passes.
            raise Misuse("trust.no-anchors", "at least one trust anchor is needed")
        if len(self._anchors) > MAX_ANCHORS:
            raise Misuse(
                "trust.too-many-anchors", f"{len(self._anchors)} anchors; the limit is {MAX_ANCHORS}"
            )

    def __iter__(self) -> Iterator[TrustAnchor]:
        """The anchors, in the order given."""
        return iter(self._anchors)

    def __len__(self) -> int:
        return len(self._anchors)

    @classmethod
    def from_certificates(
        cls, certificates: Iterable[bytes], *, pinned_document_signers: Iterable[bytes] = ()
    ) -> TrustAnchors:
        """Take DER or PEM certificates of issuing authorities and, by name, of single document signers.

        Raises ``Misuse``: ``trust.no-anchors``, ``trust.anchor-unreadable``, ``trust.too-many-anchors``.
        """
        authorities = _read_all(certificates, AnchorKind.ISSUING_AUTHORITY)
        pinned = _read_all(pinned_document_signers, AnchorKind.PINNED_DOCUMENT_SIGNER)
        return cls([*authorities, *pinned])

    @classmethod
    def from_directory(cls, path: Path) -> TrustAnchors:
        """Read every ``.pem``, ``.crt``, ``.cer`` and ``.der`` file of a folder, each at most 256 KiB.

        Files directly inside are roots of issuing authorities; those in the sub-folder
        ``pinned-document-signers`` are single signers' own certificates. Other files are ignored.
        Raises ``Misuse``: ``trust.no-anchors``, ``trust.anchor-unreadable`` (naming the file),
        ``trust.too-many-anchors``, ``file.*``.
        """
        anchors = _read_folder(path, AnchorKind.ISSUING_AUTHORITY)
        pinned = path / PINNED_FOLDER
        if pinned.is_dir():
            anchors += _read_folder(pinned, AnchorKind.PINNED_DOCUMENT_SIGNER)
        if not anchors:
            raise Misuse("trust.no-anchors", f"{path} holds no .pem, .crt, .cer or .der file")
        return cls(anchors)

    def with_revocation(self, lists: RevocationLists) -> TrustAnchors:
        """The same anchors, with these revocation lists on file."""
        return TrustAnchors(self._anchors, revocation=lists)

    def holds(self, encoded: bytes) -> bool:
        """Whether exactly this certificate is among the anchors, as whatever kind."""
        return any(anchor.certificate.encoded == encoded for anchor in self._anchors)

    def pinned(self, encoded: bytes) -> TrustAnchor | None:
        """The pinned document signer with exactly these bytes, if there is one."""
        for anchor in self._anchors:
            if anchor.kind is AnchorKind.PINNED_DOCUMENT_SIGNER and anchor.certificate.encoded == encoded:
                return anchor
        return None

    def issuers_of(self, signer: Certificate) -> tuple[TrustAnchor, ...]:
        """The issuing authorities whose name is the signer's issuer, byte for byte.

        Several may share a name (an authority renewing its key); the key identifier decides first.
        """
        named = [
            anchor
            for anchor in self._anchors
            if anchor.kind is AnchorKind.ISSUING_AUTHORITY and anchor.certificate.subject == signer.issuer
        ]
        identifier = signer.authority_key_identifier
        return tuple(
            sorted(named, key=lambda anchor: anchor.certificate.subject_key_identifier != identifier)
        )


def _read_folder(path: Path, kind: AnchorKind) -> list[TrustAnchor]:
    try:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    except FileNotFoundError:
        raise Misuse("file.not-found", f"the folder of trust anchors {path} does not exist") from None
    except NotADirectoryError:
        raise Misuse("trust.no-anchors", f"{path} is a file; a folder of certificates is needed") from None
    except OSError as error:
        raise Misuse("file.not-readable", f"the folder of trust anchors {path}: {error.strerror}") from None
    if len(files) > MAX_ANCHORS:
        raise Misuse("trust.too-many-anchors", f"{path} holds {len(files)} files; the limit is {MAX_ANCHORS}")
    anchors: list[TrustAnchor] = []
    for file in files:
        content = SecretBuffer.read_file(file, max_bytes=MAX_ANCHOR_FILE_BYTES, what="trust anchor")
        anchors += _read(bytes(content.view), kind, str(file))
    return anchors


def _read_all(certificates: Iterable[bytes], kind: AnchorKind) -> list[TrustAnchor]:
    anchors: list[TrustAnchor] = []
    for number, content in enumerate(certificates, start=1):
        anchors += _read(content, kind, f"certificate {number}")
    return anchors


def _read(content: bytes, kind: AnchorKind, what: str) -> list[TrustAnchor]:
    """Read one DER certificate, or every certificate of a PEM file."""
    try:
        return [TrustAnchor(read_certificate(encoded), kind) for encoded in _split(content)]
    except (ValueError, Refused) as error:
        raise Misuse("trust.anchor-unreadable", f"{what} cannot be read as a certificate: {error}") from None


def _split(content: bytes) -> list[bytes]:
    if b"-----BEGIN" not in content:
        return [content]
    return [
        certificate.public_bytes(Encoding.DER) for certificate in x509.load_pem_x509_certificates(content)
    ]
