"""An open desk: purposes, consents, sessions and verifications of one controller."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dongui.biometrics.operating_points import install_operating_point, read_operating_point
from dongui.confinement import Confined, Confinement
from dongui.consent.coverage import covers_verification
from dongui.consent.events import History
from dongui.consent.profile import load_profiles
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.subject import subject_handle
from dongui.desk.consents import Consents, LoggedConsent
from dongui.desk.destruction import destruction_entry, expiry_entry
from dongui.desk.folder import (
    ControllerEntry,
    operating_point_files,
    purpose_folders,
    read_controller,
    read_key,
    require_stores,
)
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Trouble, Undetermined
from dongui.log.entry import Entry
from dongui.log.interface import MAX_BATCH
from dongui.log.keys import SignerKey
from dongui.memory import SecretBuffer, forbid_core_dumps
from dongui.profiles import shipped_profiles
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import VerifiedReceipt, check_receipt, require_verified
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.statement import Controller
from dongui.session import Handover, OpenID4VPHandover, Redemption, Session, open_session
from dongui.storage.sqlite.ledger import SqliteLedger
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.sessions import SqliteSessions

if TYPE_CHECKING:
    from dongui.capture import Capture
    from dongui.documents.authenticated import AuthenticatedDocument
    from dongui.documents.document_trust import DocumentTrust
    from dongui.documents.passport.chip_evidence import ChipEvidence
    from dongui.documents.staff_card.register import CardRegister
    from dongui.verification import Verification

__all__ = ["Desk", "models_cache"]

# Per verification: thirty seconds for 300 frames on a slow machine, and the memory of one decoded picture
# at the limit, several times over.
_TIMEOUT_SECONDS = 60.0
_MEMORY_BYTES = 2 * 2**30


class Desk:
    """One controller's stores, keys and purposes. A context manager; one thread at a time.

    ``purged`` is the number of consent records whose time was over and which opening the desk destroyed.
    ``unlogged`` is the trouble that kept it from destroying them, or from writing down what has expired,
    where the log could not be written: the desk opens all the same, because a full log must not keep anybody
    from taking a consent back.
    """

    def __init__(self, path: Path, *, clock: Clock, entropy: Entropy) -> None:
        """Open the desk that :func:`dongui.desk.create_desk` made at ``path``.

        Raises ``Misuse``: ``desk.*``, ``storage.*``, ``purpose.*``, ``operating-point.*``, ``file.*``;
        ``Trouble``: ``storage.*``, ``log.*``, ``clock.implausible``.
        """
        self.path = path
        self.clock = clock
        self.entropy = entropy
        self.entry: ControllerEntry = read_controller(path)
        self.operator_key: SignerKey = read_key(path, "receipts.key")
        log_key = read_key(path, "log.key")
        require_stores(path)
        self._points = operating_point_files(path)
        for point in self._points:
            install_operating_point(read_operating_point(point))
        self.clock.now()  # A clock that cannot be right opens no store.
        with ExitStack() as opened:
            # What was opened is closed again where a later store fails.
            self.log = opened.enter_context(closing(SqliteLog.resume(path / "log.sqlite", key=log_key)))
            self.ledger = opened.enter_context(
                closing(SqliteLedger.open(path / "ledger.sqlite", entropy=entropy))
            )
            self.sessions = opened.enter_context(
                closing(SqliteSessions.open(path / "sessions.sqlite", entropy=entropy))
            )
            self.consents = Consents(self.ledger, self.log, clock, entropy)
            self.keys = OperatorKeys(self.operator_key.verifier, log_key.verifier)
            self.unlogged: Trouble | None = None
            self._purged_on: date | None = None
            self.purged = self._purge_at_opening()
            opened.pop_all()

    def _purge_at_opening(self) -> int:
        try:
            return self.purge()
        except Trouble as trouble:
            if trouble is not self.unlogged:
                raise
            return 0

    def purge(self) -> int:
        """Forget what is over: consent records, sessions, frame digests; return the number of records.

        Consents that have run out, but whose records stay, are written down as expired. Happens when the desk
        opens. While it stays open, opening a session forgets old sessions, and the first one of a day (UTC)
        looks at the consents too. Where nobody comes nothing happens by itself: that takes a timer. Nothing
        is written down as expired, or destroyed, before the log says so, durably (charter, point 5). Raises
        ``Trouble``: ``storage.*``, ``log.*``, ``clock.implausible``; then no record was destroyed.
        """
        moment = self.clock.now()
        self.sessions.purge(at=moment)
        self.unlogged = None
        self.ledger.expire(at=moment, before=self._log_expiry)
        destroyed = self.ledger.purge(at=moment, before=self._log_destruction)
        self._purged_on = moment.date()
        return destroyed

    def _log_expiry(self, ended: Sequence[History]) -> None:
        self._log_all([expiry_entry(history) for history in ended])

    def _log_destruction(self, over: Sequence[History]) -> None:
        self._log_all([destruction_entry(history.record.id) for history in over])

    def _log_all(self, entries: Sequence[Entry]) -> None:
        try:
            for begin in range(0, len(entries), MAX_BATCH):
                self.log.append(entries[begin : begin + MAX_BATCH])
        except Trouble as trouble:
            self.unlogged = trouble
            raise

    def _purge_again(self) -> None:
        # Destroying writes the whole ledger anew: too much for every session. Old sessions cost little.
        moment = self.clock.now()
        if moment.date() == self._purged_on:
            self.sessions.purge(at=moment)
        else:
            self.purge()

    def close(self) -> None:
        """Close every store. Safe to call twice."""
        for store in (self.sessions, self.ledger, self.log):
            store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def controller(self) -> Controller:
        """Who answers, as a receipt names them."""
        return Controller(self.entry.id, self.entry.party.name)

    @property
    def handover(self) -> OpenID4VPHandover:
        """How presentations reach this desk where nothing else is said: by its own OpenID4VP request."""
        return OpenID4VPHandover(f"x509_san_dns:{self.entry.id}", f"https://{self.entry.id}/present")

    @cached_property
    def purposes(self) -> dict[str, RegisteredPurpose]:
        """Every registered purpose by id: the shipped profiles, and the folders under ``purposes/``.

        Raises ``Misuse`` (``purpose.*``, ``desk.malformed``) for a folder that cannot be registered: a desk
        does not open its doors with a purpose in an unknown state.
        """
        folders = [*shipped_profiles().values(), *purpose_folders(self.path)]
        return load_profiles(folders, controller=self.entry.party)

    def purpose(self, purpose_id: str) -> RegisteredPurpose:
        """Return one purpose. Raises ``Misuse`` (``purpose.unknown``) and names those there are."""
        if purpose_id not in self.purposes:
            known = ", ".join(self.purposes)
            raise Misuse("purpose.unknown", f"no purpose is called {purpose_id!r}; there are: {known}")
        return self.purposes[purpose_id]

    def give_consent(
        self,
        purpose_id: str,
        document: AuthenticatedDocument,
        *,
        language: str,
        hand_out: Callable[[LoggedConsent], object] | None = None,
    ) -> LoggedConsent:
        """Record that the holder of ``document`` read the notice in ``language`` and agreed.

        ``hand_out`` puts the receipt into the person's hands; without it, returning does. Until that has
        happened the same call hands out a receipt of the same consent, also in another process. Raises
        ``Undetermined`` (``document.subject-missing``), ``Misuse`` (``purpose.unknown``,
        ``consent.already-given``); ``Trouble`` (``log.*``, ``storage.*``): then nobody agreed to anything.
        """
        purpose = self.purpose(purpose_id)
        if document.subject is None:
            raise Undetermined("document.subject-missing", "country, authority and number were not disclosed")
        handle = subject_handle(self.ledger.handle_key(purpose_id), document.subject)
        return self.consents.give(purpose, handle, language=language, hand_out=hand_out)

    def withdraw_consent(
        self, record_id: bytes, *, hand_out: Callable[[LoggedConsent], object] | None = None
    ) -> LoggedConsent:
        """Take a consent back: effective before it is logged, so that a full log cannot hold it up.

        ``hand_out`` as for :meth:`give_consent`. Raises ``Misuse``: ``consent.unknown-record``,
        ``consent.event-out-of-order``; ``Trouble``: ``storage.*``, and ``log.*`` where the withdrawal stands
        and the same call logs it and hands out its receipt.
        """
        return self.consents.withdraw(record_id, hand_out=hand_out)

    def renew_consent(
        self, record_id: bytes, *, hand_out: Callable[[LoggedConsent], object] | None = None
    ) -> LoggedConsent:
        """Record that the person says yes again, to the same notice, for another full period from now.

        ``hand_out`` as for :meth:`give_consent`. Raises ``Refused``: ``consent.earlier-version`` where
        purpose or notice have changed since; ``Misuse``: ``consent.unknown-record``,
        ``consent.event-out-of-order`` (withdrawn), ``consent.already-given`` (another of theirs holds),
        ``purpose.unknown``; ``Trouble`` as :meth:`give_consent`.
        """
        purpose = self.purpose(self.ledger.history(record_id).record.purpose_id)
        return self.consents.renew(record_id, purpose, hand_out=hand_out)

    def open_session(self, purpose_id: str, consent_record: bytes, *, handover: Handover) -> Session:
        """Open and keep a session for one purpose and one consent record that covers it now.

        The verification asks again: this keeps a person from being filmed for a refusal that is certain.
        Raises ``Misuse``: ``purpose.unknown``, ``purpose.other-use``, ``consent.unknown-record``; ``Refused``
        and ``Trouble`` as :func:`~dongui.consent.coverage.covers`: then take the purpose's other way.
        """
        purpose = self.purpose(purpose_id)
        purpose.require_verification()
        self._purge_again()
        covers_verification(
            self.ledger.history(consent_record),
            purpose=purpose,
            controller=self.entry.id,
            at=self.clock.now(),
        )
        session = open_session(
            purpose=purpose.id,
            consent_record=consent_record.hex(),
            controller=self.entry.id,
            handover=handover,
            clock=self.clock,
            entropy=self.entropy,
        )
        self.sessions.save(session)
        return session

    def start_examiner(self, *, progress: Callable[[str], None]) -> Confinement:
        """Start the confined process and load its models. Seconds; do it before anybody stands there.

        Turns this process's core dumps off: from here on it may hold documents and frames.
        """
        # Loaded here and not with the desk: most of what is done at one looks at nobody.
        from dongui.verification import PREPARE

        forbid_core_dumps()
        return Confinement.start(
            PREPARE,
            arguments=b"\0".join([str(models_cache()).encode(), *self._points]),
            progress=progress,
            timeout_seconds=_TIMEOUT_SECONDS,
            memory_bytes=_MEMORY_BYTES,
        )

    def verify(
        self,
        session: Session,
        document: SecretBuffer,
        capture: Capture,
        *,
        trust: DocumentTrust,
        chip: ChipEvidence | None = None,
        cards: CardRegister | None = None,
        examiner: Confined,
        accept_unassessed: bool,
    ) -> Verification:
        """Answer for one session; see :func:`dongui.verification.verify`.

        Without ``chip`` nothing was proved of a passport's chip: its files may be a copy. Without ``cards``
        (:class:`dongui.desk.cards.CardRoom` keeps a register) no staff card is registered.
        """
        from dongui.verification import verify

        return verify(
            document,
            capture,
            session_id=session.id,
            purpose=self.purpose(session.purpose),
            controller=self.controller,
            operator_key=self.operator_key,
            trust=trust,
            chip=chip,
            cards=cards,
            examiner=examiner,
            accept_unassessed=accept_unassessed,
            ledger=self.ledger,
            sessions=self.sessions,
            log=self.log,
            log_key=self.keys.log,
            clock=self.clock,
            entropy=self.entropy,
        )

    def redeem(self, bundle: ReceiptBundle, session_id: str) -> VerifiedReceipt:
        """Act on a receipt of this desk: once, for the session that asked, within its time.

        ``session_id`` is that of the session the relying system itself opened, never one that came with the
        receipt. The receipt is checked first; one that does not hold, or does not say *verified*, spends
        nothing.

        Raises what :func:`~dongui.receipts.checking.check_receipt` raises; ``Refused``:
        ``receipt.not-verified``, ``receipt.other-controller``, ``receipt.other-session``,
        ``receipt.redeemed``, ``session.unknown`` (also when the time is over); ``Trouble``: ``storage.*``,
        ``clock.implausible``.
        """
        # The log is this desk's own: its word is what there is to compare with.
        checked = check_receipt(bundle, operator=self.keys, trusted=None)
        require_verified(checked)
        statement = checked.statement
        redemption = Redemption(
            session_id=session_id,
            controller=self.entry.id,
            receipt_controller=statement.controller.id,
            receipt_binding=statement.session_binding,
        )
        self.sessions.redeem(redemption, at=self.clock.now())
        return checked


def models_cache() -> Path:
    """Return where an exported model is kept: ``$XDG_CACHE_HOME/dongui`` or ``~/.cache/dongui``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dongui"
