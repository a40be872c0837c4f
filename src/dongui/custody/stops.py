"""What people said after a release was decided: whose records it must not give out any more.

A stop counts from its log entry. A withdrawal or an end takes the person out of every release decided before
it, for good: whoever agrees again is in the next one. A suspension does so while it lasts. A release that
rests on a ground which the law puts above a withdrawal (``compels``) is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dongui.custody.consent_events import ConsentKey, CustodyEvent
from dongui.custody.ledger import LoggedLedger
from dongui.custody.question import Artefact
from dongui.custody.release_files import Json
from dongui.custody.release_opening import VerifiedRelease
from dongui.custody.rule_pack import CONSENT, rule_packs
from dongui.custody.schema import EventKind, Layout
from dongui.custody.standing import ReleaseLog
from dongui.custody.withdrawal import is_taken_out, layout_of, take_out
from dongui.environment import Entropy

__all__ = ["ENDS", "Stopped", "Terms", "left_in", "stopped_people", "take_out_stopped", "terms_of"]

ENDS = (EventKind.WITHDRAWN, EventKind.EXPIRED)
"""What ends a consent for good. A suspension stops processing, and may be lifted."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release was decided for: which consents it rests on, and over which state of the ledger."""

    purpose: str
    recipients: frozenset[str]
    artefact: str
    position: int
    compels: bool

    def covers(self, key: ConsentKey) -> bool:
        """Tell whether the release rests on this consent."""
        return (
            key.purpose == self.purpose
            and key.recipient in self.recipients
            and key.artefact.name.lower() == self.artefact
        )

    def is_stopped_by(self, event: CustodyEvent) -> bool:
        """Tell whether what was said takes its person out of the release."""
        after = event.position >= self.position
        return after and not self.compels and not event.kind.stands and self.covers(event.key)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody a release must not give out: their id, the ledger's number, and where they said so."""

    person: bytes
    number: int | None
    position: int

    def named_in(self, layout: Layout) -> int | bytes | None:
        """Return how a release of this layout names them; None for whoever the ledger does not know."""
        return self.person if layout is Layout.GENERAL else self.number


def terms_of(release: VerifiedRelease) -> Terms:
    """Return what a release was decided for, as its logged manifest says."""
    question, snapshot = (_table(release.manifest[name]) for name in ("question", "snapshot"))
    ground = str(question.get("ground") or CONSENT)
    recipients = {str(question.get("recipient", ""))}
    if ground != CONSENT and question.get("controller"):
        recipients.add(str(question["controller"]))
    position = snapshot.get("position")
    return Terms(
        purpose=str(question.get("purpose", "")),
        recipients=frozenset(recipients),
        artefact=str(question.get("artefact", Artefact.IMAGE.name.lower())),
        # Without a position everything ever said is looked at: nobody who stopped is passed over.
        position=position if isinstance(position, int) else 0,
        compels=_compels(_table(question.get("rules")), ground),
    )


def stopped_people(terms: Terms, ledger: LoggedLedger) -> list[Stopped]:
    """Return whom a release must not give out any more, in the order in which they said so."""
    with ledger.events_since(terms.position) as events:
        found = _latest_stops(terms, events)
    with ledger.numbers() as number:
        return [Stopped(person, number(person), place) for person, place in found.items()]


def take_out_stopped(
    release: VerifiedRelease, ledger: LoggedLedger, *, log: ReleaseLog, entropy: Entropy
) -> int:
    """Take everybody out of a release who stopped since its snapshot; return how many that were.

    Each is a logged line of the release's journal, made once. Raises what
    :func:`~dongui.custody.withdrawal.take_out` raises; ``Trouble``: ``storage.*``.
    """
    layout, taken = layout_of(release), 0
    for one in stopped_people(terms_of(release), ledger):
        named = one.named_in(layout)
        if named is not None:
            entered = take_out(release, named, position=one.position, log=log, entropy=entropy)
            taken += entered is not None
    return taken


def left_in(release: VerifiedRelease, ledger: LoggedLedger) -> Iterator[Stopped]:
    """Yield whoever stopped since a release's snapshot and was not taken out of it yet."""
    layout = layout_of(release)
    for one in stopped_people(terms_of(release), ledger):
        named = one.named_in(layout)
        if named is not None and not is_taken_out(release, named):
            yield one


def _latest_stops(terms: Terms, events: Iterable[CustodyEvent]) -> dict[bytes, int]:
    ended: dict[bytes, int] = {}
    suspended: dict[ConsentKey, int] = {}
    for event in events:
        if terms.is_stopped_by(event) and event.kind in ENDS:
            ended.setdefault(event.key.person, event.position)
        elif terms.is_stopped_by(event):
            suspended[event.key] = event.position
        else:
            suspended.pop(event.key, None)
    for key, position in suspended.items():
        ended.setdefault(key.person, position)
    return ended


def _compels(rules: Mapping[str, Json], ground: str) -> bool:
    """A pack that does not ship is not at hand here: then nothing is put above what the person said."""
    pack = rule_packs().get(str(rules.get("pack", "")))
    if pack is None or pack.digest != rules.get("sha256") or ground not in pack.grounds:
        return False
    return pack.grounds[ground].compels


def _table(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
