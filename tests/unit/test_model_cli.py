"""``dongui model`` at a terminal: listed, published, forgotten, checked; what is refused, by its name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dongui.cli.model_inputs import open_models, open_training
from dongui.custody.gate import Inquired, decide_release
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.standing import ReleaseLog
from dongui.custody.training import train
from dongui.desk import Desk
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.person_keys import SqlitePersonKeys
from simulators.command_line import Terminal
from simulators.membership_office import AT, agreeable, person
from simulators.model_office import TRAINING, SyntheticFeatures
from simulators.release_tables import AT_US, Tables

PEOPLE = 60


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A desk with a release of its own to train on, sealed."""
    made = Terminal(tmp_path_factory.mktemp("model"))
    made.processes = False
    made.prepare()
    tables = Tables(1, records=4 * PEOPLE, people=PEOPLE)
    for column, value in (("artefact", 2), ("state", 1), ("flags", 7)):
        tables.consents[column][:] = value
    tables = agreeable(tables)
    (made.desk / "custody").mkdir(exist_ok=True)
    with (
        Desk(made.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk,
        SqlitePersonKeys.open(
            made.desk / "custody" / "person-keys.sqlite",
            log=desk.log,
            origin=desk.keys.log.name,
            entropy=desk.entropy,
        ) as keys,
        SqliteEventStore.open(made.folder / "ledger.sqlite") as store,
    ):
        keys.draw([person(number) for number in range(PEOPLE)])
        store.know(person(number).id for number in range(PEOPLE))
        tables.write(made.folder, checkpoint=desk.log.checkpoint())
        decide_release(
            Inquired(
                made.folder / "records.parquet",
                made.folder / "consents.parquet",
                Question(1, 1, Artefact.TEMPLATE, AT_US, Use.TRAINING, 7),
                {**TRAINING, "recipient": desk.entry.id},
                AT,
            ),
            out=made.folder / "release",
            engine=None,
            log=ReleaseLog(desk.log, desk.keys.log),
            clock=FixedClock(AT + timedelta(hours=1)),
            entropy=SystemEntropy(),
            freshness=timedelta(days=1),
        )
    sealed = made.run("proof", "seal", "release", "--until", "2028-01-01T00:00:00+09:00")
    assert sealed.code == 0, sealed.out
    return made


@pytest.fixture(scope="module")
def model(terminal: Terminal) -> str:
    """A model trained over that release, on features that are drawn."""
    with (
        Desk(terminal.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk,
        open_models(desk) as kept,
    ):
        return train(
            open_training(desk, terminal.folder / "release", None),
            SyntheticFeatures(),
            store=kept.store,
            keys=kept.keys,
            log=desk.log,
            controller=desk.entry.id,
            clock=desk.clock,
            entropy=desk.entropy,
        ).model.id.hex()


def someone(terminal: Terminal) -> int:
    """Return somebody who is in the model."""
    with (
        Desk(terminal.desk, clock=SystemClock(), entropy=SystemEntropy()) as desk,
        open_models(desk) as kept,
    ):
        return next(
            number for number in range(PEOPLE) if kept.store.contributions([number.to_bytes(4, "big")])
        )


def test_a_model_s_life_at_a_terminal(terminal: Terminal, model: str) -> None:
    """Listed, published, checked; somebody forgotten, told of, receipted; then another version waits."""
    listed = terminal.run("model", "list", "--json")
    assert [entry["version"] for entry in listed.result["models"]] == [1]
    published = terminal.run("model", "publish", model, "--to", "a.example", "--out", "published", "--json")
    assert published.code == 0, published.out
    operator = ("--operator-key", str(terminal.desk / "operator.keys"))
    assert terminal.run("model", "check", "published", *operator).code == 0
    shown = terminal.run("model", "show", model, "--json").result
    assert shown["recipients"] == [{"recipient": "a.example", "version": 1}]
    number = someone(terminal)
    forgotten = terminal.run(
        *("model", "forget", person(number).id.hex(), "--ledger", "ledger.sqlite"),
        *("--release", "release", "--out", "receipt.undoing", "--json"),
    )
    assert forgotten.code == 0, forgotten.out
    assert forgotten.result["models"] == [model]
    checked = terminal.run("model", "check", "receipt.undoing", *operator, "--json").result
    assert any(line.startswith(f"forgotten {model} version 2") for line in checked["lines"])
    assert any(line.startswith(f"published {model} version 1 due") for line in checked["lines"])
    notices = [Path(path) for path in forgotten.result["notices"]]
    assert len(notices) == 2
    for notice in notices:
        assert terminal.run("model", "check", str(notice), *operator).code == 0
    waits = terminal.run("model", "publish", model, "--to", "a.example", "--out", "second", "--json")
    assert (waits.code, (terminal.folder / "second").exists()) == (3, False)
    assert "model.publication-waits" in waits.out + waits.err
    assert terminal.run("model", "resume", "--json").result == {
        "withdrawals": [],
        "taken_back": [],
        "notices": [],
    }


@pytest.mark.parametrize(
    ("command", "code", "name"),
    [
        (("show", "00" * 16), 2, "model.unknown"),
        (("show", "nothing"), 2, "model.unknown"),
        (("check", "ledger.sqlite", "--operator-key", "OPERATOR"), 2, "model.not-a-model"),
        (("forget", "ff" * 16, "--ledger", "ledger.sqlite", "--out", "x"), 2, "snapshot.unknown-person"),
        (("forget", "7", "--ledger", "ledger.sqlite", "--out", "x"), 2, "membership.person-malformed"),
        (("describe", "ledger.sqlite"), 2, "release.not-a-release"),
    ],
)
def test_what_is_wrong_is_named(terminal: Terminal, command: tuple[str, ...], code: int, name: str) -> None:
    """An unknown model or person, a file that is something else: misuse by its name, nothing written."""
    operator = str(terminal.desk / "operator.keys")
    ended = terminal.run("model", *(operator if part == "OPERATOR" else part for part in command))
    assert ended.code == code, ended.out
    assert name in ended.err
    assert not (terminal.folder / "x").exists()
