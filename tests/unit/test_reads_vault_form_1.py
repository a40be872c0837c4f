"""A vault of format 1, as it was first written, is read by every later release."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import Misuse
from dongui.log.keys import SignerKey
from simulators.vault_office import VaultOffice, content, person

WROTE = Path(__file__).parents[1] / "fixtures" / "vault-1"


@pytest.fixture
def office(tmp_path: Path) -> VaultOffice:
    """A copy, to be opened: records 0 to 6, 1 twice; person 1 (records 3 to 5) erased."""
    shutil.copytree(WROTE, tmp_path / "vault-1")
    # Version control keeps no file modes; an open key would be refused.
    (tmp_path / "vault-1" / "master.key").chmod(0o600)
    signer = SignerKey.generate("office.example/log", entropy=SystemEntropy())
    return VaultOffice.at(tmp_path / "vault-1", signer)


def test_what_was_written_is_read(office: VaultOffice) -> None:
    """Every record and version opens with the keys of its day, and the gaps are gaps."""
    checked = office.check()
    assert (checked.sound, checked.frames, checked.gaps) == (True, 5, 3)
    assert office.get(1) == content(1, version=2)
    assert [office.get(number) for number in (0, 2, 6)] == [content(number) for number in (0, 2, 6)]
    with pytest.raises(Misuse, match=r"vault\.no-such-record"):
        office.get(4)


def test_what_wrapped_its_keys_is_gone_once_a_person_is_erased(office: VaultOffice) -> None:
    """Keys first kept in another layout are moved to today's whole: destroyed, no copy of one is left."""
    with sqlite3.connect(office.places.keys / "person-keys.sqlite") as connection:
        wrapped = dict(connection.execute("SELECT person, wrapped FROM person_key").fetchall())
    connection.close()
    office.erase(0)
    everything = b"".join(path.read_bytes() for path in office.places.keys.iterdir())
    assert wrapped.pop(person(0).id) not in everything
    assert wrapped
    assert all(one in everything for one in wrapped.values())
    assert office.check().sound


def test_it_can_be_gone_on_with(office: VaultOffice) -> None:
    """Later records stand beside the old ones."""
    office.put([9])
    assert office.get(9) == content(9)
    assert office.check().sound
