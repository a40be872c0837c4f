"""``dongui purpose``: what is listed, what is shown, and what a check says."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.consent.charter import forbidden_uses
from dongui.profiles import shipped_profiles


class Said:
    """Runs a command and returns its exit code and what it wrote."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            run(["purpose", *arguments])
        assert isinstance(end.value.code, int)
        out, err = self.capture.readouterr()
        return end.value.code, out, err

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, out, _ = self(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with resources.as_file(shipped_profiles()["phone-activation"]) as original:
        shutil.copytree(original, tmp_path / "mine")
    return tmp_path / "mine"


def test_list_names_each_with_their_other_way(said: Said) -> None:
    """A reader sees at once what else they can do."""
    code, answer = said.json("list")
    assert code == 0
    purposes = answer["result"]["purposes"]
    names = ["airport-gate", "building-access", "phone-activation", "staff-entrance"]
    assert [one["id"] for one in purposes] == names
    assert all(one["other_way"] for one in purposes)


@pytest.mark.parametrize(("language", "word"), [("ko", "누가 처리합니까"), ("en", "Who is responsible")])
def test_show_prints_the_notice_in_the_language_asked_for(said: Said, language: str, word: str) -> None:
    """Text and JSON hold the very text whose digest a consent record names."""
    code, out, _ = said("show", "airport-gate", "--language", language)
    assert code == 0
    assert word in out
    code, answer = said.json("show", "airport-gate", "--language", language)
    assert code == 0
    assert word in answer["result"]["notice"]["text"]
    assert answer["result"]["notice"]["language"] == language


def test_an_unknown_purpose_is_misuse(said: Said) -> None:
    """The message lists those that are known."""
    code, answer = said.json("show", "casino")
    assert code == 2
    assert answer["failure"]["name"] == "purpose.unknown"
    assert "airport-gate" in answer["failure"]["detail"]


def test_check_accepts_a_good_folder_or_its_file(said: Said, folder: Path) -> None:
    """Either way of naming a purpose works."""
    for path in (folder, folder / "purpose.toml"):
        code, answer = said.json("check", str(path))
        assert (code, answer["result"]["id"]) == (0, "phone-activation")


def test_check_names_every_fault(said: Said, folder: Path) -> None:
    """Exit code 2; the gravest is the failure's name and all the others stand beside it."""
    (folder / "notice.en.md").unlink()
    text = (folder / "purpose.toml").read_text(encoding="utf-8")
    text = text.replace("verify-document-holder", "emotion-inference").replace(
        "condition_of_service = false", "condition_of_service = true"
    )
    (folder / "purpose.toml").write_text(text, encoding="utf-8")
    code, answer = said.json("check", str(folder))
    assert code == 2
    assert answer["failure"]["name"] == "purpose.forbidden-use"
    code, _, err = said("check", str(folder), "--language", "ko")
    assert code == 2
    for name in ("purpose.forbidden-use", "purpose.bundled-consent", "purpose.no-notice"):
        assert name in err


def test_check_says_where_nothing_is(said: Said, tmp_path: Path) -> None:
    """A path that is not there is not a purpose with faults."""
    code, answer = said.json("check", str(tmp_path / "nowhere"))
    assert (code, answer["failure"]["name"]) == (2, "file.not-found")


def test_uses_tells_what_the_charter_forbids(said: Said) -> None:
    """Every forbidden use is shown with its reason."""
    code, answer = said.json("uses")
    assert code == 0
    found = {one["id"] for one in answer["result"]["uses"] if not one["allowed"]}
    assert found == {use.id for use in forbidden_uses()}
