"""An office that trains models: a release for training on templates, synthetic people's features, stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.cards import ModelCard, card
from dongui.custody.fixed_point import FixedPoint, fixed_point_for
from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.gate import Inquired, decide_release
from dongui.custody.model_files import encode_parameters
from dongui.custody.opening import OpenedRelease, open_release
from dongui.custody.publication import Publishing
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.record_columns import open_table
from dongui.custody.release_seal import seal_release
from dongui.custody.standing import ReleaseLog
from dongui.custody.statistics import MAX_PER_PERSON, Statistics
from dongui.custody.training import Trained, people_of, train
from dongui.environment import Entropy, FixedClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.receipts.keys import OperatorKeys
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.model_store import SqliteModels
from simulators.membership_office import AT, UNTIL, MembershipOffice, agreeable, person
from simulators.release_tables import AT_US, Tables

__all__ = ["RESNET", "TRAINER", "ModelOffice", "SyntheticFeatures", "synthetic_vectors"]

RESNET = card("dlib-resnet-v1")
TRAINER = "laboratory.example"
TRAINING = {
    "purpose": "face-test",
    "recipient": TRAINER,
    "artefact": "template",
    "use": "train-model",
    "ground": "consent",
}


def synthetic_vectors(person: bytes, count: int, *, dimensions: int = 128) -> NDArray[np.float32]:
    """Return vectors of somebody who does not exist: always the same for the same id."""
    chance = np.random.default_rng(int.from_bytes(sha256(person).digest()[:8], "big"))
    widths = np.linspace(0.12, 0.03, dimensions)
    middle = chance.normal(0, widths)
    return (middle + chance.normal(0, 0.04, (count, dimensions))).astype(np.float32)


@dataclass
class SyntheticFeatures:
    """The :class:`dongui.custody.features.FeatureSource` over people who do not exist, in memory alone."""

    card: ModelCard = field(default_factory=lambda: RESNET)
    without: frozenset[bytes] = frozenset()

    def vectors(self, person: bytes, records: Sequence[bytes]) -> NDArray[np.float32]:
        """Return one vector a record, none for who has no usable picture."""
        return synthetic_vectors(person, 0 if person in self.without else len(records))


@dataclass
class ModelOffice:
    """Everything in one folder. Call :meth:`close` at the end."""

    folder: Path
    office: MembershipOffice
    operator: SignerKey
    store: SqliteModels
    keys: SqliteContributionKeys
    entropy: Entropy
    now: datetime = AT + timedelta(days=2)

    @classmethod
    def open(cls, folder: Path) -> ModelOffice:
        """Begin an office in an empty folder."""
        entropy = SystemEntropy()
        return cls(
            folder,
            MembershipOffice.open(folder),
            SignerKey.generate("office.example/receipts", entropy=entropy),
            SqliteModels.open(folder / "models.sqlite"),
            SqliteContributionKeys.open(folder / "contribution-keys.sqlite", entropy=entropy),
            entropy,
        )

    @property
    def log(self) -> ReleaseLog:
        """The log with its public key."""
        return self.office.release_log

    @property
    def operator_keys(self) -> OperatorKeys:
        """What a person or recipient checks with."""
        return OperatorKeys(self.operator.verifier, self.office.signer.verifier)

    @property
    def form(self) -> FixedPoint:
        """The recogniser's constants."""
        return fixed_point_for(RESNET)

    def release(
        self, name: str, *, seed: int = 1, people: int = 60, words: dict[str, str] | None = None
    ) -> Path:
        """Decide and seal a release; for training on templates unless ``words`` say otherwise."""
        self.office.draw(range(people))
        tables = Tables(seed, records=4 * people, people=people)
        for column, value in (("artefact", 2), ("state", 1), ("flags", 7)):
            tables.consents[column][:] = value
        tables = agreeable(tables)
        place = self.folder / f"tables-{name}"
        place.mkdir()
        tables.write(place, checkpoint=self.office.log.checkpoint())
        said = {**TRAINING, **(words or {})}
        decide_release(
            Inquired(
                place / "records.parquet",
                place / "consents.parquet",
                Question(1, 1, Artefact.TEMPLATE, AT_US, Use.TRAINING, 7),
                said,
                AT,
            ),
            out=self.folder / name,
            engine=None,
            log=self.log,
            clock=FixedClock(self.office.now),
            entropy=self.entropy,
            freshness=timedelta(days=1),
        )
        seal_release(
            self.folder / name,
            register=self.folder / "memberships",
            keys=self.office.keys,
            log=self.log,
            open_until=UNTIL,
            entropy=self.entropy,
        )
        return self.folder / name

    def opened(self, path: Path) -> OpenedRelease:
        """Open a release as its recipient, who is this office."""
        return open_release(
            path,
            log_key=self.office.signer.verifier,
            trusted=None,
            recipient=TRAINER,
            clock=FixedClock(self.now),
        )

    def train(self, path: Path, source: SyntheticFeatures | None = None) -> Trained:
        """Train over a release."""
        return train(
            self.opened(path),
            source or SyntheticFeatures(),
            store=self.store,
            keys=self.keys,
            log=self.office.log,
            controller=TRAINER,
            clock=FixedClock(self.now),
            entropy=self.entropy,
        )

    @property
    def forgetting(self) -> Forgetting:
        """What carries out withdrawals here."""
        return Forgetting(
            self.store,
            self.keys,
            self.office.register,
            self.log,
            self.operator,
            TRAINER,
            "PIPA_2025_10",
            FixedClock(self.now),
            self.entropy,
        )

    def publishing(self, *, least: int = 10) -> Publishing:
        """What publishes models here."""
        clock = FixedClock(self.now)
        return Publishing(self.store, self.log, self.operator, TRAINER, clock, least)

    def withdrawal(self, number: int, *releases: Path) -> Withdrawal:
        """Return the withdrawal of a person, by both of their ids and with their key."""
        somebody = person(number)
        ids = (somebody.id, number.to_bytes(4, "big"))
        return Withdrawal(ids, self.office.key(number), releases)

    def people_in(self, path: Path) -> list[int]:
        """Return who is in a release as it was decided, by number."""
        batches = (
            batch
            for file in sorted((path / "released").glob("*.parquet"))
            for table in (open_table(file, "released"),)
            for batch in table.blocks(range(len(table.groups)), ["person", "record"])
        )
        self.records = {int.from_bytes(one, "big"): records for one, records in people_of(batches)}
        return sorted(self.records)

    def trained_without(self, path: Path, gone: Sequence[int]) -> tuple[bytes, bytes]:
        """Return statistics and parameters of a training that never saw ``gone``, made person by person."""
        total = Statistics.empty(self.form)
        for number in reversed(self.people_in(path)):
            if number in gone:
                continue
            count = min(MAX_PER_PERSON, len(self.records[number]))
            vectors = synthetic_vectors(number.to_bytes(4, "big"), count)
            total = total.plus(Statistics.of_person(self.form, self.form.quantise(vectors)))
        encoded = total.encode()
        return encoded, encode_parameters(encoded)

    def close(self) -> None:
        """Close the stores."""
        self.store.close()
        self.keys.close()
        self.office.close()
