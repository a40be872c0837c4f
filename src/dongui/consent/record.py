"""A consent record: to what somebody agreed, with the fields of ISO/IEC TS 27560:2023, 6.3.

The record itself never changes; what happens to the consent are events (:mod:`dongui.consent.events`). Texts
stand in the language the person read. The person is named by a keyed handle alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dongui.consent.legal import LegalGround
from dongui.consent.moments import utc
from dongui.consent.purpose import ArtefactClass, Party, RegisteredPurpose

__all__ = ["ConsentRecord", "RecordedItem", "RecordedParty"]


@dataclass(frozen=True, slots=True)
class RecordedParty:
    """A party as the person read it (6.3.6)."""

    id: str
    name: str
    address: str
    contact: str

    @classmethod
    def of(cls, party: Party, language: str) -> RecordedParty:
        """Take a party's texts in one language."""
        return cls(party.id, party.name[language], party.address[language], party.contact)


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """A category of data as the person read it (6.3.5). Biometric ones carry their artefact class."""

    id: str
    name: str
    source: str
    artefact_class: ArtefactClass | None


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One person's agreement to one purpose. ``id`` has 16 random bytes, ``subject`` the handle's 32."""

    id: bytes
    subject: bytes = field(repr=False)
    created_at: datetime
    notice_id: str
    notice_version: int
    notice_digest: bytes
    language: str
    purpose_id: str
    purpose_version: int
    purpose_name: str
    purpose_description: str
    uses: tuple[str, ...]
    grounds: tuple[LegalGround, ...]
    items: tuple[RecordedItem, ...]
    controller: RecordedParty
    recipients: tuple[RecordedParty, ...]
    collection_method: str
    storage_locations: tuple[str, ...]
    retention: str
    face_kept_for: timedelta
    record_kept_for: timedelta
    jurisdiction: str
    withdrawal_method: str
    rights: str
    other_way: str

    @classmethod
    def make(
        cls,
        purpose: RegisteredPurpose,
        *,
        record_id: bytes,
        subject: bytes,
        language: str,
        created_at: datetime,
    ) -> ConsentRecord:
        """Write down what ``purpose`` says in ``language``, to the person behind the handle ``subject``."""
        said, notice = purpose.declared, purpose.notice(language)
        return cls(
            id=record_id,
            subject=subject,
            created_at=utc(created_at),
            notice_id=notice.id,
            notice_version=notice.version,
            notice_digest=notice.digest,
            language=language,
            purpose_id=said.id,
            purpose_version=said.version,
            purpose_name=said.name[language],
            purpose_description=said.description[language],
            uses=said.uses,
            grounds=said.legal_grounds,
            items=tuple(
                RecordedItem(item.id, item.name[language], item.source[language], item.artefact_class)
                for item in said.data
            ),
            controller=RecordedParty.of(purpose.controller, language),
            recipients=tuple(RecordedParty.of(party, language) for party in purpose.recipients),
            collection_method=said.collection_method[language],
            storage_locations=said.storage_locations,
            retention=purpose.retention.text[language],
            face_kept_for=purpose.retention.face,
            record_kept_for=purpose.retention.consent_record,
            jurisdiction=said.jurisdiction,
            withdrawal_method=said.withdrawal[language],
            rights=said.rights[language],
            other_way=purpose.other_way.description[language],
        )

    @property
    def artefact_classes(self) -> frozenset[ArtefactClass]:
        """The classes of biometric data the person agreed to."""
        return frozenset(item.artefact_class for item in self.items if item.artefact_class is not None)
