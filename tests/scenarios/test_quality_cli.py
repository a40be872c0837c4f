"""`dongui quality show` from a file to the table, in the process made for it."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS
from dongui.cli.main import run
from simulators.biometric_data import person


def dongui(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        run(["quality", "show", *arguments])
    return int(str(ended.value.code)), out.getvalue(), err.getvalue()


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
