"""What is kept of models: which person is in which, from which release, and who was handed it.

The lineage goes person -> contribution -> model -> release and recipients. It exists to be followed backwards
once somebody withdraws.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from dongui.custody.model_files import ModelSeal

__all__ = ["CarriedOut", "Contribution", "Handed", "Model", "ModelStore", "PendingSeal", "Step", "Undoing"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``version`` is 0 while it is trained, then counts its seals.

    ``release`` has 16 bytes, ``release_entry`` is its decision's place in the log. ``published``: the version
    that is published, or 0. ``changed``: people taken out since. ``due``: by when a published version must
    have been replaced or withdrawn, empty if nobody was taken out.
    """

    id: bytes
    recogniser: str
    release: bytes
    release_entry: int
    controller: str
    begun: str
    version: int = 0
    published: int = 0
    changed: int = 0
    due: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    """One person's part in one model, encrypted (:mod:`dongui.custody.contributions`)."""

    model: bytes
    person: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PendingSeal:
    """A seal with the size the log had before it was entered, and its place once that is known."""

    seal: ModelSeal
    log_size: int
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A recipient of a published model, and the version they got."""

    model: bytes
    recipient: str
    version: int


class Step(IntEnum):
    """How far a withdrawal is carried out. Each step is durable before the next begins."""

    NOTED = 0
    SUBTRACTED = 1
    LOGGED = 2
    DESTROYED = 3
    RECEIPTED = 4
    DONE = 5


@dataclass(frozen=True, slots=True)
class Undoing:
    """A withdrawal being carried out. ``people``: the ids one person has, in whichever layout.

    ``facts``: lines for the receipt. ``notices`` are whole, signed; ``models`` those the person was taken out
    of; ``receipt`` the signed note, with its blind and the log's size before its entry; ``place`` that
    entry's place in the log. ``scope``: the releases it is about, with the models trained over them; empty:
    all there are. ``positions``: the acts in the ledger that it carries out.
    """

    id: bytes
    people: tuple[bytes, ...] = field(repr=False)
    at: str
    due: str
    step: Step = Step.NOTED
    facts: bytes = b""
    notices: tuple[bytes, ...] = ()
    models: tuple[bytes, ...] = ()
    receipt: bytes = b""
    blind: bytes = field(default=b"", repr=False)
    log_size: int = 0
    place: int | None = None
    scope: tuple[bytes, ...] = ()
    positions: tuple[int, ...] = ()

    def reaches(self, release: bytes) -> bool:
        """Tell whether it is about a release, and the models trained over it."""
        return not self.scope or release in self.scope


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The acts that were carried out: all before ``through`` in the log, and those at ``positions``."""

    through: int
    positions: frozenset[int]

    def __contains__(self, position: int) -> bool:
        return position < self.through or position in self.positions


class ModelStore(Protocol):
    """Keeps models, statistics, contributions and withdrawals. Every call is one durable transaction."""

    def working(self) -> AbstractContextManager[None]:
        """Wait to be the one process that changes sealed models, and be it."""

    def begin(self, model: Model) -> None:
        """Begin a training; what an unfinished one over the same release left is thrown away."""

    def keep(self, contributions: Sequence[Contribution]) -> None:
        """Keep contributions of a training. Raises ``Trouble`` (``model.training-overtaken``)."""

    def finish(self, statistics: bytes, pending: PendingSeal) -> None:
        """Seal version 1. Raises ``Trouble`` (``model.training-overtaken``): somebody withdrew meanwhile."""

    def models(self) -> list[Model]:
        """Return every trained model, oldest first."""

    def statistics(self, model: bytes) -> bytes:
        """Return a model's statistics as they are now, encoded."""

    def seal(self, model: bytes) -> PendingSeal:
        """Return the seal of a model's version as it is now."""

    def unsettled(self) -> list[PendingSeal]:
        """Return the seals whose place in the log is not known."""

    def settle(self, seals: Sequence[PendingSeal]) -> None:
        """Note the places of seals."""

    def contributions(self, people: Sequence[bytes]) -> list[Contribution]:
        """Return what a person added to trained models."""

    def note(self, undoing: Undoing) -> None:
        """Note a withdrawal, or one a step further; a new one drops trainings that are not finished."""

    def subtract(self, undoing: Undoing, changed: Sequence[tuple[bytes, PendingSeal]]) -> None:
        """Replace statistics (encoded) and seals of models, and note the withdrawal, all or nothing."""

    def destroy(self, undoing: Undoing) -> None:
        """Delete the person's contributions to the models it took them out of, and note the withdrawal."""

    def undoings(self) -> list[Undoing]:
        """Return withdrawals that were not closed, oldest first."""

    def close_undoing(self, undoing: bytes) -> None:
        """Forget a withdrawal whose receipt was handed out, and note its acts as carried out."""

    def carried_out(self) -> CarriedOut:
        """Return which acts of the ledger were carried out."""

    def carry_out(self, positions: Sequence[int], *, through: int = 0) -> None:
        """Note acts as carried out, and that every one before ``through`` in the log is."""

    def publish(self, model: bytes, version: int) -> None:
        """Note that a version is the published one now."""

    def withdraw(self, model: bytes) -> None:
        """Note that the published version is taken back."""

    def hand_out(self, handed: Handed) -> None:
        """Note who was handed a published version."""

    def handed(self, model: bytes) -> list[Handed]:
        """Return who was handed which version."""
