"""The written form of a consent record: one tree of text, lists and tables, in CBOR and in JSON alike."""

from __future__ import annotations

from typing import TypeAlias

from dongui.consent import malformed
from dongui.consent.fields import LANGUAGES, Table
from dongui.consent.legal import LegalGround
from dongui.consent.moments import read_duration, read_moment, write_duration, write_moment
from dongui.consent.purpose import ArtefactClass
from dongui.consent.record import ConsentRecord, RecordedItem, RecordedParty
from dongui.encoding import cbor

__all__ = [
    "LIMITS",
    "SCHEMA_VERSION",
    "Fields",
    "read_fields",
    "read_record",
    "record_fields",
    "write_record",
]

SCHEMA_VERSION = "dongui-consent-record-1"
"""The form written by this version; spec/consent-record.md describes it."""

LIMITS = cbor.Limits(max_bytes=256 * 1024, max_depth=8, max_items=4096)
"""The most a record or receipt may hold, in bytes, nesting levels and data items."""

Fields: TypeAlias = "dict[str, str | list[str] | Fields | list[Fields]]"
"""A tree of text, lists and tables."""


def write_record(record: ConsentRecord) -> bytes:
    """Return the canonical encoding (RFC 8949, 4.2.1) of :func:`record_fields`."""
    return cbor.dumps(record_fields(record))


def read_record(data: bytes) -> ConsentRecord:
    """Read a canonical record. Raises ``Refused`` (``cbor.*``) and what :func:`read_fields` raises."""
    return read_fields(cbor.loads_canonical(data, limits=LIMITS))


def record_fields(record: ConsentRecord) -> Fields:
    """Return the record in the words of ISO/IEC TS 27560: text, lists and tables only.

    JSON and CBOR hold this same tree; ids and digests are lower-case hexadecimal.
    """
    parties = [(record.controller, "pii-controller"), *((party, "recipient") for party in record.recipients)]
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": record.id.hex(),
        "created_at": write_moment(record.created_at),
        "pii_principal_id": record.subject.hex(),
        "pii_processing": _processing_fields(record),
        "party_identification": [_party_fields(party, role) for party, role in parties],
    }


def _processing_fields(record: ConsentRecord) -> Fields:
    return {
        "privacy_notice": {
            "id": record.notice_id,
            "version": str(record.notice_version),
            "sha256": record.notice_digest.hex(),
        },
        "language": record.language,
        "purpose": {
            "id": record.purpose_id,
            "version": str(record.purpose_version),
            "name": record.purpose_name,
            "description": record.purpose_description,
            "purpose_type": list(record.uses),
            "lawful_basis": [_ground_fields(ground) for ground in record.grounds],
        },
        "pii_information": [_item_fields(item) for item in record.items],
        "pii_controllers": [record.controller.id],
        "collection_method": record.collection_method,
        "storage_locations": list(record.storage_locations),
        "retention_period": {
            "text": record.retention,
            "face": write_duration(record.face_kept_for),
            "consent_record": write_duration(record.record_kept_for),
        },
        "jurisdiction": record.jurisdiction,
        "recipient_third_parties": [party.id for party in record.recipients],
        "withdrawal_method": record.withdrawal_method,
        "privacy_rights": record.rights,
        "other_way": record.other_way,
    }


def read_fields(content: object) -> ConsentRecord:
    """Read what :func:`record_fields` wrote; every field is accounted for.

    Raises ``Misuse``: ``consent.malformed-record``, ``consent.unknown-schema``.
    """
    table = malformed.table(content, "")
    malformed.check_schema(table.text("schema_version"), SCHEMA_VERSION)
    head = (table.text("record_id"), table.text("pii_principal_id"), table.text("created_at"))
    processing = table.table("pii_processing")
    parties = dict(_read_party(entry) for entry in table.tables("party_identification"))
    table.end()
    with malformed.values("record"):
        return _read(head, processing, parties)


def _party_fields(party: RecordedParty, role: str) -> Fields:
    return {
        "party_id": party.id,
        "party_role": role,
        "party_name": party.name,
        "party_address": party.address,
        "party_contact": party.contact,
    }


def _read_party(table: Table) -> tuple[str, RecordedParty]:
    if table.text("party_role") not in ("pii-controller", "recipient"):
        raise malformed.fault("party_role must be pii-controller or recipient")
    party = RecordedParty(
        id=table.text("party_id"),
        name=table.text("party_name"),
        address=table.text("party_address"),
        contact=table.text("party_contact"),
    )
    table.end()
    return party.id, party


def _ground_fields(ground: LegalGround) -> Fields:
    return {"pack": ground.pack, "articles": list(ground.articles)}


def _item_fields(item: RecordedItem) -> Fields:
    fields: Fields = {"pii_type": item.id, "name": item.name, "source": item.source}
    if item.artefact_class is not None:
        fields["special_pii_category"] = "biometric"
        fields["artefact_class"] = item.artefact_class.value
    return fields


def _read_item(table: Table) -> RecordedItem:
    biometric = table.optional_text("special_pii_category")
    artefact = table.optional_text("artefact_class")
    if (biometric, bool(artefact)) not in (("biometric", True), ("", False)):
        raise malformed.fault("special_pii_category and artefact_class go together")
    item = RecordedItem(
        id=table.text("pii_type"),
        name=table.text("name"),
        source=table.text("source"),
        artefact_class=ArtefactClass(artefact) if artefact else None,
    )
    table.end()
    return item


def _read_grounds(tables: list[Table]) -> tuple[LegalGround, ...]:
    grounds = []
    for table in tables:
        grounds.append(LegalGround(table.text("pack"), table.texts("articles")))
        table.end()
    return tuple(grounds)


def _read(head: tuple[str, str, str], table: Table, parties: dict[str, RecordedParty]) -> ConsentRecord:
    notice, purpose, retention = (
        table.table(key) for key in ("privacy_notice", "purpose", "retention_period")
    )
    controllers = table.texts("pii_controllers")
    recipients = table.texts("recipient_third_parties")
    language = table.text("language")
    if len(controllers) != 1 or set(parties) != {*controllers, *recipients} or language not in LANGUAGES:
        raise malformed.fault("one controller, every party identified once, and a language of ko or en")
    record = ConsentRecord(
        id=malformed.octets(head[0], size=16, what="record_id"),
        subject=malformed.octets(head[1], size=32, what="pii_principal_id"),
        created_at=read_moment(head[2]),
        notice_id=notice.text("id"),
        notice_version=malformed.number(notice.text("version")),
        notice_digest=malformed.octets(notice.text("sha256"), size=32, what="privacy_notice.sha256"),
        language=language,
        purpose_id=purpose.text("id"),
        purpose_version=malformed.number(purpose.text("version")),
        purpose_name=purpose.text("name"),
        purpose_description=purpose.text("description"),
        uses=purpose.texts("purpose_type"),
        grounds=_read_grounds(purpose.tables("lawful_basis")),
        items=tuple(_read_item(entry) for entry in table.tables("pii_information")),
        controller=parties[controllers[0]],
        recipients=tuple(parties[recipient] for recipient in recipients),
        collection_method=table.text("collection_method"),
        storage_locations=table.texts("storage_locations"),
        retention=retention.text("text"),
        face_kept_for=read_duration(retention.text("face")),
        record_kept_for=read_duration(retention.text("consent_record")),
        jurisdiction=table.text("jurisdiction"),
        withdrawal_method=table.text("withdrawal_method"),
        rights=table.text("privacy_rights"),
        other_way=table.text("other_way"),
    )
    for part in (notice, purpose, retention, table):
        part.end()
    return record
