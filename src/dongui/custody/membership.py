"""Who is in a release: a Merkle tree whose places are fixed, so that one path proves *in* and *not in*.

The tree has 2**depth buckets, depth = ceil(log2 people). A pseudonym's leading ``depth`` bits are its bucket;
a leaf is the bucket's pseudonyms, sorted; empty buckets are leaves too. A pseudonym can stand in one place
only, and that place's whole content is under the path: a path that does not show it proves its absence.
Whoever builds the tree can put nothing beside its place, because nobody would look there and no path from
another place is accepted. The format is ``spec/membership-proof.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from dongui.custody.pseudonyms import PSEUDONYM_BYTES, RELEASE_BYTES
from dongui.errors import Refused

__all__ = [
    "BUCKET_BYTES",
    "CAPACITY",
    "HASH_BYTES",
    "MAX_DEPTH",
    "MAX_PATH_BYTES",
    "MembershipPath",
    "Tags",
    "bucket_of",
    "depth_for",
    "fill_bucket",
    "is_member",
    "tree_root",
]

HASH_BYTES = 32
MAX_DEPTH = 29
"""537 million people in one release: the most for which every path stays below MAX_PATH_BYTES."""
CAPACITY = 16
"""Pseudonyms a bucket holds at most. With one person a bucket on average, the chance that any of 2**28
buckets holds more is below one in three million; such a release is decided again, with another id."""
BUCKET_BYTES = CAPACITY * PSEUDONYM_BYTES
MAX_PATH_BYTES = 1_200
_PADDING = bytes(PSEUDONYM_BYTES)


def depth_for(people: int) -> int:
    """Return ceil(log2 people), the depth of a tree over so many; 0 for none and for one.

    ``ValueError`` for a negative number; more than 2**MAX_DEPTH is for the caller to refuse.
    """
    if people < 0:
        raise ValueError(f"{people} people")
    return max(0, people - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Tags:
    """The 32 bytes every hash of one tree begins with: kind, release, number of people and depth are in them.

    So a leaf is no node, and neither is a leaf or node of any other release, or of any other hash in the
    project.
    """

    leaf: bytes
    node: bytes
    root: bytes

    @classmethod
    def of(cls, release: bytes, people: int) -> Tags:
        """Return the tags of the tree over ``people`` people in the release with the 16-byte id."""
        if len(release) != RELEASE_BYTES:
            raise ValueError(f"a release's id has {RELEASE_BYTES} bytes, not {len(release)}")
        bound = release + people.to_bytes(8, "big") + bytes([depth_for(people)])
        leaf, node, root = (
            sha256(f"dongui.membership.{kind}.1".encode() + b"\0" + bound).digest()
            for kind in ("leaf", "node", "root")
        )
        return cls(leaf, node, root)


@dataclass(frozen=True, slots=True)
class MembershipPath:
    """One place of a tree: the bucket's content padded to BUCKET_BYTES, and its siblings, leaf upwards.

    Always of the same length for one release, whoever is in it: the length tells nothing.
    """

    bucket: bytes = field(repr=False)
    siblings: bytes = field(repr=False)


def bucket_of(pseudonym: bytes, depth: int) -> int:
    """Return the pseudonym's leading ``depth`` bits as a number."""
    return int.from_bytes(pseudonym, "big") >> (8 * PSEUDONYM_BYTES - depth)


def fill_bucket(pseudonyms: bytes) -> bytes:
    """Pad a bucket's sorted pseudonyms, laid end to end, to BUCKET_BYTES.

    ``ValueError`` if there are more than CAPACITY.
    """
    if len(pseudonyms) > BUCKET_BYTES:
        raise ValueError(f"{len(pseudonyms) // PSEUDONYM_BYTES} pseudonyms in a bucket for {CAPACITY}")
    return pseudonyms.ljust(BUCKET_BYTES, b"\0")


def tree_root(top: bytes, tags: Tags) -> bytes:
    """Return what is logged of a tree: the hash over its topmost node."""
    return sha256(tags.root + top).digest()


def is_member(pseudonym: bytes, path: MembershipPath, *, release: bytes, people: int, root: bytes) -> bool:
    """Tell whether ``pseudonym`` is in the tree with ``root``, having proved it by ``path`` either way.

    Raises ``Refused``: ``membership.path-malformed`` (lengths, padding), ``membership.bucket-disordered``,
    ``membership.bucket-elsewhere`` (the bucket shown holds what does not belong there),
    ``membership.root-differs``.
    """
    depth = depth_for(people)
    if depth > MAX_DEPTH:
        raise Refused("membership.path-malformed", f"{people} people; a tree holds up to {2**MAX_DEPTH}")
    # 1. The bucket is written in its one form.
    members = _members(path, depth)
    # 2. All it holds belongs into the one bucket where the pseudonym would be.
    place = bucket_of(pseudonym, depth)
    if any(bucket_of(member, depth) != place for member in members):
        raise Refused("membership.bucket-elsewhere", f"it holds a pseudonym that is not of bucket {place}")
    # 3. That bucket, at that place and no other, is under the root.
    if _climb(members, path.siblings, place, Tags.of(release, people)) != root:
        raise Refused("membership.root-differs", f"the path from bucket {place} leads to another root")
    return pseudonym in members


def _members(path: MembershipPath, depth: int) -> Sequence[bytes]:
    if len(path.bucket) != BUCKET_BYTES or len(path.siblings) != depth * HASH_BYTES:
        detail = f"a bucket of {len(path.bucket)} and {len(path.siblings)} bytes of siblings; "
        raise Refused("membership.path-malformed", f"{detail}needed: {BUCKET_BYTES} and {depth * HASH_BYTES}")
    slots = [
        path.bucket[begin : begin + PSEUDONYM_BYTES] for begin in range(0, BUCKET_BYTES, PSEUDONYM_BYTES)
    ]
    members = [slot for slot in slots if slot != _PADDING]
    if slots[: len(members)] != members:
        raise Refused("membership.path-malformed", "the bucket has a gap")
    if any(before >= after for before, after in pairwise(members)):
        raise Refused("membership.bucket-disordered", "the bucket's pseudonyms do not rise")
    return members


def _climb(members: Sequence[bytes], siblings: bytes, place: int, tags: Tags) -> bytes:
    node = sha256(tags.leaf + b"".join(members)).digest()
    for begin in range(0, len(siblings), HASH_BYTES):
        sibling = siblings[begin : begin + HASH_BYTES]
        pair = sibling + node if place & 1 else node + sibling
        node = sha256(tags.node + pair).digest()
        place >>= 1
    return tree_root(node, tags)
