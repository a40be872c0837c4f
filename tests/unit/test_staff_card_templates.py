"""Protected templates: what is quantised, shifted and read back, and what is left undetermined."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from dongui.biometrics import protected_templates
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_point
from dongui.biometrics.protected_templates import (
    MARGIN_LONDON_2026_11,
    PROTECTED_TEMPLATE_BYTES,
    WORST_MARGIN,
    for_protected_templates,
    protect,
    reference_from_card,
)
from dongui.biometrics.templates import Template
from dongui.documents.staff_card import register
from dongui.errors import DonguiError, Trouble, Undetermined

DIGEST = hashlib.sha256(b"pipeline").digest()
SECRET = hashlib.sha256(b"secret").digest()


FIXED = "3ebb258354f35146ea7fb7afd08426e277e5cb2fd1b499c528cfd03d56fb3ab8"


def features(label: str = "face") -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """128 numbers as long as a recogniser's: made up, nobody's."""
    drawn = np.random.default_rng(list(label.encode())).normal(0, 1, 128)
    return (1.45 * drawn / np.linalg.norm(drawn)).astype(np.float32)


def instruments(digest: bytes = DIGEST) -> Instruments:
    """Instruments, as far as a protected template asks for them: their digest."""
    made = object.__new__(Instruments)
    object.__setattr__(made, "pipeline_digest", digest)
    return made


def test_the_same_bytes_come_out_everywhere() -> None:
    """Integers alone: a card printed on one machine opens on every other. Fixed for version 1."""
    ramp = np.linspace(-0.7, 0.7, 128, dtype=np.float32)
    made = protect(Template(ramp), secret=SECRET, pipeline_digest=DIGEST)
    assert len(made) == PROTECTED_TEMPLATE_BYTES == 145
    assert made[:17] == b"\x01" + DIGEST[:16]
    assert hashlib.sha256(made).hexdigest() == FIXED


def test_a_template_comes_back_within_half_a_step() -> None:
    """Quantising moves no feature by more than 1/360, whatever the secret."""
    original = features()
    for number in range(16):
        secret = hashlib.sha256(bytes([number])).digest()
        made = protect(Template(original.copy()), secret=secret, pipeline_digest=DIGEST)
        with reference_from_card(made, secret=memoryview(secret), instruments=instruments()) as reference:
            assert np.abs(reference.template.features - original).max() <= 1 / 360 + 1e-6
            assert reference.pipeline_digest == DIGEST


def test_the_wrong_secret_opens_nothing() -> None:
    """Not a face that differs, which would refuse its holder: trouble, and the other way."""
    made = protect(Template(features()), secret=SECRET, pipeline_digest=DIGEST)
    for number in range(64):
        with pytest.raises(Trouble) as caught:
            reference_from_card(
                made, secret=hashlib.sha256(bytes([number])).digest(), instruments=instruments()
            )
        assert caught.value.name == "protected-template.secret-mismatch"


@pytest.mark.parametrize("spoilt", ["other pipeline", "other version", "shorter", "empty"])
def test_another_recogniser_asks_for_a_new_card(spoilt: str) -> None:
    """A distance between two recognisers' numbers means nothing: undetermined, never non-mated."""
    made = protect(Template(features()), secret=SECRET, pipeline_digest=DIGEST)
    running = instruments(hashlib.sha256(b"newer").digest() if spoilt == "other pipeline" else DIGEST)
    shown = {"other version": b"\x02" + made[1:], "shorter": made[:-1], "empty": b""}.get(spoilt, made)
    with pytest.raises(Undetermined) as caught:
        reference_from_card(shown, secret=SECRET, instruments=running)
    assert caught.value.name == "staff-card.needs-reenrolment"


def test_features_beyond_the_range_are_not_bent_into_it() -> None:
    """A number no byte can hold would become another face's."""
    beyond = features()
    beyond[5] = 0.75
    with pytest.raises(DonguiError) as caught:
        protect(Template(beyond), secret=SECRET, pipeline_digest=DIGEST)
    assert caught.value.name == "protected-template.out-of-range"


def test_bounds_move_towards_undetermined_alone() -> None:
    """Quantising makes nobody mated and nobody non-mated that was not before, as far as measured."""
    point = operating_point("dlib-resnet-v1-london")
    moved = for_protected_templates(point)
    assert moved.mated_at_most == pytest.approx(point.mated_at_most - MARGIN_LONDON_2026_11)
    assert moved.non_mated_from == pytest.approx(point.non_mated_from + MARGIN_LONDON_2026_11)
    assert (moved.name, moved.pipeline_digest) == (point.name, point.pipeline_digest)


def test_another_recognisers_bounds_move_by_all_that_rounding_can_do() -> None:
    """What was measured with one recogniser says nothing of another; half a step each way bounds them all."""
    point = replace(operating_point("dlib-resnet-v1-london"), recogniser="another")
    moved = for_protected_templates(point)
    assert moved.non_mated_from == pytest.approx(point.non_mated_from + WORST_MARGIN)
    original = features()
    worst = original + np.where(original > 0, 1, -1).astype(np.float32) / 360
    assert np.linalg.norm(worst - original) == pytest.approx(WORST_MARGIN, rel=1e-5)


def test_a_template_of_another_length_makes_no_card() -> None:
    """128 numbers fit; of more or fewer no part is carried."""
    other = object.__new__(Template)
    other._features, other._wiped = features()[:64], False
    with pytest.raises(Undetermined) as caught:
        protect(other, secret=SECRET, pipeline_digest=DIGEST)
    assert caught.value.name == "protected-template.out-of-range"


def test_register_and_template_agree_on_the_secret() -> None:
    """Two rooms that do not know one another write one number."""
    assert register.SECRET_BYTES == protected_templates.SECRET_BYTES
    with pytest.raises(ValueError, match="32 bytes"):
        protect(Template(features()), secret=b"short", pipeline_digest=DIGEST)
