"""Where the tests find faces: people who do not exist (in the repository), people who agreed (kept apart)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def data_folder() -> Path:
    """Return the folder of test data kept outside the repository; skips the test where there is none."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        pytest.skip("DONGUI_TEST_DATA is not set: pictures kept outside the repository are not tested")
    return Path(folder)


def london() -> list[Path]:
    """Return the pictures of 51 people who agreed to studies: two each, neutral and smiling, sorted."""
    return sorted((data_folder() / "faces" / "london").glob("*.jpg"))


def person(number: str, picture: str) -> Path:
    """Return a picture of a person who does not exist: ``portrait``, ``turn-00`` to ``turn-14``, ..."""
    return REPOSITORY / "src" / "dongui" / "demo" / "people" / number / f"{picture}.jpg"


def view(path: Path) -> memoryview:
    """Read a picture as the core takes it."""
    return memoryview(path.read_bytes())
