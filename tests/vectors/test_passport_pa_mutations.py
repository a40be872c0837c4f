"""Every vector of ``tests/vectors/passport_pa`` against the verifier: one fault, one name."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dongui.documents.passport.files import LdsFiles
from dongui.documents.passport.passive_authentication import authenticate
from dongui.documents.remarks import remarks
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock
from dongui.errors import DonguiError
from simulators.passport_pa.files import render
from simulators.passport_pa.rules import RULES
from simulators.vector_laws import require_as_rendered

HERE = Path(__file__).parent / "passport_pa"


@dataclass(frozen=True)
class Case:
    """One vector as a third party reads it: from the file alone."""

    name: str
    expect: str
    files: dict[int, bytes]
    anchors: tuple[bytes, ...]
    lists: tuple[bytes, ...]
    at: datetime

    def judge(self) -> str:
        """What the verifier makes of it: "verified", or the failure's name."""
        try:
            document = authenticate(
                LdsFiles.from_numbers(self.files),
                trust_anchors=CscaAnchors.from_certificates(self.anchors),
                clock=FixedClock(self.at),
                revocation=RevocationLists.from_bytes(self.lists, max_age=timedelta(days=60)),
                chip=None,
            )
        except DonguiError as failure:
            return failure.name
        assert set(document.remarks) <= set(remarks())
        return "verified"


def cases() -> list[Case]:
    """Every vector of every file."""
    return [case for path in sorted(HERE.glob("*.json")) for case in _cases_of(path)]


def _cases_of(path: Path) -> list[Case]:
    content = json.loads(path.read_text(encoding="ascii"))
    held = {short: bytes.fromhex(text) for short, text in content["bytes"].items()}
    return [
        Case(
            name=vector["name"],
            expect=vector["expect"],
            files={int(number): held[short] for number, short in vector["files"].items()},
            anchors=tuple(held[short] for short in vector["anchors"]),
            lists=tuple(held[short] for short in vector["revocation_lists"]),
            at=datetime.fromisoformat(vector["at"]),
        )
        for vector in content["vectors"]
    ]


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_one_name(case: Case) -> None:
    """The verifier names this fault and not another; what has none is verified."""
    assert case.judge() == case.expect


def test_names_are_unique_and_every_rule_has_a_vector() -> None:
    """A vector can be spoken of by its name; a rule nobody breaks is not known to be looked at."""
    assert not [name for name, count in Counter(case.name for case in CASES).items() if count > 1]
    assert {case.expect for case in CASES} == set(RULES)
    assert sum(case.expect != "verified" for case in CASES) >= 30


def test_the_files_are_what_the_script_writes() -> None:
    """Nobody edited a vector by hand."""
    require_as_rendered(HERE, render())
