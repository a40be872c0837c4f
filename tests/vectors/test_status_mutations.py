"""Every vector of ``tests/vectors/status``: what a list on file makes of one document's reference to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from dongui.documents.status import StatusEvidence, StatusReference, VerifiedStatus
from dongui.documents.trust import TrustAnchors
from dongui.encoding.cose import PublicKey
from dongui.errors import DonguiError, Refused, Undetermined, failures
from simulators.status_faults.files import render
from simulators.vector_laws import require_as_rendered, require_one_name_one_rule, sound, with_faults

HERE = Path(__file__).parent / "status"


@dataclass(frozen=True)
class Case:
    """One vector as a third party reads it: from the file alone."""

    name: str
    expect: str
    stage: str
    clause: str
    rule: str
    evidence: StatusEvidence
    reference: StatusReference
    issuer_keys: tuple[PublicKey, ...]
    at: datetime
    licence: str

    def judge(self) -> VerifiedStatus:
        """What the lists make of the reference."""
        return self.evidence.check(self.reference, issuer_keys=self.issuer_keys, at=self.at)


@cache
def cases() -> tuple[Case, ...]:
    """Every vector."""
    content = json.loads((HERE / "status-lists.json").read_text(encoding="ascii"))
    return tuple(_case(entry) for entry in content["vectors"])


def _case(entry: dict[str, object]) -> Case:
    read = json.loads(json.dumps(entry))
    anchors = [bytes.fromhex(anchor) for anchor in read["anchors"]]
    names = [f"list-{number}" for number in range(len(read["lists"]))]
    fetched = read["fetched_at"]
    return Case(
        name=read["name"],
        expect=read["expect"],
        stage=read["stage"],
        clause=read["clause"],
        rule=read["rule"],
        evidence=StatusEvidence.from_files(
            dict(zip(names, map(bytes.fromhex, read["lists"]), strict=True)),
            anchors=TrustAnchors.from_certificates(anchors) if anchors else None,
            max_age=timedelta(seconds=read["max_age_seconds"]),
            fetched_at=dict.fromkeys(names, datetime.fromisoformat(fetched)) if fetched else None,
        ),
        reference=StatusReference(read["reference"]["uri"], read["reference"]["idx"]),
        issuer_keys=tuple(_key(bytes.fromhex(key)) for key in read["issuer_keys"]),
        at=datetime.fromisoformat(read["at"]),
        licence=read["licence"],
    )


def _key(encoded: bytes) -> PublicKey:
    key = load_der_public_key(encoded)
    assert isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey)
    return key


@pytest.mark.parametrize("case", with_faults(cases()), ids=lambda case: case.name)
def test_one_fault_ends_in_its_one_name(case: Case) -> None:
    """The check names this fault, not another, and never lets it pass."""
    with pytest.raises(DonguiError) as caught:
        case.judge()
    assert caught.value.name == case.expect


@pytest.mark.parametrize("case", with_faults(cases()), ids=lambda case: case.name)
def test_only_the_list_s_own_word_refuses_a_document(case: Case) -> None:
    """A document is refused because its issuer revoked or suspended it, and for no fault of the list."""
    with pytest.raises((Refused, Undetermined)) as caught:
        case.judge()
    said_so = case.expect in {"status.revoked", "status.suspended"}
    assert isinstance(caught.value, Refused) == said_so


@pytest.mark.parametrize("case", sound(cases()), ids=lambda case: case.name)
def test_without_a_fault_it_verifies(case: Case) -> None:
    """What differs from these in one thing does not; so they themselves must."""
    assert case.judge().reference == case.reference


def test_every_name_of_the_check_has_its_vector_and_its_rule() -> None:
    """A name no vector brings about is a check nobody has seen work; one name, one rule."""
    elsewhere = {
        "status.bad-limit",
        "status.list-unreachable",
        "status.mechanism-unknown",
        "status.reference-malformed",
        "status.too-many-lists",
        "status.uri-unusable",
    }
    names = {name for name in failures() if name.split(".")[0] == "status"}
    assert names - {case.expect for case in cases()} == elsewhere
    require_one_name_one_rule(cases(), faults=1)


def test_the_file_is_what_the_script_makes() -> None:
    """Provenance: nothing in it was written by hand or by another machine's chance."""
    require_as_rendered(HERE, render())
    assert {case.licence for case in cases()} == {"Apache-2.0"}
