"""The tree against the RFC's own recursion, and proofs against everything that is not the proof."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.errors import Refused
from dongui.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    consistency_path,
    cover,
    inclusion_path,
    leaf_hash,
    tree_root,
)
from dongui.log.proofs import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from simulators import naive_merkle

LARGEST = 130


class KeptNodes:
    """A node source that keeps only what the frontier reported as complete."""

    def __init__(self, inputs: Sequence[bytes]) -> None:
        self.kept: dict[Node, bytes] = {}
        self.roots = [EMPTY_ROOT]
        frontier = Frontier()
        for index, data in enumerate(inputs):
            leaf = leaf_hash(data)
            for level, value in enumerate([leaf, *frontier.append(leaf)]):
                self.kept[Node(level, index >> level)] = value
            self.roots.append(frontier.root())

    def nodes(self, wanted: Sequence[Node]) -> list[bytes]:
        return [self.kept[node] for node in wanted]


INPUTS = [f"entry {number}".encode() for number in range(LARGEST)]
TREE = KeptNodes(INPUTS)
sizes = st.integers(1, LARGEST)


def test_roots_are_those_of_the_recursive_definition() -> None:
    """At every size the root is MTH(D[n]), grown leaf by leaf or folded from complete subtrees."""
    for size in range(LARGEST + 1):
        expected = naive_merkle.mth(INPUTS[:size])
        assert TREE.roots[size] == expected
        assert tree_root(size, TREE) == expected


@given(sizes.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
@settings(max_examples=150, deadline=None)
def test_inclusion_paths_are_those_of_the_recursive_definition(place: tuple[int, int]) -> None:
    """PATH(m, D[n]) is what is made, and what is made is accepted."""
    index, size = place
    path = inclusion_path(index, size, TREE)
    assert list(path) == naive_merkle.path(index, INPUTS[:size])
    proof = InclusionProof(index, size, path)
    verify_inclusion(proof, leaf=leaf_hash(INPUTS[index]), root=TREE.roots[size])


@given(sizes.flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new))))
@settings(max_examples=150, deadline=None)
def test_consistency_paths_are_those_of_the_recursive_definition(place: tuple[int, int]) -> None:
    """PROOF(m, D[n]) is what is made, and what is made is accepted."""
    old, new = place
    path = consistency_path(old, new, TREE)
    assert list(path) == naive_merkle.proof(old, INPUTS[:new])
    proof = ConsistencyProof(old, new, path)
    verify_consistency(proof, old_root=TREE.roots[old], new_root=TREE.roots[new])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_an_inclusion_proof_fits_one_place_only(data: st.DataObject) -> None:
    """With another index, size, leaf or root, or one bit changed anywhere, the proof is refused."""
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, TREE)
    leaf, root = leaf_hash(INPUTS[index]), TREE.roots[size]
    change = data.draw(st.sampled_from(["index", "leaf", "root", "bit", "drop", "add"]))
    if change == "index":
        index = data.draw(st.integers(0, LARGEST).filter(lambda other: other != index))
    elif change == "leaf":
        leaf = TREE.roots[0]
    elif change == "root":
        root = TREE.roots[data.draw(st.integers(0, LARGEST).filter(lambda other: other != size))]
    elif change == "add":
        path = (*path, data.draw(st.binary(min_size=32, max_size=32)))
    elif path:
        path = path[:-1] if change == "drop" else flip(path, data)
    else:
        return
    with pytest.raises(Refused) as refused:
        verify_inclusion(InclusionProof(index, size, path), leaf=leaf, root=root)
    assert refused.value.name == "log.inclusion-proof-invalid"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_consistency_proof_fits_one_pair_of_trees_only(data: st.DataObject) -> None:
    """With another old size, one bit changed, a hash more or less, or a root of another tree: refused."""
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    path = consistency_path(old, new, TREE)
    old_root, new_root = TREE.roots[old], TREE.roots[new]
    change = data.draw(st.sampled_from(["old root", "new root", "bit", "drop", "add", "swap"]))
    if change == "old root":
        old_root = TREE.roots[data.draw(st.integers(0, LARGEST).filter(lambda other: other != old))]
    elif change == "new root":
        new_root = TREE.roots[data.draw(st.integers(0, LARGEST).filter(lambda other: other != new))]
    elif change == "swap":
        old, new, old_root, new_root = new, old, new_root, old_root
    elif change == "add":
        path = (*path, data.draw(st.binary(min_size=32, max_size=32)))
    else:
        path = path[:-1] if change == "drop" else flip(path, data)
    proof = ConsistencyProof(old, new, path)
    with pytest.raises(Refused) as refused:
        verify_consistency(proof, old_root=old_root, new_root=new_root)
    assert refused.value.name == "log.consistency-proof-invalid"


def flip(path: tuple[bytes, ...], data: st.DataObject) -> tuple[bytes, ...]:
    """Change one bit of one hash."""
    which = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    value = bytearray(path[which])
    value[bit // 8] ^= 1 << (bit % 8)
    return (*path[:which], bytes(value), *path[which + 1 :])


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.lists(st.binary(max_size=40), max_size=70))
@settings(max_examples=200, deadline=None)
def test_arbitrary_proofs_end_in_a_named_refusal(one: int, two: int, hashes: list[bytes]) -> None:
    """Whatever is sent, checking ends, in bounded time, in a refusal with a name."""
    names = {"log.proof-malformed", "log.inclusion-proof-invalid", "log.consistency-proof-invalid"}
    with pytest.raises(Refused) as refused:
        verify_inclusion(InclusionProof(one, two, tuple(hashes)), leaf=bytes(32), root=b"\x01" * 32)
    assert refused.value.name in names
    proof = ConsistencyProof(one, two, tuple(hashes))
    with pytest.raises(Refused) as refused:
        verify_consistency(proof, old_root=bytes(32), new_root=b"\x01" * 32)
    assert refused.value.name in names


@given(st.integers(1, 2**62))
def test_a_cover_is_one_node_for_each_one_in_the_size(size: int) -> None:
    """The border of the largest tree stays small: what is read for a proof is bounded by 62 nodes."""
    nodes = cover(0, size)
    assert len(nodes) == size.bit_count() <= 62
    assert sum(1 << node.level for node in nodes) == size
