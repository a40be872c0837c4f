"""Keys over keys: what they are bound to, where master keys are kept, and what a rotation ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.vault import envelope
from dongui.custody.vault.keys import EnvironmentMasterKeys, FileMasterKeys, MasterKey
from dongui.custody.vault.person_wrapping_keys import open_for_person, seal_for_person
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused
from dongui.storage.sqlite.vault_person_keys import MARKER, SqliteVaultPersonKeys

ENTROPY = SystemEntropy()
AT = datetime(2026, 11, 22, tzinfo=UTC)
CLOCK = FixedClock(AT)
ANNA, BORA = b"a" * 16, b"b" * 16


def make(folder: Path) -> tuple[FileMasterKeys, SqliteVaultPersonKeys]:
    """A master key and a store in ``folder``."""
    master = FileMasterKeys.create(folder / "master.key", entropy=ENTROPY)
    return master, SqliteVaultPersonKeys.create(folder / "keys", master=master, clock=CLOCK, entropy=ENTROPY)


def test_a_wrapped_key_opens_only_under_its_key_and_binding() -> None:
    """Another key, another binding, any changed byte, any other length: each is named, none opens."""
    key, under = ENTROPY.draw(32), AESGCM(ENTROPY.draw(32))
    wrapped = envelope.wrap(key, under=under, bound_to=b"one", entropy=ENTROPY)
    assert len(wrapped) == envelope.WRAPPED_BYTES
    assert envelope.unwrap(wrapped, under=under, bound_to=b"one") == key
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        envelope.unwrap(wrapped, under=under, bound_to=b"two")
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        envelope.unwrap(wrapped, under=AESGCM(ENTROPY.draw(32)), bound_to=b"one")
    for place in range(len(wrapped)):
        other = wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :]
        with pytest.raises(Refused, match=r"vault\.wrapped-key-"):
            envelope.unwrap(other, under=under, bound_to=b"one")
    for size in (0, 60, 62):
        with pytest.raises(Refused, match=r"vault\.wrapped-key-malformed"):
            envelope.unwrap(bytes(size), under=under, bound_to=b"one")


def test_a_master_keys_text_is_read_back_and_no_other_is_read() -> None:
    """A character lost, added or changed is a named failure, not another key."""
    key = MasterKey.draw(ENTROPY)
    assert MasterKey.parse(key.text()) == key
    assert key.text() not in repr(key)
    for text in ("", key.text()[:-1], key.text()[1:], key.text().replace("+1+", "+2+"), key.text() + "+"):
        with pytest.raises(Misuse, match=r"vault\.master-key-malformed"):
            MasterKey.parse(text)


def test_a_file_others_can_read_is_no_place_for_a_master_key(tmp_path: Path) -> None:
    """A key the whole machine can read is refused before it is used."""
    master = FileMasterKeys.create(tmp_path / "master.key", entropy=ENTROPY)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(Misuse, match=r"vault\.master-key-exposed"):
        master.held()
    with pytest.raises(Misuse, match=r"vault\.master-key-exists"):
        FileMasterKeys.create(tmp_path / "master.key", entropy=ENTROPY)


def test_a_master_key_destroyed_in_its_file_is_no_longer_there(tmp_path: Path) -> None:
    """Its bytes are overwritten where they stood; the other key stays."""
    path = tmp_path / "master.key"
    master = FileMasterKeys.create(path, entropy=ENTROPY)
    (first,) = master.held()
    text = path.read_text().strip()
    second = master.add()
    assert master.held() == [first, second]
    assert master.destroy(first)
    assert master.held() == [second]
    assert text[20:] not in path.read_text()


def test_a_key_a_crash_left_half_written_is_none(tmp_path: Path) -> None:
    """What has no line feed was never confirmed; the next one takes its place."""
    path = tmp_path / "master.key"
    master = FileMasterKeys.create(path, entropy=ENTROPY)
    with path.open("a") as file:
        file.write("VAULT+MASTER+1+00")
    assert len(master.held()) == 1
    master.add()
    assert len(master.held()) == 2


def test_nothing_of_one_person_opens_with_anothers_key_or_for_another_use(tmp_path: Path) -> None:
    """Swap attack: content sealed for one person or use is put in the place of another's."""
    _, keys = make(tmp_path)
    assert keys.draw([ANNA, BORA]) == 2
    assert keys.draw([ANNA]) == 0
    sealed = seal_for_person(b"hers", person=ANNA, use=b"test/1", keys=keys, entropy=ENTROPY)
    assert open_for_person(sealed, person=ANNA, use=b"test/1", keys=keys) == b"hers"
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        open_for_person(sealed, person=BORA, use=b"test/1", keys=keys)
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        open_for_person(sealed, person=ANNA, use=b"test/2", keys=keys)
    with pytest.raises(Refused, match=r"vault\.content-altered"):
        open_for_person(sealed[:-1] + bytes([sealed[-1] ^ 1]), person=ANNA, use=b"test/1", keys=keys)
    with pytest.raises(Refused, match=r"vault\.wrapped-key-malformed"):
        open_for_person(sealed[:80], person=ANNA, use=b"test/1", keys=keys)


def test_people_cannot_be_exchanged_within_the_store(tmp_path: Path) -> None:
    """Swap attack: one person's wrapped key is written into another's row; it opens nothing there."""
    _, keys = make(tmp_path)
    keys.draw([ANNA, BORA])
    with keys._database.transaction() as connection:
        (hers,) = connection.execute("SELECT wrapped FROM key_slot WHERE person = ?", (ANNA,)).fetchone()
        connection.execute("UPDATE key_slot SET wrapped = ? WHERE person = ?", (hers, BORA))
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        keys.cipher(BORA)


def test_a_destroyed_key_is_in_no_file_of_the_store(tmp_path: Path) -> None:
    """After destroying, neither the person nor what wrapped their key is in the folder; others read on."""
    _, keys = make(tmp_path)
    keys.draw([ANNA, BORA, *(bytes([number] * 16) for number in range(90))])
    sealed = seal_for_person(b"his", person=BORA, use=b"t", keys=keys, entropy=ENTROPY)
    with keys._database.reading() as connection:
        (gone,) = connection.execute("SELECT wrapped FROM key_slot WHERE person = ?", (ANNA,)).fetchone()
    assert keys.destroy([ANNA]) == 1
    content = b"".join(path.read_bytes() for path in (tmp_path / "keys").iterdir())
    assert gone not in content
    assert ANNA not in content
    with pytest.raises(Refused, match=r"vault\.no-person-key"):
        keys.cipher(ANNA)
    assert open_for_person(sealed, person=BORA, use=b"t", keys=keys) == b"his"


def test_of_many_people_drawn_in_any_order_no_destroyed_key_is_left(tmp_path: Path) -> None:
    """However the pages of the file were split on the way: the only copy is overwritten, the others' are not.

    After a rotation none of the ids is left either, nor any of the old wrappings.
    """
    _, keys = make(tmp_path)
    people = [ENTROPY.draw(16) for _ in range(4_000)]
    for first in range(0, len(people), 333):
        keys.draw(people[first : first + 333])
    gone, stay = people[::7], people[1::7]
    wrapped = {person: wrapped_key(keys, person) for person in people}
    for first in range(0, len(gone), 50):
        keys.destroy(gone[first : first + 50])
        keys.draw([ENTROPY.draw(16) for _ in range(20)])
    everything = read_all(tmp_path / "keys")
    assert not any(wrapped[person] in everything for person in gone)
    assert all(wrapped[person] in everything for person in stay)
    assert not keys.ciphers(gone)
    keys.rotate(clock=CLOCK)
    everything = read_all(tmp_path / "keys")
    assert not any(person in everything for person in gone)
    assert not any(one in everything for one in wrapped.values())
    assert len(keys.ciphers(stay)) == len(stay)


def wrapped_key(keys: SqliteVaultPersonKeys, person: bytes) -> bytes:
    with keys._database.reading() as connection:
        row = connection.execute("SELECT wrapped FROM key_slot WHERE person = ?", (person,)).fetchone()
        return bytes(row[0])


def read_all(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_person_whose_key_was_destroyed_is_given_another(tmp_path: Path) -> None:
    """What was sealed under the first does not open under the second."""
    _, keys = make(tmp_path)
    keys.draw([ANNA, BORA])
    sealed = seal_for_person(b"hers", person=ANNA, use=b"t", keys=keys, entropy=ENTROPY)
    assert keys.destroy([ANNA, ANNA]) == 1
    assert keys.people() == {BORA}
    assert keys.draw([ANNA]) == 1
    with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
        open_for_person(sealed, person=ANNA, use=b"t", keys=keys)


def test_after_a_rotation_an_older_copy_of_the_store_opens_with_no_key_left(tmp_path: Path) -> None:
    """An old back-up, restored: readable until the rotation, by nobody after it."""
    master, keys = make(tmp_path)
    keys.draw([ANNA, BORA])
    sealed = seal_for_person(b"hers", person=ANNA, use=b"t", keys=keys, entropy=ENTROPY)
    others = seal_for_person(b"his", person=BORA, use=b"t", keys=keys, entropy=ENTROPY)
    keys.close()
    shutil.copytree(tmp_path / "keys", tmp_path / "backup")
    with SqliteVaultPersonKeys.open(tmp_path / "keys", master=master, entropy=ENTROPY) as keys:
        keys.destroy([ANNA])
    # Until the rotation an old copy still opens: that is why there is one.
    with SqliteVaultPersonKeys.open(tmp_path / "backup", master=master, entropy=ENTROPY) as old:
        assert open_for_person(sealed, person=ANNA, use=b"t", keys=old) == b"hers"
    with SqliteVaultPersonKeys.open(tmp_path / "keys", master=master, entropy=ENTROPY) as keys:
        rotated = keys.rotate(clock=CLOCK)
        assert (rotated.people, rotated.destroyed) == (1, True)
        assert open_for_person(others, person=BORA, use=b"t", keys=keys) == b"his"
    with pytest.raises(Refused, match=r"vault\.wrong-master-key"):
        SqliteVaultPersonKeys.open(tmp_path / "backup", master=master, entropy=ENTROPY)


@pytest.mark.parametrize("instant", ["drawn", "wrapped", "destroyed"])
def test_a_rotation_cut_short_is_finished_by_the_next(
    tmp_path: Path, instant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever step it ended, afterwards there is one master key, it fits, and nobody was lost."""
    master, keys = make(tmp_path)
    keys.draw([ANNA])
    sealed = seal_for_person(b"hers", person=ANNA, use=b"t", keys=keys, entropy=ENTROPY)
    step = {"drawn": "_wrap_anew", "wrapped": "_finish"}.get(instant)

    class CutShort(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutShort

    def cut_after(work: Callable[[FileMasterKeys, str], bool]) -> Callable[[FileMasterKeys, str], None]:
        def worked(keys: FileMasterKeys, key: str) -> None:
            work(keys, key)
            raise CutShort

        return worked

    if step is not None:
        monkeypatch.setattr(SqliteVaultPersonKeys, step, cut)
    else:
        destroy = FileMasterKeys.destroy
        monkeypatch.setattr(FileMasterKeys, "destroy", cut_after(destroy))
    with pytest.raises(CutShort):
        keys.rotate(clock=CLOCK)
    keys.close()
    monkeypatch.undo()
    with SqliteVaultPersonKeys.open(tmp_path / "keys", master=master, entropy=ENTROPY) as keys:
        assert keys.is_unfinished() is (instant != "drawn")
        keys.rotate(clock=CLOCK)
        assert not keys.is_unfinished()
        assert len(master.held()) == 1
        assert open_for_person(sealed, person=ANNA, use=b"t", keys=keys) == b"hers"


def test_keys_in_the_environment_are_rotated_by_whoever_sets_them(tmp_path: Path) -> None:
    """Both keys are set, then one; an old one still set is never taken for a new one."""
    first, second, third = (MasterKey.draw(ENTROPY) for _ in range(3))
    there = {"MASTER": first.text()}
    master = EnvironmentMasterKeys("MASTER", environment=there, entropy=ENTROPY)
    keys = SqliteVaultPersonKeys.create(tmp_path / "keys", master=master, clock=CLOCK, entropy=ENTROPY)
    with pytest.raises(Misuse, match=r"vault\.master-key-not-added"):
        keys.rotate(clock=CLOCK)
    there["MASTER"] = f"{first.text()} {second.text()}"
    rotated = keys.rotate(clock=CLOCK)
    assert (rotated.master, rotated.old, rotated.destroyed) == (second.id, first.id, False)
    with pytest.raises(Misuse, match=r"vault\.master-key-not-added"):
        keys.rotate(clock=CLOCK)
    there["MASTER"] = f"{third.text()} {second.text()}"
    assert keys.rotate(clock=CLOCK).master == third.id
    keys.close()
    there["MASTER"] = ""
    with pytest.raises(Misuse, match=r"vault\.no-master-key"):
        SqliteVaultPersonKeys.open(tmp_path / "keys", master=master, entropy=ENTROPY)


def test_a_rotation_is_due_when_its_time_has_come(tmp_path: Path) -> None:
    """Due at the moment itself and after, not a microsecond before."""
    _, keys = make(tmp_path)
    every = timedelta(days=30)
    assert not keys.is_due(clock=FixedClock(AT + every - timedelta(microseconds=1)), every=every)
    assert keys.is_due(clock=FixedClock(AT + every), every=every)


def test_wrong_places_and_keys_are_named(tmp_path: Path) -> None:
    """No store, a second store in the same place, another's master key: each has its name."""
    master, keys = make(tmp_path)
    keys.close()
    other = FileMasterKeys.create(tmp_path / "other.key", entropy=ENTROPY)
    attempts: list[tuple[Path, FileMasterKeys, str]] = [
        (tmp_path / "nowhere", master, "vault.no-keys-here"),
        (tmp_path / "keys", other, "vault.wrong-master-key"),
        (tmp_path / "keys", FileMasterKeys(tmp_path / "no.key", entropy=ENTROPY), "vault.no-master-key"),
    ]
    for folder, key, expected in attempts:
        with pytest.raises(DonguiError) as caught:
            SqliteVaultPersonKeys.open(folder, master=key, entropy=ENTROPY)
        assert caught.value.name == expected
    with pytest.raises(Misuse, match=r"vault\.exists"):
        SqliteVaultPersonKeys.create(tmp_path / "keys", master=master, clock=CLOCK, entropy=ENTROPY)
    assert (tmp_path / "keys" / MARKER).is_file()
