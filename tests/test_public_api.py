"""The public names are few, sorted, typed, and importable without loading a model."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import dongui
from dongui import custody


def test_the_names_are_sorted_and_there() -> None:
    """``__all__`` is sorted, constants first, without doubles; each name exists and has one home."""
    assert list(dongui.__all__) == sorted(set(dongui.__all__), key=lambda name: (not name.isupper(), name))
    assert list(dongui._HOMES) == dongui.__all__
    for name in dongui.__all__:
        assert hasattr(dongui, name), name


def _names_in_signatures(thing: object) -> set[str]:
    """The capitalised words of a function's annotations, or of those of a class's public methods."""
    members = (
        [member for name, member in vars(thing).items() if name[0] != "_"]
        if isinstance(thing, type)
        else [thing]
    )
    functions = [member.fget if isinstance(member, property) else member for member in members]
    told = [str(text) for function in functions for text in getattr(function, "__annotations__", {}).values()]
    return {word for text in told for word in re.findall(r"\b[A-Z]\w+", text)}


@pytest.mark.parametrize(
    "name",
    ["Desk", "Ledger", "Log", "SessionStore", "check_receipt", "issue", "open_session", "register", "verify"],
)
def test_what_a_signature_names_is_public_too(name: str) -> None:
    """Whoever calls the main path, or implements a store, imports every type of Dongui from ``dongui``."""
    named = _names_in_signatures(getattr(dongui, name))
    of_python = {"Callable", "None", "Path", "Self", "Sequence"}
    keys = {"PublicKey"}  # of the package cryptography, under one word
    assert named
    assert named - of_python - keys <= set(dongui.__all__)


def test_custody_s_names_are_sorted_and_there() -> None:
    """As the package's own; and what opening a release names is public too."""
    assert list(custody.__all__) == sorted(set(custody.__all__))
    assert list(custody._HOMES) == custody.__all__
    for name in custody.__all__:
        assert hasattr(custody, name), name
    named = _names_in_signatures(custody.open_release)
    assert named - {"Path", "None", "Iterable"} <= {*dongui.__all__, *custody.__all__}
    assert not hasattr(custody, "open_relase")


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
