"""An assessment hands out figures over groups: no score, no pair, no file's name, wherever one looks.

The attack: run it on people one wants to know about, however it ends, and read the output, the report, the
messages with ``--debug``, and whatever it left in temporary folders.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dongui.assessment.report.files import RESULT, report_files
from dongui.assessment.result_reading import read_result
from dongui.biometrics.comparison import pair_distances
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.reference import take_reference
from dongui.desk.desk import models_cache
from simulators.assessment_people import declared, write_table
from simulators.biometric_data import person, view
from simulators.warmed import warmed

PEOPLE = ("04", "05", "09", "12")
PICTURES = ("portrait", "turn-07", "turn-06", "turn-08")
NUMBER = re.compile(rb"-?\d+\.\d+(?:[eE]-?\d+)?")


@dataclass(frozen=True)
class Staged:
    """A table whose labels and file names occur nowhere else, and every pair's score."""

    people: Path
    grounds: tuple[Path, Path]
    scores: np.ndarray[tuple[int], np.dtype[np.float64]]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    folder = tmp_path_factory.mktemp("set")
    instruments = Instruments.load(cache=models_cache(), progress=lambda _said: None)
    rows, features = [], []
    for number, picture in itertools.product(PEOPLE, PICTURES):
        name = f"zzphoto{number}{picture}.jpg"
        shutil.copyfile(person(number, picture), folder / name)
        row = {"person": f"zzlabel{number}", "file": name, "consent": "declaration:set"}
        rows.append(row | {"group": "even" if int(number) % 2 == 0 else "odd"})
        taken = take_reference(view(person(number, picture)), instruments=instruments)
        features.append(taken.template.features)
    one, other = np.triu_indices(len(features), 1)
    everyone = np.array(features)
    people = write_table(folder / "people.csv", rows)
    return Staged(people, declared(people), pair_distances(everyone[one], everyone[other]))


def run(staged: Staged, home: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a home and a temporary folder of its own, with everything it can say."""
    note, key = staged.grounds
    (home / "tmp").mkdir(parents=True)
    return subprocess.run(
        [
            *(warmed().dongui, "assess", "dlib-resnet-v1", "--people", str(staged.people)),
            *("--declaration", str(note), "--declaration-key", str(key), "--debug", *more),
        ],
        env={
            **warmed().environment(),
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "XDG_CACHE_HOME": str(models_cache().parent),
        },
        cwd=home,
        capture_output=True,
        check=False,
        timeout=120,
    )


def require_silent(staged: Staged, home: Path, ended: subprocess.CompletedProcess[bytes]) -> None:
    """No name, and no score as text or as four or eight bytes, in the output or in any file of the home."""
    written = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for where, content in {**written, Path("stdout"): ended.stdout, Path("stderr"): ended.stderr}.items():
        assert b"zzphoto" not in content, where
        assert b"zzlabel" not in content, where
        numbers = np.array([float(found) for found in NUMBER.findall(content)])
        if len(numbers):
            apart = np.abs(numbers[:, None] - staged.scores).min()
            assert apart > 1e-6, where
        for score in staged.scores:
            assert np.float32(score).tobytes() not in content or len(content) < 64, where
            assert score.tobytes() not in content, where


def test_figures_over_groups_are_all_that_is_written(staged: Staged, tmp_path: Path) -> None:
    """Neither the report's files nor the tables shown hold a score, a label or a file's name.

    What is compressed in a document says nothing that the figures do not: they are all it is made of.
    """
    ended = run(staged, tmp_path / "home", "--out", "report")
    assert ended.returncode == 0, ended.stderr
    report = tmp_path / "home" / "report"
    written = {path.name: path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert written == report_files(read_result((report / RESULT).read_text()), attacks=None)
    require_silent(staged, tmp_path / "home", ended)


def test_the_numbers_looked_for_would_be_found(staged: Staged, tmp_path: Path) -> None:
    """The search finds a score and a name where there is one."""
    home = tmp_path / "home"
    home.mkdir()
    for leak in (f"{staged.scores[7]:.9f}".encode(), b"x" * 64 + staged.scores[7].tobytes(), b"zzlabel04"):
        (home / "leak").write_bytes(leak)
        with pytest.raises(AssertionError):
            require_silent(staged, home, subprocess.CompletedProcess([], 0, b"", b""))


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("missing", b"assessment.picture-not-readable"),
        ("exchanged", b"assessment.declaration-other-pictures"),
        ("told differently", b"assessment.group-differs"),
    ],
)
def test_a_failure_names_a_row_and_nothing_else(
    staged: Staged, tmp_path: Path, fault: str, name: bytes
) -> None:
    """However it fails, with --debug too, the message and the trace hold no label and no file's name."""
    folder = tmp_path / "set"
    shutil.copytree(staged.people.parent, folder)
    people = folder / "people.csv"
    first = folder / f"zzphoto{PEOPLE[0]}{PICTURES[0]}.jpg"
    if fault == "missing":
        first.unlink()
    elif fault == "exchanged":
        shutil.copyfile(person("12", "turn-00"), first)
    else:
        people.write_text(people.read_text().replace("even", "odd", 1))
    broken = Staged(people, staged.grounds, staged.scores)
    ended = run(broken, tmp_path / "home", "--out", "report")
    assert name in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert not (tmp_path / "home" / "report").exists()
    require_silent(broken, tmp_path / "home", ended)
