"""Faults in what the issuer signed: the signature, the security object, its dates, the digests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from simulators.mdoc_certificates import key_for, root_plan, signer_plan
from simulators.mdoc_drafting import NAMESPACE, Cbor, Draft, cose_key, raw_signature
from simulators.mdoc_faults.vector import AT, FEW, Vector, shown
from simulators.plain_cbor import Embedded, Tag, plain

__all__ = ["issuer_faults"]

_SIGNATURE, _OBJECT, _VALIDITY, _DIGESTS = "issuer-signature", "security-object", "validity", "digests"


def _at(stage: str, edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    return lambda draft: draft.edits.update({stage: edit})


def _object(**changed: Cbor) -> Callable[[Draft], None]:
    return lambda draft: draft.security_object.update(changed)


def _protected(header: dict[Cbor, Cbor]) -> Callable[[Draft], None]:
    return lambda draft: setattr(draft, "protected", header)


def issuer_faults() -> Iterator[Vector]:
    """In the order in which ISO/IEC 18013-5, 9.3.1, finds them."""
    yield from _headers()
    yield from _signatures()
    yield from _objects()
    yield from _device_keys()
    yield from _digests()
    yield from _dates()
    yield from _places()


def _headers() -> Iterator[Vector]:
    yield shown("algorithm-missing", "cose.algorithm-missing", _SIGNATURE, _protected({}))
    yield shown("algorithm-null", "cose.algorithm-missing", _SIGNATURE, _protected({1: None}))

    def unprotected(draft: Draft) -> None:
        draft.protected, draft.unprotected = {}, {1: -7}

    yield shown("algorithm-unprotected", "cose.algorithm-missing", _SIGNATURE, unprotected)
    yield shown(
        "algorithm-in-both-headers",
        "cose.header-twice",
        _SIGNATURE,
        lambda draft: draft.unprotected.update({1: -7}),
    )
    for name, algorithm in (
        ("algorithm-zero", 0),
        ("algorithm-none", "none"),
        ("algorithm-rs256", -257),
        ("algorithm-hmac", 5),
        ("algorithm-true", True),
    ):
        yield shown(name, "cose.algorithm-not-allowed", _SIGNATURE, _protected({1: algorithm}))
    yield shown("algorithm-of-another-curve", "cose.key-mismatch", _SIGNATURE, _protected({1: -35}))
    yield shown("algorithm-eddsa-for-p-256", "cose.key-mismatch", _SIGNATURE, _protected({1: -8}))
    yield shown(
        "critical-header",
        "cose.critical-header",
        _SIGNATURE,
        _protected({1: -7, 2: [99], 99: "must be read"}),
    )
    yield shown(
        "signature-of-three-parts", "cose.malformed", _SIGNATURE, _at("issuer-auth", lambda auth: auth[:3])
    )
    yield shown(
        "signature-a-text",
        "cose.malformed",
        _SIGNATURE,
        _at("issuer-auth", lambda auth: [*auth[:3], "signature"]),
    )
    yield shown(
        "security-object-detached",
        "cose.payload-missing",
        _SIGNATURE,
        _at("issuer-auth", lambda auth: [*auth[:2], None, auth[3]]),
    )


def _signatures() -> Iterator[Vector]:
    invalid = "mdoc.issuer-signature-invalid"

    def flipped(auth: Cbor) -> Cbor:
        return [*auth[:3], bytes([auth[3][0] ^ 1]) + auth[3][1:]]

    def in_der(auth: Cbor) -> Cbor:
        r, s = (int.from_bytes(half, "big") for half in (auth[3][:32], auth[3][32:]))
        return [*auth[:3], encode_dss_signature(r, s)]

    def of_another(draft: Draft) -> None:
        other = Draft(label="another person", elements=FEW)
        payload: list[bytes] = []
        other.edits["payload"] = payload.append
        other.build()
        draft.edits["issuer-auth"] = lambda auth: [*auth[:2], payload[0], auth[3]]

    def external(draft: Draft) -> None:
        def change(auth: Cbor) -> Cbor:
            message = plain(["Signature1", auth[0], b"something else", auth[2]])
            return [*auth[:3], raw_signature(draft.signer.key, message)]

        draft.edits["issuer-auth"] = change

    def as_mac_structure(draft: Draft) -> None:
        def change(auth: Cbor) -> Cbor:
            return [*auth[:3], raw_signature(draft.signer.key, plain(["MAC0", auth[0], b"", auth[2]]))]

        draft.edits["issuer-auth"] = change

    def by_another_key(draft: Draft) -> None:
        draft.chain = [draft.signer.sign()]
        draft.signer = signer_plan(draft.root, "another signer")

    yield shown("signature-altered", invalid, _SIGNATURE, _at("issuer-auth", flipped))
    yield shown(
        "signature-cut", invalid, _SIGNATURE, _at("issuer-auth", lambda auth: [*auth[:3], auth[3][:-1]])
    )
    yield shown("signature-empty", invalid, _SIGNATURE, _at("issuer-auth", lambda auth: [*auth[:3], b""]))
    yield shown(
        "signature-of-zeros", invalid, _SIGNATURE, _at("issuer-auth", lambda auth: [*auth[:3], bytes(64)])
    )
    yield shown("signature-in-der", invalid, _SIGNATURE, _at("issuer-auth", in_der))
    yield shown("security-object-of-another-document", invalid, _SIGNATURE, of_another)
    yield shown("signed-with-other-context", invalid, _SIGNATURE, as_mac_structure)
    yield shown("signed-with-external-data", invalid, _SIGNATURE, external)
    yield shown("signed-by-another-key", invalid, _SIGNATURE, by_another_key)


def _objects() -> Iterator[Vector]:
    malformed = "mdoc.mso-malformed"
    yield shown(
        "security-object-not-embedded",
        malformed,
        _OBJECT,
        _at("payload", lambda _: plain({"version": "1.0"})),
    )
    yield shown("security-object-an-array", malformed, _OBJECT, _at("security-object", lambda mso: [mso]))
    for key in ("version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"):

        def drop(mso: Cbor, key: str = key) -> None:
            del mso[key]

        yield shown(
            f"security-object-without-{key.lower()}", malformed, _OBJECT, _at("security-object", drop)
        )
    yield shown("security-object-version-2.0", "mdoc.mso-version", _OBJECT, _object(version="2.0"))
    yield shown("security-object-with-another-field", "mdoc.unknown-field", _OBJECT, _object(extra=1))
    yield shown("digest-algorithm-sha-1", "mdoc.digest-algorithm", _OBJECT, _object(digestAlgorithm="SHA-1"))
    yield shown(
        "digest-algorithm-lower-case", "mdoc.digest-algorithm", _OBJECT, _object(digestAlgorithm="sha-256")
    )
    yield shown("digests-cut", "mdoc.digest-length", _OBJECT, _each_digest(lambda digest: digest[:20]))
    yield shown("digests-as-text", malformed, _OBJECT, _each_digest(lambda digest: digest.hex()))
    yield shown(
        "digest-identifiers-as-text",
        malformed,
        _OBJECT,
        _digests_edit(lambda digests: {str(number): digest for number, digest in digests.items()}),
    )
    yield shown("no-digests-in-the-namespace", malformed, _OBJECT, _digests_edit(lambda _: {}))
    yield shown(
        "status-to-be-looked-up",
        "status.list-missing",
        _OBJECT,
        _object(status={"status_list": {"idx": 7, "uri": "https://utopia.example/status"}}),
    )
    yield shown(
        "status-in-an-identifier-list",
        "mdoc.status-unchecked",
        _OBJECT,
        _object(status={"identifier_list": {"id": b"7", "uri": "https://utopia.example/identifiers"}}),
    )
    for name, listed in (
        ("status-index-a-text", {"idx": "7", "uri": "https://utopia.example/status"}),
        ("status-without-its-list", {"idx": 7}),
        ("status-index-negative", {"idx": -1, "uri": "https://utopia.example/status"}),
    ):
        yield shown(name, "status.reference-malformed", _OBJECT, _object(status={"status_list": listed}))
    yield shown(
        "signed-for-another-type", "mdoc.document-type-mismatch", _OBJECT, _object(docType="org.example")
    )


def _digests_edit(edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    def change(mso: Cbor) -> None:
        mso["valueDigests"] = {name: edit(digests) for name, digests in mso["valueDigests"].items()}

    return _at("security-object", change)


def _each_digest(edit: Callable[[bytes], Cbor]) -> Callable[[Draft], None]:
    return _digests_edit(lambda digests: {number: edit(digest) for number, digest in digests.items()})


def _device_keys() -> Iterator[Vector]:
    right = cose_key(key_for("draft device"))
    wrong = "mdoc.device-key"
    for name, key in (
        ("device-key-off-its-curve", {**right, -3: bytes(32)}),
        ("device-key-without-y", {label: value for label, value in right.items() if label != -3}),
        ("device-key-on-secp256k1", cose_key(key_for("koblitz", "secp256k1"))),
        ("device-key-with-its-private-part", {**right, -4: bytes(32)}),
        ("device-key-symmetric", {1: 4, -1: bytes(32)}),
        ("device-key-a-text", "key"),
    ):
        yield shown(name, wrong, _OBJECT, _object(deviceKeyInfo={"deviceKey": key}))
    for name, authorizations in (
        ("authorizations-an-array", ["org.example"]),
        ("authorizations-naming-nothing", {"nameSpaces": []}),
        ("authorizations-whole-and-in-part", {"nameSpaces": ["a"], "dataElements": {"a": ["b"]}}),
    ):
        info: Cbor = {"deviceKey": right, "keyAuthorizations": authorizations}
        yield shown(name, "mdoc.key-authorizations-malformed", _OBJECT, _object(deviceKeyInfo=info))


def _digests() -> Iterator[Vector]:
    mismatch = "mdoc.digest-mismatch"

    def items(edit: Callable[[list[Cbor]], Cbor]) -> Callable[[Draft], None]:
        return _at("shown", lambda shown_items: {NAMESPACE: edit(list(shown_items[NAMESPACE]))})

    def reshown(identifier: str, **changed: Cbor) -> Callable[[Draft], None]:
        """An item changed after its digest was signed."""

        def change(draft: Draft) -> None:
            item = draft.element(identifier)
            at = draft.items[NAMESPACE].index(item)
            altered = Embedded(plain({**item, **changed}))
            draft.edits["shown"] = lambda shown_items: shown_items[NAMESPACE].__setitem__(at, altered)

        return change

    def reordered(draft: Draft) -> None:
        item = draft.element("family_name")
        at = draft.items[NAMESPACE].index(item)
        same = Embedded(plain(dict(reversed(item.items()))))
        draft.edits["shown"] = lambda shown_items: shown_items[NAMESPACE].__setitem__(at, same)

    yield shown("element-altered", mismatch, _DIGESTS, reshown("family_name", elementValue="Min"))
    yield shown(
        "portrait-replaced", mismatch, _DIGESTS, reshown("portrait", elementValue=b"\xff\xd8\xff\xd9")
    )
    yield shown("random-altered", mismatch, _DIGESTS, reshown("family_name", random=bytes(32)))
    yield shown(
        "identifier-altered", mismatch, _DIGESTS, reshown("age_over_18", elementIdentifier="age_over_21")
    )
    yield shown("digest-identifiers-exchanged", mismatch, _DIGESTS, reshown("family_name", digestID=1))
    yield shown("item-written-in-another-order", mismatch, _DIGESTS, reordered)

    def wrong_digest(mso: Cbor) -> None:
        mso["valueDigests"][NAMESPACE][0] = bytes(32)

    yield shown("digest-of-something-else", mismatch, _DIGESTS, _at("security-object", wrong_digest))
    named_longer = Draft(digest="SHA-256", elements=FEW)
    named_longer.security_object["digestAlgorithm"] = "SHA-512"
    yield shown("digests-of-a-shorter-algorithm", "mdoc.digest-length", _OBJECT, draft=named_longer)
    added = Embedded(
        plain({"digestID": 99, "random": bytes(32), "elementIdentifier": "age_over_21", "elementValue": True})
    )
    yield shown("element-added", "mdoc.digest-unlisted", _DIGESTS, items(lambda content: [*content, added]))

    def unlist(mso: Cbor) -> None:
        del mso["valueDigests"][NAMESPACE][0]

    yield shown("digest-missing", "mdoc.digest-unlisted", _DIGESTS, _at("security-object", unlist))
    yield shown(
        "namespace-added",
        "mdoc.namespace-unlisted",
        _DIGESTS,
        _at("shown", lambda content: {**content, "org.example": [added]}),
    )
    yield shown(
        "namespace-renamed",
        "mdoc.namespace-unlisted",
        _DIGESTS,
        _at("shown", lambda content: {f"{NAMESPACE}.aamva": content[NAMESPACE]}),
    )
    yield shown(
        "item-shown-twice", "mdoc.digest-id-repeated", _DIGESTS, items(lambda content: [*content, content[0]])
    )

    def named_alike(draft: Draft) -> None:
        draft.element("given_name")["elementIdentifier"] = "family_name"

    yield shown("element-named-twice", "mdoc.element-repeated", _DIGESTS, named_alike)

    def two_portraits(draft: Draft) -> None:
        kept = [item for item in draft.items.pop(NAMESPACE) if item["elementIdentifier"] == "portrait"]
        draft.items.update({"org.example.1": kept, "org.example.2": kept})

    yield shown("portraits-in-two-namespaces", "mdoc.portrait-ambiguous", _DIGESTS, two_portraits)


def _dates() -> Iterator[Vector]:
    def info(**changed: Cbor) -> Callable[[Draft], None]:
        return lambda draft: draft.security_object["validityInfo"].update(changed)

    for name, value in (
        ("date-with-fraction", Tag(0, "2027-02-01T09:00:00.5Z")),
        ("date-with-offset", Tag(0, "2027-02-01T18:00:00+09:00")),
        ("date-without-zone", Tag(0, "2027-02-01T09:00:00")),
        ("date-untagged", "2027-02-01T09:00:00Z"),
        ("date-a-day-only", Tag(1004, "2027-02-01")),
        ("date-in-seconds", Tag(1, 1_801_472_400)),
        ("date-that-does-not-exist", Tag(0, "2027-02-30T09:00:00Z")),
        ("date-in-other-digits", Tag(0, "２０２７-02-01T09:00:00Z")),
        ("date-with-a-line-behind", Tag(0, "2027-02-01T09:00:00Z\n")),
    ):
        yield shown(name, "mdoc.date-form", _VALIDITY, info(validUntil=value))
    yield shown(
        "valid-until-missing",
        "mdoc.mso-malformed",
        _VALIDITY,
        lambda draft: draft.security_object["validityInfo"].pop("validUntil"),
    )
    yield shown(
        "validity-with-another-field",
        "mdoc.unknown-field",
        _VALIDITY,
        info(extended=Tag(0, "2099-01-01T00:00:00Z")),
    )
    yield shown(
        "valid-until-before-valid-from",
        "mdoc.validity-inverted",
        _VALIDITY,
        info(validUntil=Tag(0, "2026-11-01T08:59:59Z")),
    )
    yield shown(
        "valid-for-no-time",
        "mdoc.validity-inverted",
        _VALIDITY,
        info(validUntil=Tag(0, "2026-11-01T09:00:00Z")),
    )
    yield shown(
        "valid-before-it-was-signed",
        "mdoc.valid-before-signed",
        _VALIDITY,
        info(validFrom=Tag(0, "2026-10-31T09:00:00Z")),
    )
    yield shown(
        "not-yet-valid", "mdoc.not-yet-valid", _VALIDITY, info(validFrom=Tag(0, "2026-11-22T12:00:01Z"))
    )
    yield shown("expired", "mdoc.expired", _VALIDITY, info(validUntil=Tag(0, "2026-11-22T11:59:59Z")))
    yield shown(
        "expired-because-looked-at-later",
        "mdoc.expired",
        _VALIDITY,
        judge=lambda _draft, judging: replace(judging, at=datetime(2027, 2, 1, 9, 0, 1, tzinfo=UTC)),
    )

    def before_its_signer(draft: Draft) -> None:
        draft.signer.not_before = AT - timedelta(days=1)

    yield shown(
        "signed-before-its-signer", "mdoc.signed-outside-signer-validity", _VALIDITY, before_its_signer
    )
    yield shown(
        "signed-after-its-signer",
        "mdoc.signed-outside-signer-validity",
        _VALIDITY,
        info(
            signed=Tag(0, "2027-06-01T00:00:01Z"),
            validFrom=Tag(0, "2027-06-02T00:00:00Z"),
            validUntil=Tag(0, "2027-07-01T00:00:00Z"),
        ),
    )


def _places() -> Iterator[Vector]:
    def abroad(draft: Draft) -> None:
        draft.element("issuing_country")["elementValue"] = "ZZ"

    def other_state(draft: Draft) -> None:
        draft.root = root_plan(state="UT-N")
        draft.signer = signer_plan(draft.root, state="UT-N")
        item = {**draft.element("age_over_18"), "digestID": 50, "elementIdentifier": "issuing_jurisdiction"}
        draft.items[NAMESPACE].append({**item, "elementValue": "UT-S"})

    yield shown("issuing-country-of-another", "mdoc.issuing-country-mismatch", _DIGESTS, abroad)
    yield shown(
        "issuing-jurisdiction-of-another", "mdoc.issuing-jurisdiction-mismatch", _DIGESTS, other_state
    )
