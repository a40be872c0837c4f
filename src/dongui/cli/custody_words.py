"""The words of ``dongui custody``. No heavy import: ``--help`` needs them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["KindName", "LayoutName"]


class LayoutName(StrEnum):
    """How people and records are named in a table."""

    SORTED = "sorted"
    GENERAL = "general"


class KindName(StrEnum):
    """What somebody said, or what was done to a consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RENEWED = "renewed"
    GUARDIAN_GIVEN = "guardian-given"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
