"""The main path: one person, one document, one answer, one receipt.

:func:`verify` holds steps 0, 1, 7 and 8; :func:`examine` holds steps 2 to 6 and runs in a process made for
this one person. Read from top to bottom they are the list in ``docs/explanation/main-path.md``.

Outcomes: *verified*; *refused*, a proof failed and its name is the reason; *undetermined*, it cannot be told
and the other way is named. ``Misuse`` is raised instead: the caller is wrong, and nothing was judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Never

from dongui.biometrics.assessed import digest_on_receipts
from dongui.biometrics.comparison import ComparisonDecision, compare
from dongui.biometrics.operating_points import (
    install_operating_point,
    operating_point,
    operating_points,
    read_operating_point,
)
from dongui.capture import Capture
from dongui.consent.coverage import Covered, covers_verification
from dongui.consent.purpose import binding_not_accepted, document_not_accepted
from dongui.consent.subject import require_same_handle, subject_handle
from dongui.documents.authenticating import BoundDocument, HolderEvidence, authenticate, require_bound
from dongui.documents.recognising import Kind, recognise
from dongui.documents.staff_card.register import OneCard
from dongui.environment import FixedClock
from dongui.errors import Refused, Unanswered, Undetermined
from dongui.examination import ATTACK_DETECTION, Examination, Order
from dongui.memory import SecretBuffer, forbid_core_dumps, forgetting, wipe_all
from dongui.receipts import statement
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import Findings, PresentedDocument, issue_receipt
from dongui.receipts.statement import Channel, Comparison, Controller, Outcome, SetOperatingPoint
from dongui.session import ConsumedSession, frame_digest
from dongui.stopwatch import Stopwatch

if TYPE_CHECKING:
    from dongui.biometrics.instruments import Instruments
    from dongui.confinement import Confined
    from dongui.consent.fields import Localised
    from dongui.consent.ledger import Ledger
    from dongui.consent.purpose import RegisteredPurpose
    from dongui.documents.document_trust import DocumentTrust
    from dongui.documents.passport.chip_evidence import ChipEvidence
    from dongui.documents.staff_card.register import CardRegister, RegisteredCard
    from dongui.environment import Clock, Entropy
    from dongui.log.interface import Log
    from dongui.log.keys import SignerKey, VerifierKey
    from dongui.receipts.salts import Disclosure
    from dongui.session import SessionStore

__all__ = ["EXAMINE", "MAX_DOCUMENT_BYTES", "PREPARE", "Verification", "examine", "prepare", "verify"]

MAX_DOCUMENT_BYTES = 2 * 2**20

PREPARE = "dongui.verification:prepare"
EXAMINE = "dongui.verification:examine"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer, durable in the log before it exists. It has no truth value.

    ``reason`` is the failure, ``None`` where the outcome is *verified*. ``other_way`` names the purpose's
    equal way without biometrics, whatever the outcome. ``receipt`` and ``disclosure`` are for the person; the
    operator keeps neither. ``milliseconds`` tells how long each stage took.
    """

    outcome: Outcome
    reason: Unanswered | None
    other_way: Localised
    receipt: ReceiptBundle
    disclosure: Disclosure = field(repr=False)
    milliseconds: dict[str, float]

    def __bool__(self) -> Never:
        raise TypeError("a verification has three outcomes; compare .outcome with one of them")


def verify(
    document: SecretBuffer,
    capture: Capture,
    *,
    session_id: str,
    purpose: RegisteredPurpose,
    controller: Controller,
    operator_key: SignerKey,
    trust: DocumentTrust,
    chip: ChipEvidence | None,
    cards: CardRegister | None,
    examiner: Confined,
    accept_unassessed: bool,
    ledger: Ledger,
    sessions: SessionStore,
    log: Log,
    log_key: VerifierKey,
    clock: Clock,
    entropy: Entropy,
) -> Verification:
    """Answer whether the person in front of the camera is the rightful holder of the document.

    ``document`` is of any kind (:func:`~dongui.documents.recognising.recognise`); ``trust`` says whom to
    believe for each. ``chip`` is what a reader of the caller's own proved of a passport's chip, ``None``
    where nothing was. ``cards`` is the site's register of staff cards, asked for the one that is held out.

    ``examiner`` was started with :data:`PREPARE`. ``document`` and ``capture`` are overwritten on every way
    out, and core dumps of this process are turned off for good. The operating point is the purpose's;
    ``accept_unassessed`` is the caller's word that it knows when that point was not assessed for use.

    Raises ``Misuse`` (the caller is wrong), ``Refused`` for a session that cannot be used (``session.*``:
    there is nothing a receipt could be bound to), ``Trouble`` where the answer could not be made durable
    (``storage.*``, ``log.*``): then there is no answer, and the session is spent.
    """
    stopwatch = Stopwatch()
    with forgetting(document, *capture.frames):
        purpose.require_verification()
        point = operating_point(purpose.declared.operating_point)
        point.require_accepted(accept_unassessed=accept_unassessed)
        kind = recognise(document.view)
        believed = trust.part_for(kind)
        # 0. Session. Opened for one purpose and one consent record; spent, durably, before its comparison.
        with stopwatch("session"):
            moment = clock.now()
            opened = sessions.load(session_id, at=moment)
            opened.require_for(purpose.id, controller.id)
            spent = sessions.consume(session_id, at=moment)
        try:
            # 1. Terms. The consent covers this purpose as it was read, controller, every artefact class, now.
            with stopwatch("terms"):
                history = ledger.history(bytes.fromhex(opened.consent_record))
                covered = covers_verification(history, purpose=purpose, controller=controller.id, at=moment)
                sessions.claim_capture([frame_digest(frame.view) for frame in capture.frames], at=moment)
                card = _registered(document, believed, cards)
                order = _order(
                    spent,
                    purpose,
                    covered,
                    ledger,
                    kind,
                    believed,
                    chip,
                    card,
                    accept_unassessed=accept_unassessed,
                )
            # 2 to 6. In a process of its own: examine(), below.
            answer = examiner.run(EXAMINE, order=order.to_bytes(), buffers=(document, *capture.frames))
            found = Examination.from_bytes(answer).as_ordered(order)
        except Unanswered as failure:
            found = Examination(None, None, None, failure, {})
        # 7. Receipt. Signed, then durable in the log, then proved; only then is there an answer.
        with stopwatch("receipt"):
            # The point that was set stands on every receipt, also where nothing came to be compared at it.
            set_point = SetOperatingPoint(point.name, point.assessed_for_use)
            findings = _findings(found, spent, purpose, controller, set_point, capture.channel)
            issued = issue_receipt(
                findings, operator_key=operator_key.private_key, clock=clock, entropy=entropy
            )
            (index,) = log.append([issued.entry])
            checkpoint = log.checkpoint()
            receipt = ReceiptBundle.assemble(
                issued.receipt,
                proof=log.inclusion(index, checkpoint.size),
                checkpoint=checkpoint,
                log_key=log_key,
            )
        return Verification(
            outcome=findings.outcome,
            reason=found.failure,
            other_way=purpose.other_way.name,
            receipt=receipt,
            disclosure=issued.disclosure,
            milliseconds=stopwatch.milliseconds | found.milliseconds,
        )
    # 8. Forget: leaving the block above, by whatever way, has overwritten the document and every frame.


def examine(instruments: Instruments, order_bytes: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
    """Steps 2 to 6, in a process that ends with them: whatever a library copied ends with it.

    ``buffers`` are the document, then the frames. Returns an encoded :class:`Examination`; ``Misuse`` is
    raised through to the caller of :func:`verify`.
    """
    from dongui.biometrics.probe import take_probe
    from dongui.biometrics.protected_templates import for_protected_templates, reference_from_card
    from dongui.biometrics.reference import take_reference

    order = Order.from_bytes(order_bytes)
    point = operating_point(order.operating_point)
    document, *frames = buffers
    stopwatch = Stopwatch()
    presented: PresentedDocument | None = None
    attack_detection: str | None = None
    comparison: Comparison | None = None
    failure: Unanswered | None = None
    with ExitStack() as forgotten:
        # 8. Forget. The process ends in a moment; what can be overwritten is, before that, on every way out.
        forgotten.callback(wipe_all, buffers)
        try:
            # 2. Document authentic, whatever its kind: signature, path to a required anchor, validity,
            #    status, every element's digest.
            with stopwatch("document"):
                authentic = authenticate(
                    document.view,
                    trust=order.trust,
                    clock=FixedClock(order.judged_at),
                    holder=order.holder,
                    cards=None if order.card is None else OneCard(order.card),
                )
                presented = PresentedDocument(
                    authentic.kind,
                    authentic.document_type,
                    authentic.holder_binding,
                    authentic.issuer_signed,
                    authentic.remarks,
                )
            # 3. Holder bound: a device, a wallet or a chip proved it, or the purpose takes less. Of step 1,
            #    what had to wait for the document: the purpose accepts its type, the consent is its person's.
            with stopwatch("binding"):
                bound = require_bound(authentic)
                _require_accepted(bound, order)
                subject = _disclosed(bound.subject, "subject")
                require_same_handle(order.handle, subject_handle(order.handle_key, subject))
            # 4. Reference, from the authenticated bytes only, be it a portrait or a card's template; its
            #    quality decides if an answer is possible.
            with stopwatch("reference"):
                if bound.template is not None and order.card is not None:
                    taken = reference_from_card(
                        bound.template, secret=order.card.secret, instruments=instruments
                    )
                    point = for_protected_templates(point)
                else:
                    portrait = memoryview(_disclosed(bound.portrait, "portrait"))
                    taken = take_reference(portrait, instruments=instruments)
                reference = forgotten.enter_context(taken)
            # 5. Probe: one face, quality, a live turn against this session's challenge.
            with stopwatch("probe"):
                attack_detection = ATTACK_DETECTION
                views = [frame.view for frame in frames]
                probe = forgotten.enter_context(
                    take_probe(views, challenge=order.challenge, instruments=instruments)
                )
            # 6. Comparison at the operating point: one reference, one probe, one decision, no score.
            with stopwatch("comparison"):
                card = instruments.recogniser.card
                assessed = operating_point(order.operating_point).assessment
                comparison = Comparison(card.name, digest_on_receipts(card, assessed))
                decision = compare(
                    reference, probe, operating_point=point, accept_unassessed=order.accept_unassessed
                )
                _require_mated(decision, point.name)
        except Unanswered as error:
            failure = error
    return Examination(presented, attack_detection, comparison, failure, stopwatch.milliseconds).to_bytes()


def _require_mated(decision: ComparisonDecision, point: str) -> None:
    if decision is ComparisonDecision.NON_MATED:
        raise Refused("comparison.non-mated", f"the faces differ at {point}")
    if decision is not ComparisonDecision.MATED:
        raise Undetermined("comparison.undetermined", f"between the bounds of {point}")


def _require_accepted(document: BoundDocument, order: Order) -> None:
    if document.document_type not in order.documents:
        raise document_not_accepted(document.document_type, order.documents)
    if document.holder_binding not in order.holder_bindings:
        raise binding_not_accepted(document.holder_binding, order.holder_bindings)


def _disclosed(value: bytes | None, what: Literal["subject", "portrait"]) -> bytes:
    if value is not None:
        return value
    if what == "portrait":
        raise Undetermined("document.portrait-missing", "the holder did not disclose the portrait")
    raise Undetermined("document.subject-missing", "country, authority and number were not all disclosed")


def prepare(arguments: bytes, progress: Callable[[str], None]) -> Instruments:
    """Load every model, once, before anybody arrives.

    ``arguments`` is the path of the models' cache, then, each after a zero byte, the data files of operating
    points beside those that ship. Raises ``Misuse``: ``operating-point.malformed``,
    ``operating-point.name-taken``; ``operating-point.other-pipeline`` where one of those, or a point of the
    recogniser that was loaded, was measured with other instruments: what it says holds for those alone.
    The recogniser is that of the points that are given; without any, the one that ships.
    """
    from dongui.biometrics.recognisers.catalogue import load_for_points
    from dongui.rehearsal import rehearse

    forbid_core_dumps()
    cache, *points = arguments.split(b"\0")
    installed = [read_operating_point(point) for point in points]
    for point in installed:
        install_operating_point(point)
    instruments = load_for_points(installed, cache=Path(cache.decode()), progress=progress)
    recogniser = instruments.recogniser.card.name
    own = [point for point in operating_points().values() if point.recogniser == recogniser]
    for point in (*own, *installed):
        point.require_pipeline(instruments.pipeline_digest)
    progress("Rehearsing.")
    for name in (point.name for point in own):
        rehearse(partial(examine, instruments), operating_point=name)
    return instruments


def _registered(
    document: SecretBuffer, trust: DocumentTrust, cards: CardRegister | None
) -> RegisteredCard | None:
    """What the site's register holds of a card encrypted to this site: asked for one id, the card's own."""
    site_key = None if trust.staff_card is None else trust.staff_card.site_key
    if site_key is None or cards is None:
        return None
    from dongui.documents.staff_card.verifying import claimed_card_id

    return cards.look_up(claimed_card_id(document.view, site_key=site_key))


def _order(
    spent: ConsumedSession,
    purpose: RegisteredPurpose,
    covered: Covered,
    ledger: Ledger,
    kind: Kind,
    trust: DocumentTrust,
    chip: ChipEvidence | None,
    card: RegisteredCard | None,
    *,
    accept_unassessed: bool,
) -> Order:
    session = spent.session
    return Order(
        judged_at=covered.judged_at,
        kind=kind,
        trust=trust,
        holder=HolderEvidence(
            session.transcript, session.reader_key, session.nonce_text, session.audience, chip
        ),
        handle_key=ledger.handle_key(purpose.id),
        handle=covered.record.subject,
        challenge=session.challenge,
        documents=purpose.declared.documents,
        holder_bindings=purpose.declared.holder_bindings,
        operating_point=purpose.declared.operating_point,
        accept_unassessed=accept_unassessed,
        card=card,
    )


_OUTCOMES = {
    "refused": Outcome.REFUSED,
    "undetermined": Outcome.UNDETERMINED,
    "trouble": Outcome.UNDETERMINED,
}


def _findings(
    found: Examination,
    spent: ConsumedSession,
    purpose: RegisteredPurpose,
    controller: Controller,
    set_point: SetOperatingPoint,
    channel: Channel,
) -> Findings:
    outcome = Outcome.VERIFIED if found.failure is None else _OUTCOMES[found.failure.family]
    return Findings(
        controller=controller,
        session_binding=spent.session.binding,
        purpose=purpose.id,
        notice_version=purpose.version,
        consent_record=spent.session.consent_record,
        document=found.document,
        outcome=outcome,
        reason=None if found.failure is None else found.failure.name,
        other_way=purpose.other_way.name if outcome is Outcome.UNDETERMINED else None,
        operating_point=set_point,
        comparison=found.comparison,
        capture=statement.Capture(channel, found.attack_detection),
        judged_at=None,
    )
