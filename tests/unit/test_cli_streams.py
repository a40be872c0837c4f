"""How a run ends where its output cannot be written: by its own exit code, and never by Python's 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dongui

GIVEN = {"PYTHONPATH": str(Path(dongui.__file__).parents[1]), "LC_ALL": "C.UTF-8"}
FULL = Path("/dev/full")
MISUSE, DONE = ("purpose", "show", "no-such-purpose"), ("operating-point", "list")


def ended(words: tuple[str, ...], streams: str) -> int:
    """Run a command in a shell that redirects its streams, and return the exit code."""
    command = f'exec "$0" -m dongui.cli "$@" {streams}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, *words],
        env={**os.environ, **GIVEN},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    ).returncode


@pytest.mark.parametrize("streams", ["2>&-", ">&- 2>&-"])
def test_a_misuse_is_one_with_closed_streams_too(streams: str) -> None:
    """Exit code 1 says that a proof failed: a closed stream must not say so."""
    assert ended(MISUSE, streams) == 2


def test_what_is_done_is_done_with_closed_streams_too() -> None:
    """Whoever closes standard output asks for the exit code alone."""
    assert ended(DONE, ">&-") == 0


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full: full disks are not tried")
@pytest.mark.parametrize(
    ("words", "streams", "code"),
    [
        (MISUSE, f"2>{FULL}", 2),
        ((*MISUSE, "--json"), f">{FULL} 2>{FULL}", 2),
        (DONE, f">{FULL}", 3),
        ((*DONE, "--json"), f">{FULL}", 3),
    ],
)
def test_a_full_disk_behind_a_stream_changes_no_answer(
    words: tuple[str, ...], streams: str, code: int
) -> None:
    """What failed says so by its code; an answer nobody could read is undetermined, and no fault of ours."""
    assert ended(words, streams) == code
