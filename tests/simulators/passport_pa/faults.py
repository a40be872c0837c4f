"""One fault each: what an attacker, or a careless country, would change in a passport."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from dongui.documents.passport.issuing import build_dg1
from simulators.passport_files import holder
from simulators.passport_pa.asn1 import integer, octets, oid, seq, set_of, text, tlv
from simulators.passport_pa.drafting import (
    AUTHORITY,
    CA,
    GROUPS,
    ISSUES,
    ROOT_KEY,
    SIGNER,
    SIGNER_KEY,
    Certificate,
    Extension,
    Passport,
    authority_identifier,
    key_identifier,
    revocation_list,
)
from simulators.passport_pa.keys import Key

__all__ = ["AT", "PaVector", "vectors"]

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_WEEK = timedelta(days=7)
_COUNTRY, _USAGE, _CONSTRAINTS, _AUTHORITY_KEY = "2.5.4.6", "2.5.29.15", "2.5.29.19", "2.5.29.35"


@dataclass(frozen=True)
class PaVector:
    """Files, what the verifier trusts, when it judges, and what it must say."""

    name: str
    expect: str
    files: Mapping[int, bytes]
    anchors: tuple[bytes, ...] = field(default_factory=lambda: (AUTHORITY.write(),))
    revocation_lists: tuple[bytes, ...] = ()
    at: datetime = AT


def vectors() -> dict[str, list[PaVector]]:
    """Every vector by its file's name."""
    return {
        "sound.json": list(_sound()),
        "security-object.json": list(_security_object()),
        "signature.json": list(_signature()),
        "path.json": list(_path()),
        "revocation.json": list(_revocation()),
        "contents.json": list(_contents()),
    }


def _signed(name: str, expect: str, passport: Passport) -> PaVector:
    return PaVector(name, expect, passport.files())


def _with(extension: str, value: Extension, certificate: Certificate = SIGNER) -> Certificate:
    return replace(certificate, extensions={**certificate.extensions, extension: value})


def _without(extension: str) -> Certificate:
    left = {name: value for name, value in SIGNER.extensions.items() if name != extension}
    return replace(SIGNER, extensions=left)


def _document_types(*codes: str) -> Extension:
    return Extension(seq(integer(0), set_of(*map(text, codes))))


def _keyed(key: Key) -> Certificate:
    return replace(SIGNER, key=key)


def _sound() -> Iterator[PaVector]:
    yield _signed("as-it-should-be", "verified", Passport())
    yield _signed("version-0", "verified", Passport(version=0, versions=None))
    yield _signed("without-a-signing-time", "verified", Passport(signing_time=None))
    yield _signed(
        "signer-by-key-identifier",
        "verified",
        Passport(by_key_identifier=True, signer=_with("2.5.29.14", key_identifier(SIGNER.key))),
    )
    yield _signed("older-content-type", "verified", Passport(content_type="1.2.528.1.1006.1.20.1"))
    yield _signed("digests-of-groups-longer", "verified", Passport(digest="sha512"))
    yield _signed("listed-and-absent", "verified", Passport(listed={**GROUPS, 3: b"x", 7: b"y"}))
    yield _signed("key-usage-absent", "verified", Passport(signer=_without(_USAGE)))
    yield _signed("authority-key-identifier-absent", "verified", Passport(signer=_without(_AUTHORITY_KEY)))
    yield _signed(
        "country-in-lower-case",
        "verified",
        Passport(signer=replace(SIGNER, subject=(("2.5.4.6", "ut"), *SIGNER.subject[1:]))),
    )
    for curve in (
        "secp224r1",
        "secp384r1",
        "secp521r1",
        "brainpoolP192r1",
        "brainpoolP224r1",
        "brainpoolP224t1",
        "brainpoolP256r1",
        "brainpoolP256t1",
        "brainpoolP320r1",
        "brainpoolP384r1",
        "brainpoolP512r1",
    ):
        yield _signed(
            f"signer-on-{curve.lower()}", "verified", Passport(signer=_keyed(Key.on(curve, "signer")))
        )
    yield _signed("curve-by-name", "verified", Passport(signer=_keyed(Key("named", explicit=False))))
    yield _signed(
        "points-compressed", "verified", Passport(signer=_keyed(Key("compressed", compressed=True)))
    )
    yield _signed("seed-given", "verified", Passport(signer=_keyed(Key("seeded", seed=True))))
    yield _signed("cofactor-absent", "verified", Passport(signer=_keyed(Key("plain", cofactor=None))))
    for_passports = _with("2.23.136.1.1.6.2", _document_types("P", "ID"))
    yield _signed("signer-for-passports", "verified", Passport(signer=for_passports))
    for digest in ("sha224", "sha384", "sha512"):
        yield _signed(f"signed-with-{digest}", "verified", Passport(signed_digest=digest))
    old = replace(AUTHORITY, digest="sha1")
    yield replace(
        _signed(
            "sha-1-throughout",
            "verified",
            Passport(signer=replace(SIGNER, digest="sha1"), digest="sha1", signed_digest="sha1"),
        ),
        anchors=(old.write(),),
    )
    new = Key("utopia-root-2")
    link = _rolled_over(new)
    under_new = replace(_with(_AUTHORITY_KEY, authority_identifier(new)), issuer_key=new)
    yield replace(
        _signed("through-a-link-certificate", "verified", Passport(signer=under_new)),
        anchors=(AUTHORITY.write(), link.write()),
    )
    yield _signed("another-data-group-unsigned", "verified", Passport(swapped={16: tlv(0x70, b"")}))


def _rolled_over(new: Key, signed_by: Key | None = None) -> Certificate:
    extensions = {
        **AUTHORITY.extensions,
        "2.5.29.14": key_identifier(new),
        _AUTHORITY_KEY: authority_identifier(ROOT_KEY),
    }
    return replace(AUTHORITY, key=new, serial=2, extensions=extensions, signed_by=signed_by)


def _security_object() -> Iterator[PaVector]:
    yield PaVector("no-security-object", "passport.security-object-missing", dict(GROUPS))
    malformed = "passport.security-object-malformed"
    yield _signed("version-2", malformed, Passport(version=2))
    yield _signed("version-1-without-versions", malformed, Passport(versions=None))
    yield _signed("data-group-17-listed", malformed, Passport(listed={**GROUPS, 17: b""}))
    yield _signed("data-group-0-listed", malformed, Passport(listed={**GROUPS, 0: b""}))
    yield _signed("digest-listed-twice", malformed, Passport(duplicate_digest=True))
    yield _signed("digests-cut-short", malformed, Passport(digest_size=16))
    yield _signed("something-behind-the-content", malformed, Passport(content_after=b"\x05\x00"))
    yield _signed("content-of-a-master-list", malformed, Passport(content_type="2.23.136.1.1.2"))
    yield _signed("nothing-listed", malformed, Passport(listed={}))
    yield _signed("data-groups-digested-with-md5", "passport.digest-algorithm", Passport(digest="md5"))
    for number in (1, 2, 14, 15):
        swapped = {number: GROUPS[number][:-1] + bytes([GROUPS[number][-1] ^ 1])}
        yield _signed(
            f"data-group-{number}-one-bit-changed", "passport.data-group-digest", Passport(swapped=swapped)
        )
    other = {1: build_dg1(holder(number="X12345678"))}
    yield _signed("zone-of-another-person", "passport.data-group-digest", Passport(swapped=other))
    for number in (1, 2):
        listed = {group: content for group, content in GROUPS.items() if group != number}
        yield _signed(
            f"data-group-{number}-not-listed", "passport.data-group-not-listed", Passport(listed=listed)
        )


def _signature() -> Iterator[PaVector]:
    mallory = Key("mallory")
    yield _signed("signed-with-another-key", "cms.signature-invalid", Passport(signed_by=mallory))
    yield _signed(
        "content-exchanged-after-signing", "cms.digest-mismatch", Passport(message_digest=bytes(32))
    )
    yield _signed(
        "signed-for-other-content", "cms.content-type-mismatch", Passport(attribute_type="2.23.136.1.1.2")
    )
    yield _signed("two-signers", "cms.several-signers", Passport(signers=2))
    yield _signed("no-signer", "cms.several-signers", Passport(signers=0))
    yield _signed(
        "message-digest-absent", "cms.attribute-missing", Passport(leave_out="1.2.840.113549.1.9.4")
    )
    yield _signed("content-type-absent", "cms.attribute-missing", Passport(leave_out="1.2.840.113549.1.9.3"))
    yield _signed("message-digest-twice", "cms.malformed", Passport(repeat="1.2.840.113549.1.9.4"))
    yield _signed(
        "digest-named-other-than-signed",
        "cms.algorithms-disagree",
        Passport(named_digest="sha384", announced=("sha256", "sha384")),
    )
    yield _signed("digest-not-announced", "cms.algorithms-disagree", Passport(announced=("sha512",)))
    yield _signed("another-certificate-named", "cms.signer-unknown", Passport(serial_named=4712))
    yield _signed("certificate-absent", "passport.signer-certificate-missing", Passport(certificates=()))
    whole = Passport().files()
    yield PaVector(
        "cut-short", "passport.security-object-malformed", {**whole, 17: _rewrapped(whole[17], -9)}
    )
    # What verified everything in CVE-2022-21449.
    yield _signed(
        "signature-of-zeros", "cms.signature-invalid", Passport(signature=seq(integer(0), integer(0)))
    )
    order = SIGNER_KEY.curve.n
    yield _signed(
        "signature-of-orders",
        "cms.signature-invalid",
        Passport(signature=seq(integer(order), integer(order))),
    )
    yield _signed("signature-empty", "cms.signature-invalid", Passport(signature=b""))
    signer = replace(SIGNER, key=mallory.impostor(SIGNER.key))
    yield _signed("generator-chosen-for-a-victims-key", "trust.curve-unknown", Passport(signer=signer))
    yield _signed("cofactor-of-two", "trust.curve-unknown", Passport(signer=_keyed(Key("two", cofactor=2))))
    yield _signed(
        "point-off-the-curve",
        "trust.curve-unknown",
        Passport(signer=_keyed(replace(SIGNER.key, point=(1, 1)))),
    )
    yield _signed(
        "algorithm-inside-differs",
        "trust.certificate-malformed",
        Passport(signer=replace(SIGNER, inner_digest="sha384")),
    )
    yield _signed(
        "version-1-certificate",
        "trust.certificate-malformed",
        Passport(signer=replace(SIGNER, version=bytes.fromhex("a003020100"))),
    )


def _rewrapped(file: bytes, end: int) -> bytes:
    """The same tag and a true length around a message that lost its end."""
    return tlv(0x77, file[4:end])


def _path() -> Iterator[PaVector]:
    mallory = Key("mallory-root")
    # Everything of Mallory's own, under Utopia's names.
    extensions = {**AUTHORITY.extensions, "2.5.29.14": key_identifier(mallory)}
    own = replace(AUTHORITY, key=mallory, issuer_key=mallory, extensions=extensions)
    forged = replace(_with(_AUTHORITY_KEY, authority_identifier(mallory)), issuer_key=mallory)
    yield _signed("self-made-authority-of-the-same-name", "passport.no-anchor", Passport(signer=forged))
    both = (forged.write(), own.write())
    yield _signed(
        "self-made-authority-sent-along", "passport.no-anchor", Passport(signer=forged, certificates=both)
    )
    yield _signed(
        "forged-under-the-true-key-identifier",
        "passport.signer-not-issued",
        Passport(signer=replace(SIGNER, signed_by=mallory)),
    )
    no_identifier = replace(_without(_AUTHORITY_KEY), issuer_key=mallory)
    yield _signed(
        "forged-without-a-key-identifier", "passport.signer-not-issued", Passport(signer=no_identifier)
    )
    other = replace(SIGNER, issuer=(("2.5.4.6", "XX"), *AUTHORITY.subject[1:]))
    yield _signed("issued-by-a-stranger", "passport.no-anchor", Passport(signer=other))
    yield _signed(
        "signer-of-another-country",
        "passport.country-mismatch",
        Passport(signer=replace(SIGNER, subject=(("2.5.4.6", "ZZ"), *SIGNER.subject[1:]))),
    )
    yield _signed(
        "signer-of-no-country",
        "passport.country-mismatch",
        Passport(signer=replace(SIGNER, subject=SIGNER.subject[1:])),
    )
    yield _signed(
        "signer-marked-as-authority", "passport.signer-is-authority", Passport(signer=_with(_CONSTRAINTS, CA))
    )
    yield _signed(
        "signed-with-the-authority-itself", "passport.signer-is-authority", Passport(signer=AUTHORITY)
    )
    yield _signed(
        "signer-may-only-issue", "passport.signer-key-usage", Passport(signer=_with(_USAGE, ISSUES))
    )
    purpose = Extension(seq(oid("2.23.136.1.1.3")), critical=True)
    yield _signed(
        "signed-by-a-signer-of-master-lists",
        "passport.signer-purpose",
        Passport(signer=_with("2.5.29.37", purpose)),
    )
    for_visas = _with("2.23.136.1.1.6.2", _document_types("V", "ID"))
    yield _signed("signer-for-visas", "passport.signer-document-type", Passport(signer=for_visas))
    strange = Extension(octets(b"?"), critical=True)
    yield _signed(
        "critical-extension-of-unknown-meaning",
        "passport.signer-extension",
        Passport(signer=_with("1.2.3.4", strange)),
    )
    yield _signed(
        "signed-before-the-signer-began",
        "passport.signer-not-yet-valid",
        Passport(signing_time=SIGNER.not_before - _WEEK),
    )
    short = replace(SIGNER, not_after=datetime(2026, 6, 1, tzinfo=UTC))
    yield _signed(
        "signed-after-the-signer-ended",
        "passport.signer-expired",
        Passport(signer=short, signing_time=datetime(2026, 7, 1, tzinfo=UTC)),
    )
    yield _signed(
        "ended-signer-without-a-signing-time",
        "passport.signer-expired",
        Passport(signer=short, signing_time=None),
    )
    period = Extension(seq(tlv(0x80, b"20260101000000Z"), tlv(0x81, b"20260201000000Z")))
    yield _signed(
        "signed-after-the-keys-use", "passport.signer-key-period", Passport(signer=_with("2.5.29.16", period))
    )
    yield _signed(
        "signed-tomorrow", "passport.signed-in-the-future", Passport(signing_time=AT + timedelta(days=1))
    )
    ended = replace(AUTHORITY, not_after=datetime(2026, 2, 1, tzinfo=UTC))
    yield replace(
        _signed("authority-ended-before-signing", "passport.authority-expired", Passport()),
        anchors=(ended.write(),),
    )
    yield _signed("sha-1-over-the-content", "passport.sha-1-not-in-use", Passport(signed_digest="sha1"))
    yield _signed("sha-1-over-the-data-groups", "passport.sha-1-not-in-use", Passport(digest="sha1"))
    yield _signed(
        "sha-1-over-the-signers-certificate",
        "passport.sha-1-not-in-use",
        Passport(signer=replace(SIGNER, digest="sha1")),
    )
    unproved = _rolled_over(Key("utopia-root-2"), signed_by=Key("mallory"))
    yield replace(
        _signed("link-certificate-nobody-proved", "trust.link-unproved", Passport()),
        anchors=(AUTHORITY.write(), unproved.write()),
    )


def _revocation() -> Iterator[PaVector]:
    whole = Passport().files()

    def listing(name: str, expect: str, data: bytes) -> PaVector:
        return PaVector(name, expect, whole, revocation_lists=(data,))

    fresh = partial(revocation_list, this_update=AT - _WEEK, next_update=AT + 4 * _WEEK)
    old = partial(revocation_list, this_update=AT - 20 * _WEEK, next_update=AT - 8 * _WEEK)
    yield listing("fresh-and-empty", "verified", fresh({}))
    yield listing("others-revoked", "verified", fresh({4712: None, 4713: 1}))
    yield listing("list-of-a-stranger", "verified", fresh({4711: 1}, issuer=AUTHORITY.subject[1:]))
    yield listing("signer-on-hold", "passport.signer-revoked", fresh({4711: 6}))
    yield listing("signer-revoked", "passport.signer-revoked", fresh({4711: 1}))
    yield listing("signer-revoked-without-reason", "passport.signer-revoked", fresh({4711: None}))
    yield listing("signer-revoked-on-an-old-list", "passport.signer-revoked", old({4711: 1}))
    yield listing("stale", "trust.revocation-list-stale", old({}))
    yield listing(
        "without-a-next-update",
        "trust.revocation-list-stale",
        revocation_list({}, this_update=AT - _WEEK, next_update=None),
    )
    yield listing(
        "made-tomorrow",
        "trust.revocation-list-stale",
        revocation_list({}, this_update=AT + _WEEK, next_update=AT + 4 * _WEEK),
    )
    yield listing("forged", "trust.revocation-list-unproved", fresh({}, key=Key("mallory")))
    yield listing(
        "forged-and-revoking", "trust.revocation-list-unproved", fresh({4711: 1}, key=Key("mallory"))
    )
    yield listing("altered", "trust.revocation-list-unproved", _last_bit(fresh({4711: 1})))
    yield listing(
        "beyond-the-verifiers-limit",
        "trust.revocation-list-stale",
        revocation_list({}, this_update=AT - 10 * _WEEK, next_update=AT + _WEEK),
    )
    # What was withdrawn for good stays so; and what nobody signed says nothing beside what somebody did.
    for name, expect, lists in (
        ("revoked-on-the-older-of-two", "passport.signer-revoked", (fresh({}), old({4711: 1}))),
        ("stale-beside-a-fresh-one", "verified", (fresh({}), old({}))),
        ("forged-beside-a-fresh-one", "verified", (fresh({}), fresh({4711: 1}, key=Key("mallory")))),
    ):
        yield PaVector(name, expect, whole, revocation_lists=lists)
    delta = seq(oid("2.5.29.27"), tlv(0x01, b"\xff"), octets(integer(1)))
    yield listing("changes-alone", "trust.revocation-list-unreadable", fresh({}, extensions=delta))
    yield listing("no-list-at-all", "trust.revocation-list-unreadable", b"\x30\x00")


def _last_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _contents() -> Iterator[PaVector]:
    def groups(issuing_state: str) -> dict[int, bytes]:
        return {**GROUPS, 1: build_dg1(holder(issuing_state=issuing_state))}

    yield _signed(
        "zone-of-another-state", "passport.issuing-state-mismatch", Passport(groups=groups(issuing_state="D"))
    )
    yield _signed(
        "zone-of-no-known-state",
        "passport.issuing-state-mismatch",
        Passport(groups=groups(issuing_state="QQQ")),
    )
    expired = replace(
        _signed("expired", "passport.expired", Passport()), at=datetime(2032, 4, 17, tzinfo=UTC)
    )
    yield expired
    for number in (1, 2):
        left = {group: content for group, content in GROUPS.items() if group != number}
        yield _signed(
            f"data-group-{number}-absent", "passport.data-group-missing", Passport(groups=left, listed=GROUPS)
        )
    yield _signed(
        "zone-with-a-false-check-digit",
        "passport.mrz-composite-check",
        Passport(groups={**GROUPS, 1: _false_digit()}),
    )


def _false_digit() -> bytes:
    zone = GROUPS[1]
    return zone[:-1] + (b"7" if zone[-1:] != b"7" else b"8")
