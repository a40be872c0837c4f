"""Every vector of ``tests/vectors/staff_card``: one fault ends in its one name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey
from dongui.documents.staff_card.register import RegisteredCard
from dongui.documents.staff_card.verifying import authenticate, authenticate_claim_169
from dongui.documents.status import StatusEvidence
from dongui.environment import FixedClock
from dongui.errors import DonguiError, Refused, failures
from simulators.staff_card_faults.files import render
from simulators.vector_laws import require_as_rendered, require_one_name_one_rule, sound, with_faults

HERE = Path(__file__).parent / "staff_card"


@dataclass(frozen=True)
class Register:
    """A register of whatever cards a vector names."""

    known: tuple[bytes, ...]
    secret: bytes
    at: datetime

    def look_up(self, card_id: bytes) -> RegisteredCard:
        if card_id not in self.known:
            raise Refused("staff-card.not-registered", "no card of this id is in the register")
        return RegisteredCard(card_id, self.secret, self.at + timedelta(days=1))


@dataclass(frozen=True)
class Case:
    """One vector as a third party reads it: from the file alone."""

    name: str
    expect: str
    clause: str
    rule: str
    form: str
    text: str
    issuers: StaffCardIssuers
    site_key: SiteKey
    register: Register
    at: datetime
    licence: str
    status_lists: dict[str, bytes]

    def judge(self) -> AuthenticatedDocument:
        """What the verifier makes of the text."""
        clock = FixedClock(self.at)
        status = StatusEvidence.from_files(self.status_lists, anchors=None, max_age=timedelta(hours=24))
        if self.form == "claim-169":
            return authenticate_claim_169(self.text, issuers=self.issuers, clock=clock, status=status)
        return authenticate(
            self.text,
            issuers=self.issuers,
            site_key=self.site_key,
            register=self.register,
            clock=clock,
            status=status,
        )


@cache
def cases() -> tuple[Case, ...]:
    """Every vector."""
    content = json.loads((HERE / "staff-cards.json").read_text(encoding="ascii"))
    return tuple(_case(entry) for entry in content["vectors"])


def _case(entry: dict[str, object]) -> Case:
    read = json.loads(json.dumps(entry))
    at = datetime.fromisoformat(read["at"])
    keys = {f"{name}.pem": content.encode() for name, content in read["issuers"].items()}
    return Case(
        **{name: read[name] for name in ("name", "expect", "clause", "rule", "form", "text", "licence")},
        issuers=StaffCardIssuers.from_files(keys),
        site_key=SiteKey(bytes.fromhex(read["site_key"])),
        register=Register(tuple(map(bytes.fromhex, read["registered"])), bytes.fromhex(read["secret"]), at),
        at=at,
        status_lists={
            str(number): bytes.fromhex(one) for number, one in enumerate(read.get("status_lists", ()))
        },
    )


@pytest.mark.parametrize("case", with_faults(cases()), ids=lambda case: case.name)
def test_one_fault_ends_in_its_one_name(case: Case) -> None:
    """The verifier names this fault, not another, and never lets it pass."""
    with pytest.raises(DonguiError) as caught:
        case.judge()
    assert caught.value.name == case.expect


@pytest.mark.parametrize("case", sound(cases()), ids=lambda case: case.name)
def test_without_a_fault_it_verifies(case: Case) -> None:
    """What differs from these in one thing does not; so they themselves must."""
    found = case.judge()
    assert found.judged_at == case.at
    assert (found.template is None) == (case.form == "claim-169")


def test_every_refusal_has_its_vector_and_its_rule() -> None:
    """A name no vector brings about is a check nobody has seen work; one name, one rule."""
    elsewhere = {"staff-card.revoked"}  # the register's own word: tests/unit/test_staff_card_register.py
    names = {
        name
        for name, failure in failures().items()
        if name.startswith("staff-card.") and failure.family == "refused"
    }
    assert names - {case.expect for case in cases()} == elsewhere
    require_one_name_one_rule(cases(), faults=80)


def test_the_file_is_what_the_script_makes() -> None:
    """Provenance: nothing in it was written by hand or by another machine's chance."""
    require_as_rendered(HERE, render())
    assert {case.licence for case in cases()} == {"Apache-2.0"}
