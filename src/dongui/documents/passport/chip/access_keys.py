"""What opens a chip: the zone printed in the passport, or the number printed on the card.

Whoever holds these can read the chip as often as they like, so they are never shown and never kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1

from dongui.documents.passport.chip.ciphers import ENCRYPTION, MAC, PASSWORD, CipherSuite
from dongui.documents.passport.mrz import mrz_information, parse_mrz
from dongui.errors import Misuse

__all__ = ["CAN_REFERENCE", "MRZ_REFERENCE", "AccessSecret"]

MRZ_REFERENCE, CAN_REFERENCE = 1, 2  # how PACE names its passwords: 9303-11, 4.4.4.1
_DATE = re.compile(r"[0-9]{2}(?:[0-9]{2}|<<)(?:[0-9]{2}|<<)|<{6}")
_CAN = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class AccessSecret:
    """The secret and which it is. ``repr`` shows neither.

    ``mrz`` is document number, birth and expiry with their check digits; ``can`` the six digits of a card
    access number. At least one is there; where both are, PACE takes the card access number.
    """

    mrz: bytes | None = field(default=None, repr=False)
    can: bytes | None = field(default=None, repr=False)

    @classmethod
    def from_zone(cls, text: str, *, at: datetime) -> AccessSecret:
        """Take it from a machine readable zone, every check digit judged. Raises as :func:`parse_mrz`."""
        return cls(mrz=parse_mrz(text, at=at).information)

    @classmethod
    def from_fields(cls, document_number: str, birth: str, expiry: str) -> AccessSecret:
        """Take it from three printed fields, the dates as YYMMDD.

        Raises ``Misuse`` ``chip.access-fields`` for dates of another form; ``Refused``
        ``passport.mrz-character``.
        """
        if not document_number.strip() or not all(_DATE.fullmatch(date) for date in (birth, expiry)):
            raise Misuse(
                "chip.access-fields", "a document number and two dates of six digits, YYMMDD, are needed"
            )
        return cls(mrz=mrz_information(document_number.strip(), birth, expiry))

    @classmethod
    def from_can(cls, digits: str) -> AccessSecret:
        """Take the card access number. Raises ``Misuse`` ``chip.access-fields``."""
        if not _CAN.fullmatch(digits):
            raise Misuse("chip.access-fields", "a card access number has six digits")
        return cls(can=digits.encode("ascii"))

    def __post_init__(self) -> None:
        if self.mrz is None and self.can is None:
            raise ValueError("neither zone nor card access number")

    @property
    def pace_reference(self) -> int:
        """The number by which PACE is told which password is used."""
        return MRZ_REFERENCE if self.can is None else CAN_REFERENCE

    def pace_key(self, suite: CipherSuite) -> bytes:
        """Return K-pi, which the chip's nonce is encrypted with (9303-11, 9.7.3)."""
        if self.can is not None:
            return suite.derive(self.can, PASSWORD)
        return suite.derive(self._zone_digest(), PASSWORD)

    def bac_keys(self) -> tuple[bytes, bytes]:
        """Return K-Enc and K-MAC of basic access control (9303-11, 9.7.2). Needs the zone."""
        seed = self._zone_digest()[:16]
        suite = CipherSuite.TRIPLE_DES
        return suite.derive(seed, ENCRYPTION), suite.derive(seed, MAC)

    def _zone_digest(self) -> bytes:
        if self.mrz is None:
            raise ValueError("there is no zone")
        return sha1(self.mrz, usedforsecurity=False).digest()  # as the standard derives it
