"""``dongui demo`` as a process: what it prints is true, and readable where it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dongui.demo.cast import portrait
from dongui.demo.disk import holds_a_picture
from dongui.demo.scenarios import SCENARIOS
from dongui.demo.stages import STAGES
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import LogEvidence, check_receipt
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.trusting import read_trusted
from simulators.shown_output import columns, matches, measured_apart

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_story_is_told_truly_in_eighty_columns(tmp_path: Path) -> None:
    """No failure's name is broken, and the receipt left behind is in the very log whose size is printed."""
    told = _demo(tmp_path, "--language", "en", COLUMNS="80")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert "all, ms" in lines[0]
    for scenario in SCENARIOS:
        assert scenario.reason is None or any(f" {scenario.reason} " in line for line in lines)
    rows = lines[: lines.index("")]
    assert max(map(len, rows)) <= 80
    require_stages(rows)
    block = re.search(r"^\$ make demo\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block
    assert max(map(columns, block[1].splitlines())) <= 80
    printed = measured_apart((told.stdout + told.stderr).splitlines())
    assert matches(measured_apart(block[1].splitlines()), printed), "the front page shows something else"
    keys = OperatorKeys.parse((tmp_path / "desk" / "operator.keys").read_text(encoding="utf-8"))
    trusted = read_trusted((tmp_path / "checkpoint").read_bytes(), log_key=keys.log)
    bundle = ReceiptBundle.read((tmp_path / "receipt.cbor").read_bytes())
    assert check_receipt(bundle, operator=keys, trusted=trusted).evidence is LogEvidence.CONSISTENT
    assert f"in the log of {trusted.checkpoint.size} entries" in told.stdout
    assert f"extend the {bundle.proof.size} of its own checkpoint" in told.stdout
    assert "no piece of any picture of the story" in told.stdout
    assert "Loading the models before the first visit took" in told.stdout


def require_stages(rows: Sequence[str]) -> None:
    """Below each visit stand its stages by name, in order, and their times are those of the whole."""
    stages = [row.strip().split(", ") for row in rows if row.startswith("  ")]
    totals = [int(found[1]) for row in rows if (found := re.search(r"^\S.* (\d+)$", row.rstrip()))]
    names = [stage.short.en for stage in STAGES]
    assert len(stages) == len(totals) == len(SCENARIOS)
    assert [part.split()[0] for part in stages[0]] == names
    for parts, total in zip(stages, totals, strict=True):
        reached = {name: 0.5 if time == "<1" else int(time) for name, time in map(str.split, parts)}
        assert list(reached) == [name for name in names if name in reached]
        assert sum(reached.values()) == pytest.approx(total, abs=len(names) / 2 + 0.5)


def test_a_piece_of_a_picture_is_found_wherever_it_stands(tmp_path: Path) -> None:
    """Ninety-five bytes from anywhere in a picture, at any place of a file, are enough."""
    picture = portrait("05")
    for start in (0, 1_001, len(picture) // 2, len(picture) - 95):
        (tmp_path / "kept").write_bytes(bytes(start % 61) + picture[start : start + 95] + bytes(7))
        assert holds_a_picture(tmp_path, [picture]) == ["kept"], start
    (tmp_path / "kept").write_bytes(bytes(8192))
    assert holds_a_picture(tmp_path, [picture]) == []


def _demo(out: Path, *options: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dongui.cli", "demo", "--out", str(out), *options],
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
