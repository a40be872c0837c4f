"""What sites send each other: a card's secret and its revocation, each for one purpose and one reader."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.staff_card.between_sites import (
    open_secret,
    read_revocation,
    seal_secret,
    sign_revocation,
)
from dongui.documents.staff_card.cwt import EXP, IAT, ISS, StaffCardIssuers
from dongui.documents.staff_card.encryption import SiteKey, decrypt, encrypt
from dongui.documents.staff_card.register import RegisteredCard
from dongui.documents.staff_card.text import from_text, to_text
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Tagged
from dongui.encoding.cose import sign1
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse, Refused
from simulators.staff_cards import AT, CardOffice

OFFICE = CardOffice(sites=2)
HERE, THERE = OFFICE.sites
CARD = RegisteredCard(b"c" * 16, bytes(range(32)), AT + timedelta(days=30))


def sealed(*, days: int = 7, site: SiteKey = THERE) -> bytes:
    return seal_secret(
        CARD,
        issuer=OFFICE.issuer,
        site=site.public,
        valid_for=timedelta(days=days),
        clock=FixedClock(AT),
        entropy=SystemEntropy(),
    )


def notice() -> bytes:
    return sign_revocation(
        CARD.card_id, valid_until=CARD.valid_until, issuer=OFFICE.issuer, clock=FixedClock(AT)
    )


def refusal_of_secret(data: bytes, *, site: SiteKey = THERE, days: int = 0) -> str:
    clock = FixedClock(AT + timedelta(days=days))
    with pytest.raises(Refused) as caught:
        open_secret(data, issuers=OFFICE.issuers, site_key=site, clock=clock)
    return caught.value.name


def refusal_of_notice(data: bytes, *, issuers: StaffCardIssuers = OFFICE.issuers, days: int = 0) -> str:
    with pytest.raises(Refused) as caught:
        read_revocation(data, issuers=issuers, clock=FixedClock(AT + timedelta(days=days)))
    return caught.value.name


def forged(claims: dict[CborKey, CborValue], kind: str) -> bytes:
    """Signed by the right issuer, but saying something else."""
    base: dict[CborKey, CborValue] = {ISS: OFFICE.issuer.name, IAT: int(AT.timestamp())}
    base[EXP] = int((AT + timedelta(days=1)).timestamp())
    message = sign1(cbor.dumps(base | claims), key=OFFICE.issuer.key, protected={16: kind})
    return cbor.dumps(Tagged(18, message.to_cbor()))


def test_a_secret_reaches_the_site_it_is_for() -> None:
    """Whole, with its card's id and end, and who sent it; the file does not show it."""
    data = sealed()
    received = open_secret(data, issuers=OFFICE.issuers, site_key=THERE, clock=FixedClock(AT))
    assert (received.card, received.issuer) == (CARD, OFFICE.issuer.name)
    assert CARD.secret not in data
    assert CARD.card_id not in data
    assert repr(CARD.secret) not in repr(received)


def test_nobody_else_opens_it_and_nobody_passes_it_on() -> None:
    """Another site cannot read it; the site it is for cannot make another one believe it."""
    assert refusal_of_secret(sealed(), site=HERE) == "staff-card.not-for-this-site"
    passed_on = encrypt(decrypt(sealed(), site_key=THERE), sites=(HERE.public,), entropy=SystemEntropy())
    assert refusal_of_secret(passed_on, site=HERE) == "staff-card.other-audience"


def test_it_is_good_for_its_time_alone() -> None:
    """Not from its end on, and never beyond the card's."""
    assert refusal_of_secret(sealed(days=7), days=7) == "staff-card.expired"
    assert refusal_of_secret(sealed(days=31), days=30) == "staff-card.expired"
    with pytest.raises(Misuse) as caught:
        sealed(days=32)
    assert caught.value.name == "staff-card.validity-malformed"


def test_one_kind_does_not_pass_for_another() -> None:
    """A card is no secret, a revocation no secret, a secret no revocation, and neither is a card."""
    card = OFFICE.issue()
    inner = decrypt(sealed(), site_key=THERE)
    assert refusal_of_notice(inner) == "card.file-malformed"
    lent = encrypt(notice(), sites=(THERE.public,), entropy=SystemEntropy())
    assert refusal_of_secret(lent) == "card.file-malformed"
    assert refusal_of_secret(from_text(card.text)) == "card.file-malformed"
    with pytest.raises(Refused) as caught:
        OFFICE.judge(to_text(sealed()), card, site=THERE)
    assert caught.value.name == "staff-card.header-unknown"


def test_a_revocation_counts_until_the_card_ends() -> None:
    """By the issuer who signed it; by nobody unknown; not longer than there is something to revoke."""
    read = read_revocation(notice(), issuers=OFFICE.issuers, clock=FixedClock(AT))
    assert (read.card_id, read.issuer, read.valid_until) == (
        CARD.card_id,
        OFFICE.issuer.name,
        CARD.valid_until,
    )
    assert refusal_of_notice(notice(), days=30) == "staff-card.expired"
    assert refusal_of_notice(notice(), issuers=_others()) == "staff-card.issuer-unknown"


def _others() -> StaffCardIssuers:
    return StaffCardIssuers({"others.example": OFFICE.issuers.keys[OFFICE.issuer.name]})


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({}, "card.file-malformed"),
        ({7: b"c" * 15}, "card.file-malformed"),
        ({7: b"c" * 16, 99: 1}, "card.file-malformed"),
        ({7: b"c" * 16, EXP: "never"}, "staff-card.claims-malformed"),
        ({7: b"c" * 16, EXP: float(AT.timestamp()) + 9.5}, "card.file-malformed"),
    ],
)
def test_a_notice_has_one_form(claims: dict[CborKey, CborValue], name: str) -> None:
    """What the issuer itself wrote otherwise is refused too."""
    assert refusal_of_notice(forged(claims, "dongui-card-revocation")) == name


@pytest.mark.parametrize(
    "change",
    [
        {"secret": bytes(31)},
        {"secret": None},
        {"ends": "never"},
        {"ends": True},
        {"ends": 10**15},
        {"ends": int(AT.timestamp())},
        {7: b"c"},
        {"more": 1},
    ],
)
def test_a_secret_has_one_form(change: dict[CborKey, CborValue]) -> None:
    """Lengths, kinds and moments are checked before anything is registered."""
    ends = int(CARD.valid_until.timestamp())
    claims: dict[CborKey, CborValue] = {3: THERE.public.audience, 7: CARD.card_id, "ends": ends}
    token = forged(claims | {"secret": CARD.secret} | change, "dongui-card-secret")
    data = encrypt(token, sites=(THERE.public,), entropy=SystemEntropy())
    assert refusal_of_secret(data) == "card.file-malformed"


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    """Neither file survives a change anywhere."""
    original = data.draw(st.sampled_from((sealed(), notice())))
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] ^= data.draw(st.integers(1, 255))
    read = refusal_of_secret if original[1] == 96 else refusal_of_notice
    assert read(bytes(changed))


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_refused_by_name(data: bytes) -> None:
    """No file makes the reader fail otherwise."""
    refusal_of_secret(data)
    refusal_of_notice(data)
