"""What a person can do with a consent: give it, withdraw it, renew it. Each is durable before it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dongui.consent.coverage import require_agreed
from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.ledger import Ledger
from dongui.consent.purpose import RegisteredPurpose
from dongui.consent.receipt import ConsentReceipt
from dongui.consent.record import ConsentRecord
from dongui.environment import Clock, Entropy

__all__ = ["Log", "give", "receipt_again", "renew", "withdraw"]

Log: TypeAlias = Callable[[ConsentReceipt], object]
"""Tells the verifiable log of a receipt."""

_ID_BYTES = 16


def give(
    ledger: Ledger,
    *,
    purpose: RegisteredPurpose,
    handle: bytes,
    language: str,
    clock: Clock,
    entropy: Entropy,
    log: Log | None = None,
) -> ConsentReceipt:
    """Record that the person behind ``handle`` read the notice in ``language`` and said yes to ``purpose``.

    ``handle`` is what :func:`dongui.consent.subject.subject_handle` returned for their authenticated
    document. ``log`` is called with the receipt just before all of it is durable: what it raises is raised,
    and nothing was recorded. Raises ``Misuse``: ``consent.already-given``; ``KeyError`` for a language with
    no notice.
    """
    record = ConsentRecord.make(
        purpose,
        record_id=entropy.draw(_ID_BYTES),
        subject=handle,
        language=language,
        created_at=clock.now(),
    )
    event = ConsentEvent(
        record_id=record.id,
        kind=EventKind.GIVEN,
        at=record.created_at,
        entity=handle.hex(),
        valid_for=purpose.consent_validity,
    )
    receipt = receipt_again(History(record).follow(event), entropy)
    ledger.open_record(receipt.history, purpose.notice(language), before=lambda _: log and log(receipt))
    return receipt


def withdraw(ledger: Ledger, record_id: bytes, *, clock: Clock, entropy: Entropy) -> ConsentReceipt:
    """Record that the person takes their consent back. As easy as giving: the record's id is enough.

    Raises ``Misuse``: ``consent.unknown-record``, ``consent.event-out-of-order`` (withdrawn already).
    """
    history = ledger.history(record_id)
    # A clock set back since then must not make anybody wait: dated no earlier than what it ends.
    at = max(clock.now(), *(event.at for event in history.events))
    person = history.record.subject.hex()
    event = ConsentEvent(record_id=record_id, kind=EventKind.WITHDRAWN, at=at, entity=person)
    return _keep(ledger, event, entropy)


def renew(
    ledger: Ledger,
    record_id: bytes,
    *,
    purpose: RegisteredPurpose,
    clock: Clock,
    entropy: Entropy,
    log: Log | None = None,
) -> ConsentReceipt:
    """Record that the person says yes again, to the same notice, for another full period from now.

    ``log`` as for :func:`give`. Raises what :func:`~dongui.consent.coverage.require_agreed` raises where
    purpose or notice are not what they agreed to (then a new consent is asked for); ``Misuse`` as
    :func:`withdraw`, and ``consent.already-given`` where another consent of theirs to this purpose holds.
    """
    record = ledger.history(record_id).record
    require_agreed(record, purpose)
    event = ConsentEvent(
        record_id=record_id,
        kind=EventKind.RENEWED,
        at=clock.now(),
        entity=record.subject.hex(),
        valid_for=purpose.consent_validity,
    )
    return _keep(ledger, event, entropy, log)


def receipt_again(history: History, entropy: Entropy) -> ConsentReceipt:
    """Return a receipt of all that is recorded, as of its last event; each has a number of its own."""
    return ConsentReceipt(id=entropy.draw(_ID_BYTES), issued_at=history.events[-1].at, history=history)


def _keep(ledger: Ledger, event: ConsentEvent, entropy: Entropy, log: Log | None = None) -> ConsentReceipt:
    made: list[ConsentReceipt] = []

    def before(history: History) -> None:
        made.append(receipt_again(history, entropy))
        if log is not None:
            log(made[0])

    ledger.append(event, before=before)
    return made[0]
