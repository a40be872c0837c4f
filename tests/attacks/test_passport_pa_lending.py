"""Attacks on passports that are not a single changed byte: lending, mixing, downgrading."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
from dongui.documents.passport.issuing import build_dg1
from dongui.documents.trust.country_certificate import read_country_certificate
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.errors import Refused
from simulators.passport_country import GROUPS, NOW, judge, passport, utopia
from simulators.passport_files import holder
from simulators.passport_pa.drafting import AUTHORITY, SIGNER, Passport
from simulators.passport_pa.keys import Key

ANOTHER_KEY = GROUPS[14] + b"\x00"


@pytest.mark.parametrize("proof", list(ChipProof))
def test_evidence_of_a_genuine_chip_is_not_lent(proof: ChipProof) -> None:
    """My own chip proved its key; the files are a copy of yours. The key is not the one in your files."""
    country = utopia()
    lent = ChipEvidence.proved_with(proof, ANOTHER_KEY)
    with pytest.raises(Refused, match=r"passport\.chip-evidence-mismatch"):
        judge(passport(country), country.anchors, chip=lent)


def test_a_chip_key_nobody_signed_proves_nothing() -> None:
    """A cloner adds a DG15 of their own beside your signed files, and answers with its key."""
    country = utopia()
    signed = {number: content for number, content in GROUPS.items() if number != 15}
    files = {**passport(country, signed), 15: GROUPS[15]}
    own = ChipEvidence.proved_with(ChipProof.ACTIVE_AUTHENTICATION, GROUPS[15])
    with pytest.raises(Refused, match=r"passport\.data-group-not-listed"):
        judge(files, country.anchors, chip=own)


def test_evidence_about_an_absent_key_proves_nothing() -> None:
    """The key's file is not among the files: there is nothing the proof could be about."""
    country = utopia()
    files = {number: content for number, content in passport(country).items() if number != 14}
    chip = ChipEvidence.proved_with(ChipProof.CHIP_AUTHENTICATION, GROUPS[14])
    with pytest.raises(Refused, match=r"passport\.chip-evidence-mismatch"):
        judge(files, country.anchors, chip=chip)


def test_files_of_two_passports_are_not_one() -> None:
    """Your portrait with my zone, both genuine, both signed by one country."""
    country = utopia()
    mine = passport(country, {**GROUPS, 1: build_dg1(holder(number="MINE12345"))})
    yours = passport(country)
    for number in (1, 17):
        with pytest.raises(Refused, match=r"passport\.data-group-digest"):
            judge({**yours, number: mine[number]}, country.anchors)


def test_one_country_does_not_sign_for_another() -> None:
    """A trusted country's signer signs a passport that says it is another trusted country's."""
    here, there = utopia(), utopia(code="DE")
    anchors = CscaAnchors.from_certificates([here.authority.encoded, there.authority.encoded])
    german = {**GROUPS, 1: build_dg1(holder(issuing_state="D"))}
    assert judge(passport(there, german), anchors).kind == "passport"
    with pytest.raises(Refused, match=r"passport\.issuing-state-mismatch"):
        judge(passport(here, german), anchors)


def test_a_chosen_generator_forges_nobodys_signature() -> None:
    """CVE-2020-0601: the authority's own public key over another generator, whose private key is known.

    The forged signature does verify under those parameters; they are not any curve's, and end there.
    """
    impostor = Key("mallory").impostor(AUTHORITY.key)
    assert impostor.public == AUTHORITY.key.public
    forged = replace(AUTHORITY, key=impostor, issuer_key=impostor)
    with pytest.raises(Refused, match=r"trust\.curve-unknown"):
        read_country_certificate(forged.write())


def test_sha_1_of_one_country_does_not_open_another() -> None:
    """That one authority still lives with SHA-1 says nothing about its neighbour's documents."""
    old = replace(AUTHORITY, digest="sha1", subject=(("2.5.4.6", "ZZ"),), issuer=(("2.5.4.6", "ZZ"),))
    anchors = CscaAnchors.from_certificates([AUTHORITY.write(), old.write()])
    with pytest.raises(Refused, match=r"passport\.sha-1-not-in-use"):
        judge(Passport(digest="sha1").files(), anchors)


def test_a_withdrawn_signer_cannot_hide_behind_a_second_list() -> None:
    """An older list without the signer beside the newer one that names it."""
    country = utopia()
    serial = country.signer.certificate.serial_number
    before = country.authority.revocation_list([], clock=type(NOW)(NOW.moment - timedelta(days=30)))
    after = country.authority.revocation_list([serial], clock=NOW)
    for lists in ([before, after], [after, before]):
        revocation = RevocationLists.from_bytes(lists, max_age=timedelta(days=90))
        with pytest.raises(Refused, match=r"passport\.signer-revoked"):
            judge(passport(country), country.anchors, revocation=revocation)
    fresh = RevocationLists.from_bytes([before], max_age=timedelta(days=90))
    document = judge(passport(country), country.anchors, revocation=fresh)
    assert "passport.revocation-not-checked" not in document.remarks


def test_a_signer_does_not_become_an_authority() -> None:
    """Given as an anchor by mistake, a document signer's certificate is refused as one."""
    with pytest.raises(Refused, match=r"trust\.not-country-authority"):
        CscaAnchors.from_certificates([SIGNER.write()])


def test_what_is_tolerated_is_said() -> None:
    """SHA-1 throughout, an old content type, a signer without a key usage: each on the document by name."""
    old = replace(AUTHORITY, digest="sha1")
    signer = replace(SIGNER, digest="sha1", extensions={"2.5.29.35": SIGNER.extensions["2.5.29.35"]})
    files = Passport(signer=signer, digest="sha1", signed_digest="sha1", content_type="1.3.27.1.1.1").files()
    document = judge(files, CscaAnchors.from_certificates([old.write()]))
    assert set(document.remarks) == {
        "passport.sha-1",
        "passport.old-content-type",
        "passport.certificate-defects",
        "passport.revocation-not-checked",
    }
