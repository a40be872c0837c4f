"""Looking at a document of any kind without believing it: what it claims, before or after it was refused."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dongui.documents.authenticated import Treatment
from dongui.documents.mdoc.looking import UnverifiedDocument
from dongui.documents.recognising import Kind, recognise, require_known

if TYPE_CHECKING:
    from dongui.documents.staff_card.encryption import SiteKey

__all__ = ["look"]


def look(
    data: bytes | memoryview,
    *,
    treatment: Literal[Treatment.UNVERIFIED, Treatment.REFUSED],
    at: datetime,
    site_key: SiteKey | None = None,
) -> UnverifiedDocument:
    """Return every field as ``treatment``. ``at`` tells the century of a passport's two-digit years,
    ``site_key`` opens a card encrypted to this site.

    Raises ``Refused``: ``document.kind-unknown``; as the ``look`` of the kind the bytes claim: names that
    speak of structure.
    """
    kind = recognise(data)
    require_known(data)
    if kind is Kind.PASSPORT:
        from dongui.documents.authenticating import passport_files
        from dongui.documents.passport import looking as passport

        return passport.look(passport_files(data), treatment=treatment, at=at)
    if kind is Kind.SD_JWT:
        from dongui.documents.sd_jwt import looking as sd_jwt

        return sd_jwt.look(data, treatment=treatment)
    if kind is Kind.STAFF_CARD:
        from dongui.documents.staff_card import looking as staff_card

        return staff_card.look(data, site_key=site_key, treatment=treatment)
    from dongui.documents.mdoc import looking as mdoc

    return mdoc.look(data, treatment=treatment)
