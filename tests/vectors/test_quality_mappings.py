"""Every mapping from native value to scalar is the standard's, to the last digit OFIQ prints."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from dongui.biometrics.quality.iso_29794_5.component import Component
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS

PUBLISHED = Path(__file__).with_name("quality") / "ofiq-1.0.3.csv"
PICTURES = 28


def published() -> list[dict[str, str]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.name)
def test_the_scalar_is_the_published_one(component: Component) -> None:
    """OFIQ's native value of each of its 28 pictures maps to OFIQ's scalar: no tolerance."""
    rows = [row for row in published() if row["component"] == component.name]
    assert len(rows) == PICTURES
    for row in rows:
        assert component.scalar(float(row["native"])) == int(row["scalar"]), row


def test_every_published_component_is_measured() -> None:
    """The excerpt holds no component that is left unchecked, and none is measured without an excerpt."""
    counted = Counter(row["component"] for row in published())
    assert counted == {component.name: PICTURES for component in COMPONENTS}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.name)
def test_a_scalar_is_between_0_and_100_whatever_the_native_value(component: Component) -> None:
    """No native value the measure can give, and none far beyond, leaves the scale."""
    for native in (0.0, 1e-12, 0.5, 1.0, 8.0, 90.0, 180.0, 1e3, 1e6):
        assert 0 <= component.scalar(native) <= 100, native
