"""Bad input at the terminal: a name, a limit, a way out, the right exit code; nothing lost, no traceback."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

import dongui
import dongui.environment
from dongui.capture import Capture
from dongui.consent.receipt import ConsentReceipt
from dongui.demo.cast import portrait, turn
from dongui.desk import Desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel
from simulators.bad_files import bad_pictures, lay_out_bad_files
from simulators.command_line import PERSON, Ended, Terminal, Visit
from simulators.warmed import Warmed, warmed

PICTURES = bad_pictures(turn(PERSON)[0])
PERSONAL = ("Marigold", "7654321", "1990-01-01")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A desk with one verified visit, its receipt, its proof, and the log's state."""
    terminal = Terminal(tmp_path_factory.mktemp("user"))
    terminal.processes = False
    terminal.prepare()
    done = terminal.verify(
        terminal.visit("done"), "--receipt", "receipt.cbor", "--disclosure", "receipt.salts"
    )
    assert done.code == 0, done.err
    proved = terminal.run(
        *("log", "prove", "--receipt", "receipt.cbor", "--out", "proof", "--checkpoint", "state")
    )
    assert proved.code == 0, proved.err
    return terminal


@pytest.fixture(scope="module")
def visit(desk: Terminal) -> Visit:
    """An open visit that no mistake may cost its session."""
    return desk.visit("open", take=1)


@pytest.fixture(scope="module")
def bad(desk: Terminal) -> dict[str, Path]:
    return lay_out_bad_files(desk.folder / "bad")


def require_named(ended: Ended, *codes: int) -> str:
    """The failure is one object with a name, a detail and a way out, and the exit code is its own."""
    assert ended.code in (codes or (1, 2, 3)), ended.out + ended.err
    assert ended.err == ""
    failure = ended.json["failure"]
    assert ended.code == failure["exit_code"]
    for part in ("name", "detail", "meaning", "next_step"):
        assert failure[part].strip(), part
    assert not any(word in ended.out for word in PERSONAL)
    return str(failure["name"])


# Every place where a command takes a file; @ is where the bad one stands. OPEN is the open session.
KEYS = ("--operator-key", "desk/operator.keys")
CONSENT = ("consent", "give", "--purpose", "airport-gate", "--notice", "en")
ISSUE = ("issue", "mdoc", "--out", "elsewhere")
PRESENT = ("issue", "presentation", "--out", "elsewhere.cbor")
PLACES: dict[str, tuple[str, ...]] = {
    "verify": ("verify", "@", "--session", "OPEN", "--capture", "portrait.jpg", "--trust", "authority"),
    "verify --trust": ("verify", "SHOWN", "--session", "OPEN", "--capture", "portrait.jpg", "--trust", "@"),
    "verify --desk": (
        *("verify", "SHOWN", "--session", "OPEN", "--capture", "portrait.jpg", "--trust", "authority"),
        *("--desk", "@"),
    ),
    "document check": ("document", "check", "@", "--trust", "authority"),
    "document check --trust": ("document", "check", "SHOWN", "--trust", "@"),
    "document check --session-transcript": (
        *("document", "check", "SHOWN", "--trust", "authority", "--session-transcript", "@"),
    ),
    "document check --reader-key": (
        *("document", "check", "SHOWN", "--trust", "authority"),
        *("--session-transcript", "open/transcript", "--reader-key", "@"),
    ),
    "document show": ("document", "show", "@"),
    "consent give --document": (*CONSENT, "--trust", "authority", "--document", "@"),
    "consent give --trust": (*CONSENT, "--trust", "@", "--document", "holder/issuer-signed.cbor"),
    "receipt show": ("receipt", "show", "@"),
    "receipt check": ("receipt", "check", "@", *KEYS, "--log-alone"),
    "receipt check --operator-key": (
        "receipt",
        "check",
        "receipt.cbor",
        "--operator-key",
        "@",
        "--log-alone",
    ),
    "receipt check --checkpoint": ("receipt", "check", "receipt.cbor", *KEYS, "--checkpoint", "@"),
    "receipt check --salts": (
        *("receipt", "check", "receipt.cbor", *KEYS, "--log-alone", "--salts", "@", "--consent", "00" * 16),
    ),
    "receipt check --document": (
        *("receipt", "check", "receipt.cbor", *KEYS, "--log-alone", "--salts", "receipt.salts"),
        *("--document", "@", "--trust", "authority"),
    ),
    "receipt redeem": ("receipt", "redeem", "@", "--session", "00" * 16),
    "log check --proof": ("log", "check", "--proof", "@", *KEYS),
    "log check --operator-key": ("log", "check", "--proof", "proof", "--operator-key", "@"),
    "log check --extends": ("log", "check", "--extends", "@"),
    "log prove --receipt": ("log", "prove", "--receipt", "@"),
    "log show --desk": ("log", "show", "--desk", "@"),
    "desk show --desk": ("desk", "show", "--desk", "@"),
    "session open --engagement": (
        *("session", "open", "--purpose", "airport-gate", "--consent", "RECORD", "--engagement", "@"),
    ),
    "purpose check": ("purpose", "check", "@"),
    "issue mdoc --authority": (
        *ISSUE,
        "--authority",
        "@",
        "--data",
        "data.json",
        "--portrait",
        "portrait.jpg",
    ),
    "issue mdoc --signer": (
        *(*ISSUE, "--authority", "authority", "--signer", "@"),
        *("--data", "data.json", "--portrait", "portrait.jpg"),
    ),
    "issue mdoc --data": (*ISSUE, "--authority", "authority", "--data", "@", "--portrait", "portrait.jpg"),
    "issue mdoc --portrait": (*ISSUE, "--authority", "authority", "--data", "data.json", "--portrait", "@"),
    "issue presentation --holder": (*PRESENT, "--holder", "@", "--session-transcript", "open/transcript"),
    "issue presentation --session-transcript": (*PRESENT, "--holder", "holder", "--session-transcript", "@"),
    "issue presentation --reader-key": (
        *(*PRESENT, "--holder", "holder", "--session-transcript", "open/transcript"),
        *("--reader-key", "@", "--method", "mac"),
    ),
}


# What can be read is a presentation, whatever it says: it is refused and spends its session (see the bomb).
SHOWN_TO_A_SESSION = {
    *("text", "not-utf8", "json-too-deep", "cbor-too-deep", "cbor-4-gib-of-bytes", "cbor-4-gib-of-entries"),
    *("cbor-without-end", "certificate-of-nothing"),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_file_can_be_anything(desk: Terminal, visit: Visit, bad: dict[str, Path], place: str) -> None:
    """Whatever stands where a file is asked for is named; nothing is written, the log does not grow."""
    words = {"OPEN": visit.session, "SHOWN": str(visit.presentation), "RECORD": desk.record}
    before = sorted(path.name for path in desk.folder.iterdir())
    size = desk.log_size()
    for name, file in bad.items():
        if place == "verify" and name in SHOWN_TO_A_SESSION:
            continue
        given = [str(file) if word == "@" else words.get(word, word) for word in PLACES[place]]
        require_named(desk.run(*given, "--json"))
    assert sorted(path.name for path in desk.folder.iterdir()) == before
    assert desk.log_size() == size
    assert desk.session_is_open(visit)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_cannot_be_used_makes_no_capture(kind: str) -> None:
    """The limit is told, and the frames read with it are overwritten."""
    content, name, told = PICTURES[kind]
    frames = [SecretBuffer(bytearray(turn(PERSON)[0])), SecretBuffer(bytearray(content))]
    with pytest.raises(Misuse) as caught:
        Capture(tuple(frames), Channel.UNTRUSTED)
    assert caught.value.name == name
    assert "frame 2" in caught.value.detail
    assert told in caught.value.detail
    assert not any(any(frame.view) for frame in frames)


@pytest.mark.parametrize("kind", ["gif", "60-megapixels", "cut-off"])
def test_a_picture_that_cannot_be_used_costs_no_session(desk: Terminal, visit: Visit, kind: str) -> None:
    """Misuse, told with the frame's number; the session is open for the next attempt, the log as it was."""
    content, name, told = PICTURES[kind]
    path = desk.folder / f"{kind}.picture"
    path.write_bytes(content)
    size = desk.log_size()
    ended = desk.verify(visit, "--json", frames=[*visit.frames[:3], path, *visit.frames[4:]])
    assert require_named(ended, 2) == name
    assert "frame 4" in ended.json["failure"]["detail"]
    assert told in ended.json["failure"]["detail"]
    assert desk.log_size() == size
    assert desk.session_is_open(visit)


def test_no_frames_and_ten_thousand(desk: Terminal, visit: Visit) -> None:
    """The number of frames is told before any of them is opened: as arguments of a real process too."""
    desk.processes = True
    try:
        many = desk.verify(visit, "--json", frames=["nowhere.jpg"] * 10_000)
        none = desk.verify(visit, "--json", frames=[])
    finally:
        desk.processes = False
    assert require_named(many, 2) == "capture.too-many-frames"
    assert "10000 frames were given; the limit is 300" in many.json["failure"]["detail"]
    assert require_named(none, 2) == "cli.usage"
    assert (
        require_named(desk.run(*verify_words(desk, visit)[: -1 - len(visit.frames)], "--json"), 2)
        == "capture.empty"
    )
    for count, name in ((0, "capture.empty"), (10_000, "capture.too-many-frames")):
        with pytest.raises(Misuse, match=name):
            Capture(tuple(SecretBuffer(bytearray(b"x")) for _ in range(count)), Channel.UNTRUSTED)
    assert desk.session_is_open(visit)


def test_more_bytes_than_the_limit_are_not_even_read(desk: Terminal, visit: Visit) -> None:
    """Fourteen sparse frames of 19 MiB pass one by one and not together."""
    path = desk.folder / "sparse.jpg"
    with path.open("wb") as file:
        file.truncate(19 << 20)
    ended = desk.verify(visit, "--json", frames=[path] * 14)
    assert require_named(ended, 2) == "capture.too-large"
    assert str(256 << 20) in ended.json["failure"]["detail"]
    with path.open("wb") as file:
        file.truncate(21 << 20)
    ended = desk.verify(visit, "--json", frames=[path])
    assert require_named(ended, 2) == "file.too-large"
    path.unlink()


def test_a_receipt_without_a_place_costs_no_session(desk: Terminal, visit: Visit) -> None:
    """Where the receipt is to go is looked at first: a session cannot be given back."""
    for option in ("--receipt", "--disclosure"):
        ended = desk.verify(visit, "--json", option, "no/such/folder/file")
        assert require_named(ended, 2) == "file.not-writable"
    assert desk.session_is_open(visit)


def test_a_bomb_for_a_presentation_is_refused_with_a_receipt(desk: Terminal, bad: dict[str, Path]) -> None:
    """A hundred thousand arrays in one another are an answer like any other: refused, logged, receipted."""
    visit = desk.visit("bomb", take=2)
    size = desk.log_size()
    ended = desk.verify(
        Visit(visit.session, bad["cbor-too-deep"], visit.frames), "--json", DONGUI_LANGUAGE="ko"
    )
    assert (ended.code, ended.json["outcome"]) == (1, "refused")
    assert ended.result["reason"]["name"] == "cbor.too-deep"
    assert ended.result["receipt"]
    assert desk.log_size() == size + 1
    assert not desk.session_is_open(visit)


def test_a_portrait_of_sixty_megapixels_leads_to_the_other_way(desk: Terminal) -> None:
    """The issuer signed it, so nobody at the desk is wrong: undetermined, with the other way first."""
    stream = io.BytesIO()
    Image.new("L", (10_000, 6_000), 128).save(stream, "JPEG", quality=20, optimize=True)
    (desk.folder / "large.jpg").write_bytes(stream.getvalue())
    issued = desk.run(
        *("issue", "mdoc", "--authority", "authority", "--data", "data.json"),
        *("--portrait", "large.jpg", "--out", "large"),
    )
    assert issued.code == 0, issued.err
    visit = desk.visit("large-portrait", take=3)
    presented = desk.run(
        *("issue", "presentation", "--holder", "large", "--out", "large.cbor"),
        *("--session-transcript", "large-portrait/transcript"),
    )
    assert presented.code == 0, presented.err
    ended = desk.verify(Visit(visit.session, desk.folder / "large.cbor", visit.frames), "--json")
    assert (ended.code, ended.json["outcome"]) == (3, "undetermined")
    assert ended.result["reason"]["name"] == "portrait.too-many-pixels"
    assert ended.result["other_way"]


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: shutil.rmtree(path) if path.is_dir() else path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "noise": lambda path: path.write_bytes(bytes(range(255, -1, -1)) * 20),
    "directory": _make_folder,
}
PARTS = (
    *("desk.json", "operator.keys", "keys/log.key", "keys/receipts.key", "purposes"),
    *("ledger.sqlite", "sessions.sqlite", "log.sqlite"),
)


@pytest.mark.parametrize("part", PARTS)
def test_a_damaged_desk_is_named_and_its_other_files_survive(
    desk: Terminal, visit: Visit, tmp_path: Path, part: str
) -> None:
    """One file lost or destroyed: every command names it or does without; put back, all is as it was."""
    commands = (
        ("desk", "show"),
        ("consent", "list"),
        ("consent", "show", desk.record),
        ("log", "show"),
        ("log", "check"),
        ("session", "show", visit.session),
        ("purpose", "list"),
        ("consent", "withdraw", "00" * 16),
    )
    for damage, harm in DAMAGES.items():
        if part == "purposes" and damage != "gone":
            continue
        copy = tmp_path / damage
        shutil.copytree(desk.desk, copy)
        harm(copy / part)
        told = [desk.run(*command, "--desk", copy, "--json") for command in commands]
        names = {require_named(one) for one in told if one.code != 0}
        assert names - {"consent.unknown-record"}, f"{part} {damage}: nobody noticed"
        shutil.rmtree(copy / part) if (copy / part).is_dir() else (copy / part).unlink(missing_ok=True)
        whole = desk.desk / part
        shutil.copytree(whole, copy / part) if whole.is_dir() else shutil.copy(whole, copy / part)
        for command in commands[:-1]:
            assert desk.run(*command, "--desk", copy, "--json").code == 0, f"{part} {damage} {command}"


@pytest.fixture
def locked(desk: Terminal) -> Iterator[Callable[[str], None]]:
    """Let another program hold one of the desk's databases."""
    holders: list[sqlite3.Connection] = []

    def lock(name: str) -> None:
        holders.append(sqlite3.connect(desk.desk / name, isolation_level=None))
        holders[-1].execute("BEGIN IMMEDIATE")

    yield lock
    for holder in holders:
        holder.close()


def test_a_locked_session_store_costs_nothing(
    desk: Terminal, visit: Visit, locked: Callable[[str], None]
) -> None:
    """Somebody else holds it for longer than the wait: trouble, exit code 3, the session still open."""
    locked("sessions.sqlite")
    assert require_named(desk.verify(visit, "--json"), 3) == "storage.locked"
    # The stores that could be opened were closed again: the last to close a log takes it away.
    assert not (desk.desk / "log.sqlite-wal").exists()


def test_a_locked_log_gives_no_answer(desk: Terminal) -> None:
    """No log entry, no use: without its entry there is no answer and no receipt; trouble, exit code 3."""
    visit = desk.visit("locked", take=4)
    size = desk.log_size()
    with closing(sqlite3.connect(desk.desk / "log.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        ended = desk.verify(visit, "--json", "--receipt", "never.cbor")
        holder.execute("ROLLBACK")
    assert require_named(ended, 3) == "storage.locked"
    assert not (desk.folder / "never.cbor").exists()
    assert desk.log_size() == size


NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def in_namespace(desk: Terminal, script: str, *arguments: str) -> list[tuple[int, str]]:
    """Run a shell script where mounting is allowed; return exit code and output of each ``dongui`` in it."""
    try:
        able = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here: real mounts are not tried")
    if able.returncode != 0:
        pytest.skip("namespaces are not allowed here: real mounts are not tried")
    results = desk.folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    function = (
        'count=0; dongui() { count=$((count + 1)); "$DONGUI" "$@" --json > "$RESULTS/$count"; '
        'echo $? > "$RESULTS/$count.code"; }\n'
    )
    done = subprocess.run(
        [*NAMESPACE, "bash", "-uc", function + script, "bash", *arguments],
        cwd=desk.folder,
        env={
            **Warmed.environment(),
            "DONGUI": warmed().dongui,
            "RESULTS": str(results),
            "DONGUI_LANGUAGE": "en",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("mounting is not allowed here: real mounts are not tried")
    assert "Traceback" not in done.stderr
    codes = sorted(results.glob("*.code"), key=lambda path: int(path.stem))
    return [(int(path.read_text()), (results / path.stem).read_text("utf-8")) for path in codes]


FULL = """
mkdir -p small && mount -t tmpfs -o size=1500k none small && cp -r desk small/desk || exit 77
"$DONGUI" desk show --desk small/desk > /dev/null  # what another left unfinished is finished
dd if=/dev/zero of=small/filler bs=1k 2>/dev/null || true
export DONGUI_DESK=$PWD/small/desk
dongui "$@"
dongui consent withdraw "$RECORD"
dongui issue authority --out small/office --country UT --organisation O --contact a@o.example --crl-uri https://o.example/
rm small/filler
dongui session show "$SESSION"
dongui consent show "$RECORD"
dongui log check
"""


def verify_words(desk: Terminal, visit: Visit) -> list[str]:
    words = ["verify", visit.presentation, "--session", visit.session, "--trust", "authority"]
    return [*map(str, words), "--accept-unassessed", "--capture", *map(str, visit.frames)]


def test_a_full_disk_loses_nothing(desk: Terminal, visit: Visit) -> None:
    """On a real file system without a byte of room: trouble by name; with room again everything is there."""
    prefix = f"RECORD={desk.record} SESSION={visit.session}\n"
    *failed, session, consent, log = in_namespace(desk, prefix + FULL, *verify_words(desk, visit))
    for (code, out), name in zip(failed, ("storage.full", "storage.full", "file.no-room"), strict=True):
        assert (code, json.loads(out)["failure"]["name"]) == (3, name), out
    assert [code for code, _ in (session, consent, log)] == [0, 0, 0]
    assert json.loads(consent[1])["result"]["state"] == "given"
    assert json.loads(log[1])["result"]["size"] == desk.log_size()


NO_ROOM_FOR_RECEIPTS = """
mkdir -p cramped && mount -t tmpfs -o size=64k none cramped || exit 77
cp -r desk other
dd if=/dev/zero of=cramped/filler bs=1k 2>/dev/null || true
export DONGUI_DESK=$PWD/other
dongui consent renew "$RECORD" --receipt cramped/renewed
dongui consent withdraw "$RECORD" --receipt cramped/withdrawn
dongui consent withdraw "$RECORD"
dongui "$@" --receipt cramped/given
dongui "$@"
ls cramped > left
"""


def test_a_full_disk_loses_no_receipt(desk: Terminal) -> None:
    """On a real file system without room, what was done stands, says so, and its receipt is there to copy.

    Repeating is neither asked for nor needed: it is answered as for anybody who has their receipt.
    """
    give = (*CONSENT, "--trust", "authority", "--document", "holder/issuer-signed.cbor")
    script = f"RECORD={desk.record}\n{NO_ROOM_FOR_RECEIPTS}"
    *done, withdrawn, given, again = in_namespace(desk, script, *give)
    with Desk(desk.folder / "other", clock=SystemClock(), entropy=SystemEntropy()) as other:
        for (code, out), state in zip((*done, given), ("renewed", "withdrawn", "given"), strict=True):
            result = json.loads(out)["result"]
            failure = result["unwritten"]["failure"]
            assert (code, result["state"], failure["name"]) == (0, state, "file.no-room")
            assert "stands" in failure["meaning"]
            assert failure["next_step"].startswith("Do not repeat")
            receipt = ConsentReceipt.from_fields(result["receipt"])
            opens = commitment(receipt.to_cbor(), blind=bytes.fromhex(result["log"]["blind"]))
            assert other.log.entry(result["log"]["index"]) == Entry(EntryKind.CONSENT, opens)
    for (code, out), name in (
        (withdrawn, "consent.event-out-of-order"),
        (again, "consent.already-given"),
    ):
        assert (code, json.loads(out)["failure"]["name"]) == (2, name)
    assert (desk.folder / "left").read_text() == "filler\n"


READ_ONLY = """
mount --bind desk desk && mount -o remount,bind,ro desk || exit 77
export DONGUI_DESK=$PWD/desk
dongui "$@"
dongui consent withdraw "$RECORD"
"""


def test_a_read_only_desk_is_named(desk: Terminal, visit: Visit) -> None:
    """A disk that became read-only is trouble, not anybody's refusal; the session stays as it was."""
    ended = in_namespace(desk, f"RECORD={desk.record}\n{READ_ONLY}", *verify_words(desk, visit))
    for code, out in ended:
        assert (code, json.loads(out)["failure"]["name"]) == (3, "storage.read-only")
    assert desk.session_is_open(visit)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_without_permission_everything_says_so(desk: Terminal, visit: Visit) -> None:
    """Another account than the desk's: each file that may not be read or written is named, exit code 2."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        able = subprocess.run(
            [*nobody, sys.executable, "-c", "import dongui.cli.main"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(dongui.__file__).parents[1])},
            capture_output=True,
            check=False,
        )
        if able.returncode != 0:
            pytest.skip("nobody may not run this Python: permissions are not tried")
        other = Terminal(folder)
        shutil.copytree(desk.desk, other.desk)
        shutil.copytree(desk.folder / "authority", folder / "authority")
        shutil.copy(visit.presentation, folder / "shown.cbor")
        (folder / "shown.cbor").chmod(0o600)
        (folder / "closed").mkdir(mode=0o700)
        for words, name in (
            (("document", "show", "shown.cbor"), "file.not-readable"),
            (("document", "check", "shown.cbor", "--trust", "authority"), "file.not-readable"),
            (("consent", "list"), "desk.not-readable"),
            (("log", "check"), "desk.not-readable"),
            (("issue", "authority", "--out", "authority/inner", *OFFICE), "file.not-writable"),
            (("demo", "--out", "story"), "file.not-writable"),
            (("document", "show", "closed/shown.cbor"), "file.out-of-reach"),
        ):
            assert require_named(other.run(*words, "--json", before=nobody), 2) == name, words


OFFICE = (
    "--country",
    "UT",
    "--organisation",
    "O",
    "--contact",
    "a@o.example",
    "--crl-uri",
    "https://o.example/",
)


class _Year1970(datetime):
    """A machine whose battery is dead."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime(1970, 1, 1, 0, 3, tzinfo=UTC)


def test_a_clock_in_1970_judges_nothing(
    desk: Terminal, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that needs the time says the clock is wrong and what it must lie between; all is kept.

    The machine's clock cannot be set for a test: the one place where it is read is given another.
    """
    size = desk.log_size()
    with monkeypatch.context() as dead:
        dead.setattr(dongui.environment, "datetime", _Year1970)
        for words in (
            tuple(verify_words(desk, visit)),
            (*CONSENT, "--trust", "authority", "--document", "holder/issuer-signed.cbor"),
            ("consent", "withdraw", desk.record),
            ("consent", "list"),
            ("session", "show", visit.session),
            ("document", "check", str(visit.presentation), "--trust", "authority"),
            ("issue", "authority", "--out", "elsewhere", *OFFICE),
        ):
            ended = desk.run(*words, "--json")
            assert require_named(ended, 3) == "clock.implausible", words
            assert "1970-01-01" in ended.json["failure"]["detail"]
            assert "2026-11-01" in ended.json["failure"]["detail"]
    assert not (desk.folder / "elsewhere").exists()
    assert desk.log_size() == size
    assert desk.session_is_open(visit)
    assert desk.run("consent", "show", desk.record, "--json").result["state"] == "given"


def test_debugging_tells_places_and_nothing_personal(desk: Terminal, visit: Visit) -> None:
    """``--debug`` shows files and lines of a failure amid a person's data, and none of the data."""
    held = visit.presentation.read_bytes()
    altered = desk.folder / "altered.cbor"
    altered.write_bytes(held.replace(b"Marigold", b"Marigoldo"[1:]))
    broken = desk.folder / "broken.json"
    broken.write_text('{"family_name": "Marigold", "document_number": 7654321,,}', encoding="utf-8")
    wrong = desk.folder / "wrong.json"
    wrong.write_text('{"family_name": "Marigold", "birth_date": "1990-01-01Marigold"}', encoding="utf-8")
    issuing = (*ISSUE, "--authority", "authority", "--portrait", "portrait.jpg", "--data")
    for words in (
        ("document", "check", altered, "--trust", "authority"),
        ("document", "check", visit.presentation, "--trust", "authority", "--at", "2020-01-01"),
        (*CONSENT, "--trust", "authority", "--document", altered),
        (*issuing, broken),
        (*issuing, wrong),
    ):
        ended = desk.run(*words, "--debug")
        assert ended.code in (1, 2)
        assert 'File "' in ended.err
        assert ", line " in ended.err
        assert not any(word in ended.out + ended.err for word in (*PERSONAL, "arigold")), ended.err


def test_a_receipt_that_cannot_be_written_is_not_lost(
    desk: Terminal, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer stands and the receipt is told, where the disk filled while the person stood there.

    This spends the session every mistake above has left open. The kernel's answer is the one thing acted.
    """
    assert desk.session_is_open(visit)
    plain = os.link

    def no_room(source: str, target: Path) -> None:
        if target.name == "late.cbor":
            raise OSError(28, os.strerror(28))
        plain(source, target)

    monkeypatch.setattr(os, "link", no_room)
    ended = desk.verify(visit, "--json", "--receipt", "late.cbor", "--disclosure", "late.salts")
    assert (ended.code, ended.json["outcome"]) == (0, "verified")
    assert ended.result["unwritten"]["failure"]["name"] == "file.no-room"
    monkeypatch.undo()
    (desk.folder / "late.cbor").write_text(ended.result["receipt"], encoding="utf-8")
    (desk.folder / "late.salts").write_text(ended.result["disclosure"], encoding="utf-8")
    about = ("--salts", "late.salts", "--consent", desk.record)
    assert desk.run("receipt", "check", "late.cbor", *KEYS, "--log-alone", *about).code == 0
    assert portrait(PERSON)[:64] not in ended.out.encode()
