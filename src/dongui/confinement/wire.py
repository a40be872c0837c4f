"""The bytes between the three processes. Every length is announced, and bounded before anything is allocated.

::

    order    u32 length of the order, u16 number of buffers, u64 length of each, the order, the buffers
    frame    u8 kind, u32 length, the payload

Buffers are sent from and received into memory that can be overwritten; no ``bytes`` object ever holds one.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from dongui.errors import DonguiError, Misuse, Refused, Trouble, Undetermined, failure_named
from dongui.memory import SecretBuffer

__all__ = [
    "MAX_BUFFERS",
    "MAX_ORDER_BYTES",
    "MAX_REPLY_BYTES",
    "MAX_TOTAL_BYTES",
    "BrokenWireError",
    "Frame",
    "Kind",
    "pack_failure",
    "receive_frame",
    "receive_order",
    "require_bounded",
    "require_bounded_arguments",
    "send_frame",
    "send_order",
    "unpack_failure",
]

# A list of some thousand trusted certificates is the largest thing an order carries.
MAX_ORDER_BYTES = 16 << 20
MAX_BUFFERS = 1024
MAX_TOTAL_BYTES = 512 << 20
MAX_REPLY_BYTES = 1 << 20
_MAX_DETAIL_CHARACTERS = 2000

_ORDER = struct.Struct("!IH")
_LENGTH = struct.Struct("!Q")
_FRAME = struct.Struct("!BI")


class BrokenWireError(Exception):
    """The other side ended, or speaks out of turn or out of bounds."""


class Kind(IntEnum):
    """What a frame says."""

    PROGRESS = 1  # a text for the person who waits
    READY = 2  # the zygote is prepared; the child is hardened and waits for its order
    FAILURE = 3  # a failure by its name
    UNEXPECTED = 4  # something unforeseen, by its type
    RESULT = 5  # what the task returned
    ENDED = 6  # how a child ended
    PREPARE = 7  # what to load
    TASK = 8  # fork a child; its socket comes with this frame


_KINDS = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    kind: Kind
    payload: bytes


def send_frame(wire: socket.socket, kind: Kind, payload: bytes = b"") -> None:
    """Send one frame. Raises ``OSError`` if the other side is gone."""
    wire.sendall(_FRAME.pack(kind, len(payload)) + payload)


def receive_frame(wire: socket.socket) -> Frame:
    """Receive one frame. Raises :class:`BrokenWireError`, or ``OSError`` (``TimeoutError`` included)."""
    kind, length = _FRAME.unpack(_receive(wire, _FRAME.size))
    if length > MAX_REPLY_BYTES or kind not in _KINDS:
        raise BrokenWireError
    return Frame(Kind(kind), bytes(_receive(wire, length)))


def require_bounded(order: bytes, buffers: Sequence[SecretBuffer]) -> None:
    """Raise ``Misuse`` (``confinement.order-too-large``) for what :func:`send_order` will not carry."""
    total = sum(len(buffer) for buffer in buffers)
    for what, size, limit in (
        ("the order's bytes", len(order), MAX_ORDER_BYTES),
        ("the number of buffers", len(buffers), MAX_BUFFERS),
        ("the buffers' bytes together", total, MAX_TOTAL_BYTES),
    ):
        if size > limit:
            raise Misuse("confinement.order-too-large", f"{what}: {size}; the limit is {limit}")


def require_bounded_arguments(arguments: bytes) -> None:
    """Raise ``Misuse`` (``confinement.order-too-large``) for more than a preparing function can be given."""
    limit = MAX_REPLY_BYTES // 2
    if len(arguments) > limit:
        raise Misuse(
            "confinement.order-too-large", f"the arguments' bytes: {len(arguments)}; the limit is {limit}"
        )


def send_order(wire: socket.socket, order: bytes, buffers: Sequence[SecretBuffer]) -> None:
    """Send an order with its buffers, without copying them. Raises ``OSError`` if the other side is gone."""
    lengths = b"".join(_LENGTH.pack(len(buffer)) for buffer in buffers)
    wire.sendall(_ORDER.pack(len(order), len(buffers)) + lengths + order)
    for buffer in buffers:
        with buffer.view as view:
            wire.sendall(view)


def receive_order(wire: socket.socket) -> tuple[bytes, list[SecretBuffer]]:
    """Receive what :func:`send_order` sent. Raises :class:`BrokenWireError` or ``OSError``."""
    order_length, count = _ORDER.unpack(_receive(wire, _ORDER.size))
    if order_length > MAX_ORDER_BYTES or count > MAX_BUFFERS:
        raise BrokenWireError
    lengths = [size for (size,) in _LENGTH.iter_unpack(_receive(wire, _LENGTH.size * count))]
    if sum(lengths) > MAX_TOTAL_BYTES:
        raise BrokenWireError
    order = bytes(_receive(wire, order_length))
    return order, [SecretBuffer(_receive(wire, length)) for length in lengths]


def _receive(wire: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    with memoryview(data) as view:
        filled = 0
        while filled < size:
            count = wire.recv_into(view[filled:])
            if count == 0:
                raise BrokenWireError
            filled += count
    return data


_FAMILIES: dict[str, type[DonguiError]] = {
    kind.family: kind for kind in (Misuse, Refused, Undetermined, Trouble)
}


def pack_failure(error: DonguiError) -> bytes:
    """Return a failure as its name and its detail; the family follows from the name."""
    return f"{error.name}\n{error.detail[:_MAX_DETAIL_CHARACTERS]}".encode("utf-8", "backslashreplace")


def unpack_failure(payload: bytes) -> DonguiError:
    """Return the failure as an exception to raise. Raises :class:`BrokenWireError` for a name nobody gave."""
    name, _, detail = payload.decode("utf-8", "replace").partition("\n")
    entry = failure_named(name)
    if entry is None:
        raise BrokenWireError
    return _FAMILIES[entry.family](name, detail[:_MAX_DETAIL_CHARACTERS])
