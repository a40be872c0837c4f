"""Finishing what was begun: a logged draft is looked at again before it gets its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongui.custody.release_files import Draft
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemEntropy
from dongui.errors import Refused
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import Tables
from simulators.release_victim import decide

KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())


class Stopped(BaseException):
    """The process ends here."""


def test_a_logged_draft_whose_files_were_changed_is_not_finished(tmp_path: Path) -> None:
    """What was logged is what gets its name: one byte of a part, and nothing does."""
    with SqliteLog.open(tmp_path / "log.sqlite", key=KEY) as log:
        Tables(3, records=200, people=80).write(tmp_path, checkpoint=log.checkpoint())
        release_log = ReleaseLog(log, KEY.verifier)

        def stop(*_: object) -> None:
            raise Stopped

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Draft, "publish", stop)
            with pytest.raises(Stopped):
                decide(tmp_path, release_log, 0)
        (part,) = (tmp_path / ".decision-00000.draft" / "released").glob("*.parquet")
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
        with pytest.raises(Refused, match=r"release\.file-differs"):
            decide(tmp_path, release_log, 0)
        assert not (tmp_path / "decision-00000").exists()
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
        decide(tmp_path, release_log, 0)
        assert (tmp_path / "decision-00000").exists()
