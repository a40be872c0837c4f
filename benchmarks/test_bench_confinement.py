"""The price of forgetting: what starting costs, and what each confined task costs beyond its own work.

Starting happens before anybody arrives. ``fork`` is a task that does nothing; ``clip`` carries 3 MB to one
that adds it up. The zygote holds the models of the whole examination, as it does at work: the more it holds,
the more page tables each fork copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from dongui.confinement import Confinement
from dongui.desk.desk import models_cache
from dongui.memory import SecretBuffer

PREPARE = "dongui.verification:prepare"
TASK = "simulators.confined_tasks:add_up"
CLIP_BYTES = 3_000_000
pytestmark = pytest.mark.benchmark(group="confinement")


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    def pedantic(self, target: Callable[..., object], *, rounds: int, warmup_rounds: int) -> object:
        """Call ``target`` so many times, each a round."""


def start() -> Confinement:
    """A warm zygote with the examination's models."""
    return Confinement.start(
        PREPARE,
        arguments=str(models_cache()).encode(),
        progress=lambda _message: None,
        timeout_seconds=30,
        memory_bytes=1 << 30,
    )


@pytest.fixture(scope="module")
def confinement() -> Iterator[Confinement]:
    """One zygote for all."""
    with start() as started:
        yield started


def test_start(benchmark: Benchmark) -> None:
    """A fresh interpreter until every model is loaded and has worked once."""
    benchmark.pedantic(lambda: start().close(), rounds=3, warmup_rounds=1)


def test_fork(benchmark: Benchmark, confinement: Confinement) -> None:
    """Fork, harden, order, answer, end: a task that does nothing."""
    benchmark.pedantic(lambda: confinement.run(TASK, order=b"", buffers=[]), rounds=100, warmup_rounds=5)


def test_clip(benchmark: Benchmark, confinement: Confinement) -> None:
    """The same with a clip of 3 MB carried over."""
    with SecretBuffer(bytearray(b"\x01" * CLIP_BYTES)) as clip:
        benchmark.pedantic(
            lambda: confinement.run(TASK, order=b"", buffers=[clip]), rounds=100, warmup_rounds=5
        )
