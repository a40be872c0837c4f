"""Whoever asks in their own name may bring any kind of document, if a copy of it would not do as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.cli.holder_proof import HolderProof
from dongui.documents.passport.files import SOD
from dongui.encoding import cbor
from dongui.environment import FixedClock
from dongui.errors import DonguiError
from simulators.mdoc_drafting import Draft
from simulators.passport_country import NOW, passport, utopia
from simulators.sd_jwt_issuance import AT, CLIENT_ID, EXPECTATION, ISSUER, an_issuance
from simulators.staff_cards import CardOffice

NOTHING = HolderProof(None, None, None, None, None, None, None, None)
CLOCK = FixedClock(AT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of each kind, and whom to believe for it."""
    monkeypatch.chdir(tmp_path)
    country, issuance, draft = utopia(), an_issuance(), Draft()
    office = CardOffice()
    Path("passport").mkdir()
    for number, content in passport(country).items():
        Path("passport", "EF_SOD.bin" if number == SOD else f"DG{number}.bin").write_bytes(content)
    for folder, name, content in (
        (".", "root.der", draft.root.sign()),
        ("csca", "ut.cer", country.authority.encoded),
        ("sd-jwt", "root.pem", issuance.authority.certificate_pem()),
        ("staff-card", f"{office.issuer.name}.pem", public_pem(office)),
    ):
        Path("trust", folder).mkdir(parents=True, exist_ok=True)
        Path("trust", folder, name).write_bytes(content)
    Path("credential").write_bytes(issuance.present())
    Path("licence").write_bytes(draft.build())
    assert draft.transcript is not None
    Path("transcript").write_bytes(draft.transcript)
    Path("card").write_text(office.issue().text)


def public_pem(office: CardOffice) -> bytes:
    return office.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def brought(document: str) -> HolderProof:
    return replace(NOTHING, document=Path(document), trust=Path("trust"))


def refused(proof: HolderProof, clock: FixedClock = CLOCK) -> str:
    with pytest.raises(DonguiError) as caught:
        proof.subject(clock=clock)
    return caught.value.name


def test_a_licence_whose_device_answered_speaks_for_its_holder() -> None:
    """With the session's transcript it is bound; without, it could be anybody's copy."""
    bound = replace(brought("licence"), session_transcript=Path("transcript"))
    subject, presented = bound.subject(clock=CLOCK)
    assert isinstance(cbor.loads(subject, limits=cbor.Limits(1_000, 4, 10)), list)
    assert len(presented) == 32
    assert refused(brought("licence")) == "mdoc.holder-not-bound"


def test_a_credential_whose_holder_answered_the_request() -> None:
    """With its nonce and audience it is bound; with another's it is refused, without any it is not bound."""
    bound = replace(brought("credential"), nonce=EXPECTATION.nonce, audience=CLIENT_ID)
    named = cbor.loads(bound.subject(clock=CLOCK)[0], limits=cbor.Limits(1_000, 4, 10))
    assert named == ["sd-jwt", ISSUER, "document_number", "X1234567"]
    assert refused(replace(bound, nonce="x" * 43)) == "sd-jwt.nonce-mismatch"
    assert refused(brought("credential")) == "sd-jwt.holder-not-bound"


@pytest.mark.parametrize("document", ["passport", "card"])
def test_what_can_be_copied_asks_in_nobodys_name(document: str) -> None:
    """The attack: a passport's files, or a photo of a staff card, from somebody else's drawer."""
    assert refused(brought(document), NOW) == "document.copyable"


def test_a_document_needs_somebody_to_believe() -> None:
    """Without a trust folder nothing is authentic; what is no document is said to be none."""
    assert refused(replace(brought("licence"), trust=None)) == "document.options-incomplete"
    Path("letter").write_text("Dear reader")
    assert refused(brought("letter")) == "document.kind-unknown"
    both = replace(brought("licence"), reader="any")
    assert refused(both) == "document.options-incomplete"
    assert not NOTHING.is_there
    assert both.is_there
