"""An office that keeps faces: a log, people with keys, releases decided and sealed over their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np

from dongui.custody.asking import answer, decisions
from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.membership_proof import MembershipAnswer
from dongui.custody.person_keys import Person, PersonKey
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.release_seal import Register, SealedRelease, seal_release
from dongui.custody.standing import ReleaseLog
from dongui.environment import Entropy, FixedClock, SystemEntropy
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.person_keys import SqlitePersonKeys
from simulators.release_tables import AT_US, Tables, expected_codes

__all__ = ["AT", "QUESTION", "RECIPIENT", "UNTIL", "WORDS", "MembershipOffice", "agreeable", "person"]

AT = datetime(2026, 11, 22, tzinfo=UTC)
UNTIL = AT + timedelta(days=365)
RECIPIENT = "laboratory.example"
QUESTION = Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7)
WORDS = {"purpose": "face-test", "recipient": RECIPIENT, "artefact": "image", "use": "test-model"}


def person(number: int) -> Person:
    """Return the person with this number; the ids do not lie in the numbers' order."""
    return Person(sha256(b"person" + number.to_bytes(4, "big")).digest()[:16], number)


@dataclass
class MembershipOffice:
    """Everything in one folder. Call :meth:`close` at the end."""

    folder: Path
    signer: SignerKey
    entropy: Entropy
    log: SqliteLog
    keys: SqlitePersonKeys
    now: datetime = AT + timedelta(hours=1)
    tables: Tables | None = None

    @classmethod
    def open(cls, folder: Path, *, entropy: Entropy | None = None) -> MembershipOffice:
        """Begin an office in an empty folder."""
        entropy = entropy or SystemEntropy()
        signer = SignerKey.generate("office.example/log", entropy=entropy)
        (folder / "signer.key").write_text(signer.text(), encoding="ascii")
        log = SqliteLog.open(folder / "log.sqlite", key=signer)
        log.append([Entry(EntryKind.CONSENT, bytes([number] * 32)) for number in range(3)])
        return cls._over(folder, signer, log, entropy)

    @classmethod
    def reopen(cls, folder: Path) -> MembershipOffice:
        """Open an office that was begun before."""
        signer = SignerKey.parse((folder / "signer.key").read_text(encoding="ascii"))
        return cls._over(folder, signer, SqliteLog.resume(folder / "log.sqlite", key=signer), SystemEntropy())

    @classmethod
    def _over(cls, folder: Path, signer: SignerKey, log: SqliteLog, entropy: Entropy) -> MembershipOffice:
        keys = SqlitePersonKeys.open(
            folder / "keys.sqlite", log=log, origin=signer.verifier.name, entropy=entropy
        )
        return cls(folder, signer, entropy, log, keys)

    @property
    def register(self) -> Register:
        """The register of sealed releases."""
        return Register(self.folder / "memberships", key=self.signer.verifier)

    @property
    def release_log(self) -> ReleaseLog:
        """The log with its public key."""
        return ReleaseLog(self.log, self.signer.verifier)

    def draw(self, people: Sequence[int]) -> int:
        """Draw keys for people by their numbers."""
        return self.keys.draw([person(number) for number in people])

    def decide(self, name: str, *, seed: int = 1, records: int = 300, people: int = 100) -> Decided:
        """Decide a release over drawn tables, logged."""
        return self.decide_over(name, agreeable(Tables(seed, records=records, people=people)))

    def decide_over(self, name: str, tables: Tables) -> Decided:
        """Decide a release over these tables, logged."""
        self.tables = tables
        place = self.folder / f"tables-{name}"
        place.mkdir()
        self.tables.write(place, checkpoint=self.log.checkpoint())
        return decide_release(
            Inquired(place / "records.parquet", place / "consents.parquet", QUESTION, WORDS, AT),
            out=self.folder / name,
            engine=None,
            log=self.release_log,
            clock=FixedClock(self.now),
            entropy=self.entropy,
            freshness=timedelta(days=1),
        )

    def released(self) -> list[int]:
        """Return who is in the release decided last, by the plain reference, once each."""
        if self.tables is None:
            raise ValueError("nothing was decided")
        codes = np.array(expected_codes(self.tables, QUESTION))
        return sorted({int(number) for number in self.tables.records["person"][codes == 0]})

    def seal(self, name: str, *, until: datetime = UNTIL) -> SealedRelease:
        """Seal a decided release."""
        return seal_release(
            self.folder / name,
            register=self.folder / "memberships",
            keys=self.keys,
            log=self.release_log,
            open_until=until,
            entropy=self.entropy,
        )

    def release(self, name: str, *, seed: int = 1, people: int = 100) -> SealedRelease:
        """Decide and seal."""
        self.decide(name, seed=seed, people=people, records=3 * people)
        return self.seal(name)

    def key(self, number: int) -> PersonKey:
        """Return a person's copy of their key."""
        found = self.keys.key_of(person(number).id)
        if found is None:
            raise ValueError(f"person {number} has no key")
        return found

    def answer(self, key: PersonKey) -> MembershipAnswer:
        """Answer whoever asks with ``key``."""
        decided = decisions(self.log, self.log.checkpoint().size)
        return answer(key, register=self.register, log=self.log, decided=decided)

    def close(self) -> None:
        """Close the stores."""
        self.keys.close()
        self.log.close()


def agreeable(tables: Tables) -> Tables:
    """Let everybody have been asked about this purpose and recipient: some half are then released."""
    said = tables.consents
    for name in ("purpose", "recipient"):
        said[name][:] = 1
    order = np.lexsort([said[name] for name in ("position", "artefact", "person")])
    tables.consents = {name: values[order] for name, values in said.items()}
    return tables
