"""Faults in how a response, a document and its items are built."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.mdoc_drafting import NAMESPACE, Cbor, Draft
from simulators.mdoc_faults.vector import Vector, shown
from simulators.plain_cbor import Embedded, plain

__all__ = ["structure_faults"]

_STAGE = "structure"


def _at(stage: str, edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    return lambda draft: draft.edits.update({stage: edit})


def _response(**changed: Cbor) -> Callable[[Draft], None]:
    return _at("response", lambda response: {**response, **changed})


def _without(stage: str, key: str) -> Callable[[Draft], None]:
    def drop(value: Cbor) -> None:
        del value[key]

    return _at(stage, drop)


def _issuer_signed(edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    return _at("document", lambda document: edit(document["issuerSigned"]))


def _item(**changed: Cbor) -> Callable[[Draft], None]:
    """Fields of one item, changed before its digest is taken."""
    return lambda draft: draft.element("given_name").update(changed)


def _item_without(key: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        item = draft.element("given_name")
        kept = {name: value for name, value in item.items() if name != key}
        _replace_item(draft, item, Embedded(plain(kept)))

    return change


def _replace_item(draft: Draft, item: Cbor, shown_as: Cbor) -> None:
    """Show something else in an item's place, with a digest that is right for it."""
    at = draft.items[NAMESPACE].index(item)

    def relist(security_object: Cbor) -> None:
        digests = security_object["valueDigests"][NAMESPACE]
        digests[item["digestID"]] = draft.hashed(plain(shown_as))

    draft.edits["security-object"] = relist
    draft.edits["shown"] = lambda items: items[NAMESPACE].__setitem__(at, shown_as)


def _item_as(shown_as: Cbor) -> Callable[[Draft], None]:
    return lambda draft: _replace_item(draft, draft.element("given_name"), shown_as)


def structure_faults() -> Iterator[Vector]:
    """Missing, extra and misshapen parts, from the outside in."""
    yield from _responses()
    yield from _documents()
    yield from _items()


def _responses() -> Iterator[Vector]:
    yield shown("a-number", "mdoc.not-a-document", _STAGE, _at("bytes", lambda _: plain(7)))
    yield shown("some-other-map", "mdoc.not-a-document", _STAGE, _at("bytes", lambda _: plain({"a": "b"})))
    yield shown("response-version-2.0", "mdoc.response-version", _STAGE, _response(version="2.0"))
    yield shown(
        "response-version-missing", "mdoc.response-malformed", _STAGE, _without("response", "version")
    )
    yield shown("response-version-a-number", "mdoc.response-malformed", _STAGE, _response(version=1))
    yield shown("response-status-10", "mdoc.response-status", _STAGE, _response(status=10))
    yield shown("response-status-missing", "mdoc.response-malformed", _STAGE, _without("response", "status"))
    yield shown("response-status-negative", "mdoc.response-malformed", _STAGE, _response(status=-1))
    yield shown("response-status-false", "mdoc.response-malformed", _STAGE, _response(status=False))
    yield shown("documents-missing", "mdoc.no-document", _STAGE, _without("response", "documents"))
    yield shown("documents-empty", "mdoc.no-document", _STAGE, _response(documents=[]))
    yield shown(
        "documents-a-map",
        "mdoc.response-malformed",
        _STAGE,
        _at("response", lambda response: {**response, "documents": {0: response["documents"][0]}}),
    )
    yield shown(
        "two-documents",
        "mdoc.several-documents",
        _STAGE,
        _at("response", lambda response: {**response, "documents": response["documents"] * 2}),
    )
    yield shown(
        "errors-beside-the-document",
        "mdoc.document-errors",
        _STAGE,
        _response(documentErrors=[{"org.example": 10}]),
    )
    yield shown("response-with-another-field", "mdoc.unknown-field", _STAGE, _response(extra=1))


def _documents() -> Iterator[Vector]:
    yield shown("document-type-missing", "mdoc.response-malformed", _STAGE, _without("document", "docType"))
    yield shown(
        "document-type-empty",
        "mdoc.response-malformed",
        _STAGE,
        _at("document", lambda document: {**document, "docType": ""}),
    )
    yield shown(
        "issuer-signed-missing", "mdoc.response-malformed", _STAGE, _without("document", "issuerSigned")
    )
    yield shown(
        "document-with-another-field",
        "mdoc.unknown-field",
        _STAGE,
        _at("document", lambda document: {**document, "photo": b"unsigned"}),
    )
    yield shown(
        "issuer-signed-with-another-field",
        "mdoc.unknown-field",
        _STAGE,
        _issuer_signed(lambda part: part.update(portrait=b"unsigned")),
    )
    yield shown(
        "issuer-auth-missing",
        "mdoc.issuer-signed-malformed",
        _STAGE,
        _issuer_signed(lambda part: part.pop("issuerAuth") and None),
    )
    yield shown(
        "namespaces-an-array",
        "mdoc.issuer-signed-malformed",
        _STAGE,
        _issuer_signed(lambda part: part.update(nameSpaces=list(part["nameSpaces"].values()))),
    )
    yield shown(
        "namespace-a-number",
        "mdoc.issuer-signed-malformed",
        _STAGE,
        _issuer_signed(lambda part: part.update(nameSpaces={1: part["nameSpaces"][NAMESPACE]})),
    )
    yield shown(
        "namespace-holding-a-map",
        "mdoc.issuer-signed-malformed",
        _STAGE,
        _at("shown", lambda items: {NAMESPACE: dict(enumerate(items[NAMESPACE]))}),
    )
    yield shown(
        "namespace-empty",
        "mdoc.namespace-empty",
        _STAGE,
        _at("shown", lambda items: {**items, NAMESPACE: []}),
    )
    yield shown(
        "device-signed-a-text",
        "mdoc.device-signed-malformed",
        _STAGE,
        _at("document", lambda document: {**document, "deviceSigned": "signed"}),
    )
    yield shown(
        "device-namespaces-not-embedded",
        "mdoc.device-signed-malformed",
        _STAGE,
        _at("document", lambda document: document["deviceSigned"].update(nameSpaces={})),
    )
    yield shown(
        "device-auth-with-another-field",
        "mdoc.unknown-field",
        _STAGE,
        _at("device-auth", lambda auth: {**auth, "extra": 1}),
    )


def _items() -> Iterator[Vector]:
    wrong = "mdoc.item-malformed"
    yield shown("item-not-embedded", wrong, _STAGE, _item_as({"digestID": 1}))
    yield shown("item-an-array", wrong, _STAGE, _item_as(Embedded(plain([1, 2]))))
    for key in ("digestID", "random", "elementIdentifier", "elementValue"):
        yield shown(f"item-without-{_kebab(key)}", wrong, _STAGE, _item_without(key))
    yield shown("item-random-a-text", wrong, _STAGE, _item(random="x" * 32))
    yield shown("item-digest-id-a-text", wrong, _STAGE, _item(digestID="1"))
    yield shown("item-digest-id-negative", wrong, _STAGE, _item(digestID=-1))
    yield shown("item-identifier-bytes", wrong, _STAGE, _item(elementIdentifier=b"given_name"))
    yield shown("item-random-of-15-bytes", "mdoc.random-too-short", _STAGE, _item(random=bytes(15)))
    yield shown("item-with-another-field", "mdoc.unknown-field", _STAGE, _item(unsigned=True))
    yield shown(
        "portrait-a-text",
        "mdoc.portrait-type",
        _STAGE,
        lambda draft: draft.element("portrait").update(elementValue="/9j/4AAQ"),
    )


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).replace(
        "-i-d", "-id"
    )
