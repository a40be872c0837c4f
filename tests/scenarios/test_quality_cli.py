"""`dongui quality show` from a file to the table, in the process made for it."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from html import escape
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from dongui.assessment.report.files import report_files
from dongui.assessment.result_json import write_result
from dongui.assessment.result_reading import read_result
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS
from dongui.biometrics.quality.iso_29794_5.words import words
from dongui.cli.main import run
from dongui.errors import Misuse
from simulators.assessment_people import declared, write_table
from simulators.biometric_data import person


def dongui(*arguments: str) -> tuple[int, str, str]:
    return ended("quality", "show", *arguments)


def ended(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        run([*arguments])
    return int(str(end.value.code)), out.getvalue(), err.getvalue()


def test_every_measure_is_shown_and_every_absent_one_named(tmp_path: Path) -> None:
    """JSON holds 18 measures and 10 absent ones; advice stands where a scalar is low, and only there."""
    dim = tmp_path / "dim.png"
    with Image.open(person("04", "portrait")) as portrait:
        portrait.point(lambda value: value // 4).save(dim)
    code, out, _ = dongui(str(dim), "--json")
    result = json.loads(out)["result"]
    assert code == 0
    assert [one["name"] for one in result["measures"]] == [one.name for one in COMPONENTS]
    assert len(result["absent"]) == 10
    found = {one["name"]: one for one in result["measures"]}
    assert found["luminance-mean"]["scalar"] < 50
    assert found["luminance-mean"]["advice"]
    assert found["eyes-open"]["scalar"] > 90
    assert found["eyes-open"]["advice"] is None


def test_both_languages_say_what_to_do() -> None:
    """The table names each measure and the absent ones in the language asked for."""
    picture = str(person("04", "turn-04"))
    english, korean = (dongui(picture, "--language", language)[1] for language in ("en", "ko"))
    assert "even light" in english
    assert "Not measured here" in english
    assert "고른 조명" in korean
    assert "여기서 측정하지 않는 값" in korean
    for name in ("face-occlusion-prevention", "expression-neutrality"):
        assert name in english
        assert name in korean


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    """A picture cut off ends by its name, as misuse, from inside the process to the exit code."""
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(person("04", "portrait").read_bytes()[:2000])
    code, _, err = dongui(str(cut))
    assert code == 2
    assert "capture.truncated" in err


def test_an_assessment_tells_errors_against_discard_where_asked(tmp_path: Path) -> None:
    """With --quality every component has a curve of counts, and the result reads back; without, none."""
    rows = []
    for number in ("04", "05", "09", "12"):
        for picture in ("portrait", "turn-00", "turn-07"):
            name = f"{number}-{picture}.jpg"
            shutil.copyfile(person(number, picture), tmp_path / name)
            rows.append({"person": number, "file": name, "consent": "declaration:set"})
    people = write_table(tmp_path / "people.csv", rows)
    note, key = declared(people)
    asked = ["assess", "dlib-resnet-v1", "--people", str(people), "--declaration", str(note), "--quality"]
    code, out, err = ended(*asked, "--declaration-key", str(key), "--json")
    assert code == 0, err
    result = json.loads(out)["result"]
    curves = result["error_discard"][0]["curves"]
    assert result["error_discard"][0]["beyond"] == result["bounds"]["mated_at_most"]
    assert [curve["measure"] for curve in curves] == [one.name for one in COMPONENTS]
    for curve in curves:  # twelve mated comparisons: there is no second point ten comparisons away
        assert curve["points"] == [{"discarded": 0.0, "comparisons": 12, "missed": 0, "fnmr": 0.0}]
    read = read_result(json.dumps(result))
    assert read.error_discard is not None
    pages = report_files(read, attacks=None)
    for language in ("en", "ko"):
        page = pages[f"report.{language}.html"].decode()
        titles = [said.title if language == "en" else said.title_ko for said in words().values()]
        assert all(f"<bdi>{escape(title)}</bdi>" in page for title in titles), language
    plain = write_result(replace(read, error_discard=None))
    assert "error_discard" not in json.loads(plain)
    for changed in (result | {"error_discard": None}, result | {"error_discard": [{"beyond": 1}]}):
        with pytest.raises(Misuse, match=r"assessment\.result-malformed|read"):
            read_result(json.dumps(changed))
