"""A card issued here reads back at its sites, and fits its code."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dongui.documents.authenticated import HolderBinding, Treatment
from dongui.documents.staff_card.card_content import CardPerson, open_number, seal_number
from dongui.documents.staff_card.cwt import StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey
from dongui.documents.staff_card.issuing import MAX_CHARACTERS, MAX_QR_VERSION, make_code
from dongui.documents.staff_card.looking import look
from dongui.documents.staff_card.text import CARD_PREFIX
from dongui.documents.staff_card.verifying import (
    authenticate_claim_169,
    card_id_of,
    claimed_card_id,
)
from dongui.documents.status import StatusEvidence, StatusReference
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from simulators.staff_cards import AT, CardOffice

SAMPLES = Path(os.environ.get("DONGUI_TEST_DATA", "/nowhere"), "vectors", "claim-169")
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="DONGUI_TEST_DATA has no vectors/claim-169: published samples not read"
)


def test_a_card_reads_back_at_each_of_its_sites() -> None:
    """Every site reads the same card with its own key: bearer, a template, no portrait."""
    office = CardOffice(sites=2)
    card = office.issue(b"\x01" * 145)
    for site in office.sites:
        found = office.judge(card.text, card, site=site)
        assert (found.kind, found.document_type) == ("staff-card", "dongui.staff-card")
        assert found.holder_binding is HolderBinding.BEARER
        assert found.template == b"\x01" * 145
        assert found.portrait is None
        assert card_id_of(found) == claimed_card_id(card.text, site_key=site) == card.card_id
        assert {element.treatment for element in found.elements} == {Treatment.VERIFIED}
        assert b"\x01" * 16 not in repr([element.value for element in found.elements]).encode()


def test_two_cards_of_one_person_share_the_subject_and_nothing_that_is_signed() -> None:
    """The consent's handle is the person's; what goes into a receipt's digest is the card's."""
    office = CardOffice()
    one, other = (office.issue() for _ in range(2))
    first, second = office.judge(one.text, one), office.judge(other.text, other)
    assert first.subject == second.subject
    assert first.issuer_signed != second.issuer_signed
    assert len(first.issuer_signed) == 32


def test_two_decrypted_cards_say_nothing_alike_of_their_person() -> None:
    """Under two secrets neither number nor template agree; what does is the issuer's. No name is there."""
    office = CardOffice()
    claims = [
        {
            (element.namespace, element.identifier): element.value
            for element in look(
                office.issue(number="E-10234", secret=bytes([n]) * 32, template=bytes([n]) * 145).text,
                site_key=office.sites[0],
                treatment=Treatment.UNVERIFIED,
            ).elements
        }
        for n in (1, 2)
    ]
    alike = {name for _, name in claims[0].keys() & claims[1].keys()} - {
        name for (space, name), value in claims[0].items() if claims[1].get((space, name)) != value
    }
    # The face's entry here is its kind and size.
    assert alike == {"iss", "aud", "exp", "iat", "face"}
    assert set(claims[0]) == {("cwt", n) for n in ("iss", "aud", "exp", "iat", "cti")} | {
        ("claim-169", "id"),
        ("claim-169", "face"),
    }


@pytest.mark.parametrize("number", ["1", "E-10234", "x" * 18, "가" * 6, "사번-1"])
def test_a_sealed_number_opens_with_its_secret_alone(number: str) -> None:
    """Always 24 characters; the wrong secret is trouble, not another person."""
    sealed = seal_number(number, secret=bytes(32))
    assert len(sealed) == 24
    assert open_number(sealed, secret=bytes(32)) == number
    for wrong in range(1, 40):
        with pytest.raises(Trouble) as caught:
            open_number(sealed, secret=bytes([wrong]) * 32)
        assert caught.value.name == "staff-card.secret-mismatch"


def test_a_card_fits_its_code() -> None:
    """With a status list for one site, without for two: version 18-M at most. A third site is refused."""
    status = StatusReference("https://cards.saebom.example/status/1", 99_999)
    assert int(make_code(CardOffice(1).issue(status=status).text).version) <= MAX_QR_VERSION
    assert int(make_code(CardOffice(2).issue().text).version) <= MAX_QR_VERSION
    with pytest.raises(Misuse) as caught:
        CardOffice(3).issue()
    assert caught.value.name == "staff-card.too-large"


def test_the_longest_text_is_the_largest_code() -> None:
    """Issuing counts characters, drawing asks the code: both stop at the same one."""
    assert int(make_code("A" * MAX_CHARACTERS).version) == MAX_QR_VERSION
    with pytest.raises(Misuse) as caught:
        make_code("A" * (MAX_CHARACTERS + 1))
    assert caught.value.name == "staff-card.too-large"


def test_a_card_is_known_by_its_first_characters() -> None:
    """The camera tells a card from a poster by three characters, whatever the keys."""
    assert all(CardOffice().issue().text.startswith(CARD_PREFIX) for _ in range(8))


def test_a_card_ends_with_its_day() -> None:
    """Valid to the last second before its end, and not at it."""
    office = CardOffice()
    card = office.issue(days=1)
    office.judge(card.text, card, at=AT + timedelta(days=1, seconds=-1))
    with pytest.raises(Refused) as caught:
        office.judge(card.text, card, at=AT + timedelta(days=1))
    assert caught.value.name == "staff-card.expired"


def test_a_card_with_a_status_needs_its_list() -> None:
    """Without the list the card is undetermined, never passed."""
    office = CardOffice()
    card = office.issue(status=StatusReference("https://cards.saebom.example/status/1", 7))
    with pytest.raises(Trouble) as caught:
        office.judge(card.text, card)
    assert caught.value.name == "status.list-missing"


@pytest.mark.parametrize(
    ("number", "name"), [("", "a"), ("1", ""), ("1", "a\n"), ("1" * 19, "a"), ("1", "가" * 21), (" ", "a")]
)
def test_what_cannot_stand_on_a_card_is_named(number: str, name: str) -> None:
    """A name of twenty Hangul syllables is 60 bytes; nothing unprintable, nothing empty."""
    with pytest.raises(Misuse) as caught:
        CardPerson(number, name)
    assert caught.value.name == "staff-card.person-malformed"


def test_looking_shows_claims_without_believing_them() -> None:
    """Without the site's key: that it is encrypted. With it: every field, none of them verified."""
    office = CardOffice()
    card = office.issue()
    sealed = look(card.text, site_key=None, treatment=Treatment.UNVERIFIED)
    assert [element.identifier for element in sealed.elements] == ["card"]
    opened = look(card.text, site_key=office.sites[0], treatment=Treatment.UNVERIFIED)
    assert {element.treatment for element in opened.elements} == {Treatment.UNVERIFIED}
    assert "face" in {element.identifier for element in opened.elements}


def test_keys_are_never_shown() -> None:
    """A site's private key and a card's text stay out of every repr."""
    key = SiteKey.generate(entropy=SystemEntropy())
    card = CardOffice().issue()
    assert key.raw.hex() not in repr(key)
    assert repr(key) == "SiteKey()"
    assert card.text not in repr(card)


def sample_issuers() -> StaffCardIssuers:
    signed = json.loads((SAMPLES / "valid" / "ed25519-signed.json").read_text())
    raw = bytes.fromhex(signed["signing_key"]["public_key_hex"])
    key = Ed25519PublicKey.from_public_bytes(raw)
    return StaffCardIssuers({"https://mosip.example.org": (key,), "www.mosip.io": (key,)})


def sample(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return content


@needs_samples
def test_the_signed_sample_verifies() -> None:
    """The published token with a signature is authentic under its key, and says what it is said to say."""
    published = sample("valid/ed25519-signed.json")
    found = authenticate_claim_169(
        str(published["qr_data"]),
        issuers=sample_issuers(),
        clock=FixedClock(AT),
        status=StatusEvidence.none(),
    )
    said = {element.identifier: element.value for element in found.elements}
    assert (said["id"], said["full_name"]) == ("ID-SIGNED-001", "Signed Test Person")
    assert (found.kind, found.holder_binding) == ("claim-169", HolderBinding.BEARER)


@needs_samples
@pytest.mark.parametrize(
    ("name", "expect"),
    [
        ("valid/minimal", "staff-card.unsigned"),
        ("valid/with-face", "staff-card.unsigned"),
        ("valid/claim169-example", "staff-card.unsigned"),
        ("edge/expired", "staff-card.unsigned"),
        ("invalid/bad-base45", "staff-card.not-base45"),
        ("invalid/not-cose", "cose.malformed"),
    ],
)
def test_unsigned_and_broken_samples_are_refused_by_name(name: str, expect: str) -> None:
    """An empty signature never passes, whatever else the token says; what is broken is named."""
    with pytest.raises(DonguiError) as caught:
        authenticate_claim_169(
            str(sample(f"{name}.json")["qr_data"]),
            issuers=sample_issuers(),
            clock=FixedClock(AT),
            status=StatusEvidence.none(),
        )
    assert caught.value.name == expect


NAMES = {
    "fullName": "full_name",
    "secondaryFullName": "secondary_full_name",
    "dateOfBirth": "date_of_birth",
    "countryOfIssuance": "country_of_issuance",
    "legalStatus": "legal_status",
    "locationCode": "location_code",
    "maritalStatus": "marital_status",
    "secondaryLanguage": "secondary_language",
}


@needs_samples
@pytest.mark.parametrize("name", ["minimal", "with-face", "claim169-example", "ed25519-signed"])
def test_every_valid_sample_parses(name: str) -> None:
    """Unsigned ones too can be looked at: each attribute under its name, and believed in nothing."""
    published = sample(f"valid/{name}.json")
    seen = look(str(published["qr_data"]), site_key=None, treatment=Treatment.UNVERIFIED)
    said = {element.identifier: element.value for element in seen.elements}
    expected = published["expected_claim169"]
    assert isinstance(expected, dict)
    for key, value in expected.items():
        if key == "face":
            assert str(said["face"]).startswith("image, ")
        else:
            assert said[NAMES.get(str(key), str(key))] == value
