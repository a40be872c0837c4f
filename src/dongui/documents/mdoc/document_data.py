"""What a document says: its elements, checked before anything is signed.

An issuer's signature is a promise about every element, so an issuer here cannot sign what it has not looked
at: only :func:`read_document_data` makes a :class:`DocumentData`, and only a :class:`DocumentData` is issued.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import cast

from dongui.documents.mdoc.element_kinds import (
    Kind,
    as_flag,
    as_full_date,
    as_moment,
    as_number,
    as_portrait,
    as_privileges,
    as_text,
    country_code,
)
from dongui.encoding.cbor import CborValue, Tagged
from dongui.errors import Misuse

__all__ = ["LICENCE", "STAFF", "DocumentData", "DocumentKind", "read_document_data"]


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A document type: its one namespace, and each element it knows with the form of its value.

    ``pattern`` admits a family of further elements (``age_over_NN``) of one form.
    """

    document_type: str
    namespace: str
    mandatory: Mapping[str, Kind]
    optional: Mapping[str, Kind]
    pattern: tuple[re.Pattern[str], Kind] | None = None

    def kind_of(self, identifier: str) -> Kind | None:
        """Return the form of an element's value, ``None`` for an element this document does not know."""
        known = self.mandatory.get(identifier) or self.optional.get(identifier)
        if known is None and self.pattern is not None and self.pattern[0].fullmatch(identifier):
            return self.pattern[1]
        return known


# ISO/IEC 18013-5, 7.2.1, table 5. Left out: biometric_template_xx, because a template in a document could be
# compared without a face ever being shown.
LICENCE = DocumentKind(
    document_type="org.iso.18013.5.1.mDL",
    namespace="org.iso.18013.5.1",
    mandatory={
        "family_name": as_text,
        "given_name": as_text,
        "birth_date": as_full_date,
        "issue_date": as_full_date,
        "expiry_date": as_full_date,
        "issuing_country": country_code,
        "issuing_authority": as_text,
        "document_number": as_text,
        "portrait": as_portrait,
        "driving_privileges": as_privileges,
        "un_distinguishing_sign": as_text,
    },
    optional={
        "administrative_number": as_text,
        "sex": as_number,
        "height": as_number,
        "weight": as_number,
        "eye_colour": as_text,
        "hair_colour": as_text,
        "birth_place": as_text,
        "resident_address": as_text,
        "portrait_capture_date": as_moment,
        "age_in_years": as_number,
        "age_birth_year": as_number,
        "issuing_jurisdiction": as_text,
        "nationality": country_code,
        "resident_city": as_text,
        "resident_state": as_text,
        "resident_postal_code": as_text,
        "resident_country": country_code,
        "family_name_national_character": as_text,
        "given_name_national_character": as_text,
    },
    pattern=(re.compile(r"age_over_[0-9]{2}"), as_flag),
)

# Our own document for an organisation's staff: docs/reference/staff-document.md. The elements that name the
# document bear the licence's names, so that one rule finds country, authority and number in both.
STAFF = DocumentKind(
    document_type="org.dongui.staff.1",
    namespace="org.dongui.staff.1",
    mandatory={
        "family_name": as_text,
        "given_name": as_text,
        "portrait": as_portrait,
        "issue_date": as_full_date,
        "expiry_date": as_full_date,
        "issuing_country": country_code,
        "issuing_authority": as_text,
        "document_number": as_text,
    },
    optional={
        "birth_date": as_full_date,
        "role": as_text,
        "department": as_text,
        "portrait_capture_date": as_moment,
        "family_name_national_character": as_text,
        "given_name_national_character": as_text,
    },
)


@dataclass(frozen=True, slots=True)
class DocumentData:
    """A document's elements, complete and well-formed, ready to be issued. ``repr`` shows no value."""

    kind: DocumentKind = field(repr=False)
    elements: Mapping[str, CborValue] = field(repr=False)

    @property
    def country(self) -> str:
        """The issuing country, ISO 3166-1 alpha-2."""
        return str(self.elements["issuing_country"])

    @property
    def jurisdiction(self) -> str | None:
        """The issuing jurisdiction, where the document names one."""
        value = self.elements.get("issuing_jurisdiction")
        return None if value is None else str(value)

    @property
    def expires(self) -> date:
        """The last day of the document itself, which no signature over it may outlive."""
        return _day(self.elements["expiry_date"])


def read_document_data(
    kind: DocumentKind, values: Mapping[str, object], *, portrait: bytes | memoryview
) -> DocumentData:
    """Check ``values`` (plain JSON values, dates as ``YYYY-MM-DD``) and the encoded ``portrait``.

    Raises ``Misuse``: ``issuing.missing-element``, ``issuing.unknown-element``, ``issuing.bad-element``,
    ``issuing.portrait-not-jpeg``, ``issuing.portrait-too-large``, ``issuing.dates-reversed``. A message names
    the element and what is wanted, never the value.
    """
    given = {**values, "portrait": portrait}
    for identifier in kind.mandatory:
        if identifier not in given:
            raise Misuse("issuing.missing-element", f"{kind.document_type} needs {identifier}")
    elements: dict[str, CborValue] = {}
    for identifier, value in given.items():
        form = kind.kind_of(identifier)
        if form is None or (identifier == "portrait" and "portrait" in values):
            raise Misuse(
                "issuing.unknown-element", f"{kind.document_type} has no element {identifier!r} here"
            )
        elements[identifier] = form(identifier, value)
    data = DocumentData(kind, elements)
    _require_order(data)
    return data


def _require_order(data: DocumentData) -> None:
    dates = [name for name in ("birth_date", "issue_date", "expiry_date") if name in data.elements]
    for earlier, later in pairwise(dates):
        if _day(data.elements[earlier]) >= _day(data.elements[later]):
            raise Misuse("issuing.dates-reversed", f"{earlier} must lie before {later}")


def _day(value: CborValue) -> date:
    return date.fromisoformat(str(cast(Tagged, value).value))
