"""Inclusion and consistency proofs of transparency-dev/merkle, good and bad.

The subtree vectors are of a later draft that proves parts of a tree which do not begin at the first leaf.
Those that do begin there, and are not empty, are ordinary proofs and are run; the others say nothing this
log claims (the draft lets the empty subtree agree with any tree; this log gives no such proof).
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TypedDict

import pytest

from dongui.errors import Refused
from dongui.log.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion

DATA = os.environ.get("DONGUI_TEST_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: Merkle proof vectors skipped")


class Vector(TypedDict, total=False):
    """The union of the four kinds' fields."""

    leafIdx: int
    treeSize: int
    start: int
    end: int
    size: int
    size1: int
    size2: int
    root: str
    root1: str
    root2: str
    leafHash: str
    proof: list[str] | None
    desc: str
    wantErr: bool


def load(kind: str) -> list[tuple[str, Vector]]:
    """Every vector of a kind with its place in the folder."""
    folder = Path(DATA or "/nonexistent") / "vectors" / "log" / "merkle" / kind
    return [
        (str(path.relative_to(folder)), json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.rglob("*.json"))
    ]


def from_first_leaf(vectors: list[tuple[str, Vector]]) -> list[tuple[str, Vector]]:
    """Subtrees that are the tree at an earlier size."""
    return [(name, vector) for name, vector in vectors if vector["start"] == 0 and vector["end"] > 0]


def hashes(vector: Vector) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(value) for value in vector["proof"] or ())


def check_inclusion(vector: Vector, size: int) -> None:
    proof = InclusionProof(vector["leafIdx"], size, hashes(vector))
    leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
    verify_inclusion(proof, leaf=leaf, root=root)


def check_consistency(vector: Vector, old: int, new: int) -> None:
    roots = base64.b64decode(vector["root1"]), base64.b64decode(vector["root2"])
    verify_consistency(ConsistencyProof(old, new, hashes(vector)), old_root=roots[0], new_root=roots[1])


def expect(vector: Vector, outcome: str | None) -> None:
    assert (outcome is not None) == vector["wantErr"], vector["desc"]


def outcome_of(check: str, vector: Vector, *numbers: int) -> str | None:
    """The refusal's name, or None where the proof holds."""
    try:
        if check == "inclusion":
            check_inclusion(vector, *numbers)
        else:
            check_consistency(vector, *numbers)
    except Refused as refused:
        return refused.name
    return None


def test_the_vectors_are_all_there() -> None:
    """A folder that went missing must not read as success."""
    assert [len(load(kind)) for kind in ("inclusion", "consistency")] >= [53, 45]
    assert len(from_first_leaf(load("subtreeinclusion"))) >= 40
    assert len(from_first_leaf(load("subtreeconsistency"))) >= 51


@pytest.mark.parametrize(("name", "vector"), load("inclusion"))
def test_inclusion(name: str, vector: Vector) -> None:
    """A good proof holds; each fault is refused."""
    expect(vector, outcome_of("inclusion", vector, vector["treeSize"]))


@pytest.mark.parametrize(("name", "vector"), load("consistency"))
def test_consistency(name: str, vector: Vector) -> None:
    """A good proof holds; each fault is refused."""
    expect(vector, outcome_of("consistency", vector, vector["size1"], vector["size2"]))


@pytest.mark.parametrize(("name", "vector"), from_first_leaf(load("subtreeinclusion")))
def test_inclusion_in_the_first_leaves(name: str, vector: Vector) -> None:
    """A subtree from the first leaf on is the tree at an earlier size."""
    expect(vector, outcome_of("inclusion", vector, vector["end"]))


@pytest.mark.parametrize(("name", "vector"), from_first_leaf(load("subtreeconsistency")))
def test_consistency_of_the_first_leaves(name: str, vector: Vector) -> None:
    """Such a subtree with a larger tree: the ordinary consistency proof."""
    expect(vector, outcome_of("consistency", vector, vector["end"], vector["size"]))
