"""The published figures of the shipped recogniser are what an assessment of its set finds."""

from __future__ import annotations

import dataclasses
import runpy

import pytest

from dongui.biometrics.operating_points import operating_point
from simulators.biometric_data import REPOSITORY, data_folder


@pytest.mark.slow
def test_the_page_and_the_point_say_what_is_measured() -> None:
    """Run again, the one command that wrote both gives every figure of the page and of the point's file."""
    london = runpy.run_path(str(REPOSITORY / "benchmarks" / "london.py"))
    measurement, result = london["assess"](data_folder() / "faces")
    page = (REPOSITORY / "docs" / "explanation" / "error-rates.md").read_text(encoding="utf-8")
    shown = page.split(london["BEGIN"])[1].split(london["END"])[0].strip()
    assert shown == london["report"](result)
    shipped = operating_point("dlib-resnet-v1-london")
    measured = london["point"](measurement, result)
    assert dataclasses.replace(measured, measured_on=shipped.measured_on) == shipped
    assert not shipped.assessed_for_use
