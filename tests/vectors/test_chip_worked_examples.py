"""ICAO Doc 9303-11's worked examples: appendix D (BAC and its session) and G.1 (PACE, generic mapping).

The numbers are the standard's own (Doc 9303, part 11, eighth edition, appendices D.2 to D.4 and G.1, with the
document numbers L898902C and T22000129), as they also stand in several readers' tests. Keys and nonces are
fixed by an entropy that draws them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.apdu import Command, Response
from dongui.documents.passport.chip.bac import open_with_bac
from dongui.documents.passport.chip.channel import Channel
from dongui.documents.passport.chip.ciphers import ENCRYPTION, MAC, CipherSuite
from dongui.documents.passport.chip.key_agreement import times_generator
from dongui.documents.passport.chip.pace import choose, map_generator, open_with_pace
from dongui.documents.passport.dg14 import parse_security_infos
from dongui.documents.trust.curve_points import multiply
from dongui.documents.trust.explicit_curves import named_curves
from simulators.passport_country import NOW

ZONE = AccessSecret.from_fields("L898902C", "690806", "940623")
PACE_ZONE = AccessSecret.from_fields("T22000129", "640812", "101031")
CARD_ACCESS = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
MAPPED = (
    0x8CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2,
    0x8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522,
)
AGREED = (
    0x60332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5,
    0x0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181,
)
NONCE = 0x3F00C4D39D153F2B2A214A078D899B22
MAPPING_KEY = 0x7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99
SESSION_KEY = 0xA73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595


@dataclass
class Script:
    """A chip that gives the printed answers, one after another, and keeps what it was sent."""

    answers: list[str]
    sent: list[str] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        return bytes.fromhex(self.answers[len(self.sent) - 1])


@dataclass
class Fixed:
    """An entropy that draws what it is told."""

    draws: list[bytes]

    def draw(self, size: int) -> bytes:
        drawn = self.draws.pop(0)
        return drawn + bytes(size - len(drawn))


def channel(script: Script) -> Channel:
    return Channel(script, clock=NOW, limit=timedelta(seconds=10))


def scalar(number: int) -> list[bytes]:
    """What is drawn for a private key, and to blind its use."""
    drawn = (number - 1).to_bytes(128, "big")
    return [drawn[:64], drawn[64:], bytes(63) + b"\x05"]


def test_bac_keys() -> None:
    """Appendix D.2: the keys of the zone."""
    assert ZONE.mrz == b"L898902C<369080619406236"
    encryption, mac = ZONE.bac_keys()
    assert encryption.hex().upper() == "AB94FDECF2674FDFB9B391F85D7F76F2"
    assert mac.hex().upper() == "7962D9ECE03D1ACD4C76089DCE131543"


def test_bac_and_the_first_file() -> None:
    """Appendix D.3 and D.4: every byte sent is the standard's, and EF.COM is read."""
    script = Script(
        [
            "4608F919887022129000",
            "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D74499000",
            "990290008E08FA855A5D4C50A8ED9000",
            "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
        ]
    )
    line = channel(script)
    entropy = Fixed([bytes.fromhex("781723860C06C226"), bytes.fromhex("0B795240CB7049B01C19B33E32804F0B")])
    open_with_bac(line, ZONE, entropy=entropy)
    assert line.send(Command(0x00, 0xA4, 0x02, 0x0C, data=b"\x01\x1e")) == Response(b"", 0x9000)
    first = line.require(Command(0x00, 0xB0, 0x00, 0x00, expected=4), doing="reading")
    rest = line.require(Command(0x00, 0xB0, 0x00, 0x04, expected=0x12), doing="reading")
    assert (first + rest).hex().upper() == "60145F0104303130365F36063034303030305C026175"
    assert script.sent == [
        "0084000008",
        "008200002872C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A728",
        "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
        "0CB000000D9701048E08ED6705417E96BA5500",
        "0CB000040D9701128E082EA28A70F3C7B53500",
    ]


def test_bac_session_keys() -> None:
    """Appendix D.3: the keys derived from both halves."""
    seed = bytes.fromhex("0036D272F5C350ACAC50C3F572D23600")
    suite = CipherSuite.TRIPLE_DES
    assert suite.derive(seed, ENCRYPTION).hex().upper() == "979EC13B1CBFE9DCD01AB0FED307EAE5"
    assert suite.derive(seed, MAC).hex().upper() == "F1CB1F1FB5ADF208806B89DC579DC1F8"


def test_pace_key() -> None:
    """Appendix G.1: K-pi of the zone."""
    assert PACE_ZONE.pace_key(CipherSuite.AES_128).hex().upper() == "89DED1B26624EC1E634C1989302849DD"


def test_pace_mapping() -> None:
    """Appendix G.1: the agreed point and the mapped generator."""
    curve = named_curves()["brainpoolP256r1"]
    chip = times_generator(curve, 0x498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560, blind=1)
    assert chip[0] == 0x824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57
    assert multiply(curve, MAPPING_KEY, chip, blind=7) == AGREED
    assert map_generator(curve, NONCE, AGREED, blind=3) == MAPPED


def test_pace() -> None:
    """Appendix G.1: every byte sent is the standard's, the token too, and the chip's is accepted."""
    script = Script(
        [
            "9000",
            "7C12801095A3A016522EE98D01E76CB6B98B42C39000",
            "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
            "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C549000",
            "7C438441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
            "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F0949000",
            "7C0A86083ABB9674BCE93C089000",
        ]
    )
    choice = choose(parse_security_infos(CARD_ACCESS).paces)
    assert choice is not None
    line = channel(script)
    open_with_pace(line, PACE_ZONE, choice, entropy=Fixed(scalar(MAPPING_KEY) + scalar(SESSION_KEY)))
    assert line.protection is not None
    assert script.sent == [
        "0022C1A40F800A04007F00070202040202830101",
        "10860000027C0000",
        "10860000457C438141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
        "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D00",
        "10860000457C438341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
        "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB3646200",
        "008600000C7C0A8508C2B0BD78D94BA86600",
    ]


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [(ENCRYPTION, "F5F0E35C0D7161EE6724EE513A0D9A7F"), (MAC, "FE251C7858B356B24514B3BD5F4297D1")],
)
def test_pace_session_keys(purpose: int, expected: str) -> None:
    """Appendix G.1: the keys of the session."""
    secret = bytes.fromhex("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925")
    assert CipherSuite.AES_128.derive(secret, purpose).hex().upper() == expected
