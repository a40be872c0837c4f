"""Looking at a card or a Claim 169 token without believing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dongui.documents.authenticated import Element, Treatment
from dongui.documents.mdoc.looking import UnverifiedDocument
from dongui.documents.staff_card.cwt import Token, read_token
from dongui.documents.staff_card.encryption import SiteKey, decrypt, is_encrypted
from dongui.documents.staff_card.text import from_text
from dongui.documents.staff_card.verifying import CLAIM_169_TYPE, DOCUMENT_TYPE, claimed_fields

__all__ = ["look"]


def look(
    data: str | bytes | memoryview,
    *,
    site_key: SiteKey | None,
    treatment: Literal[Treatment.UNVERIFIED, Treatment.REFUSED],
) -> UnverifiedDocument:
    """Return every field as ``treatment``. Of a card, without its site's key, that it is encrypted.

    Raises ``Refused``: ``cbor.*``, ``cose.*``, and those ``staff-card.*`` that speak of structure.
    """
    content = from_text(data)
    if not is_encrypted(content):
        return UnverifiedDocument(CLAIM_169_TYPE, tuple(_fields(read_token(content), treatment)))
    if site_key is None:
        sealed = Element("encrypted", "card", f"{len(content)} bytes", treatment)
        return UnverifiedDocument(DOCUMENT_TYPE, (sealed,))
    token = read_token(decrypt(content, site_key=site_key))
    return UnverifiedDocument(DOCUMENT_TYPE, tuple(_fields(token, treatment)))


def _fields(token: Token, treatment: Treatment) -> Iterator[Element]:
    for namespace, name, value in claimed_fields(token):
        yield Element(namespace, name, value, treatment)
