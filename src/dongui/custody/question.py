"""What is asked of the gate: this purpose, this recipient, this artefact, at this moment, under this law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from dongui.consent.charter import faults_of_uses
from dongui.errors import Misuse

__all__ = ["Artefact", "CustodyPurpose", "Question", "Use"]

_LONGEST_ID = 120


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


@dataclass(frozen=True, slots=True)
class CustodyPurpose:
    """A purpose faces in custody may be handed over for. Only :meth:`register` makes one."""

    id: str
    uses: tuple[Use, ...]

    @classmethod
    def register(cls, purpose_id: str, uses: Sequence[str]) -> CustodyPurpose:
        """Return the purpose, its uses in the words of :class:`Use`.

        Raises ``Misuse``: ``purpose.forbidden-use`` for a use the charter forbids, consent or not;
        ``purpose.unknown-use`` for any other word, and for none at all.
        """
        known = {use.value for use in Use}
        others = tuple(use for use in uses if use not in known)
        for fault in faults_of_uses(others) if others else ():
            raise fault
        # The words for verifying are no words for handing over: what they allow is not allowed here.
        if not uses or others:
            raise Misuse("purpose.unknown-use", f"the words are {', '.join(sorted(known))}")
        if not purpose_id or not purpose_id.isprintable() or len(purpose_id) > _LONGEST_ID:
            raise Misuse("purpose.malformed", f"a purpose's id has 1 to {_LONGEST_ID} printable characters")
        return cls(purpose_id, tuple(Use(use) for use in uses))
