"""Scores that need no group label and no stored face: the candidates, and the pictures they are fitted on.

Each candidate is fitted on rendered people who do not exist. None keeps a face, and none holds one face
against those of other people: a score stays one of two pictures.
"""

from __future__ import annotations

import runpy
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.consent_ground import ConsentedTable, SignedDeclaration, require_consent
from dongui.assessment.declaration import read_declaration
from dongui.assessment.people_table import read_people_table
from dongui.assessment.trials import pairs
from dongui.biometrics.acquisition import acquire
from dongui.biometrics.comparison import pair_distances
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.quality import Measure
from dongui.biometrics.quality.gate import measure, require_answerable
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Undetermined
from dongui.log.keys import VerifierKey

SHRINKAGES: Final = (0.01, 0.03, 0.1, 0.3, 0.6)
DIMENSIONS: Final = (16, 32, 64, 127)
REMOVED: Final = (1, 2, 4, 8, 16, 32)
#: Quality measures that tell dark skin from light as well as dark light from bright.
TELLING_SKIN: Final = ("under-exposure", "over-exposure", "illumination-uniformity")
#: The FNMR at which settings are compared on rendered people kept out of the fit.
TUNED_AT_FNMR: Final = 0.05
NON_MATED_LEARNT: Final = 20_000
#: Which non-mated pairs of rendered people the calibration sees.
SEED: Final = 20261122

Numbers: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Faces:
    """Acquired pictures: features (pictures x 128), quality (pictures x measures), who each one shows.

    ``answerable`` marks those that pass the quality gate.
    """

    features: Numbers = field(repr=False)
    quality: Numbers = field(repr=False)
    person: Indices = field(repr=False)
    measures: tuple[str, ...]
    answerable: NDArray[np.bool_] = field(repr=False)

    def of(self, chosen: NDArray[np.bool_]) -> Faces:
        """Return some of the pictures."""
        return Faces(
            self.features[chosen],
            self.quality[chosen],
            self.person[chosen],
            self.measures,
            self.answerable[chosen],
        )


Scoring: TypeAlias = Callable[[Faces, Indices, Indices], Numbers]
"""The score of each pair of pictures, lower for more alike."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A score fitted on all rendered people; ``kept_out``: the FMR of some, after a fit on the others."""

    scoring: Scoring = field(repr=False)
    setting: str
    kept_out: float


class _Picture(NamedTuple):
    features: Numbers
    quality: dict[str, float]
    answerable: bool


# Pictures


def rendered(folder: Path, instruments: Instruments) -> Faces:
    """Acquire the rendered people in every pose in which a face is found. They do not exist: no consent."""
    taken, person = [], []
    for path in sorted(folder.glob("*.jpg")):
        found = _taken(memoryview(path.read_bytes()), instruments)
        if found is not None:
            taken.append(found)
            person.append(int(path.stem.split("-")[0]))
    return _faces(taken, person)


@contextmanager
def london(faces: Path, instruments: Instruments) -> Iterator[tuple[ConsentedTable, Faces]]:
    """Acquire the London people from their declared table; their features are overwritten afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "set")
        runpy.run_path(str(Path(__file__).with_name("people_table.py")))["write_london"](faces, folder)
        key = VerifierKey.parse((folder / "holder.pub").read_text().strip())
        signed = SignedDeclaration(
            read_declaration((folder / "london.declaration").read_bytes(), key=key), key.name, "00" * 32
        )
        table = read_people_table(folder / "people.csv")
        consented = require_consent(table, office=None, declarations=[signed], at=datetime.now(UTC))
        taken, person = [], []
        for row in table.rows:
            with row.read() as picture:
                consented.require_unchanged(row, picture)
                found = _taken(picture.view, instruments)
            if found is not None:
                taken.append(found)
                person.append(row.person)
    held = _faces(taken, person)
    try:
        yield consented, held
    finally:
        held.features[...] = 0


def _taken(encoded: memoryview, instruments: Instruments) -> _Picture | None:
    """Features and quality of one picture; the gate does not judge, so that poor pictures are learnt from."""
    picture = EncodedPicture.open(encoded, source=Source.PORTRAIT, what="a picture")
    try:
        with acquire(picture, detector=instruments.detector, aligner=instruments.aligner) as found:
            crop = instruments.aligner.crop(found.sample.pixels, found.points, found.face)
            judged = measure(crop, found.points, inter_eye_pixels=found.inter_eye_distance)
            answerable = _passes(judged)
            with instruments.recogniser.template(crop) as template:
                features = template.features.astype(np.float64)
            crop[...] = 0
    except Undetermined:
        return None
    # Angles count by their size, pixels by their ratio.
    values = {
        one.name: float(np.log(one.value)) if one.name == "inter-eye-distance" else abs(one.value)
        for one in judged
    }
    return _Picture(features, values, answerable)


def _passes(judged: tuple[Measure, ...]) -> bool:
    try:
        require_answerable(judged, what="a picture")
    except Undetermined:
        return False
    return True


def _faces(taken: Sequence[_Picture], person: Sequence[int]) -> Faces:
    held = Faces(
        np.array([one.features for one in taken]),
        np.array([list(one.quality.values()) for one in taken]),
        np.array(person),
        tuple(taken[0].quality),
        np.array([one.answerable for one in taken]),
    )
    for one in taken:
        one.features[...] = 0
    return held


def every_pair(faces: Faces) -> tuple[Indices, Indices]:
    """Return every two pictures once, as an assessment pairs them."""
    one, other = zip(*pairs(len(faces.person)), strict=True)
    return np.concatenate(one), np.concatenate(other)


# Scores


def unchanged(faces: Faces, one: Indices, other: Indices) -> Numbers:
    """Score as the pipeline that ships does."""
    return projected(np.eye(faces.features.shape[1]))(faces, one, other)


def projected(matrix: Numbers) -> Scoring:
    """Score by the distance after a linear map of the features (128 x dimensions)."""

    def score(faces: Faces, one: Indices, other: Indices) -> Numbers:
        mapped = (faces.features @ matrix).astype(np.float32)
        return pair_distances(mapped[one], mapped[other])

    return score


def scatter(faces: Faces) -> tuple[Numbers, Numbers]:
    """Return the covariance of pictures around their person's middle, and of the middles."""
    _, place, pictures = np.unique(faces.person, return_inverse=True, return_counts=True)
    middles = np.zeros((len(pictures), faces.features.shape[1]))
    np.add.at(middles, place, faces.features)
    middles /= pictures[:, None]
    apart = faces.features - middles[place]
    return apart.T @ apart / (len(place) - len(pictures)), np.cov(middles, rowvar=False)


def whitened(faces: Faces, shrinkage: float) -> Numbers:
    """Within-class covariance normalisation: what varies within people counts less."""
    within, _ = scatter(faces)
    size = len(within)
    shrunk = (1 - shrinkage) * within + shrinkage * np.trace(within) / size * np.eye(size)
    values, vectors = np.linalg.eigh(shrunk)
    return np.asarray(vectors / np.sqrt(values))


def whitened_by_good(faces: Faces, shrinkage: float) -> Numbers:
    """As :func:`whitened`, learnt from the pictures that pass the quality gate alone."""
    return whitened(faces.of(faces.answerable), shrinkage)


def discriminant(faces: Faces, shrinkage: float, dimensions: int) -> Numbers:
    """Linear discriminants: of the whitened features only the directions in which people differ most."""
    white = whitened(faces, shrinkage)
    _, between = scatter(faces)
    _, vectors = np.linalg.eigh(white.T @ between @ white)
    return np.asarray(white @ vectors[:, -dimensions:])


def without_nuisance(faces: Faces, removed: int) -> Numbers:
    """Take out the directions along which pictures of one person differ most."""
    within, _ = scatter(faces)
    _, vectors = np.linalg.eigh(within)
    return np.asarray(vectors[:, :-removed])


def calibrated(faces: Faces, measures: Sequence[str]) -> Scoring:
    """Score by distance and the quality of both pictures: a logistic regression on mated or not, rescaled."""
    columns = [faces.measures.index(name) for name in measures]
    # A measure that does not vary among the rendered (roll, in some sets) has no scale to learn.
    centre, scale = faces.quality.mean(axis=0), np.maximum(faces.quality.std(axis=0), 1e-6)

    def described(shown: Faces, one: Indices, other: Indices) -> Numbers:
        # Beyond three deviations of what was learnt from nothing is known: no further.
        quality = np.clip((shown.quality - centre) / scale, -3, 3)[:, columns]
        both, apart = quality[one] + quality[other], np.abs(quality[one] - quality[other])
        return np.column_stack([unchanged(shown, one, other), both, apart])

    one, other = every_pair(faces)
    mated = faces.person[one] == faces.person[other]
    generator = np.random.default_rng(SEED)
    chosen = np.concatenate(
        [np.flatnonzero(mated), generator.choice(np.flatnonzero(~mated), NON_MATED_LEARNT, replace=False)]
    )
    weights = logistic(described(faces, one[chosen], other[chosen]), ~mated[chosen])
    adjustment = weights / weights[0]
    return lambda shown, first, second: described(shown, first, second) @ adjustment


def logistic(inputs: Numbers, truth: NDArray[np.bool_], *, ridge: float = 1.0) -> Numbers:
    """Return the slopes of a logistic regression (Newton's method, the two classes weighing the same)."""
    rows = np.column_stack([inputs, np.ones(len(inputs))])
    share = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    slopes = np.zeros(rows.shape[1])
    for _ in range(30):
        expected = 1 / (1 + np.exp(-np.clip(rows @ slopes, -30, 30)))
        bent = rows.T @ (rows * (share * expected * (1 - expected))[:, None]) + ridge * np.eye(len(slopes))
        slopes += np.linalg.solve(bent, rows.T @ (share * (truth - expected)) - ridge * slopes)
    return slopes[:-1]


def candidates(faces: Faces) -> dict[str, Candidate]:
    """Fit every candidate on rendered people; those with a setting take the best on people kept out."""
    kept_out = np.isin(faces.person, np.unique(faces.person)[::4])
    learnt, held = faces.of(~kept_out), faces.of(kept_out)
    families: dict[str, tuple[Callable[..., Numbers], Sequence[tuple[float, ...]]]] = {
        "within-person whitening": (whitened, [(one,) for one in SHRINKAGES]),
        "whitening, good pictures": (whitened_by_good, [(one,) for one in SHRINKAGES]),
        "linear discriminants": (discriminant, [(one, size) for one in SHRINKAGES for size in DIMENSIONS]),
        "nuisance directions removed": (without_nuisance, [(one,) for one in REMOVED]),
    }
    found = {"unchanged": Candidate(unchanged, "-", confused(unchanged, held))}
    for name, (fit, settings) in families.items():
        errors = [confused(projected(fit(learnt, *setting)), held) for setting in settings]
        best = settings[int(np.argmin(errors))]
        setting = ", ".join(f"{one:g}" for one in best)
        found[name] = Candidate(projected(fit(faces, *best)), setting, min(errors))
    blind = [name for name in faces.measures if name not in TELLING_SKIN]
    for name, measures in {"quality, all measures": faces.measures, "quality, without light": blind}.items():
        error = confused(calibrated(learnt, measures), held)
        found[name] = Candidate(calibrated(faces, measures), "-", error)
    return found


def confused(scoring: Scoring, faces: Faces) -> float:
    """Return the FMR at the FNMR settings are compared at."""
    one, other = every_pair(faces)
    scores, mated = scoring(faces, one, other), faces.person[one] == faces.person[other]
    return float(np.mean(scores[~mated] <= np.quantile(scores[mated], 1 - TUNED_AT_FNMR)))
