"""Every vector of ``tests/vectors/membership``: what an answer proves to whoever holds the key."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from dongui.custody.membership_proof import CheckedAnswer, MembershipAnswer, check_answer
from dongui.custody.person_keys import PersonKey
from dongui.errors import Refused, Undetermined
from dongui.log.checkpoint import verify_checkpoint
from dongui.log.keys import VerifierKey
from dongui.receipts.checking import TrustedCheckpoint
from simulators.membership_faults import render

FILE = Path(__file__).parent / "membership" / "answers.json"


class Vector(TypedDict):
    """One vector as a third party reads it."""

    name: str
    stage: str
    rule: str
    expect: str
    key: str
    log_key: str
    answer: str
    trusted: str | None
    outcomes: list[str]


@cache
def vectors() -> list[Vector]:
    """All of them."""
    found: list[Vector] = json.loads(FILE.read_text(encoding="ascii"))["vectors"]
    return found


def judge(vector: Vector) -> CheckedAnswer:
    """Check one, from its text alone."""
    log_key = VerifierKey.parse(vector["log_key"])
    trusted = None
    if vector["trusted"] is not None:
        note = bytes.fromhex(vector["trusted"])
        trusted = TrustedCheckpoint(verify_checkpoint(note, origin=log_key.name, key=log_key), None)
    answer = MembershipAnswer.decode(bytes.fromhex(vector["answer"]))
    return check_answer(answer, key=PersonKey.parse(vector["key"]), log_key=log_key, trusted=trusted)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: str(vector["name"]))
def test_each_answer_comes_to_what_its_vector_says(vector: Vector) -> None:
    """Sound answers prove each release's outcome; one fault, wherever it lies, has its own name."""
    if vector["expect"] == "verified":
        assert [one.outcome.value for one in judge(vector).releases] == vector["outcomes"]
        return
    with pytest.raises((Refused, Undetermined)) as caught:
        judge(vector)
    assert caught.value.name == vector["expect"], str(caught.value)


def test_the_vectors_are_those_their_script_writes() -> None:
    """The files beside the script are its output, byte for byte."""
    for name, text in render().items():
        assert (FILE.parent / name).read_text(encoding="ascii") == text


def test_the_vectors_cover_every_failure_of_the_check() -> None:
    """Each name that checking an answer can raise by itself is some vector's expectation."""
    names = {vector["expect"] for vector in vectors()}
    wanted: tuple[str, ...] = (
        "proof-malformed",
        "key-not-committed",
        "other-log",
        "seal-malformed",
        "seal-not-logged",
    )
    wanted += ("seal-missing", "path-malformed", "bucket-disordered", "bucket-elsewhere", "root-differs")
    wanted += ("checkpoint-differs", "checkpoint-not-comparable")
    assert {f"membership.{name}" for name in wanted} <= names
    assert len(vectors()) >= 80


def test_any_changed_byte_of_a_sound_answer_is_noticed() -> None:
    """No byte of what is proved can be changed; the last two, unsealed decisions, are the office's word."""
    sound = vectors()[0]
    whole = bytes.fromhex(sound["answer"])
    for place in range(0, len(whole) - 2, 3):
        changed = whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]
        with pytest.raises((Refused, Undetermined)):
            judge({**sound, "answer": changed.hex()})
