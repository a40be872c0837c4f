"""The experiment on fairer scores sees an improvement where there is one; its page says what was counted."""

from __future__ import annotations

import dataclasses
import importlib
import json
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from simulators.biometric_data import REPOSITORY

GROUPS, PEOPLE = 2, 24


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The experiment as it is run: from the repository's folder."""
    monkeypatch.syspath_prepend(str(REPOSITORY))
    module = importlib.import_module("benchmarks.score_fairness")
    monkeypatch.setattr(module, "METHOD", dataclasses.replace(module.METHOD, draws=200))
    return module


def a_trial(
    experiment: ModuleType, close: float, *, seed: int = 5
) -> tuple[object, NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Scores of made-up people in two groups; strangers of the second lie ``close`` nearer to one another."""
    generator = np.random.default_rng(seed)
    pictures = np.repeat(np.arange(PEOPLE), 2)
    one, other = np.triu_indices(len(pictures), k=1)
    one, other = pictures[one], pictures[other]
    second = (one >= PEOPLE // 2) & (other >= PEOPLE // 2)
    means = np.where(one == other, 0.3, 0.8 - close * second)
    scores = means + 0.05 * generator.normal(size=len(one))
    groups = np.arange(PEOPLE)[:, None] // (PEOPLE // GROUPS) == np.arange(GROUPS)
    return experiment.Trial(scores, one, other, groups), scores, one, other


def changed(experiment: ModuleType, base: object, tried: object) -> dict[str, dict[str, float]]:
    """Judge one candidate."""
    found = experiment.changes(base, tried, candidates=1)
    return {one["equal"]: one for one in found}


def test_an_unchanged_score_changes_nothing(experiment: ModuleType) -> None:
    """Judged against itself, moved and stretched, a score gains nothing and loses nothing in any draw."""
    base, scores, one, other = a_trial(experiment, 0.2)
    stretched = experiment.Trial(3 * scores - 1, one, other, base.groups)  # type: ignore[attr-defined]
    for change in changed(experiment, base, stretched).values():
        assert change["before"] == change["after"]
        assert change["low"] == change["high"] == 0


@pytest.mark.parametrize(("before", "after", "better"), [(0.2, 0.0, True), (0.0, 0.2, False)])
def test_a_fairer_score_is_seen(experiment: ModuleType, before: float, after: float, *, better: bool) -> None:
    """A score that tells the second group apart as well as the first is found better, its opposite worse."""
    base, *_ = a_trial(experiment, before)
    tried, *_ = a_trial(experiment, after)
    change = changed(experiment, base, tried)["fnmr"]
    assert (change["high"] < 0) if better else (change["low"] > 0)


def test_what_varies_within_people_is_learnt_away(experiment: ModuleType) -> None:
    """Each projection, fitted on some people, confuses other people less where one direction is all noise."""
    fits = importlib.import_module("benchmarks.score_candidates")
    generator = np.random.default_rng(3)
    people, size = 60, 16
    loud = np.ones(size)
    loud[0] = 12.0
    middles = np.repeat(generator.normal(size=(people, size)), 4, axis=0)
    features = middles + 0.2 * loud * generator.normal(size=middles.shape)
    good = np.ones(len(features), np.bool_)
    shown = fits.Faces(
        features, np.zeros((len(features), 1)), np.repeat(np.arange(people), 4), ("none",), good
    )
    learnt, others = shown.of(shown.person < 40), shown.of(shown.person >= 40)
    raw = fits.confused(fits.unchanged, others)
    for matrix in (
        fits.whitened(learnt, 0.1),
        fits.whitened_by_good(learnt, 0.1),
        fits.discriminant(learnt, 0.1, 12),
        fits.without_nuisance(learnt, 1),
    ):
        assert fits.confused(fits.projected(matrix), others) < raw / 2


def test_quality_is_learnt_away(experiment: ModuleType) -> None:
    """Where a poor picture lengthens every distance, the calibration takes that out for other people."""
    fits = importlib.import_module("benchmarks.score_candidates")
    generator = np.random.default_rng(4)
    people, pictures, size = 150, 2, 6
    middles = np.repeat(generator.normal(size=(people, size)), pictures, axis=0)
    poor = generator.uniform(0, 1, size=len(middles))
    own = np.diag(3 * poor)
    features = np.column_stack([middles + 0.1 * generator.normal(size=middles.shape), own])
    shown = fits.Faces(features, poor[:, None], np.repeat(np.arange(people), pictures), ("poor",), poor < 0.5)
    learnt, others = shown.of(shown.person < 110), shown.of(shown.person >= 110)
    calibrated = fits.calibrated(learnt, ["poor"])
    assert fits.confused(calibrated, others) < fits.confused(fits.unchanged, others)


def test_nothing_ships_of_a_group_too_small_to_say(experiment: ModuleType) -> None:
    """However good a change looks, a worst group of three pairs that share nobody lets nothing ship."""
    change = {"candidate": "tried", "equal": "fnmr", "high": -0.1}
    rate = {
        "candidate": "unchanged",
        "group": "few",
        "kind": "undetermined_non_mated",
        "hits": 3,
        "trials": 9,
    }
    for independent, ships in ((3, []), (10, ["tried"])):
        found = {"changes": [change], "rates": [{**rate, "independent": independent}]}
        assert experiment.helps(found) == ships


def test_the_page_says_what_was_counted(experiment: ModuleType) -> None:
    """The page's tables are those of the stored figures, and its conclusion is theirs."""
    found = json.loads(experiment.FIGURES.read_text(encoding="utf-8"))
    page = experiment.PAGE.read_text(encoding="utf-8")
    assert page.split(experiment.BEGIN)[1].split(experiment.END)[0].strip() == experiment.report(found)
    assert ("**Nothing ships.**" in page) == (experiment.helps(found) == [])


def test_only_groups_are_stored(experiment: ModuleType) -> None:
    """No stored rate has fewer than five people or two comparisons behind it."""
    found = json.loads(experiment.FIGURES.read_text(encoding="utf-8"))
    assert found["rates"]
    assert all(rate["people"] >= 5 and rate["trials"] >= 2 for rate in found["rates"])
