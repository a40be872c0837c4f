"""Files of passports: the published specimen, and those of a holder who does not exist."""

from __future__ import annotations

import io
import os
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from dongui.documents.passport.face_image import RecordFormat
from dongui.documents.passport.files import LdsFiles
from dongui.documents.passport.issuing import (
    PassportHolder,
    active_authentication_info,
    build_data_groups,
    chip_authentication_info,
    chip_authentication_public_key_info,
    pace_info,
)
from dongui.documents.passport.mrz import MrzFormat, Sex
from dongui.documents.passport.tlv import write

__all__ = ["AA_KEY", "data_groups", "holder", "picture", "published_39794", "specimen"]

# A key of nobody's: an RSA SubjectPublicKeyInfo whose numbers are not even a modulus.
AA_KEY = write(
    0x30,
    write(0x30, write(0x06, bytes.fromhex("2a864886f70d010101")), write(0x05)),
    write(
        0x03, b"\x00", write(0x30, write(0x02, b"\x00" + bytes(range(1, 129))), write(0x02, b"\x01\x00\x01"))
    ),
)
_CURVE_KEY = write(
    0x30,
    write(0x30, write(0x06, bytes.fromhex("2a8648ce3d0201")), write(0x06, bytes.fromhex("2a8648ce3d030107"))),
    write(0x03, b"\x00\x04" + bytes(range(64))),
)
_BSI = "0.4.0.127.0.7.2.2"


def holder(
    form: MrzFormat = MrzFormat.TD3,
    *,
    issuing_state: str = "UTO",
    number: str = "L898902C3",
    surname: str = "Eriksson",
    given_names: str = "Anna-Maria",
    optional_data: str = "",
) -> PassportHolder:
    """Anna Maria Eriksson of Utopia, as in the standard."""
    return PassportHolder(
        format=form,
        document_code="P" if form is MrzFormat.TD3 else "I",
        issuing_state=issuing_state,
        number=number,
        surname=surname,
        given_names=given_names,
        nationality="UTO",
        birth=date(1974, 8, 12),
        sex=Sex.FEMALE,
        expiry=date(2032, 4, 15),
        optional_data=optional_data,
    )


def picture(kind: str = "JPEG", size: tuple[int, int] = (96, 120), **options: object) -> bytes:
    """A gradient, nobody's face, in the format Pillow calls ``kind``."""
    stream = io.BytesIO()
    grey = Image.new("L", (256, 256), 90)
    gradient = Image.merge("RGB", [Image.linear_gradient("L"), Image.radial_gradient("L"), grey])
    gradient.resize(size).save(stream, kind, **options)
    return stream.getvalue()


def data_groups(record_format: RecordFormat = RecordFormat.ISO_19794_5) -> dict[int, bytes]:
    """DG1, DG2, DG14 and DG15 of a passport that offers everything."""
    infos = [
        chip_authentication_public_key_info(f"{_BSI}.1.2", _CURVE_KEY, 7),
        chip_authentication_info(f"{_BSI}.3.2.2", 7),
        active_authentication_info("0.4.0.127.0.7.1.1.4.1.3"),
        pace_info(f"{_BSI}.4.2.2", 13),
    ]
    return build_data_groups(
        holder(),
        picture(),
        record_format=record_format,
        security_infos=infos,
        active_authentication_key=AA_KEY,
    )


def specimen() -> LdsFiles:
    """The specimen of 2008, out of its folder; skips the test where the data is not at hand."""
    folder = _published() / "bsi2008"
    return LdsFiles.from_listing({path.name: path.read_bytes() for path in folder.iterdir()})


def published_39794() -> bytes:
    """A published DG2 in ISO/IEC 39794-5; skips the test where the data is not at hand."""
    return (_published() / "icao-39794" / "ICAO_39794_5_AP_DG2_MandFields.dat").read_bytes()


def _published() -> Path:
    root = os.environ.get("DONGUI_TEST_DATA")
    if root is None:
        pytest.skip("DONGUI_TEST_DATA is not set: the published passport files are not read")
    return Path(root) / "vectors" / "passport"
