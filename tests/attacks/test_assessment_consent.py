"""Nobody is measured who did not agree: every way to slip a picture in is stopped by name."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dongui.assessment.acquisition import acquire_people
from dongui.assessment.consent_ground import (
    ASSESSMENT_USE,
    ConsentedTable,
    ConsentOffice,
    SignedDeclaration,
    declare_pictures,
    require_consent,
)
from dongui.assessment.declaration import Declaration, read_declaration, sign_declaration
from dongui.assessment.people_table import read_people_table
from dongui.biometrics.instruments import Instruments
from dongui.consent.events import EventKind, History
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.registration import register
from dongui.desk.desk import models_cache
from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused
from dongui.log.keys import SignerKey
from simulators import consent_office
from simulators.assessment_people import write_table
from simulators.biometric_data import person

NOW = consent_office.NOON + timedelta(days=1)
RECORDS = ["00" * 15 + f"{number:02x}" for number in (1, 2)]
KEY = SignerKey.generate("holder.example", entropy=SystemEntropy())


def pictures(folder: Path, consents: Sequence[str]) -> Path:
    """A table of two people with two pictures each; the consents row by row."""
    rows = []
    for number, consent in enumerate(consents):
        name = f"{number}.png"
        noise = np.random.default_rng(number).integers(0, 255, (80, 80, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
        rows.append({"person": "ab"[number // 2], "file": name, "consent": consent})
    return write_table(folder / "people.csv", rows)


def purpose(*uses: str) -> RegisteredPurpose:
    return register(dataclasses.replace(consent_office.declared(), uses=uses))


def office(*, uses: Sequence[str] = (ASSESSMENT_USE,), withdrawn: bool = False) -> ConsentOffice:
    """A ledger in which two people agreed to a purpose with these uses."""
    registered = purpose(*uses)
    histories: dict[bytes, History] = {}
    for record in RECORDS:
        key = bytes.fromhex(record)
        history = consent_office.given(consent_office.record_for(registered, record_id=key))
        if withdrawn:
            at = consent_office.NOON + timedelta(hours=1)
            history = history.follow(consent_office.event(EventKind.WITHDRAWN, at, record_id=key))
        histories[key] = history

    def found(record: bytes) -> History:
        if record not in histories:
            raise Misuse("consent.unknown-record", record.hex())
        return histories[record]

    return ConsentOffice(found, lambda _id: registered, registered.controller.id)


def declared(
    path: Path, *, name: str = "set", begins: date = date(2026, 11, 1), ends: date = date(2027, 1, 1)
) -> SignedDeclaration:
    digest, _ = declare_pictures(read_people_table(path), name)
    made = Declaration(name, "Holder", "A set", "asked and agreed", begins, ends, digest)
    note = sign_declaration(made, key=KEY)
    read = read_declaration(note, key=KEY.verifier)
    return SignedDeclaration(read, KEY.name, hashlib.sha256(note).hexdigest())


def require(
    path: Path,
    *,
    ledger: ConsentOffice | None = None,
    declarations: Sequence[SignedDeclaration] = (),
) -> ConsentedTable:
    return require_consent(read_people_table(path), office=ledger, declarations=declarations, at=NOW)


def stopped_by(path: Path, **given: object) -> str:
    with pytest.raises(DonguiError) as stopped:
        require(path, **given)  # type: ignore[arg-type]
    assert ".png" not in stopped.value.detail
    return stopped.value.name


def test_each_person_s_own_consent_is_enough(tmp_path: Path) -> None:
    """Two people, each with a record to a purpose that names the assessment."""
    path = pictures(tmp_path, [RECORDS[0], RECORDS[0], RECORDS[1], RECORDS[1]])
    consented = require(path, ledger=office())
    assert consented.records == 2
    assert consented.declarations == {}


@pytest.mark.parametrize(
    ("consent", "name"),
    [
        ("", "assessment.consent-missing"),
        ("yes", "assessment.consent-unknown"),
        ("n/a", "assessment.consent-unknown"),
        (RECORDS[0].upper() + "F", "assessment.consent-unknown"),
        ("declaration:", "assessment.consent-unknown"),
        ("declaration:SET", "assessment.consent-unknown"),
        ("declaration:other", "assessment.declaration-not-given"),
        ("ff" * 16, "consent.unknown-record"),
        (RECORDS[0], "assessment.consent-of-another"),
    ],
)
def test_one_row_without_a_ground_stops_the_whole(tmp_path: Path, consent: str, name: str) -> None:
    """Three sound rows do not carry a fourth whose consent is missing, made up, or somebody else's."""
    path = pictures(tmp_path, [RECORDS[0], RECORDS[0], RECORDS[1], consent])
    assert stopped_by(path, ledger=office()) == name


def test_a_consent_to_something_else_is_none(tmp_path: Path) -> None:
    """Whoever agreed to be verified at a gate did not agree to be measured."""
    path = pictures(tmp_path, [RECORDS[0], RECORDS[0], RECORDS[1], RECORDS[1]])
    assert stopped_by(path, ledger=office(uses=["verify-document-holder"])) == "assessment.consent-other-use"


def test_a_withdrawn_consent_is_none(tmp_path: Path) -> None:
    """A withdrawal counts from its moment on."""
    path = pictures(tmp_path, [RECORDS[0], RECORDS[0], RECORDS[1], RECORDS[1]])
    assert stopped_by(path, ledger=office(withdrawn=True)) == "consent.withdrawn"


def test_a_record_without_its_ledger_is_none(tmp_path: Path) -> None:
    """Thirty-two digits prove nothing without the desk that holds them."""
    path = pictures(tmp_path, [RECORDS[0], RECORDS[0], RECORDS[1], RECORDS[1]])
    assert stopped_by(path) == "assessment.desk-not-given"


def test_a_declaration_covers_its_own_pictures_alone(tmp_path: Path) -> None:
    """A picture exchanged, added, left out or given to another person is not covered."""
    path = pictures(tmp_path, ["declaration:set"] * 4)
    note = declared(path)
    assert require(path, declarations=[note]).declarations == {"set": 4}
    sound, original = path.read_text(), (tmp_path / "3.png").read_bytes()
    shutil.copyfile(tmp_path / "0.png", tmp_path / "4.png")
    Image.fromarray(np.zeros((90, 90, 3), np.uint8)).save(tmp_path / "3.png")
    assert stopped_by(path, declarations=[note]) == "assessment.declaration-other-pictures"
    (tmp_path / "3.png").write_bytes(original)
    for altered in (
        sound + "b,4.png,declaration:set\n",
        "\n".join(sound.splitlines()[:-1]) + "\n",
        sound.replace("b,3.png", "a,3.png"),
    ):
        path.write_text(altered)
        assert stopped_by(path, declarations=[note]) == "assessment.declaration-other-pictures"
    # Labels and the order of rows are nobody's consent.
    header, *rows = sound.splitlines()
    path.write_text("\n".join([header, *reversed(rows)]).replace("a,", "x,") + "\n")
    require(path, declarations=[note])


def test_a_declaration_holds_for_its_days(tmp_path: Path) -> None:
    """Not before the first, not after the last, and on both."""
    path = pictures(tmp_path, ["declaration:set"] * 4)
    today = NOW.date()
    day = timedelta(days=1)
    require(path, declarations=[declared(path, begins=today, ends=today)])
    for begins, ends in ((today + day, today + day), (today - day, today - day)):
        note = declared(path, begins=begins, ends=ends)
        assert stopped_by(path, declarations=[note]) == "assessment.declaration-expired"


def test_a_picture_exchanged_after_the_check_is_noticed(tmp_path: Path) -> None:
    """Between the check of the declaration and the measurement nobody slips another face in."""
    rows = []
    for number in ("04", "05"):
        shutil.copyfile(person(number, "portrait"), tmp_path / f"{number}.jpg")
        rows.append({"person": number, "file": f"{number}.jpg", "consent": "declaration:set"})
    path = write_table(tmp_path / "people.csv", rows)
    consented = require(path, declarations=[declared(path)])
    shutil.copyfile(person("09", "portrait"), tmp_path / "05.jpg")
    instruments = Instruments.load(cache=models_cache(), progress=lambda _said: None)
    with pytest.raises(Refused) as refused:
        acquire_people(consented, instruments=instruments, at_once=16, progress=lambda _said: None)
    assert refused.value.name == "assessment.declaration-other-pictures"


def test_a_declaration_is_what_its_holder_signed(tmp_path: Path) -> None:
    """Another key, another word, another order or another spelling: refused by name."""
    path = pictures(tmp_path, ["declaration:set"] * 4)
    digest, _ = declare_pictures(read_people_table(path), "set")
    made = Declaration("set", "Holder", "A set", "agreed", date(2026, 11, 1), date(2027, 1, 1), digest)
    stranger = SignerKey.generate("stranger.example", entropy=SystemEntropy())
    with pytest.raises(Refused) as refused:
        read_declaration(sign_declaration(made, key=stranger), key=KEY.verifier)
    assert refused.value.name == "log.note-not-signed-by-key"
    note = sign_declaration(made, key=KEY)
    with pytest.raises(Refused) as refused:
        read_declaration(note.replace(b"A set", b"B set"), key=KEY.verifier)
    assert refused.value.name == "log.note-signature-invalid"

    from dongui.log.note import sign_note

    text = made.text()
    for altered, name in (
        (text.replace("covers: assessment", "covers: training"), "assessment.declaration-other-use"),
        (text.replace("declaration/1", "declaration/2"), "assessment.declaration-malformed"),
        (text + "covers: training\n", "assessment.declaration-malformed"),
        (text.replace("until: 2027-01-01", "until: 2027-1-1"), "assessment.declaration-malformed"),
        (text.replace("until: 2027-01-01", "until: 20270101"), "assessment.declaration-malformed"),
        (text.replace("holder: Holder", "holder:  Holder"), "assessment.declaration-malformed"),
        (text.replace(digest.hex(), digest.hex().upper()), "assessment.declaration-malformed"),
        (text.replace("until: 2027", "until: 2025"), "assessment.declaration-malformed"),
    ):
        with pytest.raises(Refused) as refused:
            read_declaration(sign_note(altered, key=KEY), key=KEY.verifier)
        assert refused.value.name == name, altered


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("b,3.png", "b,../3.png", "assessment.path-outside"),
        ("b,3.png", "b,/etc/hostname", "assessment.path-outside"),
        ("b,3.png", "b,..\\3.png", "assessment.path-outside"),
        ("b,3.png", "b,link.png", "assessment.path-outside"),
        ("b,3.png", "b,none.png", "assessment.picture-not-readable"),
        ("b,3.png", "b,2.png", "assessment.table-malformed"),
        ("b,3.png", ",3.png", "assessment.table-malformed"),
        ("b,3.png", "b,", "assessment.table-malformed"),
        ("b,3.png", "b,x\x1b[2J.png", "assessment.table-malformed"),
        ("b,", "a,", "assessment.too-few-people"),
        ("person,file,consent", "person,file", "assessment.table-malformed"),
        ("person,file,consent", "person,file,ground", "assessment.table-malformed"),
        ("person,file,consent", "person,person,file,consent", "assessment.table-malformed"),
        ("person,file,consent", "", "assessment.table-malformed"),
    ],
)
def test_a_table_leads_nowhere_else(tmp_path: Path, old: str, new: str, name: str) -> None:
    """Paths out of the folder, missing columns, files twice: named, and no file's name in the message."""
    path = pictures(tmp_path, ["declaration:set"] * 4)
    note = declared(path)
    (tmp_path.parent / "outside.png").write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(tmp_path.parent / "outside.png")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert stopped_by(path, declarations=[note]) == name
