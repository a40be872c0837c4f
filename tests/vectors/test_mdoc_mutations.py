"""Every vector of ``tests/vectors/mdoc`` against the verifier: one fault, one name; no fault, verified."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key

from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
from dongui.documents.mdoc.verifying import authenticate, require_bound
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock
from dongui.errors import DonguiError, Refused
from simulators.mdoc_faults.files import render
from simulators.mdoc_faults.rules import RULES
from simulators.vector_laws import require_as_rendered, require_one_name_one_rule, sound, with_faults

HERE = Path(__file__).parent / "mdoc"


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
    at: datetime
    transcript: bytes | None
    reader_key: ec.EllipticCurvePrivateKey | None
    revocation_lists: tuple[bytes, ...]
    provenance: str
    licence: str

    @property
    def trusted(self) -> TrustAnchors:
        """The anchors, with what is on file of their revocation lists."""
        lists = RevocationLists.from_bytes(self.revocation_lists, max_age=timedelta(days=60))
        return TrustAnchors.from_certificates(self.anchors).with_revocation(lists)

    def judge(self) -> AuthenticatedDocument:
        """What the verifier makes of it."""
        return authenticate(
            self.document,
            trust_anchors=self.trusted,
            clock=FixedClock(self.at),
            status=StatusEvidence.none(),
            session_transcript=self.transcript,
            reader_key=self.reader_key,
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
            document=bytes.fromhex(entry["document"]),
            anchors=tuple(certificates[name] for name in entry["anchors"]),
            at=datetime.fromisoformat(entry["at"]),
            transcript=None
            if entry["session_transcript"] is None
            else bytes.fromhex(entry["session_transcript"]),
            reader_key=None if entry["reader_key"] is None else _key(bytes.fromhex(entry["reader_key"])),
            revocation_lists=tuple(map(bytes.fromhex, entry.get("revocation_lists", ()))),
            provenance=entry["provenance"],
            licence=entry["licence"],
        )
        for entry in content["vectors"]
    ]


def _key(encoded: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(encoded, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


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
        assert caught.value.name == "mdoc.holder-not-bound"
    else:
        assert require_bound(document).portrait is not None or case.name in {
            "nothing-disclosed",
            "one-element-disclosed",
        }


def test_whether_the_signer_was_withdrawn_is_known_or_said() -> None:
    """The remark stands on what was judged without a fresh list of the signer's authority, and only there."""
    silent = {
        case.name for case in sound(cases()) if "mdoc.revocation-not-checked" not in case.judge().remarks
    }
    assert silent == {"list-fresh-and-empty", "list-others-revoked"}


def test_every_algorithm_and_method_is_among_them() -> None:
    """Four signatures, three digests, two proofs of the device."""
    names = {case.name for case in sound(cases())}
    for algorithm in ("es256", "es384", "es512", "eddsa"):
        for digest in ("sha-256", "sha-384", "sha-512"):
            assert {f"{algorithm}-{digest}-signature", f"{algorithm}-{digest}-mac"} <= names


def test_names_are_as_distinct_as_the_faults() -> None:
    """One name, one rule; one rule, one name. Nobody is told "invalid" where two things can be wrong."""
    require_one_name_one_rule(cases(), faults=45)
    sentences = [rule for _, rule in RULES.values()]
    assert len(set(sentences)) == len(sentences)


def _names_of(*rooms: str) -> set[str]:
    """The names in these rooms' files. Countries' authorities and lists have vectors of their own."""
    texts = [(files("dongui.failures") / f"{room}.toml").read_text(encoding="utf-8") for room in rooms]
    return {
        f"{area}.{word}"
        for text in texts
        for area, words in tomllib.loads(text).items()
        for word in words
        if area in {"cbor", "cose", "mdoc", "trust"}
    }


def test_every_refusal_of_the_verifier_has_its_vector() -> None:
    """A name no vector brings about is a check nobody has seen work.

    Left out: what only the verifier's own set-up can bring about, limits whose vector would be megabytes,
    names by which our own formats are refused, and names another name stands for where an mdoc is read.
    """
    elsewhere = {
        "cbor.not-canonical",
        "cbor.too-large",
        "cose.key-malformed",
        "cose.mac-invalid",
        "cose.signature-invalid",
        "mdoc.device-engagement-malformed",
        "mdoc.holder-not-bound",
        "mdoc.portrait-too-large",
        "trust.anchor-unreadable",
        "trust.authority-revoked",  # an mdoc's path has no authority between signer and anchor
        "trust.certificate-version",
        "trust.no-anchors",
        "trust.too-many-anchors",
    }
    assert _names_of("encoding", "mdoc", "trust") - {case.expect for case in cases()} == elsewhere


def test_the_files_are_what_the_script_makes() -> None:
    """Provenance: nothing in the files was written by hand or by another machine's chance."""
    require_as_rendered(HERE, render())
    assert sum(path.stat().st_size for path in HERE.glob("*.json")) < 2_000_000


def test_every_vector_says_whose_it_is() -> None:
    """Provenance and licence stand beside each."""
    assert {case.licence for case in cases()} == {"Apache-2.0"}
    assert all(case.provenance for case in cases())
