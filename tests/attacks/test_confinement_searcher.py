"""Before an absence means anything: the searcher finds what is there, wherever and however it lies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulators.memory_search import derive, hide, search_files, search_process_memory

RANDOM = "simulators.confinement_markers:random_secret"


@contextmanager
def holder(path: Path, keep: str) -> Iterator[int]:
    """A process that reads ``secret`` from the file, keeps what ``keep`` says, overwrites it, and waits."""
    script = (
        "import sys, ctypes\n"
        f"secret = bytearray({path.stat().st_size})\n"
        f"open({str(path)!r}, 'rb', buffering=0).readinto(secret)\n"
        f"kept = {keep}\nsecret[:] = bytes(len(secret))\nprint('ready', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize(
    "keep",
    [
        "bytes(secret)",
        "b'xyz' + secret",
        "[secret[2001:2052], 0]",
        "ctypes.create_string_buffer(bytes(secret[7:600]))",
    ],
)
def test_a_kept_copy_is_found(tmp_path: Path, keep: str) -> None:
    """A whole copy, a shifted one, a slice of 51 bytes, a C buffer: each is found."""
    needles = derive(RANDOM, str(tmp_path / "f"), "4096")
    with holder(tmp_path / "f", keep) as pid:
        assert [hit.label for hit in search_process_memory(pid, needles)]


def test_a_copy_of_a_large_secret_is_found(tmp_path: Path) -> None:
    """Of a megabyte samples are looked for; half of it is enough to be found."""
    needles = derive(RANDOM, str(tmp_path / "f"), str(1 << 20))
    with holder(tmp_path / "f", "secret[300_001:800_000]") as pid:
        assert search_process_memory(pid, needles)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """Who overwrote the secret has none of it, nor who never saw it, nor who ordered the search."""
    needles = derive(RANDOM, str(tmp_path / "f"), "4096")
    with holder(tmp_path / "f", "sum(secret)") as pid:
        assert search_process_memory(pid, needles) == []
    with holder(Path(__file__), "0") as pid:
        assert search_process_memory(pid, needles) == []
    assert search_process_memory(os.getpid(), needles) == []


def test_its_own_memory_is_searched_too(tmp_path: Path) -> None:
    """A copy in the very process that asks is found: an absence there means something."""
    needles = derive(RANDOM, str(tmp_path / "f"), "4096")
    kept = (tmp_path / "f").read_bytes()
    assert search_process_memory(os.getpid(), needles)
    assert len(kept) == 4096


def test_files_are_searched(tmp_path: Path) -> None:
    """A secret inside a larger file below the folder is found, and told where."""
    needles = derive(RANDOM, str(tmp_path / "f"), "4096")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "log.txt").write_bytes(b"line\n" * 99 + (tmp_path / "f").read_bytes()[5:90])
    hits = search_files([tmp_path / "a"], needles)
    assert len(hits) == 1
    assert "log.txt" in hits[0].where
    assert hits[0].run == 85


def test_a_uniform_needle_is_refused() -> None:
    """Zeros stand everywhere: looking for them would prove nothing, so it fails loudly."""
    with pytest.raises(AssertionError, match="too uniform"):
        search_process_memory(os.getpid(), [hide("zeros", bytes(100))])
