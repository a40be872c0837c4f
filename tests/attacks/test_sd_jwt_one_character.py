"""The attack: change one character of somebody's credential, anywhere, and hold it out."""

from __future__ import annotations

import string

import pytest

from dongui.errors import Refused
from simulators.sd_jwt_issuance import an_issuance

ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.mark.parametrize("part", range(6))
def test_no_character_can_be_changed(part: int) -> None:
    """Whichever character becomes another, the presentation is refused: in a signature's unused bits too."""
    issuance = an_issuance()
    text = issuance.present("family_name", "document_number").decode()
    for place in range(part, len(text), 6):
        other = ALPHABET[(ALPHABET.find(text[place]) + 1) % len(ALPHABET)]
        changed = f"{text[:place]}{other}{text[place + 1 :]}"
        with pytest.raises(Refused):
            issuance.judge(changed.encode())


def test_no_character_can_be_left_out_or_put_in() -> None:
    """Neither can one be dropped, doubled, or a separator put anywhere."""
    issuance = an_issuance()
    text = issuance.present("family_name").decode()
    for place in range(0, len(text), 7):
        for changed in (
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
            f"{text[:place]}~{text[place:]}",
        ):
            with pytest.raises(Refused):
                issuance.judge(changed.encode())
