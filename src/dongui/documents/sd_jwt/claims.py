"""Taking claims by type: one failure for a claim that is missing or is not what the standard says it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from dongui.encoding.strict_json import JsonValue
from dongui.errors import Refused

__all__ = ["label", "moment", "optional_text", "text"]

_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z, the end of what a datetime can hold
_MAX_LABEL_CHARACTERS = 64
_MAX_TEXT_CHARACTERS = 2_048


def label(name: str) -> str:
    """A name out of a document, fit for a message: short, and no control characters."""
    return ascii(name[:_MAX_LABEL_CHARACTERS])


def text(claims: Mapping[str, JsonValue], name: str, *, failure: str) -> str:
    """A text of 1 to 2,048 characters. Raises ``Refused`` with the name ``failure``."""
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_TEXT_CHARACTERS:
        raise Refused(
            failure, f"{name} is missing or is not a text of 1 to {_MAX_TEXT_CHARACTERS} characters"
        )
    return value


def optional_text(claims: Mapping[str, JsonValue], name: str, *, failure: str) -> str | None:
    """Like :func:`text`, or ``None`` where the claim is absent."""
    return text(claims, name, failure=failure) if name in claims else None


def moment(claims: Mapping[str, JsonValue], name: str, *, failure: str) -> datetime | None:
    """A NumericDate (RFC 7519, 2) between 1970 and 9999, or ``None`` where the claim is absent.

    Fractions are cut off. Raises ``Refused`` with the name ``failure``.
    """
    if name not in claims:
        return None
    value = claims[name]
    # true equals 1 in Python, and is no number in JSON.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise Refused(failure, f"{name} is not a number of seconds since 1970")
    return datetime.fromtimestamp(math.floor(value), UTC)
