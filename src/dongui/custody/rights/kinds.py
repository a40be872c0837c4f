"""The words of rights: what may be asked for, and what may happen to a request. No heavy import."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Happening", "Right"]


class Right(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    COPY = "copy"
    CORRECTION = "correction"
    ERASURE = "erasure"
    SUSPENSION = "suspension"
    OBJECTION = "objection"
    EXPLANATION = "explanation"
    HUMAN_REVIEW = "human-review"


class Happening(StrEnum):
    """What may happen to a request. Each is an event with a log entry; none is ever changed."""

    RECEIVED = "received"
    IDENTITY_CONFIRMED = "identity-confirmed"
    EXTENDED = "extended"
    STEP_BEGUN = "step-begun"  # something of an erasure is about to be destroyed
    STEP_DONE = "step-done"
    REVIEWED = "reviewed"  # a human looked at a decision again
    FULFILLED = "fulfilled"
    REFUSED = "refused"
