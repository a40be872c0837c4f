"""What a passport says, field by field, once its digests and its signer were proved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dongui.documents.authenticated import Element, Treatment
from dongui.documents.passport.dg1 import parse_dg1
from dongui.documents.passport.dg2 import Faces, parse_dg2
from dongui.documents.passport.files import LdsFiles, file_label
from dongui.documents.passport.mrz import Mrz
from dongui.documents.trust.distinguished_names import printable

__all__ = ["Contents", "passport_elements", "read_contents"]

_MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Contents:
    """DG1 and DG2, read. The portrait is encoded as the issuer signed it, and not decoded here."""

    mrz: Mrz = field(repr=False)
    faces: Faces = field(repr=False)

    @property
    def portrait(self) -> bytes:
        """The encoded image to compare with."""
        return self.faces.portrait.encoded

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was tolerated in DG2."""
        return self.faces.remarks


def read_contents(files: LdsFiles, *, at: datetime) -> Contents:
    """Read DG1 and DG2 of files whose digests were checked.

    Raises ``Refused``: ``passport.data-group-missing`` and what :func:`.dg1.parse_dg1` and
    :func:`.dg2.parse_dg2` raise.
    """
    return Contents(parse_dg1(files.group(1), at=at), parse_dg2(files.group(2)))


def passport_elements(
    files: LdsFiles, contents: Contents, *, unsigned: frozenset[int]
) -> tuple[Element, ...]:
    """Every field there is, and how it was treated; ``unsigned`` data groups are refused.

    What stands in the zone and the portrait are verified by value; other data groups as whole files, since
    their digests hold and nobody reads them here. Fingerprints and irises, EF.COM, and files of no meaning
    are named and nothing more.
    """
    return (*_zone(contents.mrz), *_face(contents.faces), *_other_groups(files, unsigned), *_unread(files))


def _zone(mrz: Mrz) -> Iterator[Element]:
    values: dict[str, object] = {
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "document_number": mrz.document_number,
        "surname": mrz.surname,
        "given_names": mrz.given_names,
        "nationality": mrz.nationality,
        "birth_date": str(mrz.birth),
        "sex": mrz.sex.value,
        "expiry_date": mrz.expiry.isoformat(),
    }
    if mrz.optional_data:
        values["optional_data"] = mrz.optional_data
    for identifier, value in values.items():
        yield Element("icao.9303.dg1", identifier, value, Treatment.VERIFIED)


def _face(faces: Faces) -> Iterator[Element]:
    yield Element("icao.9303.dg2", "portrait", faces.portrait.encoded, Treatment.VERIFIED)
    for name in faces.carried:
        yield Element("icao.9303.dg2", name, None, Treatment.UNVERIFIED)


def _other_groups(files: LdsFiles, unsigned: frozenset[int]) -> Iterator[Element]:
    for number, content in files.groups.items():
        if number in unsigned:
            yield Element(f"icao.9303.dg{number}", "file", None, Treatment.REFUSED)
        elif number not in (1, 2):
            yield Element(f"icao.9303.dg{number}", "file", content, Treatment.VERIFIED)


def _unread(files: LdsFiles) -> Iterator[Element]:
    for number in files.not_kept:
        yield Element(f"icao.9303.dg{number}", "file", None, Treatment.UNVERIFIED)
    if files.com is not None:
        yield Element("icao.9303.com", file_label(0), files.com, Treatment.UNVERIFIED)
    for name in files.unaccounted:
        yield Element("files", printable(name[:_MAX_NAME_CHARACTERS]), None, Treatment.UNVERIFIED)
