"""``dongui receipt``: what a person or an inspector can do with two files and no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from PIL import Image

from dongui.cli.main import run
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import IssuedReceipt
from dongui.receipts.trusting import write_trusted
from simulators.mdoc_issuance import CLOCK, NOW, TINY_PORTRAIT, a_licence, an_issuer
from simulators.phone_camera import read_codes
from simulators.receipts import Operator, Person, undetermined, verified

SOMEBODY = Person.named("somebody")


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@dataclass
class Folder:
    """One folder with a receipt, its salts, the operator's keys and two log states."""

    path: Path
    capture: pytest.CaptureFixture[str]
    operator: Operator
    issued: IssuedReceipt
    bundle: ReceiptBundle

    def give(self, *arguments: str) -> tuple[int, dict[str, object]]:
        code = exit_code("receipt", *arguments, "--json")
        said: dict[str, object] = json.loads(self.capture.readouterr().out)
        return code, said

    def failure(self, *arguments: str) -> tuple[int, object]:
        code, said = self.give(*arguments)
        failure = said["failure"]
        assert isinstance(failure, dict)
        return code, failure["name"]

    def result(self, *arguments: str) -> dict[str, object]:
        code, said = self.give(*arguments)
        assert code == 0, said
        result = said["result"]
        assert isinstance(result, dict)
        return result

    def text(self, *arguments: str) -> str:
        assert exit_code("receipt", *arguments) == 0
        return self.capture.readouterr().out


CHECK = ("check", "receipt", "--operator-key", "keys")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    operator = Operator()
    operator.append(operator.issue(verified(Person.named("another"))))
    issued = operator.issue(undetermined(SOMEBODY, "clock.implausible"))
    bundle = operator.bundle(issued)
    (tmp_path / "receipt").write_bytes(bundle.to_bytes())
    (tmp_path / "code").write_text(bundle.to_text() + "\n")
    (tmp_path / "salts").write_text(issued.disclosure.to_text())
    (tmp_path / "keys").write_text(operator.keys.text())
    (tmp_path / "same").write_bytes(operator.checkpoint().note)
    for _ in range(3):
        operator.append(operator.issue(verified(SOMEBODY)))
    later = operator.checkpoint()
    (tmp_path / "later").write_bytes(later.note)
    (tmp_path / "proved").write_bytes(write_trusted(later, operator.consistency(2, 5)))
    return Folder(tmp_path, capsys, operator, issued, bundle)


def test_show_never_claims_to_have_checked(folder: Folder) -> None:
    """Without keys nothing is believed, and both forms of output say so."""
    result = folder.result("show", "receipt")
    assert (result["checked"], result["evidence"]) == (False, None)
    assert "Not checked" in folder.text("show", "receipt", "--language", "en")
    assert "검사하지 않았습니다" in folder.text("show", "receipt", "--language", "ko")


@pytest.mark.parametrize(
    ("arguments", "evidence"),
    [
        (("--checkpoint", "same"), "same-state"),
        (("--checkpoint", "proved"), "consistent"),
        (("--log-alone",), "log-alone"),
    ],
)
def test_check_says_how_far_the_log_was_believed(
    folder: Folder, arguments: tuple[str, ...], evidence: str
) -> None:
    """Against a trusted state, a proved one, or nothing: the answer names which."""
    result = folder.result(*CHECK, *arguments)
    assert (result["checked"], result["evidence"]) == (True, evidence)
    assert result["log_index"] == 1


def test_a_code_in_a_file_is_a_receipt_too(folder: Folder) -> None:
    """What a phone read can be checked as it is."""
    assert folder.result("check", "code", *CHECK[2:], "--log-alone") == folder.result(*CHECK, "--log-alone")


def test_the_json_says_what_the_statement_says(folder: Folder) -> None:
    """Every field of the statement but the blind, which opens the log entry, is in the result."""
    statement = folder.result("show", "receipt")["statement"]
    assert isinstance(statement, dict)
    written = folder.issued.statement
    assert statement["receipt_id"] == written.receipt_id.hex()
    assert statement["outcome"] == "undetermined"
    assert statement["reason"] == "clock.implausible"
    assert set(statement["other_way"]) == {"ko", "en"}
    assert statement["format"] == 2
    assert statement["operating_point"] == {"name": "london-2026-11", "assessed": False}
    assert set(statement["comparison"]) == {"card", "card_digest"}
    assert written.blind.hex() not in json.dumps(statement)


def test_how_far_to_believe_the_log_is_never_assumed(folder: Folder) -> None:
    """Neither both nor none of --checkpoint and --log-alone: misuse, before anything is read."""
    assert folder.failure(*CHECK) == (2, "receipt.evidence-not-chosen")
    both = folder.failure(*CHECK, "--checkpoint", "same", "--log-alone")
    assert both == (2, "receipt.evidence-not-chosen")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--salts", "salts"),
        ("--consent", "record-somebody"),
        ("--salts", "salts", "--document", "x"),
        ("--salts", "salts", "--consent", "record-somebody", "--trust", "x"),
        ("--qr", "code.gif"),
    ],
)
def test_an_option_that_would_check_nothing_is_misuse(folder: Folder, arguments: tuple[str, ...]) -> None:
    """Salts without anything to open, or the reverse, would look like a check that was made."""
    assert folder.failure(*CHECK, "--log-alone", *arguments) == (2, "receipt.options-incomplete")


def test_a_state_of_another_size_cannot_be_compared(folder: Folder) -> None:
    """A later checkpoint without its proof leaves it undetermined, exit code 3."""
    found = folder.failure(*CHECK, "--checkpoint", "later")
    assert found == (3, "receipt.checkpoint-not-comparable")


def test_a_forged_receipt_is_refused(folder: Folder) -> None:
    """One changed byte in the statement: exit code 1, and the name says what failed."""
    data = bytearray((folder.path / "receipt").read_bytes())
    data[data.index(b"airport-gate")] ^= 1
    (folder.path / "receipt").write_bytes(data)
    assert folder.failure(*CHECK, "--checkpoint", "same") == (1, "receipt.signature-invalid")


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("receipt", b"\x00", (1, "receipt.malformed")),
        ("receipt", b"\xff" * 9000, (2, "file.too-large")),
        ("receipt", b"", (2, "file.empty")),
        ("keys", b"\xff\xfe", (2, "receipt.keys-malformed")),
        ("keys", b"receipts only", (2, "receipt.keys-malformed")),
        ("same", b"no note", (1, "receipt.checkpoint-invalid")),
        ("same", b"old x\n\n", (1, "receipt.checkpoint-invalid")),
    ],
)
def test_bad_files_have_names(folder: Folder, file: str, content: bytes, expected: tuple[int, str]) -> None:
    """Whatever stands in a file, the answer is a name and an exit code."""
    (folder.path / file).write_bytes(content)
    assert folder.failure(*CHECK, "--checkpoint", "same") == expected


def test_a_proof_that_is_none_is_refused(folder: Folder) -> None:
    """A checkpoint file whose proof cannot be read, or proves something else, is no trusted state."""
    proved = (folder.path / "proved").read_bytes()
    head, _, note = proved.partition(b"\n\n")
    for broken in (b"old two", b"old 2\n$$$", b"old 02\nAAAA", b"old 2\nAB==", b"old 2\n"):
        (folder.path / "proved").write_bytes(broken + b"\n\n" + note)
        assert folder.failure(*CHECK, "--checkpoint", "proved") == (1, "receipt.checkpoint-invalid")
    (folder.path / "proved").write_bytes(head.replace(b"old 2", b"old 3") + b"\n\n" + note)
    found = folder.failure(*CHECK, "--checkpoint", "proved")
    assert found == (3, "receipt.checkpoint-not-comparable")


def test_the_salts_show_what_the_receipt_stands_on(folder: Folder) -> None:
    """With the salts the right consent record is confirmed and another refused."""
    about = (*CHECK, "--log-alone", "--salts", "salts", "--consent")
    folder.result(*about, SOMEBODY.consent_record)
    assert folder.failure(*about, "record-of-another") == (1, "receipt.other-consent")


def test_page_and_code_are_written(folder: Folder) -> None:
    """The page says what was checked; the picture of the code reads back as the receipt; both are private."""
    folder.result(*CHECK, "--log-alone", "--html", "page.html", "--qr", "code.png")
    page = (folder.path / "page.html").read_text()
    assert "found in its log" in page
    (found,) = read_codes(Image.open(BytesIO((folder.path / "code.png").read_bytes())))
    assert ReceiptBundle.from_text(found) == folder.bundle
    assert {(folder.path / name).stat().st_mode & 0o777 for name in ("page.html", "code.png")} == {0o600}


def test_nothing_is_written_for_a_receipt_that_fails(folder: Folder) -> None:
    """A page of a forged receipt would look like a receipt; files that exist stay as they are."""
    data = bytearray((folder.path / "receipt").read_bytes())
    data[-1] ^= 1
    (folder.path / "receipt").write_bytes(data)
    found = folder.failure(*CHECK, "--log-alone", "--html", "page.html")
    assert found == (1, "receipt.checkpoint-invalid")
    assert not (folder.path / "page.html").exists()
    (folder.path / "there.html").write_text("mine")
    assert folder.failure("show", "receipt", "--html", "there.html") == (2, "file.exists")
    assert (folder.path / "there.html").read_text() == "mine"


def test_the_code_can_be_shown_in_a_terminal(folder: Folder) -> None:
    """--code draws it below the text; a vector file is written under its own name."""
    assert "\u2588" in folder.text("show", "receipt", "--code", "--qr", "code.svg")
    assert "<svg" in (folder.path / "code.svg").read_text()


@pytest.mark.parametrize("filling", [0, 5_000, 6_000])
def test_a_copy_of_a_consent_is_called_no_receipt(folder: Folder, filling: int) -> None:
    """Whatever its size, JSON is told to be no receipt of a verification, not a receipt that is too large."""
    (folder.path / "given.json").write_text(json.dumps({"schema_version": "1", "notice": "x" * filling}))
    assert folder.failure("show", "given.json") == (1, "receipt.malformed")


def test_the_salts_show_which_document_the_receipt_is_about(folder: Folder) -> None:
    """The person's own document, authenticated anew, leads to the receipt's digest; another's does not; a
    document of an issuer nobody trusts is not looked at.
    """
    issuer, stranger = an_issuer(), an_issuer(country="ZZ")
    mine, other, forged = (
        a_licence(authority, portrait=TINY_PORTRAIT, elements={"document_number": number})
        for authority, number in ((issuer, "UT-1"), (issuer, "UT-2"), (stranger, "UT-1"))
    )
    (folder.path / "trust").mkdir()
    root = issuer.root.public_bytes(serialization.Encoding.PEM)
    (folder.path / "trust" / "iaca.pem").write_bytes(root)
    for name, holder in (("mine", mine), ("other", other), ("forged", forged)):
        (folder.path / name).write_bytes(holder.issuer_signed)
    anchors = TrustAnchors.from_directory(folder.path / "trust")
    authentic = authenticate(
        mine.issuer_signed,
        trust_anchors=anchors,
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=None,
        reader_key=None,
    )
    found = verified(SOMEBODY)
    assert found.document is not None
    findings = replace(found, document=replace(found.document, issuer_signed=authentic.issuer_signed))
    issued = folder.operator.issue(findings, at=NOW.replace(second=0, microsecond=0))
    (folder.path / "receipt").write_bytes(folder.operator.bundle(issued).to_bytes())
    (folder.path / "salts").write_bytes(issued.disclosure.to_bytes())
    about = (*CHECK, "--log-alone", "--salts", "salts", "--trust", "trust", "--document")
    folder.result(*about, "mine")
    assert folder.failure(*about, "other") == (1, "receipt.other-document")
    code, reason = folder.failure(*about, "forged")
    assert code == 1
    assert str(reason).startswith("trust.")
