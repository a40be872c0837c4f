"""Was my face used? Sealed releases answered for, with proofs that check offline."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dongui.custody.asking import decisions, tell
from dongui.custody.membership_proof import MembershipAnswer, Outcome, check_answer
from dongui.custody.person_keys import Person, PersonKey, Secret
from dongui.custody.release_files import open_draft
from dongui.custody.schema import Layout
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused, Trouble, Undetermined
from dongui.log.entry import EntryKind
from dongui.receipts.checking import LogEvidence, TrustedCheckpoint
from dongui.storage.sqlite.person_keys import SqlitePersonKeys
from simulators.membership_office import QUESTION, MembershipOffice, person
from simulators.release_tables import Tables, expected_codes


@pytest.fixture
def office(tmp_path: Path) -> Iterator[MembershipOffice]:
    """An office with keys for a hundred people."""
    opened = MembershipOffice.open(tmp_path)
    opened.draw(range(100))
    yield opened
    opened.close()


def outcomes(office: MembershipOffice, key: PersonKey) -> list[Outcome]:
    made = MembershipAnswer.decode(office.answer(key).encode())
    checked = check_answer(made, key=key, log_key=office.signer.verifier, trusted=None)
    return [one.outcome for one in checked.releases]


def test_everybody_is_proved_in_or_not_in_every_release(office: MembershipOffice) -> None:
    """For each person and release the proof says what the reference decided, and nothing else."""
    expected: list[list[Outcome]] = [[] for _ in range(100)]
    for seed, name in ((1, "first"), (2, "second")):
        office.release(name, seed=seed)
        inside = set(office.released())
        assert 2 < len(inside) < 90
        for number in range(100):
            expected[number].append(Outcome.IN if number in inside else Outcome.NOT_IN)
    assert [outcomes(office, office.key(number)) for number in range(100)] == expected


def test_the_root_is_logged_before_anything_can_be_opened(office: MembershipOffice) -> None:
    """A seal is a log entry of its own kind, after the decision's; the tree's folder has its proof."""
    decided = office.decide("first")
    sealed = office.seal("first")
    assert decided.index is not None
    assert sealed.index > decided.index == sealed.seal.decided
    assert office.log.entry(sealed.index) == sealed.seal.entry()
    assert office.log.entry(sealed.index).kind is EntryKind.MEMBERSHIP
    assert sealed.seal.people == len(office.released())


def test_sealing_again_changes_nothing(office: MembershipOffice) -> None:
    """A sealed release is found again: no second entry, no second number."""
    first = office.release("first")
    size = office.log.checkpoint().size
    assert office.seal("first") == first
    assert office.log.checkpoint().size == size
    assert len(office.register.sealed()) == 1


def test_a_key_younger_than_the_release_proves_nothing(office: MembershipOffice) -> None:
    """Absence of a key that did not exist yet is no statement about the person."""
    office.release("first")
    office.draw([200])
    office.release("second", seed=2)
    assert outcomes(office, office.key(200)) == [Outcome.NOTHING, Outcome.NOT_IN]


def test_after_erasure_the_persons_own_copy_still_proves(office: MembershipOffice) -> None:
    """With the operator's copy destroyed the same key gives the same proof; the register alone gives none."""
    office.release("first")
    number = office.released()[0]
    copy = PersonKey.parse(office.key(number).text())
    assert office.keys.erase([person(number).id]) == 1
    assert office.keys.key_of(person(number).id) is None
    assert outcomes(office, copy) == [Outcome.IN]
    assert copy.secret.key not in (office.folder / "keys.sqlite").read_bytes()


def test_a_released_person_without_a_key_stops_the_seal(office: MembershipOffice) -> None:
    """Nobody is released who could not prove it: the seal is refused, and nothing is logged."""
    office.decide("first")
    office.keys.erase([person(office.released()[-1]).id])
    size = office.log.checkpoint().size
    with pytest.raises(Misuse, match=r"membership\.person-without-key: 1 of"):
        office.seal("first")
    assert office.log.checkpoint().size == size
    assert office.register.sealed() == []


def test_a_release_of_nobody_proves_everybodys_absence(office: MembershipOffice) -> None:
    """No person, one empty bucket: still a seal, and a path of no sibling."""
    office.decide_over("first", Tables(2, records=300, people=100))
    assert office.released() == []
    assert office.seal("first").seal.people == 0
    assert outcomes(office, office.key(5)) == [Outcome.NOT_IN]


def test_people_named_by_uuids_are_proved_alike(office: MembershipOffice) -> None:
    """In the general layout a person is 16 bytes, not a number: the same answers."""
    tables = Tables(1, records=300, people=100, layout=Layout.GENERAL)
    office.decide_over("first", tables)
    codes = expected_codes(tables, QUESTION)
    ids = [bytes(one).ljust(16, b"\0") for one in tables.records["person"].tolist()]
    inside = {identity for identity, code in zip(ids, codes, strict=True) if code == 0}
    assert 0 < len(inside) < len(set(ids))
    people = [Person(identity, 1000 + number) for number, identity in enumerate(sorted(set(ids)))]
    with pytest.raises(Misuse, match=r"membership\.person-without-key"):
        office.seal("first")
    office.keys.draw(people)
    office.seal("first")
    for one in people:
        key = office.keys.key_of(one.id)
        assert key is not None
        assert outcomes(office, key) == [Outcome.IN if one.id in inside else Outcome.NOT_IN]


def test_a_decision_that_was_never_sealed_is_told(office: MembershipOffice) -> None:
    """All releases since the beginning: what was only decided is named by its place in the log."""
    office.release("first")
    decided = office.decide("second", seed=2)
    made = office.answer(office.key(0))
    checked = check_answer(made, key=office.key(0), log_key=office.signer.verifier, trusted=None)
    assert checked.unsealed == (decided.index,)
    assert checked.since_beginning


def test_a_log_is_read_once_and_then_from_where_it_ended(office: MembershipOffice) -> None:
    """The note saves reading, and never answers: spoilt, or of a longer log, it is passed over."""
    note, size = office.folder / "decisions.json", office.log.checkpoint().size
    first = office.decide("first")
    assert decisions(office.log, size, note=note) == []
    now = office.log.checkpoint().size
    assert decisions(_From(office, size), now, note=note) == [first.index]
    for spoilt in (b"{", b"[]", b'{"size": 999999, "decisions": [1]}', b'{"size": "1", "decisions": []}'):
        note.write_bytes(spoilt)
        assert decisions(office.log, now, note=note) == [first.index]


class _From:
    """A log whose entries before ``begin`` must not be asked for."""

    def __init__(self, office: MembershipOffice, begin: int) -> None:
        self._log, self._begin = office.log, begin

    def rows(self, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        assert begin >= self._begin
        return self._log.rows(begin, end)


def test_a_full_disk_is_named_and_the_seal_can_be_made_later(office: MembershipOffice) -> None:
    """Nothing is logged of a tree that found no room; the same call succeeds once there is some."""
    office.decide("first")
    size = office.log.checkpoint().size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with pytest.raises(Trouble, match=r"release\.no-room"):
            office.seal("first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert office.log.checkpoint().size == size
    assert office.seal("first").seal.people == len(office.released())


def test_two_who_seal_at_once_do_not_meet(office: MembershipOffice) -> None:
    """While one has the next number, another is told so; afterwards both are in the row."""
    office.decide("first")
    office.register.prepare()
    with open_draft(office.register.place(0)), pytest.raises(Misuse, match=r"release\.busy"):
        office.seal("first")
    office.seal("first")
    office.release("second", seed=2)
    assert [one.seal.sequence for one in office.register.sealed()] == [0, 1]


def test_keys_drawn_at_once_are_logged_once(office: MembershipOffice) -> None:
    """Several drawers at the same people: one key and one entry for each of them."""
    stores = [
        SqlitePersonKeys.open(
            office.folder / "keys.sqlite",
            log=office.log,
            origin=office.signer.verifier.name,
            entropy=SystemEntropy(),
        )
        for _ in range(3)
    ]
    before = office.log.checkpoint().size
    people = [person(number) for number in range(500, 540)]
    with ThreadPoolExecutor(3) as threads:
        drawn = list(threads.map(lambda keys: keys.draw(people), stores))
    for keys in stores:
        keys.close()
    assert sorted(drawn) == [0, 0, len(people)]
    assert office.log.checkpoint().size == before + len(people)


def test_checking_needs_neither_arrow_nor_a_bitmap() -> None:
    """A person without `dongui[custody]` checks what they were handed."""
    script = """
import sys
for name in ("pyarrow", "pyroaring", "duckdb", "cedarpy"):
    sys.modules[name] = None
import dongui.cli.membership_inputs, dongui.cli.membership_result, dongui.cli.proof
from dongui.custody import CheckedAnswer, MembershipAnswer, PersonKey, check_answer
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_answer_is_compared_with_a_state_known_from_elsewhere(office: MembershipOffice) -> None:
    """The same state, a later one with its proof, and one without: each is told apart."""
    office.release("first")
    key, seen = office.key(1), office.log.checkpoint()
    made = office.answer(key)

    def evidence(trusted: TrustedCheckpoint) -> LogEvidence:
        return check_answer(made, key=key, log_key=office.signer.verifier, trusted=trusted).evidence

    assert evidence(TrustedCheckpoint(seen, None)) is LogEvidence.SAME_STATE
    office.draw([300])
    later = office.log.checkpoint()
    proof = office.log.consistency(seen.size, later.size)
    assert evidence(TrustedCheckpoint(later, proof)) is LogEvidence.CONSISTENT
    with pytest.raises(Undetermined, match="checkpoint-not-comparable"):
        evidence(TrustedCheckpoint(later, None))


def test_a_damaged_tree_answers_nobody(office: MembershipOffice) -> None:
    """A changed byte in the stored tree is trouble, never a wrong answer."""
    sealed = office.release("first")
    for name in ("pseudonyms", "nodes"):
        path = sealed.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:5] + bytes([whole[5] ^ 1]) + whole[6:])
        with pytest.raises(Trouble, match=r"membership\.tree-damaged"):
            [office.answer(office.key(number)) for number in range(100)]
        path.write_bytes(whole)
    office.answer(office.key(0))


def test_a_register_with_a_gap_answers_nobody(office: MembershipOffice) -> None:
    """A release taken out of the register is missed by the next one's link."""
    office.release("first")
    office.release("second", seed=2)
    gone = office.register.place(0)
    gone.rename(office.folder / "gone")
    with pytest.raises(Trouble, match=r"membership\.register-damaged"):
        office.answer(office.key(0))


def test_a_key_nobody_was_given_is_committed_nowhere(office: MembershipOffice) -> None:
    """A made-up key gets an answer of the same form; that it is nobody's only its holder finds out."""
    office.release("first")
    real = office.key(3)
    made_up = replace(real, secret=Secret.draw(SystemEntropy()))
    one, other = office.answer(made_up), office.answer(real)
    assert len(one.encode()) == len(other.encode())
    with pytest.raises(Refused, match=r"membership\.key-not-committed"):
        check_answer(one, key=made_up, log_key=office.signer.verifier, trusted=None)


def test_a_document_finds_its_persons_key_and_nobody_elses(office: MembershipOffice) -> None:
    """A bound document answers as the key does; one bound to nobody is in nothing, always alike."""
    office.release("first")
    inside = office.released()[0]
    office.keys.bind(person(inside).id, b"KR/ministry/number-1")
    known = office.keys.key_by_document(b"KR/ministry/number-1")
    assert known == office.key(inside)
    unknown = office.keys.key_by_document(b"KR/ministry/number-2")
    assert unknown == office.keys.key_by_document(b"KR/ministry/number-2")
    assert [one.found for one in tell(known, register=office.register)] == [True]
    assert [one.found for one in tell(unknown, register=office.register)] == [False]
    with pytest.raises(Misuse, match=r"membership\.document-taken"):
        office.keys.bind(person(inside + 1).id, b"KR/ministry/number-1")
    office.keys.erase([person(inside).id])
    assert office.keys.key_by_document(b"KR/ministry/number-1") != known


def test_a_keys_text_is_read_back_and_its_typing_errors_are_noticed(office: MembershipOffice) -> None:
    """One line, small enough for a QR code; one wrong character is refused before anything is asked."""
    text = office.key(7).text()
    assert PersonKey.parse(text) == office.key(7)
    assert len(text) < 200
    assert office.key(7).secret.key.hex() not in repr(office.key(7))
    for place in range(0, len(text), 7):
        wrong = "A" if text[place] != "A" else "B"
        with pytest.raises(Misuse, match=r"membership\.key-malformed"):
            PersonKey.parse(text[:place] + wrong + text[place + 1 :])
