"""Counterfactual pictures change what they say they change, and the page says what is measured on them."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.instruments import Instruments
from simulators.biometric_data import REPOSITORY, data_folder, person

SCRIPT = runpy.run_path(str(REPOSITORY / "benchmarks" / "counterfactual.py"))


@pytest.fixture(scope="module")
def instruments() -> Instruments:
    return Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=lambda _: None)


def test_another_skin_changes_skin_and_nothing_else(instruments: Instruments) -> None:
    """The cheeks take the albedo; the background keeps every pixel; half the light is half of all."""
    people = REPOSITORY / "src" / "dongui" / "demo" / "people"
    stage = SCRIPT["Stage"](people, instruments)
    with Image.open(person("04", "portrait")) as opened:
        before = np.array(opened.convert("RGB"))
    for albedo in SCRIPT["SKINS"].values():
        after = stage._shown("04", "portrait", albedo)
        wanted = SCRIPT["coded"](SCRIPT["linear"](np.array(albedo, np.uint8)) * SCRIPT["CHEEK_SHADING"])
        cheeks = SCRIPT["coded"](stage._cheeks(after))
        assert np.abs(cheeks - wanted).max() < 0.03
        # Above and beside the head; rounding through linear light may move a level by one.
        corner = np.abs(after[:60, :120].astype(int) - before[:60, :120])
        assert corner.max() <= 1
    half = SCRIPT["linear"](stage._shown("04", "portrait", albedo, light=0.5))
    assert half.mean() == pytest.approx(SCRIPT["linear"](after).mean() / 2, rel=0.02)


@pytest.mark.slow
def test_the_page_says_what_is_measured(instruments: Instruments) -> None:
    """The row of the darkest skin, on which the page's conclusion rests, is found again."""
    stage = SCRIPT["Stage"](data_folder() / "faces" / "rendered", instruments)
    page = (REPOSITORY / "docs" / "explanation" / "counterfactuals.md").read_text(encoding="utf-8")
    row = stage.in_one_skin("5 (darkest)")
    assert f"| {' | '.join(row)} |" in page
