"""``dongui recogniser``: models and measurements are shown with what is not known of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dongui.biometrics.cards import ModelCard, cards
from dongui.cli.main import run


def said(capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        run(["recogniser", *arguments])
    out, err = capture.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, out, err


def test_every_model_is_listed_with_the_consent_of_its_people(capsys: pytest.CaptureFixture[str]) -> None:
    """No model runs that the list does not name, and the list says who was not asked."""
    code, out, _ = said(capsys, "list", "--json")
    models = {model["name"]: model for model in json.loads(out)["result"]["models"]}
    assert (code, set(models)) == (0, set(cards()))
    assert models["dlib-resnet-v1"]["consent_of_its_people"] == "not obtained"


def test_a_model_is_shown_with_its_measurements(capsys: pytest.CaptureFixture[str]) -> None:
    """The point is shown as not assessed, each group with its size and intervals."""
    code, out, _ = said(capsys, "show", "dlib-resnet-v1", "--json")
    (point,) = json.loads(out)["result"]["operating_points"]
    assert (code, point["assessed_for_use"]) == (0, False)
    sizes = {group["group"]: group["people"] for group in point["groups"]}
    assert (sizes["everyone"], sizes["black, female"]) == (51, 2)
    assert all(group["fmr"]["interval"][1] > 0 for group in point["groups"])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_table_says_not_assessed(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both languages the words stand before the numbers."""
    monkeypatch.setenv("DONGUI_LANGUAGE", language)
    _, out, _ = said(capsys, "show", "dlib-resnet-v1")
    words = {"en": "NOT ASSESSED FOR USE", "ko": "사용 평가를 거치지 않음"}[language]
    assert out.index(words) < out.index("FNMR")


def test_an_unknown_model_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name ends with 2 and lists the names."""
    code, _, err = said(capsys, "show", "facenet")
    assert code == 2
    assert "dlib-resnet-v1" in err


def test_showing_a_card_loads_no_model() -> None:
    """Reading about a model starts neither dlib nor ONNX Runtime."""
    program = (
        "import sys\nfrom dongui.cli import recogniser\n"
        "recogniser.cards(); recogniser.operating_points()\n"
        "print(sorted({'dlib', 'onnxruntime', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("field", "value"), [("limits", " "), ("consent_of_its_people", "probably")])
def test_a_card_leaves_nothing_blank(field: str, value: str) -> None:
    """What is not known is called unknown; a blank or an invented word makes no card."""
    fields = dict.fromkeys(ModelCard.__slots__, "unknown")
    ModelCard(**fields)
    with pytest.raises(ValueError, match="unknown"):
        ModelCard(**{**fields, field: value})
