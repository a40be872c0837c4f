"""``dongui demo`` as a process: what it prints is true, and readable where it is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dongui.demo.cast import portrait
from dongui.demo.disk import holds_a_picture
from dongui.demo.scenarios import SCENARIOS
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.checking import LogEvidence, check_receipt
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.trusting import read_trusted


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
    keys = OperatorKeys.parse((tmp_path / "desk" / "operator.keys").read_text(encoding="utf-8"))
    trusted = read_trusted((tmp_path / "checkpoint").read_bytes(), log_key=keys.log)
    bundle = ReceiptBundle.read((tmp_path / "receipt.cbor").read_bytes())
    assert check_receipt(bundle, operator=keys, trusted=trusted).evidence is LogEvidence.CONSISTENT
    assert f"in the log of {trusted.checkpoint.size} entries" in told.stdout
    assert f"extend the {bundle.proof.size} of its own checkpoint" in told.stdout
    assert "no piece of any picture of the story" in told.stdout
    assert "Loading the models before the first visit took" in told.stdout


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
