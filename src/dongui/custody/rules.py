"""From what somebody asks to rules that can be applied: pack, ground and moment checked, SQL compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dongui.consent.moments import utc
from dongui.custody.grounds import Ground, GroundClaim, check_claim
from dongui.custody.moments import microseconds
from dongui.custody.question import Artefact, CustodyPurpose, Question, Use
from dongui.custody.rule_pack import CONSENT, RulePack
from dongui.custody.schema import ConsentFlag
from dongui.custody.sql_compilation import Constants, reason_case
from dongui.errors import Misuse

__all__ = ["Inquiry", "Rules", "ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What somebody asks the gate, in words.

    ``purpose`` was registered; ``use`` is one of its uses. ``abroad``: the recipient is in another country
    than the controller. ``ground`` None relies on the person's consent; ``transfer`` None has the transfer
    abroad rest on consent too. ``controller`` is the recipient id under which the controller's own consents
    stand: who is asked for where work is entrusted to a processor.
    """

    purpose: CustodyPurpose
    recipient: str
    controller: str
    artefact: Artefact
    use: Use
    at: datetime
    abroad: bool
    ground: GroundClaim | None = None
    transfer: GroundClaim | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A question together with the rules that answer it. Only :func:`ask` makes one.

    ``question`` is what :func:`dongui.custody.schema.decide` and the merge take; ``case`` is the same as SQL,
    compiled from the pack; ``constants`` what a rule may ask about that is the same for every record.
    """

    pack: RulePack
    inquiry: Inquiry
    question: Question
    constants: Constants = field(repr=False)
    case: str = field(repr=False)


def ask(
    inquiry: Inquiry, *, pack: RulePack, purposes: Mapping[str, int], recipients: Mapping[str, int]
) -> Rules:
    """Check what is asked and compile the pack for it.

    ``purposes`` and ``recipients`` are a snapshot's dictionaries. Raises ``Refused``
    ``ground.training-needs-consent``, ``ground.record-missing``; ``Misuse`` ``purpose.unknown-use``,
    ``ground.unknown``, ``ground.pack-not-in-force``, ``ground.pack-not-compilable``.
    """
    if inquiry.use not in inquiry.purpose.uses:
        uses = ", ".join(inquiry.purpose.uses)
        raise Misuse("purpose.unknown-use", f"{inquiry.purpose.id} is registered for {uses}")
    pack.require_in_force(utc(inquiry.at))
    ground = None if inquiry.ground is None else check_claim(inquiry.ground, dict(pack.grounds), inquiry.use)
    if inquiry.transfer is not None:
        check_claim(inquiry.transfer, dict(pack.transfers), inquiry.use)
    constants = _constants(inquiry, ground)
    asked_for = inquiry.controller if ground is not None and ground.own_consent else inquiry.recipient
    question = Question(
        purpose=purposes.get(inquiry.purpose.id, -1),
        recipient=recipients.get(asked_for, -1),
        artefact=inquiry.artefact,
        at_us=microseconds(inquiry.at),
        use=inquiry.use,
        required_flags=_required(pack, transfer=bool(constants["context", "transfer_needs_consent"])),
        other_ground=ground is not None and not ground.own_consent,
        compels=ground is not None and ground.compels,
        needs_pseudonym=ground is not None and ground.needs_pseudonym,
    )
    return Rules(pack, inquiry, question, constants, reason_case(pack.policies, constants))


def _constants(inquiry: Inquiry, ground: Ground | None) -> Constants:
    return {
        ("action",): inquiry.use.value,
        ("context", "at"): microseconds(inquiry.at),
        ("context", "artefact"): inquiry.artefact.name.lower(),
        ("context", "ground"): CONSENT if ground is None else ground.id,
        ("context", "transfer_needs_consent"): inquiry.abroad and inquiry.transfer is None,
    }


def _required(pack: RulePack, *, transfer: bool) -> ConsentFlag:
    """Return the flags a consent must have: those for whose lack the pack has a rule."""
    reasons = {policy.reason for policy in pack.policies}
    needed = ConsentFlag(0)
    for reason, flag in _FLAG_OF_REASON.items():
        if reason in reasons and (transfer or flag is not ConsentFlag.CROSS_BORDER):
            needed |= flag
    return needed


_FLAG_OF_REASON = {
    "consent.not-informed": ConsentFlag.INFORMED,
    "consent.not-separate": ConsentFlag.SEPARATE,
    "consent.not-explicit": ConsentFlag.EXPLICIT,
    "consent.no-cross-border": ConsentFlag.CROSS_BORDER,
}
