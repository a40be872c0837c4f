"""Somebody who is not the person asks, reads what is handed out, or holds what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import thread_time

import pytest

from dongui.custody.asking import tell
from dongui.custody.membership_proof import MembershipAnswer, Outcome, check_answer
from dongui.custody.person_keys import PersonKey, Secret
from dongui.custody.pseudonyms import pseudonym
from dongui.environment import SystemEntropy
from dongui.errors import Refused
from simulators.membership_office import MembershipOffice, person


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MembershipOffice]:
    """An office with three sealed releases and people bound to documents, half of them in no release."""
    opened = MembershipOffice.open(tmp_path_factory.mktemp("office"))
    opened.draw(range(400))
    for seed, name in ((1, "first"), (2, "second"), (3, "third")):
        opened.release(name, seed=seed)
    for number in range(300, 320):
        opened.keys.bind(person(number).id, f"document {number}".encode())
    yield opened
    opened.close()


def stranger(office: MembershipOffice, index: int) -> PersonKey:
    return PersonKey(Secret.draw(SystemEntropy()), office.signer.verifier.name, index)


def test_a_person_in_nothing_and_a_document_of_nobody_are_told_the_same(office: MembershipOffice) -> None:
    """By document: word for word one answer, for the known who are in nothing and for the unknown."""

    def told(subject: str) -> str:
        key = office.keys.key_by_document(subject.encode())
        return json.dumps([(one.sealed.index, one.found) for one in tell(key, register=office.register)])

    known = {told(f"document {number}") for number in range(300, 320)}
    unknown = {told(f"document {number}") for number in range(900, 920)}
    assert known == unknown
    assert len(known) == 1


def test_an_answer_has_one_length_whoever_asks(office: MembershipOffice) -> None:
    """In, not in, and nobody's key: the files have the same size, so their length tells nothing."""
    real = [office.key(number) for number in range(40)]
    made_up = [replace(stranger(office, 0), index=key.index) for key in real]
    inside = {
        check_answer(office.answer(key), key=key, log_key=office.signer.verifier, trusted=None).count(
            Outcome.IN
        )
        > 0
        for key in real
    }
    assert inside == {True, False}
    # An inclusion proof's length follows from the place in the log, which is public, and from nothing else.
    by_place = {key.index: len(office.answer(key).encode()) for key in real}
    assert all(len(office.answer(key).encode()) == by_place[key.index] for key in made_up)


def test_asking_takes_the_unknown_as_long_as_the_known(office: MembershipOffice) -> None:
    """The same work for both: the medians differ by less than the spread of either."""

    def seconds(subject: bytes) -> float:
        begin = thread_time()  # whoever else is at work on this machine has no part in it
        tell(office.keys.key_by_document(subject), register=office.register)
        return thread_time() - begin

    seconds(b"document 300")
    pairs = [
        (seconds(f"document {300 + round_ % 20}".encode()), seconds(f"document {900 + round_ % 20}".encode()))
        for round_ in range(60)
    ]
    known, unknown = (sorted(column) for column in zip(*pairs, strict=True))
    assert 0.5 < median(known) / median(unknown) < 2


def test_a_made_up_key_learns_nothing_about_anybody(office: MembershipOffice) -> None:
    """It opens no entry of the log, wherever it claims to stand; what it is shown names nobody."""
    for index in (0, 3, 50, 10_000_000):
        guess = stranger(office, index)
        with pytest.raises(Refused, match=r"membership\.key-not-committed"):
            check_answer(office.answer(guess), key=guess, log_key=office.signer.verifier, trusted=None)


def test_releases_cannot_be_laid_side_by_side(office: MembershipOffice) -> None:
    """No pseudonym, and no half of one, occurs in two releases, though the same people are in them."""
    columns = [(sealed.folder / "pseudonyms").read_bytes() for sealed in office.register.sealed()]
    halves = [{column[begin : begin + 8] for begin in range(0, len(column), 8)} for column in columns]
    assert len(set.union(*halves)) == sum(len(one) for one in halves)


def test_the_register_holds_no_key_and_no_person(office: MembershipOffice) -> None:
    """Whoever takes the register, the log and every answer, but not the key store, can name nobody."""
    files = [
        *office.folder.glob("memberships/**/*"),
        *office.folder.glob("*/membership.seal"),
        *office.folder.glob("log.sqlite*"),
    ]
    stored = b"".join(path.read_bytes() for path in files if path.is_file())
    stored += office.answer(office.key(5)).encode()
    for number in range(400):
        secret = office.key(number).secret
        assert not any(needle in stored for needle in (secret.key, secret.blind, person(number).id))


def test_nobody_can_be_hidden_out_of_order(office: MembershipOffice) -> None:
    """For somebody who is in, no bucket of the whole tree with its true path passes for an absence."""
    sealed = office.register.sealed()[-1]
    numbers = [number for number in range(100) if _is_in(office, number)]
    key = office.key(numbers[0])
    honest = office.answer(key)
    others = [office.answer(office.key(number)).seals[-1].path for number in range(100)]
    mine = pseudonym(key.secret.key, sealed.seal.release)
    accepted = 0
    for path in others:
        forged = replace(honest, seals=(*honest.seals[:-1], replace(honest.seals[-1], path=path)))
        try:
            checked = check_answer(forged, key=key, log_key=office.signer.verifier, trusted=None)
        except Refused:
            continue
        accepted += 1
        assert checked.releases[-1].outcome is Outcome.IN
        assert mine in path.bucket
    assert accepted >= 1


def test_an_answer_to_another_person_proves_nothing_to_me(office: MembershipOffice) -> None:
    """A proof is about one key: with another's copy it does not check."""
    answer = MembershipAnswer.decode(office.answer(office.key(1)).encode())
    with pytest.raises(Refused, match=r"membership\.key-not-committed"):
        check_answer(answer, key=office.key(2), log_key=office.signer.verifier, trusted=None)


def _is_in(office: MembershipOffice, number: int) -> bool:
    key = office.key(number)
    checked = check_answer(office.answer(key), key=key, log_key=office.signer.verifier, trusted=None)
    return checked.releases[-1].outcome is Outcome.IN


def test_erased_keys_leave_no_trace_in_the_store(tmp_path: Path) -> None:
    """After an erasure neither key, blind nor id stands in any file of the store."""
    opened = MembershipOffice.open(tmp_path)
    try:
        opened.draw(range(500))
        gone = [person(number).id for number in range(0, 500, 7)]
        secrets = [opened.key(number).secret for number in range(0, 500, 7)]
        opened.keys.erase(gone)
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("keys.sqlite*"))
        assert not any(needle in stored for secret in secrets for needle in (secret.key, secret.blind))
        assert not any(identity in stored for identity in gone)
    finally:
        opened.close()
