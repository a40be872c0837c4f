"""Master lists: a country's signed list of the signing authorities it trusts (ICAO 9303-12, 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dongui.documents.trust.certificate_extensions import DIGITAL_SIGNATURE
from dongui.documents.trust.country_certificate import CountryCertificate, read_country_certificate
from dongui.documents.trust.csca import CscaAnchor
from dongui.documents.trust.signed_data import check_signed_data, read_signed_data
from dongui.encoding.der import DerError, Node, read
from dongui.errors import Refused

__all__ = ["MAX_MASTER_LIST_BYTES", "MasterList", "read_master_list"]

MAX_MASTER_LIST_BYTES = 16 * 1024 * 1024
_CONTENT, _SIGNER_PURPOSE = "2.23.136.1.1.2", "2.23.136.1.1.3"
_MAX_LISTED = 5_000
_WHAT = "the master list"


@dataclass(frozen=True, slots=True)
class MasterList:
    """A list whose signature and path to a given root were proved. Only :func:`read_master_list` makes one.

    ``signed_at`` is the signing time its signer states; without one, the begin of the signer's certificate:
    the earliest it can be, so that a list never looks younger than it is.
    """

    country: str | None
    signer: str
    root: str
    signed_at: datetime
    certificates: tuple[CountryCertificate, ...] = field(repr=False)

    def anchors(self) -> tuple[CscaAnchor, ...]:
        """Every authority of the list: the list itself vouches for links, too."""
        return tuple(CscaAnchor.of(certificate, self.signed_at) for certificate in self.certificates)


def read_master_list(data: bytes, *, roots: Sequence[CountryCertificate]) -> MasterList:
    """Verify a master list of at most 16 MiB to one of ``roots`` and read every certificate in it.

    A certificate that cannot be read is an error, not a gap: which country is missing must not be chance.
    Raises ``Refused``: ``cms.*``, ``trust.master-list-malformed``, ``trust.master-list-root``,
    ``trust.master-list-signer``, ``trust.certificate-malformed``, ``trust.curve-unknown``,
    ``trust.algorithm-unknown``.
    """
    message = read_signed_data(data, max_bytes=MAX_MASTER_LIST_BYTES, what=_WHAT)
    if message.content_type != _CONTENT:
        raise Refused("trust.master-list-malformed", f"the content is of the kind {message.content_type}")
    signer = check_signed_data(message, what=_WHAT)
    signed_at = message.signer.signing_time or signer.not_before
    root = _root_of(signer, roots, signed_at)
    _check_signer(signer, signed_at)
    return MasterList(
        country=signer.country,
        signer=signer.subject.text,
        root=root.subject.text,
        signed_at=signed_at,
        certificates=tuple(read_country_certificate(node.encoded) for node in _listed(message.content)),
    )


def _root_of(
    signer: CountryCertificate, roots: Sequence[CountryCertificate], signed_at: datetime
) -> CountryCertificate:
    """The given root that issued the signer. A root inside the list proves nothing: anybody can add one."""
    for root in roots:
        if signer.issuer == root.subject and signer.is_signed_by(root.key):
            if not root.not_before <= signed_at <= root.not_after:
                raise Refused(
                    "trust.master-list-root", f"{root.subject.text} was not valid when it was signed"
                )
            return root
    raise Refused("trust.master-list-root", f"none of {len(roots)} given roots issued {signer.subject.text}")


def _check_signer(signer: CountryCertificate, signed_at: datetime) -> None:
    # ICAO 9303-12, 7.1.3: the purpose is named, so that no signer of passports can write a list of countries.
    extensions = signer.extensions
    usage = extensions.key_usage
    if extensions.purposes is None or _SIGNER_PURPOSE not in extensions.purposes:
        raise Refused("trust.master-list-signer", f"{signer.subject.text} is not for signing master lists")
    if (usage is not None and DIGITAL_SIGNATURE not in usage) or extensions.not_understood:
        raise Refused("trust.master-list-signer", f"{signer.subject.text} may not sign")
    if not signer.not_before <= signed_at <= signer.not_after:
        raise Refused("trust.master-list-signer", f"{signer.subject.text} was not valid when it signed")


def _listed(content: bytes) -> tuple[Node, ...]:
    try:
        version, listed = read(content, max_bytes=MAX_MASTER_LIST_BYTES, what=_WHAT).sequence(_WHAT)
        if version.integer("version") != 0:
            raise DerError("a version other than 0")
        certificates = listed.set("certificates")
    except ValueError as error:
        raise Refused("trust.master-list-malformed", f"the list cannot be read: {error}") from None
    if not 1 <= len(certificates) <= _MAX_LISTED:
        raise Refused(
            "trust.master-list-malformed", f"{len(certificates)} certificates; 1 to {_MAX_LISTED} are read"
        )
    return certificates
