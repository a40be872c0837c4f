"""From a withdrawal to the person's receipt by one command; and every other command says what it leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest

from dongui.errors import Trouble
from simulators.command_line import Ended
from simulators.withdrawal_office import LABORATORY, OFFICE, PURPOSE, WithdrawalOffice, name_of


@pytest.fixture(params=["sorted", "general"])
def office(tmp_path: Path, request: pytest.FixtureRequest) -> WithdrawalOffice:
    """Six people in a release handed over and in a model, in either layout."""
    return WithdrawalOffice.open(tmp_path, people=6, layout=str(request.param))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> WithdrawalOffice:
    """Four people in two releases and a model; a copy of its folder is beside it."""
    office = WithdrawalOffice.open(tmp_path_factory.mktemp("small") / "office", people=4)
    shutil.copytree(office.terminal.folder, beside(office))
    return office


@pytest.fixture
def small(kept: WithdrawalOffice) -> WithdrawalOffice:
    """The same, as it was made, and in the same place: an office knows where its releases are."""
    shutil.rmtree(kept.terminal.folder)
    shutil.copytree(beside(kept), kept.terminal.folder)
    return kept


def beside(office: WithdrawalOffice) -> Path:
    return office.terminal.folder.with_name("as made")


def withdraw(office: WithdrawalOffice, number: int, *more: object) -> Ended:
    return office.done(
        "custody", "withdraw", "--person", name_of(number), "--receipts", "receipts", *more, "--json"
    )


def not_yet(ended: Ended) -> list[str]:
    return [one["what"] for one in ended.result["not_yet"]]


def checked(office: WithdrawalOffice, file: str) -> list[str]:
    operator = office.terminal.desk / "operator.keys"
    lines: list[str] = office.done("model", "check", file, "--operator-key", operator, "--json").result[
        "lines"
    ]
    return lines


def test_one_command_goes_all_the_way(office: WithdrawalOffice) -> None:
    """Ledger, both releases, both recipients, the model, the log, the receipt: nothing is named by hand."""
    assert office.contributors() == [0, 1, 2, 3, 4, 5]
    done = withdraw(office, 2).result
    assert len(done["withdrawn"]) == 2
    assert done["taken_out_of"] == 2
    assert office.given_out("pictures") == office.given_out("templates") == 5
    assert office.contributors() == [0, 1, 3, 4, 5]
    (carried,) = done["carried_out"]
    told = [line for notice in carried["notices"] for line in checked(office, notice) if line[:3] == "to "]
    assert sorted(told) == [f"to {LABORATORY}", f"to {OFFICE}"]
    lines = checked(office, carried["receipt"])
    for word, count in (("told", 2), ("corrected", 2), ("forgotten", 1)):
        assert sum(line.startswith(f"{word} ") for line in lines) == count, lines
    assert office.done("custody", "unfinished", "--json").result == {"not_yet": []}
    last = office.done("custody", "show", "--person", name_of(2), "--json").result["events"]
    assert [event["kind"] for event in last] == ["given", "given", "withdrawn", "withdrawn"]


def test_given_again_it_does_nothing_twice(small: WithdrawalOffice) -> None:
    """No second event, notice or receipt; and an id without consents is named."""
    withdraw(small, 1)
    again = withdraw(small, 1).result
    assert (again["withdrawn"], again["carried_out"], again["taken_out_of"]) == ([], [], 0)
    assert len(list((small.terminal.folder / "receipts").iterdir())) == 1
    nobody = small.terminal.run(
        *("custody", "withdraw", "--person", "f" * 32, "--receipts", "receipts", "--json")
    )
    assert (nobody.code, nobody.failure) == (2, "custody.nothing-to-withdraw")


def test_one_consent_withdrawn_leaves_the_others(small: WithdrawalOffice) -> None:
    """Of the pictures handed over alone: the model, which rests on another consent, keeps the person."""
    done = withdraw(small, 1, "--recipient", LABORATORY)
    assert "other-consents" in not_yet(done)
    assert (small.given_out("pictures"), small.given_out("templates")) == (3, 4)
    assert small.contributors() == [0, 1, 2, 3]
    (carried,) = done.result["carried_out"]
    assert carried["models"] == []
    assert not any(line.startswith("forgotten") for line in checked(small, carried["receipt"]))
    # Then of everything: what was done stays done, the rest follows, and the model forgets exactly.
    rest = withdraw(small, 1).result
    assert len(rest["carried_out"]) == 1
    assert small.contributors() == [0, 2, 3]
    assert not (rest["not_yet"] and "other-consents" in [one["what"] for one in rest["not_yet"]])


def test_a_person_in_two_models_keeps_their_key_for_the_one_they_stay_in(small: WithdrawalOffice) -> None:
    """Two consents to train, one withdrawn: out of that model alone, and the other still forgets exactly."""
    office = small
    office.consent(range(4), OFFICE, "template", purpose="second-model")
    office.done("custody", "export", "--out", "C2.parquet")
    office.decide("second", OFFICE, "template", purpose="second-model", consents="C2.parquet")
    office.done("proof", "seal", "second", "--until", "2036-01-01T00:00:00Z")
    model = office.train("second")
    first = withdraw(office, 1, "--purpose", PURPOSE, "--recipient", OFFICE).result["carried_out"][0]
    assert model not in first["models"]
    assert len(first["models"]) == 1
    assert office.contributors() == [0, 1, 2, 3]
    second = withdraw(office, 1).result["carried_out"][0]
    assert second["models"] == [model]
    assert office.contributors() == [0, 2, 3]


def test_what_came_in_by_bulk_is_found_and_carried_out(small: WithdrawalOffice) -> None:
    """Imported, they are out of the releases at once; that the rest waits is said, found, and done."""
    small.consent([0, 3], OFFICE, "template", kind="withdrawn")
    imported = small.consent([1], LABORATORY, "image", kind="withdrawn")
    assert not_yet(imported) == ["withdrawals"]
    assert (small.given_out("pictures"), small.given_out("templates")) == (3, 2)
    assert small.contributors() == [0, 1, 2, 3]
    looked = small.terminal.run("custody", "unfinished", "--json")
    assert (looked.code, looked.failure) == (1, "custody.unfinished")
    detail = looked.json["failure"]["detail"]
    assert detail.startswith("3 people's withdrawals not carried out; 2 people still in model "), detail
    assert not any(name_of(one) in looked.out for one in range(4))
    carried = small.done("custody", "carry-out", "--receipts", "receipts", "--json").result
    assert (carried["people"], len(carried["carried_out"])) == (3, 3)
    assert small.contributors() == [1, 2]
    assert small.done("custody", "unfinished").code == 0
    again = small.done("custody", "carry-out", "--receipts", "receipts", "--json").result
    assert (again["people"], again["carried_out"]) == (0, [])


def test_who_withdrew_before_it_was_sealed_is_never_opened(tmp_path: Path) -> None:
    """Decided over an older snapshot: sealing takes out whoever withdrew since, training leaves them out."""
    office = WithdrawalOffice.open(tmp_path, people=4, model=False)
    withdraw(office, 0)
    office.decide("late", OFFICE, "template")  # the snapshot of before
    sealed = office.done("proof", "seal", "late", "--until", "2036-01-01T00:00:00Z", "--json").result
    assert sealed["taken_out"] == 1
    assert office.given_out("late") == 3
    (office.terminal.desk / "custody" / "releases").rename(tmp_path / "unknown-places")
    withdraw(office, 1)
    assert office.given_out("late") == 3, "nothing told the office where it is"
    office.train("late")
    assert office.given_out("late") == 2
    assert office.contributors() == [2, 3]


def test_a_release_that_was_moved_is_named_until_it_is_found(small: WithdrawalOffice) -> None:
    """It cannot be corrected, its recipient is told all the same; shown where it is, it is made good."""
    folder = small.terminal.folder
    (folder / "pictures").rename(folder / "elsewhere")
    done = withdraw(small, 2)
    assert "release-not-at-hand" in not_yet(done)
    (carried,) = done.result["carried_out"]
    assert len(carried["notices"]) == 2
    assert small.given_out("elsewhere") == 4
    small.done("release", "correct", "elsewhere", "--person", name_of(2))
    assert small.given_out("elsewhere") == 3
    assert "release-not-at-hand" not in not_yet(withdraw(small, 3))
    assert small.given_out("elsewhere") == 2


def test_forgetting_in_models_alone_says_that_the_ledger_says_yes(small: WithdrawalOffice) -> None:
    """``model forget`` does not withdraw: it names what is left, and the command that does everything."""
    done = small.done("model", "forget", name_of(1), "--out", "one.receipt", "--json")
    assert not_yet(done) == ["ledger", "vault"]
    assert "custody withdraw" in done.result["not_yet"][0]["next"]
    assert small.given_out("pictures") == 3
    said = small.done("model", "forget", name_of(1), "--out", "two.receipt").out
    assert "Not done yet:" in said
    act = ("custody", "act", "--person", name_of(2), "--purpose", PURPOSE, "--recipient", OFFICE)
    acted = small.done(*act, "--artefact", "template", "--kind", "withdrawn", "--json")
    assert not_yet(acted) == ["withdrawals"]
    assert small.given_out("templates") == 2
    assert json.loads(acted.out)["outcome"] == "ok"


def test_what_another_command_had_begun_is_finished(small: WithdrawalOffice) -> None:
    """``model forget``, killed before its receipt was written: found, and its receipt handed out."""
    with patch("dongui.cli.model_inputs.write_once", side_effect=Trouble("file.no-room", "stopped here")):
        stopped = small.terminal.run("model", "forget", name_of(3), "--out", "its.receipt", "--json")
    assert stopped.failure == "file.no-room"
    assert (
        "1 begun, without a receipt handed out" in small.terminal.run("custody", "unfinished", "--json").out
    )
    carried = small.done("custody", "carry-out", "--receipts", "receipts", "--json").result
    (one,) = carried["carried_out"]
    assert any(line.startswith("forgotten ") for line in checked(small, one["receipt"]))
    assert small.contributors() == [0, 1, 2]
    small.done("custody", "unfinished")


def test_what_a_recipient_is_handed_was_asked_of_the_ledger_first(small: WithdrawalOffice) -> None:
    """Handing over names whoever withdrew since, also where nobody corrected the release."""
    folder = small.terminal.folder
    master = ("--keys", "vault-keys", "--master", "file:master.key")
    small.done("vault", "create", "vault", *master)
    head = "file,person,person_number,record,record_number,version,basis,reference\n"
    rows = []
    for one in range(4):
        (folder / f"{one}.jpg").write_bytes(b"picture of nobody %d" % one)
        rows.append(f"{one}.jpg,{name_of(one)},{one},{one:032x},{2 * one},1,consent,{PURPOSE}\n")
    (folder / "list.csv").write_text(head + "".join(rows))
    small.done("vault", "put", "vault", "--list", "list.csv", *master)
    small.done("vault", "recipient-key", "--out", "laboratory.key")
    (small.terminal.desk / "custody" / "releases").rename(folder / "unknown-places")
    withdraw(small, 2)
    assert small.given_out("pictures") == 4, "nothing told the office where it is"
    handed = small.done(
        *("vault", "export-keys", "vault", "--release", "pictures", "--recipient", LABORATORY, *master),
        *("--public-key", "laboratory.key.public", "--out", "parcel", "--json"),
    )
    assert handed.result["records"] == 3
    assert small.given_out("pictures") == 3
    erased = small.done(
        "vault", "erase", "vault", *master, "--person", name_of(0), "--out", "erased", "--json"
    )
    assert not_yet(erased) == ["still-in-ledger", "still-in-models", "still-in-keys"]
    assert "rights fulfil" in erased.result["not_yet"][0]["next"]
