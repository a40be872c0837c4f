"""A purpose: what a face is used for, by whom, under which law, and the equal way without one.

:func:`register` is the only door: what it returns has a notice in both languages, a retention, named
recipients, a legal ground, an unbundled consent and an equal other way, and no use outside the charter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from dongui.consent.fields import Localised
from dongui.consent.legal import LegalGround
from dongui.consent.notice import Notice
from dongui.errors import Misuse, Refused

__all__ = [
    "DEFAULT_HOLDER_BINDINGS",
    "HOLDER_BINDINGS",
    "ArtefactClass",
    "DataItem",
    "OtherWay",
    "Party",
    "Purpose",
    "RegisteredPurpose",
    "Retention",
    "binding_not_accepted",
    "document_not_accepted",
]

DEFAULT_HOLDER_BINDINGS = ("device-signature", "device-mac", "key-binding", "genuine-chip")
"""What shows that a document is in its holder's hands, where a purpose does not say what is enough."""
HOLDER_BINDINGS = (*DEFAULT_HOLDER_BINDINGS, "copyable", "bearer")
"""What a purpose may accept. The last two prove nothing about the holder: a purpose has to name them."""
_VERIFICATION_USE = "verify-document-holder"  # the charter's word


class ArtefactClass(StrEnum):
    """The kinds of biometric data that one verification makes or reads (words of ISO/IEC 2382-37)."""

    PROBE_IMAGE = "probe-image"  # the camera's pictures of the person present
    REFERENCE_IMAGE = "reference-image"  # the portrait in the document
    FEATURES = "features"  # numbers computed from either, to compare them


@dataclass(frozen=True, slots=True)
class Party:
    """A controller or a recipient (ISO/IEC TS 27560, 6.3.6). ``contact`` is how a person reaches it."""

    id: str
    name: Localised
    address: Localised
    contact: str


@dataclass(frozen=True, slots=True)
class DataItem:
    """One category of data that is processed: what it is called, where it comes from, what class of artefact.

    ``artefact_class`` is None for data that is not biometric.
    """

    id: str
    name: Localised
    source: Localised
    artefact_class: ArtefactClass | None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept. ``face`` must be zero: a verification keeps none.

    ``consent_record`` counts from the end of the consent; ``text`` says all of it to the person.
    """

    face: timedelta
    consent_record: timedelta
    text: Localised


@dataclass(frozen=True, slots=True)
class OtherWay:
    """The route for whoever does not want their face processed, or where no answer can be given.

    ``extra_cost`` is in the smallest unit of the local currency; ``extra_time`` is how much longer it usually
    takes than the way by face, ``longest_extra_time`` what the operator commits itself to at most.
    """

    name: Localised
    description: Localised
    uses_biometrics: bool
    extra_cost: int
    extra_time: timedelta
    longest_extra_time: timedelta
    same_service: bool
    same_hours: bool


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose as declared, not yet judged; see :func:`dongui.consent.registration.register`.

    ``uses`` are words of the charter's vocabulary; ``consent_covers`` the ids of every purpose the same "yes"
    would stand for (its own and no other); ``consent_validity`` how long a consent lasts until it is renewed.
    ``recipients`` is None where nobody said who they are, and empty where there are none. ``documents`` are
    the types accepted, ``holder_bindings`` what must tie one to its holder, of :data:`HOLDER_BINDINGS`.
    """

    id: str
    version: int
    name: Localised
    description: Localised
    uses: tuple[str, ...]
    controller: Party | None
    legal_grounds: tuple[LegalGround, ...]
    consent_covers: tuple[str, ...]
    condition_of_service: bool
    consent_validity: timedelta | None
    data: tuple[DataItem, ...]
    retention: Retention | None
    recipients: tuple[Party, ...] | None
    collection_method: Localised
    storage_locations: tuple[str, ...]
    jurisdiction: str
    withdrawal: Localised
    rights: Localised
    other_way: OtherWay | None
    documents: tuple[str, ...]
    operating_point: str
    notices: Mapping[str, Notice] = field(repr=False)
    holder_bindings: tuple[str, ...] = DEFAULT_HOLDER_BINDINGS

    @property
    def artefact_classes(self) -> frozenset[ArtefactClass]:
        """The classes of biometric data this purpose processes."""
        return frozenset(item.artefact_class for item in self.data if item.artefact_class is not None)


@dataclass(frozen=True, slots=True)
class RegisteredPurpose:
    """A purpose that was judged and stands. Only :func:`dongui.consent.registration.register` makes one."""

    declared: Purpose
    controller: Party
    retention: Retention
    recipients: tuple[Party, ...]
    consent_validity: timedelta
    other_way: OtherWay

    @property
    def id(self) -> str:
        """The purpose's id."""
        return self.declared.id

    @property
    def version(self) -> int:
        """The version of what is declared; a consent holds for one version."""
        return self.declared.version

    def require_accepted(self, document_type: str) -> None:
        """Refuse a document of a type the purpose does not name: ``purpose.document-not-accepted``."""
        if document_type not in self.declared.documents:
            raise document_not_accepted(document_type, self.declared.documents)

    def require_verification(self) -> None:
        """Refuse a verification the purpose was not registered for: ``Misuse`` (``purpose.other-use``).

        People agreed to the uses that were declared to them, and to no other (PIPA, article 18(1)).
        """
        if _VERIFICATION_USE not in self.declared.uses:
            uses = ", ".join(self.declared.uses)
            detail = f"{self.id} is registered for {uses}; not for {_VERIFICATION_USE}"
            raise Misuse("purpose.other-use", detail)

    def notice(self, language: str) -> Notice:
        """Return the notice in ``language``, "ko" or "en"; ``KeyError`` for any other."""
        return self.declared.notices[language]


def document_not_accepted(document_type: str, accepted: Iterable[str]) -> Refused:
    """Return ``purpose.document-not-accepted`` for a document type that is not among the ``accepted`` ones.

    An issuer wrote the type: it may be as long as a document and hold what moves a terminal's cursor. Told
    are its first 80 characters, the unprintable ones replaced.
    """
    return Refused(
        "purpose.document-not-accepted", f"{_shown(document_type)}; accepted: {', '.join(accepted)}"
    )


def binding_not_accepted(binding: str, accepted: Iterable[str]) -> Refused:
    """Return ``purpose.binding-not-accepted`` for a holder binding not among the ``accepted`` ones."""
    return Refused("purpose.binding-not-accepted", f"{_shown(binding)}; accepted: {', '.join(accepted)}")


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:80])
