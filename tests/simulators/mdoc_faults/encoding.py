"""Faults in the bytes: what no careful reader takes apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulators.mdoc_drafting import NAMESPACE, Cbor, Draft
from simulators.mdoc_faults.vector import Vector, shown
from simulators.plain_cbor import Embedded, Pairs, Raw, Tag, head, plain

__all__ = ["encoding_faults"]

_STAGE = "encoding"


def _bytes(edit: Callable[[bytes], bytes]) -> Callable[[Draft], None]:
    return lambda draft: draft.edits.update(bytes=edit)


def _response(edit: Callable[[Cbor], Cbor]) -> Callable[[Draft], None]:
    return lambda draft: draft.edits.update(response=edit)


def _value(value: Cbor) -> Callable[[Draft], None]:
    """One element's value, under its right digest: the fault is signed."""
    return lambda draft: draft.element("family_name").update(elementValue=value)


def _twice(draft: Draft) -> None:
    """An element's value stands twice in its item; each reader may take another one."""
    item = draft.element("family_name")
    pairs = Pairs([*item.items(), ("elementValue", "Min")])
    at = draft.items[NAMESPACE].index(item)

    def replace(shown: Cbor) -> None:
        shown[NAMESPACE][at] = Embedded(plain(pairs))

    def relist(security_object: Cbor) -> None:
        digests = security_object["valueDigests"][NAMESPACE]
        digests[item["digestID"]] = draft.hashed(plain(Embedded(plain(pairs))))

    draft.edits["shown"] = replace
    draft.edits["security-object"] = relist


def encoding_faults() -> Iterator[Vector]:
    """Every fault that is one of CBOR, wherever in the document it stands."""
    yield shown("nothing-at-all", "cbor.truncated", _STAGE, _bytes(lambda _: b""))
    yield shown("cut-by-one-byte", "cbor.truncated", _STAGE, _bytes(lambda data: data[:-1]))
    yield shown("cut-in-half", "cbor.truncated", _STAGE, _bytes(lambda data: data[: len(data) // 2]))
    yield shown(
        "string-of-4-gib",
        "cbor.truncated",
        _STAGE,
        _value(Raw(head(2, 0xFFFF_FFFF))),
    )
    yield shown(
        "string-of-4-gib-outside",
        "cbor.truncated",
        _STAGE,
        _bytes(lambda _: b"\xa1" + plain("version") + head(3, 0xFFFF_FFFF)),
    )
    yield shown("a-byte-behind", "cbor.trailing-bytes", _STAGE, _bytes(lambda data: data + b"\x00"))
    yield shown("a-second-response-behind", "cbor.trailing-bytes", _STAGE, _bytes(lambda data: data * 2))
    yield shown(
        "array-of-4-gib", "cbor.too-many-items", _STAGE, _bytes(lambda _: head(4, 0xFFFF_FFFF) + b"\x00" * 9)
    )
    yield shown(
        "map-of-2-to-the-63", "cbor.too-many-items", _STAGE, _bytes(lambda _: head(5, 1 << 63) + b"\x00" * 9)
    )
    yield shown("nested-500-deep", "cbor.too-deep", _STAGE, _bytes(lambda _: b"\x81" * 500 + b"\x00"))
    yield shown("nested-40-deep-in-an-element", "cbor.too-deep", _STAGE, _value(Raw(b"\x81" * 40 + b"\x00")))
    yield shown(
        "map-of-indefinite-length",
        "cbor.indefinite-length",
        _STAGE,
        _bytes(lambda data: b"\xbf" + data[1:] + b"\xff"),
    )
    yield shown(
        "string-of-indefinite-length",
        "cbor.indefinite-length",
        _STAGE,
        _value(Raw(b"\x7f" + plain("Se") + plain("o") + b"\xff")),
    )
    yield shown(
        "status-twice",
        "cbor.duplicate-key",
        _STAGE,
        _response(lambda response: Pairs([*response.items(), ("status", 0)])),
    )
    yield shown("element-value-twice", "cbor.duplicate-key", _STAGE, _twice)
    yield shown(
        "document-type-twice-in-the-security-object",
        "cbor.duplicate-key",
        _STAGE,
        lambda draft: draft.edits.update(
            {"security-object": lambda mso: Pairs([*mso.items(), ("docType", "org.example")])}
        ),
    )
    yield shown(
        "algorithm-twice-in-the-header",
        "cbor.duplicate-key",
        _STAGE,
        lambda draft: setattr(draft, "protected", Pairs([(1, -7), (1, -8)])),
    )
    yield shown("array-as-a-key", "cbor.key-type", _STAGE, _value(Pairs([([1], 2)])))
    yield shown("text-that-is-not-utf-8", "cbor.not-utf8", _STAGE, _value(Raw(b"\x63\xff\xfe\xfd")))
    yield shown("undefined-as-a-value", "cbor.unsupported-value", _STAGE, _value(Raw(b"\xf7")))
    yield shown("reserved-head", "cbor.malformed", _STAGE, _value(Raw(b"\x1c")))
    yield shown(
        "tag-24-around-text",
        "cbor.malformed",
        _STAGE,
        lambda draft: draft.edits.update(
            {"shown": lambda items: items[NAMESPACE].__setitem__(0, Tag(24, "an item"))}
        ),
    )
