"""``dongui log`` at a real desk: show, check, prove, and what is checked with two files and no desk."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from dongui.cli.main import run
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.entry import Entry, EntryKind
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import issue_receipt
from simulators.receipts import Person, verified

CONTROLLER = ControllerEntry(
    id="port.example",
    name_ko="우리항만",
    name_en="Our Port",
    address_ko="부산",
    address_en="Busan",
    contact="privacy@port.example",
)


@dataclass
class Office:
    """A desk whose log holds a consent, a receipt and three more entries; runs commands there."""

    desk: Path
    capture: pytest.CaptureFixture[str]

    def append(self, *values: int) -> None:
        with opened(self.desk) as desk:
            for value in values:
                desk.log.append([Entry(EntryKind.CONSENT, value.to_bytes(32, "big"))])

    def text(self, *arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            run([*arguments, "--language", "en"])
        assert isinstance(end.value.code, int)
        out, err = self.capture.readouterr()
        return end.value.code, out + err

    def json(self, *arguments: str) -> tuple[int, dict[str, object]]:
        with pytest.raises(SystemExit) as end:
            run([*arguments, "--json"])
        assert isinstance(end.value.code, int)
        said: dict[str, object] = json.loads(self.capture.readouterr().out)
        return end.value.code, said

    def result(self, *arguments: str) -> dict[str, object]:
        code, said = self.json(*arguments)
        assert code == 0, said
        result = said["result"]
        assert isinstance(result, dict)
        return result

    def failure(self, *arguments: str) -> tuple[int, object]:
        code, said = self.json(*arguments)
        failure = said["failure"]
        assert isinstance(failure, dict)
        return code, failure["name"]

    def damage(self, statement: str) -> None:
        connection = sqlite3.connect(self.desk / "log.sqlite", isolation_level=None)
        connection.execute("DROP TRIGGER log_entry_not_updated")
        connection.execute(statement)
        connection.close()


def opened(path: Path) -> Desk:
    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())


def issue(desk: Desk, name: str) -> ReceiptBundle:
    """Log and bundle a receipt as a verification does."""
    issued = issue_receipt(
        verified(Person.named(name)),
        operator_key=desk.operator_key.private_key,
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )
    (index,) = desk.log.append([issued.entry])
    checkpoint = desk.log.checkpoint()
    proof = desk.log.inclusion(index, checkpoint.size)
    return ReceiptBundle.assemble(issued.receipt, proof=proof, checkpoint=checkpoint, log_key=desk.keys.log)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DONGUI_DESK", "desk")
    create_desk(Path("desk"), CONTROLLER, entropy=SystemEntropy())
    office = Office(Path("desk"), capsys)
    office.append(0)
    with opened(office.desk) as desk:
        Path("receipt").write_bytes(issue(desk, "somebody").to_bytes())
    office.append(2, 3, 4)
    Path("keys").write_bytes(Path("desk/operator.keys").read_bytes())
    return office


def test_show_tells_size_root_checkpoint_and_the_last_entries(office: Office) -> None:
    """What the log says of each event is its kind and a commitment."""
    result = office.result("log", "show", "--last", "4")
    assert (result["origin"], result["size"]) == ("port.example/log", 5)
    entries = result["entries"]
    assert isinstance(entries, list)
    assert [(entry["index"], entry["kind"]) for entry in entries] == [
        (1, "verification"),
        (2, "consent"),
        (3, "consent"),
        (4, "consent"),
    ]
    assert sorted(entries[0]) == ["commitment", "index", "kind"]
    assert str(result["checkpoint"]).startswith("port.example/log\n5\n")
    code, out = office.text("log", "show")
    assert code == 0
    assert "— port.example/log " in out


def test_a_sound_log_is_checked_and_counted(office: Office) -> None:
    """Everything is recomputed; that nothing outside was compared is said."""
    code, said = office.json("log", "check")
    assert (code, said["outcome"]) == (0, "ok")
    result = office.result("log", "check")
    assert (result["size"], result["checkpoints"], result["extends"]) == (5, 6, None)
    assert result["entries"] == {**dict.fromkeys(map(str, EntryKind), 0), "verification": 1, "consent": 4}
    assert "not compared with a checkpoint" in office.text("log", "check")[1]


def test_a_checkpoint_kept_elsewhere_shows_that_a_log_went_back(office: Office) -> None:
    """The written checkpoint is extended by the log that went on, and by no older copy of it."""
    older = Path("desk/log.sqlite").read_bytes()
    office.append(5)
    assert office.result("log", "show", "--checkpoint", "kept")["files"] == ["kept"]
    office.append(6)
    assert office.result("log", "check", "--extends", "kept")["extends"] == 6
    for name in ("log.sqlite-wal", "log.sqlite-shm"):
        (office.desk / name).unlink(missing_ok=True)
    (office.desk / "log.sqlite").write_bytes(older)
    assert office.result("log", "check")["size"] == 5
    assert office.failure("log", "check", "--extends", "kept") == (1, "log.rolled-back")


@pytest.mark.parametrize("place", [2, 3, 4])
def test_a_changed_entry_is_found_where_it_is(office: Office, place: int) -> None:
    """Also where it keeps the desk from opening at all."""
    office.damage(f"UPDATE log_entry SET entry = zeroblob(44) WHERE position = {place}")
    code, out = office.text("log", "check")
    assert code == 3
    assert "log.inconsistent" in out
    assert f"entry {place} is none" in out


def test_a_proof_is_checked_with_the_keys_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its index, written to a file, and verified where there is no desk."""
    result = office.result("log", "prove", "3", "--out", "proof")
    assert (result["index"], result["size"], result["files"]) == (3, 5, ["proof"])
    assert result["proof"] == Path("proof").read_text()
    monkeypatch.delenv("DONGUI_DESK")
    code, said = office.json("log", "check", "--proof", "proof", "--operator-key", "keys")
    assert (code, said["outcome"]) == (0, "ok")
    assert (
        "Entry 3 (consent) is in the log"
        in office.text("log", "check", "--proof", "proof", "--operator-key", "keys")[1]
    )
    changed = Path("proof").read_text().replace("index 3", "index 2")
    Path("changed").write_text(changed)
    assert office.failure("log", "check", "--proof", "changed", "--operator-key", "keys") == (
        1,
        "log.inclusion-proof-invalid",
    )


def test_a_receipt_is_proved_in_the_log_of_today(office: Office) -> None:
    """A fresh proof, and the log's state with the way to it from the receipt's day."""
    result = office.result("log", "prove", "--receipt", "receipt", "--out", "proof", "--checkpoint", "now")
    assert (result["index"], result["size"]) == (1, 5)
    check = ("receipt", "check", "receipt", "--operator-key", "keys", "--checkpoint", "now")
    assert office.result(*check)["evidence"] == "consistent"


def test_without_a_file_the_proof_is_the_output(office: Office) -> None:
    """So that it can be piped: what is printed is the proof file."""
    code, out = office.text("log", "prove", "3")
    Path("piped").write_text(out)
    assert code == 0
    assert office.result("log", "check", "--proof", "piped", "--operator-key", "keys")["index"] == 3


def test_a_receipt_of_another_desk_is_not_found(office: Office) -> None:
    """Another key signed its log's state; another entry stands at its place."""
    create_desk(Path("other"), CONTROLLER, entropy=SystemEntropy())
    with opened(Path("other")) as other:
        Path("foreign").write_bytes(issue(other, "somebody").to_bytes())
    assert office.failure("log", "prove", "--receipt", "foreign") == (1, "receipt.checkpoint-invalid")
    bundle = ReceiptBundle.from_bytes(Path("receipt").read_bytes())
    with opened(office.desk) as desk:
        checkpoint = desk.log.checkpoint()
        proof = desk.log.inclusion(3, checkpoint.size)
        key = desk.keys.log
    moved = ReceiptBundle.assemble(bundle.receipt, proof=proof, checkpoint=checkpoint, log_key=key)
    Path("moved").write_bytes(moved.to_bytes())
    assert office.failure("log", "prove", "--receipt", "moved") == (1, "log.entry-not-found")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("prove",), "log.options-incomplete"),
        (("prove", "1", "--receipt", "receipt"), "log.options-incomplete"),
        (("prove", "1", "--checkpoint", "new"), "log.options-incomplete"),
        (("prove", "5"), "log.no-such-entry"),
        (("prove", "99999999999999999999999"), "log.no-such-entry"),
        (("prove", "1", "--out", "receipt"), "file.exists"),
        (("show", "--checkpoint", "keys"), "file.exists"),
        (("show", "--desk", "nowhere"), "desk.not-found"),
        (("check", "--proof", "keys"), "log.options-incomplete"),
        (("check", "--operator-key", "keys"), "log.options-incomplete"),
        (("check", "--proof", "nothing", "--operator-key", "keys"), "file.not-found"),
        (("check", "--extends", "nothing"), "file.not-found"),
    ],
)
def test_mistakes_are_named(office: Office, arguments: tuple[str, ...], name: str) -> None:
    """Each is the caller's: exit code 2, and nothing was written."""
    before = sorted(Path().iterdir())
    assert office.failure("log", *arguments) == (2, name)
    assert sorted(Path().iterdir()) == before


def test_a_missing_log_is_not_made_by_looking(office: Office) -> None:
    """Show, check and prove leave a desk whose log is gone as it is."""
    for file in office.desk.glob("log.sqlite*"):
        file.unlink()
    for arguments in (("show",), ("check",), ("prove", "0")):
        assert office.failure("log", *arguments) == (2, "log.not-there")
    assert not (office.desk / "log.sqlite").exists()
