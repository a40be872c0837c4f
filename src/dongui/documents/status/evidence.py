"""The status lists a verifier holds, and what they say about one document.

A document that refers to a list is only as good as that list: *revoked* and *suspended* are refusals; a list
that is missing, old, unreadable or signed by somebody else leaves it open (``Trouble``), because none of that
is the document's doing. No list is fetched here, and none while a person waits: asking for a list at the
moment of a presentation would tell its issuer where documents are being shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Self

from dongui.documents.status.freshness import FreshnessLimit, require_fresh
from dongui.documents.status.token_status_list import StatusListToken, read_status_list
from dongui.documents.trust import TrustAnchors, VerifiedSigner
from dongui.documents.trust.standing import require_standing
from dongui.documents.trust.token_path import verify_token_path
from dongui.encoding.cose import PublicKey
from dongui.errors import Misuse, Refused, Trouble, Undetermined

__all__ = ["MAX_LISTS", "StatusEvidence", "StatusReference", "VerifiedStatus"]

MAX_LISTS = 1_000
_VALID, _INVALID, _SUSPENDED = 0, 1, 2  # "Status Types": 0x00, 0x01, 0x02


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where a document says its status stands: the list's URI, and the index in it."""

    uri: str
    index: int = field(repr=False)  # with the URI it names one document


@dataclass(frozen=True, slots=True)
class VerifiedStatus:
    """The document was valid according to a list issued at ``issued_at``. Only ``check`` makes one."""

    reference: StatusReference
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """Status lists on file. ``files`` are as handed in; ``unreadable`` says which are no list, and why.

    ``anchors`` vouch for the signers of lists that come with certificates; a list may also be signed by the
    very key of the document's issuer. ``fetched_at`` is when a file was taken from its place, by name.
    """

    files: Mapping[str, bytes] = field(repr=False)
    fetched_at: Mapping[str, datetime] = field(repr=False)
    anchors: TrustAnchors | None
    max_age: timedelta
    unreadable: Mapping[str, str]
    _lists: Mapping[str, tuple[tuple[StatusListToken, datetime | None], ...]] = field(repr=False)

    @classmethod
    def none(cls) -> Self:
        """No lists at all, said aloud: every document that refers to one is undetermined."""
        return cls.from_files({}, anchors=None, max_age=timedelta(days=1))

    @classmethod
    def from_files(
        cls,
        files: Mapping[str, bytes],
        *,
        anchors: TrustAnchors | None,
        max_age: timedelta,
        fetched_at: Mapping[str, datetime] | None = None,
    ) -> Self:
        """Take at most 1,000 lists of at most 8 MiB each, in either form, by file name.

        A file that is no list is kept as :attr:`unreadable`: it is as if it were missing. Raises ``Misuse``:
        ``status.too-many-lists``, ``status.bad-limit``.
        """
        if len(files) > MAX_LISTS:
            raise Misuse("status.too-many-lists", f"{len(files)} lists; the limit is {MAX_LISTS}")
        moments = dict(fetched_at or {})
        found: dict[str, tuple[tuple[StatusListToken, datetime | None], ...]] = {}
        unreadable: dict[str, str] = {}
        for name, content in sorted(files.items()):
            try:
                token = read_status_list(content)
            except Trouble as trouble:
                unreadable[name] = trouble.detail
            else:
                found[token.uri] = (*found.get(token.uri, ()), (token, moments.get(name)))
        FreshnessLimit(max_age)
        return cls(
            MappingProxyType(dict(files)),
            MappingProxyType(moments),
            anchors,
            max_age,
            MappingProxyType(unreadable),
            MappingProxyType(found),
        )

    def check(
        self, reference: StatusReference, *, issuer_keys: Sequence[PublicKey], at: datetime
    ) -> VerifiedStatus:
        """Return that the document was valid by the newest list that can be relied on.

        ``issuer_keys`` are those proved to be the document's issuer's own. Raises ``Refused``:
        ``status.revoked``, ``status.suspended``; ``Trouble``: ``status.list-missing``,
        ``status.list-stale``, ``status.list-expired``, ``status.list-from-future``,
        ``status.list-malformed``, ``status.list-signature-invalid``, ``status.list-signer-unknown``;
        ``trust.revocation-list-*`` of the list's own signer; ``Undetermined``:
        ``status.index-out-of-range``, ``status.value-unknown``.
        """
        # 2. Resolve the list: here, by what is on file.
        held = sorted(self._lists.get(reference.uri, ()), key=lambda held: held[0].issued_at, reverse=True)
        if not held:
            detail = f"no list on file for this reference; {len(self.files)} on file"
            raise Trouble("status.list-missing", f"{detail}, {len(self.unreadable)} of them unreadable")
        troubles: list[Trouble] = []
        for token, fetched_at in held:
            try:
                # 3. Validate the token. 4 a, sub equals the reference's URI, is how it was found.
                signer = self._require_signed(token, issuer_keys, at)
            except Trouble as trouble:
                # Somebody else's list beside the issuer's says nothing, and hides nothing.
                troubles.append(trouble)
                continue
            withdrawn = self._withdrawn(signer, at)
            if withdrawn is not None:
                troubles.append(withdrawn)
                continue
            # 4 b to d. Freshness: of the newest authentic list. An older one must not speak in its place,
            # or whoever spoils the new list keeps a revoked document alive.
            require_fresh(token, limit=FreshnessLimit(self.max_age), fetched_at=fetched_at, at=at)
            # 5 to 7. Decompress, look at the index, and say what the value means.
            return _judged(reference, token.status(reference.index), token)
        raise troubles[0]

    def _require_signed(
        self, token: StatusListToken, issuer_keys: Sequence[PublicKey], at: datetime
    ) -> VerifiedSigner | None:
        """The list is the document issuer's (``None``), or of a signer the operator's anchors vouch for."""
        if any(token.is_signed_by(key) for key in issuer_keys):
            return None
        if token.chain is None or self.anchors is None:
            # A list without certificates claims to be the issuer's own, and its signature says it is not.
            raise Trouble("status.list-signature-invalid", "the document's issuer did not sign this list")
        try:
            signer = verify_token_path(token.chain, anchors=self.anchors, at=at)
        except Refused as refusal:
            raise Trouble("status.list-signer-unknown", str(refusal)) from None
        if not token.is_signed_by(signer.key):
            raise Trouble(
                "status.list-signature-invalid", f"{signer.certificate.name} did not sign this list"
            )
        return signer

    def _withdrawn(self, signer: VerifiedSigner | None, at: datetime) -> Trouble | None:
        """A withdrawn signer's list is nobody's word, for or against; whether it was must be known."""
        if signer is None or self.anchors is None:
            return None
        try:
            require_standing(signer, anchors=self.anchors, at=at)
        except Refused as refusal:
            return Trouble("status.list-signer-unknown", str(refusal))
        return None


def _judged(reference: StatusReference, value: int | None, token: StatusListToken) -> VerifiedStatus:
    if value is None:
        raise Undetermined("status.index-out-of-range", "the list ends before the document's index")
    if value == _INVALID:
        raise Refused("status.revoked", f"by the list issued {token.issued_at:%Y-%m-%d %H:%M}Z")
    if value == _SUSPENDED:
        raise Refused("status.suspended", f"by the list issued {token.issued_at:%Y-%m-%d %H:%M}Z")
    if value != _VALID:
        raise Undetermined("status.value-unknown", f"the status {value} means nothing here")
    return VerifiedStatus(reference, token.issued_at)
