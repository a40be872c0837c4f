"""What a reader proved about the chip itself, so that a copy of its files is not taken for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from dongui.documents.authenticated import HolderBinding
from dongui.documents.passport.files import LdsFiles
from dongui.errors import Refused

__all__ = ["ChipEvidence", "ChipProof", "bind"]


class ChipProof(StrEnum):
    """How a chip showed that it holds a private key (ICAO 9303-11, 6)."""

    CHIP_AUTHENTICATION = "chip-authentication"  # 6.2, with the key in DG14
    ACTIVE_AUTHENTICATION = "active-authentication"  # 6.1, with the key in DG15


_KEY_GROUP = {ChipProof.CHIP_AUTHENTICATION: 14, ChipProof.ACTIVE_AUTHENTICATION: 15}


@dataclass(frozen=True, slots=True)
class ChipEvidence:
    """A reader's word that a chip proved to hold a key, and *which*: SHA-256 of the file the key came from.

    Without the digest the proof of somebody's own genuine chip could be lent to a copy of another's files.
    """

    proof: ChipProof
    key_file_digest: bytes

    @classmethod
    def proved_with(cls, proof: ChipProof, key_file: bytes) -> ChipEvidence:
        """Evidence for the whole file (DG14 or DG15) whose key the chip was proved against."""
        return cls(proof, sha256(key_file).digest())

    @property
    def key_group(self) -> int:
        """The data group the key stands in."""
        return _KEY_GROUP[self.proof]


def bind(evidence: ChipEvidence | None, files: LdsFiles, *, unsigned: frozenset[int]) -> HolderBinding:
    """How the document is bound to its holder, given files whose digests were checked.

    ``unsigned`` are the data groups nobody signed: a key in one of them is anybody's.

    Without evidence the files may be a copy. Raises ``Refused`` (``passport.chip-evidence-mismatch``) for
    evidence about a key this document does not hold: somebody lent it.
    """
    if evidence is None:
        return HolderBinding.COPYABLE
    key_file = files.groups.get(evidence.key_group)
    if evidence.key_group in unsigned:
        raise Refused(
            "passport.data-group-not-listed", f"EF.SOD does not list DG{evidence.key_group}, the chip's key"
        )
    if key_file is None or not compare_digest(sha256(key_file).digest(), evidence.key_file_digest):
        raise Refused(
            "passport.chip-evidence-mismatch",
            f"the {evidence.proof} was made with another key than DG{evidence.key_group} of this document",
        )
    return HolderBinding.GENUINE_CHIP
