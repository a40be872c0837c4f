"""Fuzz everything that reads a card: a document or ``Refused`` under known names, whatever arrives.

Run from the root of the tree with the ``fuzz`` dependencies installed; the folder is filled with sound inputs
to begin from::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_staff_card.py CORPUS -max_total_time=900 -max_len=4096
"""

from __future__ import annotations

from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["dongui", "cbor2"]):
    from dongui.documents.authenticated import Treatment
    from dongui.documents.staff_card.encryption import decrypt
    from dongui.documents.staff_card.looking import look
    from dongui.documents.staff_card.text import from_text, to_text
    from dongui.documents.staff_card.verifying import claimed_card_id
    from dongui.errors import Refused
    from simulators.fuzzing import fuzz, one_for_each
    from simulators.staff_card_drafting import Draft
    from simulators.staff_cards import CardOffice

OFFICE = CardOffice()
CARD = OFFICE.issue()
SITE = OFFICE.sites[0]
ROOMS = ("staff-card.", "cbor.", "cose.", "status.")


def read_text(data: bytes) -> None:
    from_text(data)


def read_card(data: bytes) -> None:
    OFFICE.judge(data.decode("latin-1"), CARD)
    if data.strip(b"\r\n") != CARD.text.encode():
        raise AssertionError("a card nobody issued is authentic")


def read_sealed(data: bytes) -> None:
    decrypt(data, site_key=SITE)


def read_token(data: bytes) -> None:
    look(to_text(data), site_key=None, treatment=Treatment.UNVERIFIED)


def read_id(data: bytes) -> None:
    claimed_card_id(to_text(data), site_key=SITE)


READERS: tuple[Callable[[bytes], None], ...] = (read_text, read_card, read_sealed, read_token, read_id)


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
    foreign = Draft(drop=(3, 7), edits={"identity": lambda value: {1: value[1], 4: "Hong Gildong"}})
    sealed = from_text(CARD.text)
    return one_for_each(
        (foreign.build_claim_169().encode(), CARD.text.encode(), sealed, Draft().token(), sealed)
    )


if __name__ == "__main__":
    fuzz(one_input, seeds)
