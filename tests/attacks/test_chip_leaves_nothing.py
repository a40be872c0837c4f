"""A search of the memory of the program that had a passport read: one buffer, and after wiping it nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.demo.cast import portrait
from simulators.chip_documents import Wishes, chip
from simulators.command_line import PERSON
from simulators.memory_search import hide, search_process_memory
from simulators.virtual_reader import VirtualReader, require_services, virtual_reader


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[VirtualReader]:
    require_services()
    with virtual_reader(tmp_path) as running:
        yield running


def test_nothing_of_the_portrait_is_left_with_who_had_it_read(reader: VirtualReader) -> None:
    """While it is held the search finds it, so the search works; once wiped it is nowhere in the process."""
    on_reader = chip(Wishes(portrait=portrait(PERSON)))
    needles = [hide("the portrait in DG2", portrait(PERSON)[700:])]
    surroundings = os.environ | {
        "PCSCLITE_CSOCK_NAME": reader.socket_name,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with (
        reader.holding(on_reader),
        subprocess.Popen(
            [sys.executable, "-m", "simulators.chip_victim", "L898902C3", "740812", "320415"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=surroundings,
            text=True,
        ) as victim,
    ):
        assert victim.stdin is not None
        assert victim.stdout is not None
        assert victim.stdout.readline() == "held\n"
        assert search_process_memory(victim.pid, needles)
        victim.stdin.write("\n")
        victim.stdin.flush()
        assert victim.stdout.readline() == "forgotten\n"
        found = search_process_memory(victim.pid, needles)
        victim.stdin.write("\n")
        victim.stdin.flush()
        assert victim.wait(60) == 0
    assert not found, found
