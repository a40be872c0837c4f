"""From a chip in the field to a passport's files, and a proof that it is that passport's chip.

The order is ICAO 9303-11, 4.2: EF.CardAccess, PACE or else basic access control, then the files. Fingerprints
and irises are never asked for. Nothing is written anywhere: files and portrait stay in memory, and what they
say counts only after passive authentication (:mod:`dongui.documents.passport.passive_authentication`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.documents.passport.chip.active_authentication import prepare
from dongui.documents.passport.chip.apdu import FILE_NOT_FOUND, SUCCESS, Command, Transport
from dongui.documents.passport.chip.bac import open_with_bac
from dongui.documents.passport.chip.channel import Channel, unexpected
from dongui.documents.passport.chip.chip_authentication import agree_on_new_keys, choose_chip_key
from dongui.documents.passport.chip.chip_files import largest_piece, read_selected, select
from dongui.documents.passport.chip.pace import choose, open_with_pace
from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
from dongui.documents.passport.dg14 import SecurityInfos, parse_dg14, parse_security_infos
from dongui.documents.passport.dg15 import parse_dg15
from dongui.documents.passport.files import COM, NEVER_KEPT, SOD, LdsFiles, file_identifier, file_label
from dongui.documents.passport.security_object import read_security_object
from dongui.environment import Clock, Entropy
from dongui.errors import Refused, Undetermined

__all__ = ["READ_LIMIT", "Access", "ChipReading", "OpenChip", "Progress", "open_chip", "prove", "read_chip"]

READ_LIMIT = timedelta(seconds=90)
_CARD_ACCESS = 0x011C
_APPLICATION = bytes.fromhex("A0000002471001")
_READ = frozenset({COM, SOD, 1, 2, 14, 15})

Progress = Callable[[str, int, int], None]
"""Told a file's label, bytes read and bytes in all."""


class Access(StrEnum):
    """How the chip was opened."""

    PACE = "pace"
    BAC = "bac"


@dataclass(frozen=True, slots=True)
class ChipReading:
    """What one reading gave. ``evidence`` is ``None`` where the document offers no proof spoken here."""

    files: LdsFiles
    evidence: ChipEvidence | None
    access: Access
    commands: int


@dataclass(frozen=True, slots=True)
class OpenChip:
    """A chip that gave access. ``card_access`` is what it said in the clear, before anything was proved."""

    channel: Channel = field(repr=False)
    access: Access
    card_access: SecurityInfos | None
    piece: int

    def read_file(self, number: int, *, progress: Progress) -> bytes | None:
        """Read EF.COM, EF.SOD or data group 1, 2, 14 or 15, by number; ``None``: the chip has none.

        ``ValueError`` for any other: fingerprints and irises are not asked for, and the rest is not needed.
        Raises as :func:`.chip_files.read_selected`.
        """
        if number not in _READ:
            raise ValueError(f"{file_label(number)} is not read")
        label = file_label(number)
        if not select(self.channel, file_identifier(number)):
            return None
        return read_selected(
            self.channel,
            what=label,
            piece=self.piece,
            progress=lambda done, total: progress(label, done, total),
        )


def read_chip(
    transport: Transport,
    access: AccessSecret,
    *,
    entropy: Entropy,
    clock: Clock,
    progress: Progress,
    limit: timedelta = READ_LIMIT,
) -> ChipReading:
    """Open a chip, read a passport's files, and have the chip prove itself where the document offers it.

    What opens it is tried once. Raises ``Misuse`` ``chip.access-zone-needed``; ``Refused``:
    ``chip.authentication-failed`` (a copy), ``chip.file-withheld``, ``chip.card-access-mismatch``,
    ``chip.answer-forged``, ``chip.invalid-key``, ``passport.*``, ``cms.*``; ``Undetermined``:
    ``chip.access-denied``, ``chip.access-unsupported``, ``chip.not-a-passport``, ``chip.session-lost``,
    ``chip.malformed-response``, ``chip.unexpected-status``, ``chip.file-too-large``; ``Trouble``:
    ``chip.timeout``, ``chip.vanished``.
    """
    chip = open_chip(transport, access, entropy=entropy, clock=clock, limit=limit)
    # 1. What the issuer signed, and so which files there must be.
    contents = {number: _required(chip, number, progress) for number in (COM, SOD)}
    listed = read_security_object(contents[SOD]).digests.keys()
    # 2. The chip's keys, and the proof with them: before anything about the person is asked for.
    contents |= {number: _required(chip, number, progress) for number in (14, 15) if number in listed}
    evidence = prove(chip, contents.get(14), contents.get(15), entropy=entropy)
    # 3. The person.
    contents |= {number: _required(chip, number, progress) for number in (1, 2) if number in listed}
    # Named as there and not taken: fingerprints and irises.
    contents |= dict.fromkeys(sorted(listed & NEVER_KEPT), b"")
    files = LdsFiles.from_numbers(contents)
    return ChipReading(files, evidence, chip.access, chip.channel.commands)


def open_chip(
    transport: Transport, access: AccessSecret, *, entropy: Entropy, clock: Clock, limit: timedelta
) -> OpenChip:
    """Get access: PACE where it is offered and spoken, else basic access control.

    Raises as :func:`read_chip`.
    """
    channel = Channel(transport, clock=clock, limit=limit)
    card_access = _card_access(channel)
    piece = largest_piece(channel)
    choice = None if card_access is None else choose(card_access.paces)
    if choice is not None:
        # No way from here to basic access control: a failed PACE would else be a way to force it.
        open_with_pace(channel, access, choice, entropy=entropy)
        _select_application(channel)
        return OpenChip(channel, Access.PACE, card_access, piece)
    _select_application(channel)
    open_with_bac(channel, access, entropy=entropy)
    return OpenChip(channel, Access.BAC, card_access, piece)


def prove(chip: OpenChip, dg14: bytes | None, dg15: bytes | None, *, entropy: Entropy) -> ChipEvidence | None:
    """Have the chip prove that it holds a key of DG14 or DG15; ``None``: neither offers one spoken here.

    Chip authentication first: it leaves no signature behind, and the rest is read under its keys. Raises
    ``Refused``: ``chip.card-access-mismatch``, ``chip.authentication-failed``, ``passport.*``; and what
    :meth:`.channel.Channel.send` raises.
    """
    infos = None if dg14 is None else parse_dg14(dg14)
    _confirm_card_access(chip.card_access, infos)
    chosen = None if infos is None else choose_chip_key(infos)
    if chosen is not None and dg14 is not None:
        agree_on_new_keys(chip.channel, chosen, entropy=entropy)
        _hear_it_under_new_keys(chip.channel)
        return ChipEvidence.proved_with(ChipProof.CHIP_AUTHENTICATION, dg14)
    if dg15 is None:
        return None
    said = None if infos is None else infos.active_authentication
    asked = prepare(parse_dg15(dg15), None if said is None else said.signature_algorithm)
    if asked is None:
        return None
    asked.challenge(chip.channel, entropy=entropy)
    return ChipEvidence.proved_with(ChipProof.ACTIVE_AUTHENTICATION, dg15)


def _required(chip: OpenChip, number: int, progress: Progress) -> bytes:
    content = chip.read_file(number, progress=progress)
    if content is None:
        # A copy without its keys would leave out DG14 and DG15 and hope to be taken for an old passport.
        detail = f"the chip has no {file_label(number)}, which the document must have"
        raise Refused("chip.file-withheld", detail)
    return content


def _card_access(channel: Channel) -> SecurityInfos | None:
    """Read EF.CardAccess (9303-11, 9.2.11); ``None`` where the chip has none, or shows none."""
    response = channel.send(Command(0x00, 0xA4, 0x02, 0x0C, data=_CARD_ACCESS.to_bytes(2, "big")))
    if response.status != SUCCESS:
        return None
    return parse_security_infos(
        read_selected(channel, what="EF.CardAccess", piece=128, progress=lambda _done, _total: None)
    )


def _select_application(channel: Channel) -> None:
    response = channel.send(Command(0x00, 0xA4, 0x04, 0x0C, data=_APPLICATION))
    if response.status == FILE_NOT_FOUND:
        raise Undetermined("chip.not-a-passport", "there is no passport application on the chip")
    if response.status != SUCCESS:
        raise unexpected(response.status, "selecting the passport application")


def _confirm_card_access(said: SecurityInfos | None, signed: SecurityInfos | None) -> None:
    """Hold what the chip offered in the clear against what its issuer signed (9303-11, 9.2.11).

    Somebody between reader and chip who takes PACE off the offer gets basic access control, whose recording
    can be opened by guessing. Where DG14 says nothing of PACE there is nothing to hold it against.
    """
    signed_offers = set() if signed is None else set(signed.paces)
    offers = set() if said is None else set(said.paces)
    if signed_offers and offers != signed_offers:
        raise Refused(
            "chip.card-access-mismatch",
            "the ways of access the chip offered in the clear are not those its issuer signed",
        )


def _hear_it_under_new_keys(channel: Channel) -> None:
    """The proof itself: an answer under keys that only the holder of the private half can derive."""
    try:
        select(channel, file_identifier(COM))
    except (Refused, Undetermined) as failure:
        if failure.name in ("chip.session-lost", "chip.answer-forged", "chip.malformed-response"):
            detail = f"no sound answer under the new keys ({failure.name}): not the chip, but a copy"
            raise Refused("chip.authentication-failed", detail) from None
        raise
