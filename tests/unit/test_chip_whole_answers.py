"""What a contact reader hands on of T=0: answers in pieces, and the wish to be asked again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from dongui.documents.passport.chip.apdu import Command
from dongui.documents.passport.chip.reading import Access
from dongui.documents.passport.chip.whole_answers import whole_answer, without_expected_length
from dongui.documents.passport.files import COM, SOD
from dongui.errors import Undetermined
from simulators.chip_documents import Wishes, chip, read
from simulators.contact_line import ContactLine


@dataclass
class ByContact:
    """A reader that speaks T=0 on ``line``, as ours does."""

    line: ContactLine

    def transmit(self, command: bytes) -> bytes:
        return self.line.transmit(without_expected_length(command))


@dataclass
class Script:
    """Answers one after another, the last for ever."""

    answers: list[bytes]
    sent: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.answers[min(len(self.sent), len(self.answers)) - 1]


READ = Command(0x00, 0xB0, 0x00, 0x00, expected=256)


@pytest.mark.parametrize("piece", [256, 100, 17])
@pytest.mark.parametrize("offer", [Wishes(), Wishes(pace=((2, 12),))], ids=["bac", "pace"])
def test_a_chip_is_read_whole_by_a_contact_line(offer: Wishes, piece: int) -> None:
    """Every file as it was put on the chip, however small the pieces; protection is none the wiser."""
    on_reader = chip(offer)
    line = ContactLine(on_reader, piece)
    reading = read(ByContact(line))
    assert reading.access is (Access.PACE if offer.pace else Access.BAC)
    said = {**reading.files.groups, COM: reading.files.com, SOD: reading.files.security_object}
    assert said == on_reader.files
    assert reading.evidence is not None
    assert line.fetched > 0
    assert reading.commands == line.commands == on_reader.commands + line.fetched + line.told


def test_it_asks_again_for_as_much_as_there_is() -> None:
    """6Cxx: the same command, with the length the chip named, and once."""
    line = Script([b"\x6c\x03", b"abc\x90\x00"])
    response = whole_answer(READ, line.transmit)
    assert (response.data, response.status) == (b"abc", 0x9000)
    assert line.sent == [bytes.fromhex("00b0000000"), bytes.fromhex("00b0000003")]
    stubborn = Script([b"\x6c\x03"])
    assert whole_answer(READ, stubborn.transmit).status == 0x6C03
    assert len(stubborn.sent) == 2


def test_pieces_are_fetched_in_order() -> None:
    """61xx: as many as wait, 256 for 00; what came with it stands before, and the last status counts."""
    line = Script([b"a\x61\x00", b"bc\x61\x01", b"d\x62\x82"])
    response = whole_answer(READ, line.transmit)
    assert (response.data, response.status) == (b"abcd", 0x6282)
    assert line.sent[1:] == [bytes.fromhex("00c0000000"), bytes.fromhex("00c0000001")]


@pytest.mark.parametrize("answer", [b"\x61\x10", bytes(255) + b"\x61\xff"])
def test_an_answer_without_an_end_is_given_up(answer: bytes) -> None:
    """The attack: hold a desk by always having more. Law: it ends by name, after so many commands."""
    line = Script([answer])
    with pytest.raises(Undetermined) as caught:
        whole_answer(READ, line.transmit)
    assert caught.value.name == "chip.malformed-response"
    assert len(line.sent) < 300


def test_lengths_the_line_cannot_carry_are_left_out() -> None:
    """T=0 carries data or an expected length; what has not both, and what is long, goes as it is."""
    for command, carried in (
        (Command(0, 0x86, 0, 0, data=b"ab", expected=256), "0086000002" + "6162"),
        (Command(0, 0xA4, 2, 12, data=b"ab"), "00a4020c02" + "6162"),
        (READ, "00b0000000"),
        (Command(0, 0x88, 0, 0, data=b"a", expected=300), "00880000" + "00000161" + "012c"),
    ):
        assert without_expected_length(command.encode()).hex() == carried
