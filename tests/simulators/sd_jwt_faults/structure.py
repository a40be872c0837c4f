"""Faults in the text, the JSON and the disclosures: whatever can be wrong before anybody's key is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

from simulators.sd_jwt_drafting import Draft, Json, RawJson, Shown, digest
from simulators.sd_jwt_faults.vector import Vector, shown

__all__ = ["structure_faults"]

_TEXT, _JSON, _DISCLOSURES = "text", "json", "disclosures"


def edit(stage: str, change: Callable[[Json], Json]) -> Callable[[Draft], None]:
    """A change to a finished part."""
    return lambda draft: draft.edits.update({stage: change})


def text_edit(change: Callable[[str], str | bytes]) -> Callable[[Draft], None]:
    return edit("text", change)


def jwt_edit(change: Callable[[str], str]) -> Callable[[Draft], None]:
    return edit("jwt", change)


def payload_edit(change: Callable[[dict[str, Json]], Json]) -> Callable[[Draft], None]:
    return edit("payload", change)


def payload_text(change: Callable[[bytes], bytes]) -> Callable[[Draft], None]:
    """A change in the payload's own text, which the issuer then signs."""
    return payload_edit(lambda payload: RawJson(change(json.dumps(payload).encode())))


def also(*more: Shown) -> Callable[[Draft], None]:
    return lambda draft: draft.shown.extend(more)


def structure_faults() -> Iterator[Vector]:
    """From the outside inwards."""
    yield from _texts()
    yield from _tokens()
    yield from _json()
    yield from _shapes()
    yield from _digests()
    yield from _names()


def _texts() -> Iterator[Vector]:
    no, stage = "sd-jwt.not-a-document", _TEXT
    yield shown("no-tilde", no, stage, text_edit(lambda text: text.split("~")[0]))
    yield shown("not-ascii", no, stage, text_edit(lambda text: text.encode() + "é".encode()))
    as_json = json.dumps({"payload": "e30", "protected": "e30", "signature": "AA", "disclosures": []})
    yield shown("json-serialisation", "sd-jwt.json-serialisation", stage, text_edit(lambda _: as_json))
    yield shown(
        "disclosures-513",
        "sd-jwt.too-many-disclosures",
        stage,
        text_edit(lambda text: text.split("~")[0] + "~WyJhIiwxXQ" * 513 + "~"),
    )
    yield shown("two-key-bindings", "jose.base64url-malformed", stage, text_edit(_twice_bound))


def _twice_bound(text: str) -> str:
    return f"{text}~{text.rsplit('~', 1)[1]}"


def _tokens() -> Iterator[Vector]:
    stage = _TEXT
    yield shown("token-of-two-parts", "jose.malformed", stage, jwt_edit(lambda jwt: jwt.rsplit(".", 1)[0]))
    yield shown("token-of-four-parts", "jose.malformed", stage, jwt_edit(lambda jwt: f"{jwt}.AAAA"))
    yield shown("signature-empty", "jose.malformed", stage, jwt_edit(lambda jwt: jwt.rsplit(".", 1)[0] + "."))
    malformed = "jose.base64url-malformed"
    yield shown("header-padded", malformed, stage, jwt_edit(lambda jwt: jwt.replace(".", "==.", 1)))
    yield shown("payload-in-base64", malformed, stage, jwt_edit(lambda jwt: jwt.replace(".", ".+/", 1)))
    yield shown("signature-spelt-otherwise", malformed, stage, jwt_edit(_other_spelling))
    yield shown("disclosure-padded", malformed, stage, edit("parts", _padded))


def _other_spelling(jwt: str) -> str:
    """The same signature in other characters: four bits of the last one say nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return jwt[:-1] + alphabet[alphabet.index(jwt[-1]) | 1]


def _padded(parts: Json) -> Json:
    return [f"{parts[0]}=", *parts[1:]]


def _json() -> Iterator[Vector]:
    stage, malformed = _JSON, "jose.json-malformed"
    yield shown("payload-nan", malformed, stage, payload_text(lambda text: text[:-1] + b', "x": NaN}'))
    yield shown(
        "payload-beyond-double", malformed, stage, payload_text(lambda text: text[:-1] + b', "x": 1e999}')
    )
    yield shown(
        "payload-not-utf8", malformed, stage, payload_text(lambda text: text[:-1] + b', "x": "\xff"}')
    )
    yield shown(
        "payload-half-a-surrogate",
        malformed,
        stage,
        payload_text(lambda text: text[:-1] + b', "x": "\\ud800"}'),
    )
    yield shown("payload-an-array", malformed, stage, payload_text(lambda text: b"[" + text + b"]"))
    yield shown("payload-followed-by-more", malformed, stage, payload_text(lambda text: text + b"{}"))
    yield shown(
        "payload-a-long-number",
        malformed,
        stage,
        payload_text(lambda text: text[:-1] + b', "x": 1' + b"0" * 40 + b"}"),
    )
    twice = "jose.json-duplicate-key"
    yield shown(
        "payload-two-issuers",
        twice,
        stage,
        payload_text(lambda text: text[:-1] + b', "iss": "https://other.example"}'),
    )
    yield shown("header-two-algorithms", twice, stage, edit("header", _two_algorithms))
    inner = Shown(RawJson(b'["c2FsdHNhbHRzYWx0c2FsdA", "x", {"a": 1, "a": 2}]'))
    yield shown("disclosure-two-members", twice, stage, also(inner))
    yield shown(
        "payload-nested-13-deep",
        "jose.json-too-deep",
        stage,
        payload_edit(lambda payload: {**payload, "x": _nested(12)}),
    )
    yield shown(
        "payload-many-members",
        "jose.json-too-many-items",
        stage,
        payload_edit(lambda payload: {**payload, "x": [0] * 4_000}),
    )


def _two_algorithms(header: Json) -> Json:
    return RawJson(json.dumps(header).encode()[:-1] + b', "alg": "none"}')


def _nested(depth: int) -> Json:
    value: Json = 0
    for _ in range(depth):
        value = [value]
    return value


def _shapes() -> Iterator[Vector]:
    stage, malformed = _DISCLOSURES, "sd-jwt.disclosure-malformed"
    for name, content in (
        ("disclosure-a-text", "family_name"),
        ("disclosure-of-one", ["c2FsdA"]),
        ("disclosure-of-four", ["c2FsdA", "x", 1, 2]),
        ("disclosure-salt-a-number", [1, "x", 1]),
        ("disclosure-name-a-number", ["c2FsdA", 1, 1]),
    ):
        yield shown(name, malformed, stage, also(Shown(content)))
    for name, value in (("hash-sha-1", "sha-1"), ("hash-a-number", 256), ("hash-in-capitals", "SHA-256")):
        yield shown(
            name,
            "sd-jwt.hash-algorithm",
            stage,
            partial(_hash_named, value=value),
        )


def _hash_named(draft: Draft, value: Json) -> None:
    draft.claims["_sd_alg"] = value


def _digests() -> Iterator[Vector]:
    stage = _DISCLOSURES
    one = Shown.of("x", 1)
    element = Shown.of(None, "KR")
    yield shown("disclosure-sent-twice", "sd-jwt.disclosure-repeated", stage, edit("parts", _first_twice))
    yield shown(
        "disclosure-of-ones-own",
        "sd-jwt.disclosure-unreferenced",
        stage,
        edit("parts", lambda parts: [*parts, one.encoded]),
    )
    yield shown("digest-twice", "sd-jwt.digest-repeated", stage, payload_edit(_digest_twice))
    yield shown(
        "digest-twice-of-something-hidden",
        "sd-jwt.digest-repeated",
        stage,
        payload_edit(lambda payload: {**payload, "x": [{"...": "AAAA"}, {"...": "AAAA"}]}),
    )
    yield shown("element-in-place-of-claim", "sd-jwt.disclosure-misplaced", stage, also(element))

    def claim_as_element(draft: Draft) -> None:
        draft.edits["payload"] = lambda payload: {**payload, "x": [{"...": digest(one)}]}
        draft.edits["parts"] = lambda parts: [*parts, one.encoded]

    yield shown("claim-in-place-of-element", "sd-jwt.disclosure-misplaced", stage, claim_as_element)
    malformed = "sd-jwt.digests-malformed"
    yield shown(
        "digests-no-array", malformed, stage, payload_edit(lambda payload: {**payload, "_sd": "AAAA"})
    )
    yield shown(
        "digest-a-number", malformed, stage, payload_edit(lambda payload: {**payload, "x": {"_sd": [1]}})
    )
    yield shown(
        "placeholder-with-company",
        malformed,
        stage,
        payload_edit(lambda payload: {**payload, "x": [{"...": "AAAA", "y": 1}]}),
    )
    yield shown(
        "placeholder-a-number", malformed, stage, payload_edit(lambda payload: {**payload, "x": [{"...": 1}]})
    )
    yield shown("disclosures-nested-25-deep", "sd-jwt.too-deep", stage, _deep)


def _first_twice(parts: Json) -> Json:
    return [parts[0], *parts]


def _digest_twice(payload: dict[str, Json]) -> Json:
    digests = payload["_sd"]
    return {**payload, "_sd": [*digests, digests[0]]}


def _deep(draft: Draft) -> None:
    """Each disclosure holds the digest of the next; none of them is deep by itself."""
    inner = Shown.of("x", 0)
    sent = [inner]
    for _ in range(25):
        inner = Shown.of("x", {"_sd": [digest(inner)]})
        sent.append(inner)
    draft.shown.append(sent[-1])
    draft.edits["parts"] = lambda parts: [*parts, *(shown.encoded for shown in sent[:-1])]


def _names() -> Iterator[Vector]:
    stage, reserved = _DISCLOSURES, "sd-jwt.claim-name-reserved"
    for name, claim in (("named-sd", "_sd"), ("named-dots", "..."), ("named-sd-alg", "_sd_alg")):
        yield shown(f"disclosure-{name}", reserved, stage, also(Shown.of(claim, "sha-1")))
    yield shown(
        "dots-outside-an-array",
        reserved,
        stage,
        payload_edit(lambda payload: {**payload, "x": {"...": "AAAA"}}),
    )
    yield shown(
        "hash-name-nested",
        reserved,
        stage,
        payload_edit(lambda payload: {**payload, "x": {"_sd_alg": "sha-256"}}),
    )
    twice = "sd-jwt.claim-repeated"
    yield shown("claim-over-an-always-shown-one", twice, stage, also(Shown.of("iat", 0)))
    yield shown("claim-disclosed-twice", twice, stage, also(Shown.of("family_name", "Kim")))
    nested = Shown.of("locality", "Busan")

    def over_a_nested_one(draft: Draft) -> None:
        draft.shown.append(Shown.of("address", {"_sd": [digest(nested)], "locality": "Seoul"}))
        draft.edits["parts"] = lambda parts: [*parts, nested.encoded]

    yield shown("nested-claim-over-an-always-shown-one", twice, stage, over_a_nested_one)
    hidden = "sd-jwt.claim-not-disclosable"
    for claim in ("exp", "vct", "cnf"):
        yield shown(
            f"{claim}-disclosed",
            hidden,
            stage,
            partial(_disclosed, claim=claim),
        )
    yield shown("holder-key-disclosed", hidden, stage, _holder_key_disclosed)


def _disclosed(draft: Draft, claim: str) -> None:
    draft.shown.append(Shown.of(claim, draft.claims.pop(claim)))


def _holder_key_disclosed(draft: Draft) -> None:
    inner = Shown.of("jwk", draft.claims["cnf"]["jwk"])
    draft.claims["cnf"] = {"_sd": [digest(inner)]}
    draft.edits["parts"] = lambda parts: [*parts, inner.encoded]
