"""Fuzz what reads a card's revocation from another site: its notice, or ``Refused`` under known names.

Whatever bytes arrive, and whatever an issuer signs; nothing that was not signed is believed. Run from the
root of the tree with the ``fuzz`` dependencies installed; the folder is filled with sound inputs to begin
from::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_card_revocation.py CORPUS -max_total_time=900 -max_len=2048
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import atheris

with atheris.instrument_imports(include=["dongui", "cbor2"]):
    from dongui.documents.staff_card.between_sites import read_revocation, sign_revocation
    from dongui.documents.staff_card.cwt import CTI, EXP, IAT, ISS
    from dongui.documents.staff_card.register import CARD_ID_BYTES
    from dongui.encoding import cbor
    from dongui.encoding.cbor import Tagged
    from dongui.encoding.cose import sign1
    from dongui.environment import FixedClock
    from dongui.errors import Refused
    from simulators.fuzzing import fuzz, one_for_each
    from simulators.staff_cards import AT, CardOffice

OFFICE = CardOffice()
CLOCK = FixedClock(AT)
TYPE = "dongui-card-revocation"
ENDS = AT + timedelta(days=30)
SOUND = sign_revocation(b"c" * CARD_ID_BYTES, valid_until=ENDS, issuer=OFFICE.issuer, clock=CLOCK)
CLAIMS = cbor.dumps(
    {
        ISS: OFFICE.issuer.name,
        IAT: int(AT.timestamp()),
        EXP: int(ENDS.timestamp()),
        CTI: b"c" * CARD_ID_BYTES,
    }
)
ROOMS = ("staff-card.", "cbor.", "cose.", "card.file-malformed")


def read_received(data: bytes) -> None:
    """As it arrives: without the issuer's key nobody writes another one that is believed."""
    found = read_revocation(data, issuers=OFFICE.issuers, clock=CLOCK)
    if data != SOUND or found.card_id != b"c" * CARD_ID_BYTES:
        raise AssertionError("a revocation nobody signed is believed")


def read_signed(data: bytes) -> None:
    """As a hostile issuer signs it: what is read is what the claims say, in their one encoding."""
    message = sign1(data, key=OFFICE.issuer.key, protected={16: TYPE})
    found = read_revocation(cbor.dumps(Tagged(18, message.to_cbor())), issuers=OFFICE.issuers, clock=CLOCK)
    if len(found.card_id) != CARD_ID_BYTES or found.valid_until <= AT or found.card_id not in data:
        raise AssertionError("a revocation says what was not signed")


def read_headed(data: bytes) -> None:
    """As an issuer's other tokens: under any other type than a revocation's it is none."""
    message = sign1(CLAIMS, key=OFFICE.issuer.key, protected={16: data.decode("latin-1")})
    read_revocation(cbor.dumps(Tagged(18, message.to_cbor())), issuers=OFFICE.issuers, clock=CLOCK)
    if data != TYPE.encode():
        raise AssertionError("another token of the issuer is taken for a revocation")


READERS: tuple[Callable[[bytes], None], ...] = (read_received, read_signed, read_headed)


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
    return one_for_each((SOUND, CLAIMS, TYPE.encode()))


if __name__ == "__main__":
    fuzz(one_input, seeds)
