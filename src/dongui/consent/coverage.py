"""Does a consent cover what is about to happen? A pure predicate over what is recorded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from dongui.consent.events import EventKind, History
from dongui.consent.moments import utc, write_moment
from dongui.consent.purpose import ArtefactClass, RegisteredPurpose
from dongui.consent.record import ConsentRecord
from dongui.errors import Refused, Trouble

__all__ = ["Covered", "covers", "covers_verification", "require_agreed"]


@dataclass(frozen=True, slots=True)
class Covered:
    """What is covered, and until when (the first instant that is not). Only :func:`covers` makes one."""

    record: ConsentRecord
    artefact_class: ArtefactClass
    judged_at: datetime
    until: datetime


def covers(
    history: History,
    *,
    purpose: RegisteredPurpose,
    controller: str,
    artefact_class: ArtefactClass,
    at: datetime,
) -> Covered:
    """Return what ``history`` covers at the moment ``at``, which is when the processing would happen.

    ``controller`` is the id of who would process. A consent covers from the instant it was given, and not at
    the instant it ends. Everything recorded counts: a withdrawal stands even where the clock has since gone
    back before it; to judge a past moment give ``history.until(moment)``.

    Raises ``Refused``: ``consent.other-purpose``, ``consent.earlier-version``, ``consent.other-controller``,
    ``consent.other-artefact``, ``consent.not-given``, ``consent.withdrawn``, ``consent.expired``; and
    ``Trouble``: ``consent.dated-in-future``, because then a clock is wrong and nothing is known about
    the person.
    """
    moment = utc(at)
    _check_terms(history.record, purpose, controller, artefact_class)
    if not history.events:
        raise Refused("consent.not-given", "the record has no event")
    if history.state is EventKind.WITHDRAWN:
        raise Refused("consent.withdrawn", f"withdrawn at {write_moment(history.events[-1].at)}")
    last = history.events[-1]
    if last.at > moment:
        detail = f"the last event is dated {write_moment(last.at)}; it is {write_moment(moment)}"
        raise Trouble("consent.dated-in-future", detail)
    if not history.holds_at(moment):
        raise Refused("consent.expired", f"it held until {write_moment(history.ends_at)}")
    return Covered(history.record, artefact_class, moment, history.ends_at)


def covers_verification(
    history: History, *, purpose: RegisteredPurpose, controller: str, at: datetime
) -> Covered:
    """Return what is covered if ``history`` covers a verification, or raise as :func:`covers`.

    Every class of biometric data a verification makes or reads must be covered, declared or not.
    """
    covered = [
        covers(history, purpose=purpose, controller=controller, artefact_class=artefact_class, at=at)
        for artefact_class in ArtefactClass
    ]
    return covered[0]


def require_agreed(record: ConsentRecord, purpose: RegisteredPurpose) -> None:
    """Return if ``purpose`` still says what the person agreed to, in every term their record holds.

    The version alone would take the operator's word that nothing changed: compared are the digest of the
    notice in the record's language and each of the record's other terms in that language. Raises ``Refused``:
    ``consent.other-purpose``, ``consent.earlier-version``, ``consent.other-controller``.
    """
    if record.purpose_id != purpose.id:
        raise Refused("consent.other-purpose", f"given for {record.purpose_id}; needed for {purpose.id}")
    if record.purpose_version != purpose.version:
        detail = f"given for version {record.purpose_version} of {purpose.id}; now it is {purpose.version}"
        raise Refused("consent.earlier-version", detail)
    if record.controller.id != purpose.controller.id:
        raise _other_controller(record, purpose.controller.id)
    changed = _changed_terms(record, purpose)
    if "notice_digest" in changed:
        raise Refused("consent.earlier-version", f"the notice of {purpose.id} is no longer the one agreed to")
    if changed:
        detail = f"of {purpose.id} not what was agreed to, in the same version: {', '.join(changed)}"
        raise Refused("consent.earlier-version", detail)


def _changed_terms(record: ConsentRecord, purpose: RegisteredPurpose) -> list[str]:
    """Name the fields that would differ if the same person said yes to ``purpose`` as it stands now."""
    now = ConsentRecord.make(
        purpose,
        record_id=record.id,
        subject=record.subject,
        language=record.language,
        created_at=record.created_at,
    )
    names = (term.name for term in fields(ConsentRecord))
    return [name for name in names if getattr(now, name) != getattr(record, name)]


def _check_terms(
    record: ConsentRecord, purpose: RegisteredPurpose, controller: str, artefact_class: ArtefactClass
) -> None:
    require_agreed(record, purpose)
    if record.controller.id != controller:
        raise _other_controller(record, controller)
    if artefact_class not in record.artefact_classes:
        raise Refused("consent.other-artefact", f"{artefact_class} is not among what was agreed to")


def _other_controller(record: ConsentRecord, controller: str) -> Refused:
    detail = f"given to {record.controller.id}; {controller} would process"
    return Refused("consent.other-controller", detail)
