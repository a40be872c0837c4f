"""A session's id on the command line: what cannot be one is the caller's mistake, and no refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongui.cli.main import run
from dongui.cli.session_id import parse_session_id
from dongui.desk import ControllerEntry, create_desk
from dongui.environment import SystemEntropy
from dongui.errors import Misuse


@pytest.mark.parametrize(
    "text", ["", "zz", "00" * 15, "00" * 17, "0 " * 16, "00" * 15 + "٠٠", "../" * 10 + "00"]
)
def test_what_is_no_id_is_misuse(text: str) -> None:
    """Only 32 hexadecimal digits are looked up."""
    with pytest.raises(Misuse) as failure:
        parse_session_id(text)
    assert failure.value.name == "session.id-malformed"


def test_digits_of_either_case_are_one_id() -> None:
    """An id copied in capitals finds the same session."""
    assert parse_session_id("AB" * 16) == parse_session_id("ab" * 16) == "ab" * 16


@pytest.mark.parametrize(
    ("text", "code", "name"), [("zz", 2, "session.id-malformed"), ("0" * 32, 1, "session.unknown")]
)
def test_showing_one_ends_by_its_family(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, name: str
) -> None:
    """A mistyped id exits 2, as of every noun; one that no session has, or has any more, is refused."""
    entry = ControllerEntry("port.example", "항만", "Port", "부산", "Busan", "privacy@port.example")
    create_desk(tmp_path / "desk", entry, entropy=SystemEntropy())
    with pytest.raises(SystemExit) as ended:
        run(["session", "show", text, "--desk", str(tmp_path / "desk")])
    assert (ended.value.code, name in capsys.readouterr().err) == (code, True)
