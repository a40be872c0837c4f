"""``dongui document check``: what was revoked, what nobody can tell, and issuers known by files alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.cli.main import run
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.passport.files import SOD
from dongui.environment import FixedClock
from simulators.mdoc_certificates import key_for
from simulators.mdoc_drafting import Draft
from simulators.passport_country import Country, passport, utopia
from simulators.revocation_drafting import revocation_faults
from simulators.sd_jwt_drafting import TYPE, jwk
from simulators.sd_jwt_drafting import Draft as CredentialDraft
from simulators.sd_jwt_issuance import AT, ISSUER, STATUS, an_issuance
from simulators.staff_cards import CardOffice
from simulators.status_drafting import LIST_URI, ListDraft

MOMENT = AT.isoformat()
SAMPLES = Path(os.environ.get("DONGUI_TEST_DATA", "/nowhere"), "vectors", "claim-169")
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="DONGUI_TEST_DATA has no vectors/claim-169: published samples not read"
)
SAMPLE_ISSUER = "https%3A%2F%2Fmosip.example.org.pem"
Check = Callable[..., tuple[int, str, Any]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check ``document`` by ``trust``; return the code, the failure's name or the outcome, and the result."""
    monkeypatch.setenv("DONGUI_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)

    def checked(*more: str, verb: str = "check", at: str = MOMENT) -> tuple[int, str, Any]:
        with pytest.raises(SystemExit) as end:
            run(["document", verb, "document", "--trust", "trust", "--at", at, *more, "--json"])
        assert isinstance(end.value.code, int)
        answer = json.loads(capsys.readouterr().out)
        failed = answer.get("failure") or answer["result"].get("reason")
        return end.value.code, failed["name"] if failed else answer["outcome"], answer.get("result")

    return checked


def lay(name: str, content: bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def on_file(draft: ListDraft, *, hours: int = 1) -> None:
    """Put a list into the trust folder, as fetched some hours before it is asked."""
    path = lay(f"trust/status/list.{draft.form}", draft.build())
    moment = AT.timestamp() - 3_600 * hours
    os.utime(path, (moment, moment))


def nothing_on_file() -> None:
    for path in Path("trust/status").iterdir():
        path.unlink()


def test_a_licence_is_as_good_as_its_list(check: Check) -> None:
    """Valid passes; revoked, suspended are refused; missing, stale, somebody else's: undetermined."""
    draft = Draft()
    draft.security_object["status"] = {"status_list": {"idx": 7, "uri": LIST_URI}}
    lay("document", draft.build())
    lay("trust/root.der", draft.root.sign())
    own = draft.signer.key
    for listed, code, name in (
        (ListDraft(key=own), 0, "authentic"),
        (ListDraft(form="cwt", key=own), 0, "authentic"),
        (ListDraft(key=own, statuses={7: 1}), 1, "status.revoked"),
        (ListDraft(form="cwt", key=own, statuses={7: 2}), 1, "status.suspended"),
        (ListDraft(statuses={7: 1}), 3, "status.list-signature-invalid"),
    ):
        on_file(listed)
        assert check()[:2] == (code, name)
        assert check(verb="show")[:2] == (code, name)
        nothing_on_file()
    assert check()[:2] == (3, "status.list-missing")
    old = int(AT.timestamp()) - 48 * 3_600
    on_file(ListDraft(key=own, issued=old, ttl=None), hours=48)
    assert check()[:2] == (3, "status.list-stale")
    assert check("--status-list-max-age", "72")[:2] == (0, "authentic")
    # Revoked by a stale list is not refused either: nobody knows what the newer one says.
    on_file(ListDraft(key=own, issued=old, ttl=None, statuses={7: 1}), hours=48)
    assert check()[:2] == (3, "status.list-stale")


def test_a_credential_is_as_good_as_its_list(check: Check) -> None:
    """The same law for an SD-JWT credential, whose list its issuer signs."""
    issuance = an_issuance(SigningAlgorithm.ES256, STATUS)
    lay("document", issuance.present(bound=False))
    lay("trust/sd-jwt/root.pem", issuance.authority.certificate_pem())
    own = issuance.signer.key
    on_file(ListDraft(key=own, count=2_048))
    assert check()[:2] == (0, "authentic")
    on_file(ListDraft(key=own, count=2_048, statuses={STATUS.index: 1}))
    assert check()[:2] == (1, "status.revoked")
    nothing_on_file()
    assert check()[:2] == (3, "status.list-missing")


def test_an_issuer_known_by_metadata_alone(check: Check) -> None:
    """Its keys lie in the trust folder, in the metadata or beside it; without them it is nobody."""
    draft = CredentialDraft()
    draft.header["x5c"] = None
    lay("document", draft.build())
    keys = {"keys": [jwk(key_for("sd-jwt signer"))]}
    whole = lay("trust/sd-jwt/issuer.json", json.dumps({"issuer": ISSUER, "jwks": keys}).encode())
    code, outcome, result = check()
    assert (code, outcome) == (0, "authentic"), outcome
    assert (result["issuer"], result["document_type"]) == (ISSUER, TYPE)
    other = {"issuer": "https://other.example", "jwks": keys}
    whole.write_text(json.dumps(other))
    assert check()[:2] == (1, "sd-jwt.issuer-unknown")
    whole.write_text("<html>")
    assert check()[:2] == (2, "sd-jwt.metadata-unreadable")
    whole.unlink()
    assert check()[:2] == (2, "sd-jwt.no-issuers")


def lay_passport(country: Country) -> None:
    for number, content in passport(country).items():
        lay(f"document/{'EF_SOD' if number == SOD else f'DG{number}'}.bin", content)
    lay("trust/csca/utopia.cer", country.authority.encoded)


def test_a_passport_is_as_good_as_its_countrys_list(check: Check) -> None:
    """Nobody named: checked, and no remark. Its signer named: refused. Old or unproved: undetermined."""
    country = utopia()
    lay_passport(country)
    lists, week = country.authority, timedelta(days=7)
    serial = country.signer.certificate.serial_number
    fresh = FixedClock(AT - week)

    def published(content: bytes) -> tuple[int, str, Any]:
        lay("trust/csca/utopia.crl", content)
        return check()

    code, outcome, result = published(lists.revocation_list([4711], clock=fresh))
    assert (code, outcome) == (0, "authentic")
    assert "passport.revocation-not-checked" not in [remark["name"] for remark in result["remarks"]]
    code, name, _ = published(lists.revocation_list([4711, serial], clock=fresh))
    assert (code, name) == (1, "passport.signer-revoked")
    old = FixedClock(AT - 20 * week)
    assert published(lists.revocation_list([4711], clock=old))[:2] == (3, "trust.revocation-list-stale")
    # Withdrawn for good stays withdrawn, whatever a newer list says.
    assert published(lists.revocation_list([serial], clock=old))[:2] == (1, "passport.signer-revoked")
    forged = bytearray(lists.revocation_list([serial], clock=fresh))
    forged[-1] ^= 1
    assert published(bytes(forged))[:2] == (3, "trust.revocation-list-unproved")
    assert published(b"\x30\x00")[:2] == (3, "trust.revocation-list-unreadable")


def test_a_mobile_document_or_credential_is_as_good_as_its_authoritys_list(check: Check) -> None:
    """By files alone, for both kinds in one law: beside the root lies its list, and what it says is done."""
    draft, issuance = Draft(), CredentialDraft()
    for kind, folder, document, signer in (
        ("mdoc", "trust", draft.build(), draft.signer),
        ("sd-jwt", "trust/sd-jwt", issuance.build(), issuance.signer),
    ):
        lay("document", document)
        lay(f"{folder}/root.der", draft.root.sign())
        code, outcome, result = check()
        assert (code, outcome) == (0, "authentic"), kind
        assert f"{kind}.revocation-not-checked" in [remark["name"] for remark in result["remarks"]]
        for fault in revocation_faults(draft.root, signer, at=AT):
            lay(f"{folder}/root.crl", fault.data)
            code, outcome, result = check("--revocation-list-max-age", "60")
            if fault.expect == "verified":
                assert (code, outcome) == (0, "authentic"), fault.name
                assert f"{kind}.revocation-not-checked" not in [one["name"] for one in result["remarks"]]
            else:
                refused = fault.expect == "trust.signer-revoked"
                assert (code, outcome) == (1 if refused else 3, fault.expect), fault.name
        # Another kind's list does not speak for this one.
        Path(folder, "root.crl").unlink()
        lay("trust/csca/root.crl", b"\x30\x00")
        assert check()[:2] == (0, "authentic")


def test_two_files_for_one_issuer_of_cards_are_misuse(check: Check) -> None:
    """However their names are written: which keys count is not left to how files sort."""
    office = CardOffice()
    lay("document", office.issue().text.encode())
    pem = office.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    lay(f"trust/staff-card/{office.issuer.name}.pem", pem)
    assert check()[:2] == (1, "staff-card.encrypted")
    lay(f"trust/staff-card/{office.issuer.name.replace('.', '%2E')}.pem", pem)
    assert check()[:2] == (2, "staff-card.issuer-twice")


@needs_samples
def test_the_published_card_samples(check: Check) -> None:
    """Signed and known: authentic, and every field shown. Unsigned, garbled, unknown: refused by name."""

    def sample(name: str) -> None:
        content = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        lay("document", str(content["qr_data"]).encode() + b"\n")

    sample("valid/ed25519-signed")
    signed = json.loads((SAMPLES / "valid/ed25519-signed.json").read_text(encoding="utf-8"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["signing_key"]["public_key_hex"]))
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    lay("trust/staff-card/somebody.example.pem", pem)
    assert check()[:2] == (1, "staff-card.issuer-unknown")
    lay(f"trust/staff-card/{SAMPLE_ISSUER}", pem)
    code, outcome, result = check(verb="show")
    assert (code, outcome) == (0, "authentic"), outcome
    assert (result["kind"], result["holder_binding"]) == ("claim-169", "bearer")
    said = {one["identifier"]: (one["value"], one["treatment"]) for one in result["fields"]}
    assert said["full_name"] == ("Signed Test Person", "verified")
    late = "2027-06-01"
    assert check(at=late)[:2] == (1, "staff-card.expired")
    for name, expect in (
        ("valid/minimal", "staff-card.unsigned"),
        ("valid/with-face", "staff-card.unsigned"),
        ("valid/claim169-example", "staff-card.unsigned"),
        ("edge/expired", "staff-card.unsigned"),
        ("invalid/bad-base45", "document.kind-unknown"),  # no code's alphabet: nobody's text
        ("invalid/not-cose", "cose.malformed"),
    ):
        sample(name)
        assert check()[:2] == (1, expect), name
        assert check(verb="show")[:2] == (1, expect), name


def test_a_card_without_its_site_is_not_opened(check: Check) -> None:
    """Encrypted to a site, at a desk that is none, a card is refused by name, and shown as encrypted."""
    office = CardOffice()
    lay("document", office.issue().text.encode())
    pem = office.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    lay(f"trust/staff-card/{office.issuer.name}.pem", pem)
    code, name, _ = check()
    shown, again, result = check(verb="show")
    assert (code, name) == (shown, again)
    assert code in (1, 3)
    assert [one["identifier"] for one in result["fields"]] == ["card"]
