"""A path that cannot even be asked for is the caller's mistake, wherever a command takes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dongui.cli.main import run

LONG = "long" * 80
DECLARED = (
    *("--name", "set", "--holder", "Office", "--data-set", "Set", "--agreement", "In writing"),
    *("--until", "2030-01-01", "--key", "holder.key", "--out", "set.declaration"),
)


@pytest.mark.parametrize(
    "words",
    [
        ("document", "show", LONG),
        ("recogniser", "show", "dlib-resnet-v1", "--cache", LONG),
        ("assess", "declare", "--people", LONG, *DECLARED),
        ("operating-point", "show", LONG),
        ("document", "check", "shown.cbor", "--trust", LONG),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_a_name_longer_than_a_name_can_be_is_named(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No fault of the program: exit code 2, by name, and the path as it was given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shown.cbor").write_bytes(b"\xa0")
    with pytest.raises(SystemExit) as ended:
        run([*words, "--json"])
    failure = json.loads(capsys.readouterr().out)["failure"]
    assert ended.value.code == 2
    assert failure["name"].startswith("file.")
    assert LONG in failure["detail"]
