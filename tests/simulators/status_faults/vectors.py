"""Status lists with one fault each and without, and what must come of a document that refers to them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.mdoc_certificates import Key, key_for, root_plan
from simulators.plain_cbor import Tag
from simulators.sd_jwt_drafting import AT, NOW, Json, signer_of
from simulators.status_drafting import LIST_URI, ListDraft

__all__ = ["Judging", "Vector", "vectors"]

_DAY = 86_400
_LIST, _SIGNATURE, _FRESHNESS, _STATUS = "list", "list-signature", "freshness", "status"


@dataclass(frozen=True)
class Judging:
    """With what the reference is judged."""

    uri: str = LIST_URI
    index: int = 0
    issuer_keys: tuple[bytes, ...] = ()
    anchors: tuple[bytes, ...] = ()
    max_age: timedelta = timedelta(days=2)
    fetched_at: datetime | None = None
    at: datetime = AT


@dataclass(frozen=True)
class Vector:
    """The lists on file, and what they make of one reference."""

    name: str
    expect: str
    stage: str
    lists: tuple[bytes, ...]
    judging: Judging = field(default_factory=Judging)


def spki(key: Key) -> bytes:
    """The public half in DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


OWN = (spki(key_for("sd-jwt signer")),)


def one(
    name: str,
    expect: str,
    stage: str,
    change: Callable[[ListDraft], object] | None = None,
    *,
    draft: ListDraft | None = None,
    judging: Judging | None = None,
) -> Vector:
    """One list on file, changed, judged by its issuer's own key unless said otherwise."""
    made = draft or ListDraft()
    if change is not None:
        change(made)
    return Vector(name, expect, stage, (made.build(),), judging or Judging(issuer_keys=OWN))


def put(**fields: Json) -> Callable[[ListDraft], None]:
    """A draft with other fields."""
    return lambda draft: draft.__dict__.update(fields)


def edit(what: str, change: Callable[[Json], Json]) -> Callable[[ListDraft], None]:
    return lambda draft: draft.edits.update({what: change})


def claims(**members: Json) -> Callable[[ListDraft], None]:
    return edit("claims", lambda value: {**value, **members})


def vectors() -> Iterator[Vector]:
    """In the order of the draft's validation rules."""
    yield from _sound()
    yield from _missing()
    for form in ("jwt", "cwt"):
        yield from _malformed(form)
        yield from _signatures(form)
        yield from _moments(form)
        yield from _values(form)
    yield from _tokens()
    yield from _freshness()


def _sound() -> Iterator[Vector]:
    for form in ("jwt", "cwt"):
        for bits in (1, 2, 4, 8):
            yield one(f"{form}-{bits}-bits", "verified", "sound", put(form=form, bits=bits))
        for algorithm in ("ES384", "ES512", "EdDSA"):
            key = key_for("list", algorithm)
            judging = Judging(issuer_keys=(spki(key),))
            yield one(
                f"{form}-{algorithm.lower()}", "verified", "sound", put(form=form, key=key), judging=judging
            )
        yield one(f"{form}-without-exp-and-ttl", "verified", "sound", put(form=form, expires=None, ttl=None))
        yield _by_certificate(f"{form}-signer-under-an-anchor", "verified", "sound", form)
    yield one("last-index", "verified", "sound", judging=Judging(issuer_keys=OWN, index=1023))
    yield one(
        "copy-taken-later",
        "verified",
        "sound",
        put(issued=NOW - _DAY),
        judging=Judging(issuer_keys=OWN, fetched_at=AT - timedelta(hours=1)),
    )
    older = ListDraft(statuses={0: 1}, issued=NOW - 7_200)
    yield Vector(
        "newer-list-lifts",
        "verified",
        "sound",
        (older.build(), ListDraft().build()),
        Judging(issuer_keys=OWN),
    )


def _by_certificate(
    name: str, expect: str, stage: str, form: str, *, anchor: str = "root", key: Key | None = None
) -> Vector:
    signer = signer_of(root_plan(), "status signer")
    draft = ListDraft(key=key or signer.key, chain=[signer])
    draft.form = "jwt" if form == "jwt" else "cwt"
    judging = Judging(issuer_keys=OWN, anchors=(root_plan(anchor).sign(),))
    return Vector(name, expect, stage, (draft.build(),), judging)


def _missing() -> Iterator[Vector]:
    missing, own = "status.list-missing", Judging(issuer_keys=OWN)
    yield Vector("nothing-on-file", missing, _LIST, (), own)
    yield one("list-of-another-uri", missing, _LIST, put(uri=f"{LIST_URI}0"))
    yield one("list-of-no-uri", missing, _LIST, put(uri=None))
    yield Vector("a-web-page-in-its-place", missing, _LIST, (b"<html>404</html>",), own)
    yield Vector("an-empty-file", missing, _LIST, (b"",), own)


def _malformed(form: str) -> Iterator[Vector]:
    """What no list can be read from is as if it were not there."""
    missing, malformed = "status.list-missing", "status.list-malformed"
    name = "status_list" if form == "jwt" else 65533
    for what, bits in (("3", 3), ("16", 16), ("true", True)):
        yield one(
            f"{form}-bits-{what}",
            missing,
            _LIST,
            _both(put(form=form), edit("claims", partial(_member, name, "bits", bits))),
        )
    yield one(
        f"{form}-statuses-missing",
        missing,
        _LIST,
        _both(put(form=form), edit("claims", partial(_member, name, "lst", None))),
    )
    yield one(f"{form}-issued-never", missing, _LIST, put(form=form, issued=None))
    yield one(f"{form}-ttl-zero", missing, _LIST, put(form=form, ttl=0))
    yield one(f"{form}-expiry-a-text", missing, _LIST, put(form=form, expires="tomorrow"))
    packed = zlib.compress(bytes(512), 9)
    bomb = zlib.compress(bytes(17 * 2**20), 9)
    for what, compressed in (
        ("not-zlib", b"\x00" * 16),
        ("raw-deflate", packed[2:-4]),
        ("cut-off", packed[:-1]),
        ("checksum-wrong", packed[:-1] + bytes([packed[-1] ^ 1])),
        ("followed-by-more", packed + b"\x00"),
        ("a-bomb", bomb),
        ("empty", b""),
    ):
        yield one(f"{form}-statuses-{what}", malformed, _LIST, put(form=form, compressed=compressed))


def _both(*changes: Callable[[ListDraft], object]) -> Callable[[ListDraft], None]:
    def apply(draft: ListDraft) -> None:
        for change in changes:
            change(draft)

    return apply


def _member(name: Json, member: str, value: Json, claims_: Json) -> Json:
    inner = {**claims_[name], member: value}
    return {**claims_, name: {key: item for key, item in inner.items() if item is not None}}


def _signatures(form: str) -> Iterator[Vector]:
    invalid = "status.list-signature-invalid"
    stranger = key_for("stranger")
    yield one(f"{form}-by-a-stranger", invalid, _SIGNATURE, put(form=form, key=stranger))
    yield _by_certificate(f"{form}-by-another-than-its-certificate", invalid, _SIGNATURE, form, key=stranger)
    yield _by_certificate(
        f"{form}-under-an-unknown-root", "status.list-signer-unknown", _SIGNATURE, form, anchor="other"
    )


def _moments(form: str) -> Iterator[Vector]:
    yield one(f"{form}-expired-this-second", "status.list-expired", _FRESHNESS, put(form=form, expires=NOW))
    yield one(
        f"{form}-two-days-and-a-second-old",
        "status.list-stale",
        _FRESHNESS,
        put(form=form, issued=NOW - 2 * _DAY - 1, ttl=None),
    )
    yield one(f"{form}-beyond-its-ttl", "status.list-stale", _FRESHNESS, put(form=form, ttl=3_599))
    yield one(
        f"{form}-from-the-future", "status.list-from-future", _FRESHNESS, put(form=form, issued=NOW + 301)
    )


def _values(form: str) -> Iterator[Vector]:
    for name, expect, index in (
        ("revoked", "status.revoked", 3),
        ("suspended", "status.suspended", 5),
        ("value-3", "status.value-unknown", 8),
        ("value-11", "status.value-unknown", 13),
        ("index-one-too-far", "status.index-out-of-range", 1024),
        ("index-far-too-far", "status.index-out-of-range", 2**39),
    ):
        yield one(
            f"{form}-{name}", expect, _STATUS, put(form=form), judging=Judging(issuer_keys=OWN, index=index)
        )
    revoked = put(form=form, bits=1, statuses={7: 1})
    yield one(
        f"{form}-revoked-in-one-bit",
        "status.revoked",
        _STATUS,
        revoked,
        judging=Judging(issuer_keys=OWN, index=7),
    )


def _tokens() -> Iterator[Vector]:
    missing = "status.list-missing"
    for name, typ in (("jwt", "JWT"), ("credential", "dc+sd-jwt"), ("missing", None)):
        yield one(f"type-{name}", missing, _LIST, edit("header", partial(_typed, typ)))
    yield one("cwt-type-unprotected", missing, _LIST, _both(put(form="cwt"), edit("header", _untyped)))
    yield one(
        "cwt-untagged", missing, _LIST, _both(put(form="cwt"), edit("message", lambda message: message.value))
    )
    yield one(
        "cwt-tagged-as-cwt",
        missing,
        _LIST,
        _both(put(form="cwt"), edit("message", lambda message: Tag(61, message))),
    )
    yield one(
        "cwt-a-mac",
        missing,
        _LIST,
        _both(put(form="cwt"), edit("message", lambda message: Tag(17, message.value))),
    )
    yield one(
        "algorithm-none",
        "status.list-signature-invalid",
        _SIGNATURE,
        edit("header", lambda header: {**header, "alg": "none"}),
    )
    yield one("two-subjects", missing, _LIST, edit("whole", lambda whole: whole + b"."))


def _typed(typ: str | None, header: Json) -> Json:
    return {**header, "typ": typ}


def _untyped(header: Json) -> Json:
    return {name: value for name, value in header.items() if name != 16}


def _freshness() -> Iterator[Vector]:
    older = ListDraft(statuses={}, issued=NOW - 7_200)
    newer = ListDraft(statuses={0: 1})
    yield Vector(
        "newer-list-revokes",
        "status.revoked",
        _STATUS,
        (older.build(), newer.build()),
        Judging(issuer_keys=OWN),
    )
    for name, expect, spoilt in (
        ("newer-list-spoilt", "status.list-malformed", ListDraft(compressed=b"")),
        ("newer-list-expired", "status.list-expired", ListDraft(expires=NOW)),
    ):
        lists = (older.build(), spoilt.build())
        yield Vector(name, expect, _FRESHNESS, lists, Judging(issuer_keys=OWN))
    forged = ListDraft(statuses={0: 1}, key=key_for("stranger"))
    yield Vector(
        "forged-newer-list-beside",
        "verified",
        "sound",
        (older.build(), forged.build()),
        Judging(issuer_keys=OWN),
    )
    yield one(
        "copy-taken-too-long-ago",
        "status.list-stale",
        _FRESHNESS,
        put(issued=NOW - _DAY),
        judging=Judging(issuer_keys=OWN, fetched_at=AT - timedelta(hours=13)),
    )
