"""A vault with its keys and a log, in one folder of a test, and made-up records to keep in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256, shake_128
from pathlib import Path

from dongui.custody.person_keys import Person
from dongui.custody.vault.erasing import Erased, erase
from dongui.custody.vault.fsck import Checked, check_vault
from dongui.custody.vault.keys import FileMasterKeys
from dongui.custody.vault.record_file import Basis, BasisKind
from dongui.custody.vault.vault import NewRecord, Vault
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.vault_person_keys import SqliteVaultPersonKeys
from dongui.storage.vault_folder import VaultPlaces, create_vault, open_vault

__all__ = ["CLOCK", "CONSENT", "VaultOffice", "content", "new_record", "person", "record_id"]

CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=1))
CONSENT = Basis(BasisKind.CONSENT, "consent/7f3a")
_RECORDS_EACH = 3


def person(number: int) -> Person:
    """Return the person with this number."""
    return Person(sha256(b"vault person" + number.to_bytes(4)).digest()[:16], number)


def record_id(number: int) -> bytes:
    """Return the id of the record with this number."""
    return sha256(b"vault record" + number.to_bytes(4)).digest()[:16]


def content(number: int, *, version: int = 1, size: int | None = None) -> bytes:
    """Return what a record holds: some thousand bytes nobody else would write."""
    return shake_128(f"face {number} {version}".encode()).digest(size or 1_000 + number * 37 % 900)


def new_record(number: int, *, version: int = 1, size: int | None = None) -> NewRecord:
    """Return a record to keep: three to a person, in their order."""
    return NewRecord(
        person=person(number // _RECORDS_EACH),
        record=record_id(number),
        number=number,
        basis=CONSENT,
        content=memoryview(content(number, version=version, size=size)),
        version=version,
    )


@dataclass
class VaultOffice:
    """``folder/vault``, ``folder/keys``, ``folder/master.key`` and ``folder/log.sqlite``."""

    folder: Path
    places: VaultPlaces
    signer: SignerKey = field(repr=False)

    @classmethod
    def create(cls, folder: Path) -> VaultOffice:
        """Make everything, empty."""
        master = FileMasterKeys.create(folder / "master.key", entropy=SystemEntropy())
        places = VaultPlaces(folder / "vault", folder / "keys", master)
        create_vault(places, clock=CLOCK, entropy=SystemEntropy())
        return cls(folder, places, SignerKey.generate("office.example/log", entropy=SystemEntropy()))

    @classmethod
    def at(cls, folder: Path, signer: SignerKey) -> VaultOffice:
        """Return the one that was made in ``folder``."""
        master = FileMasterKeys(folder / "master.key", entropy=SystemEntropy())
        return cls(folder, VaultPlaces(folder / "vault", folder / "keys", master), signer)

    @contextmanager
    def open(
        self, *, write: bool = True, damaged: bool = False, segment_bytes: int = 1 << 20
    ) -> Iterator[Vault]:
        """Open the vault, with small segments."""
        with open_vault(
            self.places,
            clock=CLOCK,
            entropy=SystemEntropy(),
            write=write,
            damaged=damaged,
            segment_bytes=segment_bytes,
        ) as vault:
            yield vault

    @contextmanager
    def log(self) -> Iterator[SqliteLog]:
        """Open the log."""
        with SqliteLog.open(self.folder / "log.sqlite", key=self.signer) as log:
            yield log

    def put(self, numbers: Sequence[int]) -> None:
        """Keep records by their numbers, in one batch."""
        with self.open() as vault:
            vault.put([new_record(number) for number in numbers])

    def get(self, number: int) -> bytes:
        """Return what a record holds."""
        with self.open(write=False) as vault, vault.get(record_id(number)) as found:
            return bytes(found.view)

    def erase(self, *people: int) -> list[Erased]:
        """Erase people by their numbers."""
        with self.open() as vault, self.log() as log:
            ids = [person(number).id for number in people]
            return erase(ids, vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())

    def check(self, *, deep: bool = True) -> Checked:
        """Look through the vault."""
        with self.open(write=False, damaged=True) as vault:
            return check_vault(vault, key_holders=self.key_holders(), deep=deep)

    def key_holders(self) -> set[bytes]:
        """Return who has a key."""
        with self.keys() as keys:
            return keys.people()

    @contextmanager
    def keys(self) -> Iterator[SqliteVaultPersonKeys]:
        """Open the store of people's keys."""
        with SqliteVaultPersonKeys.open(
            self.places.keys, master=self.places.master, entropy=SystemEntropy()
        ) as keys:
            yield keys
