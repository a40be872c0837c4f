"""Records and receipts are read back equal, in one form only, and nothing in them goes unread."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as draws
from hypothesis import settings
from hypothesis import strategies as st

from dongui.consent.events import EventKind
from dongui.consent.moments import read_duration, read_moment, write_duration, write_moment
from dongui.consent.receipt import ConsentReceipt
from dongui.consent.record import RecordedParty
from dongui.consent.record_form import read_fields, read_record, record_fields, write_record
from dongui.encoding import cbor
from dongui.errors import DonguiError, Misuse
from simulators.consent_office import DAY, HANDLE, NOON, event, given, record_for, registered

RECORDS = [
    record_for(registered(name), language=language)
    for name in ("airport-gate", "phone-activation")
    for language in ("ko", "en")
]
RECEIPT = ConsentReceipt(
    id=bytes(range(16, 32)),
    issued_at=NOON + DAY,
    history=given(RECORDS[0]).follow(event(EventKind.WITHDRAWN, NOON + DAY)),
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_survives_both_forms(record: Any) -> None:
    """CBOR and JSON hold the same tree and give back an equal record; the bytes are canonical."""
    data = write_record(record)
    assert read_record(data) == record
    assert write_record(read_record(data)) == data
    assert read_fields(json.loads(json.dumps(record_fields(record)))) == record


def test_a_record_with_recipients_survives() -> None:
    """Every recipient is identified once and referred to by id."""
    party = RecordedParty("auditor", "Auditor", "1 Street", "mail@auditor.example")
    record = replace(RECORDS[0], recipients=(party,))
    assert read_record(write_record(record)) == record


def test_a_receipt_survives_both_forms() -> None:
    """The person's own copy holds the whole record and every event."""
    assert ConsentReceipt.from_cbor(RECEIPT.to_cbor()) == RECEIPT
    assert ConsentReceipt.from_fields(json.loads(RECEIPT.to_json())) == RECEIPT


def test_a_receipt_names_every_field_the_standard_requires() -> None:
    """The mandatory fields of ISO/IEC TS 27560, 6.3, by its sections: header, processing, parties, events."""
    fields: Any = RECEIPT.to_fields()
    record = fields["consent_record"]
    assert {"schema_version", "record_id", "pii_principal_id"} <= record.keys()
    assert {
        "privacy_notice", "language", "purpose", "pii_information", "pii_controllers", "storage_locations",
        "retention_period", "jurisdiction", "recipient_third_parties", "withdrawal_method",
        "collection_method", "privacy_rights",
    } <= record["pii_processing"].keys()  # fmt: skip
    assert record["pii_processing"]["purpose"]["lawful_basis"]
    for party in record["party_identification"]:
        assert {"party_id", "party_name", "party_address", "party_contact", "party_role"} <= party.keys()
    for one in fields["events"]:
        assert {"event_time", "event_type", "event_state", "entity_id"} <= one.keys()
    assert fields["events"][0]["validity_duration"] == "PT2592000S"


def test_the_person_is_named_by_the_handle_alone() -> None:
    """Neither ``repr`` of a record shows the handle, nor does anything else in it depend on the person."""
    assert HANDLE.hex() not in repr(RECORDS[0])
    other = replace(RECORDS[0], subject=bytes(32))
    mine: Any = record_fields(RECORDS[0])
    theirs: Any = record_fields(other)
    assert {key for key in mine if mine[key] != theirs[key]} == {"pii_principal_id"}


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every field and element."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    return [inner for key in keys for inner in [(*path, key), *leaves(tree[key], (*path, key))]]


PATHS = leaves(RECEIPT.to_fields())


@settings(max_examples=150, deadline=None)
@draws(
    st.sampled_from(PATHS), st.sampled_from([None, "", 7, [], {}, {"a": 1}, ["x", 1], "\x00", "withdrawn"])
)
def test_a_spoilt_field_is_refused_or_changes_what_is_read(path: tuple[Any, ...], value: Any) -> None:
    """No field is ignored: put something else in its place, and reading fails by name or differs."""
    tree: Any = deepcopy(RECEIPT.to_fields())
    place = tree
    for key in path[:-1]:
        place = place[key]
    if place[path[-1]] == value:
        return
    place[path[-1]] = value
    read: ConsentReceipt | None = None
    with suppress(Misuse):
        read = ConsentReceipt.from_fields(tree)
    assert read != RECEIPT


@settings(max_examples=100, deadline=None)
@draws(st.sampled_from([path for path in PATHS if isinstance(path[-1], str)]))
def test_an_extra_field_anywhere_is_refused(path: tuple[Any, ...]) -> None:
    """A field nobody reads would be a promise nobody keeps."""
    tree: Any = deepcopy(RECEIPT.to_fields())
    place = tree
    for key in path[:-1]:
        place = place[key]
    place["unheard_of"] = "x"
    with pytest.raises(Misuse) as caught:
        ConsentReceipt.from_fields(tree)
    assert caught.value.name == "consent.malformed-record"


@settings(max_examples=150, deadline=None)
@draws(st.binary(max_size=400) | st.integers(0, 4000).map(lambda cut: RECEIPT.to_cbor()[:cut]))
def test_no_bytes_get_past_the_reader_but_a_receipts_own(data: bytes) -> None:
    """Whatever arrives is a receipt or a failure with a name."""
    if data == RECEIPT.to_cbor():
        return
    with pytest.raises(DonguiError):
        ConsentReceipt.from_cbor(data)


def test_a_receipt_with_an_impossible_history_is_refused() -> None:
    """A receipt cannot tell a life no ledger would have kept."""
    fields: Any = RECEIPT.to_fields()
    with pytest.raises(Misuse) as caught:
        ConsentReceipt.from_fields({**fields, "events": fields["events"][::-1]})
    assert caught.value.name == "consent.event-out-of-order"


def test_a_later_schema_is_named_as_such() -> None:
    """An older reader does not guess at a newer form."""
    for key in ((), ("consent_record",)):
        tree: Any = deepcopy(RECEIPT.to_fields())
        place = tree
        for step in key:
            place = place[step]
        place["schema_version"] = "dongui-consent-record-2"
        with pytest.raises(Misuse) as caught:
            ConsentReceipt.from_fields(tree)
        assert caught.value.name == "consent.unknown-schema"


def test_one_statement_has_one_spelling() -> None:
    """Another order of keys is another digest, and refused."""
    tree: Any = record_fields(RECORDS[0])
    shuffled = bytearray(b"\xa6")
    for key in tree:
        shuffled += cbor.dumps(key) + cbor.dumps(tree[key])
    assert cbor.loads(bytes(shuffled), limits=cbor.Limits(10**6, 9, 10**4)) == cbor.loads(
        write_record(RECORDS[0]), limits=cbor.Limits(10**6, 9, 10**4)
    )
    with pytest.raises(DonguiError) as caught:
        read_record(bytes(shuffled))
    assert caught.value.name == "cbor.not-canonical"


@settings(max_examples=100, deadline=None)
@draws(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_moments_survive_to_the_microsecond(moment: datetime) -> None:
    """One instant has one spelling, whatever zone it came in."""
    assert read_moment(write_moment(moment)) == moment.astimezone(UTC)


@settings(max_examples=50, deadline=None)
@draws(st.integers(0, 10**9))
def test_durations_survive(seconds: int) -> None:
    """A duration is a whole number of seconds."""
    assert read_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00.000000+00:00", "2026-02-30T12:00:00.000000Z", "now", ""],
)
def test_no_other_spelling_of_a_moment_is_read(text: str) -> None:
    """Two spellings of one instant would be two digests of one statement."""
    with pytest.raises(ValueError, match=r"moment|day is out of range"):
        read_moment(text)


@pytest.mark.parametrize("text", ["PT01S", "P1D", "PT1.5S", "PT-1S", "PT1s", ""])
def test_no_other_spelling_of_a_duration_is_read(text: str) -> None:
    """Likewise for durations."""
    with pytest.raises(ValueError, match="duration"):
        read_duration(text)
