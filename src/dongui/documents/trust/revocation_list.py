"""Revocation lists of issuing authorities (RFC 5280, 5; ICAO 9303-12, 7.2; ISO/IEC 18013-5:2021, Annex B).

What a list proves: a signer *on* it was withdrawn, or, on the newest, is on hold. What a missing, stale or
unreadable list proves: nothing.
The second is undetermined, never passed and never called forged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from dongui.documents.trust.distinguished_names import DistinguishedName, read_name
from dongui.documents.trust.signature_checks import verifies
from dongui.documents.trust.signature_schemes import SignatureScheme, UnknownScheme, read_scheme
from dongui.encoding.der import DerError, Node, read
from dongui.errors import Refused, Trouble

if TYPE_CHECKING:
    from dongui.documents.trust.country_certificate import CountryCertificate
    from dongui.documents.trust.csca import CscaAnchors

__all__ = [
    "ED25519",
    "MAX_REVOCATION_LIST_BYTES",
    "IssuedCertificate",
    "RevocationList",
    "RevocationLists",
    "is_proved",
    "read_revocation_list",
]

MAX_REVOCATION_LIST_BYTES = 8 * 1024 * 1024
_REASON, _NUMBER, _AUTHORITY_KEY = "2.5.29.21", "2.5.29.20", "2.5.29.35"
_ON_HOLD, _REMOVED = 6, 8
_ED25519_ALGORITHM = "1.3.101.112"  # RFC 8410, 3; of no passport authority, but of authorities for tokens
ED25519 = SignatureScheme("ed25519", "sha512")


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One list, its signature not checked yet. ``revoked``: reason codes by serial number.

    ``encoded`` is the whole list in DER: for handing it to another process.
    """

    issuer: DistinguishedName
    this_update: datetime
    next_update: datetime | None
    revoked: MappingProxyType[int, int] = field(repr=False)
    scheme: SignatureScheme
    signature: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    encoded: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """What a list can name: a serial number of one issuer. ``subject`` is for telling whose it is."""

    issuer: DistinguishedName
    serial_number: int
    subject: str


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """The lists a verifier holds, and how old one may be. One kind's lists speak for no other kind."""

    lists: tuple[RevocationList, ...]
    max_age: timedelta

    @classmethod
    def none_given(cls) -> RevocationLists:
        """No lists, said aloud: documents then bear the remark ``<kind>.revocation-not-checked``."""
        return cls((), timedelta())

    @classmethod
    def from_bytes(cls, lists: Iterable[bytes], *, max_age: timedelta) -> RevocationLists:
        """Take lists in DER. ``max_age``: how long after its making a list counts, whatever it says itself.

        Raises ``Trouble`` (``trust.revocation-list-unreadable``).
        """
        return cls(tuple(map(read_revocation_list, lists)), max_age)

    def check(self, signer: CountryCertificate, *, anchors: CscaAnchors, at: datetime) -> bool:
        """Return whether a fresh list of the signer's issuer was there, and did not name the signer.

        ``False``: no list of this issuer was given. Raises ``Refused`` (``passport.signer-revoked``);
        ``Trouble``: ``trust.revocation-list-stale``, ``trust.revocation-list-unproved``.
        """
        return self.judge(
            IssuedCertificate(signer.issuer, signer.serial_number, signer.subject.text),
            proves=lambda one: is_proved(one, anchors),
            refusal="passport.signer-revoked",
            at=at,
        )

    def judge(
        self,
        certificate: IssuedCertificate,
        *,
        proves: Callable[[RevocationList], bool],
        refusal: str,
        at: datetime,
    ) -> bool:
        """As :meth:`check`, of any certificate: ``proves`` says whether its authority signed a list.

        Raises ``Refused`` by the name ``refusal``; ``Trouble`` as :meth:`check`.
        """
        mine = [one for one in self.lists if one.issuer == certificate.issuer]
        if not mine:
            return False
        proved = [one for one in mine if proves(one)]
        if not proved:
            raise Trouble(
                "trust.revocation-list-unproved", f"no authority signed the list of {certificate.issuer.text}"
            )
        # A serial number that was ever withdrawn for good stays so: an old list, too, may speak against.
        if any(_names(one, certificate.serial_number) for one in proved):
            raise Refused(refusal, f"{certificate.subject} was withdrawn by its authority")
        newest = max(one.this_update for one in proved)
        latest = [one for one in proved if one.this_update == newest]
        self._require_fresh(latest[0], at)
        # RFC 5280, 6.3.3 j: on hold is not valid either, as long as the newest list says so.
        if any(one.revoked.get(certificate.serial_number) == _ON_HOLD for one in latest):
            raise Refused(refusal, f"{certificate.subject} is on hold by its authority")
        return True

    def _require_fresh(self, newest: RevocationList, at: datetime) -> None:
        over = newest.next_update is None or at > newest.next_update or at - newest.this_update > self.max_age
        if over or at < newest.this_update:
            raise Trouble(
                "trust.revocation-list-stale",
                f"the newest list of {newest.issuer.text} was made on {newest.this_update:%Y-%m-%d} and "
                f"counts for at most {self.max_age.days} days",
            )


def read_revocation_list(data: bytes) -> RevocationList:
    """Read one list of at most 8 MiB. Raises ``Trouble`` (``trust.revocation-list-unreadable``)."""
    try:
        return _parse(read(data, max_bytes=MAX_REVOCATION_LIST_BYTES, what="revocation list"))
    except (DerError, UnknownScheme, IndexError, ValueError) as error:
        _unreadable(str(error))


def _unreadable(reason: str) -> NoReturn:
    raise Trouble("trust.revocation-list-unreadable", f"a revocation list cannot be read: {reason}")


def _parse(whole: Node) -> RevocationList:
    body, algorithm, signature = whole.sequence("revocation list")
    parts = list(body.sequence("revocation list's body"))
    if parts[0].tag == 0x02:
        parts.pop(0)
    if parts.pop(0).encoded != algorithm.encoded:
        raise DerError("the algorithm inside differs from the one outside")
    issuer, this_update = read_name(parts.pop(0)), parts.pop(0).moment("this update")
    next_update = parts.pop(0).moment("next update") if parts and parts[0].tag in (0x17, 0x18) else None
    entries = parts.pop(0).sequence("revoked") if parts and parts[0].tag == 0x30 else ()
    for node in parts:
        _require_whole(node.expect(0xA0, "extensions").inner("extensions"), {_NUMBER, _AUTHORITY_KEY})
    return RevocationList(
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        revoked=MappingProxyType(dict(map(_entry, entries))),
        scheme=_scheme(algorithm),
        signature=signature.bits("signature"),
        signed_part=body.encoded,
        encoded=whole.encoded,
    )


def _scheme(algorithm: Node) -> SignatureScheme:
    kind = algorithm.sequence("signature algorithm")
    if len(kind) == 1 and kind[0].oid("signature algorithm") == _ED25519_ALGORITHM:
        return ED25519
    return read_scheme(algorithm, digest=None)


def _require_whole(extensions: Node, understood: set[str]) -> dict[str, Node]:
    """Extensions by name. A critical one that is not understood makes the list a partial or foreign one."""
    found: dict[str, Node] = {}
    for extension in extensions.sequence("extensions"):
        kind, *rest = extension.sequence("extension")
        oid = kind.oid("extension")
        if len(rest) > 1 and rest[0].boolean("criticality") and oid not in understood:
            raise DerError(f"a critical extension {oid} that is not understood")
        found[oid] = rest[-1]
    return found


def _entry(node: Node) -> tuple[int, int]:
    serial, _, *rest = node.sequence("entry")
    reasons = _require_whole(rest[0], {_REASON}) if rest else {}
    if _REASON not in reasons:
        return serial.integer("serial number"), 0
    value = read(reasons[_REASON].octets("reason"), max_bytes=8, what="reason").expect(0x0A, "reason")
    return serial.integer("serial number"), int.from_bytes(value.content, "big")


def is_proved(one: RevocationList, anchors: CscaAnchors) -> bool:
    """Whether an authority of the list's issuer, by name, signed it."""
    # ICAO 9303-12, 4.2: after a change of key the new key signs the list, for the old key's signers, too.
    return any(
        verifies(anchor.certificate.key, one.scheme, signature=one.signature, data=one.signed_part)
        for anchor in anchors.named(one.issuer)
    )


def _names(one: RevocationList, serial_number: int) -> bool:
    return one.revoked.get(serial_number, _REMOVED) not in (_ON_HOLD, _REMOVED)
