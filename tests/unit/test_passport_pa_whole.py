"""Passive authentication where everything is right, and the specimen whose authority nobody holds."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from dongui.documents.authenticated import HolderBinding, Treatment
from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
from dongui.documents.passport.files import LdsFiles
from dongui.documents.passport.passive_authentication import authenticate_with_path, check_files
from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.remarks import remarks
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.encoding import cbor
from dongui.errors import Undetermined
from simulators.passport_country import GROUPS, NOW, SIGNED, files_of, judge, passport, utopia
from simulators.passport_files import holder, picture

DATA = os.environ.get("DONGUI_TEST_DATA")
CHOICES = list(SignatureChoice)


@pytest.mark.parametrize(("authority", "signer"), [*zip(CHOICES, CHOICES, strict=True), *pairwise(CHOICES)])
def test_every_algorithm_verifies_under_every_kind_of_authority(
    authority: SignatureChoice, signer: SignatureChoice
) -> None:
    """A passport signed with any of the algorithms verifies, whatever its authority signs with."""
    country = utopia(authority, signer)
    document = judge(passport(country), country.anchors)
    assert document.kind == "passport"
    assert document.issuer == "CN=Country Signing Authority,O=Dongui sample,C=UT"


def test_a_document_says_what_was_signed() -> None:
    """Portrait, subject and elements are the issuer's, each with its treatment; ``repr`` shows none of it."""
    country = utopia()
    document = judge(passport(country), country.anchors)
    assert document.document_type == "icao.9303.emrtd"
    assert document.portrait == picture()
    assert document.subject == cbor.dumps(["UTO", "L898902C3"])
    assert len(document.issuer_signed) == 32
    assert document.signed_at == SIGNED.moment
    assert document.judged_at == NOW.moment
    assert document.valid_until == datetime(2032, 4, 16, 11, 59, 59, tzinfo=UTC)
    assert document.holder_binding is HolderBinding.COPYABLE
    assert document.remarks == ("passport.revocation-not-checked",)
    unverified = [one for one in document.elements if one.treatment is not Treatment.VERIFIED]
    assert all(one.identifier.startswith("record-") and one.value is None for one in unverified)
    assert holder().surname not in repr(document)


def test_a_listed_data_group_may_be_absent() -> None:
    """Whoever reads only what is needed verifies what was read."""
    country = utopia()
    files = passport(country)
    del files[14]
    assert judge(files, country.anchors).portrait is not None


def test_an_unsigned_data_group_is_refused_as_a_field() -> None:
    """A group EF.SOD does not list is named, refused as a field, and its bytes go nowhere."""
    country = utopia()
    signed = {number: content for number, content in GROUPS.items() if number != 15}
    document = judge({**passport(country, signed), 15: GROUPS[15]}, country.anchors)
    refused = [element for element in document.elements if element.treatment is Treatment.REFUSED]
    assert [(element.namespace, element.value) for element in refused] == [("icao.9303.dg15", None)]
    assert "passport.data-group-unsigned" in document.remarks


@pytest.mark.parametrize("proof", list(ChipProof))
def test_a_chip_that_proved_its_key_is_genuine(proof: ChipProof) -> None:
    """Evidence for the very key the issuer signed turns "copyable" into "genuine chip"."""
    country = utopia()
    group = {ChipProof.CHIP_AUTHENTICATION: 14, ChipProof.ACTIVE_AUTHENTICATION: 15}[proof]
    chip = ChipEvidence(proof, sha256(GROUPS[group]).digest())
    assert judge(passport(country), country.anchors, chip=chip).holder_binding is HolderBinding.GENUINE_CHIP


def test_a_signer_may_expire_before_the_passport() -> None:
    """With a signing time the signer's certificate is judged at that time, not today's."""
    country = utopia()
    later = type(NOW)(SIGNED.moment + timedelta(days=6 * 365))
    assert judge(passport(country), country.anchors, clock=later).judged_at == later.moment


def test_without_anchors_it_cannot_be_told() -> None:
    """No anchor for the country is nobody's forgery."""
    country = utopia()
    with pytest.raises(Undetermined, match=r"passport\.no-anchor"):
        judge(passport(country), CscaAnchors.none_given())


@pytest.mark.skipif(DATA is None, reason="DONGUI_TEST_DATA unset: the published specimen is not verified")
def test_the_specimen_verifies_and_its_authority_is_unknown() -> None:
    """Explicit brainpool parameters, SHA-1, no key usage: hashes and signature hold, the path cannot end."""
    folder = Path(DATA or ".") / "vectors" / "passport" / "bsi2008"
    files = LdsFiles.from_listing({path.name: path.read_bytes() for path in folder.iterdir()})
    checked = check_files(files)
    assert str(checked.signer.key) == "EC brainpoolP224r1"
    assert checked.unsigned == {15}
    with pytest.raises(Undetermined, match=r"passport\.no-anchor"):
        judge({**files.groups, 0: files.com or b"", 17: files.security_object or b""}, utopia().anchors)


def test_every_remark_given_here_has_its_words() -> None:
    """A remark nobody can read at a counter would be silence."""
    for name in ("sha-1", "certificate-defects", "revocation-not-checked", "data-group-unsigned"):
        assert f"passport.{name}" in remarks()


def test_files_show_nothing_of_the_person() -> None:
    """``repr`` of checked files is fit for a log."""
    country = utopia()
    assert "ERIKSSON" not in repr(check_files(files_of(passport(country))))


def test_the_path_can_be_drawn() -> None:
    """With the document comes who signed it, under whom, and what was tolerated in either."""
    country = utopia()
    found = authenticate_with_path(
        files_of(passport(country)),
        trust_anchors=country.anchors,
        clock=NOW,
        revocation=RevocationLists.none_given(),
        chip=None,
    )
    assert found.document == judge(passport(country), country.anchors)
    assert found.path.signer.subject.text == "CN=Document Signer,O=Dongui sample,C=UT"
    assert found.path.country == "UT"
    assert found.path.defects == ()
    assert found.checked.security_object.lds_version == ("0108", "040000")
