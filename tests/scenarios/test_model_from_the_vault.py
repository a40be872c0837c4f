"""From encrypted pictures to statistics and back: the recogniser over the vault, one person forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dongui.biometrics.instruments import Instruments
from dongui.custody.features import PictureFeatures
from dongui.custody.fixed_point import fixed_point_for
from dongui.custody.statistics import Statistics
from dongui.custody.vault.vault import NewRecord
from dongui.custody.vault_pictures import VaultPictures
from dongui.desk.desk import models_cache
from dongui.errors import Misuse
from simulators.model_office import RESNET
from simulators.vault_office import CONSENT, VaultOffice, person, record_id

DATA = os.environ.get("DONGUI_TEST_DATA", "")
PICTURES = ("portrait.jpg", "smile.jpg")
pytestmark = pytest.mark.skipif(not DATA, reason="DONGUI_TEST_DATA is unset: no rendered people to train on")


@pytest.fixture(scope="module")
def instruments() -> Instruments:
    """The recogniser and what stands before it."""
    return Instruments.load(cache=models_cache(), progress=lambda _: None)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[VaultPictures]:
    """Three people who do not exist, two pictures each, and one picture of nobody."""
    office = VaultOffice.create(tmp_path)
    folders = sorted(path for path in (Path(DATA) / "faces" / "rendered").iterdir() if path.is_dir())[:3]
    contents = [(folder / name).read_bytes() for folder in folders for name in PICTURES]
    with office.open(write=True) as opened:
        opened.put(
            [
                NewRecord(person(number // 2), record_id(number), number, CONSENT, memoryview(data))
                for number, data in enumerate([*contents, b"no picture"])
            ]
        )
        yield VaultPictures(opened)


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def test_vectors_come_from_the_vault_by_number_or_id(vault: VaultPictures, instruments: Instruments) -> None:
    """Either layout finds the same picture; what shows no face gives no vector and is counted."""
    source = PictureFeatures(vault, instruments=instruments)
    by_number = source.vectors(number(0), [number(0), number(1)])
    by_id = source.vectors(person(0).id, [record_id(0), record_id(1)])
    assert by_number.shape == (2, 128)
    np.testing.assert_array_equal(by_number, by_id)
    assert len(source.vectors(number(3), [number(6)])) == 0
    assert source.skipped == 1


@pytest.mark.parametrize(
    ("whose", "record"),
    [(number(1), number(0)), (person(1).id, record_id(0)), (number(0), number(99)), (number(0), bytes(16))],
)
def test_a_record_of_somebody_else_is_not_opened(vault: VaultPictures, whose: bytes, record: bytes) -> None:
    """Release and vault must agree whose it is, or forgetting would take out the wrong person's."""
    with pytest.raises(Misuse) as refused:
        vault.open_picture(whose, record)
    assert refused.value.name == "vault.no-such-record"


def test_real_features_are_forgotten_exactly(vault: VaultPictures, instruments: Instruments) -> None:
    """The recogniser's own numbers: subtracted, the statistics are those of the others alone."""
    form = fixed_point_for(RESNET)
    source = PictureFeatures(vault, instruments=instruments)
    whole = [
        form.quantise(source.vectors(number(who), [number(2 * who), number(2 * who + 1)])) for who in range(3)
    ]
    assert all(abs(one).max() < 2047 for one in whole)
    total = Statistics.empty(form)
    for one in whole:
        total = total.plus(Statistics.of_person(form, one))
    alone = Statistics.of_people(form, np.concatenate(whole[1:]), np.array([2, 2], np.int64))
    assert total.less(Statistics.of_person(form, whole[0])).encode() == alone.encode()
