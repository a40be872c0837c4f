"""The public names are few, sorted, typed, and importable without loading a model."""

from __future__ import annotations

import subprocess
import sys

import dongui


def test_the_names_are_sorted_and_there() -> None:
    """``__all__`` is sorted, without doubles, and each name exists and has one home."""
    assert list(dongui.__all__) == sorted(set(dongui.__all__))
    assert list(dongui._HOMES) == dongui.__all__
    for name in dongui.__all__:
        assert hasattr(dongui, name), name


def test_importing_loads_no_model() -> None:
    """``import dongui``, even with every name used, loads no detector and no network of weights."""
    script = (
        "import sys, dongui; [getattr(dongui, name) for name in dongui.__all__];"
        "print(sorted({'dlib', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as it does in any module."""
    assert not hasattr(dongui, "verifyy")
