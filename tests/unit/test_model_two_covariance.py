"""Projection and calibration: what follows from the statistics is what the theory says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from dongui.custody.fixed_point import FixedPoint
from dongui.custody.jacobi import rotate_to_orthogonal
from dongui.custody.statistics import Statistics
from dongui.custody.two_covariance import TwoCovariance, derive

FORM = FixedPoint(bytes(32), 6, 11)
COUNTS = np.resize(np.array([1, 2, 3, 5, 10]), 4000)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    chance = np.random.default_rng(3)
    turn = chance.normal(size=(6, 6))
    middles = chance.normal(size=(4000, 6)) * np.array([300, 200, 150, 100, 60, 30]) @ turn
    noise = chance.normal(size=(int(COUNTS.sum()), 6)) * 100
    return np.clip(np.rint((np.repeat(middles, COUNTS, 0) + noise) / 2), -2047, 2047).astype(np.int16)


@pytest.fixture(scope="module")
def model(vectors: np.ndarray) -> TwoCovariance:
    found = derive(Statistics.of_people(FORM, vectors, COUNTS))
    assert found is not None
    return found


def parts(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The scatter within people and that between them, by numpy."""
    starts = np.concatenate(([0], np.cumsum(COUNTS)[:-1]))
    means = np.add.reduceat(vectors.astype(float), starts, axis=0) / COUNTS[:, None]
    rest = vectors - np.repeat(means, COUNTS, 0)
    apart = means - vectors.mean(axis=0)
    return rest.T @ rest, (apart * COUNTS[:, None]).T @ apart


def test_the_projection_is_that_of_a_library_solver(model: TwoCovariance, vectors: np.ndarray) -> None:
    """The axes are the generalised eigenvectors LAPACK finds, up to rounding."""
    within, between = parts(vectors)
    free = len(vectors) - len(COUNTS)
    within += np.eye(6) * free / 12
    _, axes = linalg.eigh(between, within / free)
    for own, theirs in zip(model.projection, axes.T[::-1], strict=True):
        sign = np.sign(theirs[np.abs(theirs).argmax()])
        np.testing.assert_allclose(own, sign * theirs, rtol=1e-7, atol=1e-9)


def test_projected_people_vary_by_one_within_and_as_said_between(
    model: TwoCovariance, vectors: np.ndarray
) -> None:
    """W becomes the unit matrix, B diagonal with the variances given, largest first."""
    projected = (vectors - model.mean) @ model.projection.T
    within, between = parts(projected)
    free, people = len(vectors) - len(COUNTS), len(COUNTS)
    np.testing.assert_allclose(within / free, np.eye(6), atol=1e-3)
    spread = len(vectors) - (COUNTS**2).sum() / len(vectors)
    found = (between - (people - 1) * within / free) / spread
    np.testing.assert_allclose(found, np.diag(model.between), atol=2e-3 * model.between[0])
    assert (np.diff(model.between) < 0).all()


def test_the_score_is_the_log_likelihood_ratio(model: TwoCovariance) -> None:
    """Constant, quadratic and product are those of two normal distributions, computed apart by scipy."""
    from scipy import stats  # here: it takes a second, and every worker reads every module

    chance = np.random.default_rng(1)
    for _ in range(20):
        x, y = chance.normal(size=(2, len(model.between))) * 2
        score = model.constant + float((model.product * x * y - model.quadratic * (x * x + y * y)).sum())
        expected = 0.0
        for own, a, b in zip(model.between, x, y, strict=True):
            same = stats.multivariate_normal([0, 0], [[own + 1, own], [own, own + 1]])
            apart = stats.norm(0, np.sqrt(own + 1))
            expected += same.logpdf([a, b]) - apart.logpdf(a) - apart.logpdf(b)
        assert score == pytest.approx(expected, abs=1e-9)


def test_statistics_that_determine_nothing_give_no_model() -> None:
    """Nobody, one person, one vector each, or people who are all alike: no model, and no error."""
    alike = np.resize(np.array([[1] * 6, [-1] * 6], np.int16), (8, 6))
    for vectors, counts in (
        (np.zeros((0, 6), np.int16), []),
        (np.zeros((3, 6), np.int16), [3]),
        (np.zeros((2, 6), np.int16), [1, 1]),
        (alike, [2, 2, 2, 2]),
    ):
        assert derive(Statistics.of_people(FORM, vectors, np.array(counts, np.int64))) is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_axes_of_any_size(size: int) -> None:
    """Orthogonal rows spanning the same, their squared lengths the eigenvalues: odd sizes and one row too."""
    matrix = np.random.default_rng(size).normal(size=(size, size))
    rows, lengths = rotate_to_orthogonal(matrix)
    np.testing.assert_allclose(rows @ rows.T, np.diag(lengths), atol=1e-10)
    np.testing.assert_allclose(rows.T @ rows, matrix.T @ matrix, atol=1e-10)
    np.testing.assert_allclose(lengths, np.linalg.eigvalsh(matrix.T @ matrix)[::-1], atol=1e-9)
