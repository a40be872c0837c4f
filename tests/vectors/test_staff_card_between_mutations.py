"""Every vector of ``tests/vectors/staff_card/between-sites.json``: one fault ends in its one name."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from dongui.documents.staff_card.between_sites import open_secret, read_revocation
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey
from dongui.environment import FixedClock
from dongui.errors import DonguiError

FILE = Path(__file__).parent / "staff_card" / "between-sites.json"


@dataclass(frozen=True)
class Case:
    """One vector as a third party reads it: from the file alone."""

    name: str
    expect: str
    clause: str
    rule: str
    form: str
    file: bytes
    issuers: StaffCardIssuers
    site_key: SiteKey
    card_id: bytes
    secret: bytes
    at: datetime

    def read(self) -> tuple[bytes, bytes | None]:
        """The card's id, and, of a secret, the secret."""
        clock = FixedClock(self.at)
        if self.form == "revocation":
            return read_revocation(self.file, issuers=self.issuers, clock=clock).card_id, None
        card = open_secret(self.file, issuers=self.issuers, site_key=self.site_key, clock=clock).card
        return card.card_id, card.secret


@cache
def cases() -> tuple[Case, ...]:
    """Every vector."""
    content = json.loads(FILE.read_text(encoding="ascii"))
    return tuple(
        Case(
            **{name: one[name] for name in ("name", "expect", "clause", "rule", "form")},
            file=bytes.fromhex(one["file"]),
            issuers=StaffCardIssuers.from_files(
                {f"{name}.pem": keys.encode() for name, keys in one["issuers"].items()}
            ),
            site_key=SiteKey(bytes.fromhex(one["site_key"])),
            card_id=bytes.fromhex(one["card_id"]),
            secret=bytes.fromhex(one["secret"]),
            at=datetime.fromisoformat(one["at"]),
        )
        for one in content["vectors"]
    )


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_one_fault_ends_in_its_one_name(case: Case) -> None:
    """What is sound says what was sent; what is not is refused by the name of its one fault."""
    if case.expect == "verified":
        assert case.read() == (case.card_id, case.secret if case.form == "secret" else None)
        return
    with pytest.raises(DonguiError) as caught:
        case.read()
    assert caught.value.name == case.expect


def test_there_are_thirty_faults_of_each_and_one_rule_a_name() -> None:
    """Both parsers have their own; a name stands for one rule."""
    rules = defaultdict(set)
    for case in cases():
        rules[case.expect].add((case.clause, case.rule))
    assert all(len(found) == 1 for found in rules.values())
    for form in ("secret", "revocation"):
        assert sum(case.form == form and case.expect != "verified" for case in cases()) >= 29
    assert len({case.name for case in cases()}) == len(cases())
