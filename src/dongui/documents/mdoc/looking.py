"""Looking at a document without believing it: what it claims, before or after it was refused.

Nothing here is a step of verifying, and nothing of it can become one: the result is another type than what
:func:`~dongui.documents.mdoc.verifying.authenticate` makes, and no field of it is ever *verified*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from dongui.documents.authenticated import Element, Treatment
from dongui.documents.mdoc.element_values import plain
from dongui.documents.mdoc.reading import PresentedDocument, read_presented

__all__ = ["UnverifiedDocument", "look"]


@dataclass(frozen=True, slots=True)
class UnverifiedDocument:
    """What a document claims. ``document_type`` is ``None`` where only the unread signed part would say it.

    ``repr`` shows no value.
    """

    document_type: str | None
    elements: tuple[Element, ...] = field(repr=False)


def look(
    data: bytes | memoryview, *, treatment: Literal[Treatment.UNVERIFIED, Treatment.REFUSED]
) -> UnverifiedDocument:
    """Return every field of a DeviceResponse with one document, or of a bare IssuerSigned, as ``treatment``.

    A field the issuer is said to have signed, one of the device's own and an error code all count alike; one
    that stands there twice is shown twice. Raises ``Refused``: ``cbor.*``, ``cose.*``, and those ``mdoc.*``
    that speak of structure.
    """
    presented = read_presented(data)
    elements = tuple(
        Element(namespace, identifier, value, treatment)
        for namespace, identifier, value in _fields(presented)
    )
    return UnverifiedDocument(presented.document_type, elements)


def _fields(presented: PresentedDocument) -> Iterator[tuple[str, str, object]]:
    for namespace, items in presented.issuer.namespaces.items():
        for item in items:
            yield namespace, item.identifier, plain(item.value)
    for namespace, values in (presented.device.namespaces if presented.device else {}).items():
        for identifier, value in values.items():
            yield namespace, identifier, plain(value)
    yield from presented.errors
