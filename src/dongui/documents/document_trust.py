"""Whom a verifier believes, for every kind of document at once: given, never assumed.

One kind's anchors vouch for no other kind: a country's authority for passports says nothing about a licence,
and the part that goes with a document into the process that judges it is that document's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from dongui.documents.recognising import Kind
from dongui.documents.status import StatusEvidence
from dongui.documents.trust.anchors import AnchorKind, TrustAnchors
from dongui.encoding.cbor import CborKey, CborValue
from dongui.errors import Misuse

if TYPE_CHECKING:
    from dongui.documents.staff_card.encryption import SiteKey
    from dongui.documents.trust.csca import CscaAnchors
    from dongui.documents.trust.revocation_list import RevocationLists

__all__ = ["DocumentTrust", "PassportTrust", "SdJwtTrust", "StaffCardTrust"]


@dataclass(frozen=True, slots=True)
class PassportTrust:
    """Countries' authorities, and their revocation lists."""

    anchors: CscaAnchors = field(repr=False)
    revocation: RevocationLists = field(repr=False)


@dataclass(frozen=True, slots=True)
class SdJwtTrust:
    """Issuers of SD-JWT credentials: anchors for their certificates, and their metadata by file name."""

    anchors: TrustAnchors | None = field(repr=False)
    metadata: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffCardTrust:
    """Issuers of staff cards and Claim 169 tokens: files of public keys, ``<iss>.pem``.

    ``site_key`` is this site's own, to which cards are encrypted; ``None``: none can be opened.
    """

    issuers: Mapping[str, bytes] = field(repr=False)
    site_key: SiteKey | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentTrust:
    """Whom a verifier believes. ``None`` for a kind: nobody; documents of that kind are not judged at all.

    ``mdoc`` are issuing authorities' roots and pinned signers. ``status`` are the status lists on file with
    the limit on their age; who may sign them follows from the document's kind (:meth:`status_for`).
    """

    mdoc: TrustAnchors | None = field(repr=False)
    passport: PassportTrust | None = field(repr=False)
    sd_jwt: SdJwtTrust | None = field(repr=False)
    staff_card: StaffCardTrust | None = field(repr=False)
    status: StatusEvidence = field(repr=False)

    @classmethod
    def for_mdocs(cls, anchors: TrustAnchors, *, status: StatusEvidence | None = None) -> Self:
        """Believe issuers of mobile documents alone; without ``status`` no list is on file."""
        return cls(anchors, None, None, None, status or StatusEvidence.none())

    def part_for(self, kind: Kind) -> Self:
        """Return what one kind needs, to go with a document of it.

        Raises ``Misuse`` where nobody is believed for that kind: ``trust.no-anchors``,
        ``sd-jwt.no-issuers``, ``staff-card.no-issuers``. A passport without any authority is *undetermined*
        when it is judged (``passport.no-anchor``): whoever holds it out is told what its files prove.
        """
        if kind is Kind.MDOC:
            self.require_mdoc()
        if kind is Kind.SD_JWT:
            self.require_sd_jwt()
        if kind is Kind.STAFF_CARD:
            self.require_staff_card()
        return replace(
            self,
            mdoc=self.mdoc if kind is Kind.MDOC else None,
            passport=self.passport if kind is Kind.PASSPORT else None,
            sd_jwt=self.sd_jwt if kind is Kind.SD_JWT else None,
            staff_card=self.staff_card if kind is Kind.STAFF_CARD else None,
            status=StatusEvidence.none() if kind is Kind.PASSPORT else self.status,
        )

    def require_mdoc(self) -> TrustAnchors:
        """Return who may issue mobile documents. Raises ``Misuse`` (``trust.no-anchors``)."""
        if self.mdoc is None:
            raise Misuse("trust.no-anchors", "no issuing authority of mobile documents is trusted")
        return self.mdoc

    def require_sd_jwt(self) -> SdJwtTrust:
        """Return who may issue SD-JWT credentials. Raises ``Misuse`` (``sd-jwt.no-issuers``)."""
        if self.sd_jwt is None:
            raise Misuse("sd-jwt.no-issuers", "nobody is trusted to issue SD-JWT credentials")
        return self.sd_jwt

    def require_staff_card(self) -> StaffCardTrust:
        """Return who may issue staff cards. Raises ``Misuse`` (``staff-card.no-issuers``)."""
        if self.staff_card is None:
            raise Misuse("staff-card.no-issuers", "nobody is trusted to issue staff cards")
        return self.staff_card

    def status_for(self, kind: Kind) -> StatusEvidence:
        """The status lists, with who may sign those that come with certificates: the kind's own anchors."""
        if kind is Kind.MDOC:
            return replace(self.status, anchors=self.mdoc)
        credentials = self.sd_jwt if kind is Kind.SD_JWT else None
        return replace(self.status, anchors=None if credentials is None else credentials.anchors)

    def may_know_withdrawals(self, kind: Kind) -> bool:
        """Whether a document of this kind can come back without ``<kind>.revocation-not-checked`` on it.

        Where certificates alone are believed, only if a revocation list is on file. Bare keys (of issuers'
        metadata, of staff cards' issuers) have no authority: whoever put them on file takes them away.
        """
        if kind is Kind.STAFF_CARD or (kind is Kind.SD_JWT and self.sd_jwt and self.sd_jwt.metadata):
            return True
        lists = self._revocation(kind)
        return lists is not None and bool(lists.lists)

    def _revocation(self, kind: Kind) -> RevocationLists | None:
        if kind is Kind.PASSPORT:
            return None if self.passport is None else self.passport.revocation
        anchors = self.mdoc if kind is Kind.MDOC else None if self.sd_jwt is None else self.sd_jwt.anchors
        return None if anchors is None else anchors.revocation

    def to_cbor(self) -> CborValue:
        """Return this for another process, as deterministic CBOR can hold it."""
        parts: dict[CborKey, CborValue] = {}
        if self.mdoc is not None:
            parts["mdoc"] = _write_anchors(self.mdoc)
        if self.passport is not None:
            parts["passport"] = _write_passport(self.passport)
        if self.sd_jwt is not None:
            parts["sd-jwt"] = {
                "anchors": None if self.sd_jwt.anchors is None else _write_anchors(self.sd_jwt.anchors),
                "metadata": _write_files(self.sd_jwt.metadata),
            }
        if self.staff_card is not None:
            site_key = self.staff_card.site_key
            parts["staff-card"] = {
                "issuers": _write_files(self.staff_card.issuers),
                "site-key": None if site_key is None else site_key.raw,
            }
        if self.status.files:
            parts["status"] = _write_status(self.status)
        return parts

    @classmethod
    def from_cbor(cls, value: CborValue) -> Self:
        """Return what :meth:`to_cbor` was given; anything else is a ``ValueError``, ``TypeError`` or
        ``LookupError``.
        """
        parts = _map(value)
        credentials = _map(parts["sd-jwt"]) if "sd-jwt" in parts else None
        return cls(
            mdoc=_read_anchors(parts["mdoc"]) if "mdoc" in parts else None,
            passport=_read_passport(parts["passport"]) if "passport" in parts else None,
            sd_jwt=None
            if credentials is None
            else SdJwtTrust(
                None if credentials["anchors"] is None else _read_anchors(credentials["anchors"]),
                _files(credentials["metadata"]),
            ),
            staff_card=_read_staff_card(parts["staff-card"]) if "staff-card" in parts else None,
            status=_read_status(parts["status"]) if "status" in parts else StatusEvidence.none(),
        )


def _write_anchors(anchors: TrustAnchors) -> CborValue:
    encoded: dict[AnchorKind, list[CborValue]] = {kind: [] for kind in AnchorKind}
    for anchor in anchors:
        encoded[anchor.kind].append(anchor.certificate.encoded)
    return {
        "authorities": encoded[AnchorKind.ISSUING_AUTHORITY],
        "pinned": encoded[AnchorKind.PINNED_DOCUMENT_SIGNER],
        "revocation": None if anchors.revocation is None else _write_revocation(anchors.revocation),
    }


def _read_anchors(value: CborValue) -> TrustAnchors:
    fields = _map(value)
    anchors = TrustAnchors.from_certificates(
        _bytes_list(fields["authorities"]), pinned_document_signers=_bytes_list(fields["pinned"])
    )
    lists = fields["revocation"]
    return anchors if lists is None else anchors.with_revocation(_read_revocation(lists))


def _write_revocation(lists: RevocationLists) -> CborValue:
    return [[one.encoded for one in lists.lists], _whole(lists.max_age)]


def _read_revocation(value: CborValue) -> RevocationLists:
    from dongui.documents.trust.revocation_list import RevocationLists

    lists, age = _list(value, 2)
    return RevocationLists.from_bytes(_bytes_list(lists), max_age=timedelta(seconds=_int(age)))


def _write_passport(trust: PassportTrust) -> CborValue:
    # Each authority with its name's key: hundreds are listed, and the one that is needed is found unread.
    return {
        "anchors": [
            [one.encoded, one.name_key, None if one.listed_at is None else _seconds(one.listed_at)]
            for one in trust.anchors
        ],
        "list-age": _whole(trust.anchors.max_list_age),
        "revocation": _write_revocation(trust.revocation),
    }


def _read_passport(value: CborValue) -> PassportTrust:
    from dongui.documents.trust.csca import CscaAnchor, CscaAnchors

    fields = _map(value)
    anchors = []
    for one in _list(fields["anchors"]):
        encoded, name_key, listed_at = _list(one, 3)
        moment = None if listed_at is None else _moment(listed_at)
        anchors.append(CscaAnchor(_bytes(encoded), _bytes(name_key), moment))
    age = timedelta(seconds=_int(fields["list-age"]))
    return PassportTrust(
        CscaAnchors(anchors, max_list_age=age) if anchors else CscaAnchors.none_given(),
        _read_revocation(fields["revocation"]),
    )


def _read_staff_card(value: CborValue) -> StaffCardTrust:
    from dongui.documents.staff_card.encryption import SiteKey

    fields = _map(value)
    site_key = fields["site-key"]
    return StaffCardTrust(_files(fields["issuers"]), None if site_key is None else SiteKey(_bytes(site_key)))


def _write_status(status: StatusEvidence) -> CborValue:
    return {
        "files": _write_files(status.files),
        "fetched": {name: _seconds(moment) for name, moment in status.fetched_at.items()},
        "age": _whole(status.max_age),
    }


def _read_status(value: CborValue) -> StatusEvidence:
    fields = _map(value)
    return StatusEvidence.from_files(
        _files(fields["files"]),
        anchors=None,
        max_age=timedelta(seconds=_int(fields["age"])),
        fetched_at={str(name): _moment(moment) for name, moment in _map(fields["fetched"]).items()},
    )


def _map(value: CborValue) -> dict[CborKey, CborValue]:
    if not isinstance(value, dict):
        raise TypeError("not a map")
    return value


def _list(value: CborValue, size: int | None = None) -> list[CborValue]:
    if not isinstance(value, list) or (size is not None and len(value) != size):
        raise TypeError("not a list of this size")
    return value


def _bytes(value: CborValue) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not a byte string")
    return value


def _int(value: CborValue) -> int:
    if not isinstance(value, int):
        raise TypeError("not a number")
    return value


def _bytes_list(value: CborValue) -> list[bytes]:
    return [_bytes(one) for one in _list(value)]


def _write_files(files: Mapping[str, bytes]) -> CborValue:
    written: dict[CborKey, CborValue] = {}
    written.update(files)
    return written


def _files(value: CborValue) -> dict[str, bytes]:
    return {str(name): _bytes(content) for name, content in _map(value).items()}


def _whole(span: timedelta) -> int:
    return int(span.total_seconds())


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(value: CborValue) -> datetime:
    return datetime.fromtimestamp(_int(value), UTC)
