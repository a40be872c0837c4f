"""How old a status list may be. What is too old is no answer, and no fault of the person's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dongui.documents.status.token_status_list import StatusListToken
from dongui.errors import Misuse, Trouble

__all__ = ["MAX_CLOCK_LEAD", "FreshnessLimit", "require_fresh"]

MAX_CLOCK_LEAD = timedelta(minutes=5)
"""How far the clock of a list's issuer may run ahead."""


@dataclass(frozen=True, slots=True)
class FreshnessLimit:
    """The operator's limit on a list's age, counted from its ``iat``, whatever its issuer allows.

    Raises ``Misuse`` (``status.bad-limit``) unless it is positive and at most 366 days.
    """

    max_age: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) < self.max_age <= timedelta(days=366):
            raise Misuse(
                "status.bad-limit", f"max_age is {self.max_age}; it must be positive, at most 366 days"
            )


def require_fresh(
    token: StatusListToken, *, limit: FreshnessLimit, fetched_at: datetime | None, at: datetime
) -> None:
    """Raise ``Trouble`` unless the list may be relied on at ``at``.

    ``fetched_at`` is when it was taken from its place; ``ttl`` counts from there, and from ``iat`` where
    nobody noted it. ``status.list-from-future``, ``status.list-expired``, ``status.list-stale``.
    """
    if token.issued_at - at > MAX_CLOCK_LEAD:
        raise Trouble("status.list-from-future", f"issued {token.issued_at:%Y-%m-%d %H:%M}Z, after now")
    if token.expires is not None and at >= token.expires:
        raise Trouble("status.list-expired", f"its issuer let it end on {token.expires:%Y-%m-%d %H:%M}Z")
    if at - token.issued_at > limit.max_age:
        raise Trouble(
            "status.list-stale",
            f"issued {token.issued_at:%Y-%m-%d %H:%M}Z; the limit is {limit.max_age} before now",
        )
    taken = max(fetched_at or token.issued_at, token.issued_at)
    if token.time_to_live is not None and at - taken > token.time_to_live:
        raise Trouble("status.list-stale", f"its issuer asks for a fresh copy after {token.time_to_live}")
