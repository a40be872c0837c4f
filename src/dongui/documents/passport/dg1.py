"""DG1: the machine readable zone as the chip holds it. ICAO 9303-10, 4.7.1."""

from __future__ import annotations

from datetime import datetime

from dongui.documents.passport.mrz import Mrz, parse_mrz
from dongui.documents.passport.tlv import read_fields, read_one
from dongui.errors import Refused

__all__ = ["parse_dg1"]

_MRZ = 0x5F1F


def parse_dg1(data: bytes, *, at: datetime) -> Mrz:
    """Return the zone in DG1; ``at`` is the moment two-digit years are judged from.

    Raises ``Refused``: ``passport.tlv-*``, ``passport.field-*``, ``passport.trailing-bytes``,
    ``passport.mrz-*``.
    """
    fields = read_fields(read_one(data, 0x61, what="DG1"), what="DG1")
    fields.require_known({_MRZ})
    try:
        # No line breaks here: the zone's lines stand one after another.
        zone = fields.one(_MRZ).decode("ascii")
    except UnicodeDecodeError:
        raise Refused("passport.mrz-character", "the zone holds a byte that is no ASCII character") from None
    if not zone.isprintable():
        raise Refused("passport.mrz-character", "the zone in a chip has no line breaks")
    return parse_mrz(zone, at=at)
