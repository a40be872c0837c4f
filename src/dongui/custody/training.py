"""Training over an opened release: additive statistics, each person's part kept so that it can be taken out.

The order, each step durable before the next:

1. The release is opened (in the log, for this recipient): for training, on consent, for templates.
2. People's contributions, encrypted, batch by batch, under a model that is not one yet.
3. The statistics and their seal.
4. The seal's entry in the log. Before it stands there nothing is handed out.

Killed before 3, the next training begins anew; killed after it, the next command finishes 4. Somebody who
withdraws while a training runs stops it (``model.training-overtaken``): forgetting waits for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dongui.consent.moments import write_moment
from dongui.custody.contributions import ContributionKeys, seal_contribution
from dongui.custody.entering import enter_missing
from dongui.custody.features import FeatureSource
from dongui.custody.fixed_point import FixedPoint, Whole, fixed_point_for
from dongui.custody.model_files import MODEL_ID_BYTES, ModelSeal, SealReason
from dongui.custody.model_register import Contribution, Model, ModelStore, PendingSeal
from dongui.custody.opening import OpenedRelease
from dongui.custody.record_columns import ids
from dongui.custody.rule_pack import CONSENT
from dongui.custody.statistics import BLOCK_VECTORS, MAX_PER_PERSON, Statistics
from dongui.environment import Clock, Entropy
from dongui.errors import Refused
from dongui.log.entry import BLIND_BYTES
from dongui.log.interface import Log

__all__ = ["Trained", "people_of", "require_trainable", "settle_seals", "train"]

_BATCH_PEOPLE = 4_096
if _BATCH_PEOPLE * MAX_PER_PERSON > BLOCK_VECTORS:
    raise AssertionError("a batch of people does not fit into a block")


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained and logged model. ``people`` gave it at least one vector; ``without`` gave none."""

    model: Model
    place: int
    people: int
    vectors: int
    without: int


def train(
    opened: OpenedRelease,
    source: FeatureSource,
    *,
    store: ModelStore,
    keys: ContributionKeys,
    log: Log,
    controller: str,
    clock: Clock,
    entropy: Entropy,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Trained:
    """Train a model over an opened release and seal it in the log.

    ``progress`` is told how many records of how many are done. Raises ``Refused``: as
    :func:`require_trainable`; ``Misuse``: ``model.recogniser-without-constants``, ``model.too-many-vectors``;
    ``Trouble``: ``model.training-overtaken``, ``log.*``, ``storage.*``; and what ``source`` raises.
    """
    require_trainable(opened)
    form = fixed_point_for(source.card)
    settle_seals(store, log)
    model = Model(
        id=entropy.draw(MODEL_ID_BYTES),
        recogniser=source.card.name,
        release=opened.release.id,
        release_entry=opened.release.logged.index,
        controller=controller,
        begun=write_moment(clock.now()),
    )
    store.begin(model)
    work = _Training(model.id, form, source, store, keys, entropy)
    done = 0
    for people in _batches(people_of(opened.records())):
        done += sum(len(records) for _, records in people)
        work.add(people)
        progress(done, opened.count)
    return _seal(work, model, store, log, entropy)


def require_trainable(opened: OpenedRelease) -> None:
    """Pass if the release was decided for training on templates, by the people's own consent.

    Raises ``Refused``: ``model.release-not-for-training``, ``ground.training-needs-consent``,
    ``model.template-consent-missing``.
    """
    question = opened.release.manifest["question"]
    said = question if isinstance(question, dict) else {}
    if said.get("use") != "train-model":
        raise Refused("model.release-not-for-training", "the release was decided for another use")
    # The gate grants no training on another ground; what is built here does not rely on that.
    if said.get("ground") != CONSENT:
        raise Refused("ground.training-needs-consent", "the release rests on another ground")
    if said.get("artefact") != "template":
        detail = "the release was decided for images; what a person adds to a model is like a template"
        raise Refused("model.template-consent-missing", detail)


def settle_seals(store: ModelStore, log: Log) -> list[PendingSeal]:
    """Enter every seal that was noted and is not in the log yet; return those that were not settled."""
    pending = store.unsettled()
    if pending:
        begin = min(one.log_size for one in pending)
        places = enter_missing(log, [one.seal.entry() for one in pending], begin=begin)
        pending = [replace(one, place=place) for one, place in zip(pending, places, strict=True)]
        store.settle(pending)
    return pending


def people_of(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield each person's id with the ids of their records, in the release's order (by person)."""
    current, records = b"", list[bytes]()
    for batch in batches:
        for person, record in zip(_ids(batch, "person"), _ids(batch, "record"), strict=True):
            if person != current and records:
                yield current, records
                records = []
            current = person
            records.append(record)
    if records:
        yield current, records


@dataclass(slots=True)
class _Training:
    """The sums so far."""

    model: bytes
    form: FixedPoint
    source: FeatureSource
    store: ModelStore
    keys: ContributionKeys
    entropy: Entropy
    statistics: Statistics = field(init=False)
    without: int = 0

    def __post_init__(self) -> None:
        self.statistics = Statistics.empty(self.form)

    def add(self, people: Sequence[tuple[bytes, list[bytes]]]) -> None:
        """Add a batch: contributions to the store, sums to the statistics."""
        found = [(person, whole) for person, records in people if len(whole := self._whole(person, records))]
        self.without += len(people) - len(found)
        if not found:
            return
        drawn = self.keys.draw([person for person, _ in found])
        self.store.keep(
            [
                Contribution(self.model, person, self._sealed(whole, key, person))
                for (person, whole), key in zip(found, drawn, strict=True)
            ]
        )
        counts: NDArray[np.int64] = np.array([len(whole) for _, whole in found], np.int64)
        block = np.concatenate([whole for _, whole in found])
        self.statistics = self.statistics.plus(Statistics.of_people(self.form, block, counts))
        block[:] = 0

    def _whole(self, person: bytes, records: list[bytes]) -> Whole:
        # The first ones in the release's order: which, must not depend on anybody else.
        vectors = self.source.vectors(person, records[:MAX_PER_PERSON])
        if not len(vectors):
            return np.empty((0, self.form.dimensions), np.int16)
        whole = self.form.quantise(vectors)
        vectors[:] = 0
        return whole

    def _sealed(self, whole: Whole, key: bytes, person: bytes) -> bytes:
        return seal_contribution(whole, key=key, model=self.model, person=person, entropy=self.entropy)


def _seal(work: _Training, model: Model, store: ModelStore, log: Log, entropy: Entropy) -> Trained:
    encoded = work.statistics.encode()
    seal = ModelSeal(
        model.id,
        1,
        SealReason.TRAINED,
        model.release,
        sha256(encoded).digest(),
        entropy.draw(BLIND_BYTES),
    )
    with store.working():
        store.finish(encoded, PendingSeal(seal, log.checkpoint().size))
        (settled,) = (one for one in settle_seals(store, log) if one.seal.model == model.id)
    place = settled.place if settled.place is not None else 0
    counts = work.statistics
    return Trained(replace(model, version=1), place, counts.people, counts.vectors, work.without)


def _batches(
    people: Iterator[tuple[bytes, list[bytes]]],
) -> Iterator[list[tuple[bytes, list[bytes]]]]:
    batch: list[tuple[bytes, list[bytes]]] = []
    for one in people:
        batch.append(one)
        if len(batch) == _BATCH_PEOPLE:
            yield batch
            batch = []
    if batch:
        yield batch


def _ids(batch: pa.RecordBatch, name: str) -> list[bytes]:
    """Return a column of ids: 4 bytes (a number, big-endian) or 16."""
    column = ids(batch, name)
    wide = column.astype(">u4") if column.dtype.kind == "u" else column
    data, width = wide.tobytes(), wide.dtype.itemsize
    return [data[begin : begin + width] for begin in range(0, len(data), width)]
