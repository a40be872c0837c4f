"""Checking inclusion and consistency proofs: pure functions over bytes anybody may have sent.

RFC 6962, section 2.1, defines the proofs; the checking steps are those of RFC 9162, sections 2.1.3.2 and
2.1.4.2, which defines the same proofs and spells the checking out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongui.errors import Refused
from dongui.log.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE, node_hash

__all__ = ["ConsistencyProof", "InclusionProof", "verify_consistency", "verify_inclusion"]

_MAX_HASHES = 63  # no tree of up to MAX_SIZE leaves has a longer proof


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Leaf ``index`` (from 0) is in the tree of ``size`` leaves. ``hashes``: 32 bytes each, leaf to root."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """The tree of ``old`` leaves is a prefix of the tree of ``new`` leaves. ``hashes``: 32 bytes each."""

    old: int
    new: int
    hashes: tuple[bytes, ...]


def verify_inclusion(proof: InclusionProof, *, leaf: bytes, root: bytes) -> None:
    """Check that the leaf hash ``leaf`` (32 bytes) stands at the proof's place under ``root`` (32 bytes).

    Whoever calls must have ``root`` and the size from a verified checkpoint. Raises ``Refused``:
    ``log.proof-malformed`` (a number or a hash that no proof can hold), ``log.inclusion-proof-invalid``.
    """
    _require_numbers(proof.index, proof.size)
    _require_hashes((leaf, root, *proof.hashes), path=proof.hashes)
    # 1. Compare leaf_index against tree_size.
    if proof.index >= proof.size:
        raise _not_included(proof, "the index lies outside the tree")
    # 2., 3. The leaf's and the last leaf's path through the tree; the hash so far.
    place, last, computed = proof.index, proof.size - 1, leaf
    # 4. Climb.
    for sibling in proof.hashes:
        if last == 0:
            raise _not_included(proof, "it has more hashes than its tree has levels")
        if place & 1 or place == last:
            computed = node_hash(sibling, computed)
            place, last = _past_missing_siblings(place, last)
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    # 5. At the root, and at the right one.
    if last != 0:
        raise _not_included(proof, "it has fewer hashes than its tree has levels")
    if computed != root:
        raise _not_included(proof, "it leads to another root")


def verify_consistency(proof: ConsistencyProof, *, old_root: bytes, new_root: bytes) -> None:
    """Check that the tree under ``new_root`` begins with the whole tree under ``old_root``.

    A proof from the empty tree is refused: every log begins with the empty tree, so it would say nothing.
    Raises ``Refused``: ``log.proof-malformed``, ``log.consistency-proof-invalid``.
    """
    _require_numbers(proof.old, proof.new)
    if proof.old > proof.new:
        raise _not_consistent(proof, "the log cannot shrink")
    if proof.old == proof.new:
        _require_same_tree(proof, old_root, new_root)
        return
    if proof.old == 0:
        raise _not_consistent(proof, "nothing can be proved about the empty tree")
    _require_hashes((old_root, new_root, *proof.hashes), path=proof.hashes)
    # 1. An empty path proves nothing.
    if not proof.hashes:
        raise _not_consistent(proof, "it has no hashes")
    _climb_both(proof, old_root, new_root)


def _require_same_tree(proof: ConsistencyProof, old_root: bytes, new_root: bytes) -> None:
    # Nothing is hashed, so the roots are compared as they are; and nothing may be left over.
    if proof.hashes or old_root != new_root:
        raise _not_consistent(proof, "equal sizes need equal roots and an empty proof")
    if proof.new == 0 and new_root != EMPTY_ROOT:
        raise _not_consistent(proof, "the empty tree has one root only")


def _climb_both(proof: ConsistencyProof, old_root: bytes, new_root: bytes) -> None:
    # 2. Where the old tree is complete its root is the starting point, and not sent.
    complete = proof.old & (proof.old - 1) == 0
    start, *rest = (old_root, *proof.hashes) if complete else proof.hashes
    # 3., 4. Begin at the highest complete subtree that ends with the old tree's last leaf.
    place, last = proof.old - 1, proof.new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    # 5., 6. Rebuild both roots at once.
    old = new = start
    for sibling in rest:
        if last == 0:
            raise _not_consistent(proof, "it has more hashes than its tree has levels")
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = _past_missing_siblings(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    # 7. Both roots, and the whole way up.
    if last != 0:
        raise _not_consistent(proof, "it has fewer hashes than its tree has levels")
    if old != old_root or new != new_root:
        raise _not_consistent(proof, f"it leads to another {'old' if old != old_root else 'new'} root")


def _past_missing_siblings(place: int, last: int) -> tuple[int, int]:
    """Skip the levels on the right border at which the tree has no sibling (RFC 9162: step 4b, 6b)."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _require_numbers(*numbers: int) -> None:
    for number in numbers:
        if not 0 <= number <= MAX_SIZE:
            raise Refused("log.proof-malformed", f"{number} is not a size or place from 0 to {MAX_SIZE}")


def _require_hashes(hashes: Sequence[bytes], *, path: Sequence[bytes]) -> None:
    if len(path) > _MAX_HASHES:
        raise Refused("log.proof-malformed", f"the proof has {len(path)} hashes; the limit is {_MAX_HASHES}")
    for value in hashes:
        # Another length would let bytes move between two neighbours without changing what is hashed.
        if len(value) != HASH_BYTES:
            raise Refused("log.proof-malformed", f"a hash has {len(value)} bytes; it must have {HASH_BYTES}")


def _not_included(proof: InclusionProof, why: str) -> Refused:
    detail = f"the proof for entry {proof.index} in a log of {proof.size} entries does not hold: {why}"
    return Refused("log.inclusion-proof-invalid", detail)


def _not_consistent(proof: ConsistencyProof, why: str) -> Refused:
    detail = f"the proof from {proof.old} to {proof.new} entries does not hold: {why}"
    return Refused("log.consistency-proof-invalid", detail)
