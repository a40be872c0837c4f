"""``dongui proof`` and ``dongui rights``: keys given, releases sealed, questions asked at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dongui.custody.gate import Inquired, decide_release
from dongui.custody.standing import ReleaseLog
from dongui.desk import Desk
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.person_keys import SqlitePersonKeys
from simulators.command_line import Ended, Terminal
from simulators.membership_office import AT, QUESTION, WORDS, agreeable, person
from simulators.release_tables import Tables, expected_codes

MINA = person(100)


@contextmanager
def opened(terminal: Terminal) -> Iterator[tuple[Desk, SqlitePersonKeys]]:
    with Desk(terminal.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk:
        (terminal.desk / "custody").mkdir(exist_ok=True)
        with SqlitePersonKeys.open(
            terminal.desk / "custody" / "person-keys.sqlite",
            log=desk.log,
            origin=desk.keys.log.name,
            entropy=desk.entropy,
        ) as keys:
            yield desk, keys


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A desk with a sealed release over a hundred people's records, and a licence that is nobody's yet."""
    made = Terminal(tmp_path_factory.mktemp("membership"))
    made.processes = False
    made.prepare()
    tables = agreeable(Tables(1, records=300, people=100))
    with opened(made) as (desk, keys):
        keys.draw([person(number) for number in range(100)])
        with SqliteEventStore.open(made.folder / "ledger.sqlite") as store:
            store.know(person(number).id for number in range(101))
        tables.write(made.folder, checkpoint=desk.log.checkpoint())
        decide_release(
            Inquired(made.folder / "records.parquet", made.folder / "consents.parquet", QUESTION, WORDS, AT),
            out=made.folder / "release",
            engine=None,
            log=ReleaseLog(desk.log, desk.keys.log),
            clock=FixedClock(AT + timedelta(hours=1)),
            entropy=SystemEntropy(),
            freshness=timedelta(days=1),
        )
    sealed = made.run("proof", "seal", "release", "--until", "2028-01-01T00:00:00+09:00", "--json")
    assert sealed.code == 0, sealed.out
    assert sealed.result["open_until"] == "2027-12-31T15:00:00.000000Z"
    codes = expected_codes(tables, QUESTION)
    released = {
        int(number) for number, code in zip(tables.records["person"], codes, strict=True) if code == 0
    }
    assert sealed.result["people"] == len(released)
    for number in (min(released), min(set(range(100)) - released)):
        name = "in.key" if number in released else "out.key"
        given = made.run(
            *("rights", "give-key", "--person", person(number).id.hex(), "--ledger", "ledger.sqlite"),
            *("--out", name, "--code", f"{name}.png"),
        )
        assert given.code == 0, given.err
    return made


def ask(terminal: Terminal, key: str, *more: str) -> Ended:
    return terminal.run("rights", "was-my-face-used", "--key", key, *more, "--json")


@pytest.mark.parametrize(("key", "outcome"), [("in.key", "in"), ("out.key", "not-in")])
def test_a_key_gets_a_proof_that_checks_without_the_desk(terminal: Terminal, key: str, outcome: str) -> None:
    """Asked, written, shown and checked: one outcome everywhere, with what it means beside it."""
    asked = ask(terminal, key, "--out", f"{key}.answer")
    assert asked.code == 0, asked.out
    assert [one["outcome"] for one in asked.result["releases"]] == [outcome]
    assert "committed for you" in asked.result["meaning"]
    assert "never had a key" in asked.result["meaning"]
    checked = terminal.run(
        *("proof", "check", f"{key}.answer", "--key", key, "--operator-key", "desk/operator.keys", "--json"),
        DONGUI_DESK="",
    )
    assert checked.code == 0, checked.out
    assert [one["outcome"] for one in checked.result["releases"]] == [outcome]
    shown = terminal.run("proof", "show", f"{key}.answer", "--json")
    assert "outcome" not in shown.result["releases"][0]
    korean = terminal.run("rights", "was-my-face-used", "--key", key, LC_ALL="ko_KR.UTF-8")
    assert "증명" in korean.out


def test_a_key_is_private_and_given_once_more_on_request(terminal: Terminal) -> None:
    """The copy is readable by its owner alone, never written over; asked for again it is the same key."""
    path = terminal.folder / "in.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (terminal.folder / "in.key.png").read_bytes().startswith(b"\x89PNG")
    with opened(terminal) as (_, keys):
        number = next(n for n in range(100) if _text(keys, n) == path.read_text().strip())
    identity = person(number).id.hex()
    arguments = ("rights", "give-key", "--person", identity, "--ledger", "ledger.sqlite", "--json")
    assert terminal.run(*arguments, "--out", "in.key").failure == "file.exists"
    again = terminal.run(*arguments, "--out", "again.key")
    assert again.result["drawn"] is False
    assert (terminal.folder / "again.key").read_bytes() == path.read_bytes()


def _text(keys: SqlitePersonKeys, number: int) -> str:
    found = keys.key_of(person(number).id)
    return "" if found is None else found.text()


def test_a_document_asks_only_in_its_holders_hand_and_strangers_hear_the_same(terminal: Terminal) -> None:
    """Unbound it is refused; unknown and known-but-in-nothing are one text; in it, it says so."""
    visit = terminal.visit("asking")
    transcript = visit.presentation.parent / "transcript"
    held = ("--document", visit.presentation, "--trust", "authority", "--session-transcript", transcript)

    def told() -> tuple[str, Any]:
        shown = terminal.run("rights", "was-my-face-used", *held)
        asked = terminal.run("rights", "was-my-face-used", *held, "--json")
        assert (shown.code, asked.code) == (0, 0), asked.out
        return shown.out, asked.result

    stranger = told()
    assert stranger[1]["proved"] is False
    unbound = terminal.run("rights", "was-my-face-used", *held[:4], "--json")
    assert unbound.failure == "mdoc.holder-not-bound"
    proof = terminal.run("rights", "was-my-face-used", *held, "--out", "no.answer", "--json")
    assert proof.failure == "membership.options-incomplete"
    given = terminal.run(
        *("rights", "give-key", "--person", MINA.id.hex(), "--ledger", "ledger.sqlite", "--out", "mina.key"),
        *held,
        "--json",
    )
    assert given.code == 0, given.out
    assert told() == stranger
    younger = ask(terminal, "mina.key")
    assert [one["outcome"] for one in younger.result["releases"]] == ["nothing-proved"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((), "membership.options-incomplete"),
        (("--key", "in.key", "--document", "in.key"), "membership.options-incomplete"),
        (("--document", "in.key"), "membership.options-incomplete"),
        (("--key", "nowhere.key"), "file.not-found"),
        (("--key", "portrait.jpg"), "file.too-large"),
        (("--key", "desk/desk.json"), "membership.key-malformed"),
        (("--key", "in.key", "--out", "in.key"), "file.exists"),
    ],
)
def test_a_mistake_is_named_before_anything_is_asked(
    terminal: Terminal, arguments: tuple[str, ...], name: str
) -> None:
    """Who asks, and with what, has to be clear."""
    assert terminal.run("rights", "was-my-face-used", *arguments, "--json").failure == name


def test_sealing_takes_a_decided_release_and_a_moment_with_its_zone(terminal: Terminal) -> None:
    """A folder that is none, and a moment somewhere, are misuse; a second seal is the first."""
    for arguments, name in (
        (("desk", "--until", "2028-01-01T00:00:00Z"), "release.not-a-release"),
        (("release", "--until", "2028-01-01T00:00:00"), "release.moment-malformed"),
    ):
        assert terminal.run("proof", "seal", *arguments, "--json").failure == name
    size = terminal.log_size()
    again = terminal.run("proof", "seal", "release", "--until", "2029-01-01T00:00:00Z", "--json")
    assert again.result["open_until"] == "2027-12-31T15:00:00.000000Z"
    assert terminal.log_size() == size


def test_a_person_is_named_as_the_ledger_names_them(terminal: Terminal) -> None:
    """An id of another form, one the ledger does not know, and no ledger at all are misuse."""
    for identity, ledger, name in (
        ("00ff", "ledger.sqlite", "membership.person-malformed"),
        ("zz" * 16, "ledger.sqlite", "membership.person-malformed"),
        ("77" * 16, "ledger.sqlite", "snapshot.unknown-person"),
        (MINA.id.hex(), "nowhere.sqlite", "file.not-found"),
        (MINA.id.hex(), "desk/log.sqlite", "storage.other-kind"),
    ):
        given = terminal.run(
            *("rights", "give-key", "--person", identity, "--ledger", ledger, "--out", "x.key", "--json")
        )
        assert given.failure == name
    assert not Path(terminal.folder / "x.key").exists()
