"""Forgetting one of 200,000 people with a million feature vectors, beside training anew without them.

Everything is durable when it returns: statistics, contributions and log in SQLite with ``synchronous=FULL``.
The people do not exist. What is compared is compared to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from statistics import median, quantiles
from time import perf_counter
from typing import Protocol

import numpy as np
import pytest

from dongui.biometrics.cards import card
from dongui.custody.contributions import seal_contribution
from dongui.custody.fixed_point import Whole, fixed_point_for
from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.model_files import ModelSeal, SealReason, encode_parameters
from dongui.custody.model_register import Contribution, Model, PendingSeal, Step
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.custody.statistics import Statistics
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.model_store import SqliteModels

FORM = fixed_point_for(card("dlib-resnet-v1"))
PEOPLE, EACH, BATCH = 200_000, 5, 20_000
FORGOTTEN = 200
MODEL = bytes(range(16))
ENTROPY = SystemEntropy()
pytestmark = pytest.mark.benchmark(group="unlearning")


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def pedantic(
        self, target: Callable[..., object], args: tuple[object, ...] = (), *, rounds: int, warmup_rounds: int
    ) -> object:
        """Call ``target`` so many times, each a round."""


def crowd(batch: int) -> Whole:
    """Return the vectors of a batch of people, ``EACH`` a person."""
    chance = np.random.default_rng(batch)
    widths = np.linspace(250, 60, FORM.dimensions)
    middles = np.repeat(chance.normal(0, widths, (BATCH, FORM.dimensions)), EACH, axis=0)
    drawn = middles + chance.normal(0, 80, (BATCH * EACH, FORM.dimensions))
    return np.clip(np.rint(drawn), -2047, 2047).astype(np.int16)


def trained(without: frozenset[int]) -> Statistics:
    """Train over everybody but those ``without``: the whole pass over a million vectors."""
    total = Statistics.empty(FORM)
    for batch in range(PEOPLE // BATCH):
        stay = np.array([batch * BATCH + one not in without for one in range(BATCH)])
        counts = np.full(int(stay.sum()), EACH)
        total = total.plus(Statistics.of_people(FORM, crowd(batch)[np.repeat(stay, EACH)], counts))
    return total


@dataclass
class Office:
    """Stores with a million vectors in them, and what carries out withdrawals."""

    forgetting: Forgetting
    store: SqliteModels
    training_seconds: float


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Train once, keep everybody's contribution, seal and log."""
    folder = tmp_path_factory.mktemp("unlearning")
    key = SignerKey.generate("log.example/bench", entropy=ENTROPY)
    operator = SignerKey.generate("operator.example/bench", entropy=ENTROPY)
    with (
        SqliteLog.open(folder / "log.sqlite", key=key) as log,
        SqliteModels.open(folder / "models.sqlite") as store,
        SqliteContributionKeys.open(folder / "contribution-keys.sqlite", entropy=ENTROPY) as keys,
    ):
        begin = perf_counter()
        fill(store, keys, log)
        seconds = perf_counter() - begin
        forgetting = Forgetting(
            store,
            keys,
            Register(folder / "memberships", key=key.verifier),
            ReleaseLog(log, key.verifier),
            operator,
            "laboratory.example",
            "PIPA_2025_10",
            SystemClock(),
            ENTROPY,
        )
        yield Office(forgetting, store, seconds)


def fill(store: SqliteModels, keys: SqliteContributionKeys, log: SqliteLog) -> None:
    """What a training does after the recogniser: quantised vectors in, contributions and statistics out."""
    store.begin(Model(MODEL, "dlib-resnet-v1", bytes(16), 0, "laboratory.example", ""))
    total = Statistics.empty(FORM)
    for batch in range(PEOPLE // BATCH):
        vectors = crowd(batch)
        total = total.plus(Statistics.of_people(FORM, vectors, np.full(BATCH, EACH)))
        names = [(batch * BATCH + one).to_bytes(4, "big") for one in range(BATCH)]
        rows = []
        for place, (name, key) in enumerate(zip(names, keys.draw(names), strict=True)):
            own = vectors[place * EACH : place * EACH + EACH]
            rows.append(
                Contribution(
                    MODEL, name, seal_contribution(own, key=key, model=MODEL, person=name, entropy=ENTROPY)
                )
            )
        store.keep(rows)
    encoded = total.encode()
    seal = ModelSeal(MODEL, 1, SealReason.TRAINED, bytes(16), sha256(encoded).digest(), ENTROPY.draw(32))
    (place,) = log.append([seal.entry()])
    store.finish(encoded, PendingSeal(seal, 0, place))


def test_forget_one_of_a_million_vectors(benchmark: Benchmark, office: Office) -> None:
    """Withdrawals of one person each, whole: noted, subtracted, sealed, logged, destroyed, receipted, logged.

    At the end the statistics and the model are, to the byte, those of a training over the others alone.
    """
    gone = np.random.default_rng(9).choice(PEOPLE, FORGOTTEN, replace=False).tolist()
    waiting = iter(gone)
    whole: list[float] = []
    sealed: list[float] = []

    def forget() -> None:
        person = next(waiting).to_bytes(4, "big")
        begin = perf_counter()
        undone = office.forgetting.withdraw(Withdrawal((person,), None))
        whole.append(perf_counter() - begin)
        assert undone.step is Step.DONE
        office.store.close_undoing(undone.id)

    benchmark.pedantic(forget, rounds=FORGOTTEN, warmup_rounds=0)
    begin = perf_counter()
    again = trained(frozenset(gone)).encode()
    seconds = perf_counter() - begin
    assert office.store.statistics(MODEL) == again
    begin = perf_counter()
    parameters = encode_parameters(again)
    sealed.append(perf_counter() - begin)
    assert encode_parameters(office.store.statistics(MODEL)) == parameters
    benchmark.extra_info["withdrawal p50 ms"] = round(1000 * median(whole), 1)
    benchmark.extra_info["withdrawal p99 ms"] = round(1000 * quantiles(whole, n=100)[98], 1)
    benchmark.extra_info["statistics of 999,000 vectors anew, s"] = round(seconds, 1)
    benchmark.extra_info["training with contributions, s"] = round(office.training_seconds, 1)
    benchmark.extra_info["model from statistics, ms"] = round(1000 * sealed[0])


def test_subtract_in_memory(benchmark: Benchmark) -> None:
    """The arithmetic alone: read the statistics, take a person with ten vectors out, write them."""
    form = FORM
    everybody = Statistics.of_people(form, crowd(0), np.full(BATCH, EACH)).encode()
    person = crowd(0)[:EACH]

    def subtract() -> bytes:
        return Statistics.decode(everybody).less(Statistics.of_person(form, person)).encode()

    benchmark.pedantic(subtract, rounds=50, warmup_rounds=2)


def test_derive_the_model(benchmark: Benchmark) -> None:
    """Projection and calibration of 128 dimensions from the statistics, the same bits everywhere."""
    encoded = Statistics.of_people(FORM, crowd(0), np.full(BATCH, EACH)).encode()
    benchmark.pedantic(encode_parameters, args=(encoded,), rounds=5, warmup_rounds=1)
