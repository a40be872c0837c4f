"""Answers that come in pieces, or ask to be asked again: how a chip speaks by T=0 (ISO/IEC 7816-3, 10.3).

Contactless chips send whole answers. Contact readers, and some drivers of the others, hand on what the older
protocol says: ``61xx``, the answer waits to be fetched by GET RESPONSE; ``6Cxx``, ask again for ``xx`` bytes.
Both are of the line and not of the chip: neither is protected, and no message counter steps for it.
"""

from __future__ import annotations

from collections.abc import Callable

from dongui.documents.passport.chip.apdu import SHORT_ANSWER, Command, Response
from dongui.errors import Undetermined

__all__ = ["whole_answer", "without_expected_length"]

_MORE_WAITS, _WRONG_LENGTH = 0x61, 0x6C
_MAX_ANSWER = 0x10000  # what the longest answer of ISO/IEC 7816-4, 5.1, holds
# Pieces of 64 bytes would still fill the longest answer; one byte at a time would keep a reader for hours.
_MAX_PIECES = _MAX_ANSWER // 64


def whole_answer(command: Command, transmit: Callable[[bytes], bytes]) -> Response:
    """Send one command, by as many as it takes, and return its whole answer.

    Raises ``Undetermined`` (``chip.malformed-response``) for an answer without an end; what ``transmit``
    raises.
    """
    response = Response.decode(transmit(command.encode()))
    if response.status >> 8 == _WRONG_LENGTH and command.expected is not None and not command.is_extended:
        # Once: the same bytes but for the last, which no message authentication code covers.
        again = command.encode()[:-1] + bytes([response.status & 0xFF])
        response = Response.decode(transmit(again))
    data, pieces = response.data, 0
    while response.status >> 8 == _MORE_WAITS:
        pieces += 1
        if pieces > _MAX_PIECES:
            raise Undetermined("chip.malformed-response", f"an answer in more than {_MAX_PIECES} pieces")
        response = _next_piece(response.status & 0xFF, transmit)
        data += response.data
        if len(data) > _MAX_ANSWER:
            raise Undetermined("chip.malformed-response", f"an answer of more than {_MAX_ANSWER} bytes")
    return Response(data, response.status)


def _next_piece(waiting: int, transmit: Callable[[bytes], bytes]) -> Response:
    fetch = Command(0x00, 0xC0, 0x00, 0x00, expected=waiting or SHORT_ANSWER)
    response = Response.decode(transmit(fetch.encode()))
    if not response.data and response.status >> 8 == _MORE_WAITS:
        raise Undetermined("chip.malformed-response", "the chip says that more waits, and gives nothing")
    return response


def without_expected_length(command: bytes) -> bytes:
    """Return a short command as T=0 carries it: with data, or with an expected length, and never with both.

    ISO/IEC 7816-3, 12.1.2: of a command with data the length is left to GET RESPONSE.
    """
    if len(command) > 5 and command[4] and len(command) == 5 + command[4] + 1:
        return command[:-1]
    return command
