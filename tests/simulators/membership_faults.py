"""The vectors of ``tests/vectors/membership``: sound answers, and answers with exactly one fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulators.membership_drafting import (
    Answer,
    DraftLog,
    DraftSeal,
    Tree,
    drawn,
    entry,
    key_entry,
    key_text,
    name_in,
    note,
    verifier_text,
)
from simulators.naive_merkle import mth
from simulators.plain_cbor import Plain, Raw, plain

__all__ = ["render"]

ORIGIN = "office.example/log"
SIGNER = Ed25519PrivateKey.from_private_bytes(drawn("the log's key"))
STRANGER = Ed25519PrivateKey.from_private_bytes(drawn("another's key"))
KEY, BLIND = drawn("the person's key"), drawn("the key's blind")
KEY_INDEX = 2
RELEASES = tuple(drawn(f"release {number}", 16) for number in range(4))
HEADS = {"origin": ORIGIN, "licence": "CC0-1.0", "provenance": "drafted by make_mutations.py"}
IN, NOT_IN, NOTHING = "in", "not-in", "nothing-proved"
STATEMENT, INDEX, HASHES, BUCKET, SIBLINGS = range(5)


@dataclass(frozen=True)
class Fault:
    """One vector: what is handed in, and what it comes to."""

    name: str
    stage: str
    rule: str
    expect: str
    answer: bytes
    key: str
    trusted: bytes | None = None
    outcomes: tuple[str, ...] = ()


@dataclass
class World:
    """A log with a person's key and four seals: before the key, with the person, without, with alone."""

    trees: list[Tree]
    seals: list[DraftSeal]
    log: DraftLog
    places: tuple[int, ...] = (1, 4, 6, 8)

    @classmethod
    def make(
        cls,
        *,
        spoil: Callable[[list[Tree]], object] = lambda trees: None,
        reseal: Callable[[int, DraftSeal], DraftSeal] = lambda number, seal: seal,
    ) -> World:
        """Make one, its trees spoilt and its seals changed *before* they are logged, as an operator could."""
        me = [name_in(release, KEY) for release in RELEASES]
        others = [[name_in(release, drawn(f"key {n}")) for n in range(40)] for release in RELEASES]
        people = [others[0][:5], [*others[1][:36], me[1]], others[2][:12], [me[3]]]
        trees = [Tree(release, names) for release, names in zip(RELEASES, people, strict=True)]
        spoil(trees)
        seals: list[DraftSeal] = []
        for number, tree in enumerate(trees):
            before = seals[-1].digest() if seals else bytes(32)
            drafted = DraftSeal(number, before, tree.release, (0, 3, 5, 7)[number], tree.people, tree.root())
            seals.append(reseal(number, drafted))
        entries = [entry("consent", bytes([n]), drawn(f"blind {n}")) for n in range(11)]
        for number in (0, 3, 5, 7, 9):
            entries[number] = entry("release", bytes([number]), drawn(f"blind {number}"))
        entries[KEY_INDEX] = key_entry(KEY, BLIND)
        world = cls(trees, seals, DraftLog(ORIGIN, SIGNER, entries))
        for place, seal in zip(world.places, seals, strict=True):
            entries[place] = seal.entry()
        return world

    def answer(self) -> Answer:
        """What an honest office hands out in this world."""
        seals = tuple(self.sealed(number) for number in range(len(self.seals)))
        key: Plain = [KEY_INDEX, self.log.hashes(KEY_INDEX)]
        return Answer(key, self.log.checkpoint(), seals, [9])

    def sealed(self, number: int) -> tuple[Plain, ...]:
        """One seal, proved, and the person's place in its tree."""
        tree, place = self.trees[number], self.places[number]
        path = tree.path(tree.place(name_in(tree.release, KEY)))
        return (self.seals[number].encode(), place, self.log.hashes(place), path.bucket, path.siblings)


SOUND = World.make()
GOOD = SOUND.answer()
COPY = key_text(KEY, BLIND, ORIGIN, KEY_INDEX)


def flipped(value: Plain, at: int = 0) -> bytes:
    """The same bytes with one bit turned over."""
    if not isinstance(value, bytes):
        raise TypeError("these are no bytes")
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


def render() -> dict[str, str]:
    """Each file's name and text."""
    vectors = [
        {
            **HEADS,
            "name": fault.name,
            "stage": fault.stage,
            "rule": fault.rule,
            "expect": fault.expect,
            "key": fault.key,
            "log_key": verifier_text(ORIGIN, SIGNER),
            "answer": fault.answer.hex(),
            "trusted": None if fault.trusted is None else fault.trusted.hex(),
            "outcomes": list(fault.outcomes),
        }
        for fault in faults()
    ]
    content = {"format": "dongui-membership-vectors/1", "vectors": vectors}
    return {"answers.json": json.dumps(content, indent=1) + "\n"}


def faults() -> Iterator[Fault]:
    """All vectors, by the step of the check they stop at."""
    yield from _sound()
    for stage, told in (
        ("file", _files()),
        ("checkpoint", _checkpoints()),
        ("key", _keys()),
        ("seal", _seals()),
        ("row", _rows()),
        ("path", _paths()),
        ("dishonest office", _dishonest()),
    ):
        for name, rule, expect, answer, key in told:
            yield Fault(name, stage, rule, expect, answer, key)
    yield from _histories()


Told = Iterator[tuple[str, str, str, bytes, str]]


def _sound() -> Iterator[Fault]:
    whole = (NOTHING, IN, NOT_IN, IN)
    rule = "Everything holds; each release's outcome is the key's."

    def sound(name: str, answer: Answer, key: str, outcomes: tuple[str, ...], **more: bytes) -> Fault:
        return Fault(name, "sound", rule, "verified", answer.encode(), key, outcomes=outcomes, **more)

    yield sound("whole", GOOD, COPY, whole)
    yield sound("same-state", GOOD, COPY, whole, trusted=SOUND.log.checkpoint())
    yield sound("a-part", replace(GOOD, seals=GOOD.seals[1:3]), COPY, whole[1:3])
    yield sound("no-release", replace(GOOD, seals=(), unsealed=[]), COPY, ())


def _files() -> Told:
    bad = "membership.proof-malformed"
    items: list[Plain] = [1, GOOD.key, GOOD.note, [list(one) for one in GOOD.seals], [9]]
    drafts: dict[str, tuple[Plain, str]] = {
        "version-2": ([2, *items[1:]], bad),
        "an-item-more": ([*items, 0], bad),
        "an-item-less": (items[:-1], bad),
        "key-place-as-text": ([1, "2", *items[2:]], bad),
        "index-true": ([1, [True, SOUND.log.hashes(KEY_INDEX)], *items[2:]], bad),
        "index-negative": ([1, [-1, SOUND.log.hashes(KEY_INDEX)], *items[2:]], bad),
        "hashes-cut": ([1, [KEY_INDEX, SOUND.log.hashes(KEY_INDEX)[:-1]], *items[2:]], bad),
        "seal-with-four-items": ([*items[:3], [list(GOOD.seals[0])[:4]], [9]], bad),
        "unsealed-twice": ([*items[:4], [9, 9]], bad),
        "unsealed-falling": ([*items[:4], [9, 7]], bad),
        "version-long-form": ([Raw(b"\x18\x01"), *items[1:]], "cbor.not-canonical"),
    }
    rule = "An answer has one form."
    for name, (draft, expect) in drafts.items():
        yield name, rule, expect, plain(draft), COPY
    yield "trailing", rule, "cbor.trailing-bytes", GOOD.encode() + b"\0", COPY
    yield "cut-off", rule, "cbor.truncated", GOOD.encode()[:-20], COPY


def _checkpoints() -> Told:
    size, root = len(SOUND.log.entries), mth(SOUND.log.entries)
    rule = "The state everything is proved under is signed by this log."
    drafts = {
        "signature-changed": (flipped(GOOD.note, -40), "log.note-signature-invalid"),
        "text-changed": (flipped(GOOD.note, 30), "log.note-signature-invalid"),
        "signed-by-another": (note(ORIGIN, size, root, STRANGER), "log.note-not-signed-by-key"),
        "another-log": (
            note("other.example/log", size, root, SIGNER, by=ORIGIN),
            "log.checkpoint-other-origin",
        ),
        "another-size": (note(ORIGIN, 5, root, SIGNER), "membership.key-not-committed"),
        "another-root": (note(ORIGIN, size, drawn("root"), SIGNER), "membership.key-not-committed"),
        "no-note": (b"", "log.note-malformed"),
    }
    for name, (draft, expect) in drafts.items():
        yield f"checkpoint-{name}", rule, expect, replace(GOOD, note=draft).encode(), COPY


def _keys() -> Told:
    missing = "membership.key-not-committed"
    rule = "The person's very key stands in the log, at the place their copy names."
    good = GOOD.encode()
    yield "key-changed", rule, missing, good, key_text(flipped(KEY), BLIND, ORIGIN, KEY_INDEX)
    yield "key-blind-changed", rule, missing, good, key_text(KEY, flipped(BLIND), ORIGIN, KEY_INDEX)
    yield "key-of-another-place", rule, missing, good, key_text(KEY, BLIND, ORIGIN, KEY_INDEX + 1)
    other = key_text(KEY, BLIND, "other.example/log", KEY_INDEX)
    yield "key-of-another-log", rule, "membership.other-log", good, other
    yield "key-not-shown", rule, missing, replace(GOOD, key=None).encode(), COPY
    path = SOUND.log.hashes(KEY_INDEX)
    for name, proof in (
        ("changed", flipped(path)),
        ("of-another", SOUND.log.hashes(KEY_INDEX + 1)),
        ("short", path[:-32]),
        ("long", path + drawn("more")),
    ):
        yield f"key-proof-{name}", rule, missing, replace(GOOD, key=[KEY_INDEX, proof]).encode(), COPY


def _seals() -> Told:
    seal, bad, unlogged = SOUND.seals[1], "membership.seal-malformed", "membership.seal-not-logged"
    rule = "A seal is what was logged, in its one form."

    def with_statement(statement: bytes) -> bytes:
        return GOOD.with_seal(1, STATEMENT, statement).encode()

    changes: dict[str, tuple[DraftSeal, str]] = {
        "people": (replace(seal, people=36), unlogged),
        "root": (replace(seal, root=flipped(seal.root)), unlogged),
        "release": (replace(seal, release=RELEASES[0]), unlogged),
        "recipient": (replace(seal, recipient="other.example"), unlogged),
        "until": (replace(seal, open_until="2037-11-22T00:00:00.000000Z"), unlogged),
        "blind": (replace(seal, blind=flipped(seal.blind)), unlogged),
        "version": (replace(seal, version=2), bad),
        "short-root": (replace(seal, root=seal.root[:-1]), bad),
        "short-blind": (replace(seal, blind=seal.blind[:-1]), bad),
        "unprintable": (replace(seal, purpose="face\ntest"), bad),
        "moment-local": (replace(seal, open_until="2027-11-22T00:00:00.000000+09:00"), bad),
        "moment-impossible": (replace(seal, decided_at="2026-02-30T00:00:00.000000Z"), bad),
        "too-many-people": (replace(seal, people=2**29 + 1), bad),
        "sequence-negative": (replace(seal, sequence=-1), bad),
    }
    for name, (draft, expect) in changes.items():
        yield f"seal-{name}", rule, expect, with_statement(draft.encode()), COPY
    yield "seal-field-less", rule, bad, with_statement(plain(seal.fields()[:-1])), COPY
    yield "seal-field-more", rule, bad, with_statement(plain([*seal.fields(), 0])), COPY
    long = plain([Raw(b"\x18\x01"), *seal.fields()[1:]])
    yield "seal-not-canonical", rule, "cbor.not-canonical", with_statement(long), COPY
    yield "seal-index-moved", rule, unlogged, GOOD.with_seal(1, INDEX, 5).encode(), COPY
    proof = flipped(SOUND.log.hashes(4))
    yield "seal-proof-changed", rule, unlogged, GOOD.with_seal(1, HASHES, proof).encode(), COPY


def _rows() -> Told:
    one, two, three, four = GOOD.seals
    rule = "No seal between the first and the last is left out, and their order is the log's."
    for name, seals in {
        "left-out": (one, three, four),
        "exchanged": (one, three, two, four),
        "twice": (one, two, two, three, four),
        "backwards": (four, three, two, one),
    }.items():
        yield f"seals-{name}", rule, "membership.seal-missing", replace(GOOD, seals=seals).encode(), COPY


def _paths() -> Told:
    bad, other = "membership.path-malformed", "membership.root-differs"
    tree = SOUND.trees[1]
    name = name_in(RELEASES[1], KEY)
    mine = tree.path(tree.place(name))
    members = tree.buckets[tree.place(name)]
    neighbour = tree.path(tree.place(name) ^ 1)
    near = name[:-1] + bytes([name[-1] ^ 1])
    far = bytes([name[0] ^ 0x80]) + name[1:]
    rule = "The bucket and its siblings lead to the logged root, from this pseudonym's place and no other."

    def padded(*names: bytes) -> bytes:
        return b"".join(names).ljust(256, b"\0")

    for label, bucket, expect in (
        ("hidden", padded(*(one for one in members if one != name)), other),
        ("emptied", padded(), other),
        ("one-more", padded(*sorted([*members, near])), other),
        ("disordered", padded(*sorted([*members, near], reverse=True)), "membership.bucket-disordered"),
        ("twice", padded(*members, members[-1]), "membership.bucket-disordered"),
        ("foreign", padded(*sorted([*members, far])), "membership.bucket-elsewhere"),
        ("gap", padded(bytes(16), *members), bad),
        ("short", mine.bucket[:-16], bad),
        ("long", mine.bucket + bytes(16), bad),
    ):
        yield f"bucket-{label}", rule, expect, GOOD.with_seal(1, BUCKET, bucket).encode(), COPY
    for label, siblings, expect in (
        ("changed", flipped(mine.siblings, 40), other),
        ("exchanged", mine.siblings[32:64] + mine.siblings[:32] + mine.siblings[64:], other),
        ("short", mine.siblings[:-32], bad),
        ("long", mine.siblings + bytes(32), bad),
        ("uneven", mine.siblings[:-1], bad),
        ("of-neighbour", neighbour.siblings, other),
    ):
        yield f"siblings-{label}", rule, expect, GOOD.with_seal(1, SIBLINGS, siblings).encode(), COPY
    empty = next(place for place, held in enumerate(tree.buckets) if not held)
    elsewhere = tree.path(empty)
    moved = GOOD.with_seal(1, BUCKET, elsewhere.bucket).with_seal(1, SIBLINGS, elsewhere.siblings)
    yield "path-of-an-empty-bucket", rule, other, moved.encode(), COPY


def _dishonest() -> Told:
    """What an office logged that way, and proves faultlessly."""
    place = SOUND.trees[1].place(name_in(RELEASES[1], KEY))
    near = name_in(RELEASES[1], KEY)[:-1] + b"\x00"

    def spoil(change: Callable[[list[list[bytes]]], object]) -> bytes:
        return World.make(spoil=lambda trees: change(trees[1].buckets)).answer().encode()

    def disorder(buckets: list[list[bytes]]) -> None:
        buckets[place] = sorted([*buckets[place], near], reverse=True)

    def misplace(buckets: list[list[bytes]]) -> None:
        stranger = next(one for number, held in enumerate(buckets) if number != place for one in held)
        buckets[place] = sorted([*buckets[place], stranger])

    rule = "A logged tree whose buckets are not in order proves nothing."
    yield "logged-disordered", rule, "membership.bucket-disordered", spoil(disorder), COPY
    yield "logged-misplaced", rule, "membership.bucket-elsewhere", spoil(misplace), COPY

    def logged(change: Callable[[DraftSeal], DraftSeal], number: int) -> bytes:
        made = World.make(reseal=lambda place, seal: change(seal) if place == number else seal)
        return made.answer().encode()

    rule = "Number of people and depth are in every hash of the tree."
    fewer = logged(lambda seal: replace(seal, people=35), 1)
    yield "logged-people-understated", rule, "membership.root-differs", fewer, COPY
    rule = "Every seal names the one before, and the first names none."
    broken = "membership.seal-missing"
    yield "logged-link-broken", rule, broken, logged(lambda s: replace(s, previous=drawn("x")), 2), COPY
    yield "logged-first-linked", rule, broken, logged(lambda s: replace(s, previous=drawn("x")), 0), COPY
    yield "logged-sequence-jumps", rule, broken, logged(lambda s: replace(s, sequence=5), 2), COPY


def _histories() -> Iterator[Fault]:
    rule = "The answer's log is the one that is known from elsewhere."
    size = len(SOUND.log.entries)
    good = GOOD.encode()
    for name, expect, trusted in (
        ("forked", "membership.checkpoint-differs", note(ORIGIN, size, drawn("fork"), SIGNER)),
        ("no-proof-between", "membership.checkpoint-not-comparable", note(ORIGIN, 5, drawn("old"), SIGNER)),
    ):
        yield Fault(f"history-{name}", "history", rule, expect, good, COPY, trusted=trusted)
