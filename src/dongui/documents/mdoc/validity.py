"""When a document is valid (ISO/IEC 18013-5:2021, 9.1.2.4, ValidityInfo)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from dongui.documents.mdoc.fields import Fields
from dongui.documents.trust.certificate import Certificate
from dongui.encoding.cbor import CborValue, Tagged
from dongui.errors import Refused

__all__ = ["Validity", "check_validity", "read_validity"]

_DATE_TIME_TAG = 0
# 9.1.2.4: no fractions of a second, and UTC alone; so each moment has one spelling.
_TDATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Validity:
    """The four moments, aware and in UTC. ``expected_update`` is when the issuer means to sign anew."""

    signed: datetime
    valid_from: datetime
    valid_until: datetime
    expected_update: datetime | None


def read_validity(info: Fields) -> Validity:
    """Read ValidityInfo. Raises ``mdoc.date-form``, ``mdoc.mso-malformed``, ``mdoc.unknown-field``."""
    validity = Validity(
        signed=_moment(info.take("signed"), "signed"),
        valid_from=_moment(info.take("validFrom"), "validFrom"),
        valid_until=_moment(info.take("validUntil"), "validUntil"),
        expected_update=_moment(info.take("expectedUpdate"), "expectedUpdate")
        if info.has("expectedUpdate")
        else None,
    )
    info.finish()
    return validity


def check_validity(validity: Validity, *, signer: Certificate, at: datetime) -> None:
    """Check the order of the moments, the signer's own validity when it signed, and the moment ``at``.

    Both ends are inside. There is no tolerance for clocks that differ: a document is used days after it
    was signed, and a tolerance is an expiry nobody agreed to.
    Raises ``Refused``: ``mdoc.valid-before-signed``, ``mdoc.validity-inverted``,
    ``mdoc.signed-outside-signer-validity``, ``mdoc.not-yet-valid``, ``mdoc.expired``.
    """
    # 9.1.2.4: validFrom is equal to or later than signed, validUntil is later than validFrom.
    if validity.valid_from < validity.signed:
        raise Refused("mdoc.valid-before-signed", "validFrom lies before signed")
    if validity.valid_until <= validity.valid_from:
        raise Refused("mdoc.validity-inverted", "validUntil does not lie after validFrom")
    # 9.3.1, 5: signed lies within the validity of the certificate in the header.
    if not signer.not_before <= validity.signed <= signer.not_after:
        raise Refused(
            "mdoc.signed-outside-signer-validity",
            f"signed lies outside {signer.not_before:%Y-%m-%d} to {signer.not_after:%Y-%m-%d}",
        )
    # 9.3.1, 5: the current moment is not before validFrom and not after validUntil.
    if at < validity.valid_from:
        raise Refused(
            "mdoc.not-yet-valid", f"valid from {validity.valid_from:%Y-%m-%d}; judged {at:%Y-%m-%d}"
        )
    if at > validity.valid_until:
        raise Refused("mdoc.expired", f"valid until {validity.valid_until:%Y-%m-%d}; judged {at:%Y-%m-%d}")


def _moment(value: CborValue, what: str) -> datetime:
    text = value.value if isinstance(value, Tagged) and value.number == _DATE_TIME_TAG else None
    if not isinstance(text, str) or not _TDATE.fullmatch(text):
        raise Refused("mdoc.date-form", f"{what} is not a tagged date-time in UTC without fractions")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refused("mdoc.date-form", f"{what} is not a moment of the calendar") from None
