"""Whom a verifier believes, as a folder on disk.

::

    DIR/*.pem .crt .cer .der        roots of issuing authorities of mobile documents
    DIR/*.crl                       their revocation lists, in DER
    DIR/pinned-document-signers/    single signers of mobile documents
    DIR/csca/                       countries' authorities for passports, master lists, revocation lists
    DIR/sd-jwt/*.pem ...            roots above issuers of SD-JWT credentials
    DIR/sd-jwt/*.crl                revocation lists of those roots, and of authorities below them
    DIR/sd-jwt/*.json               issuers' metadata with their keys
    DIR/staff-card/<iss>.pem        public keys of who issues cards, named by their ``iss``, percent-encoded
    DIR/status/*.jwt *.cwt          status lists, as ``dongui status fetch`` keeps them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from dongui.documents.document_trust import DocumentTrust, PassportTrust, SdJwtTrust, StaffCardTrust
from dongui.documents.recognising import Kind
from dongui.documents.sd_jwt.issuer_keys import MAX_METADATA_BYTES, SdJwtIssuers
from dongui.documents.staff_card.cwt import MAX_KEY_FILE_BYTES, StaffCardIssuers
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.csca_folder import COUNTRY_FOLDER, CountryTrust, revocation_lists_in
from dongui.documents.trust.revocation_list import RevocationList, RevocationLists, is_proved
from dongui.documents.trust.standing import is_proved_by
from dongui.errors import Misuse
from dongui.memory import SecretBuffer
from dongui.readers.status_fetching import read_folder
from dongui.storage.master_list_indices import IndexFolder

__all__ = [
    "SD_JWT_FOLDER",
    "STAFF_CARD_FOLDER",
    "STATUS_FOLDER",
    "RevocationFolder",
    "TrustLimits",
    "load_trust",
    "revocation_folders",
]

SD_JWT_FOLDER, STAFF_CARD_FOLDER, STATUS_FOLDER = "sd-jwt", "staff-card", "status"
_MAX_METADATA_FILES = 1_000


@dataclass(frozen=True, slots=True)
class TrustLimits:
    """How old what is on file may be: master lists, authorities' revocation lists, status lists."""

    master_list: timedelta
    revocation_list: timedelta
    status_list: timedelta


@dataclass(frozen=True, slots=True)
class RevocationFolder:
    """Where one kind's revocation lists lie, what is there, and who must have signed them."""

    kind: Kind
    path: Path
    lists: RevocationLists
    proves: Callable[[RevocationList], bool] = field(repr=False)


def revocation_folders(path: Path, *, countries: CscaAnchors, max_age: timedelta) -> list[RevocationFolder]:
    """The places of a trust folder where revocation lists lie, one a kind of document that has any.

    Raises ``Trouble`` (``trust.revocation-list-unreadable``); ``Misuse``: ``trust.*``, ``file.*``.
    """
    csca = path / COUNTRY_FOLDER
    found = [
        RevocationFolder(
            Kind.PASSPORT,
            csca,
            revocation_lists_in(csca, max_age=max_age),
            lambda one: is_proved(one, countries),
        )
    ]
    for kind, folder in ((Kind.MDOC, path), (Kind.SD_JWT, path / SD_JWT_FOLDER)):
        anchors = _anchors(folder, max_age) if folder.is_dir() else None
        if anchors is not None and anchors.revocation is not None:
            found.append(
                RevocationFolder(kind, folder, anchors.revocation, partial(is_proved_by, anchors=anchors))
            )
    return found


def load_trust(path: Path, *, limits: TrustLimits, kind: Kind | None) -> DocumentTrust:
    """Read the folder's part for one kind of document, or, for ``None``, all of it.

    One kind alone where a document is at hand: a spoilt list of countries must not keep a licence out. Raises
    ``Misuse``: ``trust.*``, ``sd-jwt.metadata-unreadable``, ``status.*``, ``staff-card.*``, ``file.*``;
    ``Trouble``: ``trust.revocation-list-unreadable``; what :meth:`.CountryTrust.load` raises.
    """
    if not path.is_dir():
        TrustAnchors.from_directory(path)  # names what is wrong with it
    return DocumentTrust(
        mdoc=_anchors(path, limits.revocation_list) if kind in (Kind.MDOC, None) else None,
        passport=_passport(path, limits) if kind in (Kind.PASSPORT, None) else None,
        sd_jwt=_sd_jwt(path / SD_JWT_FOLDER, limits) if kind in (Kind.SD_JWT, None) else None,
        staff_card=_staff_card(path / STAFF_CARD_FOLDER) if kind in (Kind.STAFF_CARD, None) else None,
        status=_status(path / STATUS_FOLDER, limits),
    )


def _anchors(path: Path, max_age: timedelta) -> TrustAnchors | None:
    """A folder's roots, and the revocation lists beside them."""
    try:
        anchors = TrustAnchors.from_directory(path)
    except Misuse as misuse:
        if misuse.name != "trust.no-anchors":
            raise
        return None
    return anchors.with_revocation(revocation_lists_in(path, max_age=max_age))


def _passport(path: Path, limits: TrustLimits) -> PassportTrust:
    countries = CountryTrust.load(path, indices=IndexFolder.beside(path))
    return PassportTrust(
        countries.anchors(max_list_age=limits.master_list),
        revocation_lists_in(path / COUNTRY_FOLDER, max_age=limits.revocation_list),
    )


def _sd_jwt(path: Path, limits: TrustLimits) -> SdJwtTrust | None:
    if not path.is_dir():
        return None
    anchors = _anchors(path, limits.revocation_list)
    names = sorted(file for file in path.iterdir() if file.suffix == ".json")
    if len(names) > _MAX_METADATA_FILES:
        detail = f"{len(names)} files; the limit is {_MAX_METADATA_FILES}"
        raise Misuse("sd-jwt.metadata-unreadable", f"{path} holds too many: {detail}")
    metadata = {file.name: _read(file, MAX_METADATA_BYTES, "issuer metadata") for file in names}
    if anchors is None and not metadata:
        return None
    # Read once now: a spoilt file is the operator's to mend, and not found out while somebody waits.
    SdJwtIssuers.from_files(metadata, anchors=anchors, accepted_types={""})
    return SdJwtTrust(anchors, metadata)


def _staff_card(path: Path) -> StaffCardTrust | None:
    """Issuers alone: the site's own key lies in the desk, for nobody else to read.

    An issuer's name may be an address: what no file name can hold is percent-encoded there.
    """
    names = sorted(file for file in path.iterdir() if file.suffix == ".pem") if path.is_dir() else []
    if not names:
        return None
    files: dict[str, bytes] = {}
    for file in names:
        issuer = unquote(file.stem)
        if f"{issuer}.pem" in files:
            # Which of the two holds the keys that count would be a matter of how their names sort.
            raise Misuse("staff-card.issuer-twice", f"{file} is a second file for the issuer {issuer}")
        files[f"{issuer}.pem"] = _read(file, MAX_KEY_FILE_BYTES, "issuer's key")
    StaffCardIssuers.from_files(files)
    return StaffCardTrust(files, None)


def _read(file: Path, limit: int, what: str) -> bytes:
    with SecretBuffer.read_file(file, max_bytes=limit, what=what) as content:
        return bytes(content.view)


def _status(path: Path, limits: TrustLimits) -> StatusEvidence:
    if not path.is_dir():
        return StatusEvidence.from_files({}, anchors=None, max_age=limits.status_list)
    found = read_folder(path)
    return StatusEvidence.from_files(
        found.files, anchors=None, max_age=limits.status_list, fetched_at=found.fetched_at
    )
