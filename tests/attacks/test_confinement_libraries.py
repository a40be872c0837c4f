"""Detector, recogniser and inference engine give the same answers in fifty forked children as anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongui.confinement import Confined, Confinement, InProcess
from dongui.memory import SecretBuffer
from simulators.memory_search import derive

VISION = "simulators.confined_vision"


@pytest.mark.slow
def test_fifty_children_agree(tmp_path: Path) -> None:
    """A library unsafe after a fork waits for ever or computes something else; here it is one digest."""
    picture = tmp_path / "face.jpg"
    derive("simulators.confinement_markers:noisy_face", str(picture))
    confinement = Confinement.start(
        f"{VISION}:prepare",
        arguments=b"",
        progress=lambda _message: None,
        timeout_seconds=30,
        memory_bytes=512 << 20,
    )
    with confinement:
        without = {digest(confinement, picture, b"") for _ in range(50)}
        with_template = {digest(confinement, picture, b"template") for _ in range(5)}
    here = InProcess.start(f"{VISION}:prepare", arguments=b"", progress=lambda _message: None)
    assert without == {digest(here, picture, b"")}
    assert with_template == {digest(here, picture, b"template")}


def digest(confined: Confined, picture: Path, order: bytes) -> bytes:
    """The digest over everything that comes out of looking at the picture."""
    with SecretBuffer.read_file(picture, max_bytes=10 << 20, what="picture") as buffer:
        return confined.run(f"{VISION}:digest", order=order, buffers=[buffer])
