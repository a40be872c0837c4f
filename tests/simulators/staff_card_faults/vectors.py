"""Staff cards and Claim 169 tokens with one fault each and without, and what must come of each."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from simulators.plain_cbor import Pairs, Raw, Tag, plain
from simulators.staff_card_drafting import (
    AT,
    CARD_ID,
    ISSUER,
    NOW,
    SECRET,
    SITE,
    Draft,
    audience,
    drawn,
    es256_key,
    issuer_key,
    pem,
    seal,
    site_key,
)

__all__ = ["STATUS_URI", "Judging", "Vector", "one", "vectors"]

Json = Any
Form = Literal["card", "claim-169"]
STATUS_URI = "https://cards.saebom.example/status/1"


@dataclass(frozen=True)
class Judging:
    """With what a text is judged: issuer's keys, the site's key, the cards on its register, the moment."""

    issuers: dict[str, bytes] = field(default_factory=lambda: {ISSUER: pem(issuer_key())})
    site: bytes = field(default_factory=lambda: site_key().private_bytes_raw())
    registered: tuple[bytes, ...] = (CARD_ID,)
    secret: bytes = SECRET
    at: datetime = AT
    status_lists: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Vector:
    """One text with one fault, or with none. ``stage`` is where the fault is found."""

    name: str
    expect: str
    stage: str
    text: str
    form: Form
    judging: Judging


def one(
    name: str,
    expect: str,
    stage: str,
    draft: Draft | None = None,
    *,
    form: Form = "card",
    judging: Judging | None = None,
    **edits: Callable[[Json], Json],
) -> Vector:
    """A draft with edits in it."""
    made = draft or Draft()
    made.edits.update(edits)
    text = made.build() if form == "card" else made.build_claim_169()
    return Vector(name, expect, stage, text, form, judging or Judging())


def put(value: Json) -> Callable[[Json], Json]:
    return lambda _: value


def merged(**items: Json) -> Callable[[Json], Json]:
    """A map with members changed: ``_7`` is the label 7, ``_m7`` the label -7."""
    labels = {int(name.lstrip("_").replace("m", "-")): value for name, value in items.items()}

    def apply(value: Json) -> Json:
        pairs = {**value, **labels}.items()
        return dict(sorted(pairs, key=lambda pair: plain(pair[0])))

    return apply


def flipped(place: int) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[place] ^= 1
        return bytes(changed)

    return flip


def member(place: int, change: Callable[[Json], Json]) -> Callable[[list[Json]], list[Json]]:
    """An array with one member changed."""

    def apply(items: list[Json]) -> list[Json]:
        return [change(item) if number == place else item for number, item in enumerate(items)]

    return apply


def vectors() -> Iterator[Vector]:
    """In the order in which a card is judged."""
    yield from _sound()
    yield from _texts()
    yield from _envelopes()
    yield from _recipients()
    yield from _signatures()
    yield from _moments()
    yield from _claims()
    yield from _identities()
    yield from _register()
    yield from _claim_169()


def _sound() -> Iterator[Vector]:
    verified, sound = "verified", "sound"
    yield one("one-site", verified, sound)
    two = Draft(sites=["factory", SITE], audience=[audience("factory"), audience()])
    yield one("second-of-two-sites", verified, sound, two)
    yield one("number-in-hangul", verified, sound, Draft(number="사번-1"))
    yield one(
        "signed-on-p-256",
        verified,
        sound,
        Draft(key=es256_key()),
        judging=Judging(issuers={ISSUER: pem(es256_key())}),
    )
    yield one(
        "second-key-of-the-issuer",
        verified,
        sound,
        judging=Judging(issuers={ISSUER: pem(es256_key()) + pem(issuer_key("old")) + pem(issuer_key())}),
    )
    yield one("not-before-now", verified, sound, Draft(claims={5: NOW}))
    yield one("tagged-as-cwt", verified, sound, tagged=lambda value: Tag(61, value))
    yield one("untagged-token", verified, sound, tagged=lambda value: value.value)
    yield one("line-ends-around", verified, sound, text=lambda text: f"\r\n{text}\n")
    yield one("compressed-all-the-same", verified, sound, bytes=zlib.compress)
    yield one("claim-169", verified, sound, _foreign(), form="claim-169")
    picture = {0: b"\xff\xd8\xff\xe0", 1: 0, 2: 1}
    yield one(
        "claim-169-with-a-picture",
        verified,
        sound,
        _foreign(),
        form="claim-169",
        identity=put({1: "E-10234", 4: "Hong Gildong", 62: [picture]}),
    )
    yield one(
        "claim-169-attribute-undefined",
        verified,
        sound,
        _foreign(),
        form="claim-169",
        identity=put({1: "E-10234", 99: "something"}),
    )


def _foreign() -> Draft:
    return Draft(drop=(3, 7), edits={"identity": lambda value: {1: "E-10234", 4: "Hong Gildong"}})


def _texts() -> Iterator[Vector]:
    stage = "text"
    base45 = "staff-card.not-base45"
    yield one("lower-case", base45, stage, text=lambda text: text[:40] + "a" + text[41:])
    yield one("cut-in-a-group", base45, stage, text=lambda text: text + "0")
    yield one("group-out-of-range", base45, stage, text=lambda text: ":::" + text[3:])
    yield one("beyond-any-code", "staff-card.too-long", stage, text=lambda text: text + "0" * 4_300)
    compressed = "staff-card.not-compressed-well"
    yield one("stream-cut-off", compressed, stage, bytes=lambda data: zlib.compress(data)[:-2])
    yield one("stream-followed", compressed, stage, bytes=lambda data: zlib.compress(data) + b"\0")
    yield one("stream-checksum-wrong", compressed, stage, bytes=lambda data: flipped(-1)(zlib.compress(data)))
    yield one(
        "decompression-bomb",
        "staff-card.decompression-limit",
        stage,
        bytes=lambda _: zlib.compress(bytes(2**20), 9),
    )
    yield one("not-encrypted", "staff-card.not-encrypted", stage, bytes=lambda _: Draft().token())
    yield one("an-empty-code", "staff-card.not-encrypted", stage, text=put(""))


def _envelopes() -> Iterator[Vector]:
    stage, malformed = "encryption", "staff-card.encryption-malformed"
    yield one("followed-by-a-byte", "cbor.trailing-bytes", stage, bytes=lambda data: data + b"\0")
    yield one("cut-off", "cbor.truncated", stage, bytes=lambda data: data[:-2])
    yield one("longer-form", "cbor.not-canonical", stage, bytes=_longer_array)
    yield one("array-of-three", malformed, stage, envelope=lambda tag: Tag(96, tag.value[:3]))
    yield one("another-cipher", malformed, stage, header=put({1: 3}))
    yield one("no-cipher", malformed, stage, header=put({}))
    yield one("iv-of-8-bytes", malformed, stage, unprotected=put({5: bytes(8)}))
    yield one("iv-missing", malformed, stage, unprotected=put({}))
    yield one("header-beside-the-iv", malformed, stage, unprotected=merged(_4=b"kid"))
    yield one("no-recipients", malformed, stage, recipients=put([]))
    yield one("seventeen-recipients", malformed, stage, recipients=lambda items: items * 17)
    altered = "staff-card.ciphertext-altered"
    yield one("ciphertext-altered", altered, stage, ciphertext=flipped(10))
    yield one("code-altered", altered, stage, ciphertext=flipped(-1))
    yield one("iv-altered", altered, stage, unprotected=put({5: drawn("another iv", 12)}))


def _longer_array(data: bytes) -> bytes:
    return data[:2] + b"\x98\x04" + data[3:]


def _recipients() -> Iterator[Vector]:
    stage, malformed, other = "recipient", "staff-card.encryption-malformed", "staff-card.not-for-this-site"
    stranger = Judging(site=site_key("stranger").private_bytes_raw())
    yield one("another-site", other, stage, judging=stranger)
    yield one("wrapped-key-altered", other, stage, recipient=member(2, flipped(3)))
    yield one("wrapped-key-cut", other, stage, recipient=member(2, lambda wrapped: wrapped[:-8]))
    yield one("point-of-small-order", other, stage, recipient=member(1, put(_point(bytes(32)))))
    yield one(
        "ephemeral-key-altered", other, stage, recipient=member(1, put(_point(drawn("p", 31) + b"\x01")))
    )
    yield one("another-key-wrap", malformed, stage, recipient=member(0, put(plain({1: -31}))))
    yield one("ephemeral-key-short", malformed, stage, recipient=member(1, put(_point(bytes(31)))))
    yield one("ephemeral-key-on-p-256", malformed, stage, recipient=member(1, put(_point(bytes(32), crv=1))))
    yield one("unused-bit-set", malformed, stage, recipient=member(1, _unused_bit))
    yield one("key-id-beside-it", malformed, stage, recipient=member(1, merged(_4=b"site")))


def _unused_bit(header: dict[int, Json]) -> dict[int, Json]:
    raw = header[-1][-2]
    return _point(raw[:-1] + bytes([raw[-1] | 0x80]))


def _point(raw: bytes, crv: int = 4) -> dict[int, Json]:
    return {-1: {1: 1, -1: crv, -2: raw}}


def _signatures() -> Iterator[Vector]:
    stage = "signature"
    yield one("signature-empty", "staff-card.unsigned", stage, signature=put(b""))
    yield one("a-mac-in-its-place", "staff-card.unsigned", stage, tagged=lambda tag: Tag(17, tag.value))
    yield one("signature-altered", "cose.signature-invalid", stage, signature=flipped(5))
    yield one("signed-by-a-stranger", "cose.signature-invalid", stage, Draft(key=issuer_key("stranger")))
    yield one("claims-altered", "cose.signature-invalid", stage, sign1=member(2, flipped(30)))
    yield one("algorithm-missing", "cose.algorithm-missing", stage, protected=put({}))
    yield one("algorithm-es384", "cose.algorithm-not-allowed", stage, protected=put({1: -35}))
    yield one("algorithm-of-another-key", "cose.key-mismatch", stage, protected=put({1: -7}))
    yield one("payload-detached", "staff-card.claims-malformed", stage, sign1=member(2, put(b"")))
    yield one("critical-header", "cose.critical-header", stage, protected=put({1: -8, 2: [7]}))
    yield one("header-unprotected", "staff-card.header-unknown", stage, sign1=member(1, put({4: b"kid"})))
    yield one("header-protected", "staff-card.header-unknown", stage, protected=put({1: -8, 4: b"kid"}))
    unknown = "staff-card.issuer-unknown"
    yield one("issuer-unknown", unknown, stage, Draft(claims={1: "cards.stranger.example"}))
    yield one("issuer-a-number", unknown, stage, Draft(claims={1: 7}))
    yield one("issuer-missing", unknown, stage, Draft(drop=(1,)))


def _moments() -> Iterator[Vector]:
    stage, malformed = "validity", "staff-card.claims-malformed"
    yield one("expired-this-second", "staff-card.expired", stage, Draft(claims={4: NOW}))
    yield one("expiry-missing", "staff-card.expiry-missing", stage, Draft(drop=(4,)))
    yield one("expiry-a-text", malformed, stage, Draft(claims={4: "tomorrow"}))
    yield one("expiry-true", malformed, stage, Draft(claims={4: True}))
    yield one("expiry-beyond-9999", malformed, stage, Draft(claims={4: 2**60}))
    yield one("not-yet-valid", "staff-card.not-yet-valid", stage, Draft(claims={5: NOW + 1}))
    yield one("issued-in-a-second", "staff-card.issued-in-future", stage, Draft(claims={6: NOW + 1}))
    yield one("issuing-time-missing", malformed, stage, Draft(drop=(6,)))
    late = replace(Judging(), at=AT + timedelta(days=2))
    yield one("two-days-later", "staff-card.expired", stage, judging=late)


def _claims() -> Iterator[Vector]:
    stage = "claims"
    yield one("claims-an-array", "staff-card.claims-malformed", stage, claims=lambda value: list(value))
    yield one(
        "claim-twice",
        "cbor.duplicate-key",
        stage,
        claims=lambda value: Pairs([*value.items(), (169, value[169])]),
    )
    yield one(
        "claims-out-of-order",
        "cbor.not-canonical",
        stage,
        claims=lambda value: dict(reversed(value.items())),
    )
    yield one("claim-too-many", "staff-card.claim-unknown", stage, Draft(claims={2: "subject"}))
    yield one("claim-of-ones-own", "staff-card.claim-unknown", stage, Draft(claims={-70_001: 1}))
    for label, name in ((3, "audience"), (7, "card-id"), (169, "identity")):
        yield one(f"{name}-missing", "staff-card.claim-missing", stage, Draft(drop=(label,)))
    malformed = "staff-card.audience-malformed"
    yield one("audience-a-text", malformed, stage, Draft(claims={3: audience()}))
    yield one("audience-empty", malformed, stage, Draft(audience=[]))
    yield one("audience-bytes", malformed, stage, Draft(audience=[audience(), b"site"]))
    identifier = "staff-card.card-id-malformed"
    yield one("card-id-of-15-bytes", identifier, stage, Draft(claims={7: CARD_ID[:-1]}))
    yield one("card-id-a-text", identifier, stage, Draft(claims={7: CARD_ID.hex()[:16]}))
    # A site that reads its own copy seals the signed token again, to a site the issuer never named.
    passed_on = Draft(audience=[audience("factory")])
    yield one("passed-on-by-another-site", "staff-card.other-audience", stage, passed_on)


def _identities() -> Iterator[Vector]:
    stage, malformed, missing = "identity", "staff-card.identity-malformed", "staff-card.template-missing"
    yield one("identity-an-array", malformed, stage, identity=lambda value: list(value))
    yield one("identity-empty", malformed, stage, identity=put({}))
    yield one("identity-label-a-text", malformed, stage, identity=lambda value: {**value, "id": "1"})
    yield one("number-missing", malformed, stage, identity=lambda value: {62: value[62]})
    yield one("number-a-number", malformed, stage, identity=merged(_1=5))
    yield one("number-not-sealed", malformed, stage, identity=merged(_1="E-10234"))
    yield one("number-sealed-longer", malformed, stage, identity=merged(_1="A" * 28))
    yield one("name-in-the-code", malformed, stage, identity=merged(_4="Hong Gildong"))
    yield one("attribute-too-many", malformed, stage, identity=merged(_8="19840118"))
    yield one("face-missing", missing, stage, identity=lambda value: {1: value[1]})
    yield one("face-a-picture", missing, stage, face=put([{0: b"\xff\xd8\xff", 1: 0, 2: 1}]))
    yield one("face-of-another-maker", missing, stage, face=member(0, merged(_2=101)))
    yield one("face-twice", missing, stage, Draft(template=b"\x01" * 40), face=lambda items: items * 2)
    yield one("face-without-data", malformed, stage, face=member(0, lambda face: {1: 1, 2: 100}))
    yield one("face-attribute-unknown", malformed, stage, face=member(0, merged(_9=1)))
    yield one("template-of-161-bytes", missing, stage, Draft(template=bytes(161)))


def _register() -> Iterator[Vector]:
    yield one("not-registered", "staff-card.not-registered", "register", judging=Judging(registered=()))
    another = replace(Judging(), secret=drawn("another secret", 32))
    yield one("register-of-another-secret", "staff-card.secret-mismatch", "register", judging=another)
    status = {"status_list": {"idx": 7, "uri": STATUS_URI}}
    yield one("status-list-not-on-file", "status.list-missing", "status", Draft(claims={65535: status}))
    yield one(
        "status-without-an-index",
        "status.reference-malformed",
        "status",
        Draft(claims={65535: {"status_list": {"uri": STATUS_URI}}}),
    )
    yield one(
        "status-by-another-way",
        "status.mechanism-unknown",
        "status",
        Draft(claims={65535: {"something_else": {"idx": 7}}}),
    )


def _claim_169() -> Iterator[Vector]:
    form: Form = "claim-169"
    foreign = _foreign
    yield one(
        "claim-169-signature-empty",
        "staff-card.unsigned",
        "signature",
        foreign(),
        form=form,
        signature=put(b""),
    )
    yield one(
        "claim-169-signature-altered",
        "cose.signature-invalid",
        "signature",
        foreign(),
        form=form,
        signature=flipped(0),
    )
    yield one("claim-169-missing", "staff-card.claim-missing", "claims", Draft(drop=(3, 7, 169)), form=form)
    yield one(
        "claim-169-expired", "staff-card.expired", "validity", _with(foreign(), {4: NOW - 1}), form=form
    )
    yield one(
        "claim-169-gender-a-text",
        "staff-card.identity-malformed",
        "identity",
        _foreign_with({9: "male"}),
        form=form,
    )
    yield one(
        "claim-169-fingers-no-list",
        "staff-card.identity-malformed",
        "identity",
        _foreign_with({18: 3}),
        form=form,
    )
    yield one(
        "claim-169-nine-faces",
        "staff-card.identity-malformed",
        "identity",
        _foreign_with({62: [{0: b"\xff\xd8\xff", 1: 0, 2: 1}] * 9}),
        form=form,
    )
    bomb = zlib.compress(bytes(2**20), 9)
    yield one(
        "claim-169-bomb",
        "staff-card.decompression-limit",
        "text",
        foreign(),
        form=form,
        compressed=put(bomb),
    )
    yield one(
        "claim-169-not-cose", "cose.malformed", "text", foreign(), form=form, compressed=put(plain([1, 2]))
    )
    sealed = plain(seal(b"", [SITE], {}))
    yield one("a-card-as-claim-169", "staff-card.encrypted", "text", form=form, compressed=put(sealed))
    shared = plain(Tag(16, [b"\xa1\x01\x03", {5: bytes(12)}, bytes(40)]))
    yield one(
        "encrypted-with-a-shared-key", "staff-card.encrypted", "text", form=form, compressed=put(shared)
    )
    nested = plain(Tag(61, Tag(18, [b"\xa1\x01\x27", {}, Raw(b"\x41\xa0"), b"\x01"])))
    yield one(
        "claim-169-no-claims",
        "staff-card.issuer-unknown",
        "signature",
        foreign(),
        form=form,
        compressed=put(nested),
    )


def _with(draft: Draft, claims: dict[Json, Json]) -> Draft:
    draft.claims.update(claims)
    return draft


def _foreign_with(attributes: dict[int, Json]) -> Draft:
    draft = _foreign()
    draft.edits["identity"] = put({1: "E-10234", 4: "Hong Gildong", **attributes})
    return draft
