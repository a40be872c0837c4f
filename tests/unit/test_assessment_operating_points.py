"""Operating points from files: read strictly, one measurement a name, refused before anybody arrives."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from dongui.biometrics import operating_points as known_points
from dongui.biometrics.operating_points import (
    Chosen,
    Measured,
    OperatingPoint,
    install_operating_point,
    operating_point,
    operating_points,
    read_operating_point,
)
from dongui.cli.main import run
from dongui.desk import ControllerEntry, Desk, create_desk
from dongui.desk.desk import models_cache
from dongui.desk.folder import install_point, operating_point_files
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse
from dongui.verification import prepare

EVERYONE = Measured(
    "everyone", 100, 200, 1, 100, 0, 2, 4950, 0, 7, fmr_interval=(0.0, 0.05), fnmr_interval=(0.0, 0.04)
)
POINT = OperatingPoint(
    "mine",
    "dlib-resnet-v1",
    0.4,
    0.7,
    bytes(32),
    True,
    'A "set", 사람',
    date(2026, 11, 22),
    EVERYONE,
    (dataclasses.replace(EVERYONE, group="a, b"),),
    Chosen(1e-3, 1e-2, 0.95),
)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test installs is unknown to the next."""
    monkeypatch.setattr(known_points, "_installed", {})


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk"
    entry = ControllerEntry("port.example", "항만", "Port", "부산", "Busan", "privacy@port.example")
    create_desk(path, entry, entropy=SystemEntropy())
    return path


def test_a_point_comes_back_from_its_file() -> None:
    """Counts, intervals, limits and names survive, whatever characters are in them."""
    assert read_operating_point(POINT.to_toml().encode()) == POINT
    for shipped in operating_points().values():
        assert read_operating_point(shipped.to_toml().encode()) == shipped


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mated_at_most = 0.4", "mated_at_most = 0.8"),
        ("mated_at_most = 0.4", "mated_at_most = nan"),
        ("non_mated_from = 0.7", "non_mated_from = inf"),
        ('name = "mine"', 'name = "../mine"'),
        ("people = 100", "people = 100\nfriends = 3"),
        ("non_mated_accepted = 0", "non_mated_accepted = -1"),
        ("non_mated_accepted = 0", "non_mated_accepted = 4950"),
        ("non_mated_accepted = 0", 'non_mated_accepted = "none"'),
        ("fmr_interval = [0.0, 0.05]", "fmr_interval = [0.05, 0.0]"),
        ("fmr_interval = [0.0, 0.05]", "fmr_interval = [0.0]"),
        ("assessed_for_use = true\n", ""),
        ("measured_on = 2026-11-22", 'measured_on = "today"'),
        ('pipeline_sha256 = "0000', 'pipeline_sha256 = "00'),
    ],
)
def test_a_file_that_says_what_cannot_be_is_no_point(old: str, new: str) -> None:
    """Bounds crossed or endless, counts that exceed their whole, unknown fields: refused by name."""
    text = POINT.to_toml()
    assert old in text
    with pytest.raises(Misuse) as refused:
        read_operating_point(text.replace(old, new).encode())
    assert refused.value.name == "operating-point.malformed"


def test_a_name_means_one_measurement() -> None:
    """Nobody puts other bounds under a name that receipts carry already."""
    install_operating_point(POINT)
    install_operating_point(POINT)
    assert operating_point("mine") == POINT
    for other in (POINT, operating_point("dlib-resnet-v1-london")):
        with pytest.raises(Misuse) as refused:
            install_operating_point(dataclasses.replace(other, mated_at_most=0.59))
        assert refused.value.name == "operating-point.name-taken"


def test_a_desk_knows_its_own_points(desk: Path) -> None:
    """A point installed in a desk is known wherever that desk is opened, and installed once."""
    install_point(desk, POINT)
    known_points._installed.clear()
    with Desk(desk, clock=SystemClock(), entropy=SystemEntropy()):
        assert operating_point("mine") == POINT
    with pytest.raises(Misuse) as refused:
        install_point(desk, POINT)
    assert refused.value.name == "operating-point.name-taken"


def test_verification_does_not_start_with_a_point_of_another_pipeline(desk: Path) -> None:
    """The instruments are compared with those the point was measured with, before anybody stands there."""
    install_point(desk, POINT)
    arguments = b"\0".join([str(models_cache()).encode(), *operating_point_files(desk)])
    with pytest.raises(Misuse) as refused:
        prepare(arguments, lambda _said: None)
    assert refused.value.name == "operating-point.other-pipeline"


def test_a_desk_refuses_to_start_with_it(desk: Path) -> None:
    """The confined process says the same name: no examiner, no verification."""
    install_point(desk, POINT)
    opened = Desk(desk, clock=SystemClock(), entropy=SystemEntropy())
    with opened, pytest.raises(Misuse) as refused:
        opened.start_examiner(progress=lambda _said: None)
    assert refused.value.name == "operating-point.other-pipeline"


def test_a_point_of_another_pipeline_is_not_installed(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused by the name the desk would not start with, before it is written; a fitting one is kept."""
    fitting = operating_point("dlib-resnet-v1-london").pipeline_digest
    for digest, code in ((bytes(32), 2), (fitting, 0)):
        file = tmp_path / "point.toml"
        file.write_text(dataclasses.replace(POINT, pipeline_digest=digest).to_toml(), encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            run(["operating-point", "install", str(file), "--desk", str(desk)])
        assert ended.value.code == code
        assert ("operating-point.other-pipeline" in capsys.readouterr().err) is (code == 2)
        assert len(operating_point_files(desk)) == (code == 0)


def test_a_point_of_this_pipeline_starts(desk: Path) -> None:
    """With the pipeline it was measured with, a desk's own point is there in the confined process."""
    own = dataclasses.replace(POINT, pipeline_digest=operating_point("dlib-resnet-v1-london").pipeline_digest)
    install_point(desk, own)
    with Desk(desk, clock=SystemClock(), entropy=SystemEntropy()) as opened:
        opened.start_examiner(progress=lambda _said: None).close()


def test_json_has_the_intervals_and_the_limits() -> None:
    """What the command line shows of a point is JSON, intervals over people among it."""
    from dongui.cli.recogniser import point_json

    shown = json.loads(json.dumps(point_json(POINT)))
    assert shown["chosen"] == {"max_fmr": 1e-3, "max_fnmr": 1e-2, "confidence": 0.95}
    assert shown["groups"][0]["fmr_interval"] == [0.0, 0.05]
