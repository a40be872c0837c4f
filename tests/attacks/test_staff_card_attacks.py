"""What somebody with a card, a site's key or a copier may try."""

from __future__ import annotations

import hashlib
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from dongui.biometrics.protected_templates import protect
from dongui.biometrics.templates import Template
from dongui.documents.staff_card import encryption
from dongui.documents.staff_card.encryption import SiteKey
from dongui.documents.staff_card.register import RegisteredCard
from dongui.documents.staff_card.text import MAX_DECOMPRESSED_BYTES, from_text, to_text
from dongui.environment import SystemEntropy
from dongui.errors import Refused
from dongui.storage.sqlite.card_register import SqliteCardRegister
from simulators.staff_cards import CardOffice

DIGEST = hashlib.sha256(b"pipeline").digest()


def drawn_site() -> SiteKey:
    return SiteKey.generate(entropy=SystemEntropy())


def refused_as(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.name


def test_a_card_held_out_at_another_site() -> None:
    """A site nobody encrypted the card to learns nothing from it, not even whose it is."""
    office = CardOffice()
    card = office.issue()
    with pytest.raises(Refused) as caught:
        office.judge(card.text, card, site=drawn_site())
    assert refused_as(caught) == "staff-card.not-for-this-site"


def test_a_site_passes_its_copy_on_to_another() -> None:
    """It reads the signed token and encrypts it to a site of its choice: the token names its sites."""
    office, other = CardOffice(), drawn_site()
    card = office.issue()
    token = encryption.decrypt(from_text(card.text), site_key=office.sites[0])
    passed_on = to_text(encryption.encrypt(token, sites=[other.public], entropy=SystemEntropy()))
    with pytest.raises(Refused) as caught:
        office.judge(passed_on, card, site=other)
    assert refused_as(caught) == "staff-card.other-audience"


def test_a_token_of_another_card_in_this_cards_envelope() -> None:
    """Anybody can encrypt to a site; the id inside is the other card's, and its register entry with it."""
    office = CardOffice()
    mine, lost = office.issue(), office.issue()
    token = encryption.decrypt(from_text(lost.text), site_key=office.sites[0])
    sealed_again = to_text(encryption.encrypt(token, sites=[office.sites[0].public], entropy=SystemEntropy()))
    with pytest.raises(Refused) as caught:
        office.judge(sealed_again, mine)
    assert refused_as(caught) == "staff-card.not-registered"


def test_a_template_swapped_inside_the_token() -> None:
    """A site's insider puts another face into a card it can read: the signature is over the template."""
    office = CardOffice()
    card = office.issue(b"\x05" * 145)
    token = encryption.decrypt(from_text(card.text), site_key=office.sites[0])
    assert token.count(b"\x05" * 145) == 1
    swapped = token.replace(b"\x05" * 145, b"\x06" * 145)
    text = to_text(encryption.encrypt(swapped, sites=[office.sites[0].public], entropy=SystemEntropy()))
    with pytest.raises(Refused) as caught:
        office.judge(text, card)
    assert refused_as(caught) == "cose.signature-invalid"


def test_a_card_signed_by_nobody_in_particular() -> None:
    """An issuer of the same name with keys of its own."""
    office, forger = CardOffice(), CardOffice()
    forger.sites = office.sites
    card = forger.issue()
    with pytest.raises(Refused) as caught:
        office.judge(card.text, card)
    assert refused_as(caught) == "cose.signature-invalid"


def test_a_copied_card_after_its_secret_was_deleted(tmp_path: Path) -> None:
    """A photograph of a lost card, with every key there is: the register has nothing to open it with."""
    office = CardOffice()
    card = office.issue(secret=bytes(range(32)))
    with SqliteCardRegister.open(tmp_path / "cards.sqlite") as register:
        entry = RegisteredCard(card.card_id, bytes(range(32)), card.valid_until)
        register.register(entry, consent_record=b"r" * 16, status=None)
        assert office.judge(card.text, card, register=register).kind == "staff-card"
        register.revoke(card.card_id, before=lambda _: None)
        with pytest.raises(Refused) as caught:
            office.judge(card.text, card, register=register)
        assert refused_as(caught) == "staff-card.revoked"


def test_a_decompression_bomb() -> None:
    """Two kilobytes that unpack to two megabytes take no more memory than the limit, a few times over."""
    bomb = to_text(zlib.compress(bytes(2 * 2**20), 9))
    tracemalloc.start()
    with pytest.raises(Refused) as caught:
        from_text(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused_as(caught) == "staff-card.decompression-limit"
    assert peak < 30 * MAX_DECOMPRESSED_BYTES


def test_what_a_photograph_of_the_card_tells() -> None:
    """Two cards of one person, for one site, have nothing in common but the envelope's form."""
    office = CardOffice()
    one, other = (from_text(office.issue(b"\x09" * 145).text) for _ in range(2))
    runs = {one[place : place + 8] for place in range(len(one) - 7)}
    shared = [place for place in range(len(other) - 7) if other[place : place + 8] in runs]
    # The constant heads around IV, recipient and ephemeral key are the longest runs that repeat.
    assert len(shared) < 32
    assert b"\x09" * 8 not in one
    assert office.sites[0].public.raw not in one
    assert office.sites[0].public.audience.encode() not in one


def test_two_decrypted_cards_of_one_face_share_nothing() -> None:
    """Without the secrets, the bytes of one face under two of them agree as often as chance has it.

    One in 256, over 512 pairs of cards: 256 agreeing bytes expected, 6 standard deviations allowed.
    """
    drawn = np.random.default_rng(1).normal(0, 1, 128)
    features = (1.45 * drawn / np.linalg.norm(drawn)).astype(np.float32)
    entropy = SystemEntropy()
    agreeing = 0
    for _ in range(512):
        one, other = (
            np.frombuffer(
                protect(Template(features.copy()), secret=entropy.draw(32), pipeline_digest=DIGEST)[17:],
                np.uint8,
            )
            for _ in range(2)
        )
        agreeing += int((one == other).sum())
    assert abs(agreeing - 256) < 6 * 16
