"""A purpose whose receipts could not be made: the visit would be spent, and nobody could show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dongui.consent.fields import Localised
from dongui.consent.purpose import Purpose
from dongui.consent.registration import register
from dongui.errors import Misuse
from dongui.receipts.statement import MAX_TEXT_BYTES
from simulators.consent_office import declared

# 41 syllables are 123 bytes of UTF-8: counted in characters they would pass.
LONG = Localised(ko="길" * (MAX_TEXT_BYTES // 3 + 1), en="a long way")
TURNED = Localised(ko="직원 확인", en="a desk \u202e with staff")


def _named(way: Localised) -> Callable[[Purpose], Purpose]:
    def change(purpose: Purpose) -> Purpose:
        assert purpose.other_way is not None
        return replace(purpose, other_way=replace(purpose.other_way, name=way))

    return change


def _held_by(name: Localised, identifier: str) -> Callable[[Purpose], Purpose]:
    def change(purpose: Purpose) -> Purpose:
        assert purpose.controller is not None
        return replace(purpose, controller=replace(purpose.controller, name=name, id=identifier))

    return change


def _accepting(document_type: str) -> Callable[[Purpose], Purpose]:
    return lambda purpose: replace(purpose, documents=(*purpose.documents, document_type))


CASES = {
    "a way too long for a receipt": _named(LONG),
    "a way that turns the text around": _named(TURNED),
    "a controller too long for a receipt": _held_by(LONG, "gate.example"),
    "a controller's id too long for a receipt": _held_by(TURNED, "x" * (MAX_TEXT_BYTES + 1)),
    "a document's type too long for a receipt": _accepting("t" * (MAX_TEXT_BYTES + 1)),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_what_no_receipt_can_hold_is_not_registered(case: str) -> None:
    """Attack: name the other way at such length that every *undetermined* ends in a fault of the program:
    the session spent, no entry in the log, and the person told of no other way.
    """
    with pytest.raises(Misuse) as caught:
        register(CASES[case](declared()))
    assert caught.value.name == "purpose.malformed"


def test_as_long_as_a_receipt_holds_is_not_too_long() -> None:
    """The bound is the receipt's own: one byte less is registered."""
    longest = Localised(ko="길" * (MAX_TEXT_BYTES // 3), en="w" * MAX_TEXT_BYTES)
    assert register(_named(longest)(declared())).other_way.name == longest
