"""Looking at a credential without believing it: what it claims, before or after it was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dongui.documents.authenticated import Element, Treatment
from dongui.documents.mdoc.looking import UnverifiedDocument
from dongui.documents.sd_jwt.reading import PresentedSdJwt, read_presented

__all__ = ["look"]


def look(
    data: bytes | memoryview, *, treatment: Literal[Treatment.UNVERIFIED, Treatment.REFUSED]
) -> UnverifiedDocument:
    """Return every field of a presentation as ``treatment``, each where it was found.

    Disclosures stand as they were sent, whether or not a digest means them; one that is sent twice, or not at
    its place, is shown all the same. Raises ``Refused``: ``jose.*``, and those ``sd-jwt.*`` that speak of
    structure.
    """
    presented = read_presented(data)
    elements = tuple(Element(where, name, value, treatment) for where, name, value in _fields(presented))
    document_type = presented.payload.get("vct")
    return UnverifiedDocument(document_type if isinstance(document_type, str) else None, elements)


def _fields(presented: PresentedSdJwt) -> Iterator[tuple[str, str, object]]:
    for name, value in presented.payload.items():
        yield "always-shown", name, value
    for disclosure in presented.disclosures:
        yield "disclosed", disclosure.name or "(array element)", disclosure.value
    for name, value in presented.issuer_signed.header.items():
        yield "header", name, value
    for name, value in presented.key_binding_claims.items():
        yield "key-binding", name, value
