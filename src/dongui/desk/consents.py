"""What people do with their consents at a desk: kept in the ledger, told in the log, and in their hands.

Two files cannot be written at one instant, and a receipt cannot be handed out in either. So the order is
chosen for the person. A yes is logged inside the ledger's transaction: where the log cannot be written nobody
has agreed to anything. A withdrawal counts before it is logged: no log can hold it up. And the ledger notes
that a receipt is owed until it was handed out: who was kept from it by a lock, a full disk or a power cut
gives the same command again, and gets what is missing rather than an error.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from dongui.consent import giving
from dongui.consent.coverage import require_agreed
from dongui.consent.events import EventKind, History
from dongui.consent.ledger import Ledger
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.receipt import ConsentReceipt
from dongui.environment import Clock, Entropy
from dongui.errors import Refused, Trouble
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.interface import Appender

__all__ = ["Consents", "HandOut", "LoggedConsent"]


@dataclass(frozen=True, slots=True)
class LoggedConsent:
    """A consent receipt for the person, with the 32 bytes that open its entry in the log, and its place."""

    receipt: ConsentReceipt
    blind: bytes = field(repr=False)
    index: int

    @property
    def record_id(self) -> bytes:
        """The consent record's number, 16 bytes: what a session is opened with, and what withdraws it."""
        return self.receipt.history.record.id


HandOut: TypeAlias = Callable[[LoggedConsent], object]
"""Puts a receipt into the person's hands. Only when it has returned is the receipt no longer owed."""


@dataclass(frozen=True, slots=True)
class Consents:
    """The acts of people at one desk. Each can be repeated until its receipt was handed out."""

    ledger: Ledger
    log: Appender
    clock: Clock
    entropy: Entropy

    def give(
        self, purpose: RegisteredPurpose, handle: bytes, *, language: str, hand_out: HandOut | None
    ) -> LoggedConsent:
        """Record a yes, or hand out what is owed for this very one.

        Raises as :func:`~dongui.consent.giving.give`; ``Trouble``: ``log.*``, ``storage.*``, and then nobody
        has agreed to anything.
        """
        for owed in self.ledger.owed_to(purpose.id, handle):
            if self._is_the_same(owed, purpose, language):
                return self._handed(self._logged(giving.receipt_again(owed, self.entropy)), hand_out)
        logged: list[LoggedConsent] = []
        giving.give(
            self.ledger,
            purpose=purpose,
            handle=handle,
            language=language,
            clock=self.clock,
            entropy=self.entropy,
            log=lambda receipt: logged.append(self._logged(receipt)),
        )
        return self._handed(logged[0], hand_out)

    def withdraw(self, record_id: bytes, *, hand_out: HandOut | None) -> LoggedConsent:
        """Take a consent back, or hand out what is owed for having done so.

        Raises as :func:`~dongui.consent.giving.withdraw`. ``Trouble`` of the log (``log.*``, ``storage.*``)
        comes after the withdrawal: it stands, and the same call logs it and hands its receipt out.
        """
        history = self.ledger.history(record_id)
        if history.state is EventKind.WITHDRAWN and self.ledger.is_owed(record_id):
            receipt = giving.receipt_again(history, self.entropy)
        else:
            receipt = giving.withdraw(self.ledger, record_id, clock=self.clock, entropy=self.entropy)
        return self._handed(self._logged(receipt), hand_out)

    def renew(
        self, record_id: bytes, purpose: RegisteredPurpose, *, hand_out: HandOut | None
    ) -> LoggedConsent:
        """Record that the person says yes again; given again, this only renews from a later moment on.

        Raises as :func:`~dongui.consent.giving.renew`; ``Trouble`` as :meth:`give`.
        """
        logged: list[LoggedConsent] = []
        giving.renew(
            self.ledger,
            record_id,
            purpose=purpose,
            clock=self.clock,
            entropy=self.entropy,
            log=lambda receipt: logged.append(self._logged(receipt)),
        )
        return self._handed(logged[0], hand_out)

    def _is_the_same(self, owed: History, purpose: RegisteredPurpose, language: str) -> bool:
        """Whether giving again would give just this: other terms or words are another yes."""
        try:
            require_agreed(owed.record, purpose)
        except Refused:
            return False
        still = owed.state is EventKind.GIVEN and owed.holds_at(self.clock.now())
        return still and owed.record.language == language

    def _logged(self, receipt: ConsentReceipt) -> LoggedConsent:
        blind = self.entropy.draw(BLIND_BYTES)
        entry = Entry(EntryKind.CONSENT, commitment(receipt.to_cbor(), blind=blind))
        (index,) = self.log.append([entry])
        return LoggedConsent(receipt, blind, index)

    def _handed(self, logged: LoggedConsent, hand_out: HandOut | None) -> LoggedConsent:
        if hand_out is not None:
            hand_out(logged)
        # The person has it. Where that cannot be noted, the same command would hand out one more.
        with suppress(Trouble):
            self.ledger.note_handed_out(logged.record_id)
        return logged
