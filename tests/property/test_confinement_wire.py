"""What crosses the border is read as a stranger's bytes are."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.confinement import wire
from dongui.confinement.wire import BrokenWireError
from dongui.errors import DonguiError, Misuse, Refused, Trouble, Undetermined, failures
from dongui.memory import SecretBuffer

FAMILIES: dict[str, type[DonguiError]] = {
    kind.family: kind for kind in (Misuse, Refused, Undetermined, Trouble)
}


def fed(data: bytes) -> socket.socket:
    """A socket from which ``data`` and then the end can be read."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
    return ours


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_arbitrary_bytes_are_a_frame_or_named_broken(data: bytes) -> None:
    """No bytes from a child do anything but make a bounded frame or raise the one error."""
    with fed(data) as ours:
        try:
            frame = wire.receive_frame(ours)
        except BrokenWireError:
            return
    assert len(frame.payload) == int.from_bytes(data[1:5])
    assert frame.kind == data[0]


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_arbitrary_bytes_are_an_order_or_named_broken(data: bytes) -> None:
    """The same on the child's side; a length of exabytes allocates nothing."""
    with fed(data) as ours:
        try:
            order, buffers = wire.receive_order(ours)
        except BrokenWireError:
            return
    assert len(order) + sum(map(len, buffers)) <= len(data)


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xff\xff\xff\x00\x00",
        b"\x00\x00\x00\x00\xff\xff",
        b"\x00\x00\x00\x00\x00\x01" + b"\xff" * 8,
        b"\x00\x00\x00\x00\x00\x02" + (300 << 20).to_bytes(8) * 2,
    ],
    ids=["order", "count", "exabytes", "together"],
)
def test_a_length_beyond_the_bounds_is_refused_at_its_announcement(head: bytes) -> None:
    """The bound is judged before allocation: what follows is never awaited."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head)
        ours.settimeout(5)
        with pytest.raises(BrokenWireError):
            wire.receive_order(ours)


@given(st.binary(max_size=500), st.lists(st.binary(max_size=5000), max_size=20))
@settings(max_examples=100)
def test_an_order_arrives_as_it_was_sent(order: bytes, contents: list[bytes]) -> None:
    """Whatever the sizes, what is received is what was sent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        buffers = [SecretBuffer(bytearray(content)) for content in contents]
        sender = threading.Thread(target=wire.send_order, args=(theirs, order, buffers))
        sender.start()
        received, arrived = wire.receive_order(ours)
        sender.join()
    assert received == order
    assert [bytes(buffer.view) for buffer in arrived] == contents


@given(st.sampled_from(sorted(failures())), st.text(max_size=3000))
@settings(max_examples=200)
def test_a_failure_crosses_with_family_name_and_detail(name: str, detail: str) -> None:
    """Every failure of the table comes out as itself; a detail is cut at its limit, never the rest lost."""
    family = FAMILIES[failures()[name].family]
    crossed = wire.unpack_failure(wire.pack_failure(family(name, detail)))
    assert type(crossed) is family
    assert crossed.name == name
    if detail.isprintable():
        assert crossed.detail == detail[:2000]


@given(st.binary(max_size=100))
def test_a_failure_nobody_named_is_broken(payload: bytes) -> None:
    """A child cannot invent a name, and so cannot choose a family its name does not have."""
    try:
        failure = wire.unpack_failure(payload)
    except BrokenWireError:
        return
    assert failure.name in failures()
