"""The public names are few, sorted, typed, and importable without loading a model."""

from __future__ import annotations

import subprocess
import sys

import dongui


def test_the_names_are_sorted_and_there() -> None:
    """``__all__`` is sorted, without doubles, and each name exists."""
    assert list(dongui.__all__) == sorted(set(dongui.__all__))
    for name in dongui.__all__:
        assert hasattr(dongui, name), name


def test_nothing_else_is_public() -> None:
    """The front door shows what ``__all__`` says, its version and its rooms: nothing by accident."""
    script = (
        "import dongui, types; print([n for n, v in vars(dongui).items() if not n.startswith('_')"
        " and not isinstance(v, types.ModuleType) and n not in dongui.__all__])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_importing_loads_no_model() -> None:
    """``import dongui`` is quick to its feet: no detector and no network of weights is loaded by it."""
    script = "import sys, dongui; print(sorted({'dlib', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
