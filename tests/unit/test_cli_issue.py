"""``dongui issue``: from nothing to a presentation, and every mistake on the way."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import openvc.mdoc as oracle
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from dongui.cli.main import run
from dongui.cli.writing import NewFile, make_folder, write_once, write_together
from dongui.errors import DonguiError
from simulators.biometric_data import person
from simulators.mdoc_issuance import a_reader_key, a_transcript
from simulators.passport_files import picture

PORTRAIT = person("04", "portrait").read_bytes()
ELEMENTS = {
    "family_name": "Seo",
    "given_name": "Haneul",
    "birth_date": "1990-05-17",
    "issue_date": "2024-03-01",
    "expiry_date": "2094-03-01",
    "issuing_country": "UT",
    "issuing_authority": "Office",
    "document_number": "UT-1",
    "un_distinguishing_sign": "UTO",
    "driving_privileges": [],
}
PASSPORT = {
    "number": "UT0000005",
    "surname": "SEO",
    "given_names": "HANEUL",
    "birth_date": "1990-05-17",
    "sex": "F",
    "expiry_date": "2030-03-01",
}
AUTHORITY = ["--country", "UT", "--organisation", "Office", "--contact", "a@office.example"]
AUTHORITY += ["--crl-uri", "https://office.example/crl"]


class Desk:
    """One folder in which commands are given; each returns its exit code and its JSON."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capture = capture
        (folder / "data.json").write_text(json.dumps(ELEMENTS), encoding="utf-8")
        (folder / "portrait.jpg").write_bytes(PORTRAIT)
        (folder / "transcript").write_bytes(a_transcript())

    def give(self, *arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
        with pytest.raises(SystemExit) as end:
            run(["issue", *arguments, "--json"])
        assert isinstance(end.value.code, int)
        return end.value.code, json.loads(self.capture.readouterr().out)

    def refused(self, *arguments: str) -> str:
        code, said = self.give(*arguments)
        assert code == 2
        return str(said["failure"]["name"])

    def authority(self, *more: str) -> tuple[int, dict[str, dict[str, object]]]:
        return self.give("authority", "--out", str(self.folder / "authority"), *AUTHORITY, *more)

    def mdoc_arguments(self, **changed: str) -> list[str]:
        given = {
            "authority": str(self.folder / "authority"),
            "data": str(self.folder / "data.json"),
            "portrait": str(self.folder / "portrait.jpg"),
            "out": str(self.folder / "holder"),
        }
        pairs = ((f"--{name.replace('_', '-')}", value) for name, value in (given | changed).items())
        return ["mdoc", *(part for pair in pairs for part in pair)]

    def presentation_arguments(self, out: str = "shown") -> list[str]:
        folder = self.folder
        return [
            *("presentation", "--holder", str(folder / "holder")),
            *("--session-transcript", str(folder / "transcript"), "--out", str(folder / out)),
        ]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path, capsys)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_from_nothing_to_a_presentation_others_accept(desk: Desk) -> None:
    """Authority, document and presentation by three commands; somebody else's verifier says yes."""
    assert desk.authority()[0] == 0
    assert desk.give(*desk.mdoc_arguments())[0] == 0
    code, said = desk.give(*desk.presentation_arguments())
    assert code == 0
    assert said["result"]["method"] == "signature"
    root = x509.load_pem_x509_certificate((desk.folder / "authority" / "iaca.pem").read_bytes())
    [verified] = oracle.verify_device_response(
        (desk.folder / "shown").read_bytes(), trust_anchors=[root], session_transcript=a_transcript()
    )
    assert verified.elements("org.iso.18013.5.1")["portrait"] == PORTRAIT


def test_keys_and_documents_are_their_owners_alone(desk: Desk) -> None:
    """0600 for what holds a key or a face, 0700 for the folders, 0644 for what verifiers get."""
    desk.authority()
    desk.give(*desk.mdoc_arguments())
    folder = desk.folder
    private = (
        "authority/authority.key",
        "authority/signer.key",
        "holder/holder.key",
        "holder/issuer-signed.cbor",
    )
    assert [mode(folder / name) for name in private] == [0o600] * 4
    assert mode(folder / "authority") == mode(folder / "holder") == 0o700
    assert mode(folder / "authority" / "iaca.pem") == 0o644
    assert not list(folder.rglob(".*"))


def test_a_key_is_never_overwritten(desk: Desk) -> None:
    """Whoever repeats a command keeps the authority whose documents are already out."""
    desk.authority()
    before = (desk.folder / "authority" / "authority.key").read_bytes()
    code, said = desk.authority()
    assert (code, said["failure"]["name"]) == (2, "file.exists")
    assert (desk.folder / "authority" / "authority.key").read_bytes() == before
    desk.give(*desk.mdoc_arguments())
    assert desk.refused(*desk.mdoc_arguments()) == "file.exists"


def test_a_second_signer_issues_as_the_first(desk: Desk) -> None:
    """When a signer expires its authority goes on."""
    desk.authority()
    arguments = ("--authority", str(desk.folder / "authority"), "--out", str(desk.folder / "second.key"))
    assert desk.give("signer", *arguments, "--algorithm", "EdDSA")[0] == 0
    assert desk.give(*desk.mdoc_arguments(signer=str(desk.folder / "second.key")))[0] == 0


def test_a_mac_for_the_sessions_reader(desk: Desk) -> None:
    """With the reader's public key the device answers by MAC, and shows only what was named."""
    desk.authority()
    desk.give(*desk.mdoc_arguments())
    public = a_reader_key().public_key()
    encoded = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (desk.folder / "reader.pem").write_bytes(encoded)
    key = ("--reader-key", str(desk.folder / "reader.pem"))
    code, said = desk.give(*desk.presentation_arguments(), *key, "--method", "mac", "--disclose", "portrait")
    assert code == 0
    assert said["result"]["disclosed"] == {"org.iso.18013.5.1": ["portrait"]}
    shown = (desk.folder / "shown").read_bytes()
    assert b"deviceMac" in shown
    assert b"Haneul" not in shown


def test_a_staff_document(desk: Desk) -> None:
    """``--type staff`` takes staff data, and a licence's data is not staff data."""
    desk.authority()
    assert desk.refused(*desk.mdoc_arguments(type="staff")) == "issuing.unknown-element"
    kept = {
        name: value
        for name, value in ELEMENTS.items()
        if name not in {"un_distinguishing_sign", "driving_privileges"}
    }
    (desk.folder / "data.json").write_text(json.dumps(kept), encoding="utf-8")
    code, said = desk.give(*desk.mdoc_arguments(type="staff"))
    assert (code, said["result"]["document_type"]) == (0, "org.dongui.staff.1")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "file.empty"),
        (b"{", "issuing.bad-data-file"),
        (b"[]", "issuing.bad-data-file"),
        (b"\xff\xfe{}", "issuing.bad-data-file"),
        (b"[" * 60_000, "issuing.bad-data-file"),
        (b'{"family_name": "A", "family_name": "B"}', "issuing.bad-data-file"),
        (b"{}", "issuing.missing-element"),
        (b" " * 65_537, "file.too-large"),
    ],
)
def test_data_that_cannot_be_issued_is_named(desk: Desk, content: bytes, name: str) -> None:
    """Whatever is wrong with the data file, the name says it, and nothing is written."""
    desk.authority()
    (desk.folder / "data.json").write_bytes(content)
    assert desk.refused(*desk.mdoc_arguments()) == name
    assert not (desk.folder / "holder").exists()


def test_wrong_inputs_are_named(desk: Desk) -> None:
    """A portrait that is none, a key file that is none, a missing folder, a wrong key, an unknown element."""
    assert desk.refused(*desk.mdoc_arguments()) == "file.not-found"
    desk.authority()
    data, transcript = str(desk.folder / "data.json"), str(desk.folder / "transcript")
    assert desk.refused(*desk.mdoc_arguments(portrait=data)) == "issuing.portrait-not-jpeg"
    assert desk.refused(*desk.mdoc_arguments(portrait=str(desk.folder))) == "file.is-directory"
    assert desk.refused(*desk.mdoc_arguments(signer=data)) == "issuing.bad-key-file"
    assert desk.refused(*desk.mdoc_arguments(days="0")) == "cli.usage"
    desk.give(*desk.mdoc_arguments())
    shown = desk.presentation_arguments()
    assert desk.refused(*shown, "--method", "mac") == "issuing.reader-key-needed"
    assert desk.refused(*shown, "--reader-key", transcript) == "issuing.reader-key-unreadable"
    assert desk.refused(*shown, "--disclose", "shoe_size") == "issuing.element-not-held"
    Path(transcript).write_bytes(b"\x80")
    assert desk.refused(*shown) == "mdoc.session-transcript-malformed"
    assert not (desk.folder / "shown").exists()


def test_profiles_and_lifetimes_are_named(desk: Desk) -> None:
    """What the library refuses the command refuses by the same name."""
    desk_authority = ("authority", "--out", str(desk.folder / "authority"), *AUTHORITY)
    assert desk.refused(*desk_authority, "--country", "utopia") == "issuing.bad-authority-profile"
    assert desk.refused(*desk_authority, "--algorithm", "EdDSA") == "issuing.root-needs-ecdsa"
    assert desk.refused(*desk_authority, "--days", "100") == "issuing.outlives-authority"
    assert not (desk.folder / "authority").exists()


def test_a_failed_write_leaves_nothing_half(tmp_path: Path) -> None:
    """If the second file cannot be written the first is taken away, and no temporary file stays."""
    taken = tmp_path / "taken"
    taken.write_bytes(b"kept")
    for last, name in ((taken, "file.exists"), (tmp_path / "no" / "file", "file.not-writable")):
        with pytest.raises(DonguiError) as caught:
            write_together(
                [NewFile(tmp_path / "first", b"1", private=True), NewFile(last, b"2", private=True)]
            )
        assert caught.value.name == name
        assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]
    assert taken.read_bytes() == b"kept"


def test_a_full_disk_is_trouble_not_misuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody did anything wrong, and nothing is left behind. The kernel's answer is the one thing acted."""

    def no_room(_descriptor: int, _data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", no_room)
    with pytest.raises(DonguiError) as caught:
        write_once(tmp_path / "key", b"data", private=True)
    assert caught.value.name == "file.no-room"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named() -> None:
    """A file where a folder is needed."""
    with pytest.raises(DonguiError) as caught:
        make_folder(Path("/dev/null/inside"))
    assert caught.value.name == "file.not-writable"


@pytest.mark.parametrize("kind", ["mdoc", "passport", "sd-jwt"])
@pytest.mark.parametrize(
    ("portrait", "name", "words"),
    [
        (picture(size=(1, 1)), "issuing.portrait-too-small", "1 x 1 pixels; each side needs 64 pixels"),
        (picture(size=(63, 90)), "issuing.portrait-too-small", "63 x 90 pixels; each side needs 64 pixels"),
        (picture("PNG"), "issuing.portrait-not-jpeg", "one whole JPEG"),
        (PORTRAIT[:-2], "issuing.portrait-not-jpeg", "one whole JPEG"),
    ],
)
def test_no_document_is_issued_with_a_portrait_nobody_could_be_compared_to(
    desk: Desk, kind: str, portrait: bytes, name: str, words: str
) -> None:
    """What a verification would end undetermined over is told to whoever issues, before all else."""
    desk.authority()
    file = desk.folder / "given"
    file.write_bytes(portrait)
    given = {"passport": PASSPORT, "sd-jwt": {"given_name": "Haneul"}}.get(kind, ELEMENTS)
    (desk.folder / "data.json").write_text(json.dumps(given), encoding="utf-8")
    arguments = [kind, *desk.mdoc_arguments(portrait=str(file))[1:]]
    if kind == "passport":
        arguments = [
            part for part in arguments if part not in ("--authority", str(desk.folder / "authority"))
        ]
    code, said = desk.give(*arguments)
    assert (code, said["failure"]["name"]) == (2, name)
    assert words in str(said["failure"]["detail"])
    assert not (desk.folder / "holder").exists()
