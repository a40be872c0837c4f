"""The story played: authorities, documents, consents, visits, receipts, and what is left on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta

from dongui.biometrics.attack_detection.challenge import Side
from dongui.capture import Capture
from dongui.confinement import Confined
from dongui.consent.purpose import OtherWay
from dongui.demo.cards import HeldCard, employ, open_room, staff_trust
from dongui.demo.cast import LicensingAuthority
from dongui.demo.offices import CredentialOffice, Held, HeldLicence, PassportOffice
from dongui.demo.scenarios import Scenario, Twist
from dongui.desk import ControllerEntry, Desk
from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import Kind
from dongui.environment import Entropy
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel, Outcome
from dongui.session import OpenID4VPHandover, Session, open_session
from dongui.verification import Verification

__all__ = ["CONTROLLER", "HANDOVER", "Scene", "Story", "open_unasked"]

CONTROLLER = ControllerEntry(
    id="demo.dongui.example",
    name_ko="동의 시연 창구",
    name_en="Dongui demonstration desk",
    address_ko="어디에도 없는 거리 1",
    address_en="1 Nowhere Street",
    contact="demo@dongui.example",
)
HANDOVER = OpenID4VPHandover("x509_san_dns:demo.dongui.example", "https://demo.dongui.example/present")


@dataclass(frozen=True, slots=True)
class Scene:
    """One visit as it went. The frames show people who do not exist and are kept for the page alone."""

    scenario: Scenario
    verification: Verification
    frames: tuple[bytes, ...] = field(repr=False)
    other_way: OtherWay

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return self.verification.outcome

    @property
    def reason(self) -> str | None:
        """The failure's name, ``None`` where the person was verified."""
        return None if self.verification.reason is None else self.verification.reason.name

    @property
    def kept(self) -> bool:
        """Whether the promise of the scenario was kept."""
        return self.scenario.kept(self.outcome, self.reason)


_LAST_WEEK = timedelta(days=7)


class Story:
    """A desk, its examiner, authorities it trusts and one it has never heard of."""

    def __init__(self, desk: Desk, examiner: Confined, *, entropy: Entropy) -> None:
        """Found the authorities; nobody has consented to anything yet."""
        self._desk = desk
        self._examiner = examiner
        now = desk.clock.now()
        self.authority = LicensingAuthority.found("Licensing Office of Nowhere", now=now, entropy=entropy)
        self._stranger = LicensingAuthority.found("Unheard-of Office", now=now, entropy=entropy)
        self._credentials = CredentialOffice.found(self.authority, now=now, entropy=entropy)
        self._passports = PassportOffice.found(now=now, entropy=entropy)
        self._records: dict[tuple[Kind, str, str], bytes] = {}

    def play(self, scenarios: Sequence[Scenario]) -> Iterator[Scene]:
        """Play one visit after another."""
        for take, scenario in enumerate(scenarios):
            yield self._visit(scenario, take)

    def _visit(self, scenario: Scenario, take: int) -> Scene:
        holder = self._holder(scenario)
        session = self._open(scenario)
        frames = _in_order(scenario.film(take), session)
        if scenario.twist is Twist.FRAMES_USED_BEFORE:
            # The same recording was played to an earlier session, which took it.
            self._verify(scenario, session, holder.presented(session), frames)
            session = self._open(scenario)
        shown = self._shown(scenario, holder, session)
        verification = self._verify(scenario, session, shown, frames)
        if scenario.twist is Twist.CONSENT_WITHDRAWN:
            del self._records[scenario.kind, scenario.holder, scenario.purpose]
        return Scene(scenario, verification, tuple(frames), self._desk.purpose(scenario.purpose).other_way)

    def _holder(self, scenario: Scenario) -> Held:
        if scenario.kind is not Kind.MDOC:
            return self._held(scenario.kind, scenario.holder)
        authority = self._stranger if scenario.twist is Twist.UNKNOWN_ISSUER else self.authority
        return HeldLicence(authority.license(scenario.holder, expired=scenario.twist is Twist.EXPIRED))

    def _held(self, kind: Kind, person: str) -> Held:
        if kind is Kind.SD_JWT:
            return self._credentials.credential(person)
        if kind is Kind.PASSPORT:
            return self._passports.passport(person)
        if kind is Kind.STAFF_CARD:
            consent = self._consent(kind, person, "staff-entrance")
            with open_room(self._desk) as room:
                return employ(self._desk, room, person, consent=consent, enroller=self._examiner)
        return HeldLicence(self.authority.license(person))

    def _trust(self, twist: Twist) -> DocumentTrust:
        """Whom the desk believes, with the status list that is on file this time."""
        if twist is Twist.STATUS_LIST_STALE:
            status = self._credentials.status(age=_LAST_WEEK)
        else:
            status = self._credentials.status(revoked=twist is Twist.REVOKED)
        return DocumentTrust(
            mdoc=self.authority.anchors,
            passport=self._passports.trust,
            sd_jwt=self._credentials.trust,
            staff_card=None,
            status=status,
        )

    def _open(self, scenario: Scenario) -> Session:
        person, purpose = scenario.holder, scenario.purpose
        if scenario.twist is Twist.CONSENT_OF_ANOTHER_PERSON:
            person = "05"
        if scenario.twist is Twist.CONSENT_FOR_ANOTHER_PURPOSE:
            record = self._consent(scenario.kind, person, "building-access")
            return open_unasked(self._desk, purpose, record)
        record = self._consent(scenario.kind, person, purpose)
        session = self._desk.open_session(purpose, record, handover=HANDOVER)
        if scenario.twist is Twist.CONSENT_WITHDRAWN:
            # Within the five minutes of the session: a desk opens none on a consent that is withdrawn.
            self._desk.withdraw_consent(record)
        return session

    def _consent(self, kind: Kind, person: str, purpose: str) -> bytes:
        """Ask once for each purpose and document: a consent holds until it is withdrawn or runs out."""
        if (kind, person, purpose) not in self._records and kind is Kind.STAFF_CARD:
            # Before there is a card there is no document: the employer knows its employee.
            with open_room(self._desk) as room:
                given = room.consent(f"N-{person}", purpose=self._desk.purpose(purpose), language="ko")
            self._records[kind, person, purpose] = given.record_id
        if (kind, person, purpose) not in self._records:
            document = authenticate(
                self._held(kind, person).at_rest,
                trust=self._trust(Twist.NOTHING),
                clock=self._desk.clock,
                holder=HolderEvidence.none(),
            )
            given = self._desk.give_consent(purpose, document, language="ko")
            self._records[kind, person, purpose] = given.record_id
        return self._records[kind, person, purpose]

    def _shown(self, scenario: Scenario, holder: Held, session: Session) -> bytearray:
        if scenario.twist is Twist.REPLAYED_PRESENTATION:
            return holder.presented(self._open(scenario))  # caught in another session
        shown = holder.presented(session)
        if scenario.twist is Twist.CARD_LOST and isinstance(holder, HeldCard):
            with open_room(self._desk) as room:
                room.revoke(holder.card.card_id)
        if scenario.twist is Twist.ONE_BYTE_ALTERED:
            place = shown.index(b"Nobody")  # the family name: seen, signed, and no longer what was signed
            shown[place] ^= 0x01
        return shown

    def _verify(
        self, scenario: Scenario, session: Session, shown: bytearray, frames: Sequence[bytes]
    ) -> Verification:
        with ExitStack() as opened:
            trust, cards = self._trust(scenario.twist), None
            if scenario.kind is Kind.STAFF_CARD:
                room = opened.enter_context(open_room(self._desk))
                trust, cards = replace(trust, staff_card=staff_trust(self._desk, room)), room.register
            return self._desk.verify(
                session,
                SecretBuffer(shown),
                Capture(tuple(SecretBuffer(bytearray(frame)) for frame in frames), Channel.TRUSTED),
                trust=trust,
                cards=cards,
                examiner=self._examiner,
                accept_unassessed=True,
            )


def open_unasked(desk: Desk, purpose: str, record: bytes) -> Session:
    """Put a session into a desk's store without asking whether the consent covers it, as the desk would.

    So a program does that writes there itself; it gains nothing by it.
    """
    session = open_session(
        purpose=purpose,
        consent_record=record.hex(),
        controller=desk.entry.id,
        handover=HANDOVER,
        clock=desk.clock,
        entropy=desk.entropy,
    )
    desk.sessions.save(session)
    return session


def _in_order(film: Sequence[bytes], session: Session) -> list[bytes]:
    """Turn to the side this session asks for first: a film begins with the picture's left."""
    return list(film) if session.challenge.first is Side.PICTURE_LEFT else list(reversed(film))
