"""How a run ends where its output cannot be written: by its own exit code, and never by Python's 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dongui
from dongui.demo.cast import LicensingAuthority
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from simulators.main_path import read_licence

GIVEN = {"PYTHONPATH": str(Path(dongui.__file__).parents[1]), "LC_ALL": "C.UTF-8"}
FULL = Path("/dev/full")
MISUSE, DONE = ("purpose", "show", "no-such-purpose"), ("operating-point", "list")


def ended(words: tuple[str, ...], streams: str, **surroundings: str) -> int:
    """Run a command in a shell that redirects its streams, and return the exit code."""
    command = f'exec "$0" -m dongui.cli "$@" {streams}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, *words],
        env={**os.environ, **GIVEN, **surroundings},
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


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_reader_who_leaves_ends_a_command_as_the_shell_knows_it(form: tuple[str, ...]) -> None:
    """``dongui ... | head``: the pipe's own code, and no fault of ours."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "dongui.cli", "purpose", "list", *form],
            env={**os.environ, **GIVEN},
            stdout=writes,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writes)
    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full: full disks are not tried")
def test_a_copy_that_did_not_leave_the_process_is_still_owed(tmp_path: Path) -> None:
    """What waits in a buffer has reached nobody: the same command hands it out again."""
    authority = LicensingAuthority.found("Licensing Office", now=SystemClock().now(), entropy=SystemEntropy())
    create_desk(tmp_path / "desk", CONTROLLER, entropy=SystemEntropy())
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as desk:
        licence = read_licence(authority.license("05"), authority, clock=desk.clock)
        record = desk.give_consent("airport-gate", licence, language="ko").record_id
    words = ("consent", "withdraw", record.hex(), "--desk", str(tmp_path / "desk"), "--json")
    assert ended(words, f">{FULL}", PYTHONUNBUFFERED="") == 3
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as desk:
        assert desk.ledger.is_owed(record)
    assert ended(words, f">{tmp_path / 'copy'}", PYTHONUNBUFFERED="") == 0
    assert "blind" in json.loads((tmp_path / "copy").read_text())["result"]["log"]
