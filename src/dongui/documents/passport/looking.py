"""Looking at a passport's files without believing them: what they claim, each file by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from dongui.documents.authenticated import Element, Treatment
from dongui.documents.mdoc.looking import UnverifiedDocument
from dongui.documents.passport.contents import passport_elements, read_contents
from dongui.documents.passport.files import SOD, LdsFiles, file_label
from dongui.errors import Refused

__all__ = ["look"]


def look(
    files: LdsFiles, *, treatment: Literal[Treatment.UNVERIFIED, Treatment.REFUSED], at: datetime
) -> UnverifiedDocument:
    """Return every field of the zone and every file as ``treatment``; what cannot be read, as whole files.

    ``at`` tells the century of the zone's two-digit years.
    """
    elements = (
        Element(one.namespace, one.identifier, one.value, _lower(one.treatment, treatment))
        for one in _fields(files, at)
    )
    return UnverifiedDocument("icao.9303.emrtd", tuple(elements))


def _lower(found: Treatment, treatment: Treatment) -> Treatment:
    return treatment if found is Treatment.VERIFIED else found


def _fields(files: LdsFiles, at: datetime) -> Iterator[Element]:
    if files.security_object is not None:
        yield Element("icao.9303.sod", file_label(SOD), files.security_object, Treatment.VERIFIED)
    try:
        yield from passport_elements(files, read_contents(files, at=at), unsigned=frozenset())
    except Refused:
        for number, content in files.groups.items():
            yield Element(f"icao.9303.dg{number}", "file", content, Treatment.VERIFIED)
