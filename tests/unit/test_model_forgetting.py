"""Training, forgetting and what a withdrawal leaves behind, over real releases and stores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dongui.biometrics.cards import card
from dongui.custody.fixed_point import fixed_point_for
from dongui.custody.model_files import encode_parameters
from dongui.custody.model_register import Step
from dongui.custody.opening import OpenedRelease
from dongui.custody.publication import Outcome
from dongui.custody.statistics import Statistics
from dongui.custody.undoing_receipt import check_undoing
from dongui.custody.withdrawal_notices import check_notice
from dongui.encoding import cbor
from dongui.errors import Misuse, Refused, Trouble
from dongui.log.entry import EntryKind
from simulators.model_office import TRAINER, ModelOffice, SyntheticFeatures, synthetic_vectors

FORM = fixed_point_for(card("dlib-resnet-v1"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ModelOffice]:
    """An office with nothing in it."""
    opened = ModelOffice.open(tmp_path)
    yield opened
    opened.close()


def kinds(office: ModelOffice) -> list[EntryKind]:
    log = office.office.log
    return [log.entry(index).kind for index in range(log.checkpoint().size)]


def plain_vectors(office: ModelOffice, number: int) -> list[bytes]:
    """What must stand nowhere in clear: a person's vectors as float32 and as whole numbers."""
    drawn = synthetic_vectors(number.to_bytes(4, "big"), 1)
    whole = FORM.quantise(drawn)
    return [drawn.tobytes()[:64], whole.astype(">i2").tobytes()[:64], whole.astype("<i2").tobytes()[:64]]


def test_a_forgotten_person_was_never_there(office: ModelOffice) -> None:
    """After each withdrawal the statistics and the model are, to the byte, those of a training without."""
    release = office.release("one", people=120)
    trained = office.train(release)
    people = office.people_in(release)
    assert trained.people == len(people)
    gone: list[int] = []
    for number in (people[3], people[0], people[-1]):
        undone = office.forgetting.withdraw(office.withdrawal(number))
        gone.append(number)
        assert undone.step is Step.DONE
        encoded = office.store.statistics(trained.model.id)
        statistics, parameters = office.trained_without(release, gone)
        assert encoded == statistics
        assert encode_parameters(encoded) == parameters
    assert kinds(office).count(EntryKind.MODEL) == 4
    assert kinds(office).count(EntryKind.UNDOING) == 3


def test_a_withdrawal_is_told_corrected_logged_and_receipted(office: ModelOffice) -> None:
    """Every release of the person is told of in a notice that can be checked; the receipt holds offline."""
    first, second = office.release("one", people=80), office.release("two", seed=2, people=80)
    models = [office.train(path).model.id for path in (first, second)]
    both = set(office.people_in(first)) & set(office.people_in(second))
    number = min(both)
    office.people_in(first)
    records = {str(int.from_bytes(one, "big")) for one in office.records[number]}
    undone = office.forgetting.withdraw(office.withdrawal(number, first))
    notices = [check_notice(one, key=office.operator.verifier) for one in undone.notices]
    assert [(one.recipient, one.due) for one in notices] == [(TRAINER, "2026-12-04T00:00:00.000000Z")] * 2
    assert set(notices[0].records) == records
    assert notices[0].pseudonym != notices[1].pseudonym
    receipt = check_undoing(office.forgetting.receipt(undone), operator=office.operator_keys)
    said = [name for name, _ in receipt.lines]
    assert said.count("told") == said.count("forgotten") == 2
    assert ("remains", "copies made outside") in receipt.lines
    assert any("people not obtained" in value for name, value in receipt.lines if name == "remains")
    assert receipt.logged.entry.kind is EntryKind.UNDOING
    assert set(undone.models) == set(models)
    # Whoever opens the corrected release afterwards does not get the person.
    batches = office.opened(first).records()
    left = {int(one) for batch in batches for one in batch.column("person").to_pylist()}
    assert number not in left
    # Asked again, the same receipt; once handed out, nothing is kept of the withdrawal.
    assert office.forgetting.withdraw(office.withdrawal(number)) == undone
    office.store.close_undoing(undone.id)
    assert office.store.undoings() == []


def test_what_a_person_added_is_gone_and_was_never_in_clear(office: ModelOffice) -> None:
    """Before: no store holds a vector in clear. After: neither contribution nor key in any file."""
    release = office.release("one", people=80)
    office.train(release)
    number = office.people_in(release)[0]
    somebody = number.to_bytes(4, "big")
    key = office.keys.key_of(somebody)
    (contribution,) = office.store.contributions([somebody])
    assert key is not None
    files = [path for path in office.folder.rglob("*") if path.is_file()]
    for needle in plain_vectors(office, number):
        assert not any(needle in path.read_bytes() for path in files)
    assert any(contribution.sealed in path.read_bytes() for path in files)
    office.forgetting.withdraw(office.withdrawal(number))
    for path in (one for one in office.folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        assert key not in data, path
        assert contribution.sealed not in data, path
    assert office.store.contributions([somebody]) == []


def test_replaced_statistics_are_overwritten(office: ModelOffice) -> None:
    """Old statistics less new ones are one person: the old ones stand nowhere any more."""
    release = office.release("one", people=80)
    trained = office.train(release)
    before = office.store.statistics(trained.model.id)
    office.forgetting.withdraw(office.withdrawal(office.people_in(release)[0]))
    assert before != office.store.statistics(trained.model.id)
    for path in office.folder.glob("models.sqlite*"):
        data = path.read_bytes()
        assert not any(before[begin : begin + 512] in data for begin in range(20_000, 130_000, 4096))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({"use": "test-model"}, "model.release-not-for-training"),
        ({"use": "supply-recipient"}, "model.release-not-for-training"),
        ({"ground": "statute"}, "ground.training-needs-consent"),
        ({"artefact": "image"}, "model.template-consent-missing"),
    ],
)
def test_only_consent_to_templates_for_training_trains(
    office: ModelOffice, words: dict[str, str], name: str
) -> None:
    """A release for another use, on another ground, or for images alone: refused, and nothing is kept."""
    release = office.release("one", people=30, words=words)
    with pytest.raises(Refused) as refused:
        office.train(release)
    assert refused.value.name == name
    assert office.store.models() == []
    assert kinds(office).count(EntryKind.MODEL) == 0


def test_who_gives_no_vector_is_not_in_the_model(office: ModelOffice) -> None:
    """A failure to acquire leaves no contribution and no key; withdrawing then changes no statistics."""
    release = office.release("one", people=80)
    number = office.people_in(release)[0]
    somebody = number.to_bytes(4, "big")
    trained = office.train(release, SyntheticFeatures(without=frozenset([somebody])))
    assert trained.without == 1
    assert office.keys.key_of(somebody) is None
    undone = office.forgetting.withdraw(office.withdrawal(number))
    assert undone.models == ()
    assert kinds(office).count(EntryKind.MODEL) == 1


class Leaving(SyntheticFeatures):
    """Somebody withdraws while the training runs."""

    office: ModelOffice
    number: int

    def vectors(self, person: bytes, records: list[bytes]) -> np.ndarray:  # type: ignore[override]
        """Withdraw once, then go on as ever."""
        if self.number >= 0:
            number, self.number = self.number, -1
            self.office.forgetting.withdraw(self.office.withdrawal(number))
        return super().vectors(person, records)


def test_a_withdrawal_stops_a_training_that_runs(office: ModelOffice) -> None:
    """Forgetting waits for nobody: what the training has begun is dropped, and its end is refused by name."""
    release = office.release("one", people=60)
    source = Leaving()
    source.office, source.number = office, office.people_in(release)[0]
    with pytest.raises(Trouble) as stopped:
        office.train(release, source)
    assert stopped.value.name == "model.training-overtaken"
    assert office.store.models() == []


def test_a_contribution_moved_or_changed_does_not_open(office: ModelOffice) -> None:
    """One person's row under another's name, or one bit: named, and nothing was subtracted."""
    release = office.release("one", people=80)
    trained = office.train(release)
    number = office.people_in(release)[0]
    before = office.store.statistics(trained.model.id)
    with sqlite3.connect(office.folder / "models.sqlite") as connection:
        connection.execute(
            "UPDATE contribution SET sealed = (SELECT sealed FROM contribution WHERE person != ? LIMIT 1)"
            " WHERE person = ?",
            (number.to_bytes(4, "big"), number.to_bytes(4, "big")),
        )
    with pytest.raises(Trouble) as refused:
        office.forgetting.withdraw(office.withdrawal(number))
    assert refused.value.name == "model.contribution-damaged"
    office.keys.destroy([number.to_bytes(4, "big")])
    with pytest.raises(Trouble) as refused:
        office.forgetting.resume()
    assert refused.value.name == "model.key-lost"
    assert office.store.statistics(trained.model.id) == before


def test_publishing_waits_until_enough_people_changed(office: ModelOffice, tmp_path: Path) -> None:
    """A first version goes out; the next only after k changed; the same one to as many as ask."""
    release = office.release("one", people=200)
    model = office.train(release).model.id
    publishing = office.publishing(least=3)
    first = publishing.publish(model, recipient="a.example", out=tmp_path / "first")
    assert first.outcome is Outcome.PUBLISHED
    people = office.people_in(release)
    for count, number in enumerate(people[:3], start=1):
        undone = office.forgetting.withdraw(office.withdrawal(number))
        # Whoever has the published version is told each time.
        assert [check_notice(one, key=office.operator.verifier).model for one in undone.notices][-1] == (
            model,
            1,
        )
        answer = publishing.publish(model, recipient="b.example", out=tmp_path / f"after-{count}")
        assert answer.outcome is (Outcome.PUBLISHED if count == 3 else Outcome.WAITS)
        assert (tmp_path / f"after-{count}").exists() is (count == 3)
    # The same version may be handed to anybody.
    again = publishing.publish(model, recipient="c.example", out=tmp_path / "again")
    assert again.outcome is Outcome.PUBLISHED
    assert (tmp_path / "again" / "model.cbor").read_bytes() == (
        tmp_path / "after-3" / "model.cbor"
    ).read_bytes()


def test_at_the_due_date_the_published_version_is_taken_back(office: ModelOffice, tmp_path: Path) -> None:
    """Ten days after the withdrawal, by PIPA's decree: withdrawn, everybody who has it told."""
    release = office.release("one", people=200)
    model = office.train(release).model.id
    office.publishing().publish(model, recipient="a.example", out=tmp_path / "first")
    office.forgetting.withdraw(office.withdrawal(office.people_in(release)[0]))
    office.now += timedelta(days=10) - timedelta(seconds=1)
    assert office.publishing().review() == []
    office.now += timedelta(seconds=1)
    ((found, answer),) = office.publishing().review()
    assert (found.id, answer.outcome) == (model, Outcome.WITHDRAWN)
    (notice,) = answer.notices
    assert check_notice(notice, key=office.operator.verifier).recipient == "a.example"
    # Whoever was killed before sending it gets it again, the same.
    ((_, again),) = office.publishing().review()
    assert again.notices == (notice,)
    waits = office.publishing().publish(model, recipient="b.example", out=tmp_path / "second")
    assert waits.outcome is Outcome.WAITS


def test_a_model_of_few_is_never_published(office: ModelOffice, tmp_path: Path) -> None:
    """No cell under k: fewer than k people in it, no version at all."""
    release = office.release("one", people=30)
    trained = office.train(release)
    answer = office.publishing(least=trained.people + 1).publish(
        trained.model.id, recipient="a.example", out=tmp_path / "first"
    )
    assert answer.outcome is Outcome.WAITS
    assert not answer.enough_people
    with pytest.raises(ValueError, match="one person"):
        office.publishing(least=1)
    with pytest.raises(Misuse) as refused:
        office.publishing().publish(bytes(16), recipient="a.example", out=tmp_path / "none")
    assert refused.value.name == "model.unknown"


@pytest.mark.parametrize(
    "change", [(b"due 2026", b"due 2036"), (b"\n\nA person", b"\n\nNo person"), (b"notice v1", b"notice v2")]
)
def test_a_notice_changed_by_a_letter_is_refused(office: ModelOffice, change: tuple[bytes, bytes]) -> None:
    """The due date, the words, the form: all under the signature."""
    release = office.release("one", people=80)
    office.train(release)
    undone = office.forgetting.withdraw(office.withdrawal(office.people_in(release)[0]))
    with pytest.raises(Refused) as refused:
        check_notice(undone.notices[0].replace(*change), key=office.operator.verifier)
    assert refused.value.name == "log.note-signature-invalid"


def test_a_receipt_of_another_log_or_blind_is_refused(office: ModelOffice) -> None:
    """The proof must be of this receipt's own entry."""
    release = office.release("one", people=80)
    office.train(release)
    numbers = office.people_in(release)[:2]
    one, other = (office.forgetting.withdraw(office.withdrawal(number)) for number in numbers)
    limits = cbor.Limits(max_bytes=99_999, max_depth=1, max_items=9)
    parts, others = (cbor.loads(office.forgetting.receipt(done), limits=limits) for done in (one, other))
    assert isinstance(parts, list)
    assert isinstance(others, list)
    with pytest.raises(Refused) as refused:
        check_undoing(cbor.dumps([*parts[:4], others[4]]), operator=office.operator_keys)
    assert refused.value.name == "lineage.receipt-not-logged"
    with pytest.raises(Refused) as refused:
        check_undoing(cbor.dumps([*parts, 1]), operator=office.operator_keys)
    assert refused.value.name == "lineage.receipt-malformed"


def test_an_unopened_release_cannot_train(office: ModelOffice) -> None:
    """``train`` takes what only ``open_release`` makes: a folder or a manifest is not enough."""
    opened: OpenedRelease = office.opened(office.release("one", people=30))
    assert opened.seal.logged.entry.kind is EntryKind.MEMBERSHIP
    assert Statistics.empty(FORM).people == 0
