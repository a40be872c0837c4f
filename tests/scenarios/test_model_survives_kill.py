"""Killed at random instants while people withdraw: statistics, contributions, keys and log always agree."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import dongui
from dongui.custody.contributions import seal_contribution
from dongui.custody.fixed_point import FixedPoint, Whole
from dongui.custody.model_files import ModelSeal, SealReason
from dongui.custody.model_register import Contribution, Model, PendingSeal, Step
from dongui.custody.statistics import Statistics
from dongui.environment import SystemEntropy
from dongui.log.checking import check_log
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.model_store import SqliteModels
from simulators.folder_in_memory import folder_in_memory
from simulators.model_victim import forgetting

# More by hand: DONGUI_KILLS=1000.
KILLS = int(os.environ.get("DONGUI_KILLS", "200"))
VICTIM = Path(__file__).parent.parent / "simulators" / "model_victim.py"
ENTROPY = SystemEntropy()
KEY = SignerKey.generate("controller.example/log", entropy=ENTROPY)
OPERATOR = SignerKey.generate("controller.example/receipts", entropy=ENTROPY)
FORM = FixedPoint(bytes(32), 4, 11)
MODELS = (bytes([1] * 16), bytes([2] * 16))
HEAD = Entry(EntryKind.MODEL, bytes(32)).encode()[:-32]
MANY = 250
PEOPLE = 2 * KILLS + 100


def vectors(number: int) -> Whole:
    chance = np.random.default_rng(number)
    return chance.integers(-900, 900, (1 + number % 10, 4)).astype(np.int16)


_VECTORS = [vectors(number) for number in range(PEOPLE)]


def begin(folder: Path) -> None:
    """Two models with the same people in them, sealed and logged."""
    with (
        SqliteLog.open(folder / "log.sqlite", key=KEY) as log,
        SqliteModels.open(folder / "models.sqlite") as store,
        SqliteContributionKeys.open(folder / "contribution-keys.sqlite", entropy=ENTROPY) as keys,
    ):
        names = [number.to_bytes(4, "big") for number in range(PEOPLE)]
        drawn = keys.draw(names)
        for model in MODELS:
            release = bytes([model[0] + 2] * 16)
            store.begin(Model(model, "dlib-resnet-v1", release, 0, "laboratory.example", ""))
            store.keep(
                [
                    Contribution(
                        model,
                        name,
                        seal_contribution(
                            _VECTORS[number], key=key, model=model, person=name, entropy=ENTROPY
                        ),
                    )
                    for number, (name, key) in enumerate(zip(names, drawn, strict=True))
                ]
            )
            encoded = of(range(PEOPLE))
            seal = ModelSeal(model, 1, SealReason.TRAINED, release, digest(encoded), ENTROPY.draw(32))
            (place,) = log.append([seal.entry()])
            store.finish(encoded, PendingSeal(seal, 0, place))
    (folder / "left.json").write_text(json.dumps(list(range(PEOPLE))))


def of(people: Sequence[int]) -> bytes:
    """The statistics of a training over these people alone."""
    whole = [_VECTORS[number] for number in people]
    counts = np.array([len(one) for one in whole], np.int64)
    return Statistics.of_people(FORM, np.concatenate(whole), counts).encode()


def digest(encoded: bytes) -> bytes:
    return sha256(encoded).digest()


def column(path: Path, query: str) -> list[bytes]:
    """Read one column as it is stored."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return [bytes(row[0]) for row in connection.execute(query)]


@contextmanager
def victim(folder: Path) -> Iterator[subprocess.Popen[str]]:
    places = f"{Path(dongui.__file__).parents[1]}:{VICTIM.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(VICTIM), str(folder), KEY.text(), OPERATOR.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": places, "PATH": "/usr/bin:/bin"},
    ) as process:
        yield process
        process.kill()


def run(process: subprocess.Popen[str], instants: int) -> set[int]:
    """Let one child work until it told of so many instants; return whom it said it had forgotten."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"after {instants}\n")
    process.stdin.flush()
    said: set[int] = set()
    for line in process.stdout:
        if line == "end\n":
            return said
        said.add(int(line.split()[1]))
    raise AssertionError("the program ended by itself")


def people_left(folder: Path) -> tuple[list[int], Step | None]:
    """Look at what the kill left behind and hold everything against everything; return who is in.

    At every instant: the statistics are those of a training over exactly the people who are in; whoever is in
    has contribution and key; the log has an entry for each version, but for those of the one withdrawal
    under way.
    """
    with (
        SqliteLog.open(folder / "log.sqlite", key=KEY) as log,
        SqliteModels.open(folder / "models.sqlite") as store,
    ):
        under_way = store.undoings()
        assert len(under_way) <= 1
        step = under_way[0].step if under_way else None
        leaving = [int.from_bytes(one, "big") for undoing in under_way for one in undoing.people]
        rows = column(folder / "models.sqlite", "SELECT person FROM contribution ORDER BY person")
        kept = [int.from_bytes(one, "big") for one in rows[::2]]
        assert rows[::2] == rows[1::2]
        out = step is not None and step >= Step.SUBTRACTED
        inside = [number for number in kept if not (out and number in leaving)]
        alone = of(inside)
        for model in MODELS:
            assert store.statistics(model) == alone
            assert store.seal(model).seal.statistics == digest(alone)
        held = column(folder / "contribution-keys.sqlite", "SELECT person FROM contribution_key")
        assert {number.to_bytes(4, "big") for number in inside} <= set(held)
        versions = sum(model.version for model in store.models())
        entries = [entry for _, entry, _ in log.rows(0, log.checkpoint().size)]
        missing = versions - sum(entry.startswith(HEAD) for entry in entries)
        assert missing == 0 or (step is Step.SUBTRACTED and missing == len(MODELS))
        return inside, step


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


def test_withdrawals_killed_at_random_instants(folder: Path) -> None:
    """Whatever the instant: no statistics without their log entry for long, nothing lost, nothing twice."""
    begin(folder)
    draw = random.Random(4)
    forgotten: set[int] = set()
    steps: Counter[Step | None] = Counter()
    working = forgetting(folder, KEY, OPERATOR)
    with victim(folder) as process:
        each = MANY
        for kill in range(KILLS):
            # Up to a person's worth and a little more, so that kills fall everywhere into it.
            said = run(process, draw.randint(1, each + 5) if kill else MANY)
            each = each if kill else MANY // len(said)
            forgotten |= said
            inside, step = people_left(folder)
            assert not forgotten & set(inside)
            steps[step] += 1
            for undone in working.resume():
                assert undone.step is Step.DONE
                forgotten |= {int.from_bytes(one, "big") for one in undone.people}
                working.store.close_undoing(undone.id)
            after, step = people_left(folder)
            assert step is None
            # Killed between its end and saying so, a withdrawal is done all the same.
            assert forgotten <= set(range(PEOPLE)) - set(after)
            forgotten = set(range(PEOPLE)) - set(after)
            (folder / "left.json").write_text(json.dumps(after))
            # Where kills come late, more are forgotten: end before nobody is left.
            if len(after) < 100:
                break
    assert steps.total() >= KILLS // 2
    # The kills must have hit something: a withdrawal that was begun and not done.
    assert set(steps) - {None, Step.DONE}
    with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
        check_log(log)
        kinds = [log.entry(index).kind for index in range(log.checkpoint().size)]
        # Once each: every withdrawal has its receipt's entry, and each model one entry a version.
        assert kinds.count(EntryKind.UNDOING) == len(forgotten)
        assert kinds.count(EntryKind.MODEL) == len(MODELS) * (1 + len(forgotten))
    print(f"{steps.total()} kills, {each} instants each, {len(forgotten)} forgotten: {dict(steps)}")
