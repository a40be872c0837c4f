"""``dongui consent`` at a real desk, with documents of a real issuer: give, list, show, withdraw."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.cli.main import run
from dongui.consent.events import EventKind
from dongui.consent.receipt import ConsentReceipt
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.profiles import shipped_profiles
from simulators.mdoc_issuance import Issuer, a_licence, a_staff_card, an_issuer

CONTROLLER = ControllerEntry(
    id="port.example",
    name_ko="우리항만",
    name_en="Our Port",
    address_ko="부산",
    address_en="Busan",
    contact="privacy@port.example",
)
EARLIER = FixedClock(SystemClock().now() - timedelta(hours=1))


class Office:
    """A desk, an issuer it trusts and a person's licence; runs commands there."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture
        self.desk, self.trust, self.folder = folder / "desk", folder / "trust", folder
        create_desk(self.desk, CONTROLLER, entropy=SystemEntropy())
        self.issuer = an_issuer(clock=EARLIER)
        self.trust.mkdir()
        (self.trust / "iaca.pem").write_bytes(self.issuer.root.public_bytes(Encoding.PEM))

    def document(self, name: str = "licence", *, issuer: Issuer | None = None, **elements: object) -> Path:
        path = self.folder / name
        holder = a_licence(issuer or self.issuer, elements=elements, clock=EARLIER)
        path.write_bytes(holder.issuer_signed)
        return path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            run([*arguments, "--desk", str(self.desk)])
        assert isinstance(end.value.code, int)
        out, err = self.capture.readouterr()
        return end.value.code, out, err

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, out, _ = self.run(*arguments, "--json")
        return code, json.loads(out)

    def give(self, document: Path, purpose: str = "airport-gate", *more: str) -> tuple[int, Any]:
        arguments = ["--purpose", purpose, "--document", str(document), "--trust", str(self.trust)]
        return self.json("consent", "give", *arguments, "--notice", "ko", *more)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(tmp_path, capsys)


def test_a_consent_is_given_listed_shown_and_withdrawn(office: Office) -> None:
    """The whole life from the command line; the state follows, and the controller is the desk's own."""
    code, answer = office.give(office.document())
    assert code == 0
    record = answer["result"]["record"]
    assert answer["result"]["state"] == "given"
    code, answer = office.json("consent", "list")
    assert [(one["record"], one["state"]) for one in answer["result"]["records"]] == [(record, "given")]
    code, answer = office.json("consent", "show", record)
    assert answer["result"]["consent_record"]["party_identification"][0]["party_name"] == "우리항만"
    code, out, _ = office.run("consent", "withdraw", record, "--language", "en")
    assert (code, out.splitlines()[0]) == (0, f"Consent {record} is withdrawn.")
    code, answer = office.json("consent", "list", "--purpose", "airport-gate")
    assert [one["state"] for one in answer["result"]["records"]] == ["withdrawn"]
    code, out, _ = office.run("consent", "show", record, "--language", "ko")
    assert "철회" in out
    code, answer = office.json("consent", "withdraw", record)
    assert (code, answer["failure"]["name"]) == (2, "consent.event-out-of-order")


def test_nothing_about_the_person_is_on_disk_or_on_screen(office: Office) -> None:
    """Neither name nor number of the licence is in any file of the desk or in any output."""
    document = office.document(family_name="Marigold", document_number="UT-7654321")
    _, given = office.give(document)
    record = given["result"]["record"]
    outputs = [json.dumps(given), *(office.run("consent", verb)[1] for verb in ("list",))]
    outputs += [office.run("consent", "show", record, *more)[1] for more in ([], ["--json"])]
    kept = b"".join(file.read_bytes() for file in office.desk.rglob("*") if file.is_file())
    assert b"Marigold" in document.read_bytes()
    for word in ("Marigold", "7654321"):
        assert word.encode() not in kept
        assert all(word not in output for output in outputs)


def test_the_receipt_file_opens_the_log_entry(office: Office) -> None:
    """With their copy a person can show which entry of the log is their consent; nobody else can."""
    path = office.folder / "receipt.json"
    code, answer = office.give(office.document(), "airport-gate", "--receipt", str(path))
    assert code == 0
    copy = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert copy["receipt"] == answer["result"]["receipt"]
    receipt = require_opening(office, "\n" + path.read_text(encoding="utf-8"))
    code, answer = office.json("consent", "withdraw", receipt.history.record.id.hex(), "--receipt", str(path))
    assert (code, answer["failure"]["name"]) == (2, "file.exists")
    code, answer = office.json("consent", "list")
    assert [one["state"] for one in answer["result"]["records"]] == ["given"]


def test_the_copy_is_on_the_screen_where_no_file_takes_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file, or with a disk that filled meanwhile, what was recorded stands; no copy is lost."""
    give = ["consent", "give", "--document", str(office.document()), "--trust", str(office.trust)]
    code, out, _ = office.run(*give, "--purpose", "airport-gate", "--notice", "ko", "--language", "en")
    assert code == 0
    given = require_opening(office, out)
    code, out, _ = office.run("consent", "renew", given.history.record.id.hex(), "--language", "ko")
    assert code == 0
    require_opening(office, out)

    def no_room(_source: str, _target: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "link", no_room)
    withdraw = (
        "consent",
        "withdraw",
        given.history.record.id.hex(),
        "--receipt",
        str(office.folder / "late"),
    )
    code, out, _ = office.run(*withdraw, "--language", "en")
    assert code == 0
    assert "file.no-room" in out
    assert "Do not repeat the command" in " ".join(out.split())
    assert "Nothing was written" not in out
    assert require_opening(office, out).history.state is EventKind.WITHDRAWN


def require_opening(office: Office, screen: str) -> ConsentReceipt:
    """Return the receipt of a copy that stands on a screen; it opens the log entry it names."""
    copy = json.loads(screen[screen.index("\n{\n") :])
    receipt = ConsentReceipt.from_fields(copy["receipt"])
    opened = commitment(receipt.to_cbor(), blind=bytes.fromhex(copy["log"]["blind"]))
    with Desk(office.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk:
        assert desk.log.entry(copy["log"]["index"]) == Entry(EntryKind.CONSENT, opened)
    return receipt


def test_one_person_gives_one_consent_to_a_purpose(office: Office) -> None:
    """The same licence again, copied or issued anew with its number, is the same person; another is not."""
    first, again = office.document("a"), office.document("b")
    assert office.give(first)[0] == 0
    code, answer = office.give(again)
    assert (code, answer["failure"]["name"]) == (2, "consent.already-given")
    assert office.give(again, "phone-activation")[0] == 0
    assert office.give(office.document("c", document_number="UT-0009999"))[0] == 0


def test_a_document_that_proves_nothing_gives_no_consent(office: Office) -> None:
    """An unknown issuer, a changed byte, another kind of document: refused, and nothing is recorded."""
    unknown = office.document("unknown", issuer=an_issuer(clock=EARLIER))
    changed = office.document("changed")
    content = changed.read_bytes()
    changed.write_bytes(content.replace(b"Haneul", b"Haneol"))
    staff = office.folder / "staff"
    staff.write_bytes(a_staff_card(office.issuer, clock=EARLIER).issuer_signed)
    for document, name in (
        (unknown, "trust."),
        (changed, "mdoc.digest-mismatch"),
        (staff, "purpose.document-not-accepted"),
    ):
        code, answer = office.give(document)
        assert code == 1
        assert answer["failure"]["name"].startswith(name)
    assert office.json("consent", "list")[1]["result"]["records"] == []


def test_mistakes_are_named(office: Office) -> None:
    """Unknown purposes and records, a missing file, a missing desk: exit code 2 and a name each."""
    document = office.document()
    for arguments, name in (
        (("consent", "show", "00" * 16), "consent.unknown-record"),
        (("consent", "show", "not-a-record"), "consent.unknown-record"),
        (("consent", "withdraw", "00" * 15), "consent.unknown-record"),
        (("consent", "list", "--purpose", "casino"), "purpose.unknown"),
        (("purpose", "show", "casino"), "purpose.unknown"),
    ):
        code, answer = office.json(*arguments)
        assert (code, answer["failure"]["name"]) == (2, name)
    code, answer = office.give(document, "casino")
    assert (code, answer["failure"]["name"]) == (2, "purpose.unknown")
    code, answer = office.give(office.folder / "nowhere")
    assert (code, answer["failure"]["name"]) == (2, "file.not-found")
    office.desk = office.folder / "nowhere"
    code, answer = office.json("consent", "list")
    assert (code, answer["failure"]["name"]) == (2, "desk.not-found")


def test_the_desks_notice_names_its_own_controller(office: Office) -> None:
    """What a person is asked to read is the text whose digest their record will hold."""
    code, answer = office.json("purpose", "show", "airport-gate", "--language", "ko")
    assert code == 0
    assert "우리항만" in answer["result"]["notice"]["text"]
    _, given = office.give(office.document())
    record = given["result"]["receipt"]["consent_record"]
    assert record["pii_processing"]["privacy_notice"]["sha256"] == answer["result"]["notice"]["sha256"]


def test_nobody_is_filmed_for_a_certain_refusal(office: Office) -> None:
    """No session on a consent for another purpose, or a withdrawn one; the other way is named at once."""
    given = office.give(office.document())[1]["result"]["record"]
    asked = ("session", "open", "--consent", given, "--purpose")
    assert office.run(*asked, "airport-gate")[0] == 0
    for language, way in (
        ("en", "The other way: Check by the reception"),
        ("ko", "다른 방법: 안내대 직원 확인"),
    ):
        code, out, err = office.run(*asked, "building-access", "--json", "--language", language)
        assert (code, json.loads(out)["failure"]["name"]) == (1, "consent.other-purpose")
        assert way in err
    assert office.run("consent", "withdraw", given)[0] == 0
    code, out, err = office.run(*asked, "airport-gate", "--language", "en")
    assert (code, out) == (1, "")
    assert "refused: consent.withdrawn" in err
    assert "The other way: Staffed lane" in err


def test_a_consent_to_an_assessment_opens_no_session(office: Office, tmp_path: Path) -> None:
    """A purpose of one's own may be for measuring a recogniser; nobody is verified under it."""
    own = office.desk / "purposes" / "our-assessment"
    with resources.as_file(shipped_profiles()["building-access"]) as original:
        shutil.copytree(original, own)
    text = (own / "purpose.toml").read_text(encoding="utf-8")
    text = text.replace("building-access", "our-assessment")
    text = text.replace('"verify-document-holder"', '"assess-recogniser"')
    (own / "purpose.toml").write_text(text, encoding="utf-8")
    code, given = office.give(office.document(), "our-assessment")
    assert code == 0
    asked = ["--purpose", "our-assessment", "--consent", given["result"]["record"]]
    code, _, err = office.run("session", "open", *asked, "--transcript", str(tmp_path / "transcript"))
    assert code == 2
    assert "purpose.other-use" in err
