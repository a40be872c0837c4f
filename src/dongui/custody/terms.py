"""Within what time the law wants a withdrawal carried out, and when statistics of few may be published."""

from __future__ import annotations

from datetime import datetime, timedelta

from dongui.custody.rule_pack import rule_pack

__all__ = ["LEAST_CHANGED", "due_at"]

LEAST_CHANGED = 10
"""People who must have changed, and who must be left, before statistics are published (k)."""
# PIPA_2025_10: Enforcement Decree, articles 43(3) and 44(2): ten days from the request. GDPR_2016_679:
# article 12(3): one month from receipt; 28 days are within every month.
_DAYS = {"PIPA_2025_10": 10, "GDPR_2016_679": 28}


def due_at(received: datetime, *, pack: str) -> datetime:
    """Return the moment by which what was asked at ``received`` must be done, by the rules of ``pack``.

    Raises ``Misuse`` (``ground.unknown-pack``).
    """
    return received + timedelta(days=_DAYS[rule_pack(pack).id])
