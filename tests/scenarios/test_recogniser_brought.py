"""A recogniser is brought, compared with the one that ships, and verifies nothing until bounds are chosen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dongui.biometrics import operating_points as known_points
from dongui.biometrics.acquisition import acquire
from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.comparison import ComparisonDecision, compare
from dongui.biometrics.detection_yunet import YuNet
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.marks import CUT_SIDE_PIXELS, Marks, marks_of
from dongui.biometrics.operating_points import Measured, OperatingPoint, operating_point
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.probe import take_probe
from dongui.biometrics.recognisers import model_folder, trial
from dongui.biometrics.recognisers.arcface_onnx import ArcFaceOnnx
from dongui.biometrics.recognisers.brought import read_brought_card
from dongui.biometrics.recognisers.catalogue import (
    around,
    load_for_points,
    load_instruments,
    marked_pipeline_digest,
)
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.biometrics.recognisers.published import PUBLISHED, YUNET, Published
from dongui.biometrics.recognisers.sface import SFACE_FORM, sface
from dongui.biometrics.reference import take_reference
from dongui.biometrics.sample import DECODED_SIDE_PIXELS, EncodedPicture, Source
from dongui.cli import recogniser_models
from dongui.cli.main import run
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.desk import desk as desk_folder
from dongui.desk.desk import models_cache
from dongui.desk.folder import install_point
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Trouble, Undetermined
from dongui.verification import prepare
from simulators.assessment_people import declared, write_table
from simulators.biometric_data import person, view
from simulators.model_server import Publisher, publishing
from simulators.recogniser_models import FIELDS, arcface_like, card_text, endless, planted, write_brought

EVERYONE = Measured("everyone", 100, 200, 0, 100, 0, 0, 4950, 0, 0)
FRAMES = [person("05", f"turn-{number:02}") for number in range(15)]


def quiet(_said: str) -> None:
    """Nobody is told."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models of its own, with the exported one that every test makes use of."""
    own = tmp_path_factory.mktemp("cache")
    for file in models_cache().glob("*.onnx"):
        shutil.copy(file, own)
    return own


@pytest.fixture(scope="module")
def brought(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a tiny net, brought through the command line."""
    file, card = write_brought(tmp_path_factory.mktemp("net"), arcface_like())
    with pytest.raises(SystemExit) as end:
        run(["recogniser", "add", str(file), "--card", str(card), "--cache", str(cache), "--json"])
    assert end.value.code == 0
    return "tiny-net"


@pytest.fixture(scope="module")
def tiny(cache: Path, brought: str) -> Instruments:
    return load_instruments(brought, cache=cache, progress=quiet)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test installs is unknown to the next."""
    monkeypatch.setattr(known_points, "_installed", {})


def said(capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as end:
        run(["recogniser", *arguments, "--json"])
    assert isinstance(end.value.code, int)
    return end.value.code, json.loads(capture.readouterr().out)


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server in the official address's place, believed by this test alone."""
    served = tmp_path / "server"
    served.mkdir()
    with publishing(served) as publisher:
        publisher.content = bytes(range(256)) * 40
        monkeypatch.setenv("SSL_CERT_FILE", str(publisher.authority))
        pinned = {
            name: dataclasses.replace(one, uri=publisher.uri, file_bytes=len(publisher.content))
            for name, one in PUBLISHED.items()
        }
        monkeypatch.setattr(recogniser_models, "PUBLISHED", pinned)
        monkeypatch.setattr(model_folder, "PUBLISHED", pinned)
        digest = hashlib.sha256(publisher.content).hexdigest()
        monkeypatch.setattr(Published, "sha256", property(lambda _self: digest))
        yield publisher


def test_a_fetch_brings_what_the_pipeline_needs(
    official: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SFace comes with YuNet; both lie where they are looked for, and the list says so."""
    folder = tmp_path / "c"
    code, answer = said(capsys, "fetch", "sface-2021dec", "--cache", str(folder))
    assert (code, [one["name"] for one in answer["result"]["fetched"]]) == (
        0,
        ["sface-2021dec", "yunet-2023mar"],
    )
    for name in ("sface-2021dec", "yunet-2023mar"):
        assert (folder / "recognisers" / f"{name}.onnx").read_bytes() == official.content
    _, listed = said(capsys, "list", "--cache", str(folder))
    where = {model["name"]: model["file"] for model in listed["result"]["models"]}
    assert where["sface-2021dec"] == where["yunet-2023mar"] == "fetched"
    official.seen = []
    (folder / "recognisers" / "yunet-2023mar.onnx").write_bytes(b"damaged")
    assert said(capsys, "fetch", "sface-2021dec", "--cache", str(folder))[0] == 0
    # What is whole is not fetched again; what was damaged is.
    assert official.seen == [None]


def test_an_interrupted_command_is_given_again(
    official: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, what arrived is kept, and the same command goes on there."""
    given = ("fetch", "yunet-2023mar", "--cache", str(tmp_path / "c"))
    official.breaks_after = [5000, 0]
    code, answer = said(capsys, *given)
    assert (code, answer["failure"]["name"]) == (3, "recogniser.fetch-failed")
    assert "5000 of 10240" in answer["failure"]["detail"]
    official.breaks_after, official.seen = [None], []
    assert said(capsys, *given)[0] == 0
    assert official.seen == ["bytes=5000-"]


def test_without_a_network_the_file_is_carried(
    official: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--from asks no server; what its pipeline lacks is named; another file is not taken."""
    file = tmp_path / "carried"
    given = ("fetch", "sface-2021dec", "--from", str(file), "--cache", str(tmp_path / "c"))
    file.write_bytes(official.content[:-1] + b"x")
    code, answer = said(capsys, *given)
    assert (code, answer["failure"]["name"]) == (3, "recogniser.fetched-other-bytes")
    file.write_bytes(official.content)
    code, answer = said(capsys, *given)
    assert (code, answer["result"]["still_needed"]) == (0, ["yunet-2023mar"])
    assert official.seen == []


def test_what_nobody_publishes_is_not_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    """Misuse, with the names there are."""
    code, answer = said(capsys, "fetch", "buffalo_l")
    assert (code, answer["failure"]["name"]) == (2, "recogniser.not-fetchable")
    assert "sface-2021dec" in answer["failure"]["detail"]


def point_of(instruments: Instruments, name: str = "mine") -> OperatingPoint:
    return OperatingPoint(
        name,
        instruments.recogniser.card.name,
        1.4,
        1.9,
        instruments.pipeline_digest,
        False,
        "a set",
        date(2026, 11, 22),
        EVERYONE,
    )


def test_it_is_listed_with_its_card(cache: Path, brought: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was brought stands beside what ships and what could be fetched, its people's consent with it."""
    _, listed = said(capsys, "list", "--cache", str(cache))
    where = {model["name"]: model["file"] for model in listed["result"]["models"]}
    assert (where[brought], where["sface-2021dec"], where["dlib-resnet-v1"]) == (
        "brought",
        "not fetched",
        "shipped",
    )
    code, shown = said(capsys, "show", brought, "--cache", str(cache))
    assert (code, shown["result"]["training_data"]) == (0, FIELDS["training_data"])
    assert shown["result"]["operating_points"] == []


def test_a_name_is_brought_once(
    cache: Path, brought: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Receipts carry the name: another model needs another."""
    file, card = write_brought(tmp_path, arcface_like(seed=2))
    code, answer = said(capsys, "add", str(file), "--card", str(card), "--cache", str(cache))
    assert (code, answer["failure"]["name"]) == (2, "recogniser.name-taken")


def test_what_does_not_fit_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another file than the card's, or a model that is not run here: no file, no card."""
    file, card = write_brought(tmp_path, arcface_like(shape=(1, 3, 160, 160)))
    code, answer = said(capsys, "add", str(file), "--card", str(card), "--cache", str(tmp_path / "c"))
    assert (code, answer["failure"]["name"]) == (2, "recogniser.model-unfit")
    file.write_bytes(file.read_bytes()[:-1])
    code, answer = said(capsys, "add", str(file), "--card", str(card), "--cache", str(tmp_path / "c"))
    assert (code, answer["failure"]["name"]) == (3, "recogniser.weights-altered")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(("limit", "value"), [("TRIAL_SECONDS", 1.0), ("TRIAL_EXTRA_BYTES", 2**27)])
def test_a_model_that_takes_too_much_is_not_brought(
    limit: str,
    value: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A few hundred bytes that multiply 4,000 x 4,000 numbers for minutes: its own process is ended."""
    monkeypatch.setattr(trial, limit, value)
    file, card = write_brought(tmp_path, endless())
    code, answer = said(capsys, "add", str(file), "--card", str(card), "--cache", str(tmp_path / "c"))
    assert (code, answer["failure"]["name"]) == (2, "recogniser.model-unfit")
    assert not (tmp_path / "c").exists()


def test_two_are_compared_on_the_same_people(
    cache: Path, brought: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One report holds both: same table, same draws, bounds by one rule, both cards; and no pair's score."""
    rows = []
    for number in ("04", "05", "09", "12"):
        for picture in ("portrait", "turn-07"):
            shutil.copy(person(number, picture), tmp_path / f"{number}-{picture}.jpg")
            rows.append({"person": number, "file": f"{number}-{picture}.jpg", "consent": "declaration:set"})
    people = write_table(tmp_path / "people.csv", rows)
    note, key = declared(people)
    given = ("--people", str(people), "--declaration", str(note), "--declaration-key", str(key))
    report = ("--out", str(tmp_path / "report"), "--cache", str(cache), "--draws", "100")
    code, answer = said(capsys, "compare", "dlib-resnet-v1", brought, *given, *report)
    assert code == 0
    written = json.loads((tmp_path / "report" / "comparison.json").read_text(encoding="utf-8"))
    assert written == answer["result"]
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {
        "comparison.json",
        *(f"comparison.{one}" for one in ("en.html", "en.pdf", "ko.html", "ko.pdf")),
    }
    assert written["recognisers"] == ["dlib-resnet-v1", brought]
    one, other = written["results"]
    assert one["data_set"] == other["data_set"]
    assert one["method"] == other["method"]
    assert one["recogniser"]["pipeline_sha256"] != other["recogniser"]["pipeline_sha256"]
    assert one["bounds"]["operating_point"] is other["bounds"]["operating_point"] is None
    for result in (one, other):
        assert result["trials"]["mated"] == 4
        for bound in ("mated_at_most", "non_mated_from"):
            assert round(100 * result["bounds"][bound], 6).is_integer()
    (everyone,) = written["groups"]
    assert [rate["trials"] for rate in everyone["fmr"]] == [24, 24]
    assert everyone["fmr"][0]["hits"] == 0
    # Rendered people sit close together, and still the net that ships tells them apart better.
    assert everyone["missed"][0]["hits"] <= everyone["missed"][1]["hits"]
    code, answer = said(capsys, "compare", brought, brought, *given, *report)
    assert (code, answer["failure"]["name"]) == (2, "cli.usage")


def test_one_without_a_point_is_assessed_at_bounds_of_these_people(
    cache: Path,
    brought: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anybody chose a point there are figures; never are they called assessed for use."""
    monkeypatch.setattr(desk_folder, "models_cache", lambda: cache)
    rows = []
    for number in ("04", "05"):
        for picture in ("portrait", "turn-07"):
            shutil.copy(person(number, picture), tmp_path / f"{number}-{picture}.jpg")
            rows.append({"person": number, "file": f"{number}-{picture}.jpg", "consent": "declaration:set"})
    people = write_table(tmp_path / "people.csv", rows)
    note, key = declared(people)
    given = ("--people", str(people), "--declaration", str(note), "--declaration-key", str(key))
    with pytest.raises(SystemExit) as end:
        run(["assess", brought, *given, "--draws", "100", "--max-fmr", "0.4", "--max-fnmr", "0.4", "--json"])
    assert end.value.code == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["bounds"]["operating_point"] is None
    assert result["assessed_for_use"] is False


def test_a_desk_with_its_point_starts(
    cache: Path, tiny: Instruments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The confined process loads the brought model, starts no thread, and is rehearsed with it."""
    monkeypatch.setattr(desk_folder, "models_cache", lambda: cache)
    entry = ControllerEntry("port.example", "항만", "Port", "부산", "Busan", "privacy@port.example")
    create_desk(tmp_path / "desk", entry, entropy=SystemEntropy())
    install_point(tmp_path / "desk", point_of(tiny))
    told: list[str] = []
    with Desk(tmp_path / "desk", clock=SystemClock(), entropy=SystemEntropy()) as opened:
        opened.start_examiner(progress=told.append).close()
    assert "Rehearsing." in told


def test_nothing_is_verified_without_bounds(tiny: Instruments) -> None:
    """No operating point, no probe; and a point of another recogniser does not do."""
    with pytest.raises(Misuse) as refused:
        take_probe(
            [view(frame) for frame in FRAMES], challenge=Challenge(Side.PICTURE_LEFT), instruments=tiny
        )
    assert refused.value.name == "operating-point.none-chosen"
    with pytest.raises(Misuse) as refused:
        tiny.at(operating_point("dlib-resnet-v1-london"))
    assert refused.value.name == "operating-point.other-pipeline"


def test_with_a_point_of_its_own_it_verifies(cache: Path, tiny: Instruments) -> None:
    """The process prepared with the point runs the point's recogniser, from portrait to decision."""
    point = point_of(tiny)
    arguments = b"\0".join([str(cache).encode(), point.to_toml().encode()])
    instruments = prepare(arguments, quiet)
    assert instruments.pipeline_digest == tiny.pipeline_digest
    assert instruments.one_person_at_most == 1.4
    frames = [view(frame) for frame in FRAMES]
    probe = take_probe(frames, challenge=Challenge(Side.PICTURE_LEFT), instruments=instruments)
    assert len(probe.template.features) == 512
    reference = take_reference(view(person("05", "portrait")), instruments=instruments)
    assert (
        compare(reference, probe, operating_point=point, accept_unassessed=True) is ComparisonDecision.MATED
    )


def test_frames_beyond_the_points_bound_are_not_one_person(tiny: Instruments) -> None:
    """Within the clip the point's own mated bound holds, not the shipped recogniser's."""
    strict = dataclasses.replace(point_of(tiny), mated_at_most=1e-6)
    frames = [view(frame) for frame in FRAMES]
    with pytest.raises(Undetermined) as told:
        take_probe(frames, challenge=Challenge(Side.PICTURE_LEFT), instruments=tiny.at(strict))
    assert told.value.name == "capture.not-one-person"


def test_one_process_runs_one_recogniser(cache: Path, tiny: Instruments) -> None:
    """Points of two recognisers: the process does not start, rather than guess."""
    points = [point_of(tiny), operating_point("dlib-resnet-v1-london")]
    with pytest.raises(Misuse) as refused:
        load_for_points(points, cache=cache, progress=quiet)
    assert refused.value.name == "operating-point.other-pipeline"
    stale = dataclasses.replace(point_of(tiny), pipeline_digest=bytes(32))
    with pytest.raises(Misuse) as refused:
        load_for_points([stale], cache=cache, progress=quiet)
    assert refused.value.name == "operating-point.other-pipeline"


def test_what_was_not_fetched_is_missed_by_name(cache: Path) -> None:
    """SFace is known, and not here."""
    with pytest.raises(Trouble) as refused:
        load_instruments("sface-2021dec", cache=cache, progress=quiet)
    assert refused.value.name == "recogniser.not-fetched"
    with pytest.raises(Misuse) as unknown:
        load_instruments("yunet-2023mar", cache=cache, progress=quiet)
    assert unknown.value.name == "recogniser.unknown"


def test_an_exchanged_file_is_not_loaded(tmp_path: Path) -> None:
    """Somebody writes into the folder of models: the digest that ships, or the card's, finds out."""
    folder = tmp_path / "recognisers"
    folder.mkdir()
    data = arcface_like().SerializeToString()
    (folder / "sface-2021dec.onnx").write_bytes(data)
    (folder / "tiny-net.onnx").write_bytes(data + b"\0")
    (folder / "tiny-net.toml").write_text(card_text(data))
    for name in ("sface-2021dec", "tiny-net"):
        with pytest.raises(Trouble) as refused:
            load_instruments(name, cache=tmp_path, progress=quiet)
        assert refused.value.name == "recogniser.weights-altered"
    os.rename(folder / "tiny-net.toml", folder / "other.toml")
    with pytest.raises(Misuse) as malformed:
        load_instruments("tiny-net", cache=tmp_path, progress=quiet)
    assert malformed.value.name == "recogniser.card-malformed"


def test_every_fact_of_the_pipeline_is_in_its_digest() -> None:
    """Weights, detector, channel order, mean, scale: with another one the point is of another pipeline."""
    data = arcface_like().SerializeToString()
    model = OnnxModel(data)
    card = read_brought_card(card_text(data).encode())

    def digest(detector: str = "dlib-frontal-detector", sha256: str | None = None, **changed: Any) -> bytes:
        described = dataclasses.replace(card.card, weights_sha256=sha256 or card.card.weights_sha256)
        form = dataclasses.replace(card.form, **changed)
        return marked_pipeline_digest(ArcFaceOnnx(model, card=described, form=form), detector)

    others = {
        digest(YUNET),
        digest(sha256="11" * 32),
        digest(channel_order="BGR"),
        digest(mean=127.0),
        digest(scale=1 / 127.5),
    }
    assert len(others | {digest()}) == 6


@pytest.fixture(scope="module")
def portrait() -> EncodedPicture:
    return EncodedPicture.open(view(person("05", "portrait")), source=Source.PORTRAIT, what="it")


@pytest.fixture(scope="module")
def shown(tiny: Instruments, portrait: EncodedPicture) -> tuple[Marks, tuple[int, ...]]:
    """Where the portrait's marks are, and how large the sample is in which they are."""
    with acquire(portrait, detector=tiny.detector, aligner=tiny.aligner) as found:
        reduction = portrait.reduction_for(DECODED_SIDE_PIXELS)
        factor = found.sample.reduction / reduction
        marks = marks_of(tiny.landmarker.locate(found.sample.pixels, found.face))
        rows, columns = found.sample.pixels.shape[:2]
    return tuple((x * factor, y * factor) for x, y in marks), (round(rows * factor), round(columns * factor))


def detector_that_says(marks: Marks, shape: tuple[int, ...]) -> YuNet:
    """A network of YuNet's published signature that sees a face with these marks at its first look."""
    factor = 270 / max(shape)
    outputs = {}
    for stride in (8, 16, 32):
        for kind, width in {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}.items():
            outputs[f"{kind}_{stride}"] = np.zeros((1, (640 // stride) ** 2, width), np.float32)
    column, row = (int(axis * factor / 32) for axis in marks[2])
    cell = row * 20 + column
    outputs["cls_32"][0, cell] = outputs["obj_32"][0, cell] = 1
    outputs["bbox_32"][0, cell] = (0.5, 0.5, 1.0, 1.0)
    places = [(x * factor / 32 - column, y * factor / 32 - row) for x, y in marks]
    outputs["kps_32"][0, cell] = np.array(places).reshape(-1)
    return YuNet(OnnxModel(planted(outputs).SerializeToString()))


def test_the_published_pair_works_from_portrait_to_template(
    shown: tuple[Marks, tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """YuNet's marks cut what SFace is given: eyes, nose and mouth where it was trained to have them."""
    cuts: list[Pixels] = []
    model = arcface_like(numbers=128)
    recogniser = sface(OnnxModel(model.SerializeToString()))
    instruments = around(recogniser, YUNET, detector_that_says(*shown), progress=quiet)
    original = ArcFaceOnnx.template

    def seen(self: ArcFaceOnnx, crop: Pixels) -> Any:
        cuts.append(crop.copy())
        return original(self, crop)

    monkeypatch.setattr(ArcFaceOnnx, "template", seen)
    reference = take_reference(view(person("05", "portrait")), instruments=instruments)
    (taken,) = cuts
    assert taken.shape == (CUT_SIDE_PIXELS, CUT_SIDE_PIXELS, 3)
    assert len(reference.template.features) == SFACE_FORM.numbers == 128
    # The same marks from the landmarker cut nearly the same picture.
    by_landmarks = dataclasses.replace(instruments, detector=_Unmarked(instruments.detector))
    take_reference(view(person("05", "portrait")), instruments=by_landmarks)
    assert abs(cuts[1].astype(int) - taken.astype(int)).mean() < 8


class _Unmarked:
    """A detector whose boxes lose their marks."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector

    def find(self, pixels: Pixels, *, side: int) -> Any:
        """Find as the other does."""
        return tuple(dataclasses.replace(box, marks=None) for box in self._detector.find(pixels, side=side))


def test_yunets_box_lies_as_dlibs_does(
    tiny: Instruments, shown: tuple[Marks, tuple[int, ...]], portrait: EncodedPicture
) -> None:
    """Landmarker and five points expect dlib's box: the one made of marks overlaps it by more than half."""
    finder = detector_that_says(*shown)
    with portrait.decode(reduction=portrait.reduction_for(DECODED_SIDE_PIXELS)) as sample:
        (own,) = tiny.detector.find(sample.pixels, side=270)
        (other,) = finder.find(sample.pixels, side=270)
    assert own.overlap(other) > 0.5
