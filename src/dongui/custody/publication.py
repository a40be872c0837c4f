"""Publishing a model without telling who was taken out of it.

Forgetting is at once; publishing is not. Two published versions that differ by one person would hand out
exactly that person's part. So a version is published only if at least k people are in it and at least k
changed since the version before, and the same version as often as anybody likes. Where the legal due date
comes first, the published version is taken back instead, and its recipients are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from dongui.consent.moments import read_moment, write_moment
from dongui.custody.ml_bom import bill_of_materials
from dongui.custody.model_files import encode_parameters
from dongui.custody.model_register import Handed, Model, ModelStore
from dongui.custody.release_files import open_draft, write_durably
from dongui.custody.standing import ReleaseLog
from dongui.custody.statistics import Statistics
from dongui.custody.terms import LEAST_CHANGED
from dongui.custody.training import settle_seals
from dongui.custody.withdrawal_notices import Notice, sign_notice
from dongui.environment import Clock
from dongui.errors import Misuse
from dongui.log.keys import SignerKey
from dongui.log.proof_file import format_proof

__all__ = ["BOM", "PARAMETERS", "PROOF", "SEAL", "STATISTICS", "Outcome", "Publication", "Publishing"]

STATISTICS, PARAMETERS, SEAL = "statistics.cbor", "model.cbor", "seal.cbor"
PROOF, BOM = "log.proof", "bom.cdx.json"


class Outcome(StrEnum):
    """What came of asking to publish."""

    PUBLISHED = "published"
    WAITS = "waits"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Publication:
    """The answer. ``changed`` of ``least`` people changed since; ``enough_people``: as many are in it.

    ``due``: by when the published version is withdrawn if that does not change, or empty. ``notices``: for
    the recipients of a version taken back.
    """

    outcome: Outcome
    version: int
    changed: int
    least: int
    enough_people: bool
    due: str
    notices: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Publishing:
    """What publishing needs. ``least`` is k, 2 or more."""

    store: ModelStore
    log: ReleaseLog
    operator_key: SignerKey
    controller: str
    clock: Clock
    least: int = LEAST_CHANGED

    def __post_init__(self) -> None:
        if self.least < 2:
            raise ValueError("a version that differs by one person tells of that person")

    def publish(self, model: bytes, *, recipient: str, out: Path) -> Publication:
        """Write the model for a recipient into the new folder ``out``, or say why not yet, or take it back.

        Raises ``Misuse``: ``model.unknown``, ``release.exists``, ``release.not-writable``; ``Trouble``:
        ``release.no-room``, ``log.*``, ``storage.*``.
        """
        with self.store.working():
            settle_seals(self.store, self.log.log)
            found = find_model(self.store, model)
            encoded = self.store.statistics(model)
            enough = Statistics.decode(encoded).people >= self.least
            if self._may_publish(found, enough=enough):
                with open_draft(out) as draft:
                    # First noted, then written: a version nobody got costs waiting, an unnoted one a person.
                    self.store.publish(model, found.version)
                    self.store.hand_out(Handed(model, recipient, found.version))
                    draft.clear()
                    for name, data in self._files(found, encoded).items():
                        write_durably(draft.path / name, data)
                    draft.publish(())
                return self._answer(Outcome.PUBLISHED, find_model(self.store, model), enough=enough)
            return self._not_published(found, enough=enough)

    def review(self) -> list[tuple[Model, Publication]]:
        """Take back every published version whose due date is over.

        Returns every version that is taken back, earlier ones too, with the notices: whoever sends them keeps
        what was sent, and a command killed in between loses none.
        """
        with self.store.working():
            back = [model for model in self.store.models() if model.withdrawn or self._is_over(model)]
            return [(model, self._take_back(model, enough=True)) for model in back]

    def _may_publish(self, model: Model, *, enough: bool) -> bool:
        same = model.version == model.published and not model.withdrawn
        return enough and (same or not model.published or model.changed >= self.least)

    def _is_over(self, model: Model) -> bool:
        return bool(model.due) and not model.withdrawn and self.clock.now() >= read_moment(model.due)

    def _not_published(self, model: Model, *, enough: bool) -> Publication:
        if self._is_over(model):
            return self._take_back(model, enough=enough)
        return self._answer(Outcome.WAITS, model, enough=enough)

    def _take_back(self, model: Model, *, enough: bool) -> Publication:
        notices = [self._notice(model, handed) for handed in self.store.handed(model.id)]
        self.store.withdraw(model.id)
        return self._answer(Outcome.WITHDRAWN, model, enough=enough, notices=notices)

    def _notice(self, model: Model, handed: Handed) -> bytes:
        now = write_moment(self.clock.now())
        notice = Notice(
            # The same one however often it is made.
            number=sha256(model.id + model.published.to_bytes(8, "big")).digest()[:16],
            controller=self.controller,
            recipient=handed.recipient,
            made=now,
            # The due date is over: what is left is at once.
            due=now,
            model=(model.id, handed.version),
        )
        return sign_notice(notice, key=self.operator_key)

    def _files(self, model: Model, encoded: bytes) -> dict[str, bytes]:
        pending, log = self.store.seal(model.id), self.log.log
        place = 0 if pending.place is None else pending.place
        checkpoint = log.checkpoint()
        parameters = encode_parameters(encoded)
        return {
            STATISTICS: encoded,
            PARAMETERS: parameters,
            SEAL: pending.seal.encode(),
            PROOF: format_proof(pending.seal.entry(), log.inclusion(place, checkpoint.size), checkpoint),
            BOM: bill_of_materials(model, encoded, parameters, at=write_moment(self.clock.now())),
        }

    def _answer(
        self, outcome: Outcome, model: Model, *, enough: bool, notices: Sequence[bytes] = ()
    ) -> Publication:
        return Publication(
            outcome, model.version, model.changed, self.least, enough, model.due, tuple(notices)
        )


def find_model(store: ModelStore, model: bytes) -> Model:
    """Return one trained model. Raises ``Misuse`` (``model.unknown``)."""
    found = next((one for one in store.models() if one.id == model), None)
    if found is None:
        raise Misuse("model.unknown", f"no trained model has the id {model.hex()}")
    return found
