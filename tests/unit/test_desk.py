"""A desk is made whole or not at all, and is read strictly."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dongui.demo.cast import LicensingAuthority
from dongui.demo.story import CONTROLLER
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import DonguiError, Misuse
from dongui.receipts.keys import OperatorKeys
from simulators.main_path import read_licence


def opened(path: Path) -> Desk:
    return Desk(path, clock=SystemClock(), entropy=SystemEntropy())


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    return tmp_path / "desk"


def test_keys_are_for_the_operator_alone(desk: Path) -> None:
    """Private keys are readable by their owner and nobody else; the public ones say the same keys."""
    for name in ("receipts.key", "log.key"):
        assert stat.S_IMODE((desk / "keys" / name).stat().st_mode) == 0o600
    published = OperatorKeys.parse((desk / "operator.keys").read_text())
    with opened(desk) as found:
        assert found.keys.text() == published.text()


def test_a_desk_is_never_overwritten(desk: Path) -> None:
    """Making a desk where something stands refuses and leaves it alone."""
    before = (desk / "operator.keys").read_bytes()
    with pytest.raises(Misuse, match="desk.exists"):
        create_desk(desk, CONTROLLER, entropy=SystemEntropy())
    assert (desk / "operator.keys").read_bytes() == before


def test_nothing_is_left_of_a_desk_that_could_not_be_made(tmp_path: Path) -> None:
    """A folder that cannot be written leaves neither a desk nor a draft of one."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DonguiError, match="desk.not-writ"):
        create_desk(tmp_path / "file" / "desk", CONTROLLER, entropy=SystemEntropy())
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("store", ["ledger.sqlite", "sessions.sqlite", "log.sqlite"])
def test_a_vanished_store_is_missed(desk: Path, store: str) -> None:
    """An empty store in place of a lost one would forget withdrawals, spent sessions or the log: refused."""
    (desk / store).unlink()
    with pytest.raises(Misuse, match="desk.incomplete"):
        opened(desk)
    assert not (desk / store).exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "controller": {}}',
        '{"format": 1, "controller": 7}',
    ],
)
def test_a_damaged_entry_is_named(desk: Path, content: str) -> None:
    """``desk.json`` that is not what it should be opens no desk."""
    (desk / "desk.json").write_text(content)
    with pytest.raises(Misuse, match="desk.malformed"):
        opened(desk)


def test_another_folder_is_no_desk(tmp_path: Path) -> None:
    """A folder without a desk says how to make one."""
    with pytest.raises(Misuse, match="desk.not-found") as caught:
        opened(tmp_path)
    assert "dongui desk create" in caught.value.failure.next_step


@pytest.mark.parametrize("field", ["id", "name_ko", "contact"])
@pytest.mark.parametrize("value", ["", " ", "x" * 121, "a\x1b[2Jb", "two\nlines"])
def test_a_controller_names_itself_properly(field: str, value: str) -> None:
    """Empty, overlong and unprintable entries are refused: they reach every receipt."""
    content = {**json.loads(json.dumps({name: getattr(CONTROLLER, name) for name in CONTROLLER.__slots__}))}
    with pytest.raises(Misuse, match="desk.controller-malformed"):
        ControllerEntry(**{**content, field: value})


def test_a_controllers_entry_is_counted_in_bytes_as_on_receipts() -> None:
    """50 Hangul syllables are 150 bytes, more than a receipt carries: refused when made, not at a receipt."""
    content = {name: getattr(CONTROLLER, name) for name in CONTROLLER.__slots__}
    assert ControllerEntry(**{**content, "name_ko": "가" * 40}).name_ko == "가" * 40
    with pytest.raises(Misuse, match=r"desk\.controller-malformed.*name_ko has 150 bytes.*120"):
        ControllerEntry(**{**content, "name_ko": "가" * 50})


def test_shipped_purposes_are_open_and_a_broken_one_of_your_own_opens_nothing(desk: Path) -> None:
    """The three profiles are registered with the desk as controller; a folder that cannot be is an error."""
    with opened(desk) as found:
        assert {"airport-gate", "building-access", "phone-activation"} <= found.purposes.keys()
        assert all(purpose.controller.id == CONTROLLER.id for purpose in found.purposes.values())
    (desk / "purposes" / "mine").mkdir()
    with opened(desk) as found, pytest.raises(Misuse, match="file.not-found"):
        _ = found.purposes


def test_the_number_a_person_is_given_opens_and_withdraws_their_consent(desk: Path) -> None:
    """``record_id`` is the ledger's own number of the record that was just made."""
    with opened(desk) as found:
        authority = LicensingAuthority.found("Office", now=found.clock.now(), entropy=SystemEntropy())
        document = read_licence(authority.license("05"), authority, clock=found.clock)
        given = found.give_consent("airport-gate", document, language="en")
        assert found.ledger.history(given.record_id).record.id == given.record_id
        assert found.withdraw_consent(given.record_id).record_id == given.record_id
