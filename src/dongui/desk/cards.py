"""The desk's card room: its keys, its register of cards, issuing and revoking.

Beside what every desk has::

    keys/card-site.key  keys/card-issuer.key  for their owner alone
    card-site.pub                           the site's public key: for whoever issues cards
    card-issuer.pem                         the issuer's public key: for whoever reads its cards
    cards.sqlite                            the register of cards, without a face in it
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.confinement import Confined
from dongui.consent.coverage import covers_verification
from dongui.consent.events import EventKind
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.subject import require_same_handle, subject_handle
from dongui.desk.card_enrolment import ENROL
from dongui.desk.card_entries import issued_entry, revoked_entry
from dongui.desk.consents import HandOut, LoggedConsent
from dongui.desk.desk import Desk
from dongui.documents.staff_card.card_content import CardPerson, subject_of
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey, SitePublicKey
from dongui.documents.staff_card.issuing import StaffCard, StaffCardIssuer, issue
from dongui.documents.staff_card.register import SECRET_BYTES, RegisteredCard
from dongui.documents.staff_card.verifying import DOCUMENT_TYPE
from dongui.documents.status import StatusReference
from dongui.environment import Entropy
from dongui.errors import Misuse
from dongui.memory import SecretBuffer
from dongui.storage.sqlite.card_register import CardEntry, SqliteCardRegister
from dongui.undoing import on_failure

__all__ = ["CardKeys", "CardOrder", "CardRoom", "new_card_keys", "read_site", "revoke_ended"]

_MAX_FILE_BYTES = 4_096
_KEY = re.compile(r"[0-9a-f]{64}")
SITE_FILE, ISSUER_FILE, REGISTER_FILE = "card-site.pub", "card-issuer.pem", "cards.sqlite"
_SITE_KEY, _ISSUER_KEY = "card-site.key", "card-issuer.key"


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The files a card room begins with, by their place in the desk, each with whether it is private."""

    files: dict[Path, tuple[bytes, bool]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardOrder:
    """What a card is to be: for whom, under which consent (a record of ``purpose``), where, how long."""

    person: CardPerson
    purpose: RegisteredPurpose
    consent_record: bytes
    sites: tuple[SitePublicKey, ...]
    valid_for: timedelta
    status: StatusReference | None


def new_card_keys(desk: Path, *, issuer: str, entropy: Entropy) -> CardKeys:
    """Draw the keys of a new card room. Raises ``Misuse`` (``staff-card.issuer-malformed``)."""
    site, raw = SiteKey.generate(entropy=entropy), entropy.draw(32)
    signing = Ed25519PrivateKey.from_private_bytes(raw)
    StaffCardIssuer(issuer, signing)
    public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return CardKeys(
        {
            desk / "keys" / _SITE_KEY: (_key_file(key=site.raw.hex()), True),
            desk / "keys" / _ISSUER_KEY: (_key_file(issuer=issuer, key=raw.hex()), True),
            desk / SITE_FILE: (site.public.raw.hex().encode() + b"\n", False),
            desk / ISSUER_FILE: (public, False),
        }
    )


def revoke_ended(desk: Desk) -> None:
    """Revoke the cards whose consent has ended, where the desk has a card room: opening it does.

    Raises ``Trouble``: ``log.*``, ``storage.*``; ``Misuse``: ``desk.*``, ``storage.*``.
    """
    if (desk.path / REGISTER_FILE).exists():
        CardRoom(desk).close()


def read_site(content: bytes) -> SitePublicKey:
    """Read a site's public key: 64 hexadecimal digits.

    Raises ``Misuse`` (``staff-card.site-key-malformed``).
    """
    try:
        return SitePublicKey(bytes.fromhex(content.decode("ascii").strip()))
    except ValueError:
        raise Misuse(
            "staff-card.site-key-malformed", "a site's key file holds 64 hexadecimal digits"
        ) from None


class CardRoom:
    """An open card room of an open desk. A context manager; it does not close the desk.

    Opening it forgets the cards whose time is over, and deletes the secrets of those whose consent was
    withdrawn or destroyed: no consent, no card.
    """

    def __init__(self, desk: Desk) -> None:
        """Open the card room. Raises ``Misuse``: ``card.not-prepared``, ``desk.*``, ``storage.*``."""
        self.desk = desk
        self.site_key = SiteKey(bytes.fromhex(_read_key(desk.path, _SITE_KEY)["key"]))
        issuer = _read_key(desk.path, _ISSUER_KEY)
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(issuer["key"]))
        self.issuer = StaffCardIssuer(issuer["issuer"], key)
        self.register = SqliteCardRegister.open(desk.path / REGISTER_FILE)
        with on_failure(self.register.close):
            self._forget()

    @property
    def issuers(self) -> StaffCardIssuers:
        """This room's own issuer, as a verifier is given it."""
        return StaffCardIssuers({self.issuer.name: (self.issuer.key.public_key(),)})

    def consent(
        self,
        number: str,
        *,
        purpose: RegisteredPurpose,
        language: str,
        issuer: str | None = None,
        hand_out: HandOut | None = None,
    ) -> LoggedConsent:
        """Record that the employee with this staff number read the notice in ``language`` and agreed.

        ``issuer`` is whose number it is, where another desk makes the card; ``hand_out`` as for
        :meth:`~dongui.desk.Desk.give_consent`.

        Before there is a card there is no document to show: that they are who they say is the issuer's to
        know, as it is for the card itself. Raises ``Refused`` (``purpose.document-not-accepted``), ``Misuse``
        (``consent.already-given``); ``Trouble``: ``log.*``, ``storage.*``.
        """
        purpose.require_accepted(DOCUMENT_TYPE)
        handle = self._handle(number, purpose, issuer)
        return self.desk.consents.give(purpose, handle, language=language, hand_out=hand_out)

    def require_consent(self, order: CardOrder) -> None:
        """Return if the consent covers making this card, for this person, now.

        Raises ``Refused``: ``consent.*``, ``purpose.document-not-accepted``; ``Misuse``:
        ``consent.unknown-record``; ``Trouble``: ``consent.dated-in-future``.
        """
        subject = self.require_covered(order.purpose, order.consent_record)
        require_same_handle(subject, self._handle(order.person.number, order.purpose))

    def require_covered(self, purpose: RegisteredPurpose, consent_record: bytes) -> bytes:
        """Return whose consent it is (a handle) if it covers a card of theirs now; raises as above."""
        purpose.require_accepted(DOCUMENT_TYPE)
        covered = covers_verification(
            self.desk.ledger.history(consent_record),
            purpose=purpose,
            controller=self.desk.entry.id,
            at=self.desk.clock.now(),
        )
        return covered.record.subject

    def issue(self, order: CardOrder, portrait: SecretBuffer, *, enroller: Confined) -> StaffCard:
        """Make a card of a portrait and register its secret. The portrait is overwritten on every way out.

        ``enroller`` was started with :data:`dongui.desk.card_enrolment.PREPARE`. The consent is asked for
        before the picture is looked at. Raises as :meth:`require_consent` and
        :func:`~dongui.documents.staff_card.issuing.issue`; ``Undetermined``: ``portrait.*``, ``quality.*``,
        ``protected-template.*``; ``Trouble``: ``confinement.*``, ``storage.*``, ``log.*``.
        """
        secret = SecretBuffer(bytearray(self.desk.entropy.draw(SECRET_BYTES)))
        with portrait, secret:
            self.require_consent(order)
            template = enroller.run(ENROL, order=b"", buffers=(portrait, secret))
            card = issue(
                order.person.number,
                template,
                secret=bytes(secret.view),
                issuer=self.issuer,
                sites=order.sites,
                valid_for=order.valid_for,
                status=order.status,
                clock=self.desk.clock,
                entropy=self.desk.entropy,
            )
            # Charter, point 5: the log knows of the card before the register, and before anybody holds it.
            self.desk.log.append([issued_entry(card.card_id, card.text)])
            registered = RegisteredCard(card.card_id, bytes(secret.view), card.valid_until)
            self.register.register(
                registered,
                consent_record=order.consent_record,
                status=order.status,
                sites=[site.raw for site in order.sites],
            )
        return card

    def revoke(self, card_id: bytes) -> CardEntry:
        """Log that a card is revoked, then delete its secret: no copy of it works here from now on.

        Returns the entry as it was. Raises ``Misuse``: ``card.unknown``, ``card.already-revoked``;
        ``Trouble``: ``log.*``, ``storage.*``; then nothing was deleted.
        """
        return self.register.revoke(card_id, before=self._log_revocation)

    def holders(self, card_id: bytes) -> list[SitePublicKey]:
        """Return the other sites that were given a card's secret."""
        return [SitePublicKey(raw) for raw in self.register.holders(card_id)]

    def close(self) -> None:
        """Close the register. Safe to call twice."""
        self.register.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _handle(self, number: str, purpose: RegisteredPurpose, issuer: str | None = None) -> bytes:
        subject = subject_of(issuer or self.issuer.name, number)
        return subject_handle(self.desk.ledger.handle_key(purpose.id), subject)

    def _log_revocation(self, entry: CardEntry) -> None:
        self.desk.log.append([revoked_entry(entry.card_id)])

    def _forget(self) -> None:
        self.register.purge(at=self.desk.clock.now())
        for entry in self.register.list_cards():
            if entry.consent_record is not None and self._ended(entry.consent_record):
                self.revoke(entry.card_id)

    def _ended(self, consent_record: bytes) -> bool:
        """Withdrawn, or destroyed. One that has only run out can be renewed; until then it covers nothing."""
        try:
            history = self.desk.ledger.history(consent_record)
        except Misuse:
            return True
        return history.state is EventKind.WITHDRAWN


def _key_file(**content: str) -> bytes:
    return json.dumps({"format": 1, **content}).encode() + b"\n"


def _read_key(desk: Path, name: str) -> dict[str, str]:
    try:
        with SecretBuffer.read_file(desk / "keys" / name, max_bytes=_MAX_FILE_BYTES, what="key") as file:
            content = json.loads(bytes(file.view))
    except ValueError:
        content = None
    except Misuse as misuse:
        if misuse.name != "file.not-found":
            raise
        raise Misuse("card.not-prepared", f"{desk} has no {name}; `dongui card prepare` makes it") from None
    read = content if isinstance(content, dict) else {}
    if read.get("format") != 1 or not _KEY.fullmatch(str(read.get("key"))):
        raise Misuse("desk.malformed", f"{name} is no key file of format 1")
    return {key: str(value) for key, value in read.items()}
