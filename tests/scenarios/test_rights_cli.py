"""Rights at the command line: asked with one's key, answered, recorded; and what a stranger is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest

from dongui.consent.moments import write_moment
from dongui.custody.person_keys import Person
from dongui.custody.rights.requests import RequestBook
from dongui.custody.rights.steps import LedgerStep
from dongui.custody.vault.keys import FileMasterKeys
from dongui.custody.vault.record_file import Basis, BasisKind
from dongui.custody.vault.vault import NewRecord
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Trouble
from dongui.storage.vault_folder import VaultPlaces, create_vault, open_vault
from simulators.command_line import Ended, Terminal

PEOPLE = [f"{number:032x}" for number in (0xA7, 0xB3, 0xC5)]
SAID = "informed separate explicit"


@pytest.fixture
def terminal(office: Terminal, as_made: Path) -> Terminal:
    """The office as it was made, where it was made: it remembers where its releases are."""
    shutil.rmtree(office.folder)
    shutil.copytree(as_made, office.folder)
    return office


@pytest.fixture(scope="module")
def as_made(office: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the office before anybody asks."""
    return shutil.copytree(office.folder, tmp_path_factory.mktemp("made") / "office")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """An office: three people with keys; two agreed to a release, which is decided and sealed."""
    terminal = Terminal(tmp_path_factory.mktemp("office"))
    terminal.processes = False
    options = {"id": "port.example", "name-ko": "항만", "name-en": "Port", "address-ko": "부산"}
    more = {"address-en": "Busan", "contact": "privacy@port.example"}
    words = [part for name, value in {**options, **more}.items() for part in (f"--{name}", value)]
    done(terminal.run("desk", "create", terminal.desk, *words))
    done(terminal.run("custody", "register", *PEOPLE))
    head = "person,purpose,recipient,artefact,kind,claimed_at,flags,valid_until\n"
    rows = [
        f"{person},face-test,laboratory.example,image,given,2026-11-01T09:00:00+09:00,{SAID},\n"
        for person in PEOPLE[:2]
    ]
    (terminal.folder / "acts.csv").write_text(head + "".join(rows))
    done(terminal.run("custody", "import", "acts.csv"))
    records = [f"{person},{place},image,\n" for place, person in enumerate(PEOPLE)]
    (terminal.folder / "records.csv").write_text("person,record,traits,retained_until\n" + "".join(records))
    done(terminal.run("custody", "index", "records.csv", "--out", "R.parquet"))
    done(terminal.run("custody", "export", "--out", "C.parquet"))
    ledger = terminal.desk / "custody" / "consents.sqlite"
    for place, person in enumerate(PEOPLE):
        done(
            terminal.run(
                "rights", "give-key", "--person", person, "--ledger", ledger, "--out", f"{place}.key"
            )
        )
    done(
        terminal.run(
            *("release", "decide", "--records", "R.parquet", "--consents", "C.parquet", "--out", "decided"),
            *("--purpose", "face-test", "--recipient", "laboratory.example", "--artefact", "image"),
            *("--use", "test-model", "--pack", "PIPA_2025_10", "--at", write_moment(SystemClock().now())),
        )
    )
    done(terminal.run("proof", "seal", "decided", "--until", "2030-01-01T00:00:00Z"))
    return terminal


def done(ended: Ended) -> Ended:
    """Require success."""
    assert ended.code == 0, ended.out + ended.err
    return ended


def ask(terminal: Terminal, right: str, who: int, *more: object, law: str = "PIPA_2025_10") -> Ended:
    """Ask with one's own key."""
    proof = ("--person", PEOPLE[who], "--key", f"{who}.key")
    return terminal.run("rights", "request", right, "--law", law, *proof, *more, "--json")


def test_access_tells_the_person_everything_and_nobody_else(terminal: Terminal) -> None:
    """Consents with their blinds, record counts, the release, requests; of no other person anything."""
    number = ask(terminal, "access", 0).result["request"]
    answered = terminal.run(
        "rights", "fulfil", number, "--out", "answer.json", "--records", "R.parquet", "--json"
    )
    assert answered.result["state"] == "fulfilled", answered.out
    content = json.loads((terminal.folder / "answer.json").read_text())
    assert len(content["consents"]) == 1
    assert content["records"][0]["count"] == 1
    assert content["releases"][0]["recipient"] == "laboratory.example"
    assert content["models"] == []
    assert content["not_looked_at"] == ["vault"]
    text = (terminal.folder / "answer.json").read_text()
    assert not any(other in text for other in PEOPLE[1:])
    assert (terminal.folder / "answer.json").stat().st_mode & 0o077 == 0


def test_a_stranger_learns_nothing(terminal: Terminal) -> None:
    """Another's key, an unknown id, a broken option: one answer for the first two, nothing recorded."""
    wrong = terminal.run(
        *(
            "rights",
            "request",
            "access",
            "--law",
            "PIPA_2025_10",
            "--person",
            PEOPLE[0],
            "--key",
            "1.key",
            "--json",
        )
    )
    nobody = terminal.run(
        *(
            "rights",
            "request",
            "access",
            "--law",
            "PIPA_2025_10",
            "--person",
            "f" * 32,
            "--key",
            "1.key",
            "--json",
        )
    )
    assert wrong.out == nobody.out
    assert wrong.failure == "rights.identity-not-proved"
    assert terminal.run("rights", "list", "--json").result == {"requests": []}
    half = terminal.run(
        "rights", "request", "access", "--law", "PIPA_2025_10", "--person", PEOPLE[0], "--json"
    )
    assert half.failure == "rights.options-incomplete"


def test_suspension_reaches_the_gate_and_the_release(terminal: Terminal) -> None:
    """The ledger gets an act, the release a correction, and the next decision refuses by name."""
    number = ask(terminal, "suspension", 1).result["request"]
    done(terminal.run("rights", "fulfil", number))
    # The desk decided it, so it knows where it is.
    assert terminal.run("release", "show", "decided", "--json").result["may_be_used"] == 1
    done(terminal.run("custody", "export", "--out", "C2.parquet"))
    again = terminal.run(
        *("release", "decide", "--records", "R.parquet", "--consents", "C2.parquet", "--out", "again"),
        *("--purpose", "face-test", "--recipient", "laboratory.example", "--artefact", "image"),
        *(
            "--use",
            "test-model",
            "--pack",
            "PIPA_2025_10",
            "--at",
            write_moment(SystemClock().now()),
            "--json",
        ),
    )
    assert again.result["reasons"] == {"consent.suspended": 1, "consent.unknown-person": 1}


def test_erasure_goes_through_every_place_and_is_asked_again_in_vain(terminal: Terminal) -> None:
    """Suspended, out of the release, out of models and ledger, key destroyed; the others stay."""
    number = ask(terminal, "erasure", 0).result["request"]
    passed_over = terminal.run("rights", "fulfil", number, "--release", "decided", "--json")
    assert passed_over.failure == "rights.options-incomplete", "a vault is passed over only by saying so"
    answered = terminal.run("rights", "fulfil", number, "--no-vault", "--json")
    assert answered.result["state"] == "fulfilled", answered.out
    assert [one["what"] for one in answered.result["not_yet"]] == ["notices"]
    done_steps = [one["step"] for one in answered.result["events"] if one["what"] == "step-done"]
    assert done_steps == ["suspended", "releases", "models", "ledger", "keys"]
    again = terminal.run("rights", "fulfil", number, "--no-vault", "--json")
    assert again.result["state"] == "fulfilled"
    assert terminal.run("release", "show", "decided", "--json").result["may_be_used"] == 1
    shown = terminal.run("custody", "show", "--person", PEOPLE[0], "--json").result
    assert shown == {"number": None, "events": []}
    assert ask(terminal, "access", 0).failure == "rights.identity-not-proved"
    assert terminal.run("custody", "check", "--json").code == 0
    # Their own copy still proves it.
    used = terminal.run("rights", "was-my-face-used", "--key", "0.key", "--json")
    assert used.result["in"] == 1, used.out
    assert ask(terminal, "access", 1).result["state"] == "identity-confirmed"


def test_an_erasure_that_stopped_half_way_is_found_and_goes_on(terminal: Terminal) -> None:
    """Until it is fulfilled ``custody unfinished`` names the request, and nobody; then it is quiet."""
    number = ask(terminal, "erasure", 0).result["request"]
    with patch.object(LedgerStep, "run", side_effect=Trouble("storage.full", "stopped here")):
        stopped = terminal.run("rights", "fulfil", number, "--no-vault", "--json")
    assert stopped.failure == "storage.full"
    looked = terminal.run("custody", "unfinished", "--json")
    assert (looked.code, looked.failure) == (1, "custody.unfinished")
    assert f"dongui rights fulfil {number}" in looked.json["failure"]["detail"]
    assert PEOPLE[0] not in looked.out
    done(terminal.run("rights", "fulfil", number, "--no-vault"))
    done(terminal.run("custody", "unfinished"))


def test_a_refusal_is_explained_with_articles_and_reviewed_by_a_human(terminal: Terminal) -> None:
    """The third person agreed to nothing: the reason by name and article; then a human looks."""
    number = ask(terminal, "explanation", 2).result["request"]
    done(terminal.run("rights", "fulfil", number, "--release", "decided", "--out", "why.json"))
    (content,) = json.loads((terminal.folder / "why.json").read_text())
    assert [one["name"] for one in content["reasons"]] == ["consent.unknown-person"]
    assert content["reasons"][0]["articles"]
    assert not content["released"]
    review = ask(terminal, "human-review", 2).result
    assert review["due"] > "2026"
    missing = terminal.run("rights", "fulfil", review["request"], "--json")
    assert missing.failure == "rights.options-incomplete"
    words = ("--reviewer", "Kim, privacy officer", "--done", "nobody was asked; asked now", "--changed")
    reviewed = terminal.run("rights", "fulfil", review["request"], *words, "--json").result
    assert [one["what"] for one in reviewed["events"]][-2:] == ["reviewed", "fulfilled"]


def test_a_request_on_paper_runs_and_waits_for_proof(terminal: Terminal) -> None:
    """Nobody is looked up; it is due, it cannot be fulfilled; confirmed, refused on a ground of the law."""
    received = terminal.run("rights", "request", "suspension", "--law", "PIPA_2025_10", "--json").result
    assert not received["identity_confirmed"]
    early = terminal.run("rights", "fulfil", received["request"], "--json")
    assert early.failure == "rights.identity-not-proved"
    listed = terminal.run("rights", "due", "--json").result["requests"]
    assert [one["request"] for one in listed] == [received["request"]]
    confirmed = terminal.run(
        "rights", "confirm", received["request"], "--person", PEOPLE[1], "--key", "1.key", "--json"
    )
    assert confirmed.result["identity_confirmed"]
    words = ("--ground", "contract", "--reason", "the contract runs until spring")
    refused = terminal.run("rights", "refuse", received["request"], *words, "--json").result
    assert refused["state"] == "refused"
    assert terminal.run("rights", "due", "--json").result == {"requests": []}


def test_papers(terminal: Terminal) -> None:
    """The yearly notice tells one person of their releases, the register names nobody."""
    year = str(SystemClock().now().year)
    for form, language in (("text", "ko"), ("html", "en"), ("json", "en")):
        name = f"notice.{form}"
        asked = ("--person", PEOPLE[0], "--year", year, "--out", name, "--form", form, "--language", language)
        assert terminal.run("rights", "notice", *asked, "--json").result["releases"] == 1
        assert "laboratory.example" in (terminal.folder / name).read_text()
    assert "연간 통지" in (terminal.folder / "notice.text").read_text()
    none = ("--person", PEOPLE[2], "--year", year, "--out", "none.txt")
    assert terminal.run("rights", "notice", *none, "--json").result["releases"] == 0
    written = ("--file-name", "Faces <at> the port", "--out", "register.csv")
    done(terminal.run("rights", "register", *written))
    text = (terminal.folder / "register.csv").read_text()
    assert "laboratory.example" in text
    assert "consent" in text
    assert not any(person in text for person in PEOPLE)


WHERE = ("--vault", "vault", "--keys", "keys", "--master", "file:master.key")
PICTURES = {bytes(16): b"\xff\xd8\xff an image of nobody", bytes([1] * 16): b"\x89PNG another one"}


def keep_pictures(terminal: Terminal) -> VaultPlaces:
    """Keep two pictures of the first person in a vault, and one of the second."""
    master = FileMasterKeys.create(terminal.folder / "master.key", entropy=SystemEntropy())
    places = VaultPlaces(terminal.folder / "vault", terminal.folder / "keys", master)
    create_vault(places, clock=SystemClock(), entropy=SystemEntropy())
    kept = [(0, record, content) for record, content in PICTURES.items()]
    kept.append((1, bytes([2] * 16), b"somebody else's"))
    with open_vault(places, clock=SystemClock(), entropy=SystemEntropy(), write=True) as vault:
        vault.put(
            [
                NewRecord(
                    person=Person(bytes.fromhex(PEOPLE[who]), who),
                    record=record,
                    number=number,
                    basis=Basis(BasisKind.CONSENT, "consent/1"),
                    content=memoryview(content),
                )
                for number, (who, record, content) in enumerate(kept)
            ]
        )
    return places


def test_a_copy_is_the_pictures_themselves_for_the_person_alone(terminal: Terminal) -> None:
    """Encrypted to the key they bring, with everything else that is kept; opened on their own machine."""
    keep_pictures(terminal)
    done(terminal.run("vault", "recipient-key", "--out", "mine"))
    number = ask(terminal, "copy", 0).result["request"]
    to = ("--out", "copy", "--public-key", "mine.public")
    missing = terminal.run("rights", "fulfil", number, *to, "--json")
    assert missing.failure == "rights.options-incomplete"
    nobody = terminal.run("rights", "fulfil", number, *WHERE, "--out", "copy", "--json")
    assert nobody.failure == "rights.options-incomplete", "not in the clear"
    answered = done(terminal.run("rights", "fulfil", number, *WHERE, *to, "--json")).result
    assert (answered["events"][-1]["pictures"], answered["events"][-1]["for"]) == ("2", "key")
    sealed = (terminal.folder / "copy").read_bytes()
    assert not any(content in sealed for content in PICTURES.values())
    other = terminal.run("vault", "recipient-key", "--out", "other")
    assert other.code == 0
    refused = terminal.run("rights", "open-copy", "copy", "--key", "other", "--out", "no", "--json")
    assert refused.failure == "rights.copy-not-for-this-key"
    done(terminal.run("rights", "open-copy", "copy", "--key", "mine", "--out", "opened"))
    opened = {path.name: path.read_bytes() for path in (terminal.folder / "opened").iterdir()}
    listed = json.loads(opened.pop("holdings.json"))
    assert len(listed["consents"]) == 1
    assert opened == {
        f"{record.hex()}-1.{kind}": content
        for (record, content), kind in zip(PICTURES.items(), ("jpg", "png"), strict=True)
    }


def test_a_copy_interrupted_is_given_again_and_by_code_too(terminal: Terminal) -> None:
    """Written and not recorded, the same command records it; another file at the place is not touched."""
    keep_pictures(terminal)
    number = ask(terminal, "copy", 0).result["request"]
    by_code = ("rights", "fulfil", number, *WHERE, "--out", "copy", "--code-out", "code")
    (terminal.folder / "copy").write_bytes(b"something of mine")
    assert terminal.run(*by_code, "--json").failure == "file.exists"
    (terminal.folder / "copy").unlink()
    with patch.object(RequestBook, "fulfil", side_effect=Trouble("storage.full", "stopped here")):
        assert terminal.run(*by_code, "--json").failure == "storage.full"
    before = (terminal.folder / "copy").read_bytes()
    done(terminal.run(*by_code))
    assert (terminal.folder / "copy").read_bytes() == before
    done(terminal.run("rights", "open-copy", "copy", "--code", "code", "--out", "opened"))
    assert len(list((terminal.folder / "opened").iterdir())) == 3
    assert terminal.run("rights", "open-copy", "copy", "--code", "code", "--out", "opened").code == 2


def test_a_correction_puts_a_new_version_into_the_vault(terminal: Terminal) -> None:
    """Beside the old one, once, of one's own record alone; and what rests on the old one is named."""
    places = keep_pictures(terminal)
    (terminal.folder / "better.jpg").write_bytes(b"\xff\xd8\xff a better one")
    number = ask(terminal, "correction", 0).result["request"]
    words = ("--picture", "better.jpg", "--done", "the picture was of poor quality")
    fulfil = ("rights", "fulfil", number, *words)
    assert terminal.run(*fulfil, "--json").failure == "rights.options-incomplete"
    assert terminal.run(*fulfil, *WHERE, "--json").failure == "rights.options-incomplete"
    others = terminal.run(*fulfil, *WHERE, "--record", "02" * 16, "--json")
    assert others.failure == "vault.no-such-record"
    with patch.object(RequestBook, "fulfil", side_effect=Trouble("storage.full", "stopped here")):
        assert terminal.run(*fulfil, *WHERE, "--record", "00" * 16, "--json").failure == "storage.full"
    corrected = done(terminal.run(*fulfil, *WHERE, "--record", "00" * 16, "--json")).result
    assert corrected["events"][-1]["version"] == "2"
    assert [one["what"] for one in corrected["not_yet"]] == ["earlier-versions"]
    with (
        open_vault(places, clock=SystemClock(), entropy=SystemEntropy(), write=False) as vault,
        vault.get(bytes(16)) as latest,
        vault.get(bytes(16), 1) as first,
    ):
        assert bytes(latest.view) == b"\xff\xd8\xff a better one"
        assert bytes(first.view) == PICTURES[bytes(16)]
        assert len(vault.index.of_person(bytes.fromhex(PEOPLE[0]))) == 3


def test_the_vault_is_one_of_the_places(terminal: Terminal) -> None:
    """Access counts what it keeps; erasure destroys it, and names the step."""
    places, where = keep_pictures(terminal), WHERE
    access = ask(terminal, "access", 0).result["request"]
    done(terminal.run("rights", "fulfil", access, "--out", "answer.json", *where))
    answer = json.loads((terminal.folder / "answer.json").read_text())
    assert answer["vault"] == {"versions": 2}
    assert answer["not_looked_at"] == ["records"]
    number = ask(terminal, "erasure", 0).result["request"]
    erased = done(terminal.run("rights", "fulfil", number, *where, "--json")).result
    steps = {one["step"]: one for one in erased["events"] if one["what"] == "step-done"}
    assert steps["vault"]["versions"] == "2"
    assert [one["what"] for one in erased["not_yet"]] == ["notices", "older-key-copies"]
    with open_vault(places, clock=SystemClock(), entropy=SystemEntropy(), write=False) as vault:
        assert vault.index.of_person(bytes.fromhex(PEOPLE[0])) == []
