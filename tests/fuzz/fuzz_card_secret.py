"""Fuzz what reads a card's secret from another site: the secret, or ``Refused`` under known names.

Whatever bytes arrive, whatever a stranger encrypts to the site, and whatever an issuer signs; a secret
nobody sealed for this site is never taken. Run from the root of the tree with the ``fuzz`` dependencies
installed; the folder is filled with sound inputs to begin from::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_card_secret.py CORPUS -max_total_time=900 -max_len=2048
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import atheris

with atheris.instrument_imports(include=["dongui", "cbor2"]):
    from dongui.documents.staff_card.between_sites import ReceivedSecret, open_secret, seal_secret
    from dongui.documents.staff_card.encryption import decrypt, encrypt
    from dongui.documents.staff_card.register import CARD_ID_BYTES, SECRET_BYTES, RegisteredCard
    from dongui.encoding import cbor
    from dongui.encoding.cbor import Limits, Tagged
    from dongui.encoding.cose import read_sign1, sign1
    from dongui.environment import FixedClock, SystemEntropy
    from dongui.errors import Refused
    from simulators.fuzzing import fuzz, one_for_each
    from simulators.staff_cards import AT, CardOffice

OFFICE = CardOffice()
SITE = OFFICE.sites[0]
CLOCK = FixedClock(AT)
TYPE = "dongui-card-secret"
CARD = RegisteredCard(b"c" * CARD_ID_BYTES, bytes(range(SECRET_BYTES)), AT + timedelta(days=30))
SEALED = seal_secret(
    CARD,
    issuer=OFFICE.issuer,
    site=SITE.public,
    valid_for=timedelta(days=7),
    clock=CLOCK,
    entropy=SystemEntropy(),
)
TOKEN = decrypt(SEALED, site_key=SITE)
_TAGGED = cbor.loads(TOKEN, limits=Limits(max_bytes=4_096, max_depth=8, max_items=64))
CLAIMS = (read_sign1(_TAGGED.value).payload if isinstance(_TAGGED, Tagged) else None) or b""
ROOMS = ("staff-card.", "cbor.", "cose.", "card.file-malformed")


def _open(data: bytes) -> ReceivedSecret:
    return open_secret(data, issuers=OFFICE.issuers, site_key=SITE, clock=CLOCK)


def _encrypted(token: bytes) -> bytes:
    return encrypt(token, sites=(SITE.public,), entropy=SystemEntropy())


def read_received(data: bytes) -> None:
    """As it arrives."""
    if _open(data).card != CARD:
        raise AssertionError("a secret nobody sealed is taken")


def read_encrypted(data: bytes) -> None:
    """As a stranger encrypts it: the site's key is public, the issuer's signature is what counts."""
    if _open(_encrypted(data)).card != CARD or data != TOKEN:
        raise AssertionError("a secret nobody signed is taken")


def read_signed(data: bytes) -> None:
    """As a hostile issuer signs it: what is read is what the claims say, in their one encoding."""
    message = sign1(data, key=OFFICE.issuer.key, protected={16: TYPE})
    card = _open(_encrypted(cbor.dumps(Tagged(18, message.to_cbor())))).card
    sizes = len(card.card_id), len(card.secret)
    if sizes != (CARD_ID_BYTES, SECRET_BYTES) or card.secret not in data or card.valid_until <= AT:
        raise AssertionError("a secret says what was not signed")
    if SITE.public.audience.encode() not in data:
        raise AssertionError("a secret for another site is taken")


def read_headed(data: bytes) -> None:
    """As an issuer's other tokens: under any other type than a secret's it is none."""
    message = sign1(CLAIMS, key=OFFICE.issuer.key, protected={16: data.decode("latin-1")})
    _open(_encrypted(cbor.dumps(Tagged(18, message.to_cbor()))))
    if data != TYPE.encode():
        raise AssertionError("another token of the issuer is taken for a secret")


READERS: tuple[Callable[[bytes], None], ...] = (read_received, read_encrypted, read_signed, read_headed)


def one_input(data: bytes) -> None:
    """The first byte chooses the reader, the rest is what it reads."""
    if not data:
        return
    try:
        READERS[data[0] % len(READERS)](data[1:])
    except Refused as error:
        if not error.name.startswith(ROOMS):
            raise


def seeds() -> dict[str, bytes]:
    """Sound inputs, one for each reader."""
    return one_for_each((SEALED, TOKEN, CLAIMS, TYPE.encode()))


if __name__ == "__main__":
    fuzz(one_input, seeds)
