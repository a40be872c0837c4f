"""A passport's portrait becomes a reference: both records, both formats, the published specimen too."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.reference import take_reference
from dongui.documents.passport.dg2 import parse_dg2
from dongui.documents.passport.face_image import RecordFormat
from dongui.documents.passport.issuing import build_dg2
from simulators.biometric_data import person
from simulators.passport_files import published_39794, specimen

# A quarter of the distance (0.42) up to which two pictures are one person.
CLOSE = 0.1


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Instruments:
    return Instruments.load(cache=tmp_path_factory.mktemp("models"), progress=lambda _message: None)


def features(dg2: bytes, instruments: Instruments) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    portrait = memoryview(parse_dg2(dg2).portrait.encoded)
    with take_reference(portrait, instruments=instruments) as reference:
        return np.array(reference.template.features, dtype=np.float32)


@pytest.mark.parametrize("record_format", RecordFormat)
def test_jpeg_2000_says_what_the_jpeg_said(record_format: RecordFormat, instruments: Instruments) -> None:
    """A portrait at a passport's size and compression (21 KB) gives the reference its JPEG gives."""
    jpeg = person("04", "portrait").read_bytes()
    stream = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.save(stream, "JPEG2000", quality_mode="rates", quality_layers=[50], irreversible=True)
    told, compressed = (
        features(build_dg2([encoded], record_format=record_format), instruments)
        for encoded in (jpeg, stream.getvalue())
    )
    assert len(stream.getvalue()) < 25_000
    assert float(np.linalg.norm(told - compressed)) < CLOSE


def test_published_portraits_become_references(instruments: Instruments) -> None:
    """The specimen and the newer record's portrait show one usable face each, at the code stream's size."""
    for dg2 in (specimen().group(2), published_39794()):
        assert 0.9 < float(np.linalg.norm(features(dg2, instruments))) < 2
