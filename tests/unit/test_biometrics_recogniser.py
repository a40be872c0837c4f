"""The same weights, whoever runs them; read within bounds, cached without trust."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from dongui.biometrics.acquisition import acquire
from dongui.biometrics.alignment import Aligner
from dongui.biometrics.cards import card
from dongui.biometrics.detection import FaceDetector
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers import Recogniser, onnx_resnet, weights
from dongui.biometrics.recognisers.dlib_file import read_network
from dongui.biometrics.recognisers.dlib_resnet import DlibResnet
from dongui.biometrics.recognisers.onnx_resnet import OnnxResnet
from dongui.biometrics.recognisers.weights import FIVE_POINTS, RESNET, locate
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.errors import Trouble
from simulators.biometric_data import person, view


@pytest.fixture(scope="module")
def crops() -> list[Pixels]:
    detector, aligner = FaceDetector(), Aligner(locate(FIVE_POINTS))
    found = []
    for number in ("04", "05", "09"):
        picture = EncodedPicture.open(view(person(number, "portrait")), source=Source.CAPTURE, what="it")
        acquired = acquire(picture, detector=detector, aligner=aligner)
        found.append(aligner.crop(acquired.sample.pixels, acquired.points, acquired.face))
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the exported model in it, whichever test asks first."""
    path = tmp_path_factory.mktemp("models") / "new"
    OnnxResnet.load(cache=path, progress=lambda _: None)
    return path


@pytest.fixture(scope="module")
def recogniser(cache: Path) -> OnnxResnet:
    return OnnxResnet.load(cache=cache, progress=lambda _: None)


def test_both_runtimes_agree_on_the_same_crop(recogniser: OnnxResnet, crops: list[Pixels]) -> None:
    """On one aligned crop ONNX Runtime's features and dlib's differ by less than 1e-5 anywhere."""
    dlib_resnet: Recogniser = DlibResnet()
    noise = np.random.default_rng(3).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    for crop in [*crops, noise, np.zeros_like(noise), np.full_like(noise, 255)]:
        ours, theirs = recogniser.template(crop), dlib_resnet.template(crop)
        assert np.abs(ours.features - theirs.features).max() < 1e-5


def test_a_template_is_all_that_a_crop_leaves(recogniser: OnnxResnet, crops: list[Pixels]) -> None:
    """The crop is read and not changed; the template can be overwritten where it lies."""
    before = crops[0].copy()
    template = recogniser.template(crops[0])
    assert np.array_equal(crops[0], before)
    assert template.features.flags.writeable


def test_crops_recognised_together_are_recognised_alike(recogniser: OnnxResnet, crops: list[Pixels]) -> None:
    """A crop's template is the same to the last bit, whatever other crops of the clip are in the run."""
    before = [crop.copy() for crop in crops]
    for count in range(1, len(crops) + 1):
        together = recogniser.templates(crops[:count])
        for crop, template in zip(crops, together, strict=False):
            assert np.array_equal(template.features, recogniser.template(crop).features)
            assert template.features.flags.writeable
    assert np.array_equal(crops, before)


def test_an_export_is_kept_whole_private_and_once(recogniser: OnnxResnet, cache: Path) -> None:
    """The cache holds one file whose digest stands in the source; a second start exports nothing."""
    (file,) = cache.iterdir()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    told: list[str] = []
    OnnxResnet.load(cache=cache, progress=told.append)
    assert (told, list(cache.iterdir())) == ([], [file])


def test_an_altered_cache_is_never_another_model(cache: Path, tmp_path: Path, crops: list[Pixels]) -> None:
    """Whoever may write the cache cannot exchange the model: one flipped bit, and it is exported anew."""
    (file,) = cache.iterdir()
    altered = bytearray(file.read_bytes())
    altered[len(altered) // 2] ^= 1
    copy = tmp_path / file.name
    copy.write_bytes(altered)
    told: list[str] = []
    OnnxResnet.load(cache=tmp_path, progress=told.append)
    assert len(told) == 1
    assert copy.read_bytes() == file.read_bytes()


def test_a_cache_that_cannot_be_written_is_done_without(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or forbidden disk slows the start down, and is said; it leaves no half a file."""
    (file,) = cache.iterdir()
    monkeypatch.setattr(onnx_resnet, "_exported", lambda _: file.read_bytes())
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    told: list[str] = []
    OnnxResnet.load(cache=blocked, progress=told.append)
    assert "going on without" in told[0]
    assert list(tmp_path.iterdir()) == [blocked]


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of models that somebody else filled."""
    models = tmp_path / "other_models" / "models"
    models.mkdir(parents=True)
    (tmp_path / "other_models" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(weights, "_PACKAGE", "other_models")
    return models


def test_altered_weights_are_not_loaded(other_package: Path) -> None:
    """Weights whose digest is not their card's are refused before dlib reads them."""
    (other_package / "dlib_face_recognition_resnet_model_v1.dat").write_bytes(b"something else")
    with pytest.raises(Trouble) as caught:
        locate(RESNET)
    assert caught.value.name == "recogniser.weights-altered"


def test_missing_weights_are_named(other_package: Path) -> None:
    """Weights that are not installed are said to be missing."""
    with pytest.raises(Trouble) as caught:
        locate(FIVE_POINTS)
    assert caught.value.name == "recogniser.weights-missing"


def test_a_damaged_file_is_named_with_its_byte() -> None:
    """Reading stops at the first byte that says something else, and says where."""
    data = locate(RESNET).read_bytes()
    for damaged in (data[:100], data[:3] + b"\x09" + data[4:], data + b"\x01", b"", data[:-1]):
        with pytest.raises(Trouble, match="at byte") as caught:
            read_network(damaged)
        assert caught.value.name == "recogniser.weights-malformed"


def test_the_card_says_that_nobody_was_asked() -> None:
    """The recogniser's card does not hide what its training pictures are."""
    assert card(RESNET).consent_of_its_people == "not obtained"
