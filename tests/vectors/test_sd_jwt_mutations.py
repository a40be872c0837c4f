"""Every vector of ``tests/vectors/sd_jwt`` against the verifier: one fault, one name; no fault, verified."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation
from dongui.documents.sd_jwt.verifying import authenticate, require_bound
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock
from dongui.errors import DonguiError, Refused, failures
from simulators.sd_jwt_faults.files import render
from simulators.vector_laws import require_as_rendered, require_one_name_one_rule, sound, with_faults

HERE = Path(__file__).parent / "sd_jwt"
_NOT_CHECKED = "sd-jwt.revocation-not-checked"


@dataclass(frozen=True)
class Case:
    """One vector as a third party reads it: from the file alone."""

    name: str
    expect: str
    stage: str
    clause: str
    rule: str
    document: bytes
    anchors: tuple[bytes, ...]
    metadata: dict[str, bytes]
    accepted_types: tuple[str, ...]
    revocation_lists: tuple[bytes, ...]
    at: datetime
    expectation: KeyBindingExpectation | None
    provenance: str
    licence: str

    @property
    def issuers(self) -> SdJwtIssuers:
        """Whom the verifier believes, with what is on file of their revocation lists."""
        lists = RevocationLists.from_bytes(self.revocation_lists, max_age=timedelta(days=60))
        anchors = TrustAnchors.from_certificates(self.anchors).with_revocation(lists)
        return SdJwtIssuers.from_files(self.metadata, anchors=anchors, accepted_types=self.accepted_types)

    def judge(self) -> AuthenticatedDocument:
        """What the verifier makes of it."""
        return authenticate(
            self.document,
            issuers=self.issuers,
            clock=FixedClock(self.at),
            nonce_and_audience=self.expectation,
            status=StatusEvidence.none(),
        )


@cache
def cases() -> tuple[Case, ...]:
    """Every vector of every file."""
    return tuple(case for path in sorted(HERE.glob("*.json")) for case in _cases_of(path))


def _cases_of(path: Path) -> list[Case]:
    content = json.loads(path.read_text(encoding="ascii"))
    certificates = {name: bytes.fromhex(der) for name, der in content["certificates"].items()}
    return [
        Case(
            name=entry["name"],
            expect=entry["expect"],
            stage=entry["stage"],
            clause=entry["clause"],
            rule=entry["rule"],
            document=entry["document"].encode("latin-1"),
            anchors=tuple(certificates[name] for name in entry["anchors"]),
            metadata={name: text.encode() for name, text in entry["metadata"].items()},
            accepted_types=tuple(entry["accepted_types"]),
            revocation_lists=tuple(map(bytes.fromhex, entry.get("revocation_lists", ()))),
            at=datetime.fromisoformat(entry["at"]),
            expectation=KeyBindingExpectation(entry["nonce"], entry["audience"]) if entry["nonce"] else None,
            provenance=entry["provenance"],
            licence=entry["licence"],
        )
        for entry in content["vectors"]
    ]


@pytest.mark.parametrize("case", with_faults(cases()), ids=lambda case: case.name)
def test_one_fault_is_refused_by_its_one_name(case: Case) -> None:
    """The verifier names this fault, not another, and never lets it pass."""
    with pytest.raises(DonguiError) as caught:
        case.judge()
    assert caught.value.name == case.expect


@pytest.mark.parametrize("case", sound(cases()), ids=lambda case: case.name)
def test_without_a_fault_it_verifies(case: Case) -> None:
    """What differs from these in one thing is refused; so they themselves must not be."""
    document = case.judge()
    if case.stage == "sound-not-bound":
        assert document.holder_binding is HolderBinding.NOT_BOUND
        with pytest.raises(Refused) as caught:
            require_bound(document)
        assert caught.value.name == "sd-jwt.holder-not-bound"
    else:
        require_bound(document)
        withheld = {"nothing-disclosed", "no-disclosable-claims"}
        assert (document.portrait is None) == (case.name in withheld)


def test_every_algorithm_and_hash_is_among_them() -> None:
    """Four signatures, three digests."""
    names = {case.name for case in sound(cases())}
    for algorithm in ("es256", "es384", "es512", "eddsa"):
        assert {f"{algorithm}-sha-{bits}" for bits in (256, 384, 512)} <= names


def test_whether_the_signer_was_withdrawn_is_known_or_said() -> None:
    """The remark stands where a certificate was believed without fresh lists all the way, and only there."""
    silent = {case.name for case in sound(cases()) if _NOT_CHECKED not in case.judge().remarks}
    known = {"list-fresh-and-empty", "list-others-revoked"}
    below = {"both-lists-fresh", "signer-revoked-by-the-root", "authority-revokes-itself"}
    by_key = {
        "key-on-file",
        "key-on-file-by-name",
        "key-on-file-beside-unknown-kinds",
        "keys-in-a-file-beside",
    }
    assert silent == known | by_key | {f"below-an-authority-{name}" for name in below}


def test_what_was_tolerated_is_named() -> None:
    """The two things this verifier tolerates stand on the document as remarks, and on no other."""
    judged = {
        case.name: [one for one in case.judge().remarks if one != _NOT_CHECKED] for case in sound(cases())
    }
    assert {name: (*remarks,) for name, remarks in judged.items() if remarks} == {
        "earlier-type-name": ("sd-jwt.earlier-type-name",),
        "issuing-time-not-stated": ("sd-jwt.issuing-time-not-stated",),
    }


def test_names_are_as_distinct_as_the_faults() -> None:
    """One name, one rule; one rule, one name. Nobody is told "invalid" where two things can be wrong."""
    require_one_name_one_rule(cases(), faults=100)
    assert len({(case.clause, case.rule) for case in cases()}) == len({case.expect for case in cases()})


def test_every_refusal_of_the_verifier_has_its_vector() -> None:
    """A name no vector brings about is a check nobody has seen work.

    Left out: what only the verifier's own set-up can bring about, limits whose vector would be megabytes, and
    names another name stands for where a credential is read.
    """
    elsewhere = {
        "jose.json-too-large",
        "jose.key-malformed",
        "jose.signature-invalid",
        "sd-jwt.expectation-malformed",
        "sd-jwt.holder-not-bound",
        "sd-jwt.metadata-unreadable",
        "sd-jwt.no-issuers",
        "sd-jwt.no-types",
        "sd-jwt.portrait-too-large",
        "sd-jwt.too-large",
    }
    rooms = {name for name in failures() if name.split(".")[0] in {"jose", "sd-jwt"}}
    assert rooms - {case.expect for case in cases()} == elsewhere


def test_the_files_are_what_the_script_makes() -> None:
    """Provenance: nothing in the files was written by hand or by another machine's chance."""
    require_as_rendered(HERE, render())


def test_every_vector_says_whose_it_is() -> None:
    """Provenance and licence stand beside each."""
    assert {case.licence for case in cases()} == {"Apache-2.0"}
    assert all(case.provenance for case in cases())
