"""A session's id, as a command takes it."""

from __future__ import annotations

from dongui.errors import Misuse

__all__ = ["parse_session_id"]

_ID_BYTES = 16


def parse_session_id(text: str) -> str:
    """Return an id in the form sessions are kept under: 32 lower-case hexadecimal digits.

    What cannot be any session's id is a mistyped one, and says nothing about a presentation: it is told apart
    from ``session.unknown``. Raises ``Misuse`` (``session.id-malformed``).
    """
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != _ID_BYTES or len(text) != 2 * _ID_BYTES:
        raise Misuse("session.id-malformed", "a session's id is 32 hexadecimal digits")
    return identity.hex()
