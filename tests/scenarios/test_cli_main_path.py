"""The main path as its users walk it: each step a process, from an empty folder to a withdrawn consent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.demo.cast import nod, recording
from dongui.receipts.salts import Disclosure
from simulators.command_line import PERSON, Terminal, Visit


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A desk where person 05 has consented to the airport gate."""
    terminal = Terminal(tmp_path_factory.mktemp("user"))
    terminal.prepare()
    return terminal


@pytest.fixture
def calls(desk: Terminal) -> Iterator[Terminal]:
    """The same desk; its commands are calls of the same entry in this process."""
    desk.processes = False
    yield desk
    desk.processes = True


@pytest.fixture(scope="module")
def open_visit(desk: Terminal) -> Visit:
    """A visit nobody verifies: mistakes are made with it, and it must stay open."""
    desk.processes = False
    try:
        return desk.visit("open", take=9)
    finally:
        desk.processes = True


@pytest.fixture(scope="module")
def verified(desk: Terminal) -> Visit:
    """A visit that was verified; its receipt lies in receipt.cbor and receipt.salts."""
    visit = desk.visit("verified")
    ended = desk.verify(visit, "--receipt", "receipt.cbor", "--disclosure", "receipt.salts", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert ended.json["outcome"] == "verified"
    assert ended.result["reason"] is None
    assert ended.result["operating_point"] == "dlib-resnet-v1-london"
    assert (ended.result["assessed_for_use"], ended.result["compared"]) == (False, True)
    assert ended.result["other_way"]
    assert ended.result["disclosure"] is None, "a file holds the salts; whoever reads this need not"
    stages = set(ended.result["milliseconds"])
    assert {"session", "terms", "document", "binding", "reference", "probe", "comparison"} <= stages
    assert ended.err == ""
    (desk.folder / "answer.json").write_text(ended.out, encoding="utf-8")
    return visit


def answer(desk: Terminal) -> dict[str, object]:
    content: dict[str, object] = json.loads((desk.folder / "answer.json").read_text(encoding="utf-8"))[
        "result"
    ]
    return content


def test_the_receipt_is_checked_by_whoever_holds_it(desk: Terminal, verified: Visit) -> None:
    """With the operator's public keys alone; then against a log state kept elsewhere; text and JSON agree."""
    keys = ("--operator-key", desk.desk / "operator.keys")
    alone = desk.run("receipt", "check", "receipt.cbor", *keys, "--log-alone", "--json")
    assert alone.code == 0
    assert alone.result["statement"]["outcome"] == "verified"
    assert alone.result["statement"]["receipt_id"] == answer(desk)["receipt_id"]
    told = desk.run("receipt", "check", "receipt.cbor", *keys, "--log-alone", DONGUI_LANGUAGE="ko")
    assert told.code == 0
    assert "확인" in told.out
    (desk.folder / "code.txt").write_text(str(answer(desk)["receipt"]), encoding="utf-8")
    assert desk.run("receipt", "check", "code.txt", *keys, "--log-alone", "--json").result == alone.result
    about = ("--salts", "receipt.salts", "--consent", desk.record)
    document = ("--document", verified.presentation, "--trust", "authority")
    assert desk.run("receipt", "check", "receipt.cbor", *keys, "--log-alone", *about, *document).code == 0
    other = ("--salts", "receipt.salts", "--consent", "00" * 16, "--json")
    assert desk.run("receipt", "check", "receipt.cbor", *keys, "--log-alone", *other).code == 1


def test_the_log_proves_the_visit(calls: Terminal, verified: Visit) -> None:
    """Shown, checked and proved: the entry of the receipt is in the log, and the proof needs no calls."""
    shown = calls.run("log", "show", "--json")
    size = shown.result["size"]
    assert shown.result["entries"][answer(calls)["log_index"]]["kind"] == "verification"
    assert f"{size}" in calls.run("log", "show").out
    assert calls.log_size() == size
    proved = calls.run(
        *("log", "prove", "--receipt", "receipt.cbor", "--out", "proof.tlog-proof"),
        *("--checkpoint", "state", "--json"),
    )
    assert proved.code == 0
    assert proved.result["index"] == answer(calls)["log_index"]
    keys = ("--operator-key", calls.desk / "operator.keys")
    elsewhere = {"DONGUI_DESK": "/nowhere"}
    assert calls.run("log", "check", "--proof", "proof.tlog-proof", *keys, **elsewhere).code == 0
    against = ("receipt", "check", "receipt.cbor", *keys, "--checkpoint", "state", "--json")
    assert calls.run(*against, **elsewhere).result["evidence"] is not None


def test_a_session_says_its_turns_in_words(calls: Terminal) -> None:
    """Shown to people, in the language asked for: the turns in order, and what to ask in both languages."""
    desk, visit = calls, calls.visit("turns", take=11)
    result = desk.run("session", "show", visit.session, "--json").result
    assert result["challenge"] == f"{result['turns'][0]} first"
    for language in ("en", "ko"):
        told = " ".join(desk.run("session", "show", visit.session, "--language", language).out.split())
        sides = {"en": ("left", "right"), "ko": ("왼쪽", "오른쪽")}[language]
        first, second = sides if result["turns"][0] == "picture-left" else sides[::-1]
        line = {
            "en": f"to the {first} first, then to the {second}",
            "ko": f"{first}으로 먼저, 이어서 {second}으로",
        }
        assert line[language] in told
        for asked in result["instructions"].values():
            assert asked in told
        assert "picture-" not in told


def test_a_session_answers_once(desk: Terminal, verified: Visit) -> None:
    """The second use of a session is refused by name; in text, JSON and Korean alike."""
    before = desk.log_size()
    again = desk.verify(verified, "--json")
    assert (again.code, again.failure) == (1, "session.consumed")
    told = desk.verify(verified, DONGUI_LANGUAGE="ko")
    assert (told.code, told.out) == (1, "")
    assert "거부: session.consumed" in told.err
    assert desk.log_size() == before


def test_who_cannot_turn_is_shown_the_other_way(calls: Terminal) -> None:
    """Undetermined ends with 3, and the first thing said after it is the other way, in Korean too."""
    visit = calls.visit("nod", take=2)
    for path, frame in zip(visit.frames, recording(nod(PERSON), take=2), strict=False):
        path.write_bytes(frame)
    ended = calls.verify(visit, frames=visit.frames[:9], DONGUI_LANGUAGE="ko")
    assert ended.code == 3
    first, second = (line.strip() for line in ended.out.strip().splitlines()[:2])
    assert "판단할 수 없음" in first
    assert second.startswith("다른 방법")
    assert "attack-detection.turn-not-made" in ended.out
    assert "사용 적합성 평가를 받지 않음" in " ".join(ended.out.split())
    assert "비교하지 않았습니다" in " ".join(ended.out.split())
    assert "본인에게 전달하십시오" in ended.out
    require_handed_out(calls, ended.out)


def test_a_withdrawn_consent_covers_nothing(calls: Terminal) -> None:
    """From then on the same person with the same licence is refused, with a receipt that says so."""
    visit = calls.visit("withdrawn", take=3)
    listed = calls.run("consent", "list", "--json").result["records"]
    assert [one["state"] for one in listed] == ["given"]
    given = {"record": calls.record}
    try:
        assert calls.run("consent", "withdraw", calls.record).code == 0
        ended = calls.verify(visit, "--json")
        assert ended.code == 1
        assert ended.json["outcome"] == "refused"
        assert ended.result["reason"]["name"] == "consent.withdrawn"
        assert ended.result["receipt"]
        assert (
            Disclosure.read(ended.result["disclosure"].encode()).receipt_id.hex()
            == (ended.result["receipt_id"])
        )
        assert ended.result["operating_point"] == "dlib-resnet-v1-london"
        assert (ended.result["assessed_for_use"], ended.result["compared"]) == (False, False)
        told = calls.run("consent", "show", calls.record, "--language", "ko")
        assert "철회" in told.out
    finally:
        renewed = calls.run(
            *("consent", "give", "--purpose", "airport-gate", "--notice", "ko", "--trust", "authority"),
            *("--document", "holder/issuer-signed.cbor", "--json"),
        )
        calls.record = renewed.result["record"]
    assert calls.record != given["record"]


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        ({"session": "00" * 16}, 1, "session.unknown"),
        ({"session": "not a session"}, 2, "session.id-malformed"),
        ({"document": "nowhere"}, 2, "file.not-found"),
        ({"document": "authority"}, 2, "file.is-directory"),
        ({"trust": "holder"}, 2, "trust.no-anchors"),
        ({"trust": "nowhere"}, 2, "file.not-found"),
        ({"desk": "nowhere"}, 2, "desk.not-found"),
        ({"desk": "authority"}, 2, "desk.not-found"),
        ({"receipt": "portrait.jpg"}, 2, "file.exists"),
        ({"accept": "no"}, 2, "operating-point.not-assessed"),
        ({"capture": "nowhere.jpg"}, 2, "file.not-found"),
    ],
)
def test_mistakes_cost_no_session(
    calls: Terminal, open_visit: Visit, change: dict[str, str], code: int, name: str
) -> None:
    """Whatever the caller gets wrong is named, with the exit code of its family."""
    ended = calls.run(
        *("verify", change.get("document", open_visit.presentation)),
        *("--session", change.get("session", open_visit.session)),
        *("--capture", *([change["capture"]] if "capture" in change else open_visit.frames)),
        *("--trust", change.get("trust", "authority"), "--desk", change.get("desk", calls.desk)),
        *(["--receipt", change["receipt"]] if "receipt" in change else []),
        *([] if "accept" in change else ["--accept-unassessed"]),
        "--json",
    )
    assert (ended.code, ended.failure) == (code, name)
    assert ended.err == ""


def test_after_every_mistake_the_session_still_answers(desk: Terminal, open_visit: Visit) -> None:
    """What was not judged was not spent: the visit of all those mistakes is verified in the end."""
    assert desk.session_is_open(open_visit)
    told = desk.verify(open_visit)
    assert told.code == 0
    assert "VERIFIED" in told.out
    assert "no face" in told.out
    assert not desk.session_is_open(open_visit)
    require_handed_out(desk, told.out)


def require_handed_out(desk: Terminal, screen: str) -> None:
    """What no file was named for stands on the screen, whole: copied from there, it says what it must."""
    for prefix, name in (("DR1:", "copied.receipt"), ("DS1:", "copied.salts")):
        (line,) = (line for line in screen.splitlines() if line.startswith(prefix))
        (desk.folder / name).write_text(line, encoding="utf-8")
    checked = desk.run(
        *("receipt", "check", "copied.receipt", "--operator-key", desk.desk / "operator.keys", "--log-alone"),
        *("--salts", "copied.salts", "--consent", desk.record, "--json"),
    )
    assert checked.code == 0, checked.out
    assert checked.result["statement"]["receipt_id"] in screen


def test_nothing_about_the_person_stays_at_the_desk(desk: Terminal, verified: Visit) -> None:
    """No picture, no name and no number in any file of the desk, whatever was verified there."""
    kept = b"".join(file.read_bytes() for file in desk.desk.rglob("*") if file.is_file())
    for secret in (b"Marigold", b"7654321", b"\xff\xd8\xff", *map(Path.read_bytes, verified.frames)):
        assert secret[:4096] not in kept
