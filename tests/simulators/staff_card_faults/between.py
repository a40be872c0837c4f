"""What sites send each other about a card, with one fault each and without (spec/staff-card.md, 8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators.plain_cbor import Pairs, Tag, plain
from simulators.staff_card_drafting import (
    AT,
    CARD_ID,
    ISSUER,
    NOW,
    SECRET,
    SITE,
    Key,
    audience,
    es256_key,
    issuer_key,
    pem,
    seal,
    sign,
    site_key,
)

__all__ = ["BETWEEN_RULES", "between_file"]

Json = Any
Edit = Callable[[Json], Json]
_ENDS = NOW + 30 * 86_400
_TYPES = {"secret": "dongui-card-secret", "revocation": "dongui-card-revocation"}
_OURS, _COSE, _CWT = "spec/staff-card.md, 8", "RFC 9052", "RFC 8392"
BETWEEN_RULES: dict[str, tuple[str, str]] = {
    "verified": (_OURS, "Everything that is asked of a file between sites holds."),
    "card.file-malformed": (_OURS, "Headers and claims are those of the file's type, and nothing else."),
    "cbor.not-canonical": ("spec/staff-card.md", "A file is in the deterministic encoding of what it says."),
    "cbor.trailing-bytes": ("RFC 8949, 5.3.1", "A data item is followed by nothing."),
    "cbor.truncated": ("RFC 8949, 5.3.1", "A data item is whole."),
    "cbor.duplicate-key": ("RFC 8949, 5.6", "A map has one member of a key."),
    "cose.signature-invalid": (f"{_COSE}, 4.4", "The signature is the issuer's, over these very bytes."),
    "cose.header-twice": (f"{_COSE}, 3", "A label stands in one of the two headers."),
    "cose.algorithm-not-allowed": ("spec/staff-card.md, 4", "Files are signed by EdDSA or ES256."),
    "staff-card.unsigned": (f"{_CWT}, 7.2", "The token is signed, and the signature is not empty."),
    "staff-card.issuer-unknown": (f"{_CWT}, 3.1.1", "iss is an issuer the site was given."),
    "staff-card.claims-malformed": (f"{_CWT}, 3", "The claims are a map, the moments in it numbers."),
    "staff-card.expired": (f"{_CWT}, 3.1.4", "The moment lies before exp."),
    "staff-card.expiry-missing": ("spec/staff-card.md, 4", "A token has an end."),
    "staff-card.issued-in-future": (f"{_CWT}, 3.1.6; Dongui", "The token was not issued after now."),
    "staff-card.not-for-this-site": (f"{_COSE}, 5.3", "One recipient is this site's key."),
    "staff-card.ciphertext-altered": (f"{_COSE}, 5.3", "The content's authentication code holds."),
    "staff-card.encryption-malformed": (f"{_COSE}, 5.1", "A secret is in an envelope of section 3."),
    "staff-card.other-audience": (f"{_OURS}; {_CWT}, 3.1.3", "aud is this one site."),
}
_PROVENANCE = "made for Dongui by tests/vectors/staff_card/make_mutations.py; nobody's data"


def _same(value: Json) -> Json:
    return value


@dataclass
class _File:
    """One file before it is signed, and, if it is a secret, sealed. ``edits`` change a finished part."""

    form: str
    claims: dict[Json, Json] = field(default_factory=dict)
    drop: tuple[Json, ...] = ()
    key: Key = field(default_factory=issuer_key)
    site: str = SITE
    edits: dict[str, Edit] = field(default_factory=dict)

    def _edit(self, what: str, value: Json) -> Json:
        return self.edits.get(what, _same)(value)

    def build(self) -> bytes:
        """The file's bytes."""
        made: dict[Json, Json] = {1: ISSUER, 4: NOW + 7 * 86_400, 6: NOW - 3_600, 7: CARD_ID}
        if self.form == "secret":
            made |= {3: audience(), "ends": _ENDS, "secret": SECRET}
        else:
            made[4] = _ENDS
        made = {name: value for name, value in (made | self.claims).items() if name not in self.drop}
        payload = plain(self._edit("claims", _ordered(made)))
        protected = plain(self._edit("protected", _ordered({1: -8, 16: _TYPES[self.form]})))
        signature = self._edit("signature", sign(self.key, plain(["Signature1", protected, b"", payload])))
        sign1 = self._edit("sign1", [protected, {}, payload, signature])
        token = self._edit("token", plain(self._edit("tagged", Tag(18, sign1))))
        if self.form == "secret" and "bare" not in self.edits:
            token = plain(seal(token, [self.site], self.edits))
        return bytes(self._edit("file", token))


def _ordered(value: dict[Json, Json]) -> dict[Json, Json]:
    return dict(sorted(value.items(), key=lambda pair: plain(pair[0])))


@dataclass(frozen=True)
class _Vector:
    name: str
    expect: str
    file: _File
    at: datetime = AT


def between_file() -> str:
    """The whole text of ``between-sites.json``."""
    content = {
        "format": "dongui-staff-card-between-vectors/1",
        "vectors": [_entry(vector) for vector in _vectors()],
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _entry(vector: _Vector) -> dict[str, object]:
    clause, rule = BETWEEN_RULES[vector.expect]
    keys = pem(issuer_key()) + pem(es256_key())
    return {
        "name": vector.name,
        "expect": vector.expect,
        "clause": clause,
        "rule": rule,
        "form": vector.file.form,
        "file": vector.file.build().hex(),
        "issuers": {ISSUER: keys.decode()},
        "site_key": site_key().private_bytes_raw().hex(),
        "card_id": CARD_ID.hex(),
        "secret": SECRET.hex(),
        "at": vector.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provenance": _PROVENANCE,
        "licence": "Apache-2.0",
    }


def _vectors() -> Iterator[_Vector]:
    for form in _TYPES:
        yield from _sound(form)
        yield from _messages(form)
        yield from _signed(form)
        yield from _claims(form)
    yield from _envelopes()
    yield from _secrets()


def _one(form: str, name: str, expect: str, *, at: datetime = AT, **how: Json) -> _Vector:
    parts = {part: how.pop(part) for part in ("claims", "drop", "key", "site") if part in how}
    return _Vector(f"{form}-{name}", expect, _File(form, edits=how.pop("edits", {}), **parts), at)


def _sound(form: str) -> Iterator[_Vector]:
    yield _one(form, "sound", "verified")
    on_p256 = {"protected": lambda _: _ordered({1: -7, 16: _TYPES[form]})}
    yield _one(form, "signed-on-p-256", "verified", key=es256_key(), edits=on_p256)
    yield _one(form, "issued-this-second", "verified", claims={6: NOW})


def _messages(form: str) -> Iterator[_Vector]:
    malformed = "card.file-malformed"
    yield _one(form, "followed-by-a-byte", "cbor.trailing-bytes", edits={"token": lambda data: data + b"\0"})
    yield _one(form, "cut-off", "cbor.truncated", edits={"token": lambda data: data[:-1]})
    yield _one(form, "in-a-longer-form", "cbor.not-canonical", edits={"token": _longer})
    other = {"secret": "revocation", "revocation": "secret"}[form]
    for name, header in (
        (f"of-type-{other}", {1: -8, 16: _TYPES[other]}),
        ("of-no-type", {1: -8}),
        ("of-a-type-in-capitals", {1: -8, 16: _TYPES[form].upper()}),
        ("of-a-numbered-type", {1: -8, 16: 7}),
        ("with-another-header", {1: -8, 4: b"kid", 16: _TYPES[form]}),
    ):
        yield _one(form, name, malformed, edits={"protected": lambda _, header=header: _ordered(header)})
    outside = {"sign1": lambda parts: [parts[0], {16: _TYPES[form]}, *parts[2:]]}
    yield _one(form, "with-an-unprotected-header", "cose.header-twice", edits=outside)
    stray = {"sign1": lambda parts: [parts[0], {4: b"kid"}, *parts[2:]]}
    yield _one(form, "with-an-unprotected-key-id", malformed, edits=stray)


def _longer(data: bytes) -> bytes:
    return data[:1] + b"\x98\x04" + data[2:]


def _signed(form: str) -> Iterator[_Vector]:
    invalid = "cose.signature-invalid"
    yield _one(form, "signature-empty", "staff-card.unsigned", edits={"signature": lambda _: b""})
    yield _one(
        form, "signature-altered", invalid, edits={"signature": lambda one: bytes([one[0] ^ 1]) + one[1:]}
    )
    yield _one(form, "signed-by-a-stranger", invalid, key=issuer_key("stranger"))
    yield _one(form, "claims-altered", invalid, edits={"sign1": _altered})
    yield _one(
        form, "a-mac-in-its-place", "staff-card.unsigned", edits={"tagged": lambda tag: Tag(17, tag.value)}
    )
    wrong = {"protected": lambda _: _ordered({1: -35, 16: _TYPES[form]})}
    yield _one(form, "signed-by-es384", "cose.algorithm-not-allowed", edits=wrong)


def _altered(parts: list[Json]) -> list[Json]:
    payload = parts[2].replace(CARD_ID, CARD_ID[::-1])
    return [parts[0], parts[1], payload, parts[3]]


def _claims(form: str) -> Iterator[_Vector]:
    malformed, unknown = "card.file-malformed", "staff-card.issuer-unknown"
    yield _one(form, "issuer-unknown", unknown, claims={1: "cards.stranger.example"})
    yield _one(form, "issuer-missing", unknown, drop=(1,))
    yield _one(form, "issued-in-a-second", "staff-card.issued-in-future", claims={6: NOW + 1})
    yield _one(form, "issuing-time-missing", "staff-card.claims-malformed", drop=(6,))
    yield _one(form, "end-missing", "staff-card.expiry-missing", drop=(4,))
    yield _one(form, "end-a-text", "staff-card.claims-malformed", claims={4: "tomorrow"})
    yield _one(form, "over-this-second", "staff-card.expired", claims={4: NOW})
    yield _one(form, "looked-at-in-forty-days", "staff-card.expired", at=AT + timedelta(days=40))
    yield _one(form, "card-id-missing", malformed, drop=(7,))
    yield _one(form, "card-id-of-15-bytes", malformed, claims={7: CARD_ID[:-1]})
    yield _one(form, "card-id-a-text", malformed, claims={7: CARD_ID.hex()[:16]})
    yield _one(form, "claim-too-many", malformed, claims={2: "subject"})
    twice = {"claims": lambda value: Pairs([*value.items(), (7, CARD_ID)])}
    yield _one(form, "claim-twice", "cbor.duplicate-key", edits=twice)
    disorder = {"claims": lambda value: dict(reversed(value.items()))}
    yield _one(form, "claims-out-of-order", "cbor.not-canonical", edits=disorder)


def _envelopes() -> Iterator[_Vector]:
    form = "secret"
    yield _one(form, "sealed-to-another-site", "staff-card.not-for-this-site", site="factory")
    altered = {"ciphertext": lambda data: bytes([data[0] ^ 1]) + data[1:]}
    yield _one(form, "ciphertext-altered", "staff-card.ciphertext-altered", edits=altered)
    yield _one(form, "in-clear", "staff-card.encryption-malformed", edits={"bare": _same})
    yield _one(
        form, "file-followed-by-a-byte", "cbor.trailing-bytes", edits={"file": lambda data: data + b"\0"}
    )


def _secrets() -> Iterator[_Vector]:
    form, malformed = "secret", "card.file-malformed"
    # The attack: a site that may read one copy seals what the issuer signed again, to a site nobody named.
    yield _one(
        form, "passed-on-by-another-site", "staff-card.other-audience", claims={3: audience("factory")}
    )
    yield _one(form, "audience-a-list", "staff-card.other-audience", claims={3: [audience()]})
    yield _one(form, "audience-missing", "staff-card.other-audience", drop=(3,))
    yield _one(form, "secret-missing", malformed, drop=("secret",))
    yield _one(form, "secret-of-31-bytes", malformed, claims={"secret": SECRET[:-1]})
    yield _one(form, "secret-a-text", malformed, claims={"secret": SECRET.hex()[:32]})
    yield _one(form, "cards-end-missing", malformed, drop=("ends",))
    yield _one(form, "cards-end-past", malformed, claims={"ends": NOW})
    yield _one(form, "cards-end-true", malformed, claims={"ends": True})
    yield _one(form, "cards-end-beyond-9999", malformed, claims={"ends": 2**60})
    yield _one("revocation", "with-a-secret-in-it", malformed, claims={"secret": SECRET})
