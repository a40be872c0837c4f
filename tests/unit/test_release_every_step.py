"""Stopped before each single step that touches the disk: the next run finishes, and logs once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dongui.custody.release_opening import read_release, require_files
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemEntropy
from dongui.log.entry import EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import Tables
from simulators.release_victim import decide

KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())
STEPS: tuple[tuple[Any, str], ...] = (
    *((os, "fsync"), (Path, "rename"), (Path, "unlink"), (Path, "mkdir")),
    *((shutil, "rmtree"), (SqliteLog, "append")),
)


class Stopped(BaseException):
    """The process ends here, as far as the disk can tell."""


def stopping_at(wanted: int, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Stop before the ``wanted``-th step; return how many were counted."""
    done = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done == wanted:
                raise Stopped
            return real(*arguments, **named)

        return step

    for owner, name in STEPS:
        patch.setattr(owner, name, guarded(getattr(owner, name)))
    return lambda: done


def test_stopped_before_every_step(tmp_path: Path) -> None:
    """Wherever it stops, what bears the name is whole; the next run leaves one entry, one release."""
    tables = Tables(3, records=200, people=80)
    stops = 0
    finished = False
    while not finished:
        stops += 1
        folder = tmp_path / str(stops)
        folder.mkdir()
        with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
            tables.write(folder, checkpoint=log.checkpoint())
            release_log = ReleaseLog(log, KEY.verifier)
            with pytest.MonkeyPatch.context() as patch:
                stopping_at(stops, patch)
                try:
                    decide(folder, release_log, 0)
                    finished = True
                except Stopped:
                    pass
            out = folder / "decision-00000"
            if not out.exists():
                decide(folder, release_log, 0)
            require_files(read_release(out, key=KEY.verifier))
            kinds = [log.entry(index).kind for index in range(log.checkpoint().size)]
            assert kinds == [EntryKind.RELEASE], f"stopped before step {stops}"
        shutil.rmtree(folder)
    assert stops > 25
