"""Carrying out what the ledger was told: a withdrawal reaches releases, models, recipients, and its person.

The ledger is where a withdrawal begins, and it counts from its log entry there. What follows from it may be
done later, by another command, after a crash, or for ten thousand people at once; so which acts were carried
out is noted, and only once the person's receipt is written. What is not noted is still to be done: nothing
else has to be remembered, and every step can be taken twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dongui.custody.consent_events import FOLLOWERS, ConsentAct, ConsentKey, CustodyEvent
from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.ledger import LoggedLedger
from dongui.custody.model_register import Undoing
from dongui.custody.person_keys import Keeper
from dongui.custody.release_opening import VerifiedRelease, require_files
from dongui.custody.release_places import ReleasePlace, ReleasePlaces
from dongui.custody.schema import EventKind
from dongui.custody.stops import ENDS, Terms, left_in, take_out_stopped, terms_of
from dongui.environment import Clock

__all__ = ["CarryingOut", "Match", "Unfinished"]

Match: TypeAlias = Callable[[ConsentKey], bool]
"""Which of a person's consents are meant."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What follows from the ledger and is not done. Counts of people, but for ``undoings`` and ``missing``.

    ``acts``: withdrawals and ends that were not carried out. ``in_releases``: whoever stopped and is still
    given out, by release. ``in_models``: whoever ended a consent and is still in a model that rests on it, by
    model. ``undoings``: withdrawals begun whose receipts were not handed out. ``missing``: releases that are
    not where they were last seen, which nothing is known of.
    """

    acts: int
    in_releases: Mapping[bytes, int]
    in_models: Mapping[bytes, int]
    undoings: int
    missing: tuple[ReleasePlace, ...]

    @property
    def is_nothing(self) -> bool:
        """True if everything was carried out, as far as could be looked."""
        return not (self.acts or self.in_releases or self.in_models or self.undoings)


@dataclass(slots=True)
class CarryingOut:
    """Everything a withdrawal reaches at one operator."""

    ledger: LoggedLedger
    keys: Keeper
    places: ReleasePlaces
    forgetting: Forgetting
    clock: Clock
    _read: Mapping[bytes, VerifiedRelease] | None = None
    _known: dict[bytes, Terms] | None = None
    _whole: set[bytes] = field(default_factory=set)

    def say(self, person: bytes, match: Match) -> list[CustodyEvent]:
        """Append a withdrawal of every consent of a person that ``match`` names and that stands; return them.

        Raises what :meth:`~dongui.custody.ledger.LoggedLedger.append` raises.
        """
        # What a killed process had begun to append is there first: else it would be said twice.
        self.ledger.settle()
        latest = {event.key: event.kind for event in self.ledger.events_of(person)}
        keys = [key for key, kind in latest.items() if match(key) and EventKind.WITHDRAWN in FOLLOWERS[kind]]
        now = self.clock.now()
        return self.ledger.append(
            [ConsentAct(key, EventKind.WITHDRAWN, claimed_at=now) for key in sorted(keys)]
        )

    def open_acts(self, person: bytes, match: Match) -> list[CustodyEvent]:
        """Return what a person ended and what was not carried out yet."""
        done = self.forgetting.store.carried_out()
        return [
            event
            for event in self.ledger.events_of(person)
            if event.kind in ENDS and event.position not in done and match(event.key)
        ]

    def all_open_acts(self) -> dict[bytes, list[CustodyEvent]]:
        """Return the same of everybody, where a release rests on it; by person, as they first said so.

        What no release rests on asks for nothing: nobody was given out, and nobody trained on.
        """
        done = self.forgetting.store.carried_out()
        found: dict[bytes, list[CustodyEvent]] = {}
        with self.ledger.events_since(done.through) as events:
            for event in events:
                if event.kind in ENDS and event.position not in done:
                    found.setdefault(event.key.person, []).append(event)
        return {person: acts for person, acts in found.items() if self.scope_of(acts)}

    def take_out(self) -> int:
        """Take everybody who stopped out of every release at hand; return how many times that was done."""
        log, entropy = self.forgetting.log, self.forgetting.entropy
        return sum(
            take_out_stopped(release, self.ledger, log=log, entropy=entropy)
            for release in self.at_hand().values()
        )

    def carry_out(self, person: bytes, acts: Sequence[CustodyEvent]) -> Undoing:
        """Carry some acts of one person out, or finish it; return what was done, for the receipt.

        It is noted as carried out once it is closed (:meth:`close`). Raises what
        :meth:`~dongui.custody.forgetting.Forgetting.withdraw` raises.
        """
        scope = self.scope_of(acts)
        at_hand = [
            self._compared(release) for identity, release in self.at_hand().items() if identity in scope
        ]
        withdrawal = Withdrawal(
            people=tuple(self._ids(person)),
            key=self.keys.key_of(person),
            releases=tuple(at_hand),
            scope=frozenset(scope),
            positions=tuple(event.position for event in acts),
        )
        return self.forgetting.withdraw(withdrawal)

    def close(self, undoing: Undoing) -> None:
        """Note that a withdrawal's receipt was handed out, and with it that its acts were carried out."""
        self.forgetting.store.close_undoing(undoing.id)

    def scope_of(self, acts: Iterable[CustodyEvent]) -> set[bytes]:
        """Return the ids of every release that rests on consents these acts ended, at hand or not."""
        several = list(acts)
        return {
            release
            for release, terms in self._terms().items()
            if any(terms.is_stopped_by(act) for act in several)
        }

    def look(self) -> Unfinished:
        """Look at everything that follows from the ledger, and return what is not done."""
        acts = self.all_open_acts()
        in_releases = {
            release.id: count
            for release in self.at_hand().values()
            if (count := sum(1 for _ in left_in(release, self.ledger)))
        }
        in_models: dict[bytes, int] = {}
        for person, several in acts.items():
            for model in self._models_of(person, self.scope_of(several)):
                in_models[model] = in_models.get(model, 0) + 1
        undoings = len(self.forgetting.store.undoings())
        missing = [place for place in self.places.known() if place.release not in self.at_hand()]
        return Unfinished(len(acts), in_releases, in_models, undoings, tuple(missing))

    def models_of(self, person: bytes) -> set[bytes]:
        """Return the models a person is in."""
        return {one.model for one in self.forgetting.store.contributions(self._ids(person))}

    def at_hand(self) -> Mapping[bytes, VerifiedRelease]:
        """Return the releases that are where they were last seen, by id; read once.

        Raises what :func:`~dongui.custody.release_opening.read_release` raises: a damaged one is not missing.
        """
        if self._read is None:
            log_key = self.forgetting.log.key
            found = [(place, place.read(log_key)) for place in self.places.known() if place.is_there]
            self._read = {place.release: one for place, one in found if one.id == place.release}
        return self._read

    def _compared(self, release: VerifiedRelease) -> VerifiedRelease:
        """Return a release whose files were compared with its manifest, once for however many people."""
        if release.id not in self._whole:
            require_files(release)
            self._whole.add(release.id)
        return release

    def _terms(self) -> Mapping[bytes, Terms]:
        if self._known is None:
            sealed = [one.seal for one in self.forgetting.register.sealed()]
            # Whose folder is not at hand: it was decided over what was said before its entry.
            self._known = {
                seal.release: Terms(
                    seal.purpose, frozenset({seal.recipient}), seal.artefact, seal.decided, compels=False
                )
                for seal in sealed
            }
            self._known |= {identity: terms_of(release) for identity, release in self.at_hand().items()}
        return self._known

    def _models_of(self, person: bytes, scope: set[bytes]) -> set[bytes]:
        mine = self.models_of(person)
        models = self.forgetting.store.models()
        return {model.id for model in models if model.id in mine and model.release in scope}

    def _ids(self, person: bytes) -> list[bytes]:
        number = self.ledger.number(person)
        return [person] if number is None else [person, number.to_bytes(4, "big")]
