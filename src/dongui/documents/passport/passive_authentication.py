"""Passive authentication (ICAO 9303-11, 5.1): from a passport's files to an authenticated document."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone
from hashlib import sha256

from dongui.documents.authenticated import AuthenticatedDocument, TrustStep
from dongui.documents.passport.chip_evidence import ChipEvidence, bind
from dongui.documents.passport.contents import passport_elements, read_contents
from dongui.documents.passport.files import LdsFiles
from dongui.documents.passport.issuing_states import certificate_countries
from dongui.documents.passport.lds import com_remarks, parse_com
from dongui.documents.passport.mrz import Mrz, require_unexpired
from dongui.documents.passport.security_object import SecurityObject, check_digests, read_security_object
from dongui.documents.trust.country_certificate import CountryCertificate
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.documents.trust.signed_data import check_signed_data
from dongui.documents.trust.signer_path import SignerPath, verify_signer
from dongui.encoding import cbor
from dongui.environment import Clock
from dongui.errors import Refused, Undetermined

__all__ = ["AuthenticatedPassport", "CheckedFiles", "authenticate", "authenticate_with_path", "check_files"]

# A passport is over when its last day is over everywhere.
_LAST_TIME_ZONE = timezone(timedelta(hours=-12))


@dataclass(frozen=True, slots=True)
class CheckedFiles:
    """Files that agree with an EF.SOD that agrees with the certificate in it.

    Whole and unaltered since *somebody* signed them; who that was is the path's to prove.
    ``unsigned`` are the numbers of data groups nobody signed. Only :func:`check_files` makes one.
    """

    files: LdsFiles = field(repr=False)
    security_object: SecurityObject = field(repr=False)
    signer: CountryCertificate
    unsigned: frozenset[int] = frozenset()


def check_files(files: LdsFiles) -> CheckedFiles:
    """Prove EF.SOD's signature by the certificate in it, and the digest of every data group at hand.

    Raises ``Undetermined`` (``passport.signer-certificate-missing``); ``Refused``:
    ``passport.security-object-missing``, ``passport.security-object-malformed``, ``passport.data-group-*``,
    ``passport.digest-algorithm``, ``cms.*``, ``trust.certificate-malformed``, ``trust.curve-unknown``,
    ``trust.algorithm-unknown``.
    """
    if files.security_object is None:
        raise Refused("passport.security-object-missing", "there is no EF.SOD")
    security_object = read_security_object(files.security_object)
    if not security_object.message.certificates:
        raise Undetermined(
            "passport.signer-certificate-missing", "EF.SOD does not carry its signer's certificate"
        )
    signer = check_signed_data(security_object.message, what="EF.SOD")
    unsigned = check_digests(security_object, files)
    return CheckedFiles(files, security_object, signer, unsigned)


@dataclass(frozen=True, slots=True)
class AuthenticatedPassport:
    """An authenticated document with the proof behind it, for showing. Only this module makes one."""

    document: AuthenticatedDocument
    checked: CheckedFiles
    path: SignerPath


def authenticate(
    files: LdsFiles,
    *,
    trust_anchors: CscaAnchors,
    clock: Clock,
    revocation: RevocationLists,
    chip: ChipEvidence | None,
) -> AuthenticatedDocument:
    """Verify a passport's files. ``chip`` is what a reader proved of the chip; ``None``: nothing.

    Data groups 1 and 2 must be there. Raises ``Refused`` with ``passport.*``, ``cms.*`` or ``trust.*``;
    ``Undetermined``: ``passport.no-anchor``, ``passport.signer-certificate-missing``; ``Trouble``:
    ``trust.list-stale``, ``trust.revocation-list-*``, ``clock.implausible``.
    """
    return authenticate_with_path(
        files, trust_anchors=trust_anchors, clock=clock, revocation=revocation, chip=chip
    ).document


def authenticate_with_path(
    files: LdsFiles,
    *,
    trust_anchors: CscaAnchors,
    clock: Clock,
    revocation: RevocationLists,
    chip: ChipEvidence | None,
) -> AuthenticatedPassport:
    """As :func:`authenticate`, with the signer's path, so that a screen can draw it."""
    at = clock.now()
    # 1. The signature over EF.SOD, and the digests in it.
    checked = check_files(files)
    signed_at = checked.security_object.message.signer.signing_time
    # 2. The signer's path to a country's authority.
    path = verify_signer(
        checked.signer, anchors=trust_anchors, revocation=revocation, signed_at=signed_at, at=at
    )
    # 3. Old algorithms, only where the country itself still lives with them.
    uses_sha1 = _judge_sha1(checked, path)
    # 4. What was signed: read only now, when it is known who signed it.
    contents = read_contents(files, at=at)
    _check_state(contents.mrz, path)
    _check_document_type(contents.mrz, path)
    require_unexpired(contents.mrz, at=at)
    # 5. Whether this is the chip, or its files.
    binding = bind(chip, files, unsigned=checked.unsigned)
    document = AuthenticatedDocument(
        kind="passport",
        document_type="icao.9303.emrtd",
        issuer=path.anchor.certificate.subject.text,
        signed_at=signed_at or checked.signer.not_before,
        valid_from=signed_at or checked.signer.not_before,
        valid_until=_last_moment(contents.mrz),
        judged_at=at,
        holder_binding=binding,
        elements=passport_elements(files, contents, unsigned=checked.unsigned),
        portrait=contents.portrait,
        subject=_subject(contents.mrz),
        # Over what was signed: a second valid signature can be made of an ECDSA signature, but the digests
        # of groups that hold a picture nobody guesses.
        issuer_signed=sha256(checked.security_object.message.content).digest(),
        remarks=(*contents.remarks, *_remarks(checked, path, uses_sha1=uses_sha1)),
        trust_path=_steps(path),
    )
    return AuthenticatedPassport(document, checked, path)


def _judge_sha1(checked: CheckedFiles, path: SignerPath) -> bool:
    """Whether SHA-1 was used below the authority. Raises ``Refused`` (``passport.sha-1-not-in-use``).

    SHA-1 collisions can be bought. An authority that signed even itself with SHA-1 issued passports nobody
    can sign again; one that uses better cannot have signed anything with SHA-1, so that is a downgrade.
    """
    security_object = checked.security_object
    used = {security_object.digest, security_object.message.signer.digest, checked.signer.scheme.digest}
    if "sha1" not in used:
        return False
    if not path.anchor.certificate.scheme.uses_sha1:
        raise Refused(
            "passport.sha-1-not-in-use",
            f"SHA-1 below {path.anchor.certificate.subject.text}, whose certificate is signed with "
            f"{path.anchor.certificate.scheme}",
        )
    return True


def _check_state(mrz: Mrz, path: SignerPath) -> None:
    """DG1 names the state whose authority signed: a passport of one country under another's signature."""
    if path.country not in certificate_countries(mrz.issuing_state):
        raise Refused(
            "passport.issuing-state-mismatch", f"signed by an authority of {path.country} for another state"
        )


def _check_document_type(mrz: Mrz, path: SignerPath) -> None:
    """The signer is for this kind of document: one for visas does not sign passports."""
    types = path.signer.extensions.document_types
    if types is not None and not any(mrz.document_code.startswith(one) for one in types if one):
        raise Refused(
            "passport.signer-document-type", f"{path.signer.subject.text} is for other kinds of documents"
        )


def _last_moment(mrz: Mrz) -> datetime:
    return datetime.combine(mrz.expiry, time(23, 59, 59), _LAST_TIME_ZONE).astimezone(UTC)


def _steps(path: SignerPath) -> tuple[TrustStep, ...]:
    certificates = (path.anchor.certificate, path.signer)
    return tuple(TrustStep(one.subject.text, one.not_before, one.not_after) for one in certificates)


def _subject(mrz: Mrz) -> bytes:
    """Who the issuer says this is: issuing state and document number, encoded."""
    return cbor.dumps([mrz.issuing_state, mrz.document_number])


def _remarks(checked: CheckedFiles, path: SignerPath, *, uses_sha1: bool) -> tuple[str, ...]:
    found = {
        "passport.sha-1": uses_sha1,
        "passport.old-content-type": not checked.security_object.has_current_content_type,
        "passport.data-group-unsigned": bool(checked.unsigned),
        "passport.certificate-defects": bool(path.defects),
        "passport.revocation-not-checked": not path.revocation_checked,
    }
    return (*_com_remarks(checked), *(name for name, applies in found.items() if applies))


def _com_remarks(checked: CheckedFiles) -> tuple[str, ...]:
    """EF.COM is signed by nobody: where it and EF.SOD name other groups, EF.SOD counts and it is said."""
    if checked.files.com is None:
        return ()
    contents = parse_com(checked.files.com)
    disagree = set(contents.data_groups) != set(checked.security_object.digests)
    named = ("passport.com-disagrees-with-security-object",) if disagree else ()
    return (*com_remarks(contents, checked.files), *named)
