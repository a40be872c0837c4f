"""What is asked of the gate: this purpose, this recipient, this artefact, at this moment, under this law."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

__all__ = ["Artefact", "Question", "Use"]


class Artefact(IntEnum):
    """What would be handed over; each needs a consent of its own. The number is its bit in traits."""

    IMAGE = 1
    TEMPLATE = 2


class Use(StrEnum):
    """What a release is for."""

    TRAINING = "train-model"
    TESTING = "test-model"
    SUPPLY = "supply-recipient"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with everything a rule pack asks of it filled in; ``rules.ask`` makes one.

    ``purpose`` and ``recipient`` are the numbers of the snapshot's own dictionaries; one it does not know is
    -1 and matches no row. ``at_us`` is microseconds since 1970, UTC. ``required_flags`` are ``ConsentFlag``
    bits without which a consent does not suffice. ``other_ground`` is true where the ground relied on is not
    the person's consent; then ``compels`` says whether it stands against a withdrawal, and
    ``needs_pseudonym`` whether it covers pseudonymised records alone.
    """

    purpose: int
    recipient: int
    artefact: Artefact
    at_us: int
    use: Use
    required_flags: int
    other_ground: bool = False
    compels: bool = False
    needs_pseudonym: bool = False

    @property
    def is_training(self) -> bool:
        """True where a model would be trained: then nothing but the person's own consent releases."""
        return self.use is Use.TRAINING
