"""Whatever stands in the code: a document, or a refusal by name; never anything else."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.biometrics.protected_templates import protect, require_current
from dongui.biometrics.templates import Template
from dongui.documents.authenticated import Treatment
from dongui.documents.staff_card.looking import look
from dongui.documents.staff_card.text import from_text, to_text
from dongui.encoding import base45
from dongui.errors import Refused
from simulators.staff_card_drafting import Draft
from simulators.staff_cards import CardOffice

OFFICE = CardOffice()
CARD = OFFICE.issue()
SEALED = from_text(CARD.text)
TOKEN = Draft().token()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_base45_reads_what_it_writes(data: bytes) -> None:
    """Every byte string has one text, and the text gives it back."""
    assert base45.decode(base45.encode(data)) == data


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=90))
def test_any_text_is_refused_by_name(text: str) -> None:
    """No text anybody makes up is a card, and none does anything else than be refused."""
    try:
        OFFICE.judge(text, CARD)
    except Refused:
        return
    raise AssertionError("a made-up text is a card")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_byte_of_a_card_can_be_changed(place: int, change: int) -> None:
    """Every byte of the code is covered, by the envelope's code or by its one form."""
    spoilt = bytearray(SEALED)
    spoilt[place] ^= change
    try:
        OFFICE.judge(to_text(bytes(spoilt)), CARD)
    except Refused:
        return
    raise AssertionError(f"byte {place} can be changed")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(TOKEN) - 1), st.integers(1, 255)), min_size=1, max_size=3))
def test_looking_survives_any_token(changes: list[tuple[int, int]]) -> None:
    """What a spoilt token claims is shown as unverified, or it is refused by name."""
    spoilt = bytearray(TOKEN)
    for place, change in changes:
        spoilt[place] ^= change
    try:
        shown = look(to_text(bytes(spoilt)), site_key=None, treatment=Treatment.UNVERIFIED)
    except Refused:
        return
    assert all(element.treatment is Treatment.UNVERIFIED for element in shown.elements)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1))
def test_every_secret_hides_every_face_alike(secret: bytes, seed: int) -> None:
    """Current for its pipeline, and different from the same face's under the next secret."""
    drawn = np.random.default_rng(seed).normal(0, 1, 128)
    features = (1.4 * drawn / np.linalg.norm(drawn)).astype(np.float32)
    digest = hashlib.sha256(secret).digest()
    one = protect(Template(features.copy()), secret=secret, pipeline_digest=digest)
    other = protect(Template(features.copy()), secret=hashlib.sha256(secret).digest(), pipeline_digest=digest)
    require_current(one, pipeline_digest=digest)
    assert one[:17] == other[:17]
    assert one[17:] != other[17:]
