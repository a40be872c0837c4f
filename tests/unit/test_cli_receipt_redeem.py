"""``dongui receipt redeem``: a relying machine acts on a receipt once, for the session it opened itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dongui.cli.main import run
from dongui.demo.cast import LicensingAuthority
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.environment import SystemClock, SystemEntropy
from dongui.receipts.description import words
from dongui.receipts.issuing import Findings
from dongui.session import Session
from simulators.desk_receipts import hand_out, refusal, success
from simulators.main_path import read_licence


class Gate:
    """A desk in the working folder whose receipts lie beside it."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        create_desk(Path("desk"), CONTROLLER, entropy=SystemEntropy())
        with self.open() as desk:
            authority = LicensingAuthority.found("Office", now=desk.clock.now(), entropy=SystemEntropy())
            document = read_licence(authority.license("05"), authority, clock=desk.clock)
            self._record = desk.give_consent("airport-gate", document, language="en").record_id

    def open(self) -> Desk:
        return Desk(Path("desk"), clock=SystemClock(), entropy=SystemEntropy())

    def receipt(self, name: str, found: Callable[[Desk, Session], Findings]) -> str:
        """Write the receipt of a new session; return that session's id."""
        with self.open() as desk:
            session = desk.open_session("airport-gate", self._record, handover=HANDOVER)
            bundle, _ = hand_out(desk, session, found(desk, session))
        Path(name).write_bytes(bundle.to_bytes())
        Path(f"{name}.txt").write_text(bundle.to_text())
        return session.id

    def redeem(self, *words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            run(("receipt", "redeem", *words, "--desk", "desk"))
        assert isinstance(ended.value.code, int)
        return ended.value.code, self._capture.readouterr().out

    def refusal(self, *words: str) -> tuple[int, str]:
        code, said = self.redeem(*words, "--json")
        return code, json.loads(said)["failure"]["name"]


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.chdir(tmp_path)
    return Gate(capsys)


def test_it_counts_once(gate: Gate) -> None:
    """The first time ends with 0 and says what it was redeemed for; the second, in either form, with 1."""
    session = gate.receipt("receipt", success)
    code, said = gate.redeem("receipt", "--session", session, "--json")
    result = json.loads(said)["result"]
    assert (code, result["redeemed"]) == (0, True)
    assert result["statement"]["outcome"] == "verified"
    assert result["statement"]["operating_point"]["assessed"] is False
    for again in ("receipt", "receipt.txt"):
        assert gate.refusal(again, "--session", session) == (1, "receipt.redeemed")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_says_so_in_words(gate: Gate, language: str) -> None:
    """Outcome, and that the operating point is not assessed, in the language asked for."""
    session = gate.receipt("receipt", success)
    code, said = gate.redeem("receipt", "--session", session, "--language", language)
    assert code == 0
    assert words()["outcome.verified"][language] in said
    assert words()["value.not-assessed"][language] in said


def test_what_is_refused_spends_nothing(gate: Gate) -> None:
    """A refusal's receipt, another session, an unknown one, a forgery: by name; then the true one."""
    mine, other = gate.receipt("mine", success), gate.receipt("other", success)
    turned_away = gate.receipt("refused", refusal)
    forged = bytearray(Path("mine").read_bytes())
    forged[-1] ^= 1
    Path("forged").write_bytes(forged)
    assert gate.refusal("refused", "--session", turned_away) == (1, "receipt.not-verified")
    assert gate.refusal("mine", "--session", other) == (1, "receipt.other-session")
    assert gate.refusal("mine", "--session", "00" * 16) == (1, "session.unknown")
    assert gate.refusal("mine", "--session", "zz") == (2, "session.id-malformed")
    assert gate.refusal("forged", "--session", mine) == (1, "receipt.checkpoint-invalid")
    assert gate.refusal("nowhere", "--session", mine) == (2, "file.not-found")
    assert gate.redeem("mine", "--session", mine)[0] == 0
    assert gate.redeem("other", "--session", other)[0] == 0
