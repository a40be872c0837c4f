"""From a consent to a printed card, to the door, to a lost card: with the command line and a real face."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.attack_detection.parallax import TurnAssessment
from dongui.biometrics.comparison import ComparisonDecision, compare
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_point
from dongui.biometrics.probe import Probe
from dongui.biometrics.protected_templates import for_protected_templates, reference_from_card
from dongui.biometrics.reference import take_reference
from dongui.cli.main import run
from dongui.consent.receipt import ConsentReceipt
from dongui.demo.cast import portrait
from dongui.desk import Desk
from dongui.desk.cards import CardRoom
from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.staff_card.from_frames import read_frames
from dongui.documents.staff_card.verifying import authenticate, card_id_of, claimed_card_id
from dongui.documents.status import StatusEvidence
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Refused, Undetermined
from simulators.seen_cards import seen

CONTROLLER = {"id": "saebom.example", "name-ko": "새봄", "name-en": "Saebom", "address-ko": "서울"}
CONTROLLER |= {"address-en": "Seoul", "contact": "privacy@saebom.example"}


@dataclass
class Office:
    """A desk prepared for staff cards, worked from its terminal."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def desk(self) -> Path:
        return self.folder / "desk"

    def give(self, *arguments: str) -> tuple[int, dict[str, object]]:
        with pytest.raises(SystemExit) as end:
            run([*arguments, "--json"])
        assert isinstance(end.value.code, int)
        self.said = self.capture.readouterr()
        answer = json.loads(self.said.out)
        return end.value.code, answer.get("result") or answer["failure"]

    def prepare(self) -> None:
        options = [part for name, value in CONTROLLER.items() for part in (f"--{name}", value)]
        assert self.give("desk", "create", str(self.desk), *options)[0] == 0
        assert self.give("card", "prepare", "--desk", str(self.desk), "--issuer", "cards.example")[0] == 0

    def consent(self, number: str = "E-1") -> str:
        code, said = self.give(
            "card", "consent", "--desk", str(self.desk), "--number", number, "--notice", "ko"
        )
        assert code == 0
        copy = ConsentReceipt.from_fields(said["receipt"])
        assert copy.history.record.id.hex() == said["record_id"], "the employee's copy is handed out too"
        return str(said["record_id"])

    def issue(self, consent: str, *, number: str = "E-1", out: str = "card") -> tuple[int, dict[str, object]]:
        picture = self.folder / "portrait.jpg"
        picture.write_bytes(portrait("05"))
        return self.give(
            *("issue", "staff-card", "--desk", str(self.desk), "--portrait", str(picture)),
            *("--consent", consent, "--number", number, "--name", "Marigold Nobody"),
            *("--out", str(self.folder / out)),
        )

    def room(self) -> tuple[Desk, CardRoom]:
        desk = Desk(self.desk, clock=SystemClock(), entropy=SystemEntropy())
        return desk, CardRoom(desk)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    made = Office(tmp_path, capsys)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def instruments() -> Instruments:
    return Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=lambda _: None)


def shown(office: Office, folder: str = "card") -> str:
    """The card's text, as the camera at the door reads it."""
    frame = seen(Image.open(office.folder / folder / "card.png"), scale=0.42)
    return read_frames([np.full_like(frame, 60), frame])


def authentic(room: CardRoom, text: str) -> AuthenticatedDocument:
    return authenticate(
        text,
        issuers=room.issuers,
        site_key=room.site_key,
        register=room.register,
        clock=room.desk.clock,
        status=StatusEvidence.none(),
    )


def probe_of(person: str, instruments: Instruments) -> Probe:
    """Somebody before the camera, their turn taken as made."""
    taken = take_reference(memoryview(portrait(person)), instruments=instruments)
    return Probe(taken.template, TurnAssessment.__new__(TurnAssessment), taken.pipeline_digest)


def test_a_card_opens_the_door_for_its_holder_alone(office: Office, instruments: Instruments) -> None:
    """Consent, card, camera, authentication, comparison; another face is not mated; nothing is left."""
    record = office.consent()
    code, said = office.issue(record)
    assert code == 0
    assert said["consent_record"] == record
    text = shown(office)
    point = for_protected_templates(operating_point("dlib-resnet-v1-london"))
    desk, room = office.room()
    with desk, room:
        document = authentic(room, text)
        assert claimed_card_id(text, site_key=room.site_key) == card_id_of(document)
        secret = room.register.look_up(card_id_of(document)).secret
        decisions = {}
        for person in ("05", "04"):
            reference = reference_from_card(document.template or b"", secret=secret, instruments=instruments)
            decisions[person] = compare(
                reference, probe_of(person, instruments), operating_point=point, accept_unassessed=True
            )
        newer = replace(instruments, pipeline_digest=bytes(32))
        with pytest.raises(Undetermined) as caught:
            reference_from_card(document.template or b"", secret=secret, instruments=newer)
        assert caught.value.name == "staff-card.needs-reenrolment"
    assert decisions["05"] is ComparisonDecision.MATED
    assert decisions["04"] is not ComparisonDecision.MATED
    written = [path for path in office.folder.rglob("*") if path.is_file() and path.suffix != ".jpg"]
    template = document.template or b""
    assert all(template[17:] not in path.read_bytes() for path in written)


def test_a_lost_card_is_revoked(office: Office) -> None:
    """After the one command no copy of it works; a new card does, until the consent is withdrawn."""
    record = office.consent()
    _, said = office.issue(record)
    text = shown(office)
    code, revoked = office.give("card", "revoke", str(said["card_id"]), "--desk", str(office.desk))
    assert (code, revoked["state"]) == (0, "revoked")
    assert office.issue(record, out="new")[0] == 0
    desk, room = office.room()
    with desk, room:
        with pytest.raises(Refused) as caught:
            authentic(room, text)
        assert caught.value.name == "staff-card.revoked"
        newer = shown(office, "new")
        assert authentic(room, newer).kind == "staff-card"
    # Whoever withdraws has no card any more: the secret goes when the card room is next opened.
    assert office.give("consent", "withdraw", record, "--desk", str(office.desk))[0] == 0
    desk, room = office.room()
    with desk, room, pytest.raises(Refused) as caught:
        authentic(room, newer)
    assert caught.value.name == "staff-card.revoked"
    listed = office.give("card", "list", "--desk", str(office.desk))[1]["cards"]
    assert isinstance(listed, list)
    assert [card["state"] for card in listed] == ["revoked", "revoked"]


def test_no_consent_no_card_and_the_other_way_is_named(office: Office) -> None:
    """Refused before the picture is looked at; nothing is registered, nothing written."""
    record = office.consent()
    code, said = office.issue(record, number="E-2")
    assert (code, said["name"]) == (1, "consent.other-person")
    assert "reception" in office.said.err.lower()
    assert office.give("consent", "withdraw", record, "--desk", str(office.desk))[0] == 0
    code, said = office.issue(record)
    assert (code, said["name"]) == (1, "consent.withdrawn")
    assert office.issue("00" * 16)[1]["name"] == "consent.unknown-record"
    assert office.give("card", "list", "--desk", str(office.desk))[1]["cards"] == []
    assert not (office.folder / "card").exists()


def test_a_picture_nothing_can_be_told_from_makes_no_card(office: Office) -> None:
    """Undetermined, the other way named, and no entry in the register."""
    record = office.consent()
    blank = office.folder / "blank.png"
    Image.new("RGB", (400, 500), (128, 128, 128)).save(blank)
    code, said = office.give(
        *("issue", "staff-card", "--desk", str(office.desk), "--portrait", str(blank), "--consent", record),
        *("--number", "E-1", "--name", "Marigold Nobody", "--out", str(office.folder / "card")),
    )
    assert (code, said["name"]) == (3, "portrait.no-face")
    assert office.give("card", "list", "--desk", str(office.desk))[1]["cards"] == []


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("show", "00" * 16), "card.unknown"),
        (("revoke", "not an id"), "card.unknown"),
        (("prepare", "--issuer", "again"), "file.exists"),
        (("prepare", "--issuer", "with space"), "staff-card.issuer-malformed"),
        (("consent", "--number", "1", "--notice", "en", "--purpose", "airport-gate"), None),
    ],
)
def test_mistakes_are_named(office: Office, arguments: tuple[str, ...], name: str | None) -> None:
    """Each in its own words; a purpose that takes no staff cards is refused."""
    code, said = office.give("card", *arguments, "--desk", str(office.desk))
    assert (code, said["name"]) == ((2, name) if name else (1, "purpose.document-not-accepted"))


def test_a_desk_without_a_card_room_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And how to make one; an option without its other half is named too."""
    office = Office(tmp_path, capsys)
    options = [part for key, value in CONTROLLER.items() for part in (f"--{key}", value)]
    office.give("desk", "create", str(office.desk), *options)
    code, said = office.give("card", "list", "--desk", str(office.desk))
    assert (code, said["name"]) == (2, "card.not-prepared")
